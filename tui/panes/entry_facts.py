"""What there is to say about an entry of a layer: in a cell, in a border, and in full."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Kind
from tui.figures import size
from tui.widgets.text_document import Field, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.contents.entries import Entry

FORMATS: Final = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.HARDLINK: stat.S_IFREG,
    Kind.CHARACTER: stat.S_IFCHR,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.OTHER: stat.S_IFREG,
}
"""How the kinds are told in the first letter of a mode."""

ATTRIBUTES_SHOWN: Final = 50
"""Extended attributes that are told by their names; files have a few."""

ATTRIBUTE_BYTES: Final = 64
"""Of an extended attribute's value so many bytes are shown."""


def mode_text(entry: Entry) -> str:
    """Tell kind and permissions as `ls` does: "drwxr-xr-x"."""
    return stat.filemode(FORMATS[entry.kind] | entry.mode)


def owner_text(entry: Entry) -> str:
    """Tell whose it is, by name where the layer says one: "root", "10001:0", "www-data:staff"."""
    owner, group = entry.owner or str(entry.uid), entry.group or str(entry.gid)
    return owner if owner == group else f"{owner}:{group}"


def time_text(entry: Entry) -> str:
    """Tell when it was changed, to the minute; "" where that is not said."""
    moment = _moment(entry)
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else ""


def size_text(entry: Entry) -> str:
    """Tell how large a file is; "" for what has no size."""
    if entry.device is not None:
        return f"{entry.device[0]}, {entry.device[1]}"
    return size(entry.size) if entry.kind is Kind.FILE else ""


def link_text(entry: Entry) -> str:
    """Tell where a link leads; "" for what is none."""
    if not entry.target:
        return ""
    return f"→ {entry.target}" if entry.kind is Kind.SYMLINK else f"= /{entry.target}"


def entry_section(entry: Entry) -> Section:
    """Describe an entry as the layer says it."""
    return Section("", [Field(label, value) for label, value in _facts(entry) if value])


def problem_section(entry: Entry) -> Section:
    """Tell what is wrong with an entry."""
    fields = [Field("✗", problem) for problem in entry.problems]
    return Section("What is wrong with it" if fields else "", fields)


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "path", f"/{entry.path}"
    yield "kind", entry.kind.value
    if entry.kind is Kind.FILE:
        yield "size", f"{size(entry.size)} ({entry.size:,} bytes)"
        stored = sum(length for _, length in entry.sparse) if entry.sparse is not None else None
        yield "stored", f"{size(stored)}: it has holes" if stored is not None else ""
    yield "mode", f"{mode_text(entry)} ({entry.mode:04o})"
    yield "owner", f"{entry.owner} ({entry.uid})" if entry.owner else str(entry.uid)
    yield "group", f"{entry.group} ({entry.gid})" if entry.group else str(entry.gid)
    moment = _moment(entry)
    yield "changed", f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else "not said"
    yield "leads to", entry.target if entry.kind is Kind.SYMLINK else ""
    yield "same file as", f"/{entry.target}" if entry.kind is Kind.HARDLINK else ""
    yield "device", f"{entry.device[0]}, {entry.device[1]}" if entry.device is not None else ""
    yield "digest", entry.digest
    for name, value in list(entry.attributes.items())[:ATTRIBUTES_SHOWN]:
        yield name, _attribute(value)
    more = len(entry.attributes) - ATTRIBUTES_SHOWN
    yield "attributes", f"{more:,} more" if more > 0 else ""


def _moment(entry: Entry) -> datetime | None:
    if entry.mtime is None:
        return None
    try:
        return datetime.fromtimestamp(entry.mtime, UTC)
    except (OverflowError, OSError, ValueError):
        # Before the year 1, or after the year 9999.
        return None


def _attribute(value: bytes) -> str:
    piece = value[:ATTRIBUTE_BYTES]
    shown = piece.decode() if piece.isascii() and piece.decode().isprintable() else piece.hex(" ")
    return shown + (" …" if len(value) > ATTRIBUTE_BYTES else "")
