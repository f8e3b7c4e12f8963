"""The browser over registries of a test: driven by keys and the mouse, read off its screen.

Nothing here waits for a time: `until` looks again and again whether something has become true.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from textual._context import visible_screen_stack
from textual.events import MouseDown, MouseMove, MouseScrollDown, MouseUp

from tests.widgets.stage import lines
from tui.app import OcituiApp
from tui.arguments import Place, parse_place
from tui.client.names import RegistryHost
from tui.config import RegistrySettings, Settings
from tui.demo.layers import CLOCK
from tui.screens.browser import BrowserScreen
from tui.session import Session
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    import httpx
    from textual.pilot import Pilot
    from textual.screen import Screen
    from textual.strip import Strip
    from textual.widget import Widget

    from tui.demo import DemoServer
    from tui.panes.base import ListPane
    from tui.panes.detail import DetailPane
    from tui.panes.entries import EntriesPane
    from tui.panes.layers import LayersPane
    from tui.panes.registries import RegistriesPane
    from tui.panes.repositories import RepositoriesPane
    from tui.panes.tags import TagsPane

LIMIT = 30.0
"""Seconds after which what should have happened will not: far more than a busy machine needs."""

NARROW = (80, 24)
MEDIUM = (128, 36)
WIDE = (200, 60)

POLL = 0.01
"""Seconds between two looks at what should happen: a look costs more than it may save."""

QUICK = 0.001
"""Seconds that a load waits in most tests, instead of what suits a person who holds a key."""


class Served(Protocol):
    """A registry of a test: the demo registry, or a server that is told what to answer."""

    @property
    def host(self) -> str:
        """Host and port."""
        ...


@dataclass
class Ui:
    """The running program."""

    app: OcituiApp
    pilot: Pilot[None]
    session: Session

    @property
    def browser(self) -> BrowserScreen:
        """The browser, whatever dialog stands above it."""
        browser = self.app.screen_stack[0]
        assert isinstance(browser, BrowserScreen)
        return browser

    @property
    def registries(self) -> RegistriesPane:
        """The list of registries."""
        return self.browser.registries_pane

    @property
    def repositories(self) -> RepositoriesPane:
        """The list of repositories."""
        return self.browser.repositories_pane

    @property
    def tags(self) -> TagsPane:
        """The list of tags."""
        return self.browser.tags_pane

    @property
    def entries(self) -> EntriesPane:
        """The list of an index's entries."""
        return self.browser.entries_pane

    @property
    def layers(self) -> LayersPane:
        """The list of layers."""
        return self.browser.layers_pane

    @property
    def detail(self) -> DetailPane:
        """The details."""
        return self.browser.detail_pane

    # What the person does.

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, each of them when the one before it has been dealt with."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause(0)
            await self.until(lambda: self.app.type_ahead.is_idle)

    async def go_to_details(self) -> None:
        """Go to the details of the manifest, once they are there."""
        await self.until(lambda: self.focused() in {"layers", "entries"})
        if self.focused() == "layers":
            await self.press("left")
            await self.until(lambda: self.focused() == "tags")
        await self.until(lambda: len(self.detail.tab_line._tabs) > 1)
        await self.press("m")
        await self.until(lambda: self.focused() == "detail")

    async def type(self, text: str) -> None:
        """Type text, letter by letter."""
        await self.press(*("space" if letter == " " else letter for letter in text))

    async def click(self, widget: Widget, x: int, y: int, times: int = 1) -> None:
        """Click into a widget; its upper left corner, borders included, is 0, 0.

        The button is pressed and let go over the same cell of the terminal, whatever is there meanwhile.
        """
        x, y = widget.region.x + x, widget.region.y + y
        for _ in range(times):
            for kind in (MouseMove, MouseDown, MouseUp):
                event = kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)  # noqa: FBT003  # keys that are not held
                self.app.post_message(event)
                await self.pilot.pause(0)
                await self.pilot.pause(0)

    async def turn_wheel(self, widget: Widget, x: int, y: int) -> None:
        """Turn the wheel towards oneself by one notch, over a widget that has more than it shows.

        Its upper left corner, borders included, is 0, 0. Before the frame that shows the scrollbar, Textual
        takes no notice of the wheel.
        """
        await self.until(lambda: widget.allow_vertical_scroll)
        x, y = widget.region.x + x, widget.region.y + y
        self.app.post_message(
            MouseScrollDown(None, x, y, 0, 0, 0, False, False, False, screen_x=x, screen_y=y)  # noqa: FBT003  # keys that are not held
        )

    # What one waits for.

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true."""
        try:
            async with asyncio.timeout(LIMIT):
                while not condition():
                    # A program that has broken down is told of when it is left.
                    assert self.app._exception is None, "the program has broken down"
                    await self.pilot.pause(POLL)
        except TimeoutError:
            raise AssertionError(f"this never became true; the screen:\n{self.text()}") from None

    @staticmethod
    async def wait(event: Awaitable[object]) -> None:
        """Wait until something has happened on a server."""
        async with asyncio.timeout(LIMIT):
            await event

    async def until_shown(self, *texts: str) -> None:
        """Wait until all of some texts are on the screen, however many blanks are between their words."""
        try:
            await self.until(lambda: all(self.shows(text) for text in texts))
        except AssertionError as error:
            missing = [text for text in texts if not self.shows(text)]
            raise AssertionError(f"not shown: {missing}\n{error}") from None

    async def until_gone(self, *texts: str) -> None:
        """Wait until none of some texts is on the screen."""
        await self.until(lambda: not any(self.shows(text) for text in texts))

    async def settle(self) -> None:
        """Wait until nothing is under way but loads that wait for the person to come near their end."""

        def is_waiting(pane: ListPane[Any, Any]) -> bool:
            return bool(pane._more._waiters)  # nothing else tells who waits

        def resting() -> bool:
            waiting = sum(map(is_waiting, self.browser.columns.lists.values()))
            running = [one for one in self.app.workers if not one.is_finished and one.group == "load"]
            return len(running) <= waiting

        for _ in range(3):
            await self.until(resting)
            await self.pilot.pause(0)

    # What one sees.

    def strips(self) -> list[Strip]:
        """Draw the whole screen, what a dialog leaves of the browser included."""
        visible_screen_stack.set(self.app._background_screens)
        return self.app.screen._compositor.render_strips()

    def screen_lines(self) -> list[str]:
        """Return the text of the whole screen as it is drawn."""
        return [strip.text.rstrip() for strip in self.strips()]

    def text(self) -> str:
        """Return the text of the whole screen in one piece."""
        return "\n".join(self.screen_lines())

    def shows(self, text: str) -> bool:
        """Tell whether a text is on the screen, however many blanks are between its words."""
        return _squeezed(text) in _squeezed(self.text())

    def details(self) -> str:
        """Return all lines of the details, those out of view, too."""
        view = self.detail.lines
        assert view.document is not None
        width = view._text_width
        return "\n".join(
            view.document.line(index, width).plain for index in range(view.document.line_count(width))
        )

    @staticmethod
    def rows(pane: Any) -> list[str]:
        """Return the lines of a list or of the details, without what marks the cursor; blanks are single."""
        view = pane.lines if hasattr(pane, "lines") else pane.table
        return [_squeezed(line[2:]) for line in lines(view)]

    @staticmethod
    def row(pane: Any) -> str:
        """Return the line of a list that the cursor is on; blanks are single."""
        return next((_squeezed(line[2:]) for line in lines(pane.table) if line.startswith("▸")), "")

    @staticmethod
    def names(pane: ListPane[Any, Any]) -> list[str]:
        """Return the texts that the filter of a list looks at, of the rows that it shows."""
        return [pane.row_text(row) for row in pane.table.rows]

    @staticmethod
    def note(pane: ListPane[Any, Any]) -> str:
        """Return what stands below the rows of a list, whether or not it is wrapped."""
        return pane.table.note.plain if pane.table.note is not None else ""

    @staticmethod
    def figures(pane: ListPane[Any, Any]) -> str:
        """Return what the border of a list says of how many there are."""
        return pane.border_subtitle or ""

    async def until_counted(self, pane: ListPane[Any, Any], figures: str) -> None:
        """Wait until the border of a list says how many there are."""
        await self.until(lambda: self.figures(pane) == figures)

    async def until_listed(self, pane: ListPane[Any, Any], least: int = 1) -> None:
        """Wait until so many rows have arrived in a list."""
        await self.until(lambda: len(pane.listed) >= least)

    async def until_noted(self, pane: ListPane[Any, Any], *texts: str) -> None:
        """Wait until all of some texts stand below the rows of a list."""
        try:
            await self.until(lambda: all(text in self.note(pane) for text in texts))
        except AssertionError as error:
            raise AssertionError(f"noted is only {self.note(pane)!r}\n{error}") from None

    def focused(self) -> str:
        """Tell which pane has the focus, by its id."""
        widget = self.app.focused
        panes = {*self.browser.columns.lists.values(), self.browser.detail_pane, self.browser.transfers_pane}
        found = [pane.id for pane in panes if widget is not None and pane in widget.ancestors]
        return next(iter(found), "") or ""

    def columns(self) -> list[str]:
        """Return the ids of the panes that show, from left to right and from top to bottom."""
        panes = (*self.browser.columns.lists.values(), self.browser.detail_pane)
        shown = [pane for pane in panes if pane.display]
        return [str(pane.id) for pane in sorted(shown, key=lambda pane: (pane.region.x, pane.region.y))]

    def keys_shown(self) -> dict[str, str]:
        """Return what the line of keys says, by key."""
        line = self.browser.query_one(KeyLine)
        return {label.display: label.name for _, label in line.placed()}

    def notices(self) -> list[str]:
        """Return the texts of the notifications that show."""
        return [f"{one.title}: {one.message}" for one in self.app._notifications]


def _squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def _draw_later(screen: Screen[Any]) -> None:
    """Stand in for drawing what has changed: drawing takes most of the time, and is done when one looks."""
    screen._dirty_widgets.clear()
    screen._compositor._dirty_regions.clear()
    screen.app._update_mouse_over(screen)


async def _no_wait(_least: float = 0, _most: float = 0) -> None:
    """Stand in for waiting until the process rests, which one that serves registries never does."""
    await asyncio.sleep(0)


def saved(*servers: Served) -> Settings:
    """Return settings in which registries are saved."""
    return Settings(registries={RegistryHost(server.host): RegistrySettings() for server in servers})


def place_on(server: Served, name: str) -> Place:
    """Return a place on a server: "", "team/app", "team/app:1", "team/app@sha256:…"."""
    return parse_place(f"{server.host}/{name}" if name else f"http://{server.host}")


@asynccontextmanager
async def browse(
    *servers: Served,
    place: str | None = None,
    size: tuple[int, int] = MEDIUM,
    settings: Settings | None = None,
    settle_seconds: float = QUICK,
    start: Place | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Ui]:
    """Start the program, with some registries saved.

    Args:
        servers: The registries, in the order of the list.
        place: What to open on the first of them, as `place_on` takes it; None stays with the registries.
        size: Of the terminal, in cells.
        settings: Further settings; the registries are added to theirs.
        settle_seconds: How long a load waits whether the cursor moves on.
        start: What to open, as the command line tells it.
        transport: What carries the requests, instead of the network.
    """
    given = settings or Settings()
    registries = {**saved(*servers).registries, **given.registries}
    session = Session(replace(given, registries=registries), transport=transport, now=lambda: CLOCK)

    async def opening() -> Place | None:
        return start if place is None else place_on(servers[0], place)

    app = OcituiApp(session, opening)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.app.wait_for_idle", _no_wait)
        patch.setattr("textual.pilot.wait_for_idle", _no_wait)
        patch.setattr("textual.screen.Screen._compositor_refresh", _draw_later)
        patch.setattr("tui.panes.base.SETTLE_SECONDS", settle_seconds)
        patch.setattr("tui.panes.detail.SETTLE_SECONDS", settle_seconds)
        async with app.run_test(size=size, notifications=True) as pilot:
            ui = Ui(app, pilot, session)
            # The drawer is the last to be mounted, after the first frame.
            await ui.until(lambda: ui.browser.is_mounted and ui.browser.transfers_pane.is_mounted)
            await ui.until(lambda: ui.browser.registries_pane.row is not None)
            yield ui
            ui.strips()


def requests(server: DemoServer, part: str = "") -> Sequence[str]:
    """Return the requests that a server got, method and path, of those whose path contains a text."""
    return [str(request) for request in server.requests if part in request.path]
