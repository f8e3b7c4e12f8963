"""One of several: a line for each, the one that is chosen told by a sign and not by colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.sanitize import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events


class Choice(Widget, can_focus=True):
    """A choice between a few values: `(•)` and `( )`, and what each is."""

    DEFAULT_CSS = """
    Choice { height: auto; width: 1fr; }
    Choice:focus {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "choose(1)", "other", id="choice.next", tooltip="Choose the next one"),
        Binding("left", "choose(-1)", show=False, id="choice.previous", tooltip="Choose the one before"),
        Binding("enter", "submit", "start", id="choice.submit", tooltip="Start with what is chosen"),
    ]

    @dataclass
    class Changed(Message):
        """Another one has been chosen."""

        choice: Choice
        """Where."""

        @property
        def control(self) -> Choice:
            """Where; what `on` looks for."""
            return self.choice

    @dataclass
    class Submitted(Message):
        """The person is content with what is chosen, and wants to go on."""

        choice: Choice
        """Where."""

        @property
        def control(self) -> Choice:
            """Where; what `on` looks for."""
            return self.choice

    def __init__(self, options: Mapping[str, str], value: str, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        """Offer values.

        Args:
            options: What each value is, in the order of the lines; foreign text is shown as it is safe.
            value: The one that is chosen first.
            id: The id of the widget.
        """
        super().__init__(id=id)
        self._options = dict(options)
        self.value = value

    def render(self) -> Content:
        return Content("\n").join(
            Content(f"({'•' if value == self.value else ' '}) {one_line(label)}")
            for value, label in self._options.items()
        )

    def choose(self, value: str) -> None:
        """Choose a value."""
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def action_choose(self, step: int) -> None:
        """Choose the next one, or the one before; behind the last one comes the first."""
        values = list(self._options)
        self.choose(values[(values.index(self.value) + step) % len(values)])

    def action_submit(self) -> None:
        """Go on with what is chosen."""
        self.post_message(self.Submitted(self))

    def on_click(self, event: events.Click) -> None:
        values = list(self._options)
        line = event.get_content_offset(self)
        if line is not None and line.y < len(values):
            self.choose(values[line.y])
