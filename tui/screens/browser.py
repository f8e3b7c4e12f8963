"""The browser: its lists, and what a person can do with what they show."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work

from tui.panes.transfers import TransfersPane
from tui.sanitize import one_line
from tui.screens.chosen import image_at, is_same_choice
from tui.screens.columns import Column, preceding
from tui.screens.keys import BROWSER_KEYS
from tui.screens.lists import LOCATE, ListsScreen
from tui.screens.savable import savable_at
from tui.screens.wanted import Wanted, wanted_of
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.arguments import Place
    from tui.client import RegistryHost
    from tui.panes.entries import Entry
    from tui.places import ManifestPlace, Subject
    from tui.session import Session


CHOSEN_LIMIT = 24
"""Characters of the name of an image that was chosen, in a line that tells where one is, too."""


class BrowserScreen(ListsScreen):
    """The lists with the downloads below them, the keys, and the dialogs that these open."""

    BINDINGS: ClassVar[list[BindingType]] = [*BROWSER_KEYS]

    def __init__(self, session: Session, start: Callable[[], Awaitable[Place | None]]) -> None:
        super().__init__(session)
        self._opening = start
        self.transfers_pane = TransfersPane(session.downloads, id="transfers")
        self._whole = asyncio.Event()
        """Set when what the first frame does not show has been mounted, too."""
        self._first: ManifestPlace | None = None
        """The image that another one is to be compared with."""

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.columns
        yield KeyLine(kept={"browser.help"})

    def on_mount(self) -> None:
        if self.session.starting:
            self.registries_pane.hint = self.session.starting
        else:
            self.registries_pane.subject = self.session.registries()
        self._end_of_telling = self.session.logins.subscribe(self._login_told)
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        self._end_of_telling()

    def _login_told(self, host: RegistryHost) -> None:
        """Show who one is as soon as that is known."""
        if host == self._host():
            self.bar.login = self._login_label()

    @work(group="start", description="open the first place")
    async def _begin(self) -> None:
        await self.columns.mount_rest()
        await self.mount(self.transfers_pane, after=self.columns)
        self._whole.set()
        place = await self._opening()
        if self.registries_pane.subject is None:
            self.registries_pane.subject = self.session.registries()
        if place is not None:
            self.open_place(place)

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Offer an action only where it does something."""
        match action:
            case "download":
                works = bool(self._wanted())
            case "save":
                works = savable_at(self.session.library, self._subject()) is not None
            case "compare":
                works = image_at(self._subject() or self._surroundings()) is not None
            case "let_go":
                works = self._first is not None
            case "login":
                works = self._host() is not None or (self._subject() or self._surroundings()) is None
            case "transfers":
                works = bool(self.session.downloads.transfers)
            case _:
                works = True
        return works

    def _wanted(self) -> list[Wanted]:
        """Tell what a download would fetch: what is marked, or what the cursor is on."""
        match self.columns.lists[self.columns.current].marked:
            case []:
                subject = self._subject()
                subjects: list[Subject | Entry] = [subject] if subject is not None else []
            case marked:
                subjects = marked
        library = self.session.library
        return [wanted for subject in subjects if (wanted := wanted_of(library, subject)) is not None]

    def action_dive(self) -> None:
        """Go into what the cursor is on."""
        if not self.columns.on_detail:
            self.columns.lists[self.columns.current].open_row()

    def action_back(self) -> None:
        """Go back: out of the zoom, the details, a nested index, or to the list on the left.

        A load that waits for the keyring goes on without it first.
        """
        host = self._host()
        if host is not None and self.session.logins.waits_for(host):
            self.session.logins.go_on_without(host)
            return
        self._diving = False
        self.workers.cancel_group(self, LOCATE)
        if self.columns.zoomed:
            self.columns.zoomed = False
        elif self.transfers_pane.has_focus_within or self.columns.on_detail:
            self.columns.focus_back()
        elif (
            self.columns.current is Column.ENTRIES
            and (nested := self.entries_pane.subject) is not None
            and nested.parent
        ):
            self.entries_pane.subject = nested.parent
            self.entries_pane.select(nested)
        else:
            self.columns.focus_column(preceding(self.columns.current, is_index=self.columns.is_index))

    def action_detail(self) -> None:
        """Go to the details."""
        self.columns.focus_column(self.columns.current if self.columns.on_detail else Column.DETAIL)

    def action_zoom(self) -> None:
        """Give the whole screen to what has the focus, or take it back."""
        self.columns.zoomed = not self.columns.zoomed

    @work(group="dialog", exclusive=True, description="open by name")
    async def action_open(self) -> None:
        """Ask for a name and open it."""
        from tui.screens.open import OpenScreen  # noqa: PLC0415  # as for the login

        inside = self.repositories_pane.subject if self.columns.current > Column.REGISTRIES else None
        place = await self.app.push_screen_wait(OpenScreen(inside))
        await self._whole.wait()
        if place is not None:
            self.open_place(place)

    @work(group="dialog", exclusive=True, description="log in")
    async def action_login(self) -> None:
        """Ask for a login, and ask again for what the registry refused without it."""
        from tui.screens.login import LoginScreen  # noqa: PLC0415  # the first frame needs none

        host = self._host()
        if host is not None and await self.app.push_screen_wait(LoginScreen(self.session, host)):
            for pane in self.columns.lists.values():
                pane.retry()
            self.detail_pane.retry()
            self._describe()

    @work(group="dialog", exclusive=True, description="ask where to download to")
    async def action_download(self) -> None:
        """Ask for a folder, and download what the cursor is on."""
        from tui.screens.download import DownloadScreen  # noqa: PLC0415  # as for the login

        wanted = self._wanted()
        started = await self.app.push_screen_wait(DownloadScreen(self.session, wanted)) if wanted else ()
        if started:
            self.columns.lists[self.columns.current].clear_marks()
            self.transfers_pane.start_watching()

    @work(group="dialog", exclusive=True, description="ask where to save an image to")
    async def action_save(self) -> None:
        """Ask how and where, and save the image that the cursor is on."""
        from tui.screens.save import SaveScreen  # noqa: PLC0415  # as for the login

        savable = savable_at(self.session.library, self._subject())
        started = await self.app.push_screen_wait(SaveScreen(self.session, savable)) if savable else ()
        if started:
            self.transfers_pane.start_watching()

    def action_compare(self) -> None:
        """Choose the image that the cursor is on; with a second one, show what differs."""
        image, first = image_at(self._subject() or self._surroundings()), self._first
        if image is None:
            return
        if first is None:
            self._choose_first(image)
            return
        self._choose_first(None)
        if is_same_choice(first, image):
            return
        from tui.screens.comparison import ComparisonScreen  # noqa: PLC0415  # the first frame needs nothing of it

        self.app.push_screen(ComparisonScreen(self.session, first, image))

    def action_let_go(self) -> None:
        """Compare the image that was chosen with none."""
        self._choose_first(None)

    def _choose_first(self, image: ManifestPlace | None) -> None:
        self._first = image
        name = one_line(" ".join(image.trail), limit=CHOSEN_LIMIT) if image is not None else ""
        self.bar.chosen = f"c compares with {name}  esc lets go" if name else ""
        self.refresh_bindings()

    @on(TransfersPane.Progressed)
    def _tell_activity(self) -> None:
        self.bar.activity = self.transfers_pane.summary()
        self.refresh_bindings()
        if not self.session.downloads.transfers and self.transfers_pane.has_focus_within:
            # The drawer goes, and would take the focus with it.
            self.columns.focus_back()

    def action_transfers(self) -> None:
        """Go to the downloads."""
        self.transfers_pane.focus_content()

    def action_help(self) -> None:
        """Show all keys."""
        from tui.screens.dialogs import HelpScreen  # noqa: PLC0415  # as for the login

        self.app.push_screen(HelpScreen(self))
