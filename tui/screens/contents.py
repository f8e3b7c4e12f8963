"""What is inside a layer, or inside the image up to it: files on the left, what is in them on the right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.containers import Horizontal
from textual.timer import Timer

from tui.client.errors import RegistryError
from tui.contents.errors import ContentsError
from tui.merged_inside import MergedInside
from tui.panes.file import OPENED_BY_ITSELF
from tui.panes.file_lists import biggest_files, wasted_files
from tui.panes.files import FilesPane
from tui.panes.inside_facts import PROBLEMS, image_pages, pages_of
from tui.panes.pace import Pace
from tui.panes.views import View, error_document
from tui.places import crumbs
from tui.screens.beside import BesideScreen
from tui.screens.contents_keys import CONTENTS_KEYS
from tui.widgets.key_line import KeyLine
from tui.widgets.text_document import TextDocument
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from tui.inside import Inside
    from tui.places import LayerPlace
    from tui.session import Session

PREVIEW_SECONDS = 0.1
"""What the cursor is on is told on the right so often while it moves."""

READING = "reading what the image says of its system and its packages …"

REST_SECONDS = 0.25
"""The cursor rests so long before a small file is looked into: holding a key fetches none."""

SIDE_BY_SIDE = 100
"""From this many cells on files and what is in them stand side by side."""


class ContentsScreen(BesideScreen):
    """Shows the files of a layer as it brought them, or merged with those of the layers below it."""

    DEFAULT_CSS = """
    ContentsScreen #inside { height: 1fr; }
    ContentsScreen #files { width: 11fr; height: 1fr; }
    ContentsScreen #file { width: 9fr; height: 1fr; }
    ContentsScreen.-reading #files { width: 7fr; }
    ContentsScreen.-reading #file { width: 13fr; }
    ContentsScreen.-small #inside { layout: vertical; }
    ContentsScreen.-small #files, ContentsScreen.-small #file { width: 100%; }
    ContentsScreen.-small #file { height: 8; }
    ContentsScreen.-small.-reading #files { height: 6; }
    ContentsScreen.-small.-reading #file { height: 1fr; }
    ContentsScreen.-zoomed #files { display: none; }
    ContentsScreen.-zoomed #file { width: 1fr; height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*CONTENTS_KEYS]

    AUTO_FOCUS = "#files VirtualTable"

    def __init__(self, session: Session, place: LayerPlace, layers: Sequence[LayerPlace]) -> None:
        """Look into a layer.

        Args:
            session: What the program works with.
            place: The layer.
            layers: All layers of its manifest, the lowest first.
        """
        super().__init__(session)
        self.place = place
        self._below = [layer for layer in layers if layer.number <= place.number] or [place]
        self._waiting: Callable[[MergedInside], object] | None = None
        """What is to be done as soon as all layers are there."""
        self.files_pane = FilesPane(id="files")
        self._previewing = Pace(self, self._preview, PREVIEW_SECONDS)
        self._rest = Timer(self, REST_SECONDS)

    @property
    def list_view(self) -> Widget:
        """The list."""
        return self.files_pane.table

    def compose(self) -> ComposeResult:
        yield self.bar
        with Horizontal(id="inside"):
            yield self.files_pane
            yield self.file_pane
        yield KeyLine(kept={"contents.help"})

    def on_mount(self) -> None:
        self.bar.trail = crumbs(self.place)
        host = self.place.manifest.host
        self.bar.login = self.session.library.login_label(host, str(self.place.manifest.repository))
        self._arrange()
        self.files_pane.show(self.session.insides.layer(self.place))

    async def on_unmount(self) -> None:
        """End what goes on behind files that were opened: nobody looks at them any more."""
        await self.session.insides.rest()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self.set_class(self.app.size.width < SIDE_BY_SIDE, "-small")

    def on_descendant_focus(self) -> None:
        self.set_class(self.file_pane.has_focus_within, "-reading")
        if not self.file_pane.has_focus_within:
            self.remove_class("-zoomed")

    @property
    def inside(self) -> Inside | None:
        """What the files are of."""
        return self.files_pane.inside

    # From the files to the file.

    @on(FilesPane.Highlighted)
    def _row_highlighted(self) -> None:
        self._previewing.ask()
        self.refresh_bindings()

    @on(FilesPane.Arrived)
    def _more_arrived(self) -> None:
        if not self.file_pane.opened:
            self._previewing.ask()
        self._act_if_merged()
        self.refresh_bindings()

    def _preview(self) -> None:
        """Tell what the cursor is on, and look into it when the cursor rests there."""
        self._rest.stop()
        row, inside = self.files_pane.row, self.inside
        if row is None or inside is None:
            self.file_pane.show_pages("", ())
        elif row.node.parent is None:
            self.file_pane.show_pages(inside.title, pages_of(inside))
        else:
            located = inside.located(row.node)
            self.file_pane.show_facts(located)
            if located.bytes_of is not None and inside.complete and located.cost <= OPENED_BY_ITSELF:
                self._rest = self.set_timer(REST_SECONDS, partial(self.file_pane.open, located), name="rest")

    @on(FilesPane.Opened)
    def _file_opened(self, event: FilesPane.Opened) -> None:
        inside = self.inside
        if inside is None:
            return
        located = inside.located(event.row.node)
        if located.directory is not None:
            self.files_pane.reveal(located.directory)
            return
        if event.row.node.is_directory:
            return  # nothing is in it
        self._previewing.stop()
        self._rest.stop()
        self.file_pane.open(located)
        self.file_pane.focus_content()

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Offer an action only where it does something."""
        if action == "save":
            row = self.files_pane.row
            complete = self.inside is not None and self.inside.complete
            return complete and row is not None and row.node.is_there and row.path == row.node.path
        if action == "problems":
            return self.inside is not None and bool(self.inside.problems or self.inside.odd)
        return True

    def action_back(self) -> None:
        """Go back: out of the zoom, the file, a list, or to the layers."""
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
        elif self.file_pane.has_focus_within:
            self.files_pane.table.focus()
        elif not self.files_pane.leave_list():
            self.dismiss(None)

    def action_merged(self) -> None:
        """Show the layer alone, or merged with those below it."""
        self._waiting = None
        insides = self.session.insides
        if isinstance(self.inside, MergedInside):
            self.files_pane.show(insides.layer(self.place))
        else:
            self.files_pane.show(insides.merged(self._below))

    def action_biggest(self) -> None:
        """List the biggest files, or show the tree again."""
        if self.inside is None or self._leaves("biggest"):
            return
        self.files_pane.show_list(biggest_files(self.inside.root))

    def action_wasted(self) -> None:
        """List what wastes space, as soon as all layers are there; or show the tree again."""
        if self._leaves("wasted"):
            return
        self._when_merged(self._count)

    def action_image(self) -> None:
        """Tell which system the image has, and which packages, as soon as all layers are there."""
        self._when_merged(self._summarise)

    def _leaves(self, kind: str) -> bool:
        """Show the tree in place of a list of a kind, if that is what shows."""
        flat = self.files_pane.flat
        return flat is not None and flat.kind == kind and self.files_pane.leave_list()

    def _when_merged(self, act: Callable[[MergedInside], object]) -> None:
        """Show the image, and do something with it as soon as all its layers are there."""
        self._waiting = act
        if not isinstance(self.inside, MergedInside):
            self.files_pane.show(self.session.insides.merged(self._below))
        self._act_if_merged()

    def _act_if_merged(self) -> None:
        inside, act = self.inside, self._waiting
        if act is not None and isinstance(inside, MergedInside) and inside.complete:
            self._waiting = None
            act(inside)

    @work(exclusive=True, group="count", description="count wasted space")
    async def _count(self, inside: MergedInside) -> None:
        try:
            wasted = await inside.wasted()
        except ContentsError as error:
            self.notify(sentence(str(error)), title="Not counted", severity="warning", markup=False)
            return
        if self.inside is inside:
            self.files_pane.show_list(wasted_files(wasted, inside.root))

    @work(exclusive=True, group="summarise", description="read which packages an image has")
    async def _summarise(self, inside: MergedInside) -> None:
        self._previewing.stop()
        self._rest.stop()
        title = f"{self.place.manifest.name} · {inside.title}"
        self.file_pane.show_pages(title, (View("loading", "Image", lambda: TextDocument([READING])),))
        self.file_pane.focus_content()
        try:
            summary = await inside.summary()
        except RegistryError as error:
            problem = error
            self.file_pane.show_pages(title, (View("problem", "Problem", lambda: error_document(problem)),))
            return
        if self.file_pane.subject is None:
            self.file_pane.show_pages(title, image_pages(inside, summary))

    def action_save(self) -> None:
        """Ask where to, and save what the cursor is on."""
        from tui.screens.save_files import SaveFilesScreen  # noqa: PLC0415  # few people need it

        row, inside = self.files_pane.row, self.inside
        if row is not None and inside is not None:
            self.app.push_screen(SaveFilesScreen(self.session, inside, row.node))

    def action_problems(self) -> None:
        """List what is wrong."""
        if self.inside is not None:
            self._previewing.stop()
            self._rest.stop()
            self.file_pane.show_pages(self.inside.title, pages_of(self.inside), chosen=PROBLEMS)
            self.file_pane.focus_content()
