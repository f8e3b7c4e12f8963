"""The rows of two images side by side: of their configs, histories, layers and files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.parsing import Problems, read_json
from tui.contents.comparison import (
    ABSENT,
    LayerFate,
    compare_configs,
    compare_layers,
)
from tui.contents.differing_lines import compare_lines
from tui.contents.entries import Entry, Kind
from tui.contents.nodes import Change
from tui.figures import counted, size
from tui.panes.differences import Difference, Mark, Respect, change_cell, marked
from tui.panes.layers import place_name, step_summary
from tui.sanitize import one_line
from tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.client import ImageConfig, Manifest
    from tui.contents.comparison import FileDifference, LayerDifference
    from tui.places import LayerPlace

CONFIG: Final = "config"
HISTORY: Final = "history"
LAYERS: Final = "layers"
FILES: Final = "files"
"""The names of the tabs."""

VALUE_LIMIT: Final = 4_000
"""Characters of a value that are shown in a row."""

MOST_PROBLEMS: Final = 3
"""Of what is wrong with layers so much is told below the files; inside of each layer stands all of it."""

ANNOTATIONS: Final = "annotations"

SEPARATOR: Final = " › "
"""Stands between the names that lead to a value."""

_FATES: Final = {
    LayerFate.SHARED: Mark.SAME,
    LayerFate.MOVED: Mark.MOVED,
    LayerFate.NEW: Mark.ADDED,
    LayerFate.GONE: Mark.REMOVED,
}

_CHANGES: Final = {
    Change.ADDED: Mark.ADDED,
    Change.CHANGED: Mark.CHANGED,
    Change.REMOVED: Mark.REMOVED,
}

_MUTED: Final = ".virtual-table--muted"


def _before(row: Difference) -> str:
    return row.before


def _after(row: Difference) -> str:
    return row.after


def _weight(row: Difference) -> str:
    return size(row.weight) if row.weight else "-"


def _more(row: Difference) -> str:
    return row.more


CONFIG_COLUMNS: Final = (
    Column("name", marked, cut="middle"),
    Column("before", _before),
    Column("after", _after),
    Column("change", change_cell, width=7, min_table_width=110),
)

NUMBERED: Final = (
    Column("before", _before, width=3, align="right", style=_MUTED),
    Column("after", _after, width=3, align="right", style=_MUTED),
)

HISTORY_COLUMNS: Final = (
    *NUMBERED,
    Column("step", marked),
    Column("change", change_cell, width=7, min_table_width=60),
)

LAYERS_COLUMNS: Final = (
    *NUMBERED,
    Column("size", _weight, width=8, align="right"),
    Column("made by", marked),
    Column("change", change_cell, width=7, min_table_width=60),
    Column("digest", _more, width=12, min_table_width=84, style=_MUTED),
)

FILES_COLUMNS: Final = (
    Column("path", marked, cut="middle"),
    Column("before", _before, width=8, align="right"),
    Column("after", _after, width=8, align="right"),
    Column("what", _more, width=16, min_table_width=66, style=_MUTED),
    Column("change", change_cell, width=7, min_table_width=96),
)

SAME_IMAGES: Final = "These images are the same."


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared of one image before any of its layers is looked into."""

    manifest: Manifest
    config: ImageConfig | None
    layers: Sequence[LayerPlace]
    """From the lowest on."""

    @property
    def document(self) -> dict[str, Any]:
        """The config as JSON, and the annotations of the manifest."""
        found = read_json(self.config.raw, Problems()) if self.config is not None else {}
        return {**found, ANNOTATIONS: dict(self.manifest.annotations)}

    @property
    def steps(self) -> list[str]:
        """The steps of the history, the oldest first."""
        return [step_summary(step) for step in self.config.history] if self.config is not None else []

    @property
    def digests(self) -> list[str]:
        """The digests of the layers, the lowest first."""
        return [str(layer.digest) for layer in self.manifest.layers]


