"""Work that is spread over processes."""

import pytest

from karma_eval.pool import spread


@pytest.mark.timeout(120)
@pytest.mark.parametrize("workers", [1, 2])
def test_much_work_is_done_to_its_end(workers):
    # More items than a process ever got when processes were replaced after some, and the executor then stood still.
    assert sorted(spread(abs, range(-100, 0), workers=workers)) == list(range(1, 101))
