"""The header of a tar's member: one block of fields, in the dialects v7, ustar, pax and GNU."""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import adler32

__all__ = [
    "BAD_SIZE",
    "BLOCK",
    "IN_CHECKSUM",
    "MAX_NUMBER",
    "Header",
    "HeaderDecoder",
    "are_zeros",
    "is_header",
    "padded",
    "read_number",
    "says_ustar",
    "size_in",
]

BLOCK: Final = 512
"""Bytes of a header, and what the length of everything is rounded up to."""

MAX_NUMBER: Final = 2**63 - 1
"""The largest size or place in a file that systems have."""

MAX_MEMORISED: Final = 1_000
"""Combinations of mode and owner, and of names, that are remembered: layers have some dozens."""

PERMISSIONS: Final = 0o7777
"""The bits of a mode that say who may do what; old programs also wrote those of the kind."""

IN_CHECKSUM: Final = 150
"""Where a header has a digit of its checksum, or a blank, whichever program wrote it."""

BAD_SIZE: Final = "a size that cannot be"

_BASE_256: Final = 0x80
_NEGATIVE: Final = 0x40
_USTAR: Final = b"ustar"
_GNU_MAGIC: Final = b"ustar  \0"
_TAKEN_FOR_BLANKS: Final = 8 * 0x20
"""What the checksum's own field counts for in the checksum."""
_NEGATIVE_BYTES: Final = bytes(range(128, 256))
"""Bytes that are negative where they are taken for signed ones."""
_MANY_ZEROS: Final = bytes(64 * 1024)
_OF_ADLER: Final = 3
"""Each Adler-32 begins its sum of bytes with 1; there are three of them."""


class Header(NamedTuple):
    """The fields of a header; bytes are as they stand there, without what follows their first NUL."""

    flag: int
    """The byte that says what kind of member it is."""
    name: bytes
    target: bytes
    size: int
    mtime: float
    mode: int
    uid: int
    gid: int
    owner: str
    group: str
    device: tuple[int, int] | None
    """Major and minor number; None where they are no numbers."""
    problems: tuple[str, ...]


class HeaderDecoder:
    """Decodes headers, and remembers what most of them repeat: modes, owners and their names."""

    def __init__(self) -> None:
        self._access: dict[bytes, tuple[int, int, int, tuple[str, ...]]] = {}
        self._identities: dict[bytes, tuple[str, str, tuple[int, int] | None, bytes]] = {}

    def decode(self, block: bytes) -> Header:
        """Decode a header, whatever stands in it.

        Args:
            block: 512 bytes.
        """
        access = self._access.get(block[100:124])
        if access is None:
            access = self._new_access(block[100:124])
        mode, uid, gid, problems = access
        identity = self._identities.get(block[257:345])
        if identity is None:
            identity = self._new_identity(block[257:345])
        owner, group, device, magic = identity
        size = size_in(block)
        if size is None:
            size = 0
            problems += (BAD_SIZE,)
        mtime = read_number(block[136:148])
        if mtime is None:
            mtime = 0
            problems += ("a time that is no number",)
        name = block[:100].partition(b"\0")[0]
        target = block[157:257].partition(b"\0")[0] if block[157] else b""
        if block[345] and (prefix := _prefix(block, magic)):
            name = prefix + b"/" + name
        return Header(block[156], name, target, size, mtime, mode, uid, gid, owner, group, device, problems)

    def _new_access(self, field: bytes) -> tuple[int, int, int, tuple[str, ...]]:
        if len(self._access) >= MAX_MEMORISED:
            self._access.clear()
        mode, uid, gid = (read_number(field[start : start + 8]) for start in (0, 8, 16))
        problems = []
        if mode is None:
            problems.append("permissions that are no number")
        if uid is None or gid is None:
            problems.append("an owner that is no number")
        read = ((mode or 0) & PERMISSIONS, uid or 0, gid or 0, tuple(problems))
        self._access[field] = read
        return read

    def _new_identity(self, field: bytes) -> tuple[str, str, tuple[int, int] | None, bytes]:
        if len(self._identities) >= MAX_MEMORISED:
            self._identities.clear()
        read: tuple[str, str, tuple[int, int] | None, bytes] = ("", "", (0, 0), b"")
        if field.startswith(_USTAR):
            owner, group = (_text(field[start : start + 32]) for start in (8, 40))
            major, minor = read_number(field[72:80]), read_number(field[80:88])
            device = None if major is None or minor is None else (major, minor)
            read = (owner, group, device, field[:8])
        self._identities[field] = read
        return read


def is_header(block: bytes) -> bool:
    """Tell whether a block has the checksum of a header.

    Args:
        block: 512 bytes.
    """
    # The lower half of an Adler-32 is the sum of the bytes, as long as there are no more than 256 of them.
    total = (
        (adler32(block[:148]) & 0xFFFF)
        + (adler32(block[156:412]) & 0xFFFF)
        + (adler32(block[412:BLOCK]) & 0xFFFF)
        - _OF_ADLER
        + _TAKEN_FOR_BLANKS
    )
    field = block[148:156]
    if field == b"%06o\0 " % total:
        return True
    if field[0] & _BASE_256 or not field.strip(b" \0"):
        return False
    written = read_number(field)
    if written == total:
        return True
    if written is None:
        return False
    # Some old programs took bytes for signed ones.
    others = block[:148] + block[156:]
    negative = len(others) - len(others.translate(None, _NEGATIVE_BYTES))
    return written == total - 256 * negative


def says_ustar(block: bytes) -> bool:
    """Tell whether a block has the mark of all headers but the oldest, whatever its checksum is."""
    return block[257:262] == _USTAR


def size_in(block: bytes) -> int | None:
    """Give the bytes of a member's body, as its header says; None where there can be none so many."""
    size = read_number(block[124:136])
    return size if size is not None and 0 <= size <= MAX_NUMBER else None


def read_number(field: bytes) -> int | None:
    """Read a number: in octal digits, or in base 256 where the first bit is set; None where it is neither."""
    digits = field[:-1]
    if not digits.isdigit():
        if field[0] & _BASE_256:
            return _read_base_256(field)
        digits = field.lstrip(b" \0").partition(b"\0")[0].rstrip(b" ")
        if not digits:
            return 0
        if not digits.isdigit():
            return None
    elif field[-1] not in b"\0 ":
        digits = field
    try:
        return int(digits, 8)
    except ValueError:
        return None


def are_zeros(data: memoryview) -> bool:
    """Tell whether bytes are all zeros, by comparing them in large pieces."""
    pieces = (data[at : at + len(_MANY_ZEROS)] for at in range(0, len(data), len(_MANY_ZEROS)))
    return all(bytes(piece) == _MANY_ZEROS[: len(piece)] for piece in pieces)


def padded(size: int) -> int:
    """Round a number of bytes up to whole blocks."""
    return size + -size % BLOCK


def _read_base_256(field: bytes) -> int:
    number = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
    if field[0] & _NEGATIVE:
        number -= 1 << (8 * len(field) - 1)
    return number


def _prefix(block: bytes, magic: bytes) -> bytes:
    """Give what stands before the name: in a header of POSIX, and in those that old versions of Go wrote."""
    if not magic:
        return b""
    prefix = block[345:500].partition(b"\0")[0]
    if magic != _GNU_MAGIC:
        return prefix
    # GNU has two times in this place, and Go before 1.8 wrote a prefix under GNU's mark.
    times = (read_number(block[345:357]), read_number(block[357:369]))
    return prefix if None in times and prefix.isascii() else b""


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
