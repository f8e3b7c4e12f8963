"""JSON as a document whose objects and arrays fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from tui.sanitize import one_line
from tui.widgets.document import Document
from tui.widgets.folds import FoldTree
from tui.widgets.json_values import (
    JsonLiteral,
    JsonObject,
    JsonReadError,
    brackets,
    child,
    from_python,
    json_text,
    read_json,
    scalar_text,
    size,
)
from tui.widgets.text_document import TextDocument

if TYPE_CHECKING:
    from tui.widgets.folds import Place
    from tui.widgets.json_values import Container

LONGEST_VALUE: Final = 2_000
"""Length of a string that is shown, in characters; copying gives all of it."""

DEEPEST_INDENT: Final = 40
"""Levels by which a line is set in; lines that are nested deeper stand below each other."""

UNFOLDED: Final = "▾ "
FOLDED: Final = "▸ "
UNFOLDABLE: Final = "  "


class JsonDocument(Document):
    """A JSON value. What is no JSON is shown as text below a line that says why."""

    def __init__(self, source: bytes | str | Any) -> None:
        """Read a document.

        Args:
            source: bytes or text as they were received; or what `json` made of them.
        """
        self._value: Any = None
        self._tree: FoldTree | None = None
        self._text: TextDocument | None = None
        if isinstance(source, bytes):
            source = source.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")
        try:
            self._value = read_json(source) if isinstance(source, str) else from_python(source)
        except JsonReadError as error:
            self._text = _as_text(source if isinstance(source, str) else repr(source), error)
        if size(self._value):
            self._tree = FoldTree(self._value)
        self.folds = self._tree is not None

    @property
    def value(self) -> Any:
        """What was read, with `JsonObject` and `JsonLiteral`; None when it is no JSON."""
        return self._value

    @property
    def is_valid(self) -> bool:
        """Whether the source is JSON."""
        return self._text is None

    def line_count(self, width: int) -> int:
        """Return how many lines show with the folds as they are."""
        if self._text is not None:
            return self._text.line_count(width)
        return 1 if self._tree is None else self._tree.lines

    def line(self, index: int, width: int) -> Content:
        """Return a member, an item, or the beginning or the end of a container."""
        if self._text is not None:
            return self._text.line(index, width)
        if self._tree is None:
            return Content.assemble(UNFOLDABLE, _value(self._value))
        place = self._tree.place(index)
        indent = "  " * min(len(place.path), DEEPEST_INDENT)
        if place.fold is not None and place.closes:
            end = brackets(place.fold.container)[1] + _comma(place)
            return Content.assemble(indent, UNFOLDABLE, (end, ".line-view--muted"))
        name, value = self._named_value(place)
        if place.fold is not None:
            start = (brackets(place.fold.container)[0], ".line-view--muted")
            return Content.assemble(indent, UNFOLDED, _name(name), start)
        mark = FOLDED if size(value) else UNFOLDABLE
        return Content.assemble(
            indent, mark, _name(name), _value(value), (_comma(place), ".line-view--muted")
        )

    def raw(self, index: int, width: int) -> str:
        """Return a string as it is, anything else as JSON."""
        if self._text is not None:
            return self._text.raw(index, width)
        value = self._value if self._tree is None else self._named_value(self._tree.place(index))[1]
        return str(value) if isinstance(value, str) else json_text(value)

    def reflowed(self, index: int, old_width: int, new_width: int) -> int:
        """Return the same line, which does not depend on the width unless it is text."""
        return index if self._text is None else self._text.reflowed(index, old_width, new_width)

    def toggle(self, index: int) -> bool:
        """Fold or unfold the object or array that the line begins, ends or stands for."""
        return self._tree is not None and self._tree.toggle(self._tree.place(index))

    def fold_start(self, index: int) -> int:
        """Return the line that begins the object or array that this line ends."""
        return index if self._tree is None else self._tree.line(self._tree.place(index).path)

    def fold_all(self, index: int) -> int:
        """Fold everything but the outermost value."""
        if self._tree is None:
            return index
        path = self._tree.place(index).path
        self._tree.fold_all()
        return self._tree.line(path)

    def unfold_all(self, index: int) -> int:
        """Unfold everything, level by level, until there are too many lines."""
        if self._tree is None:
            return index
        place = self._tree.place(index)
        self._tree.unfold_all()
        start = self._tree.line(place.path)
        return start + (place.fold.lines - 1 if place.fold is not None and place.closes else 0)

    def _named_value(self, place: Place) -> tuple[str | None, Any]:
        if not place.path:
            return None, self._value
        parent, index = place.path[-1]
        return child(parent.container, index)


def _as_text(source: str, error: JsonReadError) -> TextDocument:
    """Show what could not be read, below the reason."""
    lines = source.split("\n")
    reason = Content.styled(f"Not valid JSON: {one_line(str(error))}", ".line-view--error")
    return TextDocument([reason, "", *(line.removesuffix("\r") for line in lines)])


def _name(name: str | None) -> Content:
    if name is None:
        return Content("")
    shown = one_line(scalar_text(name[: LONGEST_VALUE + 1]), limit=LONGEST_VALUE)
    return Content.assemble((shown, ".line-view--key"), (": ", ".line-view--muted"))


def _value(value: Any) -> Content:
    """Return a value on one line: a scalar, or a container with what is in it counted."""
    if isinstance(value, JsonObject | list):
        return Content.styled(_summary(value), ".line-view--muted")
    if isinstance(value, JsonLiteral):
        return Content.styled(one_line(value, limit=LONGEST_VALUE), ".line-view--number")
    if not isinstance(value, str):
        return Content.styled(scalar_text(value), ".line-view--constant")
    cut = scalar_text(value[: LONGEST_VALUE + 1])
    return Content.styled(one_line(cut, limit=LONGEST_VALUE), ".line-view--string")


def _summary(container: Container) -> str:
    count = size(container) or 0
    pair = brackets(container)
    if not count:
        return pair
    noun = "key" if isinstance(container, JsonObject) else "item"
    return f"{pair[0]} {count:,} {noun}{'' if count == 1 else 's'} {pair[1]}"


def _comma(place: Place) -> str:
    if not place.path:
        return ""
    parent, index = place.path[-1]
    return "," if index < parent.count - 1 else ""
