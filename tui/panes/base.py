"""What the list panes share: a subject whose contents they list, loaded page by page when looked at."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from tui.client.errors import DeniedError, RegistryError, UnauthorizedError
from tui.panes.pace import Pace
from tui.panes.rows_pane import SHOW_SECONDS, RowsPane, RowT
from tui.widgets.filter import FilterInput
from tui.widgets.table import VirtualTable
from tui.wording import failure_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Sequence

    from tui.library import Library
    from tui.panes.rows import Batch

SubjectT = TypeVar("SubjectT")

SETTLE_SECONDS = 0.06
"""A load waits this long, so that holding an arrow key costs no request for every row that passes by."""

MOST_ARRIVED = 2_000
"""Rows that are kept for that at most: a few milliseconds to take them up."""

SPARED_ROWS = 10_000
"""After so many rows, all that there is is left out of looks for garbage: among millions of rows, which are
none, such a look takes half a second, and keys wait for it."""

LOADING = "loading …"


class ListPane(RowsPane[RowT], Generic[SubjectT, RowT]):
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
        Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
    ]

    class Answered(Message):
        """A registry has answered a load of this pane, for good or ill."""

    REMOTE: ClassVar[bool] = True
    """Whether a load asks a registry, so that it waits until the cursor rests."""

    subject: reactive[Any] = reactive(None)
    """What the pane lists the contents of; None for nothing."""

    wanted: reactive[bool] = reactive(default=False)
    """Whether somebody looks at the pane: only then it loads."""

    def __init__(self, library: Library, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.library = library
        self._arrived: list[RowT] = []
        self._pace = Pace(self, self._show_arrived, SHOW_SECONDS)
        self._pinned: set[Hashable] = set()
        self._hint = ""
        self._started = False
        self._not_spared = 0
        self._eager = 0
        self._more = asyncio.Event()

    # What a pane says about itself.

    def pages(self, subject: SubjectT) -> AsyncGenerator[Batch[RowT], None]:
        """Load the contents of a subject."""
        raise NotImplementedError

    def pinned(self, subject: SubjectT) -> Sequence[RowT]:  # noqa: ARG002  # for those who override it
        """Rows that are there before the registry has said anything, and whether or not it lists them."""
        return ()

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

    def on_mount(self) -> None:
        self._tell(self.hint if self.subject is None else self._note)
        self._start_if_wanted()

    def watch_subject(self) -> None:
        self._clear()
        self._start_if_wanted()

    def watch_wanted(self) -> None:
        self._start_if_wanted()

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

    def pin(self, row: RowT) -> None:
        """Put a row at the top that the registry has not listed (yet)."""
        key = self.row_key(row)
        if all(self.row_key(known) != key for known in self.listed):
            self._pinned.add(key)
            self._rows.prepend(row)
            self._show_rows()

    # What the person does.

    def want_more(self) -> None:
        """Go on with the load, however far the cursor is from its end."""
        self._more.set()

    @on(VirtualTable.EndNear)
    def _load_more(self, event: VirtualTable.EndNear) -> None:
        event.stop()
        self.want_more()

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
