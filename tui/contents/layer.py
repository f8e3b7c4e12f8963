"""A layer: its entries as they arrive, and the bytes of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from tui.client.redaction import quoted
from tui.contents.errors import DamagedContentError, NotInLayerError, TooLargeError
from tui.contents.files import Links
from tui.contents.kept import Kept, places_of
from tui.contents.listing import StreamListing
from tui.contents.listing_form import Listing
from tui.contents.packing import Packing
from tui.contents.ranged import CountedReads
from tui.contents.reading import FileReader
from tui.contents.unpacked import Unpacked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from tui.contents.byte_source import ByteSource
    from tui.contents.entries import Entry
    from tui.contents.restarting import Finder
    from tui.contents.restarts import RestartPoints
    from tui.contents.store import LayerStore

__all__ = ["Layer", "open_layer"]

MOST_READ: Final = 64 << 20
"""Bytes of a file that are given as one: more is read piece by piece."""
LEAST_WITH_TABLE: Final = 256 * 1024
"""Bytes of a layer from which on a table of contents is looked for that nothing announces."""
PACKINGS: Final = {
    "tar": Packing.TAR,
    "gzip": Packing.GZIP,
    "eStargz": Packing.GZIP,
    "zstd": Packing.ZSTD,
    "zstd:chunked": Packing.ZSTD,
}
"""How the formats are packed."""
BATCH: Final = 5_000
"""Entries that are given at once where all are here already."""


def open_layer(
    source: ByteSource, *, annotations: Mapping[str, str] | None = None, store: LayerStore | None = None
) -> Layer:
    """Open a layer; nothing is read until its entries or a file are asked for.

    Args:
        source: Its packed bytes.
        annotations: Of its descriptor: they may name a table of contents and its digest.
        store: Keeps what was found out about it, for the next visit.
    """
    return Layer(source, annotations=annotations or {}, store=store)


class Layer:
    """The entries of a layer in their order, and the bytes of its files.

    Args:
        source: Its packed bytes.
        annotations: Of its descriptor.
        store: Keeps what was found out about it.
    """

    def __init__(
        self, source: ByteSource, *, annotations: Mapping[str, str], store: LayerStore | None = None
    ) -> None:
        self._source = source
        self._annotations = annotations
        self._kept = Kept(store, source.digest)
        self._known: Listing | None = None
        self._stream: StreamListing | None = None
        self._recalled = False
        self._notes: list[str] = []
        self._entries: Sequence[Entry] = []
        self._links = Links(self._entries)
        self._unpacked = Unpacked(source, self._count)
        self._unpacked.finder = self._finder
        self._reader = FileReader(source, self._unpacked, self._count)
        self._unpacked.on_points = lambda points: self._kept.keep_points(cast("RestartPoints", points))
        self._fetched = 0
        self._progress = 0

    @property
    def source(self) -> ByteSource:
        """Where its bytes come from."""
        return self._source

    @property
    def format(self) -> str:
        """``gzip``, ``zstd``, ``tar``, ``eStargz`` or ``zstd:chunked``; "" until that is known."""
        if self._known is not None:
            return self._known.format
        packing = self._stream.unpacker.packing if self._stream is not None else self._unpacked.packing
        return "" if packing is None else packing.value

    @property
    def entries(self) -> Sequence[Entry]:
        """Those that have been listed so far, in the layer's order."""
        return self._entries

    @property
    def complete(self) -> bool:
        """Whether all was listed that can be: listing again moves nothing."""
        return self._known is not None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the layer as a whole, each as a sentence for a person."""
        if self._known is not None:
            return self._known.problems
        return (*self._notes, *(() if self._stream is None else self._stream.problems))

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
        if self._known is not None:
            return self._known.unpacked
        return 0 if self._stream is None else self._stream.unpacker.unpacked

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
        if self._known is None:
            await self._recall()
        if self._known is None and (self._annotations or self._source.size >= LEAST_WITH_TABLE):
            await self._read_table()
        if self._known is not None:
            for at in range(0, len(self._entries), BATCH):
                yield self._entries[at : at + BATCH]
            return
        stream = self._stream = StreamListing(self._source)
        entries: list[Entry] = []
        self._begin(entries)
        self._progress = 0
        batches = stream.batches(self._advance)
        try:
            async for batch in batches:
                entries += batch
                yield batch
        finally:
            await batches.aclose()
        self._unpacked.learn(stream.unpacker)
        extras = {"starts": self._unpacked.starts, "places": self._unpacked.places}
        listing = Listing(self.format, entries, self.unpacked, self.problems, extras)
        self._know(listing)
        if stream.verified:
            self._kept.keep_listing(listing)

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
        await self._recall()
        found = self._links.find(entry)
        pieces = self._reader.pieces(found, max(offset, 0), found.size)
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
        await self._recall()
        found = self._links.find(entry)
        end = found.size if size is None else min(offset + size, found.size)
        if end - offset > MOST_READ:
            raise TooLargeError(
                f"{quoted(entry.path)} has more bytes than are read at once: {end - offset:,}."
            )
        return b"".join([piece async for piece in self._reader.pieces(found, max(offset, 0), end)])

    def cost(self, entry: Entry) -> int:
        """Estimate the packed bytes that opening a file moves; 0 for what cannot be opened.

        Args:
            entry: One of this layer's.
        """
        try:
            found = self._links.find(entry)
        except NotInLayerError:
            return 0
        return self._reader.cost(found)

    async def settled(self) -> None:
        """Wait until what goes on behind a file that was read is over: it makes the next files cheap."""
        await self._unpacked.settled()
        await self._kept.settled()

    async def close(self) -> None:
        """End what goes on behind a file that was read; what is known of the layer stays."""
        await self._unpacked.close()
        await self._kept.settled()

    def _finder(self) -> Finder:
        from tui.contents.restarts import RestartFinder  # noqa: PLC0415 - it is loaded when used

        return RestartFinder(self._source.size)

    async def _recall(self) -> None:
        """Take over what is known from an earlier visit."""
        if self._recalled:
            return
        listing, points = await self._kept.recall()
        self._recalled = True
        if points is not None:
            self._unpacked.points = points
        if listing is not None and self._known is None:
            self._know(listing)
            self._unpacked.packing = PACKINGS.get(listing.format)
            self._unpacked.starts = places_of(listing.extras.get("starts")) or [(0, 0)]
            self._unpacked.places = places_of(listing.extras.get("places"))

    async def _read_table(self) -> None:
        """Take the listing from the layer's table of contents, if it has one that is right."""
        from tui.contents.toc import find_toc  # noqa: PLC0415 - it is loaded when used

        self._notes.clear()
        try:
            toc = await find_toc(CountedReads(self._source, self._count), self._annotations)
        except (DamagedContentError, TooLargeError) as error:
            self._notes.append(f"{error} The layer was read as a stream instead.")
            return
        if toc is not None:
            listing = Listing(toc.format, toc.entries, toc.unpacked or 0, toc.problems)
            self._know(listing)
            self._unpacked.packing = PACKINGS.get(toc.format)
            if toc.digest_checked:
                self._kept.keep_listing(listing)

    def _know(self, listing: Listing) -> None:
        self._known = listing
        self._begin(listing.entries)

    def _begin(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._links = Links(entries)

    def _advance(self, count: int) -> None:
        self._progress += count
        self._fetched += count

    def _count(self, count: int) -> None:
        self._fetched += count
