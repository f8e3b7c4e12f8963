"""The line of keys at the bottom of a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual import events
    from textual.binding import Binding
    from textual.screen import Screen

MARGIN: Final = " "
"""Before the first label and behind the last one."""

GAP: Final = "  "
"""Between two labels."""


@dataclass(frozen=True, slots=True)
class Label:
    """A key that works, and what it does."""

    key: str
    """As Textual names it."""
    display: str
    """As it stands in the line."""
    name: str
    """What it does, in a word."""
    tooltip: str
    """What it does, in a sentence."""
    kept: bool
    """Whether it stays where there is no room for all."""

    @property
    def width(self) -> int:
        """The cells that it takes."""
        return cell_len(self.display) + 1 + cell_len(self.name)


class KeyLine(Widget):
    """Shows the keys that work here and now; a click does what the key does.

    Drawn as one line: labels that are widgets, as in Textual's footer, take ten times as long to make anew
    as a cursor takes to move.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}

    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        text-wrap: nowrap;
        & > .key-line--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    def __init__(self, *, kept: Collection[str] = ()) -> None:
        """Describe the line.

        Args:
            kept: Ids of the bindings whose labels stay where there is no room for all.
        """
        super().__init__()
        self._kept = kept
        self._labels: tuple[Label, ...] = ()
        self._palette: Label | None = None

    def on_mount(self) -> None:
        """Look at the keys whenever others may work."""
        self.screen.bindings_updated_signal.subscribe(self, self._update)
        self._update(self.screen)

    def _update(self, screen: Screen[object]) -> None:
        """Show the keys that work now, unless they are those that show; each action once."""
        actions: dict[str, Label] = {}
        palette: Label | None = None
        for active in screen.active_bindings.values():
            binding = active.binding
            if not active.enabled:
                continue
            if binding.key == self.app.COMMAND_PALETTE_BINDING:
                palette = self._label(binding, active.tooltip)
            elif binding.show:
                actions.setdefault(binding.action, self._label(binding, active.tooltip))
        labels = tuple(actions.values())
        if (labels, palette) != (self._labels, self._palette):
            self._labels, self._palette = labels, palette
            self.refresh()

    def _label(self, binding: Binding, tooltip: str) -> Label:
        display = self.app.get_key_display(binding)
        return Label(binding.key, display, binding.description, tooltip, binding.id in self._kept)

    def placed(self) -> list[tuple[int, Label]]:
        """Return the labels that there is room for, each with the cell that it begins in."""
        end = self.size.width - len(MARGIN)
        found: list[tuple[int, Label]] = []
        if self._palette is not None:
            end -= self._palette.width
            found.append((end, self._palette))
            end -= len(GAP)
        reserved = sum(len(GAP) + label.width for label in self._labels if label.kept)
        start = len(MARGIN)
        for label in self._labels:
            if label.kept:
                reserved -= len(GAP) + label.width
            if start + label.width + reserved <= end:
                found.append((start, label))
                start += label.width + len(GAP)
        return sorted(found, key=lambda placed: placed[0])

    def render(self) -> Content:
        """Draw the line."""
        style = self.get_visual_style("key-line--key", partial=True)
        line = Content("")
        for start, label in self.placed():
            before = Content(" " * (start - line.cell_length))
            line = Content.assemble(line, before, Content.styled(label.display, style), f" {label.name}")
        return line

    def _label_at(self, event: events.MouseEvent) -> Label | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        return next((one for start, one in self.placed() if start <= offset.x < start + one.width), None)

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        if (label := self._label_at(event)) is not None:
            self.app.simulate_key(label.key)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell in a sentence what the key under the mouse does."""
        label = self._label_at(event)
        self.tooltip = label.tooltip if label is not None else None
