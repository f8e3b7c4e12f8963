"""The files of a layer or of an image, and lists of some of them: what was found by a name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from textual import on, work

from tui.contents.errors import TooLargeError
from tui.contents.finding import search
from tui.ordering import natural_key
from tui.panes.file_rows import FileRow, listed
from tui.panes.files_tree import FilesTree, FlatList
from tui.panes.pace import Pace
from tui.sanitize import one_line
from tui.widgets.filter import FilterInput

if TYPE_CHECKING:
    from textual.app import ComposeResult


SEARCH_SECONDS: Final = 0.15
"""What is typed is looked for so often meanwhile."""

MOST_FOUND: Final = 5_000
"""Files that a list shows: more than anybody goes through, and soon drawn."""


class FilesPane(FilesTree):
    """Shows a tree of files, and looks for some of them in all of it."""

    DEFAULT_CSS = """
    FilesPane FilterInput { padding: 0 1 0 2; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.search_input = FilterInput("name, or a pattern such as *.conf")
        self._searching = Pace(self, self._search, SEARCH_SECONDS)

    def compose(self) -> ComposeResult:
        yield self.search_input
        yield from super().compose()

    def list_left(self) -> None:
        self._searching.stop()
        self.workers.cancel_group(self, "search")
        with self.prevent(FilterInput.Changed, FilterInput.Closed):
            self.search_input.close(keep=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.search_input.has_focus:
            return False
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Ask what is searched."""
        if not self.search_input.text:
            self.show_tree()
        self.search_input.open()

    @on(FilterInput.Changed)
    def _search_changed(self, event: FilterInput.Changed) -> None:
        event.stop()
        if event.text:
            self._searching.ask()
        else:
            self._searching.stop()
            self.workers.cancel_group(self, "search")
            self.show_tree()

    @on(FilterInput.Closed)
    def _leave_search(self, event: FilterInput.Closed) -> None:
        event.stop()
        self.table.focus()

    def _search(self) -> None:
        self._find(self.search_input.text)

    @work(exclusive=True, group="search", description="search by name")
    async def _find(self, pattern: str) -> None:
        inside = self._inside
        if inside is None or not pattern:
            return
        found: list[FileRow] = []
        try:
            for nodes in search(inside.root, pattern):
                found += listed(nodes[: MOST_FOUND - len(found)])
                if len(found) >= MOST_FOUND:
                    break
                # While it arrives the tree may change where anything else can go on.
                if inside.complete:
                    await asyncio.sleep(0)
        except TooLargeError as error:
            self.show_list(FlatList("nothing found", (), str(error)))
            return
        found.sort(key=lambda row: natural_key(row.path))
        figure = f"{len(found):,}{' or more' if len(found) >= MOST_FOUND else ''}"
        note = "" if found else f"nothing matches “{one_line(pattern)}”"
        self.show_list(FlatList(f"{figure} with “{one_line(pattern)}”", found, note))
