"""Listings: the repositories of a registry and the tags of a repository, page by page.

Real registries answer null for an empty list, put nulls and digests among the tags, and leave the list out;
what is no valid name is counted and left out (distribution specification, "Content Discovery").
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from tui.client.answers import error_infos, parse_json, refusal
from tui.client.errors import (
    CatalogUnsupportedError,
    InvalidNameError,
    NotOCIError,
    ParseBodyError,
    RepositoryNotExistError,
    RequestLine,
)
from tui.client.limits import MAX_LISTING
from tui.client.media_types import essence
from tui.client.names import Repository, Tag
from tui.client.origins import origin
from tui.client.pages import Loaded, paged, with_page_size
from tui.client.session import Call
from tui.client.tokens import CATALOG_SCOPE, pull_scope

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tui.client.answers import RawResponse
    from tui.client.pages import Page
    from tui.client.session import Session

__all__ = ["list_repositories", "list_tags", "verify", "verify_login"]

LARGEST_PAGE: Final = 1000
"""Entries of a page that may be asked for: ECR and distribution refuse more."""

_NO_CATALOG: Final = frozenset({401, 403, 404, 405, 501})
"""What registries without a usable catalog answer."""

_DOUBTFUL: Final = frozenset({400, 401, 404})
"""What may mean the catalog, or the whole host."""

_REFUSALS: Final = frozenset({401, 403, 408, 429})
"""What only says that a registry does not let one in now."""

_WITHOUT_CATALOG: Final = frozenset({"ghcr.io"})
"""Registries that are known to have no catalog, beside Docker Hub."""

_NameT = TypeVar("_NameT", Repository, Tag)


def list_repositories(
    session: Session, page_size: int, largest_page: int | None = None
) -> AsyncGenerator[Page[Repository], None]:
    """List the repositories of a registry; one request for each page, when it is asked for.

    Args:
        session: The registry.
        page_size: How many entries of a page to ask for; the registry may send fewer or more.
        largest_page: Up to how many to ask for, each time twice as many; by default always as many.

    Raises:
        CatalogUnsupportedError: The registry has no catalog, or not for who asks.
        RegistryError: The registry is out of reach, or sends something else.
    """
    asking = _Asking(
        session,
        "/v2/_catalog",
        (CATALOG_SCOPE,),
        what="list of repositories",
        size=page_size,
        largest=largest_page,
    )
    first = asking.first

    async def load(url: str) -> Loaded[Repository]:
        if url == first and (session.host.is_docker_hub or session.host in _WITHOUT_CATALOG):
            raise _no_catalog(session)
        response = await asking.fetch(url)
        if url == first:
            await _check_catalog(session, response)
        return await _read_page(session, response, url, "repositories", Repository)

    return paged(first, load)


def list_tags(
    session: Session, repository: Repository, page_size: int, largest_page: int | None = None
) -> AsyncGenerator[Page[Tag], None]:
    """List the tags of a repository; one request for each page, when it is asked for.

    Args:
        session: The registry.
        repository: The repository.
        page_size: How many entries of a page to ask for; the registry may send fewer or more.
        largest_page: Up to how many to ask for, each time twice as many; by default always as many.

    Raises:
        RepositoryNotExistError: There is no such repository.
        RegistryError: The registry is out of reach, says no, or sends something else.
    """
    path = f"/v2/{repository}/tags/list"
    asking = _Asking(
        session, path, (pull_scope(repository),), what="list of tags", size=page_size, largest=largest_page
    )

    async def load(url: str) -> Loaded[Tag]:
        response = await asking.fetch(url)
        if response.status == HTTPStatus.NOT_FOUND:
            raise refusal(response, RepositoryNotExistError)
        return await _read_page(session, response, url, "tags", Tag)

    return paged(asking.first, load)


async def verify(session: Session) -> None:
    """Check that the host speaks the distribution API (distribution specification, "Determining Support").

    Raises:
        NotOCIError: It answers something else.
        UnauthorizedError: It wants a login, or another one.
        RegistryError: It is out of reach, or refuses for another reason.
    """
    response = await session.fetch(Call("GET", "/v2/"), limit=MAX_LISTING, what="answer")
    is_page = essence(response.headers.get("Content-Type")) == "text/html"
    if response.status == HTTPStatus.OK and not is_page:
        return
    if response.status in _REFUSALS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise refusal(response)
    remedy = None
    if response.request.url.startswith("http:") and response.status == HTTPStatus.BAD_REQUEST:
        remedy = "The port may want HTTPS, and was asked over plain HTTP."
    raise NotOCIError(
        f"the answer ({response.status}) is not that of a registry", request=response.request, remedy=remedy
    )


async def verify_login(session: Session) -> bool:
    """Check that the registry accepts the login, and tell whether it wanted one at all.

    Raises:
        NotOCIError: It is no registry.
        UnauthorizedError: It, or its token service, refuses the login.
        RegistryError: It is out of reach, or refuses for another reason.
    """
    await verify(session)
    without = await session.fetch(Call("GET", "/v2/", anonymous=True), limit=MAX_LISTING, what="answer")
    return without.status == HTTPStatus.UNAUTHORIZED


class _Asking:
    """Asks for the pages of one listing; where they grow, the first one is small so that it is there at once.

    Args:
        session: The registry.
        path: Where the listing is.
        scopes: The rights that it takes.
        what: What it is, in words.
        size: How many entries of the first page to ask for.
        largest: Up to how many to ask for later.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        scopes: tuple[str, ...],
        *,
        what: str,
        size: int,
        largest: int | None,
    ) -> None:
        self._session = session
        self._path = path
        self._scopes = scopes
        self._what = what
        self._size = _clamped(size)
        self._largest = _clamped(largest) if largest is not None else self._size
        self.first = f"{path}?n={self._size}"
        """The URL of the first page."""

    async def fetch(self, url: str) -> RawResponse:
        """Ask for a page, by the URL that the page before it names; a larger one where pages grow."""
        larger = min(self._size * 2, self._largest)
        grown = with_page_size(url, self._size, larger) if url != self.first else url
        response = await self._ask(grown)
        if response.status != HTTPStatus.BAD_REQUEST:
            self._size = larger if grown != url else self._size
            return response
        # It is too large for this registry. Its own link is right, and without a size of ours its own size.
        if grown != url:
            self._largest = self._size
            return await self._ask(url)
        return await self._ask(self._path) if url == self.first else response

    async def _ask(self, url: str) -> RawResponse:
        call = Call("GET", url, {"Accept": "application/json"}, self._scopes)
        seconds = self._session.sender.timeouts.listing
        return await self._session.fetch(call, limit=MAX_LISTING, what=self._what, seconds=seconds)


