"""A view of a document's lines in which one can search."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content, Span

from tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.widgets.document import Document

LINES_SEARCHED: Final = 200_000
"""Lines that are looked through for the next place: less than a second."""

MARKS_IN_A_LINE: Final = 200
"""Places in one line that are marked; more than a terminal shows."""


class SearchedView(LineView, can_focus=True):
    """Marks what was searched for in its lines, and goes from one place to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "n", "find(1)", "next place", id="search.next", tooltip="Go to the next place of what is searched"
        ),
        Binding(
            "N",
            "find(-1)",
            "place before",
            id="search.previous",
            tooltip="Go to the place before",
            show=False,
        ),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-view--match"}

    DEFAULT_CSS = """
    SearchedView {
        & > .line-view--match {
            color: $text-warning;
            text-style: bold underline;
        }
    }
    """

    def __init__(self, document: Document | None = None) -> None:
        super().__init__(document)
        self._wanted = ""

    @property
    def wanted(self) -> str:
        """What is searched for; "" for nothing."""
        return self._wanted

    def search(self, text: str) -> bool:
        """Mark a text wherever it stands, and go to the first place from the cursor on, around the end.

        Args:
            text: in whatever case; "" marks nothing any more.

        Returns:
            Whether it is there.
        """
        self._wanted = text.casefold()
        self.redraw()
        self.refresh_bindings()
        if not self._wanted:
            return False
        if self.document is not None and self.document.folds:
            self.action_unfold_all()
        return self._go(self.cursor, 1)

    def action_find(self, step: int) -> None:
        """Go to the next place, or to the one before, around the ends."""
        self._go(self.cursor + step, step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next place where something is searched for."""
        return bool(self._wanted) if action == "find" else super().check_action(action, parameters)

    def _go(self, start: int, step: int) -> bool:
        document = self.document
        if document is None or not self._wanted or not self._count:
            return False
        for away in range(min(self._count, LINES_SEARCHED)):
            index = (start + step * away) % self._count
            if self._wanted in document.line(index, self._text_width).plain.casefold():
                self.cursor = index
                return True
        return False

    def _line(self, index: int) -> Content:
        line = super()._line(index)
        if not self._wanted:
            return line
        spans = [Span(start, end, ".line-view--match") for start, end in self._places(line.plain)]
        return Content(line.plain, [*line.spans, *spans], strip_control_codes=False) if spans else line

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Find where it stands in a line, where its letters are as many in either case."""
        lowered = text.casefold()
        if len(lowered) != len(text):
            return
        at = -1
        for _ in range(MARKS_IN_A_LINE):
            at = lowered.find(self._wanted, at + 1)
            if at < 0:
                return
            yield at, at + len(self._wanted)
