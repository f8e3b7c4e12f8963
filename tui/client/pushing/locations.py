"""Where an upload goes on, and how far it is: ``Location``, ``Range`` and ``OCI-Chunk-Min-Length``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import httpx

from tui.client.errors import ParseBodyError
from tui.client.login.exchange import with_query
from tui.client.wire.origins import checked_redirect, origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.client.answers import RawResponse
    from tui.client.names import Digest

__all__ = ["minimum_chunk", "next_location", "received", "stays_at_home", "with_digest"]

_RANGE: Final = re.compile(r"\s*(?:bytes\s*[= ]\s*)?0-([0-9]{1,19})\s*", re.IGNORECASE)
_LENGTH: Final = re.compile(r"\s*([0-9]{1,19})\s*")
_DIGEST_PARAMETER: Final = "digest="


async def next_location(
    response: RawResponse,
    home: httpx.URL,
    is_internal: Callable[[httpx.URL], Awaitable[bool]],
    *,
    before: httpx.URL | None = None,
) -> httpx.URL:
    """Find out where an upload goes on (distribution specification, "Pushing a blob monolithically").

    The location may be relative, absolute, or on another host; its query is kept as it is. What holds for
    redirects holds for it.

    Args:
        response: The answer to the request before.
        home: The registry's own URL.
        is_internal: Tells whether a URL leads to this machine or a private network.
        before: Where the upload has gone on so far: it stays there where the answer does not say.

    Raises:
        ParseBodyError: The answer does not say, and must.
        RefusedRedirectError: It is no URL, leads from HTTPS to something else, or from the internet inwards.
    """
    location = response.headers.get("Location", "").strip()
    if location:
        return await checked_redirect(httpx.URL(response.url), location, home, is_internal, response.request)
    if before is None:
        raise ParseBodyError("an upload has begun, but not where it goes on", request=response.request)
    return before


def stays_at_home(response: RawResponse, home: httpx.URL) -> bool:
    """Tell whether an answer came from the registry itself, so that its word counts there."""
    return origin(httpx.URL(response.url)) == origin(home)


def with_digest(location: httpx.URL, digest: Digest) -> httpx.URL:
    """Add the digest that closes an upload to its location, beside what the query holds; it is there once.

    Args:
        location: Where the upload goes on.
        digest: The digest of the whole blob.
    """
    query = location.query.decode("ascii")
    kept = [part for part in query.split("&") if part and not part.startswith(_DIGEST_PARAMETER)]
    return with_query(location.copy_with(query="&".join(kept).encode("ascii")), [("digest", digest)])


def received(headers: httpx.Headers) -> int | None:
    """Read how many bytes of an upload the registry has; None where it does not say.

    A range of ``0-0`` stands for one byte, and for none; it is read as none.
    """
    match = _RANGE.fullmatch(headers.get("Range", ""))
    if match is None:
        return None
    last = int(match[1])
    return last + 1 if last else 0


def minimum_chunk(headers: httpx.Headers) -> int:
    """Read the bytes that each chunk but the last one should have: ``OCI-Chunk-Min-Length``, else 0."""
    match = _LENGTH.fullmatch(headers.get("OCI-Chunk-Min-Length", ""))
    return int(match[1]) if match else 0
