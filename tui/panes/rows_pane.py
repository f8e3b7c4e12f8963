"""What a list shows: rows that are filtered, sorted and marked, a note below them, figures in the border."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from tui.figures import count
from tui.panes.pace import Pace
from tui.panes.rows import Order, Rows
from tui.sanitize import multi_line, one_line
from tui.widgets.filter import FilterInput
from tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from textual.app import ComposeResult
    from textual.message import Message

    from tui.widgets.columns import Column

RowT = TypeVar("RowT")

SHOW_SECONDS = 0.1
"""Rows that nobody has to wait for, and what is found out about rows, are shown this often while they arrive:
to draw them takes longer than to load them, and keys wait for both."""

COUNT_SECONDS = 0.5
"""Figures in the border are told this often meanwhile: all that the border is around is drawn with them."""

FAILED = "✗"
"""Begins a note that says what went wrong."""

NOTE_LIMIT = 2_000
"""Characters of a note that are shown."""


class RowsPane(Vertical, Generic[RowT]):
    """Shows rows, wherever they come from; a subclass says what they are, and brings them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "filter", id="list.filter", tooltip="Show only the rows that contain a text"
        ),
        Binding(
            "space",
            "mark",
            "mark",
            id="list.mark",
            tooltip="Mark the row for what is done with many",
            show=False,
        ),
        Binding("s", "sort", "sort", id="list.sort", tooltip="Show the list in another order", show=False),
    ]

    MARKABLE: ClassVar[bool] = False
    """Whether rows can be marked."""
    TITLE: ClassVar[str] = ""
    NOUN: ClassVar[str] = ""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._marks: set[Hashable] = set()
        self.table: VirtualTable[RowT] = VirtualTable(
            self.columns(), key=self.row_key, marked=self._is_marked if self.MARKABLE else None
        )
        self.filter_input = FilterInput()
        self._rows: Rows[RowT] = Rows(self.row_text, self.row_key)
        self._replacing = Pace(self, self.table.refresh_rows, SHOW_SECONDS)
        self._counting = Pace(self, self._tell_figures, COUNT_SECONDS)
        self._note = ""
        self._selection: Hashable = None
        self._selected_from = 0
        self._order = 0
        self._complete = False
        self._failed = False
        self.border_title = self.TITLE

    # What a pane says about itself.

    def columns(self) -> Sequence[Column[RowT]]:
        """Describe the table's columns."""
        raise NotImplementedError

    def highlighted(self, row: RowT | None) -> Message:
        """Make the message that says which row the cursor is on."""
        raise NotImplementedError

    def opened(self, row: RowT) -> Message:
        """Make the message that says which row the person wants to go into."""
        raise NotImplementedError

    def orders(self) -> Sequence[Order[RowT]]:
        """Tell the orders that the list can be shown in, the first one at first."""
        return (Order("", None),)

    def row_key(self, row: RowT) -> Hashable:
        """Tell what makes a row that row, whatever is known about it."""
        return row

    def can_mark(self, row: RowT) -> bool:  # noqa: ARG002  # for those who override it
        """Tell whether a row can be marked."""
        return self.MARKABLE

    def row_text(self, row: RowT) -> str:
        """Tell the text that the filter looks at."""
        return str(row)

    def empty_note(self) -> str:
        """Say why there is nothing, and what one can do."""
        return f"no {self.NOUN} here"

    def want_more(self) -> None:
        """Take note that rows are wanted that are not there yet; for those who can bring some."""

    # Rows.

    def compose(self) -> ComposeResult:
        yield self.table

    @property
    def row(self) -> RowT | None:
        """The row that the cursor is on."""
        return self.table.row

    @property
    def listed(self) -> Sequence[RowT]:
        """All rows that are there, whether the filter shows them or not."""
        return self._rows.all

    @property
    def marked(self) -> list[RowT]:
        """The rows that are marked, in their order."""
        return [row for row in self._rows.all if self._is_marked(row)] if self._marks else []

    def replace(self, row: RowT) -> None:
        """Put a row that is known better in the place of the one with the same key."""
        self._rows.replace(row)
        if any(shown is row for shown in self.table.in_view):
            self._replacing.ask()
        self._counting.ask()

    def select(self, key: Hashable) -> None:
        """Put the cursor on the row with a key, now or as soon as it arrives, unless the person moves it."""
        self._selection = key
        self._selected_from = self.table.cursor
        self._follow_selection(self._rows.shown)

    def _give_way(self) -> None:
        """Wait for no row any more where the person has gone to another one meanwhile."""
        if self.table.cursor != self._selected_from:
            self._selection = None

    def _follow_selection(self, arrived: Iterable[RowT]) -> None:
        """Put the cursor on the row that is waited for, if it is among those that have arrived."""
        if self._selection is None or all(self.row_key(row) != self._selection for row in arrived):
            return
        for index, row in enumerate(self._rows.shown):
            if self.row_key(row) == self._selection:
                self._selection = None
                self.table.cursor = index
                return

    def _show_rows(self) -> None:
        """Show the rows anew: another filter, another order, or another subject."""
        self._give_way()
        self.table.set_rows(self._rows.shown, keep_cursor=True)
        self._follow_selection(self._rows.shown)
        self._selected_from = self.table.cursor
        self._tell(self._note)
        if self.table.row is None:
            self.post_message(self.highlighted(None))

    def _tell(self, note: str) -> None:
        """Show a note below the rows, and the figures in the border."""
        self._note = note
        shown, total = len(self._rows.shown), len(self._rows.all)
        if not note and self._complete and not shown:
            note = f"nothing matches “{one_line(self.filter_input.text)}”" if total else self.empty_note()
        self.table.set_note(marked_failure(note) if self._failed else note)
        self._tell_figures()

    def _tell_figures(self) -> None:
        shown, total = len(self._rows.shown), len(self._rows.all)
        marked = f"{count(len(self._marks))} marked" if self._marks else ""
        self.border_subtitle = " · ".join(filter(None, (marked, self.status(shown, total))))

    def status(self, shown: int, total: int) -> str:
        """Tell what the border says of the figures."""
        if self._complete:
            known = count(total)
        elif total and not self._failed:
            known = f"{count(total)}+ …"
        else:
            known = count(total) if total else ""
        figures = f"{count(shown)} of {known}" if self._rows.filtered else known
        return " · ".join(filter(None, (figures, self.orders()[self._order].name)))

    # What the person does.

    @on(VirtualTable.Highlighted)
    def _tell_highlighted(self, event: VirtualTable.Highlighted[RowT]) -> None:
        event.stop()
        self.post_message(self.highlighted(event.row))

    @on(VirtualTable.Activated)
    def _tell_opened(self, event: VirtualTable.Activated[RowT]) -> None:
        event.stop()
        self.open_row()

    @on(FilterInput.Changed)
    def _apply_filter(self, event: FilterInput.Changed) -> None:
        event.stop()
        self._rows.filter(event.text)
        if self._rows.filtered:
            self.want_more()
        self._show_rows()

    @on(FilterInput.Closed)
    def _leave_filter(self, event: FilterInput.Closed) -> None:
        event.stop()
        self.table.focus()

    def open_row(self) -> None:
        """Say that the person wants to go into the row under the cursor."""
        row = self.table.row
        if row is not None:
            self.post_message(self.opened(row))

    async def action_filter(self) -> None:
        """Show the filter."""
        await self._mount_filter()
        self.filter_input.open()

    async def _mount_filter(self) -> None:
        """Give the filter its place; before the list has had the focus nobody can want it."""
        if not self.filter_input.is_attached:
            await self.mount(self.filter_input, before=self.table)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        if action == "mark":
            return self.row is not None and self.can_mark(self.row)
        if action == "filter":
            return not self.filter_input.has_focus
        return len(self.orders()) > 1 if action == "sort" else True

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self._mount_filter)
        if self._order:
            self.want_more()

    @work(exclusive=True, group="order", description="put a list into order")
    async def action_sort(self) -> None:
        """Show the list in the next order, and load what is missing of it."""
        orders = self.orders()
        self._order = (self._order + 1) % len(orders)
        self.want_more()
        await self._rows.order_by(orders[self._order].key)
        self._show_rows()

    def _is_marked(self, row: RowT) -> bool:
        return self.row_key(row) in self._marks

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go to the next one."""
        if self.row is not None:
            self._marks ^= {self.row_key(self.row)}
            self.table.refresh_rows()
            self.table.cursor += 1
            self._tell(self._note)

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._marks.clear()
        self.table.refresh_rows()
        self._tell(self._note)


def marked_failure(note: str) -> Content:
    """Colour the line that says what went wrong; what to try stands below it like any other note."""
    first, *others = multi_line(note, NOTE_LIMIT).split("\n")
    problem = Content.styled(first, ".noted-view--error") if first.startswith(FAILED) else Content(first)
    return Content("\n").join([problem, *map(Content, others)])
