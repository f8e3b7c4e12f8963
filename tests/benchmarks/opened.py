"""The program, opened in a pseudo-terminal on the server of the benchmarks."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.benchmarks.processes import environment, program
from tests.benchmarks.terminal import PseudoTerminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["BACK", "DOWN", "ENTER", "TOP", "cursor_on", "open_filter", "open_place", "opened"]

ENTER: Final = "\r"
DOWN: Final = "\x1b[B"
BACK: Final = "h"
TOP: Final = "g"


@contextmanager
def opened(folder: Path, *place: str) -> Iterator[PseudoTerminal]:
    """Start the program, with a home and a folder for downloads below a folder.

    Args:
        folder: Where its files lie; it starts there.
        place: What to open: nothing, or a name with the host before it.
    """
    surroundings = environment(folder)
    downloads = folder / "downloads"
    downloads.mkdir(exist_ok=True)
    settings = folder / "settings.toml"
    settings.write_text(f"download_folder = {json.dumps(str(downloads))}\n", encoding="utf-8")
    surroundings["OCITUI_CONFIG"] = str(settings)
    with PseudoTerminal(program(*place), surroundings, folder) as terminal:
        yield terminal


def open_place(terminal: PseudoTerminal, name: str) -> None:
    """Type the name of a place and open it."""
    terminal.write("o")
    terminal.wait_for("Go to")
    terminal.write(f"{name}{ENTER}")


def open_filter(terminal: PseudoTerminal) -> None:
    """Open the filter of the list that has the focus."""
    terminal.write("/")
    terminal.wait_for("keep")


def cursor_on(name: str) -> str:
    """Return a regular expression for the row of a name with the cursor on it."""
    return f"▸ {name}"