async def _read_page(
    session: Session, response: RawResponse, url: str, key: str, make: Callable[[str], _NameT]
) -> Loaded[_NameT]:
    response.raise_for_status()
    names, ignored = _names(parse_json(response, f"list of {key}"), key, make, response.request)
    home = await session.home()
    asked = home.join(url)
    answered = httpx.URL(response.url)
    # A relative link means the page that answered; but of another origin's pages only the first is followed.
    base = answered if origin(answered) == origin(home) else asked
    return Loaded(names, ignored, response.headers.get_list("Link"), str(base))


def _names(
    document: Any, key: str, make: Callable[[str], _NameT], line: RequestLine
) -> tuple[tuple[_NameT, ...], int]:
    entries = document.get(key) if isinstance(document, dict) else document
    if entries is None and isinstance(document, dict):
        return (), 0
    if not isinstance(document, dict) or not isinstance(entries, list):
        raise ParseBodyError(f"the answer is no list of {key}", request=line)
    names: list[_NameT] = []
    for entry in entries:
        try:
            names.append(make(entry if isinstance(entry, str) else ""))
        except InvalidNameError:
            continue
    return tuple(names), len(entries) - len(names)


async def _check_catalog(session: Session, response: RawResponse) -> None:
    """Tell a registry without a catalog from one that lets nobody in, and from what is no registry."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return
    if response.status in _DOUBTFUL:
        await verify(session)
    unsupported = any(info.code == "UNSUPPORTED" for info in error_infos(response.body))
    if unsupported or response.status in _NO_CATALOG:
        raise _no_catalog(session, response)


def _no_catalog(session: Session, response: RawResponse | None = None) -> CatalogUnsupportedError:
    asked = response.request if response else None
    if response is not None and response.status in {401, 403}:
        message = f"{session.host} does not list its repositories to you"
        remedy = "Open a repository by its name, or log in as somebody who may list them."
        return CatalogUnsupportedError(message, request=asked, remedy=remedy)
    return CatalogUnsupportedError(f"{session.host} does not list its repositories", request=asked)


def _clamped(page_size: int) -> int:
    return min(max(page_size, 1), LARGEST_PAGE)
