"""What an image's system says that it is: os-release(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["NO_RELEASE", "RELEASE_PATHS", "Release", "read_release", "values_of"]

RELEASE_PATHS: Final = ("etc/os-release", "usr/lib/os-release")
"""Where it lies; the first one that is there counts."""

MAX_RELEASE: Final = 64 * 1024
"""Bytes of the file that are read; those of real systems have less than one in a hundred of these."""

MOST_VALUES: Final = 200
"""Names with values that are kept; real files have some twenty."""

_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_ESCAPED_IN_QUOTES: Final = '"$`\\'


@dataclass(frozen=True, slots=True)
class Release:
    """What a system says of itself; foreign text, "" for what it does not say."""

    id: str = ""
    """A word: ``debian``, ``alpine``."""
    like: tuple[str, ...] = ()
    """Words of systems that it is much like, the nearest first."""
    name: str = ""
    """For a person, without a version: "Debian GNU/Linux"."""
    version: str = ""
    """For a person: "12 (bookworm)"."""
    version_id: str = ""
    """A word: ``12``, ``3.20.1``."""
    pretty_name: str = ""
    """For a person, whole: "Debian GNU/Linux 12 (bookworm)"."""

    @property
    def title(self) -> str:
        """Its name for a person, with the version where it says one; "" where it says nothing."""
        return self.pretty_name or " ".join(
            filter(None, (self.name or self.id, self.version or self.version_id))
        )


NO_RELEASE: Final = Release()
"""Of a system that says nothing."""


def read_release(data: bytes) -> Release:
    """Read an os-release file.

    Args:
        data: The file; no more than `MAX_RELEASE` bytes count.
    """
    values = values_of(data)
    return Release(
        id=values.get("ID", ""),
        like=tuple(values.get("ID_LIKE", "").split()),
        name=values.get("NAME", ""),
        version=values.get("VERSION", ""),
        version_id=values.get("VERSION_ID", ""),
        pretty_name=values.get("PRETTY_NAME", ""),
    )


def values_of(data: bytes) -> dict[str, str]:
    """Read the names and values of a file of shell-like assignments; of a name the last value counts.

    Lines that are none are left out, as those who read such files do.

    Args:
        data: The file; no more than `MAX_RELEASE` bytes and `MOST_VALUES` names count.
    """
    text = data[:MAX_RELEASE].decode("utf-8-sig", errors="replace")
    values: dict[str, str] = {}
    for line in text.split("\n"):
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is None or (len(values) >= MOST_VALUES and found[1] not in values):
            continue
        value = _unquoted(found[2].strip())
        if value is not None:
            values[found[1]] = value
    return values


def _unquoted(written: str) -> str | None:
    """Take quotes and backslashes away as a shell does; None where a quote does not end."""
    kept: list[str] = []
    quote = ""
    at = 0
    while at < len(written):
        letter = written[at]
        following = written[at + 1 : at + 2]
        if quote == "'":
            if letter == quote:
                quote = ""
            else:
                kept.append(letter)
        elif letter == "\\" and following and (not quote or following in _ESCAPED_IN_QUOTES):
            kept.append(following)
            at += 1
        elif letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote = letter
        elif not quote and letter.isspace():
            break  # what follows is a comment, or a word of its own
        else:
            kept.append(letter)
        at += 1
    return None if quote else "".join(kept)
