"""What shows documents in tabs: the line of their labels, and the view below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.widgets.lines import LineView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.panes.views import View


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


class TabsPane(Vertical):
    """Shows documents about one thing, the one that the person chose last of them first."""

    DEFAULT_CSS = """
    TabsPane {
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
    ]

    TITLE: ClassVar[str] = "Details"

    def __init__(self, *, id: str, lines: LineView | None = None) -> None:  # noqa: A002  # Textual's name for it
        """Begin without tabs.

        Args:
            id: of the widget.
            lines: the view, where a line view of another kind is wanted.
        """
        super().__init__(id=id)
        self.tab_line = TabLine()
        self.lines = lines if lines is not None else LineView()
        self.border_title = self.TITLE
        self._views: tuple[View, ...] = ()
        self._chosen = ""

    def compose(self) -> ComposeResult:
        yield self.tab_line
        yield self.lines

    def on_mount(self) -> None:
        self.show_views(())

    def focus_content(self) -> None:
        """Take the focus."""
        self.lines.focus()

    @property
    def chosen(self) -> str:
        """The tab that shows."""
        names = [view.name for view in self._views]
        return self._chosen if self._chosen in names else next(iter(names), "")

    def show_views(self, shown: tuple[View, ...]) -> None:
        """Show tabs, and of them the one that the person chose last, if there is one like it."""
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

    def action_tab(self, step: int) -> None:
        """Show another tab, in a circle."""
        names = [view.name for view in self._views]
        self._chosen = names[(names.index(self.chosen) + step) % len(names)]
        self._show_chosen()
