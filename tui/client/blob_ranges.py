"""Some bytes from the middle of a blob, in one request, without the rest."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.blob_stream import known_size
from tui.client.blobs import NO_RANGES, anywhere, blob_call, refused
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    ConnectionLostError,
    RangesUnsupportedError,
    SizeMismatchError,
    TimeoutExceededError,
)
from tui.client.ranges import content_range, range_at_hand, size_where_unsatisfied

if TYPE_CHECKING:
    from tui.client.answers import Answer
    from tui.client.names import Digest, Repository
    from tui.client.session import Call, Session

__all__ = ["get_blob_range"]

_ANSWERED: Final = frozenset({HTTPStatus.OK, *NO_RANGES})
"""Answers that bring other bytes, or say that these, or ranges at all, are not to be had."""


async def get_blob_range(
    session: Session, repository: Repository, blob: Digest | Descriptor, offset: int, size: int
) -> bytes:
    """Fetch some bytes of a blob, and no others (distribution specification, "Pulling blobs").

    The digest covers the whole blob: nothing of a range is verified by it.

    Args:
        session: The registry.
        repository: The repository.
        blob: Its digest, or a descriptor.
        offset: The first byte that is wanted.
        size: How many are wanted; there are fewer only where the blob ends.

    Raises:
        RangesUnsupportedError: The registry answers with other bytes than these; none of them are read.
        RegistryError: As `tui.client.blobs.open_blob`.
    """
    wanted = blob if isinstance(blob, Descriptor) else Descriptor(media_type="", digest=blob, size=0)
    line = session.line(blob_call("GET", repository, wanted.digest))
    if (held := range_at_hand(wanted, offset, size, line)) is not None:
        return held
    whole = known_size(wanted)
    end = offset + size if whole is None else min(offset + size, whole)
    call = blob_call("GET", repository, wanted.digest, {"Range": f"bytes={offset}-{end - 1}"})

    async def fetch(call: Call) -> bytes:
        async with session.stream(call) as answer:
            return await _read(answer, await _checked(session, answer, offset, end, whole) - offset)

    # The same limits hold as for a page of a listing, which may have as many bytes.
    seconds = session.sender.timeouts.listing
    try:
        async with asyncio.timeout(seconds):
            for attempt in range(1, session.sender.limits.retries + 1):
                try:
                    return await anywhere(session, wanted, call, fetch)
                except ConnectionLostError:
                    session.sender.hold(await session.home(), attempt)
            return await anywhere(session, wanted, call, fetch)
    except TimeoutError as error:
        raise TimeoutExceededError(
            f"the range was not complete within {seconds:g} s", request=line
        ) from error


async def _checked(session: Session, answer: Answer, offset: int, end: int, whole: int | None) -> int:
    """Check that an answer brings the bytes up to an end, or that of the blob; give the end.

    Raises:
        RangesUnsupportedError: It brings others, or says that these are not to be had.
        SizeMismatchError: It says that the blob has another size than is known.
        RegistryError: It is a refusal.
    """
    header = answer.headers.get("Content-Range", "")
    if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        total = size_where_unsatisfied(header)
        if total is not None and whole is not None and total != whole:
            raise SizeMismatchError(whole, total, request=answer.line)
        if total is not None and total <= offset:
            return offset
    if answer.status not in _ANSWERED:
        raise await refused(session, answer)
    told = content_range(header) if answer.status == HTTPStatus.PARTIAL_CONTENT else None
    if told is None:
        raise RangesUnsupportedError(answer.status, request=answer.line)
    if whole is not None and told.total is not None and told.total != whole:
        raise SizeMismatchError(whole, told.total, request=answer.line)
    last = end if told.total is None else min(end, told.total)
    if (told.first, told.last + 1) != (offset, last):
        raise RangesUnsupportedError(answer.status, request=answer.line)
    return last


async def _read(answer: Answer, size: int) -> bytes:
    """Read a body of a known size; a ``Content-Encoding`` is the blob's own and makes no difference.

    Raises:
        SizeMismatchError: It is longer or shorter.
    """
    body = bytearray()
    if size:
        async with aclosing(answer.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > size:
                    break
    if len(body) != size:
        raise SizeMismatchError(size, len(body), request=answer.line)
    return bytes(body)
