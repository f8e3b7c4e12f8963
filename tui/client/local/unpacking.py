"""Packed archives: recognised by their first bytes, and unpacked into a temporary file.

``docker load`` takes archives that are packed with gzip or zstd, and so does this; of other packings it says
how to unpack them. What is packed may be a bomb: the temporary file has a limit, and never fills the disk.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import shutil
import tempfile
import zlib
from enum import Enum
from typing import IO, TYPE_CHECKING, Final, cast

import zstandard

from tui.client.errors import UnreadableSourceError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from io import FileIO

    from tui.client.local.tar_index import Readable

__all__ = ["Packing", "packing", "unpack"]

GIB: Final = 1024**3

MAX_UNPACKED: Final = 64 * GIB
"""Bytes of an archive that is unpacked: the largest images, of models and their tools, have half of it."""

KEPT_FREE: Final = GIB // 4
"""Bytes of the disk that stay free for others."""

PIECE: Final = 1024 * 1024
"""Bytes that are unpacked between two looks at whether to go on."""

_MAX_WINDOW: Final = 128 * 1024 * 1024
"""Bytes of memory that unpacking zstd may take: what its own program takes unless it is told otherwise."""


class Packing(Enum):
    """How an archive is packed, by the program that unpacks it."""

    GZIP = "gunzip"
    ZSTD = "unzstd"
    BZIP2 = "bunzip2"
    XZ = "unxz"


_MARKS: Final = {
    b"\x1f\x8b\x08": Packing.GZIP,
    b"\x28\xb5\x2f\xfd": Packing.ZSTD,
    b"BZh": Packing.BZIP2,
    b"\xfd7zXZ\x00": Packing.XZ,
}


def packing(head: bytes) -> Packing | None:
    """Tell how an archive is packed; None where it is not.

    Args:
        head: Its first bytes, of which six are enough.
    """
    return next((found for mark, found in _MARKS.items() if head.startswith(mark)), None)


def unpack(archive: Readable, packed: Packing, stopped: threading.Event) -> FileIO:
    """Unpack an archive into a temporary file that has no name and vanishes when it is closed.

    Args:
        archive: The archive.
        packed: How it is packed.
        stopped: Ends the unpacking when it is set.

    Raises:
        UnreadableSourceError: It is damaged, too large for the disk, packed in another way, or was stopped.
    """
    if packed not in {Packing.GZIP, Packing.ZSTD}:
        raise UnreadableSourceError(
            "it is packed in a way that is not read here", remedy=f"Unpack it first, with {packed.value}."
        )
    spool = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is handed on
    try:
        with _told():
            _copy(_reader(archive, packed), spool, stopped)
    except BaseException:
        spool.close()
        raise
    return spool


def _copy(reader: IO[bytes], spool: FileIO, stopped: threading.Event) -> None:
    limit = min(MAX_UNPACKED, shutil.disk_usage(tempfile.gettempdir()).free - KEPT_FREE)
    done = 0
    while piece := reader.read(PIECE):
        if stopped.is_set():
            raise UnreadableSourceError("the unpacking was stopped", remedy="Open it again.")
        done += len(piece)
        if done > limit:
            raise UnreadableSourceError(
                f"unpacked, it has more than the {max(limit, 0):,} bytes that there is room for",
                remedy=f"Make room in {tempfile.gettempdir()}, or set TMPDIR to a folder that has it.",
            )
        view = memoryview(piece)
        while view:
            view = view[spool.write(view) :]


def _reader(archive: Readable, packed: Packing) -> IO[bytes]:
    raw = io.BufferedReader(_Raw(archive), PIECE)
    if packed is Packing.GZIP:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    return cast("IO[bytes]", decompressor.stream_reader(raw, read_across_frames=True))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell what the libraries say in one way."""
    try:
        yield
    except EOFError as error:
        raise UnreadableSourceError("the packed archive is cut off") from error
    except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise UnreadableSourceError("the packed archive is damaged") from error
    except OSError as error:
        said = (error.strerror or "the system refuses").lower()
        raise UnreadableSourceError(f"it cannot be unpacked: {said}", remedy="") from error


class _Raw(io.RawIOBase):
    """An archive, read from its beginning to its end."""

    def __init__(self, archive: Readable) -> None:
        self._archive = archive
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # it is what is handed in
        data = self._archive.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
