"""Entries from what a table of contents says of them."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui.contents.entries import NO_ATTRIBUTES, Chunk, Entry, Kind
from tui.contents.listing import MOST_ENTRIES
from tui.contents.paths import CONTROLS, MAX_PATH, TOO_LONG, has_controls, normalised
from tui.contents.toc.digests import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Table"]

MOST_NUMBER: Final = 2**63 - 1
"""The highest number of a size, a place or an owner."""
MOST_PROBLEMS: Final = 20
"""Problems that are told of one entry."""

_KINDS: Final = {
    "reg": Kind.FILE,
    "dir": Kind.DIRECTORY,
    "symlink": Kind.SYMLINK,
    "hardlink": Kind.HARDLINK,
    "char": Kind.CHARACTER,
    "block": Kind.BLOCK,
    "fifo": Kind.FIFO,
}
_NO_TIME: Final = "0001-01-01T00:00:00Z"
"""What Go writes for a time that is none."""
_LONE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of characters, but for those that stand for bytes that are no UTF-8."""

INCOMPLETE: Final = "parts that are not all of it"
OUTSIDE: Final = "parts outside of the layer's files"
NO_DIGEST: Final = "a digest that is none"


class _Part(NamedTuple):
    at: int
    start: int
    size: int
    digest: str
    skip: int
    zeros: bool


class _File(NamedTuple):
    """A file whose parts have places, whose ends are known when all entries are."""

    number: int
    """Of its entry."""
    parts: list[_Part]
    end: int
    """Where its last part ends, as the table says; 0 where it does not."""


class Table:
    """Takes what a table says of each entry, and gives entries when it has taken all.

    Args:
        end: Where the files of the packed layer end.
        hidden: Paths that belong to the format and are no files of the layer.
    """

    def __init__(self, end: int, hidden: frozenset[str] = frozenset()) -> None:
        self._end = end
        self._hidden = hidden
        self._entries: list[Entry] = []
        self._files: list[_File] = []
        self._open: _File | None = None
        self._owners: dict[int, str] = {}
        self._groups: dict[int, str] = {}
        self._taken = self._unreadable = self._strays = self._uncovered = 0

    @property
    def is_full(self) -> bool:
        """Whether no more is taken."""
        return self._taken > MOST_ENTRIES

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the table as a whole, each as a sentence for a person."""
        problems = []
        if self.is_full:
            problems.append(
                f"The table of contents has more than {MOST_ENTRIES:,} entries: no more are listed."
            )
        if self._unreadable:
            problems.append(f"The table of contents has {self._unreadable:,} entries without name or kind.")
        if self._strays:
            problems.append(f"The table of contents has {self._strays:,} parts of no file.")
        if self._uncovered:
            problems.append(f"The table of contents has no digest for parts of {self._uncovered:,} files.")
        return tuple(problems)

    def add(self, values: Iterable[Any]) -> None:
        """Take what the table says of some entries, in its order.

        Args:
            values: Of its JSON.
        """
        for value in values:
            self._taken += 1
            if self.is_full:
                return
            kind = value.get("type") if isinstance(value, dict) else None
            if kind == "chunk":
                self._add_part(value)
                continue
            self._leave()
            if isinstance(kind, str) and isinstance(value.get("name"), str):
                self._add_entry(value, kind)
            else:
                self._unreadable += 1

    def entries(self) -> tuple[Entry, ...]:
        """Give all entries in the table's order: no more are taken."""
        self._leave()
        places = sorted({part.at for file in self._files for part in file.parts if 0 < part.at < self._end})
        places.append(self._end)
        while self._files:
            self._complete(self._files.pop(), places)
        return tuple(entry for entry in self._entries if entry.path not in self._hidden)

    def _leave(self) -> None:
        """Take note that the file whose parts were told has no more of them."""
        file, self._open = self._open, None
        if file is None:
            return
        if file.end and len(file.parts) == 1:
            # Most files are such ones: what is known of their only part is not held until the end.
            self._complete(file, [self._end])
        else:
            self._files.append(file)

    def _complete(self, file: _File, places: Sequence[int]) -> None:
        """Give an entry its chunks.

        Args:
            file: The entry's.
            places: Where parts begin, in order, and at last where the files of the layer end.
        """
        entry = self._entries[file.number]
        chunks, problem = _chunks(entry, file, places)
        if problem:
            self._entries[file.number] = replace(entry, problems=(*entry.problems, problem))
            return
        self._uncovered += any(chunk.packed and not chunk.digest for chunk in chunks)
        self._entries[file.number] = replace(entry, chunks=chunks)

    def _add_entry(self, value: dict[str, Any], kind_name: str) -> None:
        kind = _KINDS.get(kind_name, Kind.OTHER)
        problems: list[str] = []
        path, wrong = normalised(_text(value, "name", problems))
        problems += wrong
        if not path and kind is not Kind.DIRECTORY:
            problems.append("no name")
        if kind is Kind.OTHER:
            problems.append(f"a member of an unknown kind, {kind_name[:20]!a}")
        size = _number(value, "size", problems) if kind is Kind.FILE else 0
        uid, gid = _number(value, "uid", problems), _number(value, "gid", problems)
        device = None
        if kind in {Kind.CHARACTER, Kind.BLOCK}:
            device = (_number(value, "devMajor", problems), _number(value, "devMinor", problems))
        number = len(self._entries)
        if size:
            self._open = _File(number, [_part(value, problems)], _number(value, "endOffset", problems))
        entry = Entry(
            path,
            kind,
            size,
            _number(value, "mode", problems) & 0o7777,
            uid,
            gid,
            _remembered(self._owners, uid, _text(value, "userName", problems)),
            _remembered(self._groups, gid, _text(value, "groupName", problems)),
            _time(value, problems),
            _target(value, kind, problems),
            device,
            _attributes(value, problems),
            digest=_digest(value, "digest", problems) if kind is Kind.FILE else "",
            problems=tuple(problems),
        )
        self._entries.append(entry)

    def _add_part(self, value: dict[str, Any]) -> None:
        if self._open is None:
            self._strays += 1
            return
        problems: list[str] = []
        self._open.parts.append(_part(value, problems))
        if problems:
            number = self._open.number
            entry = self._entries[number]
            if len(entry.problems) < MOST_PROBLEMS:
                told = (f"{problem} of a part" for problem in problems)
                self._entries[number] = replace(entry, problems=(*entry.problems, *told))


