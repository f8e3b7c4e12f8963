"""The top line: where one is, and who one is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tui.sanitize import one_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

SEPARATOR = " › "


class ReferenceBar(Horizontal):
    """Shows the names that lead to what one looks at; the text can be selected and copied."""

    DEFAULT_CSS = """
    ReferenceBar {
        height: 1;
        background: $panel;
        & > #name { width: auto; padding: 0 1; text-style: bold; color: $text-accent; }
        & > #trail { width: 1fr; height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #activity { width: auto; padding: 0 1; color: $text-muted; }
        & > #login { width: auto; padding: 0 1; color: $text-muted; }
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
        yield Static(id="trail")
        yield Static(id="activity")
        yield Static(id="login")

    def watch_trail(self) -> None:
        parts: list[Content | str] = []
        for index, name in enumerate(self.trail):
            if index:
                parts.append(Content(SEPARATOR).stylize("$text-muted"))
            last = index == len(self.trail) - 1
            text = Content(one_line(name))
            parts.append(text.stylize("bold") if last else text)
        self._update("#trail", Content.assemble(*parts))

    def watch_activity(self) -> None:
        self._update("#activity", Content(one_line(self.activity)))

    def watch_login(self) -> None:
        self._update("#login", Content(one_line(self.login)))

    def _update(self, selector: str, content: Content) -> None:
        if self.is_mounted:
            target = self.query_one(selector, Static)
            target.update(content)
            target.display = bool(content.plain)

    def on_mount(self) -> None:
        self.watch_trail()
        self.watch_activity()
        self.watch_login()
