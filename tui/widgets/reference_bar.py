"""The top line: where one is, and who one is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.sanitize import ELLIPSIS, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

SEPARATOR: Final = " › "


def last_names(names: Sequence[str], width: int) -> list[str]:
    """Return as many of the last names as there is room for, "…" before them where some are left out.

    The last name stays, whatever its length.

    Args:
        names: of a trail, from the outermost on.
        width: in cells, separators included.
    """
    shown = list(names)
    for left_out in range(len(names)):
        shown = [*[ELLIPSIS][:left_out], *names[left_out:]]
        if cell_len(SEPARATOR.join(shown)) <= width:
            break
    return shown


class Trail(Widget):
    """Names that lead somewhere, the last one bold; the text can be selected and copied."""

    DEFAULT_CSS = """
    Trail { width: 1fr; height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    names: reactive[tuple[str, ...]] = reactive(())
    """Foreign text, from the outermost name on."""

    def render(self) -> Content:
        """Draw the names that fit; the first ones go first, because the last ones tell where one is."""
        parts: list[Content] = []
        shown = last_names([one_line(name) for name in self.names], self.content_size.width)
        for position, name in enumerate(shown):
            if position:
                parts.append(Content.styled(SEPARATOR, "$foreground-muted"))
            parts.append(Content.styled(name, "bold" if position == len(shown) - 1 else ""))
        return Content.assemble(*parts)


class ReferenceBar(Horizontal):
    """Shows the names that lead to what one looks at, what is under way, and who one is."""

    DEFAULT_CSS = """
    ReferenceBar {
        height: 1;
        background: $panel;
        & > #name { width: auto; padding: 0 1; text-style: bold; color: $foreground-muted; }
        & > #chosen { width: auto; max-width: 70%; height: 1; padding: 0 1; color: $text-accent; }
        & > #activity { width: auto; padding: 0 1; }
        & > #login { width: auto; padding: 0 1; color: $foreground-muted; }
    }
    """

    trail: reactive[tuple[str, ...]] = reactive(())
    """The names from the registry on."""
    chosen: reactive[str] = reactive("")
    """What was chosen for something that needs one more."""
    activity: reactive[str] = reactive("")
    """Transfers under way."""
    login: reactive[str] = reactive("")
    """Who one is at the registry."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._trail = Trail()
        self._chosen = Static(id="chosen")
        self._activity = Static(id="activity")
        self._login = Static(id="login")

    def compose(self) -> ComposeResult:
        yield Static("ocitui", id="name")
        yield self._trail
        yield self._chosen
        yield self._activity
        yield self._login

    def watch_trail(self) -> None:
        self._trail.names = self.trail

    def watch_chosen(self) -> None:
        _show(self._chosen, self.chosen)

    def watch_activity(self) -> None:
        _show(self._activity, self.activity)

    def watch_login(self) -> None:
        _show(self._login, self.login)


def _show(place: Static, text: str) -> None:
    """Show a foreign text; an empty one takes no room."""
    shown = Content(one_line(text))
    place.update(shown, layout=shown.cell_length != place.size.width - place.gutter.width)
    place.display = bool(text)
