"""Unpacks gzip that is pushed piece by piece: all members, with their checksums."""

from __future__ import annotations

import struct
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from isal import igzip_lib

from tui.contents.errors import DamagedContentError
from tui.contents.spacing import APART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.contents.byte_source import Piece

__all__ = ["GzipDecoder"]

STEP: Final = 256 * 1024
"""Bytes that come out at once: small enough to stay in the processor's cache until they are read."""
FIRST_SLICE: Final = 4 * 1024
"""Bytes that a member is given first. What it leaves is copied, and each file may have a member."""
MOST_SLICE: Final = 1 << 20
"""Bytes that a member is given at once, after it was given half as many."""
MOST_HEADER: Final = 128 * 1024
"""Bytes of a member's header: an extra field of 64 KiB, a name and a comment."""
TRAILER: Final = 8
"""Bytes after a member: its checksum and its length."""

FIXED: Final = 10
"""Bytes that each header of a member begins with."""

_MAGIC: Final = b"\x1f\x8b"
_DEFLATE: Final = 8
_TRAILER: Final = struct.Struct("<II")
_EXTRA: Final = 4
_NAME: Final = 8
_COMMENT: Final = 16
_CHECKSUM: Final = 2


class _State(Enum):
    HEADER = auto()
    BODY = auto()
    TRAILER = auto()
    PADDING = auto()
    IGNORING = auto()


class GzipDecoder:
    """Unpacks the members of a gzip stream one after the other."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        """What is wrong, where what follows could be read nevertheless."""
        self.starts: list[tuple[int, int]] = [(0, 0)]
        """Where members begin, packed and unpacked place, about every MiB at most."""
        self._state = _State.HEADER
        self._held = bytearray()
        self._inflate = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP_NO_HDR)
        self._slice = FIRST_SLICE
        self._packed = 0
        self._unpacked = 0
        self._member = 0
        self._members = 0

    def feed(self, packed: Piece) -> Iterator[bytes]:
        """Unpack the next bytes, at most 256 KiB at a time.

        Args:
            packed: Bytes that follow those of the last call.

        Raises:
            DamagedContentError: They cannot be unpacked, and nothing that follows them can.
        """
        view = memoryview(packed)
        at = 0
        while at < len(view):
            if self._state is _State.BODY:
                piece = view[at : at + self._slice]
                self._slice = min(2 * self._slice, MOST_SLICE)
                yield from self._inflated(piece)
                at += len(piece)
                if self._inflate.eof:
                    # Bits of bytes that came earlier may be among what is left.
                    left = self._inflate.unused_data
                    back = min(len(left), at)
                    self._held[:] = left[: len(left) - back]
                    at -= back
                    self._state = _State.TRAILER
            elif self._state is _State.HEADER:
                at += self._header(view[at : at + MOST_HEADER])
            elif self._state is _State.TRAILER:
                taken = view[at : at + TRAILER - len(self._held)]
                self._held += taken
                at += len(taken)
                if len(self._held) == TRAILER:
                    self._check(self._packed + at)
            else:
                self._pad(view[at:])
                break
        self._packed += len(view)

    def end(self) -> None:
        """Take note that no bytes follow.

        Raises:
            DamagedContentError: The stream ends in the middle of a member.
        """
        if self._state is _State.HEADER and self._members and not self._held:
            return
        if self._state in {_State.HEADER, _State.BODY, _State.TRAILER}:
            raise DamagedContentError("The gzip stream ends too early: something is missing.")

    def _header(self, view: memoryview) -> int:
        """Read a member's header, and tell how many of the bytes belong to it."""
        known = len(self._held)
        self._held += view
        if self._members and not _MAGIC.startswith(self._held[:2]) and not self._held.startswith(_MAGIC):
            self._held.clear()
            self._state = _State.PADDING
            return 0
        size = _header_size(self._held)
        if size is None:
            if len(self._held) > MOST_HEADER:
                raise DamagedContentError("The gzip stream has a header of more than 128 KiB.")
            return len(view)
        self._held.clear()
        self._state = _State.BODY
        self._inflate = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP_NO_HDR)
        self._slice = FIRST_SLICE
        self._members += 1
        self._member = self._unpacked
        return size - known

    def _inflated(self, piece: Piece) -> Iterator[bytes]:
        while True:
            try:
                out = self._inflate.decompress(piece, STEP)
            except igzip_lib.error as error:  # type: ignore[misc]  # the stub takes it for an object
                raise DamagedContentError(
                    f"The gzip stream is damaged after {self._unpacked} unpacked bytes: {error}."
                ) from error
            if out:
                self._unpacked += len(out)
                yield out
            if self._inflate.eof or self._inflate.needs_input:
                return
            piece = b""

    def _check(self, packed: int) -> None:
        """Compare a member with its trailer; `packed` is the place that follows it."""
        checksum, length = _TRAILER.unpack(self._held)
        self._held.clear()
        self._state = _State.HEADER
        if checksum != self._inflate.crc or length != (self._unpacked - self._member) & 0xFFFFFFFF:
            self._tell("The gzip stream has a wrong checksum: its content is damaged.")
        if self._unpacked - self.starts[-1][1] >= APART:
            self.starts.append((packed, self._unpacked))

    def _pad(self, view: memoryview) -> None:
        if self._state is _State.PADDING and bytes(view).strip(b"\0"):
            self._state = _State.IGNORING
            self._tell("Something that is not gzip follows the gzip stream.")

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _header_size(header: bytearray) -> int | None:
    """Tell how long the header of a member is; None if there is not all of it."""
    if len(header) < FIXED:
        return None
    if not header.startswith(_MAGIC) or header[2] != _DEFLATE:
        raise DamagedContentError("The gzip stream has a header that is not known.")
    flags = header[3]
    at = FIXED
    if flags & _EXTRA:
        at += 2 + int.from_bytes(header[at : at + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            at = header.find(b"\0", at) + 1
            if not at:
                return None
    if flags & _CHECKSUM:
        at += 2
    return at if at <= len(header) else None
