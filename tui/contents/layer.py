"""A layer: its entries as they arrive, and the bytes of its files."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from tui.contents.entries import Entry, Kind
from tui.contents.errors import NotInLayerError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from tui.contents.byte_source import ByteSource

__all__ = ["Layer", "open_layer"]

MOST_READ = 64 << 20
STEP = 256 * 1024


def open_layer(source: ByteSource, *, annotations: Mapping[str, str] | None = None) -> Layer:
    """Open a layer; nothing is read until its entries or a file are asked for.

    Args:
        source: Its packed bytes.
        annotations: Of its descriptor: they may name a table of contents and its digest.
    """
    return Layer(source, annotations=annotations or {})


class Layer:
    """The entries of a layer in their order, and the bytes of its files."""

    def __init__(self, source: ByteSource, *, annotations: Mapping[str, str]) -> None:
        """Take where the bytes come from: see `open_layer`."""
        self._source = source
        self._annotations = annotations
        self._entries: list[Entry] = []
        self._complete = False
        self._problems: list[str] = []
        self.format = ""
        """``gzip``, ``zstd``, ``tar``, ``eStargz`` or ``zstd:chunked``; "" until that is known."""
        self.progress = 0
        """Packed bytes that the listing has read."""
        self.fetched = 0
        """Packed bytes that were moved in all."""
        self.unpacked = 0
        """Unpacked bytes that the listing has passed."""

    @property
    def source(self) -> ByteSource:
        """Where its bytes come from."""
        return self._source

    @property
    def entries(self) -> Sequence[Entry]:
        """Those that have been listed so far, in the layer's order."""
        return self._entries

    @property
    def complete(self) -> bool:
        """Whether all was listed that can be."""
        return self._complete

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the layer as a whole, each as a sentence for a person."""
        return tuple(self._problems)

    async def __aiter__(self) -> AsyncIterator[Entry]:
        async for batch in self.batches():
            for entry in batch:
                yield entry

    async def batches(self) -> AsyncGenerator[Sequence[Entry], None]:
        """List the entries as they arrive, several at a time; leaving it ends the transfer.

        Raises:
            UnreadableLayerError: It is packed in a way that is not known.
        """
        if not self._complete:
            packed = bytearray()
            await self._source.pump(packed.extend)
            self.progress = self.fetched = self.unpacked = len(packed)
            self.format = "tar"
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                self._entries = [
                    Entry(
                        path=info.name,
                        kind=Kind.DIRECTORY if info.isdir() else Kind.FILE,
                        size=info.size,
                        mode=info.mode,
                        mtime=info.mtime,
                        offset=info.offset_data,
                    )
                    for info in archive
                ]
            self._complete = True
        yield self._entries

    async def chunks(self, entry: Entry, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Read a file piece by piece; leaving it ends the transfer.

        Args:
            entry: One of this layer's; a hard link stands for what it links to.
            offset: The first byte of the file that is wanted.

        Raises:
            NotInLayerError: It has no bytes, or those that it links to are not in this layer.
            DamagedContentError: What lies there is not what was promised.
        """
        if entry.kind is not Kind.FILE or entry.offset is None:
            raise NotInLayerError(f"{entry.path} has no bytes.")
        for at in range(offset, entry.size, STEP):
            yield await self._source.read(entry.offset + at, min(STEP, entry.size - at))

    async def read(self, entry: Entry, offset: int = 0, size: int | None = None) -> bytes:
        """Read a part of a file.

        Args:
            entry: One of this layer's; a hard link stands for what it links to.
            offset: The first byte of the file that is wanted.
            size: How many are wanted; None for all that follow. There are fewer only where the file ends.

        Raises:
            NotInLayerError: It has no bytes, or those that it links to are not in this layer.
            DamagedContentError: What lies there is not what was promised.
            TooLargeError: More than 64 MiB are wanted at once.
        """
        wanted = max(entry.size - offset, 0) if size is None else size
        if wanted > MOST_READ:
            raise TooLargeError(f"{entry.path}: {wanted} bytes are too many to read at once.")
        data = bytearray()
        async for piece in self.chunks(entry, offset):
            data += piece[: wanted - len(data)]
            if len(data) >= wanted:
                break
        return bytes(data)

    def cost(self, entry: Entry) -> int:
        """Estimate the packed bytes that opening a file moves.

        Args:
            entry: One of this layer's.
        """
        return entry.size

    async def close(self) -> None:
        """End what still goes on for it."""
