# ruff: noqa: INP001 - scripts beside each other are no package
"""Run a command that opens the demo, in a terminal and a folder; wait until a repository shows, and quit."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.real.programs import clean_environment
from tests.real.terminal import Terminal

A_REPOSITORY = r"\blibrary/[a-z]+"
"""What the demo's list of repositories shows."""

LONGEST_WAIT = 300.0
"""Seconds: a command may install the program first."""


def main() -> None:
    """Run the shell command that the second argument gives, in the folder that the first one names."""
    folder, command = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, **clean_environment(Path(home))}
        del environment["PYTHONPATH"]
        shell = ["bash", "-euo", "pipefail", "-c", command]
        with Terminal(shell, environment, folder, longest_wait=LONGEST_WAIT) as terminal:
            sys.stdout.write(terminal.wait_for(A_REPOSITORY))
            terminal.press("q")
            status = terminal.wait_for_end()
    if status != 0:
        sys.exit(f"the command ended with {status} after q")


if __name__ == "__main__":
    main()
