"""Two images side by side: what differs in their configs, histories, layers and files."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.client.errors import RegistryError
from tui.client.threads import in_thread
from tui.contents.entries import Kind
from tui.contents.errors import ContentsError
from tui.figures import size
from tui.panes.comparison_rows import (
    FILES,
    FILES_COLUMNS,
    SAME_IMAGES,
    Side,
    config_respect,
    file_row,
    files_respect,
    history_respect,
    layers_respect,
)
from tui.panes.differences import DifferencesPane, Respect
from tui.panes.file_difference import difference, facts
from tui.panes.file_views import PREVIEW_BYTES
from tui.panes.layers import arrange
from tui.panes.pace import Pace
from tui.panes.rows_pane import SHOW_SECONDS
from tui.panes.views import View, error_document
from tui.sanitize import one_line
from tui.screens.beside import BesideScreen
from tui.screens.compared import pair, reference
from tui.screens.compared_files import ComparedFiles, first_bytes
from tui.screens.comparison_keys import COMPARISON_KEYS
from tui.widgets.key_line import KeyLine
from tui.widgets.text_document import Field, FieldsDocument, Section, TextDocument
from tui.wording import failure_lines, trouble_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget
    from textual.worker import Worker

    from tui.contents.comparison import FileDifference
    from tui.places import ManifestPlace
    from tui.screens.compared import Compared, ComparedImage
    from tui.session import Session

SIDE_BY_SIDE: Final = 110
"""From this many cells on what differs and its details stand side by side."""

NAME_LIMIT: Final = 400
"""Characters of a reference that are shown; wider than any terminal."""

STOPPED: Final = "stopped before all files were listed\nr  list them"


class ComparisonScreen(BesideScreen):
    """Shows what differs between two images; of layers nothing is fetched before files are looked at."""

    DEFAULT_CSS = """
    ComparisonScreen #references { height: 2; padding: 0 1; }
    ComparisonScreen #compared { height: 1fr; }
    ComparisonScreen #differences { width: 1fr; height: 1fr; }
    ComparisonScreen #file { display: none; width: 1fr; height: 1fr; }
    ComparisonScreen.-opened #file { display: block; }
    ComparisonScreen.-small #compared { layout: vertical; }
    ComparisonScreen.-small #differences { width: 100%; }
    ComparisonScreen.-small #file { width: 100%; height: 2fr; }
    ComparisonScreen.-zoomed #differences { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*COMPARISON_KEYS]

    AUTO_FOCUS = "#differences VirtualTable"

    def __init__(self, session: Session, before: ManifestPlace, after: ManifestPlace) -> None:
        """Hold two images against each other.

        Args:
            session: What the program works with.
            before: What was chosen first; what the other one has beside it counts as added.
            after: What was chosen then.
        """
        super().__init__(session)
        self.before, self.after = before, after
        self.differences_pane = DifferencesPane(id="differences")
        self._compared: Compared | None = None
        self._sides: tuple[Side, Side] | None = None
        self._files: ComparedFiles | None = None
        self._listing: Worker[None] | None = None
        self._showing = Pace(self, self._tell_progress, SHOW_SECONDS)

    @property
    def list_view(self) -> Widget:
        """The list."""
        return self.differences_pane.table

    def compose(self) -> ComposeResult:
        yield self.bar
        yield Static(self._references(), id="references")
        with Horizontal(id="compared"):
            yield self.differences_pane
            yield self.file_pane
        yield KeyLine(kept={"comparison.help"})

    def on_mount(self) -> None:
        self.bar.trail = ("two images side by side",)
        self._arrange()
        self._load()

    async def on_unmount(self) -> None:
        """End what goes on behind files that were opened: nobody looks at them any more."""
        await self.session.insides.rest()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        self.set_class(self.app.size.width < SIDE_BY_SIDE, "-small")

    def on_descendant_focus(self) -> None:
        if not self.file_pane.has_focus_within:
            self.remove_class("-zoomed")

    def _references(self) -> Content:
        compared = self._compared
        before = compared.before.place if compared is not None else self.before
        after = compared.after.place if compared is not None else self.after
        return Content("\n").join(
            [
                Content.assemble(("− ", "$text-error"), one_line(reference(before), limit=NAME_LIMIT)),
                Content.assemble(("+ ", "$text-success"), one_line(reference(after), limit=NAME_LIMIT)),
            ]
        )

    # What the images say of themselves.

    @work(exclusive=True, group="load", description="load two images")
    async def _load(self) -> None:
        self.differences_pane.tell("loading …")
        try:
            compared = await pair(self.session.library, self.before, self.after)
        except RegistryError as error:
            self.differences_pane.tell("\n".join((*failure_lines(error), "r  try again")), failed=True)
            return
        self._compared = compared
        self.query_one("#references", Static).update(self._references())
        self.bar.activity = compared.note
        if compared.same:
            self.differences_pane.tell(SAME_IMAGES)
            return
        sides = self._sides = _side(compared.before), _side(compared.after)
        respects = await in_thread(
            lambda: [respect(*sides) for respect in (config_respect, history_respect, layers_respect)]
        )
        waiting = Respect(FILES, "Files", FILES_COLUMNS, note="r  list the files of both", known=False)
        self.differences_pane.show([*respects, waiting])

    # What their files are.

    @on(DifferencesPane.Chosen)
    def _respect_chosen(self, event: DifferencesPane.Chosen) -> None:
        if event.name == FILES and self._files is None:
            self._list_files()

    @on(DifferencesPane.Reloaded)
    def _reload(self) -> None:
        if self._compared is None:
            self._load()
        elif not self._compared.same and self._chosen == FILES and not self.listing:
            self._list_files()

    @property
    def _chosen(self) -> str:
        respect = self.differences_pane.respect
        return respect.name if respect is not None else ""

    @property
    def listing(self) -> bool:
        """Whether the layers are being listed."""
        return self._listing is not None and not self._listing.is_finished

    def _list_files(self) -> None:
        if self._sides is not None:
            self._files = ComparedFiles(self.session.insides, self._sides[0].layers, self._sides[1].layers)
            self._listing = self._list(self._files)

    @work(exclusive=True, group="files", description="list the files of two images")
    async def _list(self, files: ComparedFiles) -> None:
        self._tell_progress()
        try:
            async with aclosing(files.arrive()) as arriving:
                async for _ in arriving:
                    self._showing.ask()
        except (ContentsError, RegistryError) as error:
            self._showing.stop()
            self._say_of_files("\n".join((*trouble_lines(error), "r  try again")), failed=True)
            return
        self._showing.stop()
        # Rows of very many files take a moment.
        made = await in_thread(partial(files_respect, files.found, files.figures(), files.problems))
        self.differences_pane.update_respect(made)

    def _tell_progress(self) -> None:
        if self._files is not None:
            self._say_of_files(f"{self._files.waits_for}\nesc  stop")

    def _say_of_files(self, note: str, *, failed: bool = False) -> None:
        self.differences_pane.update_respect(
            Respect(FILES, "Files", FILES_COLUMNS, note=note, failed=failed, known=False)
        )

    # What differs, closer.

    @on(DifferencesPane.Opened)
    def _opened(self, event: DifferencesPane.Opened) -> None:
        row = event.row
        self.add_class("-opened")
        self.workers.cancel_group(self, "open")
        if self._chosen == FILES and self._files is not None:
            self._open_file(self._files, row.subject)
        else:
            values = [Field("before", row.before), Field("after", row.after)]
            sections = [
                Section("", [Field("change", row.change), Field("what", row.name)]),
                Section("", [value for value in values if value.value]),
            ]
            self.file_pane.show_pages(row.name, (View("facts", "Facts", lambda: FieldsDocument(sections)),))
        self.call_after_refresh(self.file_pane.focus_content)

    @work(exclusive=True, group="open", description="read a file of two images")
    async def _open_file(self, files: ComparedFiles, one: FileDifference) -> None:
        before, after = files.located(one)
        if one.before is None or one.after is None:
            if (only := after or before) is not None:
                self.file_pane.open(only)
            return
        title, said = f"/{one.path}", facts(one)
        if not one.before.kind is one.after.kind is Kind.FILE:
            self.file_pane.show_pages(title, (said,))
            return
        cost = size(sum(place.cost for place in (before, after) if place is not None))
        waiting = TextDocument([f"fetching {cost} …"])
        self.file_pane.show_pages(title, (View("text", "Text", lambda: waiting), said))
        try:
            old, new = await first_bytes(before), await first_bytes(after)
        except (ContentsError, RegistryError) as error:
            problem = error_document(error)
            self.file_pane.show_pages(title, (View("problem", "Problem", lambda: problem), said))
            return
        cut = max(one.before.size, one.after.size) > PREVIEW_BYTES
        # Texts of which nothing is the same take a moment.
        pages = await in_thread(partial(difference, old, new, cut=cut))
        self.file_pane.show_pages(title, (*pages, said))
        if not one.certain and not (cut and old == new):
            self._show_settled(one, files.settle(one, equal=old == new))

    def _show_settled(self, one: FileDifference, known: FileDifference | None) -> None:
        """Tell in its row whether the bytes of a file differ."""
        respect = self.differences_pane.respect
        if respect is not None and respect.name == FILES:
            row = file_row(known or one, equal=known is None)
            rows = [row if other.subject is one else other for other in respect.rows]
            self.differences_pane.update_respect(replace(respect, rows=rows))

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's signature
        """Offer an action only where it does something."""
        return self.has_class("-opened") if action in {"detail", "zoom"} else True

    def action_back(self) -> None:
        """Go back: out of the zoom, the details, a transfer, or to the lists."""
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
        elif self.has_class("-opened"):
            self.workers.cancel_group(self, "open")
            self.differences_pane.table.focus()
            self.remove_class("-opened")
            self.file_pane.show_pages("", ())
            self.refresh_bindings()
        elif self.listing:
            self.workers.cancel_group(self, "files")
            self._showing.stop()
            self._say_of_files(STOPPED)
        else:
            self.dismiss(None)


def _side(image: ComparedImage) -> Side:
    layers = [place for place in arrange(image.place, image.manifest, image.config) if place.number]
    return Side(image.manifest, image.config, layers)
