"""What tests of layers stand on: bytes that count how they are read, and tars."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import zstandard

from tui.contents.errors import NoRangesError
from tui.contents.sources import BytesSource, pump_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tui.contents.byte_source import Piece

TIME = 1_700_000_000


class CountingSource(BytesSource):
    """Bytes in memory that count what is read of them, can refuse ranges, and can end too early."""

    def __init__(
        self,
        data: bytes,
        *,
        ranges: bool = True,
        piece: int = 64 * 1024,
        broken_at: int | None = None,
        error: Exception | None = None,
    ) -> None:
        """Take the bytes.

        Args:
            data: The packed layer.
            ranges: Whether a part can be read alone.
            piece: Bytes that arrive at once.
            broken_at: Where the transfer ends with `error`; None where it comes to its end.
            error: What is raised there.
        """
        super().__init__(data)
        self.ranges = ranges
        self.piece = piece
        self.broken_at = broken_at
        self.error = error or ConnectionError("the connection was lost")
        self.reads: list[tuple[int, int]] = []
        """Each range that was asked for: where, and how many bytes came."""
        self.refused = 0
        """Ranges that were asked for and not given."""
        self.pumps = 0
        """How often all bytes were asked for from the first one on."""
        self.pumped = 0
        """Bytes that were handed over from the beginning on, in all transfers together."""
        self.finished_pumps = 0
        """Transfers that came to their end."""
        self.ended_pumps = 0
        """Transfers that were ended before their end."""
        self.ended = asyncio.Event()
        """Set as soon as a transfer is over, whichever way."""
        self.hold: Callable[[int], object] | None = None
        """Called on the worker thread before each piece, with the place where it begins: it may wait."""

    @property
    def moved(self) -> int:
        """Bytes that came in all."""
        return self.pumped + sum(size for _, size in self.reads)

    async def read(self, offset: int, size: int) -> bytes:
        if not self.ranges:
            self.refused += 1
            raise NoRangesError("this source gives its bytes from the beginning only")
        data = await super().read(offset, size)
        self.reads.append((offset, len(data)))
        return data

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        self.pumps += 1
        broken_at = self.size if self.broken_at is None else self.broken_at

        def pieces() -> Iterable[memoryview]:
            for at in range(0, broken_at, self.piece):
                if self.hold is not None:
                    self.hold(at)
                piece = memoryview(self._data)[at : min(at + self.piece, broken_at)]
                self.pumped += len(piece)
                yield piece
            if self.broken_at is not None:
                raise self.error

        try:
            await pump_pieces(pieces(), write, told)
            self.finished_pumps += 1
        except BaseException:
            self.ended_pumps += 1
            raise
        finally:
            self.ended.set()


def member(name: str, **fields: object) -> tarfile.TarInfo:
    """Make the header of one member of a tar; fields are those of `tarfile.TarInfo`."""
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    info.mtime = TIME
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def make_tar(
    members: Iterable[tuple[tarfile.TarInfo, bytes]],
    *,
    tar_format: int = tarfile.PAX_FORMAT,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Make a tar of headers and the bytes of each.

    Args:
        members: Each header with its file's bytes; the size is set from them, for regular files.
        tar_format: One of `tarfile`'s formats.
        headers: Global PAX headers.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format, pax_headers=headers) as archive:
        for info, data in members:
            if info.isreg():
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def tar_of(files: Mapping[str, bytes], *, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    """Make a tar of regular files; a name that ends in ``/`` is a directory."""
    return make_tar(
        (
            (member(name.rstrip("/"), type=tarfile.DIRTYPE, mode=0o755), b"")
            if name.endswith("/")
            else (member(name), data)
            for name, data in files.items()
        ),
        tar_format=tar_format,
    )


def gzipped(data: bytes, level: int = 6) -> bytes:
    """Pack with gzip, always into the same bytes."""
    return gzip.compress(data, level, mtime=0)


def zstd_of(data: bytes, level: int = 3) -> bytes:
    """Pack into one zstd frame."""
    return zstandard.ZstdCompressor(level=level).compress(data)
