"""Lines with a note after the last one: that more is on its way, what went wrong, why there is nothing."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from textual.content import Content
from textual.strip import Strip

from tui.sanitize import multi_line
from tui.widgets.cells import cleaned
from tui.widgets.cursor_view import CursorView

NoteStyle = Literal["muted", "error"]
"""How the note looks."""

NOTE_LIMIT: Final = 2_000
"""Length of a note in characters."""


class NotedView(CursorView, can_focus=True):
    """Lines of which one bears the cursor, and a note that never does.

    A subclass counts the lines of the note when it is laid out (`_measure`) and draws them
    (`_render_note`).
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"noted-view--note", "noted-view--error"}

    DEFAULT_CSS = """
    NotedView {
        & > .noted-view--note {
            color: $foreground-muted;
        }
        & > .noted-view--error {
            color: $text-error;
        }
        &:ansi > .noted-view--note {
            color: ansi_default;
            text-style: dim;
        }
    }
    """

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 -- the name that every widget of Textual gives it
        classes: str | None = None,
    ) -> None:
        """Describe the view.

        Args:
            id: of the widget.
            classes: of the widget.
        """
        super().__init__(id=id, classes=classes)
        self._note: Content | None = None
        self._note_style: NoteStyle = "muted"
        self._note_lines: list[Content] = []

    @property
    def note(self) -> Content | None:
        """The text after the last line; where there are no lines it is all that one reads."""
        return self._note

    @note.setter
    def note(self, note: Content | str | None) -> None:
        self.set_note(note)

    @property
    def note_style(self) -> NoteStyle:
        """How the note looks; setting the note makes it `muted`."""
        return self._note_style

    @note_style.setter
    def note_style(self, style: NoteStyle) -> None:
        self._note_style = style
        self.refresh()

    def set_note(self, note: Content | str | None, style: NoteStyle = "muted") -> None:
        """Show a text after the last line, wrapped to the width of the view.

        Args:
            note: None or an empty text takes it away.
            style: `error` for what went wrong.
        """
        if isinstance(note, str):
            note = Content(multi_line(note, NOTE_LIMIT), strip_control_codes=False)
        self._note = note or None
        self._note_style = style
        in_view = self._cursor_in_view
        self._measure()
        if in_view:
            self._show_cursor()

    @property
    def _gutter(self) -> int:
        """Cells before each line."""
        raise NotImplementedError

    def _measure(self) -> None:
        """Count the lines, those of the note with them."""
        raise NotImplementedError

    def _wrap_note(self) -> int:
        """Wrap the note to the present width, and return how many lines it has."""
        width = self.scrollable_content_region.width - self._gutter
        self._note_lines = self._note.wrap(width) if self._note is not None and width > 0 else []
        return len(self._note_lines)

    def _render_note(self, index: int, width: int) -> Strip:
        """Render a line of the note, or what is blank below it."""
        if index >= len(self._note_lines):
            return Strip.blank(width, self.visual_style.rich_style)
        name = "noted-view--error" if self._note_style == "error" else "noted-view--note"
        line = Content.assemble(" " * self._gutter, cleaned(self._note_lines[index]))
        return self._compose_strip(line, self.get_visual_style(name), width)
