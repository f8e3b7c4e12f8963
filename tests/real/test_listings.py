"""What a registry lists: its repositories and their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.images import ARCHITECTURES, MANY_TAGS, Samples
from tui.client import Client, Image, ManifestNotExistError, NotFoundError, Repository, Tag

if TYPE_CHECKING:
    from tests.real.docker_registry import DockerRegistry
    from tui.client.wire.sender import LoggedRequest


async def test_a_registry_is_recognised(client: Client, plain: DockerRegistry) -> None:
    await client.registry(plain.host).verify()


async def test_the_catalog_comes_page_by_page_and_whole(
    client: Client, plain: DockerRegistry, samples: Samples
) -> None:
    pages = [page async for page in client.registry(plain.host).repositories(page_size=4)]
    names = [name for page in pages for name in page.items]
    assert names == sorted(samples.repositories)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert len(pages) > 1


async def test_the_next_page_is_asked_for_only_when_it_is_wanted(plain: DockerRegistry) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        pages = client.registry(plain.url).repositories(page_size=2)
        await anext(pages)
        assert len(asked) == 1
        await anext(pages)
        assert len(asked) == 2


async def test_tags_come_in_one_page_and_in_the_order_of_the_registry(
    client: Client, plain: DockerRegistry
) -> None:
    pages = [page async for page in client.registry(plain.host).tags(Repository("library/tags"), page_size=2)]
    assert len(pages) == 1
    assert sorted(pages[0].items) == sorted(MANY_TAGS)
    assert pages[0].last


async def test_a_repository_without_tags_has_an_empty_page(client: Client, plain: DockerRegistry) -> None:
    pages = [page async for page in client.registry(plain.host).tags(Repository("library/emptied"))]
    assert [page.items for page in pages] == [()]


async def test_a_repository_of_four_parts_has_its_tags(client: Client, plain: DockerRegistry) -> None:
    repository = Repository("team/platform/tools/app")
    pages = [page async for page in client.registry(plain.host).tags(repository)]
    assert [tag for page in pages for tag in page.items] == ["1.0"]


async def test_an_unknown_repository_is_not_found(client: Client, plain: DockerRegistry) -> None:
    registry = client.registry(plain.host)
    with pytest.raises(NotFoundError) as caught:
        await anext(registry.tags(Repository("library/unheard-of")))
    assert "library/unheard-of" in str(caught.value)
    assert caught.value.codes == ("NAME_UNKNOWN",)
    assert caught.value.remedy


async def test_a_deleted_manifest_is_gone_with_all_its_tags(
    client: Client, own_registry: DockerRegistry
) -> None:
    registry = client.registry(own_registry.host)
    repository = Repository("library/sample")
    image = Image(repository, Tag("amd64"))
    found = await registry.manifest_exists(image)
    answer = await registry.request("DELETE", f"/v2/{repository}/manifests/{found.digest}")
    assert answer.status == 202
    (page,) = [page async for page in registry.tags(repository)]
    assert sorted(page.items) == sorted({*ARCHITECTURES, "1.0"} - {"amd64"})
    with pytest.raises(ManifestNotExistError):
        await registry.get_manifest(image)
    with pytest.raises(ManifestNotExistError):
        await registry.manifest_exists(image)
