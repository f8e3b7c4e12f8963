"""Packed streams: wherever they are cut, the same comes out of them, in bounded steps."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, Final

import zstandard

from tests.contents.helpers import tar_of
from tui.contents.errors import DamagedContentError, TooLargeError, UnreadableLayerError
from tui.contents.packing import Unpacker

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SEEDS", "WORDS", "run"]

MOST_STEP: Final = 1 << 20
MOST_OUT: Final = 1 << 23
"""Bytes that are looked at of what comes out: a run of zeros can be long."""

_TAR: Final = tar_of({"a": b"some words " * 90})


def _checked(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


SEEDS: Final = (
    gzip.compress(_TAR, mtime=0),
    gzip.compress(b"one", mtime=0) + gzip.compress(bytes(5_000), mtime=0) + bytes(20),
    b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x04\0xtraname\0comment\0cc" + gzip.compress(_TAR, mtime=0)[10:],
    zstandard.ZstdCompressor(level=3).compress(_TAR),
    _checked(b"one") + struct.pack("<II", 0x184D2A50, 3) + b"abc" + _checked(_TAR),
    zstandard.ZstdCompressor(write_content_size=False).compress(bytes(300_000)) + bytes(7),
    _TAR,
)
WORDS: Final = (
    b"\x1f\x8b\x08\0",
    b"\x28\xb5\x2f\xfd",
    b"\x50\x2a\x4d\x18",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x01\0\0",
    b"\x03\0\x10",
    b"\x02\0\x10",
    b"\x04",
    b"\x20",
)


class _Outcome:
    """What came of some bytes that were cut in one way."""

    def __init__(self, data: bytes, size: int) -> None:
        self.out = bytearray()
        self.failure = self.message = ""
        self._unpacker = Unpacker()
        try:
            for piece in self._pieces(data, size):
                assert 0 < len(piece) <= MOST_STEP
                self.out += piece
                if len(self.out) > MOST_OUT:
                    break
        except (DamagedContentError, TooLargeError, UnreadableLayerError) as error:
            self.failure = type(error).__name__
            self.message = str(error)
        assert self.message.isprintable(), ascii(self.message)
        self.problems = list(self._unpacker.problems)
        places = self._unpacker.starts
        assert places == sorted(places)

    @property
    def cut(self) -> bool:
        """Whether not all was looked at."""
        return len(self.out) > MOST_OUT

    def _pieces(self, data: bytes, size: int) -> Iterator[bytes]:
        for at in range(0, len(data), size):
            yield from map(bytes, self._unpacker.feed(data[at : at + size]))
        yield from map(bytes, self._unpacker.end())


def run(data: bytes) -> None:
    """Unpack bytes at once, and cut into pieces."""
    whole = _Outcome(data, max(len(data), 1))
    for size in (1, 13, 600) if len(data) < 2_000 else (97, 4_096):
        parts = _Outcome(data, size)
        shorter = min(len(whole.out), len(parts.out))
        assert whole.out[:shorter] == parts.out[:shorter]
        if not whole.cut and not parts.cut:
            assert whole.failure == parts.failure
            assert whole.failure or len(whole.out) == len(parts.out)
            assert whole.failure or whole.problems == parts.problems
