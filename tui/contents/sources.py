"""Bytes of a layer that are at hand already: in memory, or in a file."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.client.threads import finished, in_thread, spawn
from tui.contents.errors import DamagedContentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from os import PathLike

    from tui.contents.byte_source import Piece

__all__ = ["BytesSource", "FileSource", "pump_pieces"]

PIECE: Final = 1 << 20
"""Bytes that are read from a file at once: enough that the calls cost nothing beside the reading."""


class BytesSource:
    """A layer's bytes in memory."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes.

        Args:
            data: The packed layer.
        """
        self._data = data
        self._digest = ""

    @property
    def digest(self) -> str:
        """The digest of all bytes."""
        if not self._digest:
            self._digest = f"sha256:{hashlib.sha256(self._data).hexdigest()}"
        return self._digest

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    async def read(self, offset: int, size: int) -> bytes:
        """Read some bytes from a place.

        Args:
            offset: The first byte that is wanted.
            size: How many are wanted.
        """
        return self._data[offset : offset + size]

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand over all bytes from the first one on.

        Args:
            write: Takes bytes in order, on a worker thread.
            told: Called with the number of bytes that have come since the last call.
        """
        view = memoryview(self._data)
        await pump_pieces((view[at : at + PIECE] for at in range(0, len(view), PIECE)), write, told)


class FileSource:
    """A layer's bytes in a file that does not change meanwhile."""

    def __init__(self, path: str | PathLike[str], digest: str = "") -> None:
        """Take a file.

        Args:
            path: Where the packed layer lies.
            digest: Its SHA-256 (``sha256:…``), against which it is verified when it is read whole;
                "" where that is not known: then no other visit knows it again.

        Raises:
            OSError: There is no such file.
        """
        self._path = Path(path)
        self._digest = digest
        self._size = self._path.stat().st_size

    @property
    def digest(self) -> str:
        """The digest of all bytes; "" where nobody has said it."""
        return self._digest

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._size

    async def read(self, offset: int, size: int) -> bytes:
        """Read some bytes from a place.

        Args:
            offset: The first byte that is wanted.
            size: How many are wanted.

        Raises:
            OSError: The file cannot be read.
        """
        return await in_thread(self._read, offset, size)

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand over all bytes from the first one on, and verify them at their end if their digest is known.

        Args:
            write: Takes bytes in order, on a worker thread.
            told: Called with the number of bytes that have come since the last call.

        Raises:
            DamagedContentError: The file has another digest.
            OSError: The file cannot be read.
        """
        await pump_pieces(self._pieces(), write, told)

    def _read(self, offset: int, size: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def _pieces(self) -> Iterator[memoryview]:
        hasher = hashlib.sha256()
        buffer = memoryview(bytearray(PIECE))
        with self._path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                if self._digest:
                    hasher.update(buffer[:count])
                yield buffer[:count]
        if self._digest and self._digest != f"sha256:{hasher.hexdigest()}":
            raise DamagedContentError(
                f"The file's digest is sha256:{hasher.hexdigest()}, not {self._digest}."
            )


async def pump_pieces(
    pieces: Iterable[memoryview], write: Callable[[Piece], object], told: Callable[[int], object] | None
) -> None:
    """Hand pieces over on a thread of their own, until all have come or the wait for it is cancelled.

    Args:
        pieces: What is handed over, made on that thread.
        write: Takes each of them, there.
        told: Called on the event loop with the size of each.
    """
    loop = asyncio.get_running_loop()
    stopped = threading.Event()

    def run() -> None:
        for piece in pieces:
            if stopped.is_set():
                return
            if told is not None:
                loop.call_soon_threadsafe(told, len(piece))
            write(piece)

    await finished(asyncio.wrap_future(spawn(run, name="layer")), stopped.set)