def _chunks(entry: Entry, file: _File, places: Sequence[int]) -> tuple[tuple[Chunk, ...], str]:
    """Give the parts of a file with their ends, or what is wrong with them."""
    chunks = []
    last = file.parts[-1]
    end = places[-1]
    came = 0
    for part in file.parts:
        length = part.size or entry.size - part.start
        if part.start != came or length <= 0:
            return (), INCOMPLETE
        came += length
        if part.zeros:
            chunks.append(Chunk(part.at, 0, part.start, length))
            continue
        if not 0 < part.at < end:
            return (), OUTSIDE
        follows = places[bisect_right(places, part.at)]
        if part is last and file.end:
            if not part.at < file.end <= end:
                return (), OUTSIDE
            follows = file.end
        packed = follows - part.at
        digest = part.digest
        if len(file.parts) == 1 and digest in {"", entry.digest}:
            digest = entry.digest  # the same text, kept once
        if digest:
            packed = min(packed, _most_packed(part.skip + length))
        chunks.append(Chunk(part.at, packed, part.start, length, digest, part.skip))
    return (tuple(chunks), "") if came == entry.size else ((), INCOMPLETE)


def _most_packed(size: int) -> int:
    """Give the packed bytes that are enough for so many unpacked ones, whatever they are.

    Of a packing that has its digest no more is needed, and what follows it in its member may be large.
    """
    return size + size // 64 + 4096


def _part(value: dict[str, Any], problems: list[str]) -> _Part:
    return _Part(
        _number(value, "offset", problems),
        _number(value, "chunkOffset", problems),
        _number(value, "chunkSize", problems),
        _digest(value, "chunkDigest", problems),
        _number(value, "innerOffset", problems),
        value.get("chunkType") == "zeros",
    )


def _number(value: dict[str, Any], name: str, problems: list[str]) -> int:
    found = value.get(name, 0)
    if type(found) is int and 0 <= found <= MOST_NUMBER:
        return found
    if found is not None:
        problems.append(f"a number that cannot be, as {name}")
    return 0


def _text(value: dict[str, Any], name: str, problems: list[str]) -> str:
    found = value.get(name, "")
    if not isinstance(found, str):
        if found is not None:
            problems.append(f"something that is no text, as {name}")
        return ""
    if not found.isascii() and _LONE.search(found):
        problems.append(f"half a character, as part of {name}")
        return _LONE.sub("\ufffd", found)
    return found


def _digest(value: dict[str, Any], name: str, problems: list[str]) -> str:
    found = value.get(name)
    if found is None or found == "":
        return ""
    if not is_digest(found):
        problems.append(f"{NO_DIGEST}, as {name}")
        return ""
    return str(found)


def _time(value: dict[str, Any], problems: list[str]) -> float | None:
    found = value.get("modtime", value.get("ModTime"))
    if found is None or found in ("", _NO_TIME):
        return None
    try:
        time = datetime.fromisoformat(found)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        problems.append("a time that cannot be")
        return None


def _target(value: dict[str, Any], kind: Kind, problems: list[str]) -> str:
    """Give what a link leads to."""
    if kind not in {Kind.SYMLINK, Kind.HARDLINK}:
        return ""
    target = _text(value, "linkName", problems)
    if kind is Kind.HARDLINK:
        target, wrong = normalised(target)
        problems += (f"{problem} as its target" for problem in wrong)
        return target
    if len(target) > MAX_PATH:
        target = target[:MAX_PATH]
        problems.append(f"{TOO_LONG} as its target")
    if has_controls(target):
        problems.append(f"{CONTROLS} as its target")
    return target


def _attributes(value: dict[str, Any], problems: list[str]) -> Mapping[str, bytes]:
    found = value.get("xattrs")
    if found is None or found == {}:
        return NO_ATTRIBUTES
    try:
        return {str(name): base64.b64decode(text, validate=True) for name, text in found.items()}
    except (AttributeError, TypeError, ValueError, binascii.Error):
        problems.append("extended attributes that cannot be read")
        return NO_ATTRIBUTES


def _remembered(names: dict[int, str], number: int, name: str) -> str:
    """Give a name that stands only where its number stands for the first time."""
    if name:
        names[number] = name
    return names.get(number, "")
