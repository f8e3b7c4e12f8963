"""The detail view: what there is to say about what the cursor is on, in tabs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tui.client.errors import RegistryError
from tui.client.models import Index
from tui.panes import facts, views
from tui.panes.base import LOADING, SETTLE_SECONDS
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace, Subject
from tui.widgets.lines import LineView
from tui.wording import titled

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from textual.app import ComposeResult

    from tui.client import ImageConfig
    from tui.library import Library
    from tui.panes.views import View


PATIENCE_SECONDS: Final = 0.15
"""What was there before stays for so long while a manifest is loaded: most are there before anybody has read
that one is waited for, and nothing flickers."""


class TabLine(Static):
    """The labels of the tabs in one line; a click chooses one."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; color: $text-muted; }
    """

    GAP: ClassVar[int] = 2

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self) -> None:
        super().__init__()
        self._tabs: tuple[View, ...] = ()

    def show(self, tabs: tuple[View, ...], chosen: str) -> None:
        """Show labels, the chosen one underlined; one tab alone needs no line."""
        self._tabs = tabs
        self.display = len(tabs) > 1
        labels = [
            Content(tab.label).stylize("bold underline $foreground")
            if tab.name == chosen
            else Content(tab.label)
            for tab in tabs
        ]
        self.update(Content(" " * self.GAP).join(labels), layout=False)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab whose label was clicked."""
        offset = event.get_content_offset(self)
        left = 0
        for tab in self._tabs:
            if offset is not None and left <= offset.x < left + len(tab.label):
                self.post_message(self.Chosen(tab.name))
            left += len(tab.label) + self.GAP


class DetailPane(Vertical):
    """Shows the details of its subject; manifests and configs are loaded when they are looked at."""

    DEFAULT_CSS = """
    DetailPane {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $text-accent; border-title-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right_square_bracket,tab",
            "tab(1)",
            "next tab",
            id="detail.next",
            tooltip="Show the details' next tab",
            key_display="tab",
        ),
        Binding(
            "left_square_bracket,shift+tab",
            "tab(-1)",
            "previous tab",
            id="detail.previous",
            tooltip="Show the details' previous tab",
            show=False,
        ),
        Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
    ]

    TITLE: ClassVar[str] = "Details"

    subject: reactive[Subject | None] = reactive(None)
    """What the details are about."""
    wanted: reactive[bool] = reactive(default=False)
    """Whether somebody looks at the pane: only then it loads."""

    def __init__(
        self,
        library: Library,
        *,
        id: str,  # noqa: A002  # Textual's name for it
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(id=id)
        self.library = library
        self._now = now
        self.tab_line = TabLine()
        self.lines = LineView()
        self.border_title = self.TITLE
        self._views: tuple[View, ...] = ()
        self._chosen = views.OVERVIEW
        self._shown: Subject | None = None
        self._failed = False

    def compose(self) -> ComposeResult:
        yield self.tab_line
        yield self.lines

    def on_mount(self) -> None:
        self._show(())

    def focus_content(self) -> None:
        """Take the focus."""
        self.lines.focus()

    def watch_subject(self) -> None:
        self._start_if_wanted()

    def watch_wanted(self) -> None:
        self._start_if_wanted()

    def retry(self) -> None:
        """Ask again for what failed."""
        if self._failed:
            self.action_reload()

    @property
    def chosen(self) -> str:
        """The tab that shows."""
        names = [view.name for view in self._views]
        return self._chosen if self._chosen in names else next(iter(names), "")

    def _start_if_wanted(self) -> None:
        if not self.is_mounted or self._shown == self.subject:
            return
        self.workers.cancel_node(self)
        self._failed = False
        self._shown = self.subject if self.wanted else None
        if not self.wanted:
            self._show(())
            return
        match self.subject:
            case RegistryPlace() as place:
                login = self.library.login_label(place.host)
                self._show((views.overview(facts.registry_facts(place, login)),))
            case RepositoryPlace() as place:
                self._show((views.overview(facts.repository_facts(place)),))
            case LayerPlace() as place:
                self._show((views.overview(facts.layer_facts(place, self._now())),))
            case ManifestPlace() as place:
                self._leave_for_now()
                self._load(place)
            case None:
                self._leave_for_now()

    def _leave_for_now(self) -> None:
        """Leave on screen what is there, in case that the next thing to show is there soon."""
        self._views = ()
        self.refresh_bindings()
        self.set_timer(PATIENCE_SECONDS, partial(self._tell_waiting, self._shown), name="wait for details")

    def _tell_waiting(self, subject: Subject | None) -> None:
        """Show what is known of a subject that is still waited for: that it is loading, or nothing."""
        if self._shown == subject and not self._views and not self._failed:
            self._show(())
            if subject is not None:
                self.lines.show_text(LOADING)

    @work(exclusive=True, group="load", description="load a manifest and its config")
    async def _load(self, place: ManifestPlace) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        try:
            document = await self.library.manifest(place.host, place.repository, place.reference)
        except RegistryError as error:
            self._failed = True
            self._show(views.of_failure(error), invalid=error.document is not None)
            return
        if isinstance(document, Index):
            verdict = await self.library.verdict(document)
            sections = facts.index_facts(place, document, verdict)
            self._show(views.of_index(sections, document, verdict), invalid=verdict.count > 0)
            return
        config: ImageConfig | None = None
        problem: RegistryError | None = None
        if document.is_image and not document.is_schema1:
            try:
                config = await self.library.config(place.host, place.repository, document)
            except RegistryError as error:
                problem = error
        verdict = await self.library.verdict(document, config)
        now = self._now()
        sections = facts.manifest_facts(place, document, config, verdict, now)
        unreadable = problem is not None and problem.document is not None
        self._show(
            views.of_manifest(sections, document, config, verdict, problem=problem, now=now),
            invalid=verdict.count > 0 or unreadable,
        )

    def _show(self, shown: tuple[View, ...], *, invalid: bool = False) -> None:
        """Show tabs, and of them the one that the person chose last, if there is one like it."""
        self.border_title = titled(self.TITLE, invalid=invalid)
        self._views = shown
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self.chosen
        self.tab_line.show(self._views, chosen)
        self.lines.document = next((view.make() for view in self._views if view.name == chosen), None)
        if self.is_attached:  # a load may end while the program does
            self.refresh_bindings()

    @on(TabLine.Chosen)
    def _choose(self, event: TabLine.Chosen) -> None:
        event.stop()
        self._chosen = event.name
        if self._views:
            self._show_chosen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        return len(self._views) > 1 if action == "tab" else True

    def action_reload(self) -> None:
        """Ask again for what has not arrived; what has a digest is not asked for twice."""
        self._shown = None
        self._start_if_wanted()

    def action_tab(self, step: int) -> None:
        """Show another tab, in a circle."""
        names = [view.name for view in self._views]
        self._chosen = names[(names.index(self.chosen) + step) % len(names)]
        self._show_chosen()
