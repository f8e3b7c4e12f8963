"""What screens have in common that show a list, and beside it what is in the row under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.panes.file import FilePane
from tui.widgets.reference_bar import ReferenceBar

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.session import Session


class BesideScreen(Screen[None]):
    """A list, and beside it what is in its row; either may have the focus.

    Args:
        session: What the program works with.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.bar = ReferenceBar(id="bar")
        self.file_pane = FilePane(id="file")

    @property
    @abstractmethod
    def list_view(self) -> Widget:
        """The list."""
        ...

    def action_detail(self) -> None:
        """Go to what is in the row, or back to the list."""
        if self.file_pane.has_focus_within:
            self.list_view.focus()
        else:
            self.file_pane.focus_content()

    def action_zoom(self) -> None:
        """Give the whole screen to what is in the row, or take it back."""
        self.file_pane.focus_content()
        self.toggle_class("-zoomed")

    def action_help(self) -> None:
        """Show all keys."""
        from tui.screens.dialogs import HelpScreen  # noqa: PLC0415  # few people need it

        self.app.push_screen(HelpScreen(self))
