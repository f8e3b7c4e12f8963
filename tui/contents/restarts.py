"""Restart points of a gzip layer: places from which it can be unpacked without what lies before them.

A point is a bit of the packed layer at which a deflate block begins, and the 32 KiB of unpacked bytes before
it, which the blocks that follow refer to. They are found by rapidgzip, in a process of its own
(`tui.contents.restart_finder`), while all bytes of the layer pass by once; zlib alone reads from them.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import zstandard

from tui.client.threads import in_thread, spawn
from tui.contents.errors import ContentsError, DamagedContentError
from tui.contents.restart_finder import HEADER, MAGIC, POINT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from concurrent.futures import Future
    from typing import IO, Self

    from tui.contents.byte_source import ByteSource, Piece

__all__ = ["RestartFinder", "RestartPoint", "RestartPoints", "RestartsError"]

COMMAND: Final = ("-P", "-m", "tui.contents.restart_finder")
"""Finds the points; nothing of the folder that one is in is loaded."""

WINDOW: Final = 32 * 1024
"""Bytes that deflate looks back (RFC 1951, section 2)."""

MOST_FOUND: Final = 256 << 20
"""Bytes of all points together: layers of hundreds of gigabytes have fewer."""

MOST_POINTS: Final = 1 << 18
"""Points of a layer: one of 128 GiB has fewer."""

REQUEST: Final = 4 << 20
"""Packed bytes that are asked for at once."""

STEP: Final = 256 * 1024
"""Unpacked bytes that are given at once."""

_GZIP: Final = 16
"""Added to the size of the window: the stream has gzip's headers (zlib.h, inflateInit2)."""
_ORDER: Final = (0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


def _blocks(*fields: tuple[int, int]) -> tuple[int, int]:
    """Write fields of bits, each a value and its length, one after the other, as deflate has them."""
    value = length = 0
    for field, bits in fields:
        value |= field << length
        length += bits
    return value, length


_EVEN_BLOCK: Final = _blocks((0, 1), (1, 2), (0, 7))
"""A block of fixed codes without content: not the last one, its kind, and the code of its end."""
_ODD_BLOCK: Final = _blocks(
    # Not the last one, of codes of its own: 257 of literals, 1 of distances, and 19 of lengths.
    *((0, 1), (2, 2), (0, 5), (0, 5), (15, 4)),
    # Lengths of the codes of lengths, in the format's order: those of 18 (many zeros) and of 1 have one bit.
    *((1 if symbol in {1, 18} else 0, 3) for symbol in (16, 17, 18, *_ORDER)),
    # 138 and 118 literals that do not occur, the code of the block's end, a distance; and then its end.
    *((1, 1), (127, 7), (1, 1), (107, 7), (0, 1), (0, 1), (0, 1)),
)
"""One of an odd number of bits."""

_TRAILER: Final = 8
"""Bytes after a member: its checksum and its length."""
_BEGINNING: Final = b"\x1f\x8b\x08"


class RestartsError(ContentsError):
    """No restart points could be found in the layer; it can be read from its beginning."""


@dataclass(frozen=True, slots=True)
class RestartPoint:
    """A place from which a deflate stream can be unpacked."""

    packed: int
    """The first packed byte that belongs to it as a whole."""
    bits: int
    """How many of the upper bits of the byte before that belong to it, too: 0 to 7."""
    unpacked: int
    """The unpacked byte that it begins with."""
    window: bytes
    """What lies before it, as far as it is referred to, compressed by zstd; empty where nothing is."""

    @property
    def first(self) -> int:
        """The first packed byte that is needed."""
        return self.packed - bool(self.bits)


@dataclass(frozen=True, slots=True)
class RestartPoints:
    """All restart points of a layer, in order; the first is at its beginning."""

    points: tuple[RestartPoint, ...]
    packed: int
    """Bytes of the packed layer."""
    unpacked: int
    """Bytes of the unpacked layer."""

    def cost(self, start: int, size: int) -> int:
        """Tell how many packed bytes it takes to read a range.

        Args:
            start: The first unpacked byte.
            size: How many are wanted.
        """
        if size <= 0 or start >= self.unpacked:
            return 0
        numbers = self._between(start, start + size)
        return self._end(numbers[-1]) - self.points[numbers[0]].first

    async def pieces(
        self, source: ByteSource, start: int, size: int, moved: Callable[[int], object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Give a range of the unpacked bytes, piece by piece.

        Args:
            source: The packed layer.
            start: The first unpacked byte.
            size: How many are wanted; there are fewer only where the layer ends.
            moved: Called with the number of packed bytes of each request.

        Raises:
            NoRangesError: The source gives its bytes from the beginning only.
            DamagedContentError: They cannot be unpacked: the layer is not the one that the points are of.
        """
        end = min(start + size, self.unpacked)
        if size <= 0 or start >= end:
            return
        for together in self._requests(self._between(start, end)):
            first, last = self.points[together[0]].first, self._end(together[-1])
            data = await source.read(first, last - first)
            if moved is not None:
                moved(len(data))
            for number in together:
                point, stop = self.points[number], self._next(number)
                packed = memoryview(data)[point.first - first : self._end(number) - first]
                parts = _range_of(point, packed, start, min(end, stop))
                while (part := await in_thread(next, parts, b"")) != b"":
                    yield part

    def to_bytes(self) -> bytes:
        """Write the points down, as `parsed` reads them."""
        return HEADER.pack(MAGIC, self.unpacked, len(self.points)) + b"".join(
            POINT.pack(point.packed, point.bits, point.unpacked, len(point.window)) + point.window
            for point in self.points
        )

    def _between(self, start: int, end: int) -> range:
        first = bisect_right(self.points, start, key=_unpacked) - 1
        last = bisect_right(self.points, end - 1, key=_unpacked)
        return range(max(first, 0), last)

    def _requests(self, numbers: range) -> Iterator[range]:
        """Divide points that follow each other into requests."""
        begin = numbers.start
        for number in numbers:
            if number > begin and self._end(number) - self.points[begin].first > REQUEST:
                yield range(begin, number)
                begin = number
        yield range(begin, numbers.stop)

    def _next(self, number: int) -> int:
        """Tell where what follows a point ends, unpacked."""
        return self.points[number + 1].unpacked if number + 1 < len(self.points) else self.unpacked

    def _end(self, number: int) -> int:
        """Tell where what follows a point ends, packed."""
        return self.points[number + 1].packed if number + 1 < len(self.points) else self.packed


class RestartFinder:
    """Finds the restart points of a gzip layer while its bytes pass by.

    Bytes are handed to `write` in order on a worker thread; it waits where the process that finds the points
    is slower. Leaving the context ends that process.

    Args:
        size: Bytes of the packed layer.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._process = subprocess.Popen(  # noqa: S603 -- this program itself
            [sys.executable, *COMMAND, str(size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answer: Future[bytes] = spawn(self._read, name="restart points")
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, piece: Piece) -> None:
        """Take the next bytes; they are left alone where the process has ended before."""
        if not self._broken:
            try:
                _pipe(self._process.stdin).write(piece)
            except OSError:
                self._broken = True

    def points(self) -> RestartPoints:
        """Give the points, after the last byte; it blocks until they are found.

        Raises:
            RestartsError: None could be found.
        """
        try:
            _pipe(self._process.stdin).close()
        except OSError:
            self._broken = True
        answer = self._answer.result()
        if self._process.wait() or self._broken:
            raise RestartsError("No restart points could be found in the layer.")
        return parsed(answer, self._size)

    def close(self) -> None:
        """End the process; it blocks for a moment."""
        self._broken = True
        self._process.kill()
        self._answer.result()
        with suppress(OSError):  # What was not written yet has nowhere to go.
            _pipe(self._process.stdin).close()
        self._process.wait()

    def _read(self) -> bytes:
        with _pipe(self._process.stdout) as out:
            return out.read(MOST_FOUND)


def parsed(answer: bytes, packed: int) -> RestartPoints:
    """Read what the process has found.

    Args:
        answer: What it wrote.
        packed: Bytes of the packed layer.

    Raises:
        RestartsError: It is not whole, or makes no sense.
    """
    points: list[RestartPoint] = []
    try:
        magic, unpacked, count = HEADER.unpack_from(answer)
        if count > MOST_POINTS:
            raise RestartsError("The layer has too many restart points.")
        at = HEADER.size
        for _ in range(count):
            place, bits, begin, size = POINT.unpack_from(answer, at)
            at += POINT.size
            points.append(RestartPoint(place, bits, begin, answer[at : at + size]))
            at += size
    except struct.error as error:
        raise RestartsError("What was found of restart points is not whole.") from error
    if magic != MAGIC or at != len(answer):
        raise RestartsError("What was found of restart points is not whole.")
    return checked(points, packed=packed, unpacked=unpacked)


def checked(points: Sequence[RestartPoint], *, packed: int, unpacked: int) -> RestartPoints:
    """Give points that make sense.

    Args:
        points: In their order.
        packed: Bytes of the packed layer.
        unpacked: Bytes of the unpacked layer.

    Raises:
        RestartsError: They make none.
    """
    kept = tuple(point for point in points if point.unpacked < max(unpacked, 1))
    if not (
        kept
        and kept[0].unpacked == 0
        and all(0 <= point.bits < 8 and 0 < point.packed <= packed for point in kept)  # noqa: PLR2004
        and all(one.packed < two.packed and one.unpacked < two.unpacked for one, two in pairwise(kept))
    ):
        raise RestartsError("What was found of restart points makes no sense.")
    return RestartPoints(kept, packed, unpacked)


def _unpacked(point: RestartPoint) -> int:
    return point.unpacked


def _range_of(point: RestartPoint, packed: memoryview, start: int, end: int) -> Iterator[bytes]:
    """Give what of an unpacked range follows a point, and look no further than that.

    Args:
        point: Where unpacking begins.
        packed: The bytes of the layer from there on, as many as are needed.
        start: The first unpacked byte that is wanted.
        end: The first that is not; it is there unless something is wrong.

    Raises:
        DamagedContentError: It is not.
    """
    at = point.unpacked
    try:
        for piece in _inflated(point, packed):
            wanted = piece[max(start - at, 0) : max(end - at, 0)]
            at += len(piece)
            if wanted:
                yield wanted
            if at >= end:
                return
    except (zlib.error, zstandard.ZstdError) as error:
        raise DamagedContentError("The layer cannot be unpacked from a restart point.") from error
    raise DamagedContentError("The layer ends before the file does.")


def _inflated(point: RestartPoint, packed: memoryview) -> Iterator[bytes]:
    """Unpack from a point on: the rest of its member of the gzip file, and the members behind it."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_window(point)) if point.window else _raw()
    yield from _drained(inflater, _aligned(point.bits, packed))
    data = inflater.unused_data[_TRAILER:]
    while data[:3] == _BEGINNING:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | _GZIP)
        yield from _drained(inflater, data)
        data = inflater.unused_data


def _aligned(bits: int, packed: memoryview) -> bytes:
    """Put blocks without content before a block that begins within a byte.

    Shifted bits would not do: a stored block begins at the next whole byte of the layer.
    """
    if not bits:
        return bytes(packed)
    skipped = 8 - bits
    blocks, length = _ODD_BLOCK if bits % 2 else (0, 0)
    while length % 8 != skipped:
        blocks |= _EVEN_BLOCK[0] << length
        length += _EVEN_BLOCK[1]
    before = bytearray(blocks.to_bytes(length // 8 + 1, "little"))
    before[-1] |= packed[0] & (0xFF << skipped & 0xFF)
    return bytes(before) + packed[1:]


def _drained(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while not inflater.eof:
        piece = inflater.decompress(data, STEP)
        data = inflater.unconsumed_tail
        if not piece and not inflater.eof:
            return
        yield piece


def _raw() -> zlib._Decompress:
    return zlib.decompressobj(-zlib.MAX_WBITS)


def _window(point: RestartPoint) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(point.window) as reader:
        return reader.read(WINDOW)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 -- both were asked for
    return pipe
