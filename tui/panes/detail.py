"""The detail view: what there is to say about what the cursor is on, in tabs."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui.client.errors import RegistryError
from tui.client.models import Index
from tui.panes import facts, views
from tui.panes.base import LOADING, SETTLE_SECONDS
from tui.panes.tabs import TabsPane
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace, Subject
from tui.wording import titled

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tui.client import ImageConfig
    from tui.library import Library
    from tui.panes.views import View


PATIENCE_SECONDS: Final = 0.15
"""What was there before stays for so long while a manifest is loaded: most are there before anybody has read
that one is waited for, and nothing flickers."""


class DetailPane(TabsPane):
    """Shows the details of its subject; manifests and configs are loaded when they are looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
    ]

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
        self._chosen = views.OVERVIEW
        self._shown: Subject | None = None
        self._failed = False

    def watch_subject(self) -> None:
        self._start_if_wanted()

    def watch_wanted(self) -> None:
        self._start_if_wanted()

    def retry(self) -> None:
        """Ask again for what failed."""
        if self._failed:
            self.action_reload()

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
        self.show_views(shown)

    def action_reload(self) -> None:
        """Ask again for what has not arrived; what has a digest is not asked for twice."""
        self._shown = None
        self._start_if_wanted()
