"""Paging: the ``Link`` header (RFC 8288), the next page's URL, and the loop over pages.

Of a link only path and query are followed, on the origin that was asked: registries behind proxies name their
pages with another scheme or port, and a link to another host could carry the login away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from tui.client.errors import ParseBodyError, RefusedRedirectError, RequestLine
from tui.client.redaction import quoted, redacted_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Sequence

__all__ = ["Link", "Loaded", "Page", "next_page_url", "paged", "parse_links", "with_page_size"]

MAX_PAGES: Final = 50_000
"""Pages of one listing: five million names at 100 each; a listing that goes on has no end."""

MAX_ITEMS: Final = 5_000_000
"""Names of one listing, in as many pages as it likes: they are all kept in memory, to see what is new."""

MAX_STALLED_PAGES: Final = 1_000
"""Pages in a row that bring nothing new: registries hide names page by page, but not this many."""

_ItemT = TypeVar("_ItemT", bound="Hashable")

_BARE_LINK = re.compile(r"\s*((?:https?://|/|\?)[^\s<>;]*)\s*(?=;|\Z)")
"""One link without its angle brackets."""

_PARAMETER = re.compile(
    r'\s*;\s*([^\s=;,<>"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;,"]*)))?\s*', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a header."""

    target: str
    """Where it points, as it was written."""
    relations: frozenset[str]
    """Its ``rel`` values in lower case; empty where it has none."""


@dataclass(frozen=True, slots=True)
class Page(Generic[_ItemT]):
    """One page of a listing, as one request brought it."""

    items: tuple[_ItemT, ...]
    """The names, in the registry's order."""
    ignored: int
    """How many entries were no valid names, and were left out."""
    last: bool
    """Whether no page follows."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[_ItemT]):
    """What one request for a page brought."""

    items: tuple[_ItemT, ...]
    """The names, in the registry's order."""
    ignored: int
    """How many entries were no valid names, and were left out."""
    links: Sequence[str] = ()
    """The values of the ``Link`` headers."""
    url: str = ""
    """The page's own URL, to which they are relative."""


def parse_links(values: Iterable[str]) -> list[Link]:
    """Read the links of all ``Link`` headers of an answer, in order; what cannot be read is passed over.

    Args:
        values: The values of the headers, one each.
    """
    return [link for value in values for link in _parse(value)]


def next_page_url(values: Iterable[str], url: str) -> str | None:
    """Find the URL of the next page (distribution specification, "Listing Tags").

    A link counts if its relations include ``next``, or if it has none at all. Its target is resolved against
    the page's own URL; the result always has that URL's origin.

    Args:
        values: The values of the ``Link`` headers.
        url: The URL of the page that they came with.

    Returns:
        The URL, or None where no page follows.

    Raises:
        RefusedRedirectError: The link names another host, or is no URL.
    """
    for link in parse_links(values):
        if not link.target or (link.relations and "next" not in link.relations):
            continue
        try:
            own = urlsplit(url)
            target = urlsplit(urljoin(url, link.target))
            same_host = target.hostname == own.hostname and target.scheme in {"http", "https"}
        except ValueError as error:
            raise RefusedRedirectError(
                f"the link to the next page, {quoted(link.target)}, is no URL",
                request=RequestLine("GET", url),
            ) from error
        if not same_host:
            raise RefusedRedirectError(
                f"the next page lies on another host, {quoted(redacted_url(urlunsplit(target)))}",
                request=RequestLine("GET", url),
            )
        return urlunsplit((own.scheme, own.netloc, target.path, target.query, ""))
    return None


def with_page_size(url: str, old: int | None, new: int | None) -> str:
    """Ask for another number of entries; a URL whose cursor only the registry understands is left as it is.

    Args:
        url: The URL of a page.
        old: The number of entries that it asks for (distribution specification, "Listing Tags": ``n``); None
            where the registry made it without having been told one.
        new: The number of entries to ask for instead; None for as many as the registry gives by itself.
    """
    path, _, query = url.partition("?")
    parameters = query.split("&") if query else []
    wanted = [f"n={new}"] if new is not None else []
    sizes = [one for one in parameters if (one.startswith("n=") if old is None else one == f"n={old}")]
    if sizes:
        at = parameters.index(sizes[0])
        parameters = [*parameters[:at], *wanted, *(one for one in parameters[at:] if one not in sizes)]
    elif old is None and (not parameters or any(one.startswith("last=") for one in parameters)):
        parameters += wanted
    return f"{path}?{'&'.join(parameters)}" if parameters else path


async def paged(
    first: str, load: Callable[[str], Awaitable[Loaded[_ItemT]]]
) -> AsyncGenerator[Page[_ItemT], None]:
    """Go through a listing page by page; a page is asked for when the one before has been used.

    What is wrong with the link to the next page is raised when that page is asked for.

    Args:
        first: The URL of the first page.
        load: Loads a page by its URL.

    Raises:
        RefusedRedirectError: The next page lies on another host.
        ParseBodyError: The pages lead in a circle, or have no end.
    """
    visited: set[bytes] = set()
    known: set[_ItemT] = set()
    stalled = 0
    following: str | None = first
    while following is not None:
        loaded = await load(following)
        visited |= {_mark(following), _mark(loaded.url)}
        line = RequestLine("GET", loaded.url or following)
        before = len(known)
        known.update(loaded.items)
        stalled = stalled + 1 if len(known) == before else 0
        refused: RefusedRedirectError | None = None
        try:
            following = next_page_url(loaded.links, loaded.url)
        except RefusedRedirectError as error:
            refused = error
        yield Page(loaded.items, loaded.ignored, following is None)
        if refused is not None:
            raise refused
        if following is None:
            return
        if _mark(following) in visited:
            raise ParseBodyError("the link to the next page leads back to an earlier one", request=line)
        if len(visited) >= MAX_PAGES or stalled >= MAX_STALLED_PAGES or len(known) > MAX_ITEMS:
            raise ParseBodyError(
                f"the listing has no end: {len(known):,} entries on {len(visited):,} pages, "
                f"the last {stalled:,} without anything new",
                request=line,
            )


def _mark(url: str) -> bytes:
    """Give what stands for a URL among those that were asked for: cursors may have any length."""
    return sha256(url.encode("utf-8", "surrogatepass")).digest()


def _parse(value: str) -> list[Link]:
    if match := _BARE_LINK.match(value):
        value = f"<{match[1]}>{value[match.end() :]}"
    links: list[Link] = []
    at = 0
    while (start := value.find("<", at)) >= 0 and (end := value.find(">", start)) >= 0:
        relations: set[str] = set()
        at = end + 1
        while parameter := _PARAMETER.match(value, at):
            name, quoted_value, bare_value = parameter.groups()
            if name.lower() == "rel":
                relations.update((quoted_value or bare_value or "").lower().split())
            at = parameter.end()
        links.append(Link(value[start + 1 : end].strip(), frozenset(relations)))
    return links
