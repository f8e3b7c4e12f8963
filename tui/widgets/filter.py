"""The line in which one types what a list is to be filtered by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.sanitize import one_line

LONGEST_FILTER = 200
"""Length of a filter in characters: longer than any name worth typing, short enough to match quickly."""


class FilterInput(Input):
    """A line of input that is hidden until it is opened.

    Esc clears the filter and closes the line, enter keeps the filter and closes it. Who opened the line
    takes the focus back on `Closed`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close(True)", "keep", id="filter.keep", tooltip="Keep the filter and go back"),
        Binding("escape", "close(False)", "clear", id="filter.clear", tooltip="Clear the filter and go back"),
    ]

    DEFAULT_CSS = """
    FilterInput {
        display: none;
        height: 1;
        border: none;
        padding: 0 1;
        background: transparent;
        &:focus {
            border: none;
        }
        &.-open {
            display: block;
        }
    }
    """

    class Changed(Input.Changed):
        """The text of the filter changed."""

        @property
        def text(self) -> str:
            """The filter."""
            return self.value

    @dataclass
    class Closed(Message):
        """The line was closed."""

        filter_input: FilterInput
        """The line."""
        keep: bool
        """Whether the filter stands."""

        @property
        def control(self) -> FilterInput:
            """The line, for selectors of `on`."""
            return self.filter_input

    def __init__(
        self,
        placeholder: str = "filter",
        *,
        id: str | None = None,  # noqa: A002 -- the name that every widget of Textual gives it
        classes: str | None = None,
    ) -> None:
        """Describe the line.

        Args:
            placeholder: stands where nothing is typed yet.
            id: of the widget.
            classes: of the widget.
        """
        super().__init__(
            placeholder=placeholder,
            id=id,
            classes=classes,
            max_length=LONGEST_FILTER,
            select_on_focus=False,
        )
        self.can_focus = False

    @property
    def is_open(self) -> bool:
        """Whether the line shows."""
        return self.has_class("-open")

    @property
    def text(self) -> str:
        """The filter; empty when there is none."""
        return self.value

    def open(self) -> None:
        """Show the line and take the focus; a filter that stands can be changed."""
        self.add_class("-open")
        self.can_focus = True
        self.focus()
        self.cursor_position = len(self.value)

    def close(self, *, keep: bool) -> None:
        """Hide the line; nothing is told when it was hidden.

        Args:
            keep: whether the filter stands; otherwise it is cleared.
        """
        if not keep:
            self.value = ""
        if not self.is_open:
            return
        self.remove_class("-open")
        self.can_focus = False
        self.blur()
        self.post_message(self.Closed(self, keep and bool(self.value)))

    def action_close(self, keep: bool) -> None:  # noqa: FBT001 -- actions have positional parameters
        """Hide the line, with or without its filter."""
        self.close(keep=keep)

    def validate_value(self, value: str) -> str:
        """Make what was pasted safe to show."""
        return one_line(value, limit=LONGEST_FILTER)
