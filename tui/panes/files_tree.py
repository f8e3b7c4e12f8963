"""The files of a layer or of an image as a tree that folds, loaded while it is looked at."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from tui.client.errors import RegistryError
from tui.contents.errors import ContentsError
from tui.contents.finding import Order
from tui.contents.nodes import Change
from tui.inside import MOST_ODD
from tui.panes.file_columns import file_columns
from tui.panes.file_keys import FILE_KEYS
from tui.panes.file_rows import FileRow, FileRows
from tui.panes.pace import Pace
from tui.panes.rows_pane import COUNT_SECONDS, SHOW_SECONDS, marked_failure
from tui.sanitize import one_line
from tui.widgets.table import VirtualTable
from tui.wording import trouble_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.contents.nodes import Node
    from tui.inside import Inside


ORDERS: Final = {Order.NAME: "", Order.SIZE: "largest first"}
"""Of what is in a directory, with what the border says of it."""


@dataclass(frozen=True, slots=True)
class FlatList:
    """Files in a list that is no tree: what was found, or what is large."""

    title: str
    rows: Sequence[FileRow]
    note: str = ""
    """What is said below it."""
    kind: str = "found"
    """What it is of, in a word."""


class FilesTree(Vertical):
    """Shows what is inside, while it arrives; or a list of some of it, where one is given."""

    DEFAULT_CSS = """
    FilesTree {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus-within { border: round $border; border-title-color: $text-accent; border-title-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*FILE_KEYS]

    TITLE: ClassVar[str] = "Files"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another row."""

        row: FileRow | None

    @dataclass
    class Opened(Message):
        """The person wants to see what is in a file."""

        row: FileRow

    class Arrived(Message):
        """More has arrived, or the load has ended."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.table: VirtualTable[FileRow] = VirtualTable((), key=lambda row: row.path)
        self._inside: Inside | None = None
        self._rows = FileRows()
        self._flat: FlatList | None = None
        self._left_at = ""
        """Where the cursor was in the tree before a list took its place."""
        self._come_back = ""
        """The path that the cursor goes to once it has arrived."""
        self._problem: ContentsError | RegistryError | None = None
        self._showing = Pace(self, self._show_arrived, SHOW_SECONDS)
        self._counting = Pace(self, self._tell_figures, COUNT_SECONDS)
        self.border_title = self.TITLE

    def compose(self) -> ComposeResult:
        yield self.table

    @property
    def row(self) -> FileRow | None:
        """The row that the cursor is on."""
        return self.table.row

    @property
    def inside(self) -> Inside | None:
        """What is shown."""
        return self._inside

    @property
    def flat(self) -> FlatList | None:
        """The list that takes the place of the tree, where one does."""
        return self._flat

    # What is shown.

    def show(self, inside: Inside) -> None:
        """Show what is inside of something, and load what is missing of it; the cursor stays on its path."""
        path = self.path
        self.workers.cancel_node(self)
        self._showing.stop()
        self._inside, self._problem, self._flat = inside, None, None
        self.list_left()
        if not inside.has_marks:
            self._rows.kept = None
        self.table.columns = file_columns(inside)
        self._rows.root = inside.root
        self._come_back = path
        self._show_rows(path)
        if inside.complete:
            self._tell()
        else:
            self._load(inside)

    def show_list(self, flat: FlatList) -> None:
        """Show a list in place of the tree."""
        if self._flat is None:
            self._left_at = self.path
        self._flat = flat
        self._show_rows(self.path)

    def show_tree(self) -> None:
        """Show the tree again, where a list had taken its place."""
        if self._flat is not None:
            self._flat = None
            self._show_rows(self._left_at)

    def reveal(self, node: Node) -> None:
        """Show where in the tree a node is."""
        self.list_left()
        self._flat = None
        self._rows.reveal(node)
        self._show_rows(node.path)
        self.table.focus()

    @work(exclusive=True, group="load", description="list what is inside")
    async def _load(self, inside: Inside) -> None:
        self._tell()
        telling = self.set_interval(COUNT_SECONDS, self._tell, name="tell how far it is")
        try:
            async with aclosing(inside.arrive()) as arriving:
                async for _ in arriving:
                    self._showing.ask()
                    await asyncio.sleep(0)
        except (ContentsError, RegistryError) as error:
            self._problem = error
        finally:
            telling.stop()
        self._showing.stop()
        self._show_arrived()
        if self._come_back and not self.path:
            self._show_rows(self._come_back)
        self._tell_figures()

    def _show_arrived(self) -> None:
        self._rows.root = self._inside.root if self._inside is not None else None
        if self._flat is None:
            self.table.set_rows(self._rows.rows(), keep_cursor=True)
        self._tell()
        self.post_message(self.Arrived())

    def _show_rows(self, path: str) -> None:
        """Show the rows anew, with the cursor on a path, or on what it is in."""
        rows = list(self._flat.rows) if self._flat is not None else self._rows.rows()
        self.table.set_rows(rows)
        places = {row.path: index for index, row in enumerate(rows)}
        while path and path not in places:
            path = path.rpartition("/")[0]
        self.table.cursor = places.get(path, 0)
        if not rows:
            self.post_message(self.Highlighted(None))
        self._tell()
        self._tell_figures()
        self.refresh_bindings()

    @property
    def path(self) -> str:
        """The path that the cursor is on; "" for the root."""
        return self.row.path if self.row is not None else ""

    # What is said.

    def _tell(self) -> None:
        """Show below the rows what there is to say, and the figures in the border."""
        inside = self._inside
        if inside is None:
            return
        if self._problem is not None:
            lines = [*trouble_lines(self._problem), "r  try again"]
            self.table.set_note(marked_failure("\n".join(lines)))
        elif not inside.complete:
            self.table.set_note(inside.waits_for)
        else:
            self.table.set_note("\n".join(filter(None, (self._nothing(), self._remark(inside)))))
        self._counting.ask()

    def _nothing(self) -> str:
        """Say why there is nothing, where there is nothing."""
        if self._flat is not None:
            return self._flat.note
        if self._rows.kept is not None and len(self.table.rows) <= 1:
            return f"nothing was {self._rows.kept.value} here"
        return "" if self._inside is None or self._inside.root.children else "nothing in here"

    @staticmethod
    def _remark(inside: Inside) -> str:
        """Say that something is wrong, where something is."""
        number = len(inside.problems) + len(inside.odd)
        more = "+" if len(inside.odd) >= MOST_ODD else ""
        return (
            f"✗ {number:,}{more} {'problem' if number == 1 else 'problems'}: p lists them" if number else ""
        )

    def _tell_figures(self) -> None:
        inside = self._inside
        if inside is None:
            return
        parts = [self.TITLE, inside.title]
        if self._flat is not None:
            parts.append(self._flat.title)
        else:
            parts.append(f"only {self._rows.kept.value}" if self._rows.kept is not None else "")
            parts.append(ORDERS[self._rows.order])
        self.border_title = Content(one_line(" · ".join(filter(None, parts))))
        self.border_subtitle = Content(one_line(inside.figures()))

    # What the person does.

    @on(VirtualTable.Highlighted)
    def _tell_highlighted(self, event: VirtualTable.Highlighted[FileRow]) -> None:
        event.stop()
        self.post_message(self.Highlighted(self.row))

    @on(VirtualTable.Activated)
    def _activate(self, event: VirtualTable.Activated[FileRow]) -> None:
        event.stop()
        row = self.row
        if row is None:
            return
        if row.unfolded is None and self._flat is None:
            self.post_message(self.Opened(row))
        elif self._flat is None:
            self._fold(row.node, unfold=not row.unfolded)
        elif row.node.is_directory or row.called != row.node.path:
            self.reveal(row.node)
        else:
            self.post_message(self.Opened(row))

    def action_unfold(self) -> None:
        """Open a directory; in a list, show where the file is."""
        row = self.row
        if row is None:
            return
        if self._flat is not None:
            self.reveal(row.node)
        elif row.unfolded is None:
            self.post_message(self.Opened(row))
        elif row.unfolded:
            self.table.cursor += 1
        else:
            self._fold(row.node, unfold=True)

    def action_fold(self) -> None:
        """Close a directory, or go to the one that the row is in; leave a list."""
        row = self.row
        if self._flat is not None:
            self.leave_list()
        elif row is None:
            return
        elif row.unfolded and row.depth:
            self._fold(row.node, unfold=False)
        elif row.node.parent is not None:
            self._show_rows(row.node.parent.path)

    def _fold(self, node: Node, *, unfold: bool) -> None:
        self._rows.fold(node, unfold=unfold)
        self.table.set_rows(self._rows.rows(), keep_cursor=True)

    def leave_list(self) -> bool:
        """Go back to the tree, or take away what only shows a part of it; tell whether there was one."""
        if self._flat is not None:
            self.list_left()
            self.show_tree()
            return True
        if self._rows.kept is not None:
            self.action_only(self._rows.kept.name)
            return True
        return False

    def action_sort(self) -> None:
        """Show what is in directories in the next order."""
        self._rows.order = Order.SIZE if self._rows.order is Order.NAME else Order.NAME
        self._show_rows(self.path)

    def action_only(self, name: str) -> None:
        """Show only what has a change, or all again."""
        change = Change[name]
        self._rows.kept = None if self._rows.kept is change else change
        self.list_left()
        self._flat = None
        self._show_rows(self.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        if action == "only":
            return self._inside is not None and self._inside.has_marks
        return True

    def list_left(self) -> None:
        """Take note that the tree takes the place of a list; for those who have something to end then."""

    def action_reload(self) -> None:
        """Load again what failed."""
        if self._inside is not None and self._problem is not None:
            self._problem = None
            self._load(self._inside)