def config_respect(before: Side, after: Side) -> Respect:
    """Make the tab of what differs in how images are started and built."""
    rows = [
        Difference(
            Mark.ADDED if one.before is ABSENT else Mark.REMOVED if one.after is ABSENT else Mark.CHANGED,
            SEPARATOR.join(one.path),
            _value(one.before),
            _value(one.after),
            key=one.path,
        )
        for one in compare_configs(before.document, after.document)
    ]
    return Respect(CONFIG, "Config", CONFIG_COLUMNS, rows, "" if rows else "The configs are the same.")


def history_respect(before: Side, after: Side) -> Respect:
    """Make the tab of the steps that made the images."""
    marks = {" ": Mark.SAME, "-": Mark.REMOVED, "+": Mark.ADDED}
    rows = [
        Difference(
            marks[line.mark],
            line.text or "-",
            _number(line.before),
            _number(line.after),
            key=(line.before, line.after),
        )
        for line in compare_lines(before.steps, after.steps).lines
    ]
    note = "" if rows else "Neither image says how it was made."
    if rows and before.steps == after.steps:
        note = "The histories are the same."
    return Respect(HISTORY, "History", HISTORY_COLUMNS, rows, note)


def layers_respect(before: Side, after: Side) -> Respect:
    """Make the tab of what became of the layers."""
    rows = [_layer(one, before, after) for one in compare_layers(before.digests, after.digests)]
    note = "The layers are the same." if before.digests == after.digests else ""
    return Respect(LAYERS, "Layers", LAYERS_COLUMNS, rows, note, by_weight=True)


def _layer(one: LayerDifference, before: Side, after: Side) -> Difference:
    place = after.layers[one.after - 1] if one.after is not None else before.layers[(one.before or 1) - 1]
    descriptor = place.descriptor
    return Difference(
        _FATES[one.fate],
        place_name(place),
        _number(one.before),
        _number(one.after),
        descriptor.digest.short if descriptor is not None else "",
        weight=descriptor.size if descriptor is not None else 0,
        word=one.fate.value,
        key=(one.before, one.after),
        subject=place,
    )


def files_respect(found: Sequence[FileDifference], figures: str, problems: Sequence[str] = ()) -> Respect:
    """Make the tab of the files that differ, or may; those that may come last.

    Args:
        found: What differs.
        figures: Tells how much was looked at, and fetched for it.
        problems: What is wrong with layers; the first ones are told.
    """
    certain = [file_row(one) for one in found if one.certain]
    unsure = [file_row(one) for one in found if not one.certain]
    notes = [figures, *(f"✗ {one_line(problem)}" for problem in problems[:MOST_PROBLEMS])]
    if len(problems) > MOST_PROBLEMS:
        notes.append(f"✗ {len(problems) - MOST_PROBLEMS:,} more that are wrong with layers")
    if not certain and not unsure:
        notes.insert(0, "The files are the same.")
    if unsure:
        files = counted(len(unsure), "file")
        notes.insert(
            0,
            f"? {files} of the same size in other layers: enter reads both, and tells whether they differ.",
        )
    return Respect(FILES, "Files", FILES_COLUMNS, [*certain, *unsure], "\n".join(notes), by_weight=True)


def file_row(one: FileDifference, *, equal: bool = False) -> Difference:
    """Make the row of a file.

    Args:
        one: What differs.
        equal: Whether its bytes were read, and are the same.
    """
    mark = Mark.SAME if equal else _CHANGES[one.change] if one.certain else Mark.UNSURE
    return Difference(
        mark,
        f"/{one.path}",
        _size(one.before),
        _size(one.after),
        "same bytes" if equal else " ".join(one.what),
        weight=max(entry.size for entry in (one.before, one.after) if entry is not None),
        subject=one,
        key=one.path,
    )


def _size(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return size(entry.size) if entry.kind is Kind.FILE else entry.kind.value


def _number(number: int | None) -> str:
    return str(number) if number is not None else ""


def _value(value: object) -> str:
    """Write a JSON value in one line: text as it is, all else as JSON."""
    if value is ABSENT:
        return ""
    if isinstance(value, str):
        return value or '""'
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "nested too deeply to be shown"
    return one_line(text, limit=VALUE_LIMIT)
