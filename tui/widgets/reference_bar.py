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
        & > #activity { width: auto; padding: 0 1; }
        & > #login { width: auto; padding: 0 1; color: $foreground-muted; }
    }
    """

    trail: reactive[tuple[str, ...]] = reactive(())
    """The names from the registry on."""
    activity: reactive[str] = reactive("")
    """Transfers under way."""
    login: reactive[str] = reactive("")
    """Who one is at the registry."""

    def compose(self) -> ComposeResult:
        yield Static("ocitui", id="name")
        yield Trail(id="trail")
        yield Static(id="activity")
        yield Static(id="login")

    def watch_trail(self) -> None:
        if self.is_mounted:
            self.query_one(Trail).names = self.trail

    def watch_activity(self) -> None:
        self._update("#activity", self.activity)

    def watch_login(self) -> None:
        self._update("#login", self.login)

    def _update(self, selector: str, text: str) -> None:
        if self.is_mounted:
            target = self.query_one(selector, Static)
            target.update(Content(one_line(text)))
            target.display = bool(text)

    def on_mount(self) -> None:
        self.watch_trail()
        self.watch_activity()
        self.watch_login()
