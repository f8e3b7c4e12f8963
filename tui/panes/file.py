"""A file of a layer: what there is to say about it, and, once it is opened, what is in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.client.errors import RegistryError
from tui.contents.entries import Kind
from tui.contents.errors import ContentsError
from tui.figures import size
from tui.panes.entry_facts import entry_section, mode_text, owner_text, problem_section
from tui.panes.file_views import PREVIEW_BYTES, CodeDocument, cut_note, of_file
from tui.panes.tabs import TabsPane
from tui.panes.views import View, error_document
from tui.sanitize import one_line
from tui.widgets.filter import FilterInput
from tui.widgets.highlighting import coloured
from tui.widgets.searched_view import SearchedView
from tui.widgets.text_document import Field, FieldsDocument, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tui.contents.entries import Entry
    from tui.contents.layer import Layer
    from tui.inside import Located

FACTS: Final = "facts"

OPENED_BY_ITSELF: Final = 64 * 1024
"""Bytes that a file may move to be shown without being asked for: a moment, on most lines."""


class FilePane(TabsPane):
    """Shows what the cursor is on: its facts, or, opened, its bytes as they are read best."""

    DEFAULT_CSS = """
    FilePane FilterInput { padding: 0 1 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", id="file.search", tooltip="Search in the file"),
        Binding("r", "reload", "reload", id="list.reload", tooltip="Ask the registry again", show=False),
    ]

    TITLE: ClassVar[str] = "File"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        self.view = SearchedView()
        super().__init__(id=id, lines=self.view)
        self.search_input = FilterInput("search")
        self._subject: Located | None = None
        self._opened = False
        self._failed = False

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.search_input

    @property
    def subject(self) -> Located | None:
        """What is shown; None for nothing, or what is no file."""
        return self._subject

    @property
    def opened(self) -> bool:
        """Whether what is in the file is shown, or on its way."""
        return self._opened

    # What is shown.

    def show_pages(self, title: str, pages: Sequence[View], *, chosen: str = "") -> None:
        """Show something else than a file: what is said of the image, say.

        Args:
            title: what it is about.
            pages: the tabs.
            chosen: the one that shows, where it is not the first one or the one that was looked at last.
        """
        self._leave(None)
        self._chosen = chosen or self._chosen
        self.border_title = Content(one_line(title))
        self.border_subtitle = ""
        self.show_views(tuple(pages))

    def show_facts(self, subject: Located) -> None:
        """Show what there is to say about an entry, without fetching any of its bytes."""
        if self._opened and self._subject == subject:
            return
        self._leave(subject)
        self._tell(subject)
        self.show_views((self._facts(subject),))

    def open(self, subject: Located) -> None:
        """Fetch a file, and show what is in it."""
        if self._opened and self._subject == subject and not self._failed:
            return
        self._leave(subject)
        self._tell(subject)
        if subject.bytes_of is None or subject.layer is None:
            self.show_views((self._facts(subject),))
            return
        self._opened = True
        self.show_views((self._facts(subject),))
        self.lines.show_text(f"fetching {size(subject.cost)} …" if subject.cost else "reading …")
        self._load(subject, subject.layer, subject.bytes_of)

    def _leave(self, subject: Located | None) -> None:
        self.workers.cancel_node(self)
        self._subject = subject
        self._opened = self._failed = False
        with self.prevent(FilterInput.Changed, FilterInput.Closed):
            self.search_input.close(keep=False)
        self.view.search("")

    @work(exclusive=True, group="load", description="open a file")
    async def _load(self, subject: Located, layer: Layer, entry: Entry) -> None:
        try:
            data = await layer.read(entry, 0, min(PREVIEW_BYTES, entry.size))
        except (ContentsError, RegistryError) as error:
            self._failed = True
            problem = error
            self.show_views(
                (View("problem", "Problem", lambda: error_document(problem)), self._facts(subject))
            )
            return
        # What is large takes a moment to be read as what it is.
        pages = await asyncio.to_thread(of_file, subject.entry.name, data, entry.size)
        self._tell(subject, cut=cut_note(len(data), entry.size), empty=not data)
        self.show_views((*pages, self._facts(subject)))
        await self._colour(entry.name)

    async def _colour(self, name: str) -> None:
        """Give text its colours, which come after it."""
        code = next(
            (page for page in (view.make() for view in self._views[:2]) if isinstance(page, CodeDocument)),
            None,
        )
        lines = await coloured(name, code.code) if code is not None else None
        if code is not None and lines is not None:
            code.colour(lines)
            self.view.redraw()

    def _tell(self, subject: Located, *, cut: str = "", empty: bool = False) -> None:
        entry = subject.bytes_of or subject.entry
        self.border_title = Content(one_line(f"/{subject.entry.path}"))
        figures = (
            "empty" if empty else size(entry.size) if entry.kind is Kind.FILE else "",
            f"{mode_text(entry)} {owner_text(entry)}",
            f"from {subject.origin}" if subject.origin else "",
            cut.removeprefix("… "),
        )
        self.border_subtitle = Content(one_line(" · ".join(filter(None, figures))))

    @staticmethod
    def _facts(subject: Located) -> View:
        """Make the tab of facts; what opening costs stands at its top until it is opened."""
        entry = subject.entry
        sections = [problem_section(entry), entry_section(entry), *_said(subject)]
        if subject.dead_end:
            sections.insert(0, Section("", [Field("✗", subject.dead_end)]))
        elif subject.bytes_of is not None and subject.layer is not None:
            moved = f"enter fetches {size(subject.cost)}" if subject.cost else "enter shows it, at once"
            sections.insert(0, Section("", [Field("to open", moved)]))
        return View(FACTS, "Facts", lambda: FieldsDocument(sections))

    # What the person does.

    def action_search(self) -> None:
        """Ask what is searched."""
        self.search_input.open()

    @on(FilterInput.Changed)
    def _search(self, event: FilterInput.Changed) -> None:
        event.stop()
        found = self.view.search(event.text)
        self.search_input.set_class(bool(event.text) and not found, "-nothing")

    @on(FilterInput.Closed)
    def _leave_search(self, event: FilterInput.Closed) -> None:
        event.stop()
        self.view.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "search":
            return bool(self._views) and not self.search_input.has_focus
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        """Ask again for what failed."""
        subject = self._subject
        if subject is not None and self._failed:
            self.open(subject)


def _said(subject: Located) -> list[Section]:
    """Tell what is said of an entry beside what its layer says."""
    return [Section("", [Field(label, value) for label, value in subject.said])]
