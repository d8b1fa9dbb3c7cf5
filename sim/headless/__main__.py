"""Starts the simulator; AI2-THOR's Controller runs this as its ``local_executable_path``."""

from __future__ import annotations

import argparse
import logging
import os
import select
import sys
import threading
from contextlib import closing

from sim.headless.errors import HeadlessError
from sim.headless.protocol import Pipes
from sim.headless.render import RenderError
from sim.headless.scene import load_scene
from sim.headless.server import serve, serve_failure
from sim.headless.session import Session

_log = logging.getLogger("sim.headless")

_FIRST_SCENE = "FloorPlan1"
"""Shown until the client's first Reset."""


def main(arguments: list[str] | None = None) -> int:
    """Serve one client over the pipes that the environment names.

    Args:
        arguments: Command line; Unity's options are understood as far as they matter here, others are ignored.

    Returns:
        Exit code: 0 when the client went away, 2 for a wrong start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sim.headless[%(process)d] %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m sim.headless", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--home",
        action="append",
        default=[],
        metavar="NAME",
        help="announce a composed home, e.g. FloorPlan1+FloorPlan201",
    )
    parser.add_argument("-screen-width", type=int, default=300, help=argparse.SUPPRESS)
    parser.add_argument("-screen-height", type=int, default=300, help=argparse.SUPPRESS)
    parser.add_argument(
        "--client", type=int, default=None, metavar="PID", help="end with this process; with the parent by default"
    )
    options, _ = parser.parse_known_args(arguments)
    to_client = os.environ.get("AI2THOR_FIFO_SERVER_PIPE_PATH")
    from_client = os.environ.get("AI2THOR_FIFO_CLIENT_PIPE_PATH")
    if not to_client or not from_client:
        print(
            "sim.headless is started by AI2-THOR's client: Controller(local_executable_path="
            '"python -m sim.headless", x_display=":0", scene="FloorPlan1"); only its FIFO server is supported',
            file=sys.stderr,
        )
        return 2
    if not _end_with(options.client or os.getppid()):
        return 0
    try:
        with closing(Pipes(to_client, from_client)) as pipes:
            _serve(pipes, options.screen_width, options.screen_height, tuple(options.home))
    except BrokenPipeError:
        _log.info("the client is gone")
    except OSError as error:
        _log.error("cannot open the client's pipes: %s", error)
        return 2
    return 0


def _serve(pipes: Pipes, width: int, height: int, homes: tuple[str, ...]) -> None:
    try:
        session = Session(load_scene(_FIRST_SCENE), width, height)
    except (HeadlessError, RenderError) as error:
        _log.error("cannot start: %s", error)
        serve_failure(pipes, f"sim.headless cannot start: {error}")
        return
    session.homes = homes
    serve(pipes, session)


def _end_with(client: int) -> bool:
    """End this process when the client's ends, even while a pipe is being opened or a frame rendered.

    Args:
        client: Its process id.

    Returns:
        False if it has ended already.
    """
    try:
        descriptor = os.pidfd_open(client)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # no Linux: the pipes' end must do
        return True

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
        os._exit(0)

    threading.Thread(target=wait, name="end-with-client", daemon=True).start()
    return True


if __name__ == "__main__":
    sys.exit(main())
