"""The downloads of this run: a drawer at the bottom, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.figures import bar, duration, size
from tui.sanitize import one_line
from tui.transfers import State, Transfer
from tui.widgets.columns import Column
from tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from tui.transfers import Downloads

REFRESH_SECONDS = 0.25
"""Figures that change faster than this cannot be read."""

BAR_CELLS = 16
ROWS_SHOWN = 4
"""The drawer is at most this many rows high; the others are scrolled to."""

EXPLANATION_LIMIT = 600
"""Characters of an error and its remedy that are shown: more than any of ours, less than a screen."""

_WORDS = {
    State.QUEUED: "queued",
    State.CHECKING: "checking what is there",
    State.RUNNING: "",
    State.WAITING: "trying again soon",
    State.PAUSED: "paused",
    State.DONE: "✓ verified",
    State.CANCELLED: "cancelled",
    State.FAILED: "✗ failed",
}


_COLOURS = {State.DONE: "$text-success", State.FAILED: "$text-error", State.WAITING: "$text-warning"}
"""What the words of a state say, in colour."""


def _bar_cell(transfer: Transfer) -> str | Content:
    """Draw how far it is on a track that shows the whole; one that is done needs none."""
    if transfer.state is State.DONE:
        return ""
    done = bar(transfer.done, transfer.total or 0, BAR_CELLS)
    return Content.styled(f"{done:<{BAR_CELLS}}", "$secondary on $border-blurred")


def _size_cell(transfer: Transfer) -> str:
    if transfer.total is None or transfer.state is not State.RUNNING:
        return size(transfer.total or transfer.done)
    return f"{size(transfer.done)} of {size(transfer.total)}"


def _speed_cell(transfer: Transfer) -> str:
    return f"{size(round(transfer.speed))}/s" if transfer.state is State.RUNNING else ""


def _state_cell(transfer: Transfer) -> str | Content:
    if transfer.state is State.RUNNING:
        return f"{duration(transfer.eta)} left" if transfer.eta is not None else "running"
    word = _WORDS[transfer.state]
    error = transfer.error or transfer.setback
    text = f"{word}: {one_line(str(error))}" if error is not None else word
    return Content.styled(text, _COLOURS.get(transfer.state, ""))


class TransfersPane(Vertical):
    """Shows how far downloads are; it takes no room while there are none."""

    DEFAULT_CSS = """
    TransfersPane {
        display: none;
        height: auto;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &.-used { display: block; }
        &:focus-within { border: round $border; border-title-color: $text-accent; border-title-style: bold; }
        & > Static { display: none; padding: 0 2; color: $text-error; max-height: 6; }
        & > Static.-there { display: block; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x",
            "stop",
            "stop",
            id="transfers.stop",
            tooltip="Stop the download under the cursor, or take one that has ended off the list",
        ),
        Binding(
            "p",
            "pause",
            "pause",
            id="transfers.pause",
            tooltip="Pause the download under the cursor, or go on with it",
        ),
        Binding(
            "r",
            "retry",
            "retry",
            id="transfers.retry",
            tooltip="Start the download under the cursor once more",
        ),
    ]

    class Progressed(Message):
        """There is something new to say about the downloads as a whole."""

    def __init__(self, downloads: Downloads, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.downloads = downloads
        self.table: VirtualTable[Transfer] = VirtualTable(self._columns())
        self.border_title = "Downloads"
        self._explanation = Static()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.table
        yield self._explanation

    def on_mount(self) -> None:
        self._timer = self.set_interval(REFRESH_SECONDS, self.update_figures, pause=True)

    def focus_content(self) -> None:
        """Take the focus."""
        self.table.focus()

    def start_watching(self) -> None:
        """Show the downloads, and look at them until all have ended."""
        if self._timer is not None:
            self._timer.resume()
        self.update_figures()

    def update_figures(self) -> None:
        """Show how far the downloads are."""
        transfers = self.downloads.transfers
        self.set_class(bool(transfers), "-used")
        self.table.styles.height = min(len(transfers), ROWS_SHOWN)
        known = len(self.table.rows)
        self.table.set_rows(transfers, keep_cursor=True)
        if len(transfers) > known and not self.has_focus_within:
            # What was started last is what one wants to hear of.
            self.table.cursor = known
        self._explain()
        self.refresh_bindings()
        self.border_subtitle = self.summary()
        if not self.downloads.active and self._timer is not None:
            self._timer.pause()
        self.post_message(self.Progressed())

    @on(VirtualTable.Highlighted)
    def _explain(self) -> None:
        """Say in full what is wrong with the download under the cursor, and what one can do."""
        transfer = self.table.row
        error = None if transfer is None else transfer.error or transfer.setback
        self._explanation.set_class(error is not None, "-there")
        if error is not None:
            text = f"{error}. {error.remedy}".strip()
            self._explanation.update(Content(one_line(text, limit=EXPLANATION_LIMIT)))

    def summary(self) -> str:
        """Tell how many are under way and how fast, "" when none is."""
        active = len(self.downloads.active)
        return f"↓ {active} · {size(round(self.downloads.speed))}/s" if active else ""

    def _columns(self) -> Sequence[Column[Transfer]]:
        return (
            Column("name", lambda transfer: transfer.target.name, cut="middle"),
            Column("done", _bar_cell, width=BAR_CELLS, min_table_width=70),
            Column("size", _size_cell, width=18, align="right", min_table_width=50),
            Column("speed", _speed_cell, width=11, align="right", min_table_width=90),
            Column("state", _state_cell),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        transfer = self.table.row
        if action == "pause":
            return transfer is not None and not transfer.state.is_final
        if action == "retry":
            return transfer is not None and transfer.state in {State.FAILED, State.CANCELLED}
        return True

    def action_stop(self) -> None:
        """Stop the download under the cursor; one that has ended leaves the list."""
        transfer = self.table.row
        if transfer is not None:
            if transfer.state.is_final:
                self.downloads.forget(transfer)
            else:
                transfer.cancel()
            self.update_figures()

    def action_pause(self) -> None:
        """Pause the download under the cursor, or go on with it."""
        transfer = self.table.row
        if transfer is not None:
            if transfer.state in {State.PAUSED, State.WAITING}:
                transfer.resume()
            else:
                transfer.pause()
            self.start_watching()

    def action_retry(self) -> None:
        """Start the download under the cursor once more."""
        if self.table.row is not None:
            self.downloads.retry(self.table.row)
            self.start_watching()
