"""Unpacks zstd that is pushed piece by piece: all frames, block by block, so that each step has a limit."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import zstandard

from tui.contents.errors import DamagedContentError
from tui.contents.spacing import APART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.contents.byte_source import Piece

__all__ = ["ZstdDecoder"]

BLOCK: Final = 128 * 1024
"""Bytes that come out of one block at most: the format's limit."""
STEP: Final = 512 * 1024
"""Bytes that may come out of the blocks that are unpacked at once."""
MOST_WINDOW: Final = 128 << 20
"""Bytes of what came out before that a frame may refer to: those of ``zstd --long``, and zstd's own limit."""

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = b"\x2a\x4d\x18"
_WORD: Final = 4
_BLOCK_HEADER: Final = 3
_PACKED_BLOCK: Final = 2
_RUN_BLOCK: Final = 1


class _State(Enum):
    MAGIC = auto()
    """The first four bytes of a frame."""
    LENGTH = auto()
    """The length of a frame to skip."""
    SKIPPING = auto()
    DESCRIPTOR = auto()
    """The byte that says how long the frame's header is."""
    HEADER = auto()
    BLOCK_HEADER = auto()
    BLOCK = auto()
    LAST_BLOCK = auto()
    CHECKSUM = auto()
    PADDING = auto()
    IGNORING = auto()


_OUTSIDE: Final = frozenset({_State.MAGIC, _State.LENGTH, _State.SKIPPING, _State.PADDING, _State.IGNORING})
"""Where bytes belong to no frame that is unpacked."""
_ENDS: Final = frozenset({_State.MAGIC, _State.CHECKSUM})
"""Behind a frame's blocks, and behind the frame: a wrong checksum takes nothing away from the blocks."""


