"""`python -m tui.demo`: serve the samples until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tui.demo.server import DemoServer


def main() -> None:
    """Print the URL on the first line, then serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tui.demo", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one"
    )
    arguments = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with DemoServer(port=arguments.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
