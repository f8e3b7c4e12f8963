"""The browser: five lists and a detail view, wired to each other.

A list says where its cursor is; the screen hands that to the next list, and does nothing else with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer

from tui.client.models import Index
from tui.panes.detail import DetailPane
from tui.panes.entries import EntriesPane
from tui.panes.layers import LayersPane
from tui.panes.registries import RegistriesPane
from tui.panes.repositories import RepositoriesPane
from tui.panes.tags import TagsPane
from tui.panes.transfers import TransfersPane
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace
from tui.screens.columns import Column, following, plan, preceding
from tui.screens.dialogs import HelpScreen
from tui.screens.download import DownloadScreen
from tui.screens.open import OpenScreen
from tui.state import StateError
from tui.widgets.reference_bar import ReferenceBar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.events import DescendantFocus, Resize

    from tui.arguments import Place
    from tui.client import Descriptor
    from tui.panes.base import ListPane
    from tui.panes.entries import Entry
    from tui.places import Subject
    from tui.session import Session


class BrowserScreen(Screen[None]):
    """Shows registries, repositories, tags, entries and layers side by side, as many as there is room for."""

    AUTO_FOCUS = "#registries VirtualTable"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,l", "dive", "open", id="browser.dive", tooltip="Go into what the cursor is on", show=False
        ),
        Binding(
            "left,escape,h",
            "back",
            "back",
            id="browser.back",
            tooltip="Go back to the list on the left",
            key_display="esc",
        ),
        Binding(
            "o",
            "open",
            "open by name",
            id="browser.open",
            tooltip="Open a registry, repository, tag or digest by its name",
        ),
        Binding(
            "d",
            "download",
            "download",
            id="browser.download",
            tooltip="Download what the cursor is on, verified",
        ),
        Binding(
            "m",
            "detail",
            "details",
            id="browser.detail",
            tooltip="Go to the details of what the cursor is on",
        ),
        Binding(
            "z",
            "zoom",
            "zoom",
            id="browser.zoom",
            tooltip="Give the whole screen to what has the focus, or take it back",
            show=False,
        ),
        Binding("t", "transfers", "transfers", id="browser.transfers", tooltip="Go to the downloads"),
        Binding("question_mark", "help", "help", id="browser.help", tooltip="Show all keys", key_display="?"),
        Binding("q", "app.quit", "quit", id="browser.quit", tooltip="Leave the program"),
    ]

    current: reactive[Column] = reactive(Column.REGISTRIES)
    """The list that has, or last had, the focus."""
    on_detail: reactive[bool] = reactive(default=False)
    """Whether the detail view has the focus."""
    is_index: reactive[bool] = reactive(default=True)
    """Whether the tag under the cursor is an index, as far as is known."""
    zoomed: reactive[bool] = reactive(default=False)
    """Whether what has the focus takes the whole screen."""

    def __init__(self, session: Session, start: Callable[[], Awaitable[Place | None]]) -> None:
        super().__init__()
        self.session = session
        self._opening = start
        library = session.library
        self.registries_pane = RegistriesPane(library, id="registries")
        self.repositories_pane = RepositoriesPane(
            library, id="repositories", opened_by_name=session.opened_by_name
        )
        self.tags_pane = TagsPane(library, id="tags")
        self.entries_pane = EntriesPane(library, id="entries")
        self.layers_pane = LayersPane(library, id="layers")
        self.detail_pane = DetailPane(library, id="detail", now=session.now)
        self.transfers_pane = TransfersPane(session.downloads, id="transfers")
        self.bar = ReferenceBar(id="bar")
        self.lists: dict[Column, ListPane[Any, Any]] = {
            Column.REGISTRIES: self.registries_pane,
            Column.REPOSITORIES: self.repositories_pane,
            Column.TAGS: self.tags_pane,
            Column.ENTRIES: self.entries_pane,
            Column.LAYERS: self.layers_pane,
        }
        self._resolved: ManifestPlace | None = None
        self._diving = False

    def compose(self) -> ComposeResult:
        yield self.bar
        with Grid(id="columns"):
            yield from self.lists.values()
            yield self.detail_pane
        yield self.transfers_pane
        yield Footer(show_command_palette=True)

    def on_mount(self) -> None:
        self.registries_pane.subject = self.session.registries()
        self._arrange()
        self.call_after_refresh(self._begin)

    @work(group="start", description="open the first place")
    async def _begin(self) -> None:
        place = await self._opening()
        if place is not None:
            self.open_place(place)

    # Layout.

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width)

    def watch_current(self) -> None:
        self._arrange()

    def watch_on_detail(self) -> None:
        self._arrange()

    def watch_is_index(self) -> None:
        self._arrange()

    def watch_zoomed(self) -> None:
        self._arrange()

    def _arrange(self, width: int | None = None) -> None:
        if not self.is_mounted:
            return
        layout = plan(
            width or self.size.width,
            self.current,
            is_index=self.is_index,
            on_detail=self.on_detail,
            zoomed=self.zoomed,
        )
        columns = self.query_one("#columns", Grid)
        columns.styles.grid_size_columns = len(layout.weights)
        columns.styles.grid_size_rows = 2 if layout.stacked else 1
        columns.styles.grid_columns = " ".join(f"{weight}fr" for weight in layout.weights)
        sharing = layout.columns[-2:] if layout.stacked else ()
        for column, pane in (*self.lists.items(), (Column.DETAIL, self.detail_pane)):
            pane.display = column in layout.columns
            pane.styles.row_span = 2 if layout.stacked and column not in sharing else 1
        looked_at = set(layout.columns)
        # What a tag names must be known before its layers can show.
        if Column.LAYERS in looked_at and self.current <= Column.TAGS:
            looked_at.add(Column.ENTRIES)
        for column, pane in self.lists.items():
            pane.wanted = column in looked_at
        self.detail_pane.wanted = Column.DETAIL in looked_at
        self._describe()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        for column, pane in self.lists.items():
            if pane in event.widget.ancestors:
                self.current = column
                self.on_detail = False
        if self.detail_pane in event.widget.ancestors:
            self.on_detail = True
        self._describe()

    def _focus(self, column: Column) -> None:
        """Put the focus on a column, which makes it show."""
        if column is Column.DETAIL:
            self.detail_pane.display = True
            self.detail_pane.focus_content()
        else:
            self.lists[column].display = True
            self.lists[column].table.focus()

    def _describe(self) -> None:
        """Show the details, and the reference, of what the cursor is on."""
        subject = self._subject()
        self.detail_pane.subject = subject
        self.bar.trail = _trail(subject)
        self.bar.login = self._login_label(subject)
        self.refresh_bindings()

    def _subject(self) -> Subject | None:
        match self.current:
            case Column.REGISTRIES:
                return self.registries_pane.row
            case Column.REPOSITORIES:
                return self.repositories_pane.row
            case Column.TAGS:
                return self._resolved
            case Column.ENTRIES:
                return self.entries_pane.row.place if self.entries_pane.row is not None else None
            case _:
                return self.layers_pane.row

    def _login_label(self, subject: Subject | None) -> str:
        host = self.repositories_pane.subject
        return self.session.library.login_label(host) if host is not None and subject is not None else ""

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
        self._focus(Column.REPOSITORIES)

    @on(RepositoriesPane.Highlighted)
    def _repository_highlighted(self) -> None:
        self.tags_pane.subject = self.repositories_pane.row
        self._describe()

    @on(RepositoriesPane.Opened)
    def _repository_opened(self, event: RepositoriesPane.Opened) -> None:
        self.tags_pane.subject = event.place
        self._focus(Column.TAGS)

    @on(TagsPane.Highlighted)
    def _tag_highlighted(self) -> None:
        self._show_manifest(self.tags_pane.row)

    @on(TagsPane.Opened)
    def _tag_opened(self, event: TagsPane.Opened) -> None:
        self._show_manifest(event.place)
        self._dive_when_known()

    def _show_manifest(self, place: ManifestPlace | None) -> None:
        if self.entries_pane.subject != place:
            self.entries_pane.subject = place
            self._resolved = None
            self._diving = False
            self.layers_pane.subject = None
        self._describe()

    def _dive_when_known(self) -> None:
        """Go to the entries or the layers, as soon as it is known which."""
        if self._resolved is None:
            self._diving = True
        else:
            self._diving = False
            self._focus(following(Column.TAGS, is_index=self.is_index))

    @on(EntriesPane.Resolved)
    def _manifest_resolved(self, event: EntriesPane.Resolved) -> None:
        if event.asked != self.entries_pane.subject:
            return
        self._resolved = event.place
        self.is_index = isinstance(event.document, Index)
        if not self.is_index:
            self.layers_pane.subject = event.place
        if self._diving:
            self._dive_when_known()
        self._describe()

    @on(EntriesPane.Failed)
    def _manifest_failed(self, event: EntriesPane.Failed) -> None:
        if event.asked == self.entries_pane.subject:
            self._diving = False
            # The pane that says why must be on screen.
            self.is_index = True

    @on(EntriesPane.Highlighted)
    def _entry_highlighted(self) -> None:
        if self.is_index:
            self._show_layers(self.entries_pane.row)

    def _show_layers(self, entry: Entry | None) -> None:
        """Show what an entry has inside, or why there is nothing."""
        if entry is None or entry.is_index or entry.missing:
            self.layers_pane.subject = None
            self.layers_pane.hint = _hint(entry)
        else:
            self.layers_pane.subject = entry.place
        self._describe()

    @on(EntriesPane.Opened)
    def _entry_opened(self, event: EntriesPane.Opened) -> None:
        entry = event.entry
        if entry.is_index:
            self.entries_pane.subject = entry.place
        elif entry.missing:
            self.notify(_hint(entry), title="Missing", severity="warning", markup=False)
        else:
            self.layers_pane.subject = entry.place
            self._focus(Column.LAYERS)

    @on(LayersPane.Highlighted)
    def _layer_highlighted(self) -> None:
        self._describe()

    @on(LayersPane.Opened)
    def _layer_opened(self) -> None:
        self._focus(Column.DETAIL)

    # Opening by name.

    def open_place(self, place: Place) -> None:
        """Open a place, the lists to the left of it filled in, and put the focus there."""
        if place.host is None:
            return
        try:
            self.session.remember(place)
        except StateError as error:
            self.notify(str(error), title="The name is not remembered", severity="warning", markup=False)
        self.registries_pane.pin(RegistryPlace(place.host, "opened by name"))
        self.registries_pane.select(place.host)
        self.repositories_pane.subject = place.host
        if place.repository is None:
            self._focus(Column.REPOSITORIES)
            return
        repository = RepositoryPlace(place.host, place.repository)
        self.repositories_pane.pin(repository)
        self.repositories_pane.select(repository)
        self.tags_pane.subject = repository
        if place.reference is None:
            self._focus(Column.TAGS)
            return
        manifest = ManifestPlace(place.host, place.repository, place.reference)
        self.tags_pane.pin(manifest)
        self.tags_pane.select(manifest)
        self._show_manifest(manifest)
        self._focus(Column.TAGS)
        self._dive_when_known()

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Offer an action only where it does something."""
        if action == "download":
            return self._downloadable() is not None
        if action == "transfers":
            return bool(self.session.downloads.transfers)
        return True

    def _downloadable(self) -> tuple[ManifestPlace | LayerPlace, Descriptor] | None:
        """Tell what a download would fetch: the layer or config under the cursor, or the manifest."""
        subject = self._subject()
        if isinstance(subject, LayerPlace) and subject.descriptor is not None:
            return subject, subject.descriptor
        if isinstance(subject, ManifestPlace):
            document = self.session.library.known_manifest(
                subject.host, subject.repository, subject.reference
            )
            return (subject, document.descriptor) if document is not None else None
        return None

    def action_dive(self) -> None:
        """Go into what the cursor is on."""
        if not self.on_detail:
            self.lists[self.current].open_row()

    def action_back(self) -> None:
        """Go back: out of the zoom, the details, a nested index, or to the list on the left."""
        self._diving = False
        if self.zoomed:
            self.zoomed = False
        elif self.transfers_pane.has_focus_within or self.on_detail:
            self._focus(self.current)
        elif (
            self.current is Column.ENTRIES
            and (nested := self.entries_pane.subject) is not None
            and nested.parent
        ):
            self.entries_pane.subject = nested.parent
            self.entries_pane.select(nested)
        else:
            self._focus(preceding(self.current, is_index=self.is_index))

    def action_detail(self) -> None:
        """Go to the details."""
        self._focus(self.current if self.on_detail else Column.DETAIL)

    def action_zoom(self) -> None:
        """Give the whole screen to what has the focus, or take it back."""
        self.zoomed = not self.zoomed

    @work(group="dialog", exclusive=True, description="open by name")
    async def action_open(self) -> None:
        """Ask for a name and open it."""
        inside = self.repositories_pane.subject if self.current > Column.REGISTRIES else None
        place = await self.app.push_screen_wait(OpenScreen(inside))
        if place is not None:
            self.open_place(place)

    @work(group="dialog", exclusive=True, description="ask where to download to")
    async def action_download(self) -> None:
        """Ask for a folder, and download what the cursor is on."""
        wanted = self._downloadable()
        if wanted is None:
            return
        transfer = await self.app.push_screen_wait(DownloadScreen(self.session, *wanted))
        if transfer is not None:
            self.transfers_pane.start_watching()

    @on(TransfersPane.Progressed)
    def _tell_activity(self) -> None:
        self.bar.activity = self.transfers_pane.summary()

    def action_transfers(self) -> None:
        """Go to the downloads."""
        self.transfers_pane.focus_content()

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(self))


def _hint(entry: Entry | None) -> str:
    """Say why an entry has no layers to show."""
    if entry is None:
        return ""
    return (
        "enter  open this index"
        if entry.is_index
        else "The registry does not have what the index names here."
    )


def _trail(subject: Subject | None) -> tuple[str, ...]:
    """Tell the names that lead to a subject, from the registry on."""
    match subject:
        case None:
            return ()
        case RegistryPlace():
            return (subject.host,)
        case RepositoryPlace():
            return (subject.host, subject.repository)
        case ManifestPlace():
            return (subject.host, subject.repository, *subject.trail)
        case LayerPlace():
            last = f"layer {subject.number}" if subject.number else "config" if subject.descriptor else "step"
            return (*_trail(subject.manifest), last)
