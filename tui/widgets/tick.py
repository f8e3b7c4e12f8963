"""A line that is ticked or not, told by a sign and not by colour."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widgets import Static


class Tick(Static, can_focus=True):
    """A choice between yes and no: `[x]` or `[ ]`, and what it is about."""

    DEFAULT_CSS = """
    Tick { height: 1; width: auto; }
    Tick:focus {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "tick", "tick", id="tick.toggle", tooltip="Tick it, or take the tick away"),
    ]

    value: reactive[bool] = reactive(default=False)
    """Whether it is ticked."""

    def __init__(self, label: str) -> None:
        super().__init__(markup=False)
        self._label = label

    def render(self) -> str:
        return f"[{'x' if self.value else ' '}] {self._label}"

    def action_tick(self) -> None:
        """Tick it, or take the tick away."""
        self.value = not self.value

    def on_click(self) -> None:
        self.action_tick()
