"""A blob on its way: read chunk by chunk, or pumped into something that blocks, and verified at its end."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.errors import BodyTooLargeError, DigestMismatchError, SizeMismatchError
from tui.client.names import Digest
from tui.client.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from hashlib import _Hash

    from tui.client.details import RequestLine
    from tui.client.documents.descriptors import Descriptor
    from tui.client.wire.bulk import Piece

__all__ = ["BlobStream", "at_hand", "known_size", "read_whole"]

EMPTY_SHA256: Final = Digest.of(b"")
EMPTY_SHA512: Final = Digest.of(b"", "sha512")

PIECE: Final = 1024 * 1024
"""Bytes that are handed to a worker thread at once: the way there and back is short beside hashing them."""


class Pump(Protocol):
    """Hands a body over on threads, as `tui.client.answers.Answer.pump` does."""

    def __call__(
        self,
        write: Callable[[Piece], object],
        then: Callable[[Piece], object],
        told: Callable[[int], object] | None,
        /,
    ) -> Awaitable[None]:
        """Hand it over."""
        ...


class BlobStream:
    """The bytes of a blob as they come, verified at their end.

    They are read once: by iterating over it, which gives chunks, or by `pump`. After the last one, size and
    digest are compared: what is not read to its end is not verified.

    Attributes:
        size: Bytes of the whole blob; None where nobody has said.
        offset: Where the stream begins: 0 where the registry does not give ranges, whatever was asked for.
        hasher: A hash of what has been read, and of what was before the offset; None where that is not known.
        line: The request that brought it.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        digest: Digest,
        *,
        size: int | None,
        offset: int,
        hasher: _Hash | None,
        line: RequestLine,
        pump: Pump | None = None,
    ) -> None:
        self.size = size
        self.offset = offset
        self.hasher = hasher
        self.line = line
        self._chunks = chunks
        self._digest = digest
        self._pump = pump

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Give the chunks, and verify the blob at its end.

        Raises:
            SizeMismatchError: The blob is longer or shorter than was said.
            DigestMismatchError: It is not the blob that was asked for.
            NetworkError: The connection broke off, or the server went silent.
        """
        position = self.offset
        async for chunk in self._chunks:
            position += len(chunk)
            self._check_length(position)
            if self.hasher is not None:
                self.hasher.update(chunk)
            yield chunk
        self._verify(position)

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand all bytes to a function, in order and off the event loop, and verify the blob at its end.

        Whatever it raises, all that had come until then has been handed over, unless `write` itself raised.

        Args:
            write: Takes bytes, which are to be used at once, on a worker thread; what it raises ends all.
            told: Called on the event loop with the number of bytes that have come since the last call.

        Raises:
            SizeMismatchError: The blob is longer or shorter than was said.
            DigestMismatchError: It is not the blob that was asked for.
            NetworkError: The connection broke off, or the server went silent.
        """
        if self._pump is None:
            position = await self._pump_chunks(write, told)
        else:
            position = await self._pump_pieces(self._pump, write, told)
        self._verify(position)

    async def _pump_pieces(
        self, pump: Pump, write: Callable[[Piece], object], told: Callable[[int], object] | None
    ) -> int:
        """Let threads read, hash and write."""
        position = self.offset

        def check_and_write(piece: Piece) -> None:
            nonlocal position
            self._check_length(position + len(piece))
            write(piece)
            position += len(piece)

        def hash_written(piece: Piece) -> None:
            if self.hasher is not None:
                self.hasher.update(piece)

        await pump(check_and_write, hash_written, told)
        return position

    async def _pump_chunks(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None
    ) -> int:
        position = self.offset
        writer = _Writer(self.hasher, write)
        try:
            async for chunk in self._chunks:
                position += len(chunk)
                self._check_length(position)
                await writer.take(chunk)
                if told is not None:
                    told(len(chunk))
        finally:
            await writer.finish()
        return position

    def _check_length(self, position: int) -> None:
        if self.size is not None and position > self.size:
            raise SizeMismatchError(self.size, position, request=self.line)

    def _verify(self, position: int) -> None:
        if self.size is not None and position != self.size:
            raise SizeMismatchError(self.size, position, request=self.line)
        if self.hasher is not None and self.hasher.hexdigest() != self._digest.hex:
            actual = f"{self._digest.algorithm}:{self.hasher.hexdigest()}"
            raise DigestMismatchError(self._digest, actual, request=self.line)


def known_size(wanted: Descriptor) -> int | None:
    """Give the size that a descriptor says, where it says one: 0 is one for the empty blob alone."""
    return wanted.size if wanted.size or wanted.digest in {EMPTY_SHA256, EMPTY_SHA512} else None


def at_hand(wanted: Descriptor, *, offset: int, hasher: _Hash | None, line: RequestLine) -> BlobStream | None:
    """Open what nobody has to be asked for: content that a descriptor holds, or what is behind its last byte.

    Args:
        wanted: The blob.
        offset: The first byte that is wanted.
        hasher: A hash that has been fed with the bytes before it.
        line: The request that would bring the rest.

    Returns:
        The stream; None where the blob has to be fetched.

    Raises:
        UnsupportedAlgorithmError: The digest's algorithm is not known, so that nothing can be verified.
        ValueError: The offset is outside of the blob.
    """
    digest = wanted.digest
    size = known_size(wanted)
    fresh = digest.hasher()
    if offset < 0 or (size is not None and offset > size):
        raise ValueError(f"offset {offset} is outside of the blob")
    if wanted.data is not None and Digest.of(wanted.data, digest.algorithm) == digest:
        rest = _held(wanted.data[offset:])
        hashed = hasher if offset else fresh
        return BlobStream(rest, digest, size=len(wanted.data), offset=offset, hasher=hashed, line=line)
    if offset and offset == size:
        return BlobStream(_held(b""), digest, size=size, offset=offset, hasher=hasher, line=line)
    return None


async def read_whole(stream: BlobStream, limit: int) -> bytes:
    """Read a small blob to its end, verified.

    Raises:
        BodyTooLargeError: It has more than `limit` bytes.
        RegistryError: As the stream.
    """
    body = bytearray()
    async with aclosing(aiter(stream)) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > limit:
                raise BodyTooLargeError(limit, what="blob", request=stream.line)
    return bytes(body)


async def _held(data: bytes) -> AsyncGenerator[bytes, None]:
    if data:
        yield data


class _Writer:
    """Hashes and writes on worker threads, one piece at a time, while the next one is collected."""

    def __init__(self, hasher: _Hash | None, write: Callable[[Piece], object]) -> None:
        self._hasher = hasher
        self._write = write
        self._chunks: list[bytes] = []
        self._size = 0
        self._pending: asyncio.Task[None] | None = None
        self._intact = True

    async def take(self, chunk: bytes) -> None:
        """Take bytes; errors of writing may come with a later call."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size >= PIECE:
            await self._settle()
            self._begin()

    async def finish(self) -> None:
        """Write what is left, unless writing has failed."""
        await self._settle()
        self._begin()
        await self._settle()

    def _begin(self) -> None:
        if self._chunks and self._intact:
            data = b"".join(self._chunks)
            self._chunks.clear()
            self._size = 0
            self._pending = asyncio.ensure_future(in_thread(self._process, data))

    def _process(self, data: bytes) -> None:
        self._intact = False
        if self._hasher is not None:
            self._hasher.update(data)
        self._write(data)
        self._intact = True

    async def _settle(self) -> None:
        """Wait until the piece that is being written has been."""
        pending, self._pending = self._pending, None
        if pending is not None:
            await pending
