# ruff: noqa: INP001 - scripts beside each other are no package
"""Start `ocitui --demo` in a terminal, wait until a repository shows, and quit."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.real.programs import clean_environment
from tests.real.terminal import Terminal

A_REPOSITORY = r"library/\w+"


def main() -> None:
    """Open the demo of the program that the first argument names, in the folder that the second one names."""
    program, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir()
    with Terminal([program, "--demo"], clean_environment(folder / "home"), folder) as terminal:
        sys.stdout.write(terminal.wait_for(A_REPOSITORY))
        terminal.press("q")
        status = terminal.wait_for_end()
    if status != 0:
        sys.exit(f"{program} ended with {status} after q")


if __name__ == "__main__":
    main()
