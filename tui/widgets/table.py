"""A table over a sequence of any length: only the rows that show are rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from tui.sanitize import multi_line
from tui.widgets.cells import cleaned, fitted
from tui.widgets.columns import GAP, Column, arrange
from tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

__all__ = ["Column", "VirtualTable"]

R = TypeVar("R")
RowT = TypeVar("RowT")

NoteStyle = Literal["muted", "error"]
"""How the line after the last row looks."""

CURSOR_GLYPH: Final = "▸"
MARK_GLYPH: Final = "●"
CELL_LIMIT: Final = 1_024
"""Length of a cell's text in characters; wider than any terminal."""

NOTE_LIMIT: Final = 2_000
"""Length of a note in characters."""

_NOWHERE: Final = object()


class VirtualTable(CursorView, Generic[R], can_focus=True):
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
        "virtual-table--note",
        "virtual-table--note-error",
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
        & > .virtual-table--header, & > .virtual-table--muted, & > .virtual-table--note {
            color: $foreground-muted;
        }
        & > .virtual-table--mark {
            color: $text-accent;
        }
        & > .virtual-table--note-error {
            color: $text-error;
        }
        &:ansi {
            & > .virtual-table--cursor {
                text-style: bold;
            }
            & > .virtual-table--header, & > .virtual-table--muted, & > .virtual-table--note {
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
            marked: tells which rows bear a mark; without it there is no room for marks.
            key: what makes a row the same row although its value changed; the row itself when absent.
        """
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._show_header = show_header
        self._marked = marked
        self._key = key
        self._rows: Sequence[R] = ()
        self._note: Content | None = None
        self._note_style: NoteStyle = "muted"
        self._note_lines: list[Content] = []
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
        return self._rows[self.cursor] if self.cursor < self._count else None

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
        row, old, top = self.row, self.cursor, round(self.scroll_y)
        self._rows = rows
        self._strips.clear()
        self._measure()
        if keep_cursor:
            new = old if row is None else self._find(row, old)
            self._place_cursor(new, top + new - old)
        else:
            self._place_cursor(0, 0)
        self._wants_rows = bool(rows)
        self._announce()
        self._check_end()

    def rows_changed(self) -> None:
        """Show what was appended to the rows; what the other rows show is asked again, too."""
        in_view = self._cursor_in_view
        self._strips.clear()
        self._measure()
        self.set_reactive(VirtualTable.cursor, self.validate_cursor(self.cursor))
        if in_view:
            self._show_cursor()
        self._wants_rows = True
        self._announce()
        self._check_end()

    def refresh_rows(self) -> None:
        """Ask again what the rows in view show: their cells or marks changed, their number did not."""
        self._strips.clear()
        self.refresh()

    # The note after the last row

    @property
    def note(self) -> Content | None:
        """The text after the last row; in an empty table it is all that one reads."""
        return self._note

    @note.setter
    def note(self, note: Content | str | None) -> None:
        self.set_note(note)

    @property
    def note_style(self) -> NoteStyle:
        """How the note looks; setting the note makes it `muted`."""
        return self._note_style

    @note_style.setter
    def note_style(self, style: NoteStyle) -> None:
        self._note_style = style
        self.refresh()

    def set_note(self, note: Content | str | None, style: NoteStyle = "muted") -> None:
        """Show a text after the last row, wrapped to the width of the table.

        Args:
            note: None or an empty text takes it away.
            style: `error` for what went wrong.
        """
        if isinstance(note, str):
            note = Content(multi_line(note, NOTE_LIMIT), strip_control_codes=False)
        self._note = note or None
        self._note_style = style
        in_view = self._cursor_in_view
        self._measure()
        if in_view:
            self._show_cursor()

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
        if self._key is None:
            if near < self._count and self._rows[near] == row:
                return near
            try:
                return self._rows.index(row)
            except ValueError:
                return near
        wanted = self._key(row)
        return next((index for index, other in enumerate(self._rows) if self._key(other) == wanted), near)

    def _announce(self, *, moved: bool = False) -> None:
        """Tell which row is under the cursor unless that was told already."""
        if not self.is_running:
            return
        row = self.row
        if row is None:
            self._announced = _NOWHERE
            return
        identity = row if self._key is None else self._key(row)
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
        """Cells before the first column: the cursor's glyph, marks where rows can bear one, a space."""
        return 2 if self._marked is None else 3

    def _measure(self) -> None:
        """Tell the scrollbar how many lines there are."""
        width = self.scrollable_content_region.width
        self._note_lines = []
        if self._note is not None and width > self._gutter:
            self._note_lines = self._note.wrap(width - self._gutter)
        self._set_size(len(self._rows), above=int(self._show_header), below=len(self._note_lines))

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
        index -= self._count
        if index < len(self._note_lines):
            return self._render_note(self._note_lines[index], width)
        return Strip.blank(width, self.visual_style.rich_style)

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
        if self._marked is not None:
            parts.append(Content.styled(MARK_GLYPH, ".virtual-table--mark") if marked else Content(" "))
        parts.append(Content(" "))
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

    def _render_note(self, line: Content, width: int) -> Strip:
        name = "virtual-table--note-error" if self._note_style == "error" else "virtual-table--note"
        line = Content.assemble(" " * self._gutter, cleaned(line))
        return self._compose_strip(line, self.get_visual_style(name), width)
