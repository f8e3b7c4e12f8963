"""Where the files of a tar archive lie in it: the headers are read, the files are passed over.

This is POSIX's tar (ustar and pax) with what GNU tar adds to it. An archive is hostile: lengths are held
against the archive's own, headers have a limit in number and size, links are followed inside of the archive
only, and nothing is ever written under a name that stands in it.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.errors import UnreadableSourceError
from tui.client.redaction import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Kind", "Member", "Readable", "TarIndex", "looks_like_tar"]

BLOCK: Final = 512
"""Bytes of a header, and what the length of everything is rounded up to."""

MAX_HEADERS: Final = 200_000
"""Headers that are read, those of long names included: ten thousand images have fewer blobs."""

MAX_NAMES: Final = 32 * 1024 * 1024
"""Bytes of all names together: 160 for each header."""

MAX_EXTENSION: Final = 1024 * 1024
"""Bytes of an extended header: paths have 4,096, extended attributes 64 KiB."""

MAX_EXTENTS: Final = 10_000
"""Blocks that say where the holes of one sparse file are, with 21 of them each."""

MAX_LINKS: Final = 16
"""Links that lead from one to the next: tools write one."""

_REGULAR: Final = frozenset({b"0", b"\0", b"7"})
_CHECKSUM: Final = slice(148, 156)
_BASE_256: Final = 0x80
_GNU_SPARSE: Final = b"S"
_GNU_EXTENDED: Final = 482
"""Where a header of a sparse file says whether a block of further extents follows."""
_GNU_EXTENDED_AGAIN: Final = 504
"""Where such a block says it again."""


class Kind(Enum):
    """What a member is, as far as reading it goes."""

    FILE = "a file"
    HARD_LINK = "a hard link"
    SYMBOLIC_LINK = "a symbolic link"
    SPARSE = "a sparse file"
    OTHER = "no file"


class Readable(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def read_at(self, offset: int, size: int) -> bytes:
        """Read some; fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive."""

    kind: Kind
    offset: int
    """Where its bytes begin."""
    size: int
    """How many there are."""
    target: str = ""
    """Where a link leads, as it was written."""


@dataclass(slots=True)
class _Extended:
    """What extended headers say about the member behind them."""

    name: bytes | None = None
    target: bytes | None = None
    size: int | None = None
    sparse: bool = False


class TarIndex:
    """The members of an archive by name; of several with one name the last counts, as when it is unpacked.

    Args:
        archive: Its bytes.

    Raises:
        UnreadableSourceError: It is no tar archive, or damaged, or cut off, or has too many members.
    """

    def __init__(self, archive: Readable) -> None:
        self.members: dict[str, Member] = {}
        left = MAX_NAMES
        for name, member in _Headers(archive):
            left -= len(name) + len(member.target)
            if left < 0:
                raise UnreadableSourceError("the names of its members are too long to be read", remedy="")
            if (plain := _plain(name)) is not None:
                self.members[plain] = member

    def find(self, name: str) -> Member | None:
        """Find a file by its name, through links that stay inside of the archive; None where it is absent.

        Raises:
            UnreadableSourceError: It is no file, or a link that leads out of the archive or in a circle.
        """
        current = _plain(name)
        if current is None:
            raise UnreadableSourceError(f"{quoted(name, 200)} leads out of the archive")
        for _ in range(MAX_LINKS):
            member = self.members.get(current)
            if member is None or member.kind is Kind.FILE:
                return member
            if member.kind in {Kind.SPARSE, Kind.OTHER}:
                raise UnreadableSourceError(f"{quoted(name, 200)} is {member.kind.value} in the archive")
            base = posixpath.dirname(current) if member.kind is Kind.SYMBOLIC_LINK else ""
            following = None if member.target.startswith("/") else _joined(base, member.target)
            if following is None:
                raise UnreadableSourceError(f"{quoted(name, 200)} is a link that leads out of the archive")
            current = following
        raise UnreadableSourceError(f"{quoted(name, 200)} is a link that leads in a circle")


def looks_like_tar(head: bytes) -> bool:
    """Tell whether an archive begins with the header of a tar, or with its end, since it may be empty."""
    block = head[:BLOCK]
    return len(block) == BLOCK and (not any(block) or _is_header(block))


class _Headers:
    """Goes through the headers of an archive."""

    def __init__(self, archive: Readable) -> None:
        self._archive = archive
        self._offset = 0

    def __iter__(self) -> Iterator[tuple[str, Member]]:
        extended = _Extended()
        for _ in range(MAX_HEADERS):
            block = self._archive.read_at(self._offset, BLOCK)
            # An archive ends with two blocks of zeros, of which some tools write one or none.
            if not any(block):
                return
            if len(block) < BLOCK:
                raise UnreadableSourceError("the archive is cut off in the middle of a header")
            if not _is_header(block):
                where = f"the archive is damaged at byte {self._offset:,}" if self._offset else "it is no tar"
                raise UnreadableSourceError(where)
            flag = block[156:157]
            size = _number(block[124:136])
            if flag in {b"L", b"K", b"x", b"X", b"g"}:
                self._read_extension(flag, size, extended)
                continue
            yield self._member(block, flag, size if extended.size is None else extended.size, extended)
            extended = _Extended()
        raise UnreadableSourceError(f"the archive has more than {MAX_HEADERS:,} members", remedy="")

    def _read_extension(self, flag: bytes, size: int, extended: _Extended) -> None:
        if size > MAX_EXTENSION:
            raise UnreadableSourceError(f"an extended header of the archive has {size:,} bytes", remedy="")
        data = self._archive.read_at(self._offset + BLOCK, size)
        self._advance(size, "an extended header")
        match flag:
            case b"L":
                extended.name = data.rstrip(b"\0")
            case b"K":
                extended.target = data.rstrip(b"\0")
            case b"g":
                pass  # What holds for all members is a comment, or times and owners.
            case _:
                _read_pax(data, extended)

    def _member(self, block: bytes, flag: bytes, size: int, extended: _Extended) -> tuple[str, Member]:
        name = _name(block) if extended.name is None else extended.name
        target = _text(block[157:257]) if extended.target is None else extended.target
        kind = _kind(flag, name, extended)
        if flag == _GNU_SPARSE:
            self._skip_extents(block)
        offset = self._offset + BLOCK
        # Links and folders have no bytes, whatever their headers say; what is not known has.
        has_bytes = kind in {Kind.FILE, Kind.SPARSE} or flag not in b"123456"
        shown = name.decode("utf-8", "surrogateescape")
        self._advance(size if has_bytes else 0, quoted(shown, 200))
        return shown, Member(kind, offset, size, target.decode("utf-8", "surrogateescape"))

    def _skip_extents(self, block: bytes) -> None:
        more = block[_GNU_EXTENDED]
        for _ in range(MAX_EXTENTS):
            if not more:
                return
            self._offset += BLOCK
            extents = self._archive.read_at(self._offset, BLOCK)
            more = extents[_GNU_EXTENDED_AGAIN] if len(extents) == BLOCK else 0
        raise UnreadableSourceError("the archive has a sparse file of too many extents", remedy="")

    def _advance(self, size: int, what: str) -> None:
        """Go to the next header, behind so many bytes."""
        end = self._offset + BLOCK + size
        missing = end - self._archive.size
        if missing > 0:
            raise UnreadableSourceError(f"the archive is cut off: {what} lacks its last {missing:,} bytes")
        self._offset += BLOCK + -(-size // BLOCK) * BLOCK


def _is_header(block: bytes) -> bool:
    written = block[_CHECKSUM].strip(b" \0")
    if not written or written.strip(b"01234567"):
        return False
    return int(written, 8) == sum(block) - sum(block[_CHECKSUM]) + 8 * 0x20


def _number(field: bytes) -> int:
    """Read a number: in octal digits, or in base 256 where the first bit is set.

    Raises:
        UnreadableSourceError: It is neither, or negative.
    """
    if field[0] == _BASE_256:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        raise UnreadableSourceError("the archive has a member whose size is no number")
    return int(digits or b"0", 8)


def _name(block: bytes) -> bytes:
    name = _text(block[0:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _kind(flag: bytes, name: bytes, extended: _Extended) -> Kind:
    if flag == _GNU_SPARSE or extended.sparse:
        return Kind.SPARSE
    if flag in _REGULAR:
        return Kind.OTHER if name.endswith(b"/") else Kind.FILE
    return {b"1": Kind.HARD_LINK, b"2": Kind.SYMBOLIC_LINK}.get(flag, Kind.OTHER)


def _read_pax(data: bytes, extended: _Extended) -> None:
    """Read the records of an extended header: a length, a blank, a key and a value, and a line's end."""
    at = 0
    while at < len(data):
        digits, blank, _ = data[at : at + 8].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = data[at + len(digits) + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if not blank or not equals or at + length > len(data) or record[-1:] != b"\n":
            raise UnreadableSourceError("the archive has an extended header that cannot be read")
        at += length
        match key:
            case b"path":
                extended.name = value
            case b"linkpath":
                extended.target = value
            case b"size":
                if not value.isdigit() or len(value) > len(str(2**64)):
                    raise UnreadableSourceError("the archive has a member whose size is no number")
                extended.size = int(value)
            case _ if key.startswith(b"GNU.sparse."):
                extended.sparse = True


def _plain(name: str) -> str | None:
    """Write a member's name as a path from the archive's root; None where it leads out of it."""
    return None if name.startswith("/") else _joined("", name)


def _joined(base: str, name: str) -> str | None:
    parts: list[str] = base.split("/") if base else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
