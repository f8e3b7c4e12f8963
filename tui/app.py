"""The application: themes, keys, the palette, and the lifetime of what it works with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from tui.commands import KeyCommands
from tui.config import SettingsError
from tui.figures import counted
from tui.sanitize import one_line
from tui.screens.browser import BrowserScreen
from tui.themes import DARK, THEMES
from tui.type_ahead import TypeAhead
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from textual.screen import Screen
    from textual.theme import Theme

    from tui.arguments import Place
    from tui.session import Session


class OcituiApp(App[None]):
    """Browses registries."""

    TITLE = "ocitui"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar = {KeyCommands}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", id="app.quit", show=False, priority=True, system=True),
    ]

    def __init__(self, session: Session, start: Callable[[], Awaitable[Place | None]]) -> None:
        """Prepare the application.

        Args:
            session: What it works with; it is closed when the application ends.
            start: Runs after the first frame, and tells what to open.
        """
        super().__init__()
        self.session = session
        self._opening = start
        self.type_ahead = TypeAhead(self)
        for theme in THEMES:
            self.register_theme(theme)
        wanted = session.settings.theme or DARK.name
        self._begin_with_theme(wanted if wanted in self.available_themes else DARK.name)
        self.set_keymap(dict(session.settings.keys))

    def _begin_with_theme(self, name: str) -> None:
        """Use a theme from the first frame on, instead of drawing one in the default theme before."""
        theme = self.available_themes[name]
        if theme.ansi:
            # More than colours changes with such a theme, and Textual knows what.
            self.theme = name
            return
        self.set_reactive(App.theme, name)
        classes = {f"-theme-{name}": True, "-dark-mode": theme.dark, "-light-mode": not theme.dark}
        self.update_classes(classes, update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        """Begin with the browser."""
        return BrowserScreen(self.session, self._opening)

    async def on_event(self, event: events.Event) -> None:
        """Take keys one by one, so that each reaches what the one before has brought up."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif not self.type_ahead.must_wait(event):
            await super().on_event(event)
            self.type_ahead.handed_on()

    def on_mount(self) -> None:
        """Remember the theme that the person chooses from now on; end loudly at what nobody waits for."""
        asyncio.get_running_loop().set_exception_handler(self._crash)
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self._tell_problems()

    def _tell_problems(self) -> None:
        """Say what is not as the person's files want it."""
        for warning in self.session.logins.warnings:
            self.notify(sentence(warning), title="Logins", severity="warning", markup=False)
        if self.session.settings.keys:
            from tui.keymap import unknown_actions  # noqa: PLC0415  # most people keep the keys

            for problem in unknown_actions(self.session.settings.keys):
                self.notify(problem, title="A key of the settings", severity="warning", markup=False)
        theme = self.session.settings.theme
        if theme and theme not in self.available_themes:
            self.notify(
                f"There is no theme called “{one_line(theme)}”. ctrl+p offers those that there are.",
                title="The usual theme is shown",
                severity="warning",
                markup=False,
            )

    def _crash(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End at the bug of a task; what transports and the like say of their end is of no interest."""
        error = context.get("exception")
        if not isinstance(error, Exception) or "task" not in context:
            return

        def crash() -> None:
            raise error

        self.call_later(crash)

    def _keep_theme(self, theme: Theme) -> None:
        try:
            self.session.choose_theme(theme.name)
        except SettingsError as error:
            self.notify(str(error), title="The theme is not kept", severity="warning", markup=False)

    async def on_unmount(self) -> None:
        """Close all connections, and end what is under way."""
        await self.session.aclose()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002  # Textual's signature
        """Offer what has no key."""
        yield SystemCommand("theme", "Choose other colours", self.action_change_theme)
        yield SystemCommand("picture", "Save a picture of the screen (SVG)", self.deliver_screenshot)

    async def action_quit(self) -> None:
        """Leave; ask first where downloads are under way."""
        running = len(self.session.downloads.active)
        if not running:
            self.exit()
            return

        def decide(answer: str | None) -> None:
            if answer == "leave":
                self.exit()

        from tui.screens.dialogs import QuestionScreen  # noqa: PLC0415  # the first frame needs none

        question = QuestionScreen(
            f"{counted(running, 'download')} under way",
            "What has arrived is kept: downloaded again to the same place, it goes on from there.",
            {"stay": "Stay", "leave": "Leave"},
        )
        self.push_screen(question, decide)
