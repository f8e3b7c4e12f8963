"""The entries of a layer, read from its packed bytes as they come by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.contents.errors import DamagedContentError, TooLargeError
from tui.contents.packing import Unpacker
from tui.contents.relay import EnoughError, Relay, relayed
from tui.contents.tar import TarReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from tui.contents.byte_source import ByteSource, Piece
    from tui.contents.entries import Entry

__all__ = ["StreamListing"]

BATCH: Final = 500
"""Entries that are handed over without waiting for more: some screens full."""
MOST_WAITING: Final = 4_000
"""Entries that wait to be taken while the transfer goes on."""
MOST_ENTRIES: Final = 2_000_000
"""Entries of one layer: some thirty times those of a large distribution, and about a gigabyte of memory."""


class StreamListing:
    """One pass through a layer, from its first byte to its last.

    Args:
        source: The layer's packed bytes.
    """

    def __init__(self, source: ByteSource) -> None:
        self.unpacker = Unpacker()
        """Tells the packing, and what lies where."""
        self.verified = False
        """Whether all bytes came, and the source knows that they are the right ones."""
        self._source = source
        self._reader = TarReader()
        self._failure = ""
        self._count = 0
        self._relay: Relay[Entry] | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the layer as a whole, each as a sentence for a person."""
        failure = (self._failure,) if self._failure else ()
        tar = (f"The tar has a problem: {problem}." for problem in self._reader.problems)
        return (*failure, *self.unpacker.problems, *tar)

    async def batches(self, told: Callable[[int], object]) -> AsyncGenerator[list[Entry], None]:
        """Give the entries as they come; leaving it ends the transfer.

        Args:
            told: Called with the number of packed bytes that have come since the last call.

        Raises:
            UnreadableLayerError: The layer is packed in a way that is not known.
            Exception: What the source raises, after the entries that came before.
        """
        relay: Relay[Entry] = Relay(most=MOST_WAITING, enough=BATCH)
        self._relay = relay
        batches = relayed(self._source, self._write, relay, last=self._end, told=told)
        try:
            async for batch in batches:
                yield batch
        finally:
            await batches.aclose()

    def _write(self, piece: Piece) -> None:
        # Behind damage the source's digest still tells whether it is the layer's, or came on the way.
        if not self._failure:
            self._read(self.unpacker.feed(piece))

    def _end(self) -> None:
        if not self._failure:
            self._read(self.unpacker.end())
        self._put(self._reader.end())
        self.verified = True

    def _read(self, unpacked: Iterable[Piece]) -> None:
        try:
            for piece in unpacked:
                self._put(self._reader.feed(piece))
        except DamagedContentError as error:
            self._failure = str(error)
        except TooLargeError as error:
            self._failure = str(error)
            raise EnoughError from error

    def _put(self, entries: list[Entry]) -> None:
        room = MOST_ENTRIES - self._count
        self._count += len(entries)
        if entries and self._relay is not None:
            self._relay.put(entries[:room], len(entries))
        if len(entries) > room:
            self._failure = f"The layer has more than {MOST_ENTRIES:,} entries: no more are listed."
            raise EnoughError
