"""Checks of the settings, and the error that tells where in their file something is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

from tui.client.redaction import printable, quoted
from tui.files import short_path

__all__ = ["Checker", "SettingsError", "lower_first"]


class SettingsError(Exception):
    """Settings that cannot be read or written; `str()` is one sentence that names file, line and key.

    Args:
        path: The settings file.
        problem: What is wrong, as a phrase.
        key: The key that it concerns, one text for each level of tables.
        line: The line where the key stands, from 1.
    """

    def __init__(
        self, path: Path, problem: str, *, key: tuple[str, ...] = (), line: int | None = None
    ) -> None:
        self.path = path
        self.problem = printable(problem)
        self.key = ".".join(_shown_key(part) for part in key)
        self.line = line
        place = printable(short_path(path), 400)
        if line is not None:
            place += f", line {line}"
        if key:
            place += f", {self.key}"
        super().__init__(f"{place}: {self.problem}")


class Checker:
    """Checks values of a document, and says where in the text they stand when they are wrong.

    Args:
        text: The document.
        path: Its file.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path

    def error(self, problem: str, key: tuple[str, ...]) -> SettingsError:
        """Make the error for a key, with its line."""
        return SettingsError(self._path, problem, key=key, line=_line_of(self._text, key))

    def known(self, table: dict[str, Any], keys: tuple[str, ...], above: tuple[str, ...]) -> None:
        """Check that a table has no other keys than these."""
        for name in table:
            if name not in keys:
                similar = difflib.get_close_matches(name[:40], keys, n=1)
                hint = f"; did you mean {similar[0]}?" if similar else f"; there are {', '.join(keys)}"
                raise self.error(f"there is no such key{hint}", (*above, name))

    def table(self, document: dict[str, Any], name: str) -> dict[str, Any]:
        """Give a table of the document; an empty one where it is not there."""
        value = document.get(name, {})
        if not isinstance(value, dict):
            raise self.error(f"must be a table: write [{name}]", (name,))
        return value

    def text(self, value: Any, key: tuple[str, ...]) -> str:
        """Check that a value is text, and not an empty one."""
        if not isinstance(value, str) or not value.strip():
            raise self.error("must be text between quotation marks, and not empty", key)
        return value

    def path(self, value: Any, key: tuple[str, ...]) -> Path | None:
        """Read a path, from the home folder or the folder of the file on; None where it is left out."""
        if value is None:
            return None
        text = self.text(value, key)
        if "\0" in text:
            raise self.error("must not contain NUL", key)
        try:
            return self._path.parent.absolute() / Path(text).expanduser()
        except RuntimeError as error:
            raise self.error("nobody knows the home folder that '~' stands for", key) from error


def _line_of(text: str, key: tuple[str, ...]) -> int | None:
    """Find the line where a key begins: the first one with which the lines up to it, read alone, have it.

    A value over several lines makes some of these beginnings unreadable: the next readable one answers.
    """
    lines = text.split("\n")
    before, found = 0, len(lines)
    while found - before > 1:
        end = (before + found) // 2
        while end < found and (has := _has_key("\n".join(lines[:end]), key)) is None:
            end += 1
        if end == found:
            # Nothing in the upper half can be read alone: look below it.
            found = (before + found) // 2
        elif has:
            found = end
        else:
            before = end
    return before + 1


def _has_key(text: str, key: tuple[str, ...]) -> bool | None:
    """Tell whether a document has a key; None if it cannot be read."""
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    for part in key:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _shown_key(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", part) else quoted(part)


def lower_first(text: str) -> str:
    """Let a sentence begin in the middle of another one."""
    return text[:1].lower() + text[1:]
