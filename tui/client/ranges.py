"""Ranges of a blob: as they are asked for, and as answers tell them (HTTP semantics, "Range Requests")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.client.blob_stream import known_size
from tui.client.errors import BodyTooLargeError
from tui.client.names import Digest

if TYPE_CHECKING:
    from tui.client.details import RequestLine
    from tui.client.documents.descriptors import Descriptor

__all__ = ["MAX_RANGE", "ContentRange", "content_range", "range_at_hand", "size_where_unsatisfied"]

MAX_RANGE: Final = 64 * 1024 * 1024
"""Bytes that are fetched from the middle of a blob at once: they are kept in memory, and the largest piece
that somebody needs of a layer, a table of contents of a million files, has about as many."""

_CONTENT_RANGE: Final = re.compile(r"\s*bytes\s+(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)\s*", re.IGNORECASE)
_UNSATISFIED: Final = re.compile(r"\s*bytes\s+\*/(\d{1,19})\s*", re.IGNORECASE)


class ContentRange(NamedTuple):
    """Which bytes an answer says that it has."""

    first: int
    last: int
    """The last byte of them, which is among them."""
    total: int | None
    """Bytes of the whole blob; None where the answer does not say."""


def content_range(header: str) -> ContentRange | None:
    """Read a ``Content-Range``; None where it names no bytes."""
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None:
        return None
    return ContentRange(int(match[1]), int(match[2]), None if match[3] == "*" else int(match[3]))


def size_where_unsatisfied(header: str) -> int | None:
    """Read from a ``Content-Range`` how long what has no such range is; None where it does not say."""
    match = _UNSATISFIED.fullmatch(header)
    return None if match is None else int(match[1])


def range_at_hand(wanted: Descriptor, offset: int, size: int, line: RequestLine) -> bytes | None:
    """Give what nobody has to be asked for: content that a descriptor holds, or what is behind the last byte.

    Args:
        wanted: The blob.
        offset: The first byte that is wanted.
        size: How many are wanted.
        line: The request that would bring them.

    Returns:
        The bytes; None where they have to be fetched.

    Raises:
        UnsupportedAlgorithmError: The digest's algorithm is not known.
        BodyTooLargeError: More than `MAX_RANGE` bytes are wanted.
        ValueError: Offset or size are negative.
    """
    wanted.digest.hasher()
    if offset < 0 or size < 0:
        raise ValueError(f"there are no {size} bytes from {offset} on")
    if size > MAX_RANGE:
        raise BodyTooLargeError(MAX_RANGE, what="range", request=line)
    if wanted.data is not None and Digest.of(wanted.data, wanted.digest.algorithm) == wanted.digest:
        return wanted.data[offset : offset + size]
    whole = known_size(wanted)
    return b"" if size == 0 or (whole is not None and offset >= whole) else None
