"""A blob in chunks: one PATCH each, resumed where the registry says that it stands."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from tui.client.answers import refusal
from tui.client.errors import ConnectionLostError, ErrorResponse, ParseBodyError
from tui.client.limits import MIB
from tui.client.pushing.locations import received
from tui.client.pushing.upload_session import is_success
from tui.client.wire.bodies import Body, Counted, HeldBody
from tui.client.wire.retry import RETRY_STATUSES, backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.answers import RawResponse
    from tui.client.pushing.content import LastingContent
    from tui.client.pushing.content_stream import StreamContent
    from tui.client.pushing.upload_session import UploadSession

__all__ = ["MAX_HELD", "Chunks", "LastingChunks", "NoChunksError", "StreamChunks", "send_chunks"]

MAX_HELD: Final = 64 * MIB
"""Bytes of a chunk that are held in memory, whatever a registry wants at least."""

_NO_CHUNKS: Final = frozenset({400, 404, 405, 411, 415, 501})
"""What registries answer to a first chunk that know no chunks."""


class NoChunksError(Exception):
    """The registry has refused the first chunk, as those do that know no chunks."""


class Chunks(Protocol):
    """Where chunks come from."""

    async def at(self, start: int, size: int) -> Body | None:
        """Give the chunk that begins at a byte; shorter only at the end, and None where it cannot be had."""
        ...


class LastingChunks:
    """Chunks of content of which any part can be had.

    Args:
        content: The content.
    """

    def __init__(self, content: LastingContent) -> None:
        self._content = content

    async def at(self, start: int, size: int) -> Body | None:
        """Give the chunk that begins at a byte; shorter only at the end, and None where it cannot be had."""
        left = self._content.size - start
        return self._content.part(start, min(size, left)) if left >= 0 else None


class StreamChunks:
    """Chunks of content that comes once: the last one is held, up to `MAX_HELD`, until the next is wanted.

    Attributes:
        held: The chunk that is held.

    Args:
        stream: The content.
        held: What has been read of it.
    """

    def __init__(self, stream: StreamContent, held: bytes) -> None:
        self.held = held
        self._stream = stream
        self._base = 0

    async def at(self, start: int, size: int) -> Body | None:
        """Give the chunk that begins at a byte; shorter only at the end, and None where it cannot be had."""
        if not self._base <= start <= self._base + len(self.held):
            return None
        rest = self.held[start - self._base :]
        size = min(size, MAX_HELD)
        if len(rest) < size:
            rest += await self._stream.read(size - len(rest))
        self._base, self.held = start, rest
        return HeldBody(rest)


async def send_chunks(
    upload: UploadSession, chunks: Chunks, size: int, told: Callable[[int], object]
) -> None:
    """Send all chunks, one after the other (distribution specification, "Pushing a blob in chunks").

    After a chunk that was refused as out of order, or whose answer did not come, the registry tells how far
    the upload is, and it goes on from there.

    Args:
        upload: The upload.
        chunks: Where they come from.
        size: Bytes of a chunk; the registry may want more.
        told: Called with the number of bytes that have been sent.

    Raises:
        NoChunksError: The registry does not take chunks.
        ErrorResponse: The registry says no, also when asked again.
        ParseBodyError: The registry says that it has what cannot be.
        NetworkError: It is out of reach.
    """
    limits = upload.session.sender.limits
    at, failures = 0, 0
    while True:
        chunk = await chunks.at(at, max(size, upload.minimum))
        if chunk is None or chunk.size is None:
            raise ParseBodyError(
                f"the registry wants the upload to go on at byte {at:,}, where it cannot",
                request=upload.session.line(upload.call("PATCH")),
                remedy="Try again, or give the content as bytes or as a file.",
            )
        if chunk.size == 0:
            return
        end = at + chunk.size
        try:
            response = await upload.send(_counted(chunk, at, told), at)
        except ConnectionLostError as error:
            failure: ConnectionLostError | ErrorResponse = error
            stands = None
        else:
            if is_success(response):
                failures = 0
                at = _taken(response, at, end)
                continue
            if at == failures == 0 and response.status in _NO_CHUNKS:
                raise NoChunksError from refusal(response)
            failure = refusal(response)
            stands = _refused_at(response, at)
        failures += 1
        if failures > limits.retries:
            raise failure
        if stands is None:
            await asyncio.sleep(backoff(failures, limits))
            stands = await upload.ask()
        at = at if stands is None else stands


def _counted(chunk: Body, start: int, told: Callable[[int], object]) -> Body:
    return Counted(chunk, lambda sent: told(start + sent))


def _taken(response: RawResponse, start: int, end: int) -> int:
    """Tell how far an upload is after a chunk that was taken: all of it, unless the registry says less."""
    stands = received(response.headers)
    return stands if stands and start < stands < end else end


def _refused_at(response: RawResponse, start: int) -> int | None:
    """Tell how far an upload is after a chunk that was refused; None where it must be asked for.

    Raises:
        ErrorResponse: The chunk was refused for good.
    """
    if response.status in RETRY_STATUSES:
        return None
    if response.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise refusal(response)
    stands = received(response.headers)
    if stands == start == 0:
        # The range of one byte, and of none, is the same: nothing goes on at 0.
        return 1
    return stands