class ZstdDecoder:
    """Unpacks the frames of a zstd stream one after the other.

    It follows the frames' structure by itself: a block says how many bytes it has, and at most 128 KiB come
    out of it, so that no step unpacks more than is wanted at once, and it is known where frames begin.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        """What is wrong, where what follows could be read nevertheless."""
        self.starts: list[tuple[int, int]] = [(0, 0)]
        """Where frames begin, packed and unpacked place, about every MiB at most."""
        self._state = _State.MAGIC
        self._held = bytearray()
        self._left = 0
        self._checksum = False
        self._unpacked = 0
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW)
        self._frame = self._decompressor.decompressobj()
        self._packed = 0
        self._frames = 0

    def feed(self, packed: Piece) -> Iterator[bytes]:
        """Unpack the next bytes, about 512 KiB at a time at most.

        Args:
            packed: Bytes that follow those of the last call.

        Raises:
            DamagedContentError: They cannot be unpacked, and nothing that follows them can.
        """
        view = memoryview(packed)
        at = begin = 0
        expected = 0
        while at < len(view):
            state = self._state
            if state in _OUTSIDE:
                begin = at = self._outside(view, at)
                continue
            if self._left:
                at += self._skip(len(view) - at)
            elif state is _State.BLOCK_HEADER:
                at += self._hold(view[at:], _BLOCK_HEADER)
                if len(self._held) == _BLOCK_HEADER:
                    expected += self._block()
            else:
                self._descriptor(view[at])
                at += 1
            if not self._left and not self._held:
                self._advance()
            if expected > STEP or self._state in _ENDS:
                yield from self._unpack(view[begin:at])
                begin, expected = at, 0
                if self._state is _State.MAGIC and self._unpacked - self.starts[-1][1] >= APART:
                    self.starts.append((self._packed + at, self._unpacked))
        if self._state not in _OUTSIDE:
            yield from self._unpack(view[begin:])
        self._packed += len(view)

    def end(self) -> None:
        """Take note that no bytes follow.

        Raises:
            DamagedContentError: The stream ends in the middle of a frame.
        """
        if self._state is _State.MAGIC and self._packed and self._held:
            self._follows(bytes(self._held))
        if self._state not in {_State.MAGIC, _State.PADDING, _State.IGNORING}:
            raise DamagedContentError("The zstd stream ends too early: something is missing.")

    def _outside(self, view: memoryview, at: int) -> int:
        """Pass over what stands between frames, and tell where it ends."""
        if self._state is _State.SKIPPING:
            at += self._skip(len(view) - at)
            if not self._left:
                self._state = _State.MAGIC
            return at
        if self._state not in {_State.MAGIC, _State.LENGTH}:
            self._follows(bytes(view[at:]))
            return len(view)
        at += self._hold(view[at:], _WORD)
        if len(self._held) == _WORD:
            word = bytes(self._held)
            self._held.clear()
            self._word(word)
        return at

    def _hold(self, view: memoryview, wanted: int) -> int:
        """Keep bytes until there are as many as wanted, and tell how many were taken."""
        taken = view[: wanted - len(self._held)]
        self._held += taken
        return len(taken)

    def _skip(self, room: int) -> int:
        """Tell how many bytes belong to the part that has begun, of those that are there."""
        taken = min(self._left, room)
        self._left -= taken
        return taken

    def _word(self, word: bytes) -> None:
        """Take the four bytes that a frame begins with, or the length of one to skip."""
        if self._state is _State.LENGTH:
            self._left = int.from_bytes(word, "little")
            self._state = _State.SKIPPING if self._left else _State.MAGIC
        elif word == _MAGIC:
            self._frame = self._decompressor.decompressobj()
            self._frame.decompress(_MAGIC)
            self._state = _State.DESCRIPTOR
            self._frames += 1
        elif word[1:] == _SKIPPABLE and word[0] & 0xF0 == 0x50:  # noqa: PLR2004 - sixteen beginnings
            self._state = _State.LENGTH
        elif self._frames:
            self._state = _State.PADDING
            self._follows(word)
        else:
            raise DamagedContentError("The zstd stream has a beginning that is not known.")

    def _follows(self, data: bytes) -> None:
        if self._state is not _State.IGNORING and data.strip(b"\0"):
            self._state = _State.IGNORING
            self._tell("Something that is not zstd follows the zstd stream.")

    def _descriptor(self, byte: int) -> None:
        """Learn from its first byte how long a frame's header is."""
        single = byte >> 5 & 1
        self._checksum = bool(byte >> 2 & 1)
        self._left = (1 - single) + (0, 1, 2, 4)[byte & 3] + (single, 2, 4, 8)[byte >> 6]
        self._state = _State.HEADER

    def _block(self) -> int:
        """Learn from its header how long a block is, and tell how many bytes come out of it at most."""
        header = int.from_bytes(self._held, "little")
        self._held.clear()
        kind, size = header >> 1 & 3, header >> 3
        self._state = _State.LAST_BLOCK if header & 1 else _State.BLOCK
        self._left = 1 if kind == _RUN_BLOCK else size
        return BLOCK if kind == _PACKED_BLOCK else min(size, BLOCK)

    def _advance(self) -> None:
        """Go on behind the end of a part of a frame."""
        if self._state is not _State.LAST_BLOCK:
            self._state = _State.MAGIC if self._state is _State.CHECKSUM else _State.BLOCK_HEADER
        elif self._checksum:
            self._state = _State.CHECKSUM
            self._left = _WORD
        else:
            self._state = _State.MAGIC

    def _unpack(self, packed: memoryview) -> Iterator[bytes]:
        try:
            out = self._frame.decompress(packed)
        except zstandard.ZstdError as error:
            if self._checksum and self._state is _State.MAGIC:
                self._tell("The zstd stream has a wrong checksum: its content is damaged.")
                return
            raise DamagedContentError(
                f"The zstd stream is damaged after {self._unpacked} unpacked bytes: {error}."
            ) from error
        if out:
            self._unpacked += len(out)
            yield out

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)
