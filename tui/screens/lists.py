"""Five lists and a detail view, wired to each other.

A list says where its cursor is; the screen hands that to the next list, and does nothing else with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.screen import Screen

from tui.client.errors import NotFoundError, RegistryError
from tui.client.local.local_path import LocalPath
from tui.client.models import Index
from tui.panes.base import ListPane
from tui.panes.detail import DetailPane
from tui.panes.entries import EntriesPane, Entry
from tui.panes.layers import LayersPane
from tui.panes.registries import RegistriesPane
from tui.panes.repositories import RepositoriesPane
from tui.panes.tags import TagsPane
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace, crumbs
from tui.sanitize import one_line
from tui.screens.column_grid import ColumnGrid
from tui.screens.columns import Column, following
from tui.state import StateError
from tui.widgets.reference_bar import ReferenceBar
from tui.wording import told

if TYPE_CHECKING:
    from tui.arguments import Place
    from tui.client import RegistryHost
    from tui.client.local.local_path import SourceName
    from tui.places import Subject
    from tui.session import Session


WARNING_LIMIT = 400
"""Characters of a registry's warning that are shown."""


LOCATE = "locate"
"""The group of the worker that looks into a layout for what was meant."""


class ListsScreen(Screen[None]):
    """Shows registries, repositories, tags, entries and layers side by side, as many as there is room for."""

    AUTO_FOCUS = "#registries VirtualTable"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        library = session.library
        self.registries_pane = RegistriesPane(library, id="registries")
        self.repositories_pane = RepositoriesPane(
            library, id="repositories", opened_by_name=session.opened_by_name
        )
        self.tags_pane = TagsPane(library, id="tags")
        self.entries_pane = EntriesPane(library, id="entries")
        self.layers_pane = LayersPane(library, id="layers")
        self.detail_pane = DetailPane(library, id="detail", now=session.now)
        self.bar = ReferenceBar(id="bar")
        self.columns = ColumnGrid(
            {
                Column.REGISTRIES: self.registries_pane,
                Column.REPOSITORIES: self.repositories_pane,
                Column.TAGS: self.tags_pane,
                Column.ENTRIES: self.entries_pane,
                Column.LAYERS: self.layers_pane,
            },
            self.detail_pane,
        )
        self._tag: ManifestPlace | None = None
        """The tag whose manifest the other lists show."""
        self._resolved: ManifestPlace | None = None
        self._unreadable: ManifestPlace | None = None
        self._diving = False

    # What the cursor is on.

    @on(ColumnGrid.Moved)
    def _describe(self) -> None:
        """Show the details, and the reference, of what the cursor is on."""
        subject = self._subject()
        self.detail_pane.subject = subject
        where = subject or self._surroundings()
        self.bar.trail = crumbs(where)
        self.bar.login = self._login_label()
        self.refresh_bindings()

    def _subject(self) -> Subject | None:
        match self.columns.current:
            case Column.REGISTRIES:
                return self.registries_pane.row
            case Column.REPOSITORIES:
                return self.repositories_pane.row
            case Column.TAGS:
                # The cursor may have gone on already.
                return (self._resolved or self._unreadable) if self._tag == self.tags_pane.row else None
            case Column.ENTRIES:
                return self.entries_pane.row.place if self.entries_pane.row is not None else None
            case _:
                return self.layers_pane.row

    def _surroundings(self) -> Subject | None:
        """Tell where the cursor is while it is on nothing that is known."""
        where: Subject | None = None
        match self.columns.current:
            case Column.REPOSITORIES:
                host: SourceName | None = self.repositories_pane.subject
                where = RegistryPlace(host) if host is not None else None
            case Column.TAGS:
                where = self.tags_pane.row or self.tags_pane.subject
            case Column.ENTRIES:
                where = self.entries_pane.subject
            case Column.LAYERS:
                where = self.layers_pane.subject
        return where

    def _host(self) -> RegistryHost | None:
        """Tell which registry the cursor is in; None where it is in none, or in a layout or an archive."""
        match self._subject() or self._surroundings():
            case None:
                return None
            case LayerPlace() as layer:
                name = layer.manifest.host
            case where:
                name = where.host
        return None if isinstance(name, LocalPath) else name

    def _login_label(self) -> str:
        """Tell who one is, or what the answer waits for."""
        host = self._host()
        if host is None:
            return ""
        waits_for = self.session.logins.waits_for(host)
        return (
            f"waiting for {waits_for}  esc goes on"
            if waits_for
            else self.session.library.login_label(host, *crumbs(self._subject() or self._surroundings())[1:2])
        )

    # From one list to the next. The row is asked of the pane, because a message may be late.

    @on(RegistriesPane.Highlighted)
    def _registry_highlighted(self) -> None:
        row = self.registries_pane.row
        if row is None or self.repositories_pane.subject != row.host:
            self.repositories_pane.subject = None
        self._describe()

    @on(RegistriesPane.Opened)
    def _registry_opened(self, event: RegistriesPane.Opened) -> None:
        self.repositories_pane.subject = event.place.host
        self.repositories_pane.retry()
        self.columns.focus_column(Column.REPOSITORIES)

    @on(RepositoriesPane.Highlighted)
    def _repository_highlighted(self) -> None:
        self.tags_pane.subject = self.repositories_pane.row
        self._describe()

    @on(RepositoriesPane.Opened)
    def _repository_opened(self, event: RepositoriesPane.Opened) -> None:
        self.tags_pane.subject = event.place
        self.tags_pane.retry()
        self.columns.focus_column(Column.TAGS)

    @on(TagsPane.Highlighted)
    def _tag_highlighted(self) -> None:
        self._show_manifest(self.tags_pane.row)

    @on(ColumnGrid.Moved)
    def _leave_nested_index(self) -> None:
        """Come back to what the tag itself names when the focus has come to the tags from further inside."""
        opened: ManifestPlace | None = self.entries_pane.subject
        if self.columns.current is Column.TAGS and opened is not None and opened.parent is not None:
            self._show_manifest(self.tags_pane.row)

    @on(TagsPane.Opened)
    def _tag_opened(self, event: TagsPane.Opened) -> None:
        self._show_manifest(event.place)
        self.entries_pane.retry()
        self._dive_when_known()

    def _show_manifest(self, place: ManifestPlace | None) -> None:
        self._tag = place
        if self.entries_pane.subject != place:
            self.entries_pane.subject = place
            self._resolved = self._unreadable = None
            self._diving = False
            self.layers_pane.subject = None
        self._describe()

    def _dive_when_known(self) -> None:
        """Go to the entries or the layers, as soon as it is known which."""
        if self._resolved is None:
            self._diving = True
        else:
            self._diving = False
            self.columns.focus_column(following(Column.TAGS, is_index=self.columns.is_index))

    @on(EntriesPane.Resolved)
    def _manifest_resolved(self, event: EntriesPane.Resolved) -> None:
        if event.asked != self.entries_pane.subject:
            return
        self._resolved = event.place
        self.columns.is_index = isinstance(event.document, Index)
        if not self.columns.is_index:
            self.layers_pane.subject = event.place
        if self._diving:
            self._dive_when_known()
        self._describe()

    @on(EntriesPane.Failed)
    def _manifest_failed(self, event: EntriesPane.Failed) -> None:
        if event.asked == self.entries_pane.subject:
            self._diving = False
            # The pane that says why must be on screen.
            self.columns.is_index = True
            # The details show what came.
            self._unreadable = self._tag if event.unreadable and event.asked == self._tag else None
            self._describe()

    @on(EntriesPane.Highlighted)
    def _entry_highlighted(self) -> None:
        if self.columns.is_index:
            self._show_layers(self.entries_pane.row)

    def _show_layers(self, entry: Entry | None) -> None:
        """Show what an entry has inside, or why there is nothing."""
        if entry is None or entry.is_index or entry.missing:
            self.layers_pane.subject = None
            self.layers_pane.hint = entry.why_closed if entry is not None else ""
        else:
            self.layers_pane.subject = entry.place
        self._describe()

    @on(EntriesPane.Opened)
    def _entry_opened(self, event: EntriesPane.Opened) -> None:
        entry = event.entry
        if entry.is_index:
            self.entries_pane.subject = entry.place
        elif entry.missing:
            self.notify(entry.why_closed, title="Missing", severity="warning", markup=False)
        else:
            self.layers_pane.subject = entry.place
            self.layers_pane.retry()
            self.columns.focus_column(Column.LAYERS)

    @on(LayersPane.Highlighted)
    def _layer_highlighted(self) -> None:
        self._describe()

    @on(LayersPane.Opened)
    def _layer_opened(self, event: LayersPane.Opened) -> None:
        """Look into a layer; what is none has details alone."""
        if not event.place.number:
            self.columns.focus_column(Column.DETAIL)
            return
        from tui.screens.contents import ContentsScreen  # noqa: PLC0415  # the first frame needs nothing of it

        layers = [place for place in self.layers_pane.listed if place.number]
        self.app.push_screen(ContentsScreen(self.session, event.place, layers))

    @on(ListPane.Answered)
    def _tell_warnings(self) -> None:
        """Pass on what the registry warns of, once, in its own words."""
        host = self.repositories_pane.subject
        if host is not None:
            for warning in self.session.library.new_warnings(host):
                self.notify(
                    one_line(warning, limit=WARNING_LIMIT),
                    title=f"{host} warns",
                    severity="warning",
                    markup=False,
                )

    # Opening by name.

    def open_place(self, place: Place) -> None:
        """Open a place, the lists to the left of it filled in, and put the focus there."""
        if place.host is None:
            return
        try:
            self.session.remember(place)
        except StateError as error:
            self.notify(str(error), title="The name is not remembered", severity="warning", markup=False)
        known = {registry.host: registry for registry in self.session.registries()}
        self.registries_pane.pin(known.get(place.host, RegistryPlace(place.host, "opened by name")))
        self.registries_pane.select(place.host)
        self.repositories_pane.subject = place.host
        if place.repository is None:
            self.columns.focus_column(Column.REPOSITORIES)
            if isinstance(place.host, LocalPath):
                self._locate(place)
            return
        repository = RepositoryPlace(place.host, place.repository)
        self.repositories_pane.pin(repository)
        self.repositories_pane.select(repository)
        self.tags_pane.subject = repository
        if place.reference is None:
            self.columns.focus_column(Column.TAGS)
            return
        manifest = ManifestPlace(place.host, place.repository, place.reference)
        self.tags_pane.pin(manifest)
        self.tags_pane.select(manifest)
        self._show_manifest(manifest)
        self.columns.focus_column(Column.TAGS)
        self._dive_when_known()

    @work(group=LOCATE, exclusive=True, description="look into a layout or an archive")
    async def _locate(self, place: Place) -> None:
        """Go on to the image that is meant, unless the person has gone elsewhere meanwhile."""
        try:
            found = await self.session.library.located(place)
        except NotFoundError as error:
            self.notify(told(error), title="No such image", severity="warning", markup=False)
            return
        except RegistryError:
            return  # The list of repositories says it, with what to try.
        if found.repository is not None and self.repositories_pane.subject == place.host:
            self.open_place(found)
