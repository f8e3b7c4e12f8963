"""A layer: its entries as they arrive, and the bytes of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.contents.errors import NotInLayerError, TooLargeError
from tui.contents.files import Links, stored_size, with_holes
from tui.contents.listing import StreamListing
from tui.contents.unpacked import Unpacked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from tui.contents.byte_source import ByteSource
    from tui.contents.entries import Entry
    from tui.contents.restarting import Finder

__all__ = ["Layer", "open_layer"]

MOST_READ: Final = 64 << 20
"""Bytes of a file that are given as one: more is read piece by piece."""
BATCH: Final = 5_000
"""Entries that are given at once where all are here already."""


def open_layer(source: ByteSource, *, annotations: Mapping[str, str] | None = None) -> Layer:
    """Open a layer; nothing is read until its entries or a file are asked for.

    Args:
        source: Its packed bytes.
        annotations: Of its descriptor: they may name a table of contents and its digest.
    """
    return Layer(source, annotations=annotations or {})


class Layer:
    """The entries of a layer in their order, and the bytes of its files.

    Args:
        source: Its packed bytes.
        annotations: Of its descriptor.
    """

    def __init__(self, source: ByteSource, *, annotations: Mapping[str, str]) -> None:
        self._source = source
        self._annotations = annotations
        self._entries: list[Entry] = []
        self._links = Links(self._entries)
        self._complete = False
        self._listing: StreamListing | None = None
        self._unpacked = Unpacked(source, self._count)
        self._unpacked.finder = self._finder
        self._fetched = 0
        self._progress = 0

    @property
    def source(self) -> ByteSource:
        """Where its bytes come from."""
        return self._source

    @property
    def format(self) -> str:
        """``gzip``, ``zstd``, ``tar``, ``eStargz`` or ``zstd:chunked``; "" until that is known."""
        packing = self._unpacked.packing
        if packing is None and self._listing is not None:
            packing = self._listing.unpacker.packing
        return "" if packing is None else packing.value

    @property
    def entries(self) -> Sequence[Entry]:
        """Those that have been listed so far, in the layer's order."""
        return self._entries

    @property
    def complete(self) -> bool:
        """Whether all was listed that can be: listing again moves nothing."""
        return self._complete

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the layer as a whole, each as a sentence for a person."""
        return () if self._listing is None else self._listing.problems

    @property
    def progress(self) -> int:
        """Packed bytes that the listing has read."""
        return self._progress

    @property
    def fetched(self) -> int:
        """Packed bytes that were moved in all, for the listing and for files."""
        return self._fetched

    @property
    def unpacked(self) -> int:
        """Unpacked bytes that the listing has passed."""
        return 0 if self._listing is None else self._listing.unpacker.unpacked

    async def __aiter__(self) -> AsyncIterator[Entry]:
        """List the entries as they arrive; leaving the loop ends the transfer."""
        batches = self.batches()
        try:
            async for batch in batches:
                for entry in batch:
                    yield entry
        finally:
            await batches.aclose()

    async def batches(self) -> AsyncGenerator[Sequence[Entry], None]:
        """List the entries as they arrive, several at a time; leaving it ends the transfer.

        Damage is no error but stands in `problems`: what can be read is listed.

        Raises:
            UnreadableLayerError: The layer is packed in a way that is not known.
            Exception: What the source raises, after the entries that came before.
        """
        if self._complete:
            for at in range(0, len(self._entries), BATCH):
                yield self._entries[at : at + BATCH]
            return
        listing = self._listing = StreamListing(self._source)
        entries: list[Entry] = []
        self._begin(entries)
        self._progress = 0
        batches = listing.batches(self._advance)
        try:
            async for batch in batches:
                entries += batch
                yield batch
        finally:
            await batches.aclose()
        self._begin(entries)
        self._unpacked.learn(listing.unpacker)
        self._complete = True

    async def chunks(self, entry: Entry, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Read a file piece by piece; leaving it ends the transfer.

        Args:
            entry: One of this layer's; a hard link stands for what it links to.
            offset: The first byte of the file that is wanted.

        Raises:
            NotInLayerError: It has no bytes, or those that it links to are not in this layer.
            DamagedContentError: What lies there is not what was promised.
            Exception: What the source raises.
        """
        found = self._links.find(entry)
        pieces = self._pieces(found, offset, found.size)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

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
            Exception: What the source raises.
        """
        found = self._links.find(entry)
        end = found.size if size is None else min(offset + size, found.size)
        if end - offset > MOST_READ:
            raise TooLargeError(
                f"{quoted(entry.path)} has more bytes than are read at once: {end - offset:,}."
            )
        return b"".join([piece async for piece in self._pieces(found, offset, end)])

    def cost(self, entry: Entry) -> int:
        """Estimate the packed bytes that opening a file moves; 0 for what cannot be opened.

        Args:
            entry: One of this layer's.
        """
        try:
            found = self._links.find(entry)
        except NotInLayerError:
            return 0
        return self._unpacked.cost(found.offset or 0, stored_size(found))

    async def settled(self) -> None:
        """Wait until what goes on behind a file that was read is over: it makes the next files cheap."""
        await self._unpacked.settled()

    async def close(self) -> None:
        """End what goes on behind a file that was read; what is known of the layer stays."""
        await self._unpacked.close()

    async def _pieces(self, entry: Entry, start: int, end: int) -> AsyncGenerator[bytes, None]:
        pieces = with_holes(entry, max(start, 0), end, self._unpacked.pieces)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    def _finder(self) -> Finder:
        from tui.contents.restarts import RestartFinder  # noqa: PLC0415 - it is loaded when used

        return RestartFinder(self._source.size)

    def _begin(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._links = Links(entries)

    def _advance(self, count: int) -> None:
        self._progress += count
        self._fetched += count

    def _count(self, count: int) -> None:
        self._fetched += count
