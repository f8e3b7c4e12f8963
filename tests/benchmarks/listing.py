"""How long a list of tags takes: to its first row, to its last, to a filter, and to another order."""

from __future__ import annotations

import json
import re
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.contents import TAG
from tests.benchmarks.opened import BACK, DOWN, ENTER, TOP, cursor_on, open_filter, opened
from tests.benchmarks.processes import serving
from tests.benchmarks.rows import Bound, Row, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.terminal import PseudoTerminal

__all__ = ["measure"]

FIRST_ROWS: Final = Bound(1.5)

LARGEST_PAGE: Final = 1000
"""Tags of a page that a plain client asks for: more is refused by many registries."""


def measure(*, rounds: int, counts: Sequence[int] = (1_000, 10_000, 100_000)) -> list[Row]:
    """Measure lists of several lengths, on a server that pages.

    The time to the first row is that from Enter on a repository that the cursor has come to with the key
    before, so that nothing of it has been loaded.

    Args:
        rounds: How often each list is opened.
        counts: Lengths of the lists; the last one is the longest.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as folder,
        serving("--tags", "0", *map(str, counts)) as host,
    ):
        rows = _first_rows(Path(folder), host, rounds, counts)
        return rows + _whole_list(Path(folder), host, rounds, counts[-1])


def _first_rows(folder: Path, host: str, rounds: int, counts: Sequence[int]) -> list[Row]:
    found: dict[int, list[float]] = {count: [] for count in counts}
    with opened(folder, f"http://{host}") as terminal:
        terminal.wait_for(cursor_on("tags/0"))
        # What is loaded when it is first needed counts for none of the lists.
        for turn in range(rounds + 1):
            for position, count in enumerate(counts, start=1):
                terminal.rest()
                pressed = terminal.write(DOWN * position + ENTER)
                seconds = terminal.wait_for(cursor_on(TAG.format(0))) - pressed
                if turn:
                    found[count].append(seconds)
                terminal.rest()
                terminal.write(BACK)
                terminal.wait_for(cursor_on(f"tags/{count}"))
                terminal.rest()
                terminal.write(TOP)
                terminal.wait_for(cursor_on("tags/0"))
    least = counts[0]
    return [
        Row(
            "listing",
            f"Enter to the first of {count:,} tags",
            "ms",
            _milliseconds(found[count]),
            compare(found[count], found[least], f"{least:,} tags", FIRST_ROWS) if count != least else None,
        )
        for count in counts
    ]


def _whole_list(folder: Path, host: str, rounds: int, count: int) -> list[Row]:
    """Measure what loads all tags of a list, and what is done with them then."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        found["pages"].append(_read_pages(host, count))
        with opened(folder, f"{host}/tags/{count}") as terminal:
            _filtered(terminal, count, found)
        with opened(folder, f"{host}/tags/{count}") as terminal:
            _sorted(terminal, count, found)

    def row(what: str, key: str) -> Row:
        return Row("listing", what, "ms", _milliseconds(found[key]))

    def beside_pages(what: str, key: str) -> Row:
        comparison = compare(found[key], found["pages"], "urllib and json")
        return Row("listing", what, "ms", _milliseconds(found[key]), comparison)

    return [
        row(f"urllib and json read {count:,} tags, {LARGEST_PAGE:,} a page", "pages"),
        beside_pages(f"filter until all of {count:,} tags are there", "filter all"),
        row(f"one more letter of a filter over {count:,} tags", "letter"),
        beside_pages(f"s until all of {count:,} tags are there by name", "sort all"),
        row(f"s: {count:,} tags that are there, newest version first", "sort"),
    ]


def _filtered(terminal: PseudoTerminal, count: int, found: dict[str, list[float]]) -> None:
    terminal.wait_for(cursor_on(TAG.format(0)))
    terminal.rest()
    open_filter(terminal)
    terminal.rest()
    pressed = terminal.write("0")
    found["filter all"].append(terminal.wait_for(f"{count:,} of {count:,}[^+]") - pressed)
    terminal.rest()
    # Those with two zeros after each other, or one less than all: whatever it is, it is another figure.
    pressed = terminal.write("9")
    expected = sum("09" in TAG.format(number) for number in range(count))
    found["letter"].append(terminal.wait_for(f"{expected:,} of {count:,}") - pressed)


def _sorted(terminal: PseudoTerminal, count: int, found: dict[str, list[float]]) -> None:
    terminal.wait_for(cursor_on(TAG.format(0)))
    terminal.rest()
    pressed = terminal.write("s")
    found["sort all"].append(terminal.wait_for(f"{count:,} · by name") - pressed)
    terminal.rest()
    pressed = terminal.write("s")
    found["sort"].append(terminal.wait_for("newest version first") - pressed)


def _read_pages(host: str, count: int) -> float:
    """Read a list of tags as a plain client does, and return how long it took, in seconds."""
    started = time.perf_counter()
    path = f"/v2/tags/{count}/tags/list?n={LARGEST_PAGE}"
    names: list[str] = []
    while path:
        with urllib.request.urlopen(f"http://{host}{path}") as response:
            names += json.load(response)["tags"]
            link = re.match(r"<([^>]*)>", response.headers.get("Link", ""))
        path = link[1] if link is not None else ""
    assert len(names) == count
    return time.perf_counter() - started


def _milliseconds(seconds: Sequence[float]) -> tuple[float, ...]:
    return tuple(value * 1000 for value in seconds)
