"""What a table and a view of lines have in common: a cursor line that the view follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content, Span
from textual.geometry import Region, Size, clamp
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

if TYPE_CHECKING:
    from textual import events
    from textual.style import Style

CACHED_LINES: Final = 512
"""Rendered lines that are kept: several screens, so that scrolling back and forth renders nothing twice."""


class CursorView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of which one bears the cursor; only those in view are rendered.

    A subclass counts the lines that take the cursor when it is laid out (`_lay_out`, `_set_size`), renders
    lines of the screen (`render_line`, `_compose_strip`), and says what opening a line means (`_open`).
    """

    ALLOW_SELECT = False
    FOCUS_ON_CLICK = False  # the handler of the mouse needs to know whether the focus was here before

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="cursor.up", tooltip="Go up by one line"),
        Binding("down,j", "move(1)", "down", show=False, id="cursor.down", tooltip="Go down by one line"),
        Binding(
            "pageup", "page(-1)", "page up", show=False, id="cursor.page-up", tooltip="Go up by a screen"
        ),
        Binding(
            "pagedown",
            "page(1)",
            "page down",
            show=False,
            id="cursor.page-down",
            tooltip="Go down by a screen",
        ),
        Binding(
            "ctrl+u",
            "page(-0.5)",
            "half up",
            show=False,
            id="cursor.half-up",
            tooltip="Go up by half a screen",
        ),
        Binding(
            "ctrl+d",
            "page(0.5)",
            "half down",
            show=False,
            id="cursor.half-down",
            tooltip="Go down by half a screen",
        ),
        Binding("home,g", "first", "first", show=False, id="cursor.first", tooltip="Go to the first line"),
        Binding("end,G", "last", "last", show=False, id="cursor.last", tooltip="Go to the last line"),
    ]

    DEFAULT_CSS = """
    CursorView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    cursor: reactive[int] = reactive(0, init=False)
    """Index of the line under the cursor; 0 when there are no lines."""

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
        self._count = 0
        self._above = 0
        self._below = 0
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(CACHED_LINES)
        self._had_focus = False
        self._moved_by_press = False
        self._opened_by_click = False

    # Cursor

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a line."""
        return clamp(cursor, 0, max(0, self._count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Follow the cursor with the view."""
        width = self.scrollable_content_region.width
        for index in (old, new):
            self.refresh(Region(0, index + self._above - round(self.scroll_y), width, 1))
        self._show_cursor()

    def action_move(self, lines: int) -> None:
        """Move the cursor by a number of lines, down when positive."""
        self.cursor += lines

    def action_page(self, screens: float) -> None:
        """Move the cursor by a number of screens, down when positive; a whole one keeps a line."""
        lines = max(1, round(abs(screens) * self._view_height) - (abs(screens) >= 1))
        self.cursor += lines if screens > 0 else -lines

    def action_first(self) -> None:
        """Move the cursor to the first line."""
        self.cursor = 0
        self._show_cursor()

    def action_last(self) -> None:
        """Move the cursor to the last line that is there."""
        self.cursor = self._count - 1
        self._show_cursor()

    def _open(self) -> None:
        """Do what a click on the cursor line asks for."""
        raise NotImplementedError

    # Geometry

    def on_resize(self) -> None:
        """Fit the lines to the new size; a view that was hidden gets one when it is shown again."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Count lines again, and keep the cursor in view."""
        raise NotImplementedError

    @property
    def _view_height(self) -> int:
        """Lines that fit between what stands fixed above them and the lower edge."""
        return max(0, self.scrollable_content_region.height - self._above)

    def _set_size(self, count: int, *, above: int = 0, below: int = 0) -> None:
        """Tell the scrollbar how much there is.

        Args:
            count: lines that take the cursor.
            above: lines of the screen that stand still above them.
            below: lines that follow them and take no cursor.
        """
        if bool(count) != bool(self._count) and self.is_running:
            self.refresh_bindings()
        self._count, self._above, self._below = count, above, below
        size = Size(self.scrollable_content_region.width, above + count + below)
        if size != self.virtual_size:
            # How much there is in a view changes nothing around it, unless its scrollbar comes or goes.
            self.set_reactive(CursorView.virtual_size, size)
            self._scroll_update(size)
        self.refresh()

    def _place_cursor(self, cursor: int, top: int, *, show: bool = True) -> None:
        """Put the cursor on a line, silently, and the view where it was asked to be as far as it can.

        Args:
            cursor: index of a line; moved to the nearest one there is.
            top: index of the first line in view.
            show: whether the view goes along; otherwise it stays where the wheel put it.
        """
        self.set_reactive(CursorView.cursor, self.validate_cursor(cursor))
        if self._view_height and show:
            self.scroll_to(y=top, animate=False, force=True)
            self._show_cursor()

    @property
    def _cursor_in_view(self) -> bool:
        """Whether the cursor line shows; the wheel may have moved the view away from it."""
        return 0 <= self.cursor - round(self.scroll_y) < self._view_height

    def _show_cursor(self) -> None:
        """Scroll the least that brings the cursor into view; with the last line comes what is below it."""
        if not (height := self._view_height):
            return
        bottom = self.cursor
        if self.cursor >= self._count - 1 and self._below < height:
            bottom += self._below
        top = clamp(round(self.scroll_y), bottom - height + 1, self.cursor)
        if top != round(self.scroll_y):
            self.scroll_to(y=top, animate=False, force=True)

    def notify_style_update(self) -> None:
        """Forget lines in colours that are no longer true."""
        self._strips.clear()
        super().notify_style_update()

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the cursor to the line under the mouse, and take the focus.

        No click follows where the focus arranges the screen anew: the button is let go over something else.
        """
        self._had_focus = self.has_focus
        index = self._line_at(event)
        self._moved_by_press = index is not None and index != self.cursor
        if index is not None and self._moved_by_press:
            self.cursor = index
        self.focus(scroll_visible=False)

    def on_click(self, event: events.Click) -> None:
        """Open a line when the cursor was on it before, or at the second click."""
        if (index := self._line_at(event)) is None:
            return
        event.stop()
        if index != self.cursor:
            self.cursor = index
            opens = False
        else:
            known = self._had_focus and not self._moved_by_press
            opens = known and not (event.chain > 1 and self._opened_by_click)
        if opens:
            self._open()
        self._opened_by_click = opens or (event.chain > 1 and self._opened_by_click)

    def _line_at(self, event: events.MouseEvent) -> int | None:
        """Return the line under the mouse and its first button, or None beside all lines."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._above or event.button > 1:
            return None
        index = offset.y - self._above + round(self.scroll_y)
        return index if index < self._count else None

    # Rendering

    def _compose_strip(self, line: Content, base: Style, width: int, *, plain: bool = False) -> Strip:
        """Render one line of content.

        Args:
            line: whose styles are of theme variables, or component classes after a dot.
            base: what the line is drawn on.
            width: of the strip, in cells.
            plain: whether the line has one colour whatever its content says.
        """
        spans = [Span(start, end, self._resolve(style, plain=plain)) for start, end, style in line.spans]
        content = Content(line.plain, spans, strip_control_codes=False)
        segments = [Segment(text, style.rich_style) for text, style in content.render(base, end="")]
        return Strip(segments, cell_len(line.plain)).adjust_cell_length(width, base.rich_style)

    def _resolve(self, style: Style | str, *, plain: bool) -> Style:
        if isinstance(style, str):
            style = (
                self.get_visual_style(style[1:], partial=True)
                if style.startswith(".")
                else self.app.stylesheet.parse_style(style)
            )
        return style.without_color if plain else style
