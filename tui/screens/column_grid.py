"""The columns of the browser on screen: arranged by the plan, following the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Grid
from textual.message import Message
from textual.reactive import reactive

from tui.screens.columns import Column, plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.events import DescendantFocus

    from tui.panes.base import ListPane
    from tui.panes.detail import DetailPane


FIRST = (Column.REGISTRIES, Column.REPOSITORIES)
"""The lists that may show in the first frame, beside the details."""


class ColumnGrid(Grid):
    """Shows as many of the lists as there is room for around the one that has the focus.

    A list that shows is `wanted`, and so loads; the others wait until they are looked at.
    """

    DEFAULT_CSS = """
    ColumnGrid { height: 1fr; grid-gutter: 0; }
    """

    current: reactive[Column] = reactive(Column.REGISTRIES)
    """The list that has, or last had, the focus."""
    on_detail: reactive[bool] = reactive(default=False)
    """Whether the detail view has the focus."""
    is_index: reactive[bool] = reactive(default=True)
    """Whether the tag under the cursor is an index, as far as is known."""
    zoomed: reactive[bool] = reactive(default=False)
    """Whether what has the focus takes the whole screen."""

    class Moved(Message):
        """The focus came to another column, or there is another arrangement."""

    def __init__(self, lists: Mapping[Column, ListPane[Any, Any]], detail: DetailPane) -> None:
        super().__init__()
        self.lists = lists
        self.detail = detail

    def compose(self) -> ComposeResult:
        yield from (self.lists[column] for column in FIRST)
        yield self.detail

    async def mount_rest(self) -> None:
        """Mount the lists that cannot show in the first frame."""
        rest = [pane for column, pane in self.lists.items() if column not in FIRST]
        await self.mount(*rest, before=self.detail)

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def watch_current(self) -> None:
        self._arrange()

    def watch_on_detail(self) -> None:
        self._arrange()

    def watch_is_index(self) -> None:
        self._arrange()

    def watch_zoomed(self) -> None:
        self._arrange()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        for column, pane in self.lists.items():
            if pane in event.widget.ancestors:
                self.current = column
        self.on_detail = self.detail in event.widget.ancestors
        self.post_message(self.Moved())

    def focus_column(self, column: Column) -> None:
        """Put the focus on a column, which makes it show."""
        if column is Column.DETAIL:
            self.detail.display = True
            self.detail.focus_content()
        else:
            self.lists[column].display = True
            self.lists[column].table.focus()

    def focus_back(self) -> None:
        """Put the focus on the list that had it last."""
        self.focus_column(self.current)

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        layout = plan(
            self.app.size.width,
            self.current,
            is_index=self.is_index,
            on_detail=self.on_detail,
            zoomed=self.zoomed,
        )
        self.styles.grid_size_columns = len(layout.weights)
        self.styles.grid_size_rows = 2 if layout.stacked else 1
        self.styles.grid_columns = " ".join(f"{weight}fr" for weight in layout.weights)
        sharing = layout.columns[-2:] if layout.stacked else ()
        for column, pane in (*self.lists.items(), (Column.DETAIL, self.detail)):
            pane.display = column in layout.columns
            pane.styles.row_span = 2 if layout.stacked and column not in sharing else 1
        looked_at = set(layout.columns)
        # What a tag names must be known before its layers can show.
        if Column.LAYERS in looked_at and self.current <= Column.TAGS:
            looked_at.add(Column.ENTRIES)
        for column, pane in self.lists.items():
            pane.wanted = column in looked_at
        self.detail.wanted = Column.DETAIL in looked_at
        self.post_message(self.Moved())
