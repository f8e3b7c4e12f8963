"""Blobs: streams that are verified at their end, from any offset, and small ones as bytes.

The digest covers the bytes as they come over the line. A ``Content-Encoding`` therefore makes no difference:
storage services name one for layers that are only stored, and nothing is ever unpacked here.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import Answer, content_length, refusal, told_length
from tui.client.blob_stream import BlobStream, at_hand, known_size, read_whole
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    ConnectionLostError,
    ErrorResponse,
    RegistryError,
    SizeMismatchError,
    TimeoutExceededError,
)
from tui.client.limits import MAX_CONFIG, MAX_ERROR_BODY
from tui.client.login.tokens import pull_scope
from tui.client.session import Call
from tui.client.wire.places import Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from hashlib import _Hash

    from tui.client.names import Digest, Repository
    from tui.client.session import Session

__all__ = ["blob_call", "get_blob_bytes", "open_blob", "verify_blob"]

MIN_BULK: Final = 1024 * 1024
"""Bytes from which on a connection and threads of their own are worth their while."""

_CONTENT_RANGE: Final = re.compile(r"\s*bytes\s+(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)\s*", re.IGNORECASE)
_NO_RANGES: Final = frozenset({206, 400, 416, 500, 501})
"""Answers to a request for a range after which the whole blob is asked for: it is not the range, or says that
ranges, or this form of them, are not known."""

_ELSEWHERE: Final = frozenset({400, 403, 404, 405, 410})
"""Answers after which the other places of a blob are tried."""


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
        part = await _open_anywhere(stack, session, repository, wanted, offset, traffic=traffic)
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
        if answer.status not in _NO_RANGES:
            raise await _refused(session, answer)
    async with open_blob(session, repository, digest) as stream:
        return Descriptor(media_type="application/octet-stream", digest=digest, size=stream.size or 0)


async def _read_blob(session: Session, repository: Repository, descriptor: Descriptor, limit: int) -> bytes:
    async with open_blob(session, repository, descriptor, traffic=Traffic.SMALL) as stream:
        return await read_whole(stream, limit)


async def _open_anywhere(
    stack: AsyncExitStack,
    session: Session,
    repository: Repository,
    wanted: Descriptor,
    offset: int,
    *,
    traffic: Traffic,
) -> _Part:
    try:
        call = replace(blob_call("GET", repository, wanted.digest), traffic=traffic)
        return await _open(stack, session, call, offset)
    except ErrorResponse as error:
        if error.status not in _ELSEWHERE:
            raise
        for url in wanted.urls if session.follows_urls else ():
            try:
                return await _open(stack, session, Call("GET", url, anonymous=True, traffic=traffic), offset)
            except RegistryError:
                continue
        raise


async def _open(stack: AsyncExitStack, session: Session, call: Call, offset: int) -> _Part:
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
            if answer.status not in _NO_RANGES:
                raise await _refused(session, answer)
    answer = await stack.enter_async_context(session.stream(call))
    if answer.status != HTTPStatus.OK:
        raise await _refused(session, answer)
    return _Part(answer, 0, content_length(answer.headers))


async def _refused(session: Session, answer: Answer) -> ErrorResponse:
    response = await answer.read_refusal(session.sender.timeouts.refusal)
    return refusal(response, BlobNotExistError if response.status == HTTPStatus.NOT_FOUND else None)


def _total(answer: Answer, offset: int = 0) -> int | None:
    """Read the size of the whole blob; for an offset, only where the answer has all bytes from there on."""
    if answer.status == HTTPStatus.OK:
        return content_length(answer.headers)
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None or match[3] == "*":
        return None
    first, last, total = int(match[1]), int(match[2]), int(match[3])
    if offset and (first != offset or last != total - 1):
        return None
    return total


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
