"""How much memory a long list takes, over that of the program that has only been started."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.contents import TAG
from tests.benchmarks.opened import cursor_on, open_filter, opened
from tests.benchmarks.processes import resident, serving
from tests.benchmarks.rows import Bound, Row, compare

__all__ = ["measure"]

MOST: Final = Bound(60.0)
"""MiB for a hundred thousand tags."""


def measure(*, rounds: int, tags: int = 100_000) -> list[Row]:
    """Measure the resident memory of the program after its start, and with all tags of a list.

    Args:
        rounds: How often it is started for each.
        tags: Length of the list.
    """
    idle: list[float] = []
    loaded: list[float] = []
    peaks: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as folder,
        serving("--tags", str(tags)) as host,
    ):
        for _ in range(rounds):
            with opened(Path(folder)) as terminal:
                terminal.wait_for("Registries", r"\? help")
                terminal.rest()
                idle.append(resident(terminal.pid))
            with opened(Path(folder), f"{host}/tags/{tags}") as terminal:
                terminal.wait_for(cursor_on(TAG.format(0)))
                terminal.rest()
                open_filter(terminal)
                terminal.write("0")
                terminal.wait_for(f"{tags:,} of {tags:,}[^+]")
                terminal.rest()
                loaded.append(resident(terminal.pid))
                peaks.append(resident(terminal.pid, "VmHWM"))
    over = tuple(after - before for after, before in zip(loaded, idle, strict=True))
    return [
        Row("memory", "ocitui, started", "MiB", tuple(idle)),
        Row(
            "memory",
            f"ocitui with {tags:,} tags under a filter",
            "MiB",
            tuple(loaded),
            compare(loaded, idle, "started"),
        ),
        Row("memory", f"{tags:,} tags over the start", "MiB", over, bound=MOST),
        Row(
            "memory", f"at its peak, with {tags:,} tags", "MiB", tuple(peaks), compare(peaks, idle, "started")
        ),
    ]
