"""Blobs pushed: mounted where another repository has them, else in one piece, else in chunks.

In one piece is the way that every registry knows. Chunks are for content that comes once and is not described
beforehand, and for those who ask for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import refusal, told_length
from tui.client.blobs import blob_call, verify_blob
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    ConnectionLostError,
    DigestMismatchError,
    ErrorResponse,
    NetworkError,
    RegistryError,
    TimeoutExceededError,
)
from tui.client.limits import MAX_ERROR_BODY, MIB
from tui.client.pushing.chunks import MAX_HELD, LastingChunks, NoChunksError, StreamChunks, send_chunks
from tui.client.pushing.content import HeldContent, LastingContent, opened
from tui.client.pushing.content_stream import CHECK_SOURCE
from tui.client.pushing.upload_opening import SINGLE, Opening
from tui.client.pushing.upload_session import OCTETS, UploadSession, check_digest, is_success
from tui.client.wire.bodies import ContentFailedError, Counted
from tui.client.wire.retry import RETRY_STATUSES, backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.names import Digest, Repository
    from tui.client.pushing.content import Content
    from tui.client.pushing.content_stream import StreamContent
    from tui.client.session import Session
    from tui.client.wire.bodies import Body

__all__ = ["mount_blob", "put_blob"]

CHUNK: Final = 8 * MIB
"""Bytes of a chunk where nobody says otherwise, and of a stream that are held: with less, large blobs take
hundreds of requests; more is lost with each that fails."""

_LOST_UPLOAD: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
"""Answers to what belongs to an upload after which a new one may succeed."""


async def put_blob(
    session: Session,
    repository: Repository,
    content: Content,
    *,
    digest: Digest | None = None,
    size: int | None = None,
    algorithm: str = "sha256",
    media_type: str = OCTETS,
    mount_from: Repository | None = None,
    chunk_size: int | None = None,
    check_exists: bool = True,
    progress: Callable[[int], object] | None = None,
) -> Descriptor:
    """Push a blob (distribution specification, "Pushing blobs"); see `tui.client.Registry.put_blob`."""
    if chunk_size is not None and chunk_size < 1:
        raise ValueError("a chunk has at least one byte")
    push = _Push(session, repository, mount_from, chunk_size, progress, check_exists=check_exists)
    try:
        async with opened(content, size, digest, algorithm) as source:
            if isinstance(source, LastingContent):
                actual = await source.digest(digest.algorithm if digest else algorithm)
                if digest is not None and actual != digest:
                    raise DigestMismatchError(digest, actual, remedy=CHECK_SOURCE)
                await push.lasting(source, actual)
                return Descriptor(media_type, actual, source.size)
            actual, length = await push.stream(source, digest)
            return Descriptor(media_type, actual, length)
    except ContentFailedError as error:
        failed = error.inner
    # Outside of the handler, so that it is told as it was raised.
    raise failed


async def mount_blob(session: Session, repository: Repository, digest: Digest, source: Repository) -> bool:
    """Mount a blob ("Mounting a blob from another repository"); see `tui.client.Registry.mount_blob`."""
    begun = await Opening(session, repository, source).mount(digest)
    if isinstance(begun, UploadSession):
        await begun.cancel()
    return begun is True


class _Push:
    """One blob on its way to a repository."""

    def __init__(
        self,
        session: Session,
        repository: Repository,
        source: Repository | None,
        chunk_size: int | None,
        progress: Callable[[int], object] | None,
        *,
        check_exists: bool,
    ) -> None:
        self._session = session
        self._repository = repository
        self._opening = Opening(session, repository, source)
        self._chunk_size = chunk_size
        self._told = progress or _nobody
        self._check_exists = check_exists

    async def lasting(self, content: LastingContent, digest: Digest) -> None:
        """Push content that can be sent as often as it takes."""
        if self._check_exists and await self._exists(digest, content.size):
            self._told(content.size)
            return
        chunk_size = self._chunk_size
        small = content if self._chunk_size is None and content.size <= SINGLE else None
        upload = await self._opening.begin(digest, small)
        failures = 0
        while upload is not None:
            try:
                async with upload.cancelled_on_failure():
                    await self._send(upload, content, digest, chunk_size)
            except NoChunksError:
                chunk_size = None
            except (ConnectionLostError, ErrorResponse) as error:
                failures += 1
                is_lost = isinstance(error, ErrorResponse) and error.status in _LOST_UPLOAD
                if failures > self._session.sender.limits.retries or not (is_lost or _passes(error)):
                    raise
                await asyncio.sleep(backoff(failures, self._session.sender.limits))
            else:
                return
            upload = await self._opening.plain(digest.algorithm)
        self._told(content.size)

    async def stream(self, stream: StreamContent, digest: Digest | None) -> tuple[Digest, int]:
        """Push content that comes once; returns its digest and its size."""
        if digest is not None and self._check_exists and await self._exists(digest, stream.size):
            return digest, await self._known_size(digest, stream)
        first = min(self._chunk_size or CHUNK, MAX_HELD)
        held = await stream.read(first)
        if len(held) < first:
            actual = stream.verified()
            self._check_exists = self._check_exists and digest is None
            await self.lasting(HeldContent(held), actual)
            return actual, len(held)
        if digest is None:
            upload = await self._opening.plain(stream.algorithm)
        elif (begun := await self._opening.begin(digest)) is not None:
            upload = begun
        else:
            return digest, await self._known_size(digest, stream)
        async with upload.cancelled_on_failure():
            if digest is not None and stream.size is not None and self._chunk_size is None:
                body = stream.rest(held, size=stream.size)
                await self._close(upload, digest, Counted(body, self._told))
            else:
                await self._send_stream(upload, stream, held)
        return stream.verified(), stream.taken

    async def _send(
        self, upload: UploadSession, content: LastingContent, digest: Digest, chunk_size: int | None
    ) -> None:
        if chunk_size is None or content.size <= chunk_size:
            body = Counted(content.part(0, content.size), self._told)
            await self._close(upload, digest, body)
        else:
            await send_chunks(upload, LastingChunks(content), chunk_size, self._told)
            await self._close(upload, digest)

    async def _send_stream(self, upload: UploadSession, stream: StreamContent, held: bytes) -> None:
        """Send all of a stream, in chunks where the registry takes them."""
        chunks = StreamChunks(stream, held)
        if upload.minimum > MAX_HELD:
            await self._send_rest(upload, stream, held)
            return
        try:
            await send_chunks(upload, chunks, len(held), self._told)
        except NoChunksError:
            await upload.cancel()
            another = await self._opening.plain(stream.algorithm)
            async with another.cancelled_on_failure():
                await self._send_rest(another, stream, chunks.held)
        else:
            await self._close(upload, stream.verified())

    async def _send_rest(self, upload: UploadSession, stream: StreamContent, held: bytes) -> None:
        """Send what is left of a stream with one PATCH without an end that is known, as Docker does."""
        body = stream.rest(held, size=stream.size)
        response = await upload.send(Counted(body, self._told), None)
        if not is_success(response):
            raise refusal(response)
        await self._close(upload, stream.verified())

    async def _close(self, upload: UploadSession, digest: Digest, body: Body | None = None) -> None:
        """Send the closing PUT, and believe a registry that has the blob whatever it answers to that.

        ECR has it after the last PATCH already, and refuses the PUT; and an answer can get lost.
        """
        retries = 0 if body is not None else self._session.sender.limits.retries
        for attempt in range(1, retries + 2):
            try:
                response = await upload.finish(digest, body)
            except (ConnectionLostError, TimeoutExceededError) as error:
                failure: NetworkError | ErrorResponse = error
            else:
                if is_success(response) and response.status != HTTPStatus.ACCEPTED:
                    check_digest(response, digest)
                    return
                failure = refusal(response)
            # What else goes wrong now says less than the refusal.
            with contextlib.suppress(RegistryError):
                if await self._exists(digest, body.size if body else None):
                    return
            if attempt > retries or not _passes(failure):
                raise failure
            await asyncio.sleep(backoff(attempt, self._session.sender.limits))

    async def _exists(self, digest: Digest, size: int | None) -> bool:
        """Ask whether the repository has a blob; what is no clear answer counts as no."""
        call = blob_call("HEAD", self._repository, digest, scopes=self._opening.scopes)
        response = await self._session.fetch(call, limit=MAX_ERROR_BODY, what="blob")
        length = told_length(response.headers)
        return response.status == HTTPStatus.OK and (size is None or length is None or length == size)

    async def _known_size(self, digest: Digest, stream: StreamContent) -> int:
        """Tell the size of a blob that is there, of which the stream has not been read."""
        size = stream.size
        if size is None:
            size = (await verify_blob(self._session, self._repository, digest)).size
        self._told(size)
        return size


def _passes(error: NetworkError | ErrorResponse) -> bool:
    """Tell whether an error often passes by itself; too many requests have been waited for already."""
    if isinstance(error, ErrorResponse):
        return error.status in RETRY_STATUSES - {HTTPStatus.TOO_MANY_REQUESTS}
    return isinstance(error, ConnectionLostError)


def _nobody(_sent: int) -> None:
    """Take a report of progress that nobody wants."""
