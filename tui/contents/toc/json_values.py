"""The entries of a table of contents, out of its JSON as it is unpacked: never is all of it in memory."""

from __future__ import annotations

import codecs
import json
import re
from enum import Enum, auto
from typing import Any, Final

from tui.contents.errors import DamagedContentError

__all__ = ["JsonValues"]

STEP: Final = 128 * 1024
"""Bytes that are gathered before they are looked at: what is incomplete is looked at again with each."""
MAX_VALUE: Final = 1 << 20
"""Characters of one entry: paths have 4,096, extended attributes 64 KiB."""
MAX_DIGITS: Final = 20
"""Digits of a number: all that 64 bits hold."""

_SPACE = re.compile(r"[ \t\r\n]*")


class _State(Enum):
    BEGINNING = auto()
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    AFTER_VALUE = auto()
    ITEM = auto()
    AFTER_ITEM = auto()
    END = auto()


_SIGNS: Final[dict[_State, dict[str, _State]]] = {
    _State.BEGINNING: {"{": _State.KEY},
    _State.KEY: {"}": _State.END},
    _State.COLON: {":": _State.VALUE},
    _State.VALUE: {},
    _State.AFTER_VALUE: {",": _State.KEY, "}": _State.END},
    _State.ITEM: {"]": _State.AFTER_VALUE},
    _State.AFTER_ITEM: {",": _State.ITEM, "]": _State.AFTER_VALUE},
}
"""What follows a sign."""
_TAKING: Final = {
    _State.KEY: _State.COLON,
    _State.VALUE: _State.AFTER_VALUE,
    _State.ITEM: _State.AFTER_ITEM,
}
"""What follows a value."""


class JsonValues:
    """Takes the JSON of a table of contents, and gives the values of its ``entries`` one after the other."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._json = json.JSONDecoder(parse_int=_number, strict=False)
        self._gathered = bytearray()
        self._text = ""
        self._at = 0
        self._state = _State.BEGINNING
        self._key = ""
        self._list_seen = False

    def feed(self, data: bytes) -> list[Any]:
        """Take the next bytes, and give the values that are complete.

        Args:
            data: As many as there are.

        Raises:
            DamagedContentError: They are no table of contents.
        """
        self._gathered += data
        return self._read(final=False) if len(self._gathered) >= STEP else []

    def end(self) -> list[Any]:
        """Say that there are no more bytes, and give the values that are left.

        Raises:
            DamagedContentError: The table is not complete, or has no entries.
        """
        values = self._read(final=True)
        if self._state is not _State.END or not self._list_seen:
            raise DamagedContentError("The layer's table of contents is no complete one.")
        return values

    def _read(self, *, final: bool) -> list[Any]:
        self._text = self._text[self._at :] + self._decoder.decode(bytes(self._gathered), final)
        self._at = 0
        self._gathered.clear()
        values: list[Any] = []
        while self._step(values):
            pass
        if len(self._text) - self._at > MAX_VALUE:
            raise DamagedContentError(
                f"The layer's table of contents has a part that cannot be read in {MAX_VALUE:,} characters."
            )
        return values

    def _step(self, values: list[Any]) -> bool:
        """Read one thing, and tell whether there may be another one."""
        space = _SPACE.match(self._text, self._at)
        self._at = self._at if space is None else space.end()
        if self._at >= len(self._text) or self._state is _State.END:
            return False
        sign = self._text[self._at]
        following = _SIGNS[self._state].get(sign)
        if self._state is _State.VALUE and self._key == "entries" and sign == "[":
            following = _State.ITEM
            self._list_seen = True
        if following is not None:
            self._at += 1
            self._state = following
            return True
        return self._take(values)

    def _take(self, values: list[Any]) -> bool:
        """Read one value, and tell whether there is all of it, and something that follows it."""
        if self._state not in _TAKING:
            raise DamagedContentError(
                "The layer's table of contents is no JSON object with a list of entries."
            )
        try:
            value, end = self._json.raw_decode(self._text, self._at)
        except RecursionError as error:
            raise DamagedContentError("The layer's table of contents is nested too deep.") from error
        except ValueError:
            return False
        if end >= len(self._text) or self._text[end] in ".eE":  # a number may go on
            return False
        if self._state is _State.KEY:
            self._key = str(value)[:MAX_DIGITS]
        elif self._state is _State.ITEM:
            values.append(value)
        self._at = end
        self._state = _TAKING[self._state]
        return True


def _number(digits: str) -> int | str:
    """Read a number; one that is too long stays text, which is no number."""
    return int(digits) if len(digits) <= MAX_DIGITS else digits
