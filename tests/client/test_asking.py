from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import client, items, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client.errors import BodyTooLargeError
from tui.client.names import Repository, Tag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.client.registry import Registry

APP = Repository("team/app")
OTHER = Repository("team/other")
NAMES: list[str] = [f"v{number:04}" for number in range(2500)]


def paging(
    queries: list[str], *, by_itself: int, most: int = 1000, names: list[str] = NAMES
) -> Callable[[Exchange], Awaitable[None]]:
    """A registry that gives so many names where no number is named, and refuses more than the most."""

    async def answer(exchange: Exchange) -> None:
        queries.append(exchange.asked.query)
        asked = dict(parameters(exchange.asked))
        size = int(asked.get("n", by_itself))
        if "n" in asked and size > most:
            await exchange.reply(400, {"errors": [{"code": "PAGINATION_NUMBER_INVALID"}]})
            return
        start = names.index(asked["last"]) + 1 if "last" in asked else 0
        found = names[start : start + size]
        target = f"{exchange.asked.path}?last={found[-1]}" + (f"&n={size}" if "n" in asked else "")
        more = {"Link": f'<{target}>; rel="next"'} if start + size < len(names) else {}
        key = "repositories" if "_catalog" in exchange.asked.path else "tags"
        await exchange.reply(200, {key: found}, more)

    return answer


async def whole(registry: Registry, repository: Repository = APP) -> list[Tag]:
    """List tags as the browser does where all of them are wanted."""
    return await items(registry.tags(repository, largest_page=1000, whole=lambda: True))


async def test_after_a_short_first_page_the_rest_comes_at_once_where_the_registry_gives_it() -> None:
    queries: list[str] = []
    async with ScriptedServer(paging(queries, by_itself=10_000)) as server, client() as own:
        assert await whole(own.registry(server.url)) == NAMES
        assert queries == ["n=100", "last=v0099"]


async def test_where_a_registry_gives_few_by_itself_a_thousand_are_asked_for_from_then_on() -> None:
    queries: list[str] = []
    async with ScriptedServer(paging(queries, by_itself=50)) as server, client() as own:
        registry = own.registry(server.url)
        assert await whole(registry) == NAMES
        assert queries == [
            "n=100",
            "last=v0099",
            "last=v0149&n=1000",
            "last=v1149&n=1000",
            "last=v2149&n=1000",
        ]
        queries.clear()
        assert await whole(registry, OTHER) == NAMES
        assert queries == ["n=100", "last=v0099&n=1000", "last=v1099&n=1000", "last=v2099&n=1000"]


async def test_a_catalog_that_is_wanted_whole_comes_a_thousand_at_a_time() -> None:
    queries: list[str] = []
    names = [f"team/r{number:04}" for number in range(1500)]
    async with ScriptedServer(paging(queries, by_itself=100, names=names)) as server, client() as own:
        registry = own.registry(server.url)
        assert await items(registry.repositories(page_size=None)) == names
        assert queries == ["n=1000", "last=team/r0999&n=1000"]
        queries.clear()
        assert await items(registry.repositories(largest_page=500, whole=lambda: True)) == names
        assert queries == ["n=100", "last=team/r0099&n=1000", "last=team/r1099&n=1000"]


@pytest.mark.parametrize(("by_itself", "expected"), [(10_000, [2500]), (100, [100, 1000, 1000, 400])])
async def test_without_a_page_size_a_list_comes_in_as_few_pages_as_the_registry_allows(
    by_itself: int, expected: list[int]
) -> None:
    async with ScriptedServer(paging([], by_itself=by_itself)) as server, client() as own:
        listing = own.registry(server.url).tags(APP, page_size=None)
        assert [len(page.items) async for page in listing] == expected


async def test_what_is_known_of_a_registry_counts_from_the_first_page_on() -> None:
    queries: list[str] = []
    async with ScriptedServer(paging(queries, by_itself=100)) as server, client() as own:
        registry = own.registry(server.url)
        await items(registry.tags(APP, page_size=None))
        queries.clear()
        assert await items(registry.tags(APP, page_size=None)) == NAMES
        assert queries == ["n=1000", "last=v0999&n=1000", "last=v1999&n=1000"]


async def test_a_thousand_that_are_refused_are_not_asked_for_again() -> None:
    queries: list[str] = []
    async with ScriptedServer(paging(queries, by_itself=900, most=500)) as server, client() as own:
        assert await whole(own.registry(server.url)) == NAMES
        assert queries == [
            "n=100",
            "last=v0099",
            "last=v0999&n=1000",
            "last=v0999",
            "last=v1899",
        ]


async def test_pages_grow_on_when_the_whole_list_is_no_longer_wanted() -> None:
    queries: list[str] = []
    wanted = [True, False, False]
    async with ScriptedServer(paging(queries, by_itself=1000)) as server, client() as own:
        listing = own.registry(server.url).tags(APP, largest_page=700, whole=lambda: wanted.pop(0))
        assert await items(listing) == NAMES
        assert queries == ["n=100", "last=v0099", "last=v1099&n=700", "last=v1799&n=700"]


async def test_a_list_that_is_too_long_for_one_answer_comes_in_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.client.asking.MAX_LISTING", 12_000)
    queries: list[str] = []
    async with ScriptedServer(paging(queries, by_itself=10_000)) as server, client() as own:
        registry = own.registry(server.url)
        assert await items(registry.tags(APP, page_size=None)) == NAMES
        assert queries == ["", "n=1000", "last=v0999&n=1000", "last=v1999&n=1000"]
        monkeypatch.setattr("tui.client.asking.MAX_LISTING", 6_000)
        with pytest.raises(BodyTooLargeError):
            await items(registry.tags(APP, page_size=None))
