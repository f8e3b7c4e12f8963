"""How long a key takes to the screen: while nothing else happens, and while a download and a listing run."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.bare_app import ROW
from tests.benchmarks.contents import TAG
from tests.benchmarks.opened import DOWN, ENTER, cursor_on, open_filter, open_place, opened
from tests.benchmarks.processes import ROOT, environment, serving
from tests.benchmarks.rows import Bound, Row, compare, percentile
from tests.benchmarks.terminal import PseudoTerminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["measure"]

BARE_ROWS: Final = 1_000
TAGS: Final = 1_000
MANY_TAGS: Final = 2_000_000
"""More than are listed while keys are pressed."""

LEAST_PAUSE: Final = 0.03
MOST_PAUSE: Final = 0.12
"""Seconds between what a key has shown and the next one: from a held key to a person who reads; long enough
that some rows are loaded and others passed by."""

SLOWEST: Final = Bound(3.0)


def measure(*, rounds: int, keys: int = 60, mebibytes: int = 4096) -> list[Row]:
    """Measure the key that moves the cursor down by a row.

    Args:
        rounds: How often each of the programs is started; the keys of all rounds count together.
        keys: How many keys are pressed in each.
        mebibytes: Size of the blob that is downloaded, in MiB; enough to last while the keys are pressed.
            0 leaves out the keys that are pressed while a download and a listing run.
    """
    chance = random.Random(rounds)  # noqa: S311 - any pauses will do
    bare: list[list[float]] = []
    idle: list[list[float]] = []
    busy: list[list[float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as name,
        serving("--tags", str(TAGS), "--blobs", str(mebibytes)) as host,
    ):
        folder = Path(name)
        for _ in range(rounds):
            bare.append(_bare(folder, keys, chance))
            idle.append(_idle(folder, host, keys, chance))
            if mebibytes:
                busy.append(_busy(folder, host, mebibytes, keys, chance))
    rows: list[Row] = []
    for what, found in (
        ("bare Textual application, idle", bare),
        ("ocitui, idle", idle),
        ("ocitui, downloading and listing", busy),
    ):
        if not found:
            continue
        for percent, bound in ((50, None), (99, SLOWEST)):
            figures = [percentile([seconds for one in found for seconds in one], percent)]
            yardstick = [percentile([seconds for one in bare for seconds in one], percent)]
            comparison = (
                compare(figures, yardstick, f"bare application, p{percent}", bound)
                if found is not bare
                else None
            )
            milliseconds = tuple(percentile(one, percent) * 1000 for one in found)
            rows.append(Row("keys", f"{what}, p{percent}", "ms", milliseconds, comparison))
    return rows


def _press(
    terminal: PseudoTerminal, shown: Iterator[str], keys: int, chance: random.Random
) -> Iterator[float]:
    """Move down again and again, and give the seconds until each of the texts shows."""
    for _, pattern in zip(range(keys), shown, strict=False):
        terminal.run_for(chance.uniform(LEAST_PAUSE, MOST_PAUSE))
        pressed = terminal.write(DOWN)
        yield terminal.wait_for(pattern) - pressed


def _numbered(make: Callable[[int], str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield make(number)


def _bare(folder: Path, keys: int, chance: random.Random) -> list[float]:
    command = [sys.executable, "-m", "tests.benchmarks.bare_app", str(BARE_ROWS)]
    with PseudoTerminal(command, environment(folder), ROOT) as terminal:
        terminal.wait_for(ROW.format(0), "quit")
        terminal.rest()
        return list(_press(terminal, _numbered(ROW.format), keys, chance))


def _idle(folder: Path, host: str, keys: int, chance: random.Random) -> list[float]:
    with opened(folder, f"{host}/tags/{TAGS}") as terminal:
        terminal.wait_for(cursor_on(TAG.format(0)))
        terminal.rest()
        return list(_press(terminal, _tags(), keys, chance))


def _busy(folder: Path, host: str, mebibytes: int, keys: int, chance: random.Random) -> list[float]:
    downloads = folder / "downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    with opened(folder, f"{host}/tags/{MANY_TAGS}") as terminal:
        terminal.wait_for(cursor_on(TAG.format(0)))
        terminal.rest()
        _start_download(terminal, host, mebibytes)
        _start_listing(terminal, host)
        found: list[float] = []
        for seconds in _press(terminal, _tags(), keys, chance):
            if _finished(downloads):
                break
            found.append(seconds)
    shutil.rmtree(downloads)
    if not found:
        raise RuntimeError(f"a download of {mebibytes} MiB ended before a key was pressed")
    return found


def _start_download(terminal: PseudoTerminal, host: str, mebibytes: int) -> None:
    open_place(terminal, f"{host}/blobs/{mebibytes}:latest")
    terminal.wait_for("COPY everything")
    terminal.rest()
    terminal.write("d")
    terminal.wait_for("folder", "downloads")
    terminal.write(ENTER)
    terminal.wait_for("MB/s")


def _start_listing(terminal: PseudoTerminal, host: str) -> None:
    open_place(terminal, f"{host}/tags/{MANY_TAGS}")
    terminal.wait_for(cursor_on(TAG.format(0)))
    open_filter(terminal)
    terminal.write(f"-{ENTER}")
    terminal.wait_for(r"\d,\d00\+ …")


def _finished(folder: Path) -> bool:
    """Tell whether no download is under way any more: its unfinished file has got its name."""
    return any(path.suffix != ".part" for path in folder.iterdir())


def _tags() -> Iterator[str]:
    return _numbered(lambda number: cursor_on(TAG.format(number)))
