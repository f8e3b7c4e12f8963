"""Columns of a table, and how they share its width."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.content import Content

    from tui.widgets.cells import Align, Cut

R = TypeVar("R")

GAP: Final = 2
"""Cells between two columns."""

LEAST_FLEXIBLE_WIDTH: Final = 8
"""A column that takes the rest is not squeezed below this while another one can be hidden, in cells."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a `VirtualTable`."""

    title: str
    """Shown in the header."""
    render: Callable[[R], str | Content]
    """Gives a row's cell: foreign text as `str`, or content with styles of its own."""
    _: KW_ONLY
    width: int | None = None
    """In cells; None takes what the others leave, in equal parts."""
    align: Align = "left"
    """Numbers stand on the right."""
    min_table_width: int = 0
    """The column is hidden in a table narrower than this many cells."""
    cut: Cut = "end"
    """Where a text that is too long is cut."""
    style: str = ""
    """Of the whole column: theme variables (`$text-warning`) or a component (`.virtual-table--muted`)."""


def arrange(columns: Sequence[Column[R]], width: int, *, gutter: int) -> list[tuple[Column[R], int]]:
    """Return the columns that a table of a width shows, each with its width in cells.

    Columns that ask for a wider table are left out; then, from the right, columns of fixed width while
    those that take the rest would get less than `LEAST_FLEXIBLE_WIDTH`.

    Args:
        columns: all columns, from left to right.
        width: of the table, in cells, without its scrollbar.
        gutter: cells before the first column.
    """
    shown = [column for column in columns if width >= column.min_table_width]
    while True:
        fixed = sum(column.width for column in shown if column.width is not None)
        flexible = [column for column in shown if column.width is None]
        rest = width - gutter - fixed - GAP * max(0, len(shown) - 1)
        spare = rest if not flexible else rest // len(flexible) - LEAST_FLEXIBLE_WIDTH
        removable = next((column for column in reversed(shown) if column.width is not None), None)
        if spare >= 0 or removable is None or len(shown) == 1:
            return _with_widths(shown, max(rest, 0))
        shown.remove(removable)


def _with_widths(columns: Sequence[Column[R]], rest: int) -> list[tuple[Column[R], int]]:
    parts = sum(column.width is None for column in columns)
    widths: list[tuple[Column[R], int]] = []
    for column in columns:
        if column.width is None:
            share = -(-rest // parts)
            rest -= share
            parts -= 1
            widths.append((column, share))
        else:
            widths.append((column, column.width))
    return widths
