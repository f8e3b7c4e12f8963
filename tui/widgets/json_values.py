"""JSON read so that it can be shown as it was written.

Numbers keep their text, objects keep the order of their members and members of the same name, and
values may be nested deeper than Python recurses.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 20_000
"""Levels of nesting that are read; what is nested deeper is not meant to be read by anyone."""


class JsonReadError(ValueError):
    """A text is not JSON; the message says why and where."""


class JsonObject:
    """An object's members as they were written."""

    __slots__ = ("members",)

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        self.members = members
        """Names with values, in order."""


class JsonLiteral(str):
    """A number, or one of the words that some writers use for numbers that are none, as it was written."""

    __slots__ = ()


Container = JsonObject | list[Any]
"""A value that has others in it."""


def read_json(text: str) -> Any:
    """Read a document: objects as `JsonObject`, numbers as `JsonLiteral`, everything else as `json` does.

    Args:
        text: the whole document.

    Raises:
        JsonReadError: the text is not JSON, or is nested deeper than `DEEPEST`.
    """
    try:
        with _without_collections():
            try:
                return _DECODER.decode(text)
            except RecursionError:
                return _DeepReader(text).read()
    except json.JSONDecodeError as error:
        message = f"{error.msg}, line {error.lineno:,}, column {error.colno:,}"
        raise JsonReadError(message) from error


def from_python(value: Any) -> Any:
    """Turn what `json` reads into what `read_json` reads.

    Raises:
        JsonReadError: the value is nested deeper than Python recurses, or contains itself.
    """
    try:
        return read_json(json.dumps(value, ensure_ascii=False, default=_plain))
    except RecursionError as error:
        raise JsonReadError("Nested too deeply") from error
    except ValueError as error:
        raise JsonReadError(str(error)) from error


def size(value: Any) -> int | None:
    """Return how many members or items a value has; None for one that cannot have any."""
    if isinstance(value, JsonObject):
        return len(value.members)
    return len(value) if isinstance(value, list) else None


def child(container: Container, index: int) -> tuple[str | None, Any]:
    """Return a member with its name, or an item without one."""
    return container.members[index] if isinstance(container, JsonObject) else (None, container[index])


def brackets(container: Container) -> str:
    """Return the two characters that a container stands between."""
    return "{}" if isinstance(container, JsonObject) else "[]"


def scalar_text(value: Any) -> str:
    """Return how a value without children is written in JSON."""
    return str(value) if isinstance(value, JsonLiteral) else json.dumps(value, ensure_ascii=False)


def json_text(value: Any) -> str:
    """Write a value of any depth as indented JSON."""
    return "".join(_written(value))


def _written(value: Any) -> Iterator[str]:
    if not size(value):
        yield brackets(value) if isinstance(value, JsonObject | list) else scalar_text(value)
        return
    yield brackets(value)[0]
    stack: list[tuple[Container, int]] = [(value, 0)]
    while stack:
        container, index = stack.pop()
        if index == size(container):
            yield f"\n{'  ' * len(stack)}{brackets(container)[1]}"
            continue
        stack.append((container, index + 1))
        name, item = child(container, index)
        yield f"{',' if index else ''}\n{'  ' * len(stack)}"
        if name is not None:
            yield f"{scalar_text(name)}: "
        if size(item):
            yield brackets(item)[0]
            stack.append((item, 0))
        else:
            yield brackets(item) if isinstance(item, JsonObject | list) else scalar_text(item)


def _plain(value: object) -> object:
    """Turn what `json` does not write into what it does."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) else str(value)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Let the garbage collector wait: going through what is read, again and again, takes most of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# Making an object of a class of ours takes ten times as long as finding it: an array of two million
# small numbers is read in 0.1 s with the cache and in 0.9 s without it.
_literal = lru_cache(maxsize=4096)(JsonLiteral)
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=JsonObject,
    parse_int=_literal,
    parse_float=_literal,
    parse_constant=_literal,
    strict=False,
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_OPENED: Final = object()


class _DeepReader:
    """Reads with a stack of its own what is nested too deeply for the decoder, which recurses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[Container] = []
        self._names: list[str] = []

    def read(self) -> Any:
        """Read the whole text."""
        while True:
            value = self._begin_value()
            while value is not _OPENED:
                if not self._open:
                    if self._peek():
                        raise self._error("Extra data")
                    return value
                value = self._end_value(value)

    def _begin_value(self) -> Any:
        """Read a value that has no others in it, or begin one that has."""
        opening = self._peek()
        if opening not in {"{", "["}:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
            return value
        container: Container = JsonObject([]) if opening == "{" else []
        self._at += 1
        if self._peek() == brackets(container)[1]:
            self._at += 1
            return container
        if len(self._open) >= DEEPEST:
            raise JsonReadError(f"Nested deeper than {DEEPEST:,} levels")
        self._open.append(container)
        self._read_name()
        return _OPENED

    def _end_value(self, value: Any) -> Any:
        """Put a value into its container, and return that one if it ends with it."""
        container = self._open[-1]
        if isinstance(container, JsonObject):
            container.members.append((self._names.pop(), value))
        else:
            container.append(value)
        following = self._peek()
        if following == brackets(container)[1]:
            self._at += 1
            return self._open.pop()
        if following != ",":
            raise self._error("Expecting ',' delimiter")
        self._at += 1
        self._read_name()
        return _OPENED

    def _read_name(self) -> None:
        """Read what stands before a member's value; nothing does before an array's item."""
        if not isinstance(self._open[-1], JsonObject):
            return
        if self._peek() != '"':
            raise self._error("Expecting property name enclosed in double quotes")
        name, self._at = _DECODER.raw_decode(self._text, self._at)
        self._names.append(name)
        if self._peek() != ":":
            raise self._error("Expecting ':' delimiter")
        self._at += 1

    def _peek(self) -> str:
        """Return the next character that is not white space; empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _error(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self._text, self._at)
