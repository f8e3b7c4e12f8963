"""Reads the files of a layer by whatever way their entries and the source allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.redaction import quoted
from tui.contents.entries import Kind
from tui.contents.errors import NoRangesError, NotInLayerError
from tui.contents.files import stored_size, with_holes
from tui.contents.listing import StreamListing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tui.contents.byte_source import ByteSource
    from tui.contents.entries import Entry
    from tui.contents.unpacked import Unpacked

__all__ = ["FileReader"]


class FileReader:
    """Reads files of entries that have bytes.

    Args:
        source: The layer's packed bytes.
        unpacked: Its unpacked bytes.
        told: Called with the number of packed bytes that were moved since the last call.
    """

    def __init__(self, source: ByteSource, unpacked: Unpacked, told: Callable[[int], object]) -> None:
        self._source = source
        self._unpacked = unpacked
        self._told = told
        self._streamed: dict[str, Entry] | None = None

    def cost(self, entry: Entry) -> int:
        """Estimate how many packed bytes reading a file moves.

        Args:
            entry: The file.
        """
        if entry.chunks:
            from tui.contents.toc import chunks_cost  # noqa: PLC0415 - it is loaded when used

            return chunks_cost(entry)
        return self._unpacked.cost(entry.offset or 0, stored_size(entry))

    async def pieces(self, entry: Entry, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Give a part of a file; leaving it ends the transfer.

        Args:
            entry: The file.
            start: Its first byte that is wanted.
            end: The byte after the last one that is wanted.

        Raises:
            DamagedContentError: What lies there is not what was promised.
            NotInLayerError: Without ranges it was looked for in the stream, and is not there.
            Exception: What the source raises.
        """
        came = start
        if entry.chunks:
            chunks = self._chunks(entry, start, end)
            try:
                async for piece in chunks:
                    came += len(piece)
                    yield piece
            except NoRangesError:
                entry = await self._in_stream(entry)
            else:
                return
            finally:
                await chunks.aclose()
        pieces = with_holes(entry, came, end, self._unpacked.pieces)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    def _chunks(self, entry: Entry, start: int, end: int) -> AsyncGenerator[bytes, None]:
        from tui.contents.toc import read_chunks  # noqa: PLC0415 - it is loaded when used

        return read_chunks(self._source, entry, start, end - start, self._told)

    async def _in_stream(self, entry: Entry) -> Entry:
        """Find a file of a table of contents in the layer's stream: a table is of no use without ranges."""
        if self._streamed is None:
            listing = StreamListing(self._source)
            found: dict[str, Entry] = {}
            batches = listing.batches(self._told)
            try:
                async for batch in batches:
                    found.update((one.path, one) for one in batch if one.kind is Kind.FILE)
            finally:
                await batches.aclose()
            self._unpacked.learn(listing.unpacker)
            self._streamed = found
        found_there = self._streamed.get(entry.path)
        if found_there is None or found_there.size != entry.size:
            raise NotInLayerError(
                f"{quoted(entry.path)} is in the layer's table of contents, not in its stream."
            )
        return found_there
