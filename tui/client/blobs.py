"""Blobs: streams that are verified at their end, from any offset, and small ones as bytes.

The digest covers the bytes as they come over the line. A ``Content-Encoding`` therefore makes no difference:
storage services name one for layers that are only stored, and nothing is ever unpacked here.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from tui.client.answers import Answer, content_length, refusal, told_length
from tui.client.blob_stream import BlobStream, at_hand, known_size, read_whole
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    ConnectionLostError,
    ErrorResponse,
    RangesUnsupportedError,
    RegistryError,
    SizeMismatchError,
    TimeoutExceededError,
)
from tui.client.limits import MAX_CONFIG, MAX_ERROR_BODY
from tui.client.login.tokens import pull_scope
from tui.client.ranges import content_range
from tui.client.session import Call
from tui.client.wire.places import Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from hashlib import _Hash

    from tui.client.names import Digest, Repository
    from tui.client.session import Session

__all__ = [
    "NO_RANGES",
    "anywhere",
    "blob_call",
    "get_blob_bytes",
    "open_blob",
    "refused",
    "verify_blob",
]

MIN_BULK: Final = 1024 * 1024
"""Bytes from which on a connection and threads of their own are worth their while."""

NO_RANGES: Final = frozenset({206, 400, 416, 500, 501})
"""Answers to a request for a range after which the whole blob is asked for: it is not the range, or says that
ranges, or this form of them, are not known."""

_ELSEWHERE: Final = frozenset({400, 403, 404, 405, 410})
"""Answers after which the other places of a blob are tried."""

_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class _Part:
    """What an answer carries: which bytes of a blob of which size."""

    answer: Answer
    start: int
    total: int | None


@asynccontextmanager
async def open_blob(
    session: Session,
    repository: Repository,
    blob: Digest | Descriptor,
    *,
    offset: int = 0,
    hasher: _Hash | None = None,
    traffic: Traffic = Traffic.BLOB,
) -> AsyncGenerator[BlobStream, None]:
    """Open a blob (distribution specification, "Pulling blobs"); leaving the context ends the request.

    Content that the descriptor itself holds needs no request if its digest is right. Where the registry does
    not have the blob, the other places that the descriptor names are tried, without any login.

    Args:
        session: The registry.
        repository: The repository.
        blob: Its digest, or a descriptor, whose size is then held against what comes.
        offset: The first byte that is wanted; look at the stream's own `offset` for what comes.
        hasher: For an offset: a hash of the blob's algorithm that has been fed with the bytes before it.
            Without it, only the size of such a stream is verified.
        traffic: How it is read; what is to be pumped comes over a connection that is read on threads, unless
            it is short.

    Raises:
        BlobNotExistError: There is no such blob.
        UnsupportedAlgorithmError: The digest's algorithm is not known, so that nothing can be verified.
        SizeMismatchError: The registry announces another size than the descriptor.
        RegistryError: The registry is out of reach, or says no.
    """
    wanted = blob if isinstance(blob, Descriptor) else Descriptor(media_type="", digest=blob, size=0)
    digest = wanted.digest
    size = known_size(wanted)
    fresh = digest.hasher()
    line = session.line(blob_call("GET", repository, digest))
    if (held := at_hand(wanted, offset=offset, hasher=hasher, line=line)) is not None:
        yield held
        return
    async with AsyncExitStack() as stack:
        if traffic is Traffic.BULK and size is not None and size - offset < MIN_BULK:
            traffic = Traffic.BLOB
        call = replace(blob_call("GET", repository, digest), traffic=traffic)
        part = await anywhere(session, wanted, call, partial(_open, stack, session, offset))
        if size is not None and part.total is not None and part.total != size:
            raise SizeMismatchError(size, part.total, request=part.answer.line)
        yield BlobStream(
            await stack.enter_async_context(aclosing(part.answer.chunks())),
            digest,
            size=part.total if size is None else size,
            offset=part.start,
            hasher=hasher if part.start else fresh,
            line=part.answer.line,
            pump=part.answer.pump if part.answer.is_bulk else None,
        )


async def get_blob_bytes(
    session: Session, repository: Repository, descriptor: Descriptor, *, limit: int = MAX_CONFIG
) -> bytes:
    """Fetch a small blob as a whole, verified.

    Args:
        session: The registry.
        repository: The repository.
        descriptor: The blob.
        limit: The most bytes that are read.

    Raises:
        BodyTooLargeError: The blob is longer than that.
        RegistryError: As `open_blob` and its stream.
    """
    line = session.line(blob_call("GET", repository, descriptor.digest))
    if descriptor.size > limit:
        raise BodyTooLargeError(limit, what="blob", request=line)
    seconds = session.sender.timeouts.small
    try:
        async with asyncio.timeout(seconds):
            for attempt in range(1, session.sender.limits.retries + 1):
                try:
                    return await _read_blob(session, repository, descriptor, limit)
                except ConnectionLostError:
                    session.sender.hold(await session.home(), attempt)
            return await _read_blob(session, repository, descriptor, limit)
    except TimeoutError as error:
        raise TimeoutExceededError(f"the blob was not complete within {seconds:g} s", request=line) from error


async def verify_blob(session: Session, repository: Repository, digest: Digest) -> Descriptor:
    """Ask whether a blob exists, and how large it is: by HEAD, or by its first byte where HEAD is of no use.

    Raises:
        BlobNotExistError: There is no such blob.
        RegistryError: The registry is out of reach, or says no.
    """
    call = blob_call("HEAD", repository, digest)
    response = await session.fetch(call, limit=MAX_ERROR_BODY, what="blob")
    if response.status == HTTPStatus.NOT_FOUND:
        raise refusal(response, BlobNotExistError)
    length = told_length(response.headers)
    if response.status == HTTPStatus.OK and length is not None:
        return Descriptor(media_type="application/octet-stream", digest=digest, size=length)
    async with session.stream(blob_call("GET", repository, digest, {"Range": "bytes=0-0"})) as answer:
        total = _total(answer)
        if answer.status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} and total is not None:
            return Descriptor(media_type="application/octet-stream", digest=digest, size=total)
        if answer.status not in NO_RANGES:
            raise await refused(session, answer)
    async with open_blob(session, repository, digest) as stream:
        return Descriptor(media_type="application/octet-stream", digest=digest, size=stream.size or 0)


async def _read_blob(session: Session, repository: Repository, descriptor: Descriptor, limit: int) -> bytes:
    async with open_blob(session, repository, descriptor, traffic=Traffic.SMALL) as stream:
        return await read_whole(stream, limit)


async def anywhere(
    session: Session, wanted: Descriptor, call: Call, question: Callable[[Call], Awaitable[_Answer]]
) -> _Answer:
    """Ask the registry for a blob, and the other places that its descriptor names where it does not have it.

    Args:
        session: The registry.
        wanted: The blob.
        call: The request to the registry.
        question: Makes a request; the others are the same one without the login.

    Raises:
        RegistryError: What the registry itself says; that a place has no ranges where one has the blob.
    """
    try:
        return await question(call)
    except ErrorResponse as error:
        if error.status not in _ELSEWHERE:
            raise
        without: RangesUnsupportedError | None = None
        for url in wanted.urls if session.follows_urls else ():
            try:
                return await question(replace(call, target=url, scopes=(), anonymous=True))
            except RangesUnsupportedError as other:
                without = other
            except RegistryError:
                continue
        if without is not None:
            raise without from error
        raise


async def _open(stack: AsyncExitStack, session: Session, offset: int, call: Call) -> _Part:
    if offset:
        ranged = replace(call, headers={"Range": f"bytes={offset}-"})
        async with AsyncExitStack() as attempt:
            answer = await attempt.enter_async_context(session.stream(ranged))
            total = _total(answer, offset)
            if answer.status == HTTPStatus.PARTIAL_CONTENT and total is not None:
                stack.push_async_exit(attempt.pop_all())
                return _Part(answer, offset, total)
            if answer.status == HTTPStatus.OK:
                stack.push_async_exit(attempt.pop_all())
                return _Part(answer, 0, content_length(answer.headers))
            if answer.status not in NO_RANGES:
                raise await refused(session, answer)
    answer = await stack.enter_async_context(session.stream(call))
    if answer.status != HTTPStatus.OK:
        raise await refused(session, answer)
    return _Part(answer, 0, content_length(answer.headers))


async def refused(session: Session, answer: Answer) -> ErrorResponse:
    """Read why a request for a blob is refused, and make the error of it."""
    response = await answer.read_refusal(session.sender.timeouts.refusal)
    return refusal(response, BlobNotExistError if response.status == HTTPStatus.NOT_FOUND else None)


def _total(answer: Answer, offset: int = 0) -> int | None:
    """Read the size of the whole blob; for an offset, only where the answer has all bytes from there on."""
    if answer.status == HTTPStatus.OK:
        return content_length(answer.headers)
    told = content_range(answer.headers.get("Content-Range", ""))
    if told is None or told.total is None:
        return None
    if offset and (told.first, told.last + 1) != (offset, told.total):
        return None
    return told.total


def blob_call(
    method: str,
    repository: Repository,
    digest: Digest,
    headers: dict[str, str] | None = None,
    *,
    scopes: tuple[str, ...] = (),
) -> Call:
    """Make a request for a blob.

    Args:
        method: The method.
        repository: The repository.
        digest: The blob.
        headers: Further headers.
        scopes: The rights that it needs; those to read where they are left out.
    """
    return Call(
        method, f"/v2/{repository}/blobs/{digest}", headers or {}, scopes or (pull_scope(repository),)
    )
