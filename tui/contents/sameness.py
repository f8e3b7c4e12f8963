"""What makes two entries the same, as far as their layers tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.contents.entries import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["UNDESCRIBED", "has_same_attributes", "is_same"]

UNDESCRIBED: Final = Entry("", Kind.DIRECTORY, mode=0o755)
"""What a directory is made as that no entry names."""


def has_same_attributes(one: Entry, other: Entry) -> bool:
    """Tell whether all is equal but for paths, times and the bytes of files.

    Args:
        one: Any entry.
        other: Another one.
    """
    return _attributes(one) == _attributes(other) and one.attributes == other.attributes


def is_same(one: Entry, other: Entry) -> bool:
    """Tell whether two entries are certainly the same, bytes included: those of files are, by their digests.

    Args:
        one: What is no hard link, or stands for what it links to.
        other: Another one.
    """
    if one is other:
        return True
    if one.size != other.size:
        return False
    if one.kind is Kind.FILE and one.size and (not one.digest or one.digest != other.digest):
        return False
    return has_same_attributes(one, other)


def _attributes(entry: Entry) -> tuple[Hashable, ...]:
    mode = 0 if entry.kind is Kind.SYMLINK else entry.mode  # there it means nothing
    return (entry.kind, mode, entry.uid, entry.gid, entry.target, entry.device)
