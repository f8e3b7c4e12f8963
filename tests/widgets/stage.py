"""An application around widgets under test, and what can be read off its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.app import App

from tui.widgets import FilterInput, VirtualTable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.message import Message
    from textual.strip import Strip
    from textual.widget import Widget

RowT = TypeVar("RowT")


class Stage(App[None]):
    """Shows widgets below each other, and keeps the messages of ours that reach it."""

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self._widgets = widgets
        self.received: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted[object]) -> None:
        self.received.append(message)

    def on_virtual_table_activated(self, message: VirtualTable.Activated[object]) -> None:
        self.received.append(message)

    def on_virtual_table_end_near(self, message: VirtualTable.EndNear) -> None:
        self.received.append(message)

    def on_filter_input_changed(self, message: FilterInput.Changed) -> None:
        self.received.append(message)

    def on_filter_input_closed(self, message: FilterInput.Closed) -> None:
        self.received.append(message)

    def taken(self) -> list[tuple[object, ...]]:
        """Return what was received since the last call, in short."""
        received, self.received = self.received, []
        return [_in_short(message) for message in received]


def _in_short(message: Message) -> tuple[object, ...]:
    match message:
        case VirtualTable.Highlighted() | VirtualTable.Activated():
            return (type(message).__name__, message.index, message.row)
        case FilterInput.Changed():
            return ("Changed", message.text)
        case FilterInput.Closed():
            return ("Closed", message.keep)
        case _:
            return (type(message).__name__,)


def strips(widget: Widget) -> list[Strip]:
    """Return the lines of a widget's content as they are drawn."""
    return [widget.render_line(y) for y in range(widget.size.height)]


def lines(widget: Widget) -> list[str]:
    """Return the text of a widget's content, without what is blank at the right and the bottom."""
    texts = [strip.text.rstrip() for strip in strips(widget)]
    while texts and not texts[-1]:
        texts.pop()
    return texts
