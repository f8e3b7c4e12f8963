"""Content that comes once: it is hashed on its way, and verified before its last piece is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.errors import DigestMismatchError, SizeMismatchError
from tui.client.names import Digest
from tui.client.threads import in_thread
from tui.client.wire.bodies import PIECE, Body, ContentFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

__all__ = ["CHECK_SOURCE", "StreamContent"]

CHECK_SOURCE = "Check where the content comes from."
"""What to try where content is something else than was said."""


class StreamContent:
    """Content that comes once; it is hashed as it comes.

    Attributes:
        size: Bytes that it should have; None where nobody has said.
        taken: Bytes that have been read so far.
        algorithm: The algorithm of its digest.

    Args:
        source: Gives the content.
        size: Bytes that it should have.
        digest: The digest that it should have.
        algorithm: The algorithm of the digest that is computed where none is known.
    """

    def __init__(
        self, source: AsyncIterable[bytes], size: int | None, digest: Digest | None, algorithm: str
    ) -> None:
        self.size = size
        self.taken = 0
        self._expected = digest
        self.algorithm = digest.algorithm if digest is not None else algorithm
        self._hasher = Digest.hasher_of(self.algorithm)
        self._iterator: AsyncIterator[bytes] = aiter(source)
        self._rest = memoryview(b"")

    async def read(self, size: int) -> bytes:
        """Read so many bytes; fewer only at the end.

        Raises:
            SizeMismatchError: There are more than should be.
            ContentFailedError: The source raised something.
        """
        found = bytearray()
        while len(found) < size and (piece := await self.take(size - len(found))):
            found += piece
        return bytes(found)

    def rest(self, held: bytes = b"", *, size: int | None = None) -> Body:
        """Give what is left as a body that verifies itself before its last piece is handed over.

        Args:
            held: Bytes that were read before, and go first.
            size: Bytes of it altogether, where they are known.
        """
        return _Rest(self, held, size)

    def verified(self) -> Digest:
        """Give the digest, when all has been read.

        Raises:
            SizeMismatchError: There was less than should be.
            DigestMismatchError: It is something else than should be.
        """
        if self.size is not None and self.taken != self.size:
            raise SizeMismatchError(self.size, self.taken, remedy=CHECK_SOURCE)
        actual = Digest(f"{self.algorithm}:{self._hasher.hexdigest()}")
        if self._expected is not None and actual != self._expected:
            raise DigestMismatchError(self._expected, actual, remedy=CHECK_SOURCE)
        return actual

    async def take(self, most: int) -> memoryview:
        """Read what comes next, up to so many bytes; none at the end.

        Raises:
            SizeMismatchError: There is more than should be.
            ContentFailedError: The source raised something.
        """
        while not self._rest:
            try:
                come = await anext(self._iterator)
            except StopAsyncIteration:
                return memoryview(b"")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again outside of HTTP
                failed = ContentFailedError(error)
            else:
                self._rest = memoryview(come).cast("B")
                self.taken += len(self._rest)
                if self.size is not None and self.taken > self.size:
                    raise SizeMismatchError(self.size, self.taken, remedy=CHECK_SOURCE)
                if len(self._rest) > PIECE:
                    await in_thread(self._hasher.update, self._rest)
                else:
                    self._hasher.update(self._rest)
                continue
            raise failed
        piece, self._rest = self._rest[:most], self._rest[most:]
        return piece


class _Rest(Body):
    def __init__(self, stream: StreamContent, held: bytes, size: int | None) -> None:
        self.size = size
        self.repeatable = False
        self._stream = stream
        self._held = held

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        waiting = self._held
        while piece := await self._stream.take(PIECE):
            if waiting:
                yield waiting
            waiting = bytes(piece)
        self._stream.verified()
        if waiting:
            yield waiting
