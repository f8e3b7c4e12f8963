"""A view of a document's lines, with a cursor line that can fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import clamp
from textual.reactive import reactive
from textual.strip import Strip

from tui.sanitize import ELLIPSIS, multi_line
from tui.widgets.cells import cleaned
from tui.widgets.cursor_view import CACHED_LINES, CursorView
from tui.widgets.text_document import LONGEST_LINE, TextDocument

if TYPE_CHECKING:
    from textual import events

    from tui.widgets.document import Document

CURSOR_GLYPH: Final = "\u203a"
GUTTER: Final = 2
"""Cells before a line: the cursor's glyph and a space."""

FOLD_MARKS: Final = "▾▸"
"""Stand before what can be folded, and what is folded."""

SIDEWAYS_STEP: Final = 8
"""Cells by which the view moves sideways."""


class LineView(CursorView, can_focus=True):
    """A document of any length: JSON that folds, text that wraps, an overview of fields."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,space",
            "fold",
            "fold",
            id="lines.fold",
            tooltip="Fold or unfold what is under the cursor",
        ),
        Binding("minus", "fold_all", "fold all", show=False, id="lines.fold-all", tooltip="Fold everything"),
        Binding(
            "plus", "unfold_all", "unfold all", show=False, id="lines.unfold-all", tooltip="Unfold everything"
        ),
        Binding("left", "sideways(-1)", "left", show=False, id="lines.left", tooltip="Show more of the left"),
        Binding(
            "right", "sideways(1)", "right", show=False, id="lines.right", tooltip="Show more of the right"
        ),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-view--constant",
        "line-view--cursor",
        "line-view--error",
        "line-view--heading",
        "line-view--key",
        "line-view--label",
        "line-view--muted",
        "line-view--number",
        "line-view--string",
    }

    DEFAULT_CSS = """
    LineView {
        & > .line-view--cursor {
            background: $block-cursor-blurred-background;
        }
        &:focus > .line-view--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & > .line-view--muted, & > .line-view--label {
            color: $foreground-muted;
        }
        & > .line-view--heading {
            text-style: bold;
        }
        & > .line-view--error {
            color: $text-error;
        }
        & > .line-view--key {
            color: $text-primary;
        }
        & > .line-view--string {
            color: $text-success;
        }
        & > .line-view--number {
            color: $text-warning;
        }
        & > .line-view--constant {
            color: $text-secondary;
        }
        &:ansi > .line-view--muted, &:ansi > .line-view--label {
            color: ansi_default;
            text-style: dim;
        }
    }
    """

    document: reactive[Document | None] = reactive(None, init=False)
    """What is shown; None leaves the view blank."""

    def __init__(
        self,
        document: Document | None = None,
        *,
        id: str | None = None,  # noqa: A002 -- the name that every widget of Textual gives it
        classes: str | None = None,
    ) -> None:
        """Describe the view.

        Args:
            document: what is shown at first.
            id: of the widget.
            classes: of the widget.
        """
        super().__init__(id=id, classes=classes)
        self._shift = 0
        self._text_width = 0
        self._texts: LRUCache[int, Content] = LRUCache(CACHED_LINES)
        self.set_reactive(LineView.document, document)

    @property
    def selected_text(self) -> str:
        """What the line under the cursor stands for, in full and as it was received; empty without lines."""
        if self.document is None or self.cursor >= self._count:
            return ""
        return self.document.raw(self.cursor, self._text_width)

    def show_text(self, text: str | Content, style: str = ".line-view--muted") -> None:
        """Show a text instead of a document: that something loads, or what went wrong.

        Args:
            text: of one line or several.
            style: of the whole text; theme variables or a component (`.line-view--error`).
        """
        content = Content(multi_line(text), strip_control_codes=False) if isinstance(text, str) else text
        lines = content.stylize_before(style).split("\n", allow_blank=True)
        self.document = TextDocument(lines)

    def redraw(self) -> None:
        """Draw the lines of the document anew: other styles, the same text."""
        self._strips.clear()
        self._texts.clear()
        self.refresh()

    def watch_document(self) -> None:
        """Show another document from its beginning."""
        self._shift = 0
        self._measure()
        self._place_cursor(0, 0)
        if self.is_attached:  # a load may end while the program does
            self.refresh_bindings()

    def _lay_out(self) -> None:
        old = self._text_width
        cursor, top = self.cursor, round(self.scroll_y)
        self._measure()
        if self.document is not None and old and old != self._text_width:
            new = self.document.reflowed(cursor, old, self._text_width)
            self._measure()
            self._place_cursor(new, top + new - cursor)
        else:
            self._show_cursor()

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 -- Textual calls it
        """Draw the cursor line as it looks with or without the focus."""
        super().watch_has_focus(has_focus)
        self.refresh()

    # Keys

    def action_fold(self) -> None:
        """Fold or unfold what begins or ends in the line under the cursor."""
        if self.document is None or self.cursor >= self._count:
            return
        start = self.document.fold_start(self.cursor)
        if self.document.toggle(self.cursor):
            self._refold(start)

    def action_fold_all(self) -> None:
        """Fold everything."""
        if self.document is not None:
            self._refold(self.document.fold_all(self.cursor))

    def action_unfold_all(self) -> None:
        """Unfold everything, within reason."""
        if self.document is not None:
            self._refold(self.document.unfold_all(self.cursor))

    def action_sideways(self, steps: int) -> None:
        """Move the view sideways over lines that are too wide, right when positive."""
        self._move_sideways(steps * SIDEWAYS_STEP)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer folding where there is something to fold, moving sideways where lines are too wide."""
        if action in {"fold", "fold_all", "unfold_all"}:
            return self.document is not None and self.document.folds
        if action == "sideways":
            return self._shift > 0 or self._widest_shift() > 0
        return super().check_action(action, parameters)

    def _open(self) -> None:
        self.action_fold()

    def _refold(self, cursor: int) -> None:
        top = round(self.scroll_y) + cursor - self.cursor
        self._measure()
        self._place_cursor(cursor, top)

    def _move_sideways(self, cells: int) -> None:
        shift = clamp(self._shift + cells, 0, max(self._shift, self._widest_shift()))
        if shift != self._shift:
            self._shift = shift
            self.refresh()

    def _widest_shift(self) -> int:
        """By how many cells the widest line in view is too wide."""
        if self.document is None:
            return 0
        top = round(self.scroll_y)
        lines = range(top, min(self._count, top + self._view_height))
        widest = max((cell_len(self._line(index).plain) for index in lines), default=0)
        return max(0, widest - self._text_width)

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Fold at a click on a mark; everything else is as for all views with a cursor."""
        offset, index = event.get_content_offset(self), self._line_at(event)
        if offset is None or index is None:
            return
        text = self._line(index).plain
        mark = len(text) - len(text.lstrip(" "))
        if text[mark : mark + 1] in FOLD_MARKS and offset.x - GUTTER + self._shift == mark:
            event.prevent_default()
            event.stop()
            self.cursor = index
            self.action_fold()

    def _on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self._move_sideways(-SIDEWAYS_STEP)

    def _on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self._move_sideways(SIDEWAYS_STEP)

    # Rendering

    def _measure(self) -> None:
        """Count the lines at the present width."""
        self._strips.clear()
        self._texts.clear()
        # A hidden view has no width; what it had before is the best guess at what it will have.
        self._text_width = max(0, self.scrollable_content_region.width - GUTTER) or self._text_width
        known = self.document is not None and self._text_width
        self._set_size(self.document.line_count(self._text_width) if self.document and known else 0)

    def _line(self, index: int) -> Content:
        if self.document is None:
            return Content("")
        if (text := self._texts.get(index)) is None:
            line = self.document.line(index, self._text_width)
            text = self._texts[index] = cleaned(line, limit=LONGEST_LINE)
        return text

    def render_line(self, y: int) -> Strip:
        """Render a line of the screen, `y` lines below the top of the view."""
        width = self.scrollable_content_region.width
        index = y + round(self.scroll_y)
        if index >= self._count:
            return Strip.blank(width, self.visual_style.rich_style)
        on_cursor = index == self.cursor and self._shows_cursor
        key = (index, width, self._shift, on_cursor, on_cursor and self.has_focus)
        if (strip := self._strips.get(key)) is None:
            strip = self._strips[key] = self._render_text(index, width, on_cursor=on_cursor)
        return strip

    @property
    def _shows_cursor(self) -> bool:
        """Text that one only glances at has no cursor line; what folds always has one."""
        return self.has_focus or (self.document is not None and self.document.folds)

    def _render_text(self, index: int, width: int, *, on_cursor: bool) -> Strip:
        base = self.get_visual_style("line-view--cursor") if on_cursor else self.visual_style
        plain = on_cursor and self.has_focus
        gutter = f"{CURSOR_GLYPH} " if on_cursor else " " * GUTTER
        head = self._compose_strip(Content(gutter), base, GUTTER, plain=plain)
        line = self._line(index)
        room = max(0, width - GUTTER)
        whole = self._compose_strip(line, base, max(cell_len(line.plain), self._shift + room), plain=plain)
        if whole.cell_length <= self._shift + room:
            return Strip.join([head, whole.crop(self._shift)])
        more = self._compose_strip(Content.styled(ELLIPSIS, ".line-view--muted"), base, 1, plain=plain)
        return Strip.join([head, whole.crop(self._shift, self._shift + room - 1), more])
