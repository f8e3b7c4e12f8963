"""A table over a sequence of any length: only the rows that show are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from tui.widgets.cells import cleaned, fitted
from tui.widgets.columns import GAP, Column, arrange
from tui.widgets.noted_view import NotedView

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from textual.strip import Strip

__all__ = ["Column", "VirtualTable"]

R = TypeVar("R")
RowT = TypeVar("RowT")

CURSOR_GLYPH: Final = "▸"
MARK_GLYPH: Final = "●"
CELL_LIMIT: Final = 1_024
"""Length of a cell's text in characters; wider than any terminal."""

_NOWHERE: Final = object()


def _itself(row: R) -> R:
    return row


class VirtualTable(NotedView, Generic[R], can_focus=True):
    """A table with a cursor line, over rows that may grow while it is shown.

    The sequence of rows is kept, not copied: append to it and call `rows_changed`. What a row shows is
    asked from its columns when it comes into view.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "open", id="table.activate", tooltip="Open the row under the cursor")
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-table--cursor",
        "virtual-table--header",
        "virtual-table--muted",
        "virtual-table--mark",
    }

    DEFAULT_CSS = """
    VirtualTable {
        & > .virtual-table--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .virtual-table--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & > .virtual-table--header, & > .virtual-table--muted {
            color: $foreground-muted;
        }
        & > .virtual-table--mark {
            color: $text-accent;
        }
        &:ansi {
            & > .virtual-table--cursor {
                text-style: bold;
            }
            & > .virtual-table--header, & > .virtual-table--muted {
                color: ansi_default;
                text-style: dim;
            }
        }
    }
    """

    @dataclass
    class Highlighted(Message, Generic[RowT]):
        """The cursor came to another row, or another row came under the cursor."""

        table: VirtualTable[RowT]
        """The table that the row is in."""
        index: int
        """Where the row stands."""
        row: RowT
        """The row under the cursor."""

        @property
        def control(self) -> VirtualTable[RowT]:
            """The table, for selectors of `on`."""
            return self.table

    @dataclass
    class Activated(Message, Generic[RowT]):
        """A row was opened: by enter, by a click on the cursor line, or by a double click."""

        table: VirtualTable[RowT]
        """The table that the row is in."""
        index: int
        """Where the row stands."""
        row: RowT
        """The row that was opened."""

        @property
        def control(self) -> VirtualTable[RowT]:
            """The table, for selectors of `on`."""
            return self.table

    @dataclass
    class EndNear(Message):
        """The cursor or the view is within a screen of the last row: more rows are wanted.

        Posted once, and again only after `rows_changed` or `set_rows`.
        """

        table: VirtualTable[Any]
        """The table that wants rows."""

        @property
        def control(self) -> VirtualTable[Any]:
            """The table, for selectors of `on`."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        id: str | None = None,  # noqa: A002 -- the name that every widget of Textual gives it
        classes: str | None = None,
        show_header: bool = False,
        marked: Callable[[R], bool] | None = None,
        key: Callable[[R], Hashable] | None = None,
    ) -> None:
        """Describe the table.

        Args:
            columns: from left to right.
            id: of the widget.
            classes: of the widget.
            show_header: whether the titles of the columns stand above the rows.
            marked: tells which rows bear a mark; without it none does.
            key: what makes a row the same row although its value changed; the row itself when absent.
        """
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._show_header = show_header
        self._marked = marked
        self._key = key
        self._rows: Sequence[R] = ()
        self._announced: object = _NOWHERE
        self._wants_rows = False

    # Rows

    @property
    def rows(self) -> Sequence[R]:
        """The rows as they were given to `set_rows`."""
        return self._rows

    @property
    def row(self) -> R | None:
        """The row under the cursor, or None when there are no rows."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def in_view(self) -> Sequence[R]:
        """The rows that show, as far as they are known to fit; none before the table has a size."""
        top = round(self.scroll_y)
        return self._rows[top : top + self._view_height]

    @property
    def columns(self) -> Sequence[Column[R]]:
        """All columns, hidden ones included."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column[R]]) -> None:
        self._columns = tuple(columns)
        self.refresh_rows()

    def set_rows(self, rows: Sequence[R], *, keep_cursor: bool = False) -> None:
        """Show other rows.

        Args:
            rows: kept, not copied.
            keep_cursor: follow the row under the cursor to its new place; where it is gone the cursor stays
                at its index. Otherwise the cursor goes to the first row.
        """
        row, old, top, in_view = self.row, self.cursor, round(self.scroll_y), self._cursor_in_view
        self._rows = rows
        self._strips.clear()
        self._measure()
        if keep_cursor:
            new = old if row is None else self._find(row, old)
            self._place_cursor(new, top + new - old, show=in_view)
        else:
            self._place_cursor(0, 0)
        self._wants_rows = bool(rows)
        self._announce()
        self._check_end()

    def rows_changed(self, cursor: int | None = None) -> None:
        """Show what was added to the rows; what the other rows show is asked again, too.

        Args:
            cursor: where the row under the cursor is now; at its old place where that is left out.
        """
        top, in_view = round(self.scroll_y), self._cursor_in_view
        moved = 0 if cursor is None else cursor - self.cursor
        self._strips.clear()
        self._measure()
        self._place_cursor(self.cursor + moved, top + moved, show=in_view)
        self._wants_rows = True
        self._announce()
        self._check_end()

    def refresh_rows(self) -> None:
        """Ask again what the rows in view show: their cells or marks changed, their number did not."""
        self._strips.clear()
        self.refresh()

    # Cursor

    def watch_cursor(self, old: int, new: int) -> None:
        """Follow the cursor with the view, and tell about it."""
        super().watch_cursor(old, new)
        self._announce(moved=True)
        self._check_end()

    def action_activate(self) -> None:
        """Open the row under the cursor."""
        if (row := self.row) is not None:
            self.post_message(self.Activated(self, self.cursor, row))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's
        """Offer opening only where there is a row."""
        return bool(self._count) if action == "activate" else True

    def _open(self) -> None:
        self.action_activate()

    def _find(self, row: R, near: int) -> int:
        """Where a row stands now, or `near` when it is gone."""
        key = self._key or _itself
        wanted = key(row)
        if near < len(self._rows) and key(self._rows[near]) == wanted:
            return near
        return next((index for index, other in enumerate(self._rows) if key(other) == wanted), near)

    def _announce(self, *, moved: bool = False) -> None:
        """Tell which row is under the cursor unless that was told already."""
        if not self.is_running:
            return
        row = self.row
        if row is None:
            self._announced = _NOWHERE
            return
        identity = (self._key or _itself)(row)
        if moved or identity != self._announced:
            self._announced = identity
            self.post_message(self.Highlighted(self, self.cursor, row))

    def _check_end(self) -> None:
        """Ask for more rows, once, when the last ones are near."""
        height = self._view_height
        if not (self._wants_rows and self.is_running and height):
            return
        if max(self.cursor, round(self.scroll_y) + height - 1) + height >= self._count:
            self._wants_rows = False
            self.post_message(self.EndNear(self))

    # Geometry

    @property
    def _gutter(self) -> int:
        """Cells before the first column: the cursor's glyph, and the mark."""
        return 2

    def _measure(self) -> None:
        """Count the lines: titles, rows and the note."""
        note = self._wrap_note()
        self._set_size(len(self._rows), above=int(self._show_header), below=note)

    def on_mount(self) -> None:
        """Tell what was set before there was anyone to tell."""
        self._announce()

    def _lay_out(self) -> None:
        self._measure()
        self._show_cursor()
        self._check_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Look whether the end came near."""
        super().watch_scroll_y(old_value, new_value)
        self._check_end()

    # Rendering

    def render_line(self, y: int) -> Strip:
        """Render a line of the screen, `y` lines below the top of the table."""
        width = self.scrollable_content_region.width
        if y < self._above:
            return self._render_header(width)
        index = y - self._above + round(self.scroll_y)
        if index < self._count:
            return self._render_row(index, width)
        return self._render_note(index - self._count, width)

    def _render_row(self, index: int, width: int) -> Strip:
        row = self._rows[index]
        on_cursor = index == self.cursor
        marked = self._marked is not None and self._marked(row)
        key = (index, width, on_cursor, on_cursor and self.has_focus, marked)
        if (strip := self._strips.get(key)) is None:
            strip = self._strips[key] = self._compose_row(row, width, on_cursor=on_cursor, marked=marked)
        return strip

    def _compose_row(self, row: R, width: int, *, on_cursor: bool, marked: bool) -> Strip:
        base = self.get_visual_style("virtual-table--cursor") if on_cursor else self.visual_style
        # The line of the focused cursor has one colour; what cells say in colour, they say in words too.
        plain = on_cursor and self.has_focus
        parts = [Content(CURSOR_GLYPH if on_cursor else " ")]
        parts.append(Content.styled(MARK_GLYPH, ".virtual-table--mark") if marked else Content(" "))
        for position, (column, cells) in enumerate(arrange(self._columns, width, gutter=self._gutter)):
            cell = fitted(
                cleaned(column.render(row), limit=CELL_LIMIT), cells, align=column.align, cut=column.cut
            )
            if column.style:
                cell = cell.stylize_before(column.style)
            parts.append(Content.assemble(" " * GAP if position else "", cell))
        return self._compose_strip(
            Content.assemble(*parts, strip_control_codes=False), base, width, plain=plain
        )

    def _render_header(self, width: int) -> Strip:
        style = self.get_visual_style("virtual-table--header")
        titles = [
            fitted(Content(column.title), cells, align=column.align)
            for column, cells in arrange(self._columns, width, gutter=self._gutter)
        ]
        line = Content.assemble(" " * self._gutter, Content(" " * GAP).join(titles))
        return self._compose_strip(line, style, width)
