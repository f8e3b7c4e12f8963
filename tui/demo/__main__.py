"""`python -m tui.demo`: serve the samples until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

from tui.demo.login import BasicLogin, BearerLogin
from tui.demo.server import DemoServer

if TYPE_CHECKING:
    from tui.demo.access import Login


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tui.demo",
        description="Serves a registry with sample images on 127.0.0.1 and prints its URL on the first line.",
    )
    parser.add_argument("--port", type=int, default=0, help="port; 0, the default, takes a free one")
    parser.add_argument("--login", choices=["basic", "bearer"], help="ask for a login")
    parser.add_argument(
        "--user", default="demo:demo", metavar="NAME:PASSWORD", help="who may log in (%(default)s)"
    )
    parser.add_argument(
        "--anonymous-pull", action="store_true", help="ask for a login only where more is wanted"
    )
    parser.add_argument("--bytes-per-second", type=int, metavar="N", help="send blobs no faster than this")
    return parser


def _login(arguments: argparse.Namespace) -> Login | None:
    name, _colon, password = arguments.user.partition(":")
    users = {name: password}
    if arguments.login == "basic":
        return BasicLogin(users, anonymous_pull=arguments.anonymous_pull)
    if arguments.login == "bearer":
        return BearerLogin(users, anonymous_pull=arguments.anonymous_pull)
    return None


def main() -> None:
    """Print the URL on the first line, then serve until SIGINT or SIGTERM."""
    arguments = _parser().parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with DemoServer(
        port=arguments.port, login=_login(arguments), bytes_per_second=arguments.bytes_per_second
    ) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
