"""The packed bytes of a layer that lies in a registry, a layout or an archive, for `tui.contents` to read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tui.client.errors import (
    BodyTooLargeError,
    DigestMismatchError,
    RangesUnsupportedError,
    RegistryError,
    SizeMismatchError,
)
from tui.contents.errors import NoRangesError, TooLargeError
from tui.transfers.retries import Patience, Retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client import BlobStream, Descriptor, Digest, Repository, Source
    from tui.contents.byte_source import Piece

__all__ = ["BlobSource"]

RETRIES: Final = Retries(tries=3)
"""Fewer than a download has: somebody is looking at what has come of the layer, and can ask again."""


class BlobSource:
    """A layer, as a `tui.contents.byte_source.ByteSource`; its errors are those of the `Source`.

    Attributes:
        fetched: How many bytes have come until now, by whatever way, also those that came twice.

    Args:
        source: Where the layer lies.
        repository: The repository that has it.
        descriptor: The layer.
        retries: How often a transfer that was lost goes on from where it was, and how long that waits.
    """

    def __init__(
        self, source: Source, repository: Repository, descriptor: Descriptor, *, retries: Retries = RETRIES
    ) -> None:
        self.fetched = 0
        self._source = source
        self._repository = repository
        self._descriptor = descriptor
        self._retries = retries
        self._without_ranges: RangesUnsupportedError | None = None

    @property
    def digest(self) -> str:
        """The layer's digest."""
        return self._descriptor.digest

    @property
    def size(self) -> int:
        """How many bytes the layer has, packed."""
        return self._descriptor.size

    async def read(self, offset: int, size: int) -> bytes:
        """Read some bytes from a place, in one request; they are not verified.

        Where ranges have turned out not to be had, nothing is asked for, until the whole layer has come: what
        stands between may have fetched it meanwhile, and give ranges from then on.

        Args:
            offset: The first byte that is wanted.
            size: How many are wanted, up to 64 MiB; there are fewer only where the layer ends.

        Raises:
            NoRangesError: The registry gives the layer from its beginning only.
            TooLargeError: More than that are wanted.
            RegistryError: The layer cannot be read.
        """
        if self._without_ranges is not None:
            raise NoRangesError(self._without_ranges.message)
        try:
            data = await self._source.get_blob_range(self._repository, self._descriptor, offset, size)
        except RangesUnsupportedError as error:
            self._without_ranges = error
            raise NoRangesError(error.message) from error
        except BodyTooLargeError as error:
            raise TooLargeError(error.message) from error
        self.fetched += len(data)
        return data

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand over the whole layer, verified at its end; a transfer that is lost goes on from where it was.

        Cancelling it ends the transfer; no call of `write` goes on after that.

        Args:
            write: Takes bytes in order, on a worker thread; what it raises ends all and is raised here.
            told: Called on the event loop with the number of bytes that have come since the last call.

        Raises:
            DigestMismatchError: It is another layer, or became another one on the way.
            SizeMismatchError: It is longer or shorter than it should be.
            RegistryError: The layer cannot be read.
        """
        patience = Patience(self._retries)
        handed = _Handed(self._descriptor.digest, write)

        def advance(count: int) -> None:
            self.fetched += count
            if told is not None and (fresh := handed.count(count)):
                told(fresh)

        while True:
            try:
                async with self._source.get_blob(
                    self._repository, self._descriptor, offset=handed.size, hasher=handed.hasher, bulk=True
                ) as stream:
                    handed.begin(stream)
                    try:
                        await stream.pump(handed.write, advance)
                    finally:
                        handed.end(stream)
            except RegistryError as error:
                too_long = isinstance(error, SizeMismatchError) and error.actual > error.expected
                wait = None if too_long else patience.wait(error, handed.size)
                if wait is None:
                    raise
                await asyncio.sleep(wait)
            else:
                self._without_ranges = None
                return


class _Handed:
    """What has been handed over of a layer, across attempts.

    A server without ranges begins at the first byte again. What was handed over before is left out then, and
    has to be the same.

    Attributes:
        size: How many bytes have been handed over.
        hasher: A hash of them.

    Args:
        digest: The layer's.
        write: Takes the bytes.
    """

    def __init__(self, digest: Digest, write: Callable[[Piece], object]) -> None:
        self.size = 0
        self.hasher = digest.hasher()
        self._digest = digest
        self._write = write
        self._again = digest.hasher()
        self._left_out = 0
        self._untold = 0

    def begin(self, stream: BlobStream) -> None:
        """Begin an attempt, where its stream begins."""
        self._untold = self._left_out = self.size - stream.offset
        self._again = self._digest.hasher()

    def end(self, stream: BlobStream) -> None:
        """End it, with or without success; what the stream has hashed is then what was handed over."""
        if not self._left_out and stream.hasher is not None:
            self.hasher = stream.hasher

    def count(self, come: int) -> int:
        """Tell how many of the bytes that have come are not there for the second time."""
        known = min(self._untold, come)
        self._untold -= known
        return come - known

    def write(self, piece: Piece) -> None:
        """Take the next bytes of the stream."""
        if self._left_out:
            known = min(self._left_out, len(piece))
            self._again.update(piece[:known])
            if known == self._left_out and self._again.digest() != self.hasher.digest():
                before, now = (
                    f"{self._digest.algorithm}:{one.hexdigest()}" for one in (self.hasher, self._again)
                )
                raise DigestMismatchError(before, now)
            self._left_out -= known
            piece = piece[known:]
            if not len(piece):
                return
        self._write(piece)
        self.size += len(piece)
