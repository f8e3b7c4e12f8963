"""A program that finds restart points of the gzip stream on its standard input.

It runs as a process of its own, because rapidgzip is C++ over foreign bytes, holds hundreds of windows while
it works, and ends its process when something is wrong with itself.

Its only argument is the number of packed bytes. On its standard output it writes, in little endian, `HEADER`,
then for each point `POINT` and its window, compressed by zstd.
"""

from __future__ import annotations

import io
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACING: Final = 1 << 20
"""Packed bytes between two points, about: what opening a small file moves at the least."""

LARGE: Final = 2 << 30
"""Packed bytes of a stream whose points lie twice as far apart: all windows are in memory at the end."""

MOST_MEMORY: Final = 2 << 30
"""Bytes that may be reserved here: of a layer of 580 MB 1.2 GB are, of which 0.2 GB are used."""

PATIENCE: Final = 120
"""Seconds without a wish for more bytes, though some came, after which this has gone wrong."""

LEAST_BETWEEN: Final = 16 << 20
"""Unpacked bytes after which a point is kept however few packed ones lie between: a window takes 32 KiB."""

HEADER: Final = struct.Struct("<8sQI")
"""Magic, unpacked bytes of the whole stream, number of points."""
POINT: Final = struct.Struct("<QBQI")
"""Packed byte, bits of the byte before it that belong to the point, unpacked byte, bytes of the window."""
MAGIC: Final = b"ocipoint"

_KEPT: Final = 8 << 20
"""Packed bytes that stay behind the reader: rapidgzip looks back by one or two chunks."""
_STEP: Final = 1 << 20
_INDEX: Final = struct.Struct("<5sBBQQIII")
_INDEX_POINT: Final = struct.Struct("<QQB")
_INDEX_POINT_WITH_FLAG: Final = struct.Struct("<QQBB")


class Window(io.RawIOBase):
    """A stream that looks as if one could go anywhere in it, as long as that is not far back.

    Args:
        descriptor: Of the stream.
        size: Bytes that it has.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._kept = bytearray()
        self._first = 0
        self._position = 0

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It is, in the sense above."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Tell the place."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read from the place where one is, waiting for what has not come yet.

        Raises:
            OSError: It lies too far back.
        """
        end = self._size if size < 0 else self._position + size
        while self._first + len(self._kept) < end and (piece := self._next()):
            self._kept += piece
            if (surplus := min(len(self._kept) - 2 * _KEPT, self._position - self._first)) > 0:
                del self._kept[:surplus]
                self._first += surplus
        if self._position < self._first:
            raise OSError("what is wanted lies too far back")
        data = bytes(self._kept[self._position - self._first : end - self._first])
        self._position += len(data)
        if (surplus := len(self._kept) - 2 * _KEPT) > 0:
            surplus = min(surplus + _KEPT, self._position - self._first)
            del self._kept[:surplus]
            self._first += surplus
        return data

    def _next(self) -> bytes:
        """Wait for bytes, however long it takes, but not for what is made of them."""
        _end_after(0)
        piece = os.read(self._descriptor, _STEP)
        _end_after(PATIENCE)
        return piece


def _end_after(seconds: int) -> None:
    """End this process in some seconds, whatever its threads are doing; 0 for never."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def limit_memory(size: int) -> None:
    """Let this process end where it would need more memory than any layer takes.

    Args:
        size: Bytes.
    """
    with suppress(ImportError):  # Windows has no such limits.
        import resource  # noqa: PLC0415 -- see above

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        if most == resource.RLIM_INFINITY or most > size:
            resource.setrlimit(resource.RLIMIT_DATA, (size, most))
        # It ends by a signal then, and would leave what it holds of the layer in a file.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def index_of(descriptor: int, size: int) -> bytes:
    """Read a whole gzip stream, and give the index that rapidgzip makes of it, in indexed_gzip's format."""
    from rapidgzip import IndexFormat, _RapidgzipFile  # noqa: PLC0415 -- its face hides the size of chunks

    # One thread: a second one makes it no faster here, and takes twice the memory.
    # Larger chunks take more memory where many bytes come out of few.
    chunk = SPACING * (2 if size > LARGE else 1)
    file = _RapidgzipFile(Window(descriptor, size), parallelization=1, chunk_size=chunk)
    try:
        buffer = bytearray(_STEP)
        while file.readinto(buffer):
            pass
        index = io.BytesIO()
        file.export_index(index, IndexFormat.INDEXED_GZIP)
    finally:
        file.close()
    return index.getvalue()


def points_of(index: bytes) -> Iterator[tuple[int, int, int, memoryview]]:
    """Go through the points of an index: packed byte, bits, unpacked byte and window of each."""
    magic, version, _, _, _, _, window_size, count = _INDEX.unpack_from(index)
    if magic != b"GZIDX" or version not in {0, 1}:
        raise ValueError("the index is of a form that is not known")
    form = _INDEX_POINT_WITH_FLAG if version else _INDEX_POINT
    points = [form.unpack_from(index, _INDEX.size + form.size * number) for number in range(count)]
    at = _INDEX.size + form.size * count
    for number, (packed, unpacked, bits, *flag) in enumerate(points):
        size = window_size if (flag[0] if flag else number) else 0
        yield packed, bits, unpacked, memoryview(index)[at : at + size]
        at += size


def apart(points: Iterator[tuple[int, int, int, memoryview]]) -> Iterator[tuple[int, int, int, memoryview]]:
    """Leave out points that are close behind another one."""
    last_packed = last_unpacked = None
    for point in points:
        packed, _, unpacked, _ = point
        if last_packed is None or last_unpacked is None:
            kept = True
        else:
            kept = packed - last_packed >= SPACING // 2 or unpacked - last_unpacked >= LEAST_BETWEEN
        if kept:
            last_packed, last_unpacked = packed, unpacked
            yield point


def main() -> None:
    """Find the points, and write them."""
    import zstandard  # noqa: PLC0415 -- the program that starts this one imports its constants alone

    limit_memory(MOST_MEMORY)
    index = index_of(sys.stdin.fileno(), int(sys.argv[1]))
    unpacked_size = _INDEX.unpack_from(index)[4]
    compressor = zstandard.ZstdCompressor(level=1)
    points = [
        (packed, bits, unpacked, compressor.compress(window) if len(window) else b"")
        for packed, bits, unpacked, window in apart(points_of(index))
    ]
    out = sys.stdout.buffer
    out.write(HEADER.pack(MAGIC, unpacked_size, len(points)))
    for packed, bits, unpacked, window in points:
        out.write(POINT.pack(packed, bits, unpacked, len(window)))
        out.write(window)
    out.flush()


if __name__ == "__main__":
    main()
