"""What is a registry, and what it lists, over every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import items
from tests.real.contract import content
from tui.client import Registry, Repository, RepositoryNotExistError

if TYPE_CHECKING:
    from tests.real.contract.traits import Traits

MORE_THAN_ANYBODY_SENDS = 1_000_000
"""Entries of a page; distribution refuses more than a thousand."""

SMALL_PAGE = 3

TAGS = Repository(content.TAGS)


async def test_a_registry_is_recognised(registry: Registry) -> None:
    await registry.verify()


async def test_a_registry_tells_whether_it_looks_at_logins(registry: Registry, traits: Traits) -> None:
    assert await registry.verify_login() == traits.login


@pytest.mark.parametrize("page_size", [100, MORE_THAN_ANYBODY_SENDS])
async def test_the_catalog_has_every_repository_once(
    registry: Registry, traits: Traits, page_size: int
) -> None:
    found = [name for name in await items(registry.repositories(page_size=page_size)) if is_of_content(name)]
    expected = set(content.REPOSITORIES) if traits.catalog_whole else set()
    assert expected <= set(found) <= set(content.REPOSITORIES)
    assert len(found) == len(set(found))
    assert found == sorted(found) or not traits.catalog_sorted


async def test_a_catalog_in_pages_has_every_repository_once(registry: Registry, traits: Traits) -> None:
    pages = [page async for page in registry.repositories(page_size=SMALL_PAGE)]
    found = [name for page in pages for name in page.items if is_of_content(name)]
    expected = set(content.REPOSITORIES) if traits.catalog_whole else set()
    assert expected <= set(found) <= set(content.REPOSITORIES)
    assert len(found) == len(set(found))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert (len(pages) > 1) == (traits.catalog_pages and traits.catalog_whole)


def is_of_content(name: str) -> bool:
    """Whether a repository is not one that a test of writing has put there."""
    return name.startswith("contract/")


@pytest.mark.parametrize("page_size", [100, MORE_THAN_ANYBODY_SENDS])
async def test_a_repository_has_every_tag_once(registry: Registry, traits: Traits, page_size: int) -> None:
    found = await items(registry.tags(TAGS, page_size=page_size))
    assert sorted(found) == sorted(content.MANY_TAGS)
    assert found == sorted(found) or not traits.tags_sorted


async def test_tags_in_pages_are_all_there_once(registry: Registry, traits: Traits) -> None:
    pages = [page async for page in registry.tags(TAGS, page_size=SMALL_PAGE)]
    found = [tag for page in pages for tag in page.items]
    assert sorted(found) == sorted(content.MANY_TAGS)
    assert (len(pages) > 1) == traits.tag_pages
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_pages_that_grow_bring_every_tag_once(registry: Registry) -> None:
    found = await items(registry.tags(TAGS, page_size=SMALL_PAGE, largest_page=1000))
    assert sorted(found) == sorted(content.MANY_TAGS)


async def test_a_repository_whose_manifest_was_deleted_has_the_tags_that_the_server_kept(
    registry: Registry, traits: Traits
) -> None:
    found = await items(registry.tags(Repository(content.EMPTIED)))
    assert tuple(found) == traits.emptied


async def test_a_repository_of_five_parts_has_its_tags(registry: Registry) -> None:
    assert await items(registry.tags(Repository(content.DEEP))) == ["1.0"]


async def test_the_tags_of_an_unknown_repository_are_an_error(registry: Registry) -> None:
    with pytest.raises(RepositoryNotExistError) as caught:
        await items(registry.tags(Repository("contract/unheard-of")))
    assert caught.value.codes == ("NAME_UNKNOWN",)
    assert "contract/unheard-of" in str(caught.value)
    assert caught.value.remedy
