"""Orders of names: natural, in which 9 comes before 10, and by version, the newest first.

Keys compare as plain strings and tuples, so that a hundred thousand of them are sorted without a pause.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from semver import Version

Key = tuple[object, ...]

LONGEST_NUMBER: Final = 99
"""Digits of the longest number that is compared as one; a longer one is compared by its first digits."""

_NUMBER: Final = re.compile(r"\d+", re.ASCII)
_ABOVE_ALL: Final = 0x110000
"""One more than the greatest code point: characters are counted down from it where the order is reversed."""


def natural_key(name: str) -> str:
    """Make a key by which numbers inside of names compare by their value: "v1.9" before "v1.10".

    Upper and lower case differ only where nothing else does.
    """
    return f"{_NUMBER.sub(_padded, name.casefold())}\0{name}"


def newest_first_key(tag: str) -> Key:
    """Make a key that puts versions first, the newest before the older, and other tags after them.

    A version is written as Semantic Versioning 2.0.0 says, with or without a "v" before it, minor and patch
    numbers where they are wanted. A release comes before its pre-releases.
    """
    version = parse_version(tag)
    if version is None:
        return (1, natural_key(tag))
    return (
        0,
        -version.major,
        -version.minor,
        -version.patch,
        _newest_first(version.prerelease),
        natural_key(tag),
    )


def parse_version(tag: str) -> Version | None:
    """Read a tag as a version; None where it is none."""
    from semver import Version  # noqa: PLC0415  # the first frame shows no tags

    try:
        return Version.parse(tag.removeprefix("v"), optional_minor_and_patch=True)
    except ValueError:
        return None


def _newest_first(prerelease: str | None) -> Key:
    """Order pre-releases: none is the newest; numbers rank below words (Semantic Versioning, 11.4)."""
    if prerelease is None:
        return ()
    parts: list[object] = [
        (1, -int(part))
        if part.isdecimal()
        else (0, *(_ABOVE_ALL - ord(letter) for letter in part), _ABOVE_ALL)
        for part in prerelease.split(".")
    ]
    return (*parts, (2,))


def _padded(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0") or "0"
    return f"{min(len(digits), LONGEST_NUMBER):02}{digits}"
