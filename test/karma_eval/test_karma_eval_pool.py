"""Work that is spread over processes."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from karma_eval.pool import spread


@pytest.mark.timeout(120)
@pytest.mark.parametrize("workers", [1, 2])
def test_much_work_is_done_to_its_end(workers):
    # More items than a process ever got when processes were replaced after some, and the executor then stood still.
    assert sorted(spread(abs, range(-100, 0), workers=workers)) == list(range(1, 101))


STUCK = """
from karma_eval.pool import spread
from {module} import report_and_wait

if __name__ == "__main__":
    list(spread(report_and_wait, [1, 2], workers=2))
"""


def report_and_wait(_: int) -> None:
    """Work without an end, in another process, which says that it has begun."""
    print(os.getpid(), flush=True)
    signal.pause()


@pytest.mark.timeout(60)
def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "stuck.py"
    script.write_text(STUCK.format(module=Path(__file__).stem))
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as parent:
        assert parent.stdout is not None
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        assert len(set(workers)) == 2
        parent.kill()
        try:
            # The workers hold the other end of this pipe: its end means that both are gone.
            assert parent.stdout.read() == ""
        finally:
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
