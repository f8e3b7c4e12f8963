"""What the list panes share: a subject whose contents they list, loaded page by page when looked at."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tui.client.errors import DeniedError, RegistryError, UnauthorizedError
from tui.figures import count
from tui.panes.pace import Pace
from tui.panes.rows import Batch, Order, Rows
from tui.sanitize import multi_line, one_line
from tui.widgets.filter import FilterInput
from tui.widgets.table import VirtualTable
from tui.wording import failure_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Iterable, Sequence

    from textual.app import ComposeResult

    from tui.library import Library
    from tui.widgets.columns import Column

SubjectT = TypeVar("SubjectT")
RowT = TypeVar("RowT")

SETTLE_SECONDS = 0.06
"""A load waits this long, so that holding an arrow key costs no request for every row that passes by."""

SHOW_SECONDS = 0.1
"""Rows that nobody has to wait for, and what is found out about rows, are shown this often while they arrive:
to draw them takes longer than to load them, and keys wait for both."""

COUNT_SECONDS = 0.5
"""Figures in the border are told this often meanwhile: all that the border is around is drawn with them."""

MOST_ARRIVED = 2_000
"""Rows that are kept for that at most: a few milliseconds to take them up."""

SPARED_ROWS = 10_000
"""After so many rows, all that there is is left out of looks for garbage: among millions of rows, which are
none, such a look takes half a second, and keys wait for it."""

LOADING = "loading …"

FAILED = "✗"
"""Begins a note that says what went wrong."""

NOTE_LIMIT = 2_000
"""Characters of a note that are shown."""


class ListPane(Vertical, Generic[SubjectT, RowT]):
    """A bordered list of what is inside its subject.

    A subject is loaded when the pane is `wanted` (on screen), and once. A new subject empties the pane and
    cancels the load under way, down to the socket. Lists come a page at a time, the next one as the cursor
    nears the end.
    """

    DEFAULT_CSS = """
    ListPane {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: none;
        border-subtitle-color: $text-muted;
        padding: 0;
        &:focus-within { border: round $border; border-title-color: $text-accent; border-title-style: bold; }
    }
    """

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
        Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
    ]

    class Answered(Message):
        """A registry has answered a load of this pane, for good or ill."""

    MARKABLE: ClassVar[bool] = False
    """Whether rows can be marked."""
    TITLE: ClassVar[str] = ""
    NOUN: ClassVar[str] = ""
    REMOTE: ClassVar[bool] = True
    """Whether a load asks a registry, so that it waits until the cursor rests."""

    subject: reactive[Any] = reactive(None)
    """What the pane lists the contents of; None for nothing."""

    wanted: reactive[bool] = reactive(default=False)
    """Whether somebody looks at the pane: only then it loads."""

    def __init__(self, library: Library, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.library = library
        self._marks: set[Hashable] = set()
        self.table: VirtualTable[RowT] = VirtualTable(
            self.columns(), key=self.row_key, marked=self._is_marked if self.MARKABLE else None
        )
        self.filter_input = FilterInput()
        self._rows: Rows[RowT] = Rows(self.row_text, self.row_key)
        self._arrived: list[RowT] = []
        self._pace = Pace(self, self._show_arrived, SHOW_SECONDS)
        self._replacing = Pace(self, self.table.refresh_rows, SHOW_SECONDS)
        self._counting = Pace(self, self._tell_figures, COUNT_SECONDS)
        self._pinned: set[Hashable] = set()
        self._note = self._hint = ""
        self._started = False
        self._selection: Hashable = None
        self._selected_from = 0
        self._not_spared = 0
        self._eager = 0
        self._order = 0
        self._complete = False
        self._failed = False
        self._more = asyncio.Event()
        self.border_title = self.TITLE

    # What a pane says about itself.

    def columns(self) -> Sequence[Column[RowT]]:
        """Describe the table's columns."""
        raise NotImplementedError

    def pages(self, subject: SubjectT) -> AsyncGenerator[Batch[RowT], None]:
        """Load the contents of a subject."""
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

    def pinned(self, subject: SubjectT) -> Sequence[RowT]:  # noqa: ARG002  # for those who override it
        """Rows that are there before the registry has said anything, and whether or not it lists them."""
        return ()

    def empty_note(self) -> str:
        """Say why there is nothing, and what one can do."""
        return f"no {self.NOUN} here"

    def failure_note(self, error: RegistryError) -> str:
        """Say what went wrong, and what one can do."""
        login = "L  log in" if isinstance(error, UnauthorizedError | DeniedError) else ""
        return "\n".join(filter(None, (*failure_lines(error), login, "r  try again")))

    @property
    def hint(self) -> str:
        """What stands in the pane while it has no subject."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint
        if self.subject is None:
            self._tell(hint)

    # Life.

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self._tell(self.hint if self.subject is None else self._note)
        self._start_if_wanted()

    def watch_subject(self) -> None:
        self._clear()
        self._start_if_wanted()

    def watch_wanted(self) -> None:
        self._start_if_wanted()

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

    @property
    def started(self) -> bool:
        """Whether the contents of the subject were asked for."""
        return self._started

    def _clear(self) -> None:
        self.workers.cancel_node(self)
        self._pace.stop()
        self._replacing.stop()
        self._counting.stop()
        self._arrived.clear()
        self._started = self._complete = self._failed = False
        self.border_title = self.TITLE
        self._selection = None
        self._marks.clear()
        self._eager = 0
        self._note = self.hint if self.subject is None else ""
        with self.prevent(FilterInput.Changed, FilterInput.Closed):
            self.filter_input.close(keep=False)
        pinned = self.pinned(self.subject) if self.subject is not None else ()
        self._pinned = {self.row_key(row) for row in pinned}
        self._rows.clear()
        self._rows.append(pinned)
        self._show_rows()

    def _start_if_wanted(self) -> None:
        if self.wanted and self.subject is not None and not self._started and self.is_mounted:
            self._started = True
            self._tell(LOADING)
            self._load(self.subject)

    @work(exclusive=True, group="load", description="load a list")
    async def _load(self, subject: SubjectT) -> None:
        if self.REMOTE:
            await asyncio.sleep(SETTLE_SECONDS)
        try:
            async with aclosing(self.pages(subject)) as pages:
                async for batch in pages:
                    self._arrived += batch.rows
                    if batch.last:
                        break
                    if not batch.patient or self._hurries:
                        if len(self._arrived) < MOST_ARRIVED:
                            self._pace.ask()
                        else:
                            self._show_arrived()
                        # Nothing else waits for a batch whose rows were there already.
                        await asyncio.sleep(0)
                        continue
                    self._more.clear()
                    self._show_arrived()
                    await self._more.wait()
        except RegistryError as error:
            self._pace.stop()
            if self._arrived:
                self._show_arrived()
            self._fail(error)
        else:
            self._pace.stop()
            self._complete = True
            self._show_arrived()
            self._tell("")

    @property
    def _hurries(self) -> bool:
        """Whether pages are loaded however far the cursor is from their end."""
        return self.wants_everything() or len(self._rows.all) + len(self._arrived) < self._eager

    def wants_everything(self) -> bool:
        """Tell whether a filter stands, or an order that somebody looks at, so that all rows are wanted."""
        return self._rows.filtered or (bool(self._order) and self.has_focus_within)

    # Rows.

    def _show_arrived(self) -> None:
        """Show the rows that have arrived, together."""
        rows, self._arrived = self._arrived, []
        self._spare(len(rows))
        self._give_way()
        if self._pinned:
            self._unpin(rows)
        cursor = self._rows.append(rows, self.table.cursor)
        self.table.rows_changed(cursor)
        self._follow_selection(rows)
        self._selected_from = self.table.cursor
        self._tell("" if self._complete else LOADING)
        self.post_message(self.Answered())

    def _spare(self, rows: int) -> None:
        """Leave rows out of looks for garbage; they go when nobody refers to them, as everything does."""
        self._not_spared += rows
        if self._not_spared >= SPARED_ROWS:
            self._not_spared = 0
            gc.collect(1)
            gc.freeze()

    def _unpin(self, rows: Sequence[RowT]) -> None:
        """Let go of pinned rows that the registry lists: they take their place among the others."""
        listed = self._pinned & {self.row_key(row) for row in rows}
        if not listed:
            return
        if self._selection is None and self.row is not None and self.row_key(self.row) in listed:
            self._selection = self.row_key(self.row)
        self._pinned -= listed
        self._rows.remove(lambda row: self.row_key(row) in listed)
        self.table.set_rows(self._rows.shown, keep_cursor=True)

    def _fail(self, error: RegistryError) -> None:
        self._failed = True
        self.post_message(self.Answered())
        self._tell(self.failure_note(error))

    def replace(self, row: RowT) -> None:
        """Put a row that is known better in the place of the one with the same key."""
        self._rows.replace(row)
        if any(shown is row for shown in self.table.in_view):
            self._replacing.ask()
        self._counting.ask()

    def pin(self, row: RowT) -> None:
        """Put a row at the top that the registry has not listed (yet)."""
        key = self.row_key(row)
        if all(self.row_key(known) != key for known in self.listed):
            self._pinned.add(key)
            self._rows.prepend(row)
            self._show_rows()

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
        self.table.set_note(_failure(note) if self._failed else note)
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

    @on(VirtualTable.EndNear)
    def _load_more(self, event: VirtualTable.EndNear) -> None:
        event.stop()
        self._more.set()

    @on(FilterInput.Changed)
    def _apply_filter(self, event: FilterInput.Changed) -> None:
        event.stop()
        self._rows.filter(event.text)
        if self._rows.filtered:
            self._more.set()
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
            self._more.set()

    @work(exclusive=True, group="order", description="put a list into order")
    async def action_sort(self) -> None:
        """Show the list in the next order, and load what is missing of it."""
        orders = self.orders()
        self._order = (self._order + 1) % len(orders)
        self._more.set()
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

    def retry(self) -> None:
        """Ask again for what failed."""
        if self._failed:
            self.action_reload()

    def action_reload(self) -> None:
        """Ask the registry again, and come back to the same row."""
        row, index = self.table.row, self.table.cursor
        self._clear()
        if row is not None:
            self.select(self.row_key(row))
            # As far as the row was from the beginning, pages come without being asked for.
            self._eager = index + 1
        self._start_if_wanted()


def _failure(note: str) -> Content:
    """Colour the line that says what went wrong; what to try stands below it like any other note."""
    first, *others = multi_line(note, NOTE_LIMIT).split("\n")
    problem = Content.styled(first, ".noted-view--error") if first.startswith(FAILED) else Content(first)
    return Content("\n").join([problem, *map(Content, others)])
