"""The columns of files, fewer where there is less room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui.contents.nodes import Change
from tui.figures import size
from tui.panes.entry_facts import link_text, mode_text, owner_text, size_text, time_text
from tui.sanitize import one_line
from tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.inside import Inside
    from tui.panes.file_rows import FileRow

GLYPHS: Final = {Change.ADDED: "+", Change.CHANGED: "~", Change.REMOVED: "−"}
"""Stand before what a layer did something to."""

STYLES: Final = {
    Change.ADDED: "$text-success",
    Change.CHANGED: "$text-warning",
    Change.REMOVED: "$text-error",
}

DEEPEST_INDENT: Final = 24
"""Levels by which a name is set in; deeper ones stand below each other."""

NAME_LIMIT: Final = 1_000
"""Characters of a name or a path that are shown; wider than any terminal."""


def file_columns(inside: Inside) -> Sequence[Column[FileRow]]:
    """Make the columns: the name, and, as far as there is room, what `ls -l` tells."""
    columns = [
        Column("name", _name_cell, cut="middle"),
        Column("size", _size_cell, width=8, align="right"),
        Column("mode", _mode_cell, width=10, min_table_width=54, style=".virtual-table--muted"),
        Column("owner", _owner_cell, width=11, min_table_width=74, style=".virtual-table--muted"),
        Column("time", _time_cell, width=16, min_table_width=96, style=".virtual-table--muted"),
    ]
    if inside.has_marks:
        columns.insert(
            1, Column("layer", _layer_cell, width=3, align="right", min_table_width=44, style="$secondary")
        )
        columns.append(Column("change", _change_cell, width=7, min_table_width=110))
    return columns


def _name_cell(row: FileRow) -> Content:
    node, change = row.node, row.node.change
    if row.called:
        text = f"/{row.called}"
        fold = ""
    else:
        text = node.name or "/"
        fold = {True: "▾ ", False: "▸ ", None: "  "}[row.unfolded]
    indent = "  " * min(row.depth, DEEPEST_INDENT)
    parts: list[Content] = [Content(indent), Content.styled(fold, ".virtual-table--muted")]
    if change is not None:
        parts.append(Content.styled(f"{GLYPHS[change]} ", STYLES[change]))
    shown = one_line(text, limit=NAME_LIMIT)
    parts.append(Content.styled(shown, "strike" if change is Change.REMOVED else ""))
    if row.note:
        parts.append(Content.styled(f"  {row.note}", ".virtual-table--muted"))
    if node.entry is not None and row.called in {"", node.path}:
        if node.entry.problems:
            parts.append(Content.styled(" ✗", "$text-error"))
        if target := link_text(node.entry):
            parts.append(Content.styled(f" {one_line(target, limit=NAME_LIMIT)}", ".virtual-table--muted"))
    return Content.assemble(*parts)


def _size_cell(row: FileRow) -> Content | str:
    if row.figure is not None:
        return size(row.figure)
    entry = row.node.entry
    if row.node.is_directory:
        return Content.styled(size(row.node.total), ".virtual-table--muted") if row.node.total else ""
    return size_text(entry) if entry is not None else ""


def _layer_cell(row: FileRow) -> str:
    return str(row.node.layer) if row.node.entry is not None else ""


def _change_cell(row: FileRow) -> Content:
    change = row.node.change
    return Content.styled(change.value, STYLES[change]) if change is not None else Content("")


def _mode_cell(row: FileRow) -> str:
    return mode_text(row.node.entry) if row.node.entry is not None else ""


def _owner_cell(row: FileRow) -> str:
    return owner_text(row.node.entry) if row.node.entry is not None else ""


def _time_cell(row: FileRow) -> str:
    return time_text(row.node.entry) if row.node.entry is not None else ""
