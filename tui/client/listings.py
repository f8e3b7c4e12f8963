"""Listings: the repositories of a registry and the tags of a repository, page by page.

Real registries answer null for an empty list, put nulls and digests among the tags, and leave the list out;
what is no valid name is counted and left out (distribution specification, "Content Discovery").
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from tui.client.answers import error_infos, parse_json
from tui.client.asking import Asking
from tui.client.errors import (
    CatalogUnsupportedError,
    InvalidNameError,
    ParseBodyError,
    RepositoryNotExistError,
    RequestLine,
)
from tui.client.login.tokens import CATALOG_SCOPE, pull_scope
from tui.client.names import Repository, Tag
from tui.client.pages import Loaded, paged
from tui.client.support import not_found, verify
from tui.client.wire.origins import origin

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from tui.client.answers import RawResponse
    from tui.client.asking import PageSizes
    from tui.client.pages import Page
    from tui.client.session import Session

__all__ = ["list_repositories", "list_tags"]

SLICE: Final = 2_000
"""Names that are checked at a time: a millisecond, between which other work is done."""

_NO_CATALOG: Final = frozenset({401, 403, 404, 405, 501})
"""What registries without a usable catalog answer."""

_DOUBTFUL: Final = frozenset({400, 401, 404})
"""What may mean the catalog, or the whole host."""

_WITHOUT_CATALOG: Final = frozenset({"ghcr.io"})
"""Registries that are known to have no catalog, beside Docker Hub."""

_NameT = TypeVar("_NameT", Repository, Tag)


def list_repositories(session: Session, sizes: PageSizes) -> AsyncGenerator[Page[Repository], None]:
    """List the repositories of a registry; one request for each page, when it is asked for.

    Args:
        session: The registry.
        sizes: How many entries of a page to ask for; the registry may send fewer or more.

    Raises:
        CatalogUnsupportedError: The registry has no catalog, or not for who asks.
        RegistryError: The registry is out of reach, or sends something else.
    """
    path = "/v2/_catalog"
    # By itself, distribution gives a hundred, and those that do as it does.
    asking = Asking(session, path, (CATALOG_SCOPE,), what="list of repositories", sizes=sizes, at_once=False)

    async def load(url: str) -> Loaded[Repository]:
        if url == path and (session.host.is_docker_hub or session.host in _WITHOUT_CATALOG):
            raise _no_catalog(session)
        response = await asking.fetch(url)
        if url == path:
            await _check_catalog(session, response)
        page = await _read_page(session, response, url, "repositories", Repository)
        asking.learn(page)
        read = partial(_read_page, session, key="repositories", make=Repository)
        return await asking.with_rest(url, page, read)

    return paged(path, load)


def list_tags(session: Session, repository: Repository, sizes: PageSizes) -> AsyncGenerator[Page[Tag], None]:
    """List the tags of a repository; one request for each page, when it is asked for.

    Args:
        session: The registry.
        repository: The repository.
        sizes: How many entries of a page to ask for; the registry may send fewer or more.

    Raises:
        RepositoryNotExistError: There is no such repository.
        RegistryError: The registry is out of reach, says no, or sends something else.
    """
    path = f"/v2/{repository}/tags/list"
    asking = Asking(session, path, (pull_scope(repository),), what="list of tags", sizes=sizes)

    async def load(url: str) -> Loaded[Tag]:
        response = await asking.fetch(url)
        if response.status == HTTPStatus.NOT_FOUND:
            raise await not_found(session, response, RepositoryNotExistError)
        page = await _read_page(session, response, url, "tags", Tag)
        asking.learn(page)
        return await asking.with_rest(url, page, partial(_read_page, session, key="tags", make=Tag))

    return paged(path, load)


async def _read_page(
    session: Session, response: RawResponse, url: str, key: str, make: Callable[[str], _NameT]
) -> Loaded[_NameT]:
    response.raise_for_status()
    names, ignored = await _names(parse_json(response, f"list of {key}"), key, make, response.request)
    home = await session.home()
    asked = home.join(url)
    answered = httpx.URL(response.url)
    # A relative link means the page that answered; but of another origin's pages only the first is followed.
    base = answered if origin(answered) == origin(home) else asked
    return Loaded(names, ignored, response.headers.get_list("Link"), str(base))


async def _names(
    document: Any, key: str, make: Callable[[str], _NameT], line: RequestLine
) -> tuple[tuple[_NameT, ...], int]:
    entries = document.get(key) if isinstance(document, dict) else document
    if entries is None and isinstance(document, dict):
        return (), 0
    if not isinstance(document, dict) or not isinstance(entries, list):
        raise ParseBodyError(f"the answer is no list of {key}", request=line)
    names: list[_NameT] = []
    for start in range(0, len(entries), SLICE):
        if start:
            await asyncio.sleep(0)
        names += _valid(entries[start : start + SLICE], make)
    return tuple(names), len(entries) - len(names)


def _valid(entries: list[Any], make: Callable[[str], _NameT]) -> Iterator[_NameT]:
    for entry in entries:
        try:
            yield make(entry if isinstance(entry, str) else "")
        except InvalidNameError:
            continue


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
