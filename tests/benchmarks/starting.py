"""How long the program takes to its first frame, and to say its version."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.bare_app import ROW
from tests.benchmarks.processes import ROOT, environment, program, run
from tests.benchmarks.rows import Bound, Row, compare, in_turns
from tests.benchmarks.terminal import PseudoTerminal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["measure"]

ROWS: Final = 8
"""Rows of the bare application: as many as there are well-known registries."""

FIRST_FRAME: Final = Bound(1.25)


def measure(*, rounds: int) -> list[Row]:
    """Measure from the start of the process to the first frame that is whole, and to the end of `--version`.

    Args:
        rounds: How often each of them is started, after once that does not count.
    """
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as name:
        surroundings = environment(Path(name))

        def frame(command: Sequence[str], *texts: str) -> float:
            with PseudoTerminal(command, surroundings, ROOT) as terminal:
                return terminal.wait_for(*texts) - terminal.started

        def bare_frame() -> float:
            command = [sys.executable, "-m", "tests.benchmarks.bare_app", str(ROWS)]
            return frame(command, ROW.format(ROWS - 1), "bare application", "download", "quit")

        def own_frame() -> float:
            return frame(program(), "Registries", r"registry\.gitlab\.com", r"\? help", "quit")

        def seconds(command: Sequence[str]) -> float:
            return run(command, surroundings).seconds

        subjects = {
            "bare": bare_frame,
            "ocitui": own_frame,
            "python": lambda: seconds([sys.executable, "-c", "pass"]),
            "version": lambda: seconds(program("--version")),
        }
        in_turns(1, subjects)
        found = in_turns(rounds, subjects)
    return [
        Row("start", "bare Textual application, first frame", "s", tuple(found["bare"])),
        Row(
            "start",
            "ocitui, first frame",
            "s",
            tuple(found["ocitui"]),
            compare(found["ocitui"], found["bare"], "bare application", FIRST_FRAME),
        ),
        Row("start", "python -c pass", "s", tuple(found["python"])),
        Row(
            "start",
            "ocitui --version",
            "s",
            tuple(found["version"]),
            compare(found["version"], found["python"], "python -c pass"),
        ),
    ]
