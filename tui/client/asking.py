"""How many entries of a listing to ask for at a time, and what to do where a registry wants it otherwise.

Registries differ: some give everything where no number is named, some a hundred entries; most give up to a
thousand where that is asked for; some refuse what is too much for them, others give what they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tui.client.errors import BodyTooLargeError
from tui.client.limits import MAX_LISTING
from tui.client.names import Repository, Tag
from tui.client.pages import Loaded, with_page_size
from tui.client.session import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.client.answers import RawResponse
    from tui.client.session import Session

__all__ = ["LARGEST_PAGE", "Asking", "PageSizes"]

_NameT = TypeVar("_NameT", Repository, Tag)

LARGEST_PAGE: Final = 1000
"""Entries of a page that may be asked for: ECR and distribution refuse more."""


@dataclass(frozen=True, slots=True)
class PageSizes:
    """How many entries of a listing are wanted at a time."""

    first: int | None
    """Entries of the first page; None for as many as the registry gives at once."""
    largest: int | None = None
    """Up to how many to ask for later, each time twice as many; None for always as many."""
    whole: Callable[[], bool] | None = None
    """Tells whether all of the rest is wanted, so that it should come in as few pages as possible."""


class Asking:
    """Asks for the pages of one listing; where they grow, the first one is small so that it is there at once.

    Args:
        session: The registry.
        path: Where the listing is.
        scopes: The rights that it takes.
        what: What it is, in words; what the registry gives by itself is remembered under them.
        sizes: How many entries are wanted at a time.
        at_once: Whether registries are known that give all of it where no number is named.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        scopes: tuple[str, ...],
        *,
        what: str,
        sizes: PageSizes,
        at_once: bool = True,
    ) -> None:
        self._session = session
        self._path = path
        self._scopes = scopes
        self._what = what
        self._sizes = sizes
        self._at_once = at_once
        self._largest = _clamped(sizes.largest or sizes.first or LARGEST_PAGE)
        self._size: int | None = None
        self._steady = False

    async def fetch(self, url: str) -> RawResponse:
        """Ask for a page.

        Args:
            url: The path of the listing for the first page, or else what the page before it names.

        Raises:
            RegistryError: No answer came, or one that must not be followed or is longer than any listing.
        """
        size = self._first() if url == self._path else self._next()
        wanted = with_page_size(url, self._size, size) if size != self._size else url
        try:
            response = await self._ask(wanted)
        except BodyTooLargeError:
            if size is not None:
                raise
            self._session.small_pages.add(self._what)
            return await self.fetch(url)
        if response.status == HTTPStatus.BAD_REQUEST and wanted != url:
            # It is too large for this registry. Its own link is right; without a size of ours, its own size.
            self._steady = True
            return await self._ask(url)
        if wanted != url:
            self._size = size
        return response

    def learn(self, page: Loaded[Any]) -> None:
        """Note what came, so that a registry is asked once only how much it gives by itself.

        Args:
            page: What the request brought.
        """
        by_itself = self._size is None and not self._steady
        if by_itself and page.links and len(page.items) + page.ignored < LARGEST_PAGE:
            self._session.small_pages.add(self._what)

    async def with_rest(
        self,
        url: str,
        page: Loaded[_NameT],
        read: Callable[[RawResponse, str], Awaitable[Loaded[_NameT]]],
    ) -> Loaded[_NameT]:
        """Ask once more, without a size, where the first page is full and names no next one.

        Some registries cut a list at the size that was asked for, and do not say so.

        Args:
            url: The page's URL.
            page: What it brought.
            read: Reads an answer to a URL.

        Raises:
            RegistryError: No answer came, or one that cannot be read.
        """
        if url != self._path or page.links or len(page.items) + page.ignored != self._size:
            return page
        response = await self._ask(self._path)
        if response.status != HTTPStatus.OK:
            return page
        whole: Loaded[_NameT] = await read(response, self._path)
        known = set(page.items)
        rest = tuple(name for name in whole.items if name not in known)
        return Loaded(page.items + rest, max(page.ignored, whole.ignored), whole.links, whole.url)

    def _first(self) -> int | None:
        if self._sizes.first is not None:
            return _clamped(self._sizes.first)
        return self._most

    def _next(self) -> int | None:
        if self._steady:
            return self._size
        if self._sizes.first is None or (self._sizes.whole is not None and self._sizes.whole()):
            return self._most
        return self._largest if self._size is None else max(self._size, min(self._size * 2, self._largest))

    @property
    def _most(self) -> int | None:
        """What to ask for where all is wanted: no number, unless the registry then gives little."""
        return None if self._at_once and self._what not in self._session.small_pages else LARGEST_PAGE

    async def _ask(self, url: str) -> RawResponse:
        call = Call("GET", url, {"Accept": "application/json"}, self._scopes)
        seconds = self._session.sender.timeouts.listing
        return await self._session.fetch(call, limit=MAX_LISTING, what=self._what, seconds=seconds)


def _clamped(size: int) -> int:
    return min(max(size, 1), LARGEST_PAGE)
