"""Manifests of every kind, over every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.contract import content
from tests.real.contract.content import DOCUMENTS, Stored
from tests.real.contract.traits import TRAITS
from tests.real.hand import Json, encoded
from tui.client import (
    Client,
    Digest,
    Image,
    Index,
    Manifest,
    ManifestNotExistError,
    Registry,
    Repository,
    Tag,
    UnknownMediaTypeError,
    media_types,
)

if TYPE_CHECKING:
    from tests.real.contract.conftest import Server
    from tests.real.contract.traits import Traits
    from tui.client import LoggedRequest

APP = Repository(content.APP)
UNKNOWN = Repository("contract/unheard-of")

each_document = pytest.mark.parametrize("stored", DOCUMENTS.values(), ids=list(DOCUMENTS))


def digest_of(document: Json) -> Digest:
    return Digest.of(encoded(document))


@each_document
@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_a_manifest_comes_byte_for_byte(registry: Registry, stored: Stored, by: str) -> None:
    digest = Digest(stored.descriptor["digest"])
    reference = Tag(stored.tag) if by == "tag" else digest
    manifest = await registry.get_manifest(Image(Repository(stored.repository), reference))
    assert manifest.raw == stored.raw
    assert manifest.descriptor.digest == digest
    assert manifest.descriptor.media_type == stored.descriptor["mediaType"]
    assert manifest.descriptor.size == len(stored.raw)
    assert isinstance(manifest, Index) == media_types.is_index(stored.descriptor["mediaType"])
    assert manifest.problems == ()


@each_document
async def test_head_tells_what_a_manifest_is(server: Server, stored: Stored) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        registry = server.opened_by(client)
        await registry.verify()
        asked.clear()
        found = await registry.manifest_exists(Image(Repository(stored.repository), Tag(stored.tag)))
    assert {name: getattr(found, name) for name in ("media_type", "digest", "size")} == {
        "media_type": stored.descriptor["mediaType"],
        "digest": stored.descriptor["digest"],
        "size": stored.descriptor["size"],
    }
    methods = [one.request.method for one in asked if f"/{stored.tag}" in one.request.url]
    assert set(methods) == {"HEAD"}


async def test_a_manifest_of_an_unknown_tag_does_not_exist(registry: Registry, server: Server) -> None:
    with pytest.raises(ManifestNotExistError) as caught:
        await registry.get_manifest(Image(APP, Tag("unheard-of")))
    assert caught.value.codes == ("MANIFEST_UNKNOWN",)
    assert f"GET {server.url}/v2/{APP}/manifests/unheard-of" in str(caught.value)
    assert caught.value.remedy


async def test_a_manifest_of_an_unknown_digest_does_not_exist(registry: Registry, traits: Traits) -> None:
    absent = Digest.of(b"never put")
    with pytest.raises(traits.absent_digest) as caught:
        await registry.get_manifest(Image(APP, absent))
    assert caught.value.codes == (traits.unknown_digest,)
    assert absent in str(caught.value)
    assert caught.value.remedy


async def test_head_tells_of_an_unknown_manifest_without_a_body(registry: Registry) -> None:
    with pytest.raises(ManifestNotExistError) as caught:
        await registry.manifest_exists(Image(APP, Tag("unheard-of")))
    assert caught.value.codes == ()
    assert "unheard-of" in str(caught.value)
    assert caught.value.remedy


async def test_an_unknown_repository_has_no_manifest(registry: Registry) -> None:
    with pytest.raises(ManifestNotExistError):
        await registry.get_manifest(Image(UNKNOWN, Tag("latest")))
    with pytest.raises(ManifestNotExistError):
        await registry.manifest_exists(Image(UNKNOWN, Tag("latest")))


async def test_the_manifests_of_an_index_come_together(registry: Registry) -> None:
    index, manifests = await registry.get_manifests(Image(APP, Tag("1.0")))
    assert index is not None
    assert [str(entry.platform) for entry in index.manifests] == ["linux/amd64", "linux/arm64/v8"]
    assert [manifest.raw for manifest in manifests] == [encoded(content.AMD64), encoded(content.ARM64)]


async def test_a_manifest_without_an_index_comes_alone(registry: Registry) -> None:
    index, manifests = await registry.get_manifests(Image(APP, Tag("amd64")))
    assert index is None
    assert [manifest.raw for manifest in manifests] == [encoded(content.AMD64)]


async def test_the_manifests_of_nested_indexes_come_together(registry: Registry) -> None:
    index, manifests = await registry.get_manifests(Image(Repository(content.NESTED), Tag("outer")))
    assert index is not None
    assert [manifest.raw for manifest in manifests] == [encoded(content.INNERMOST)]


@pytest.mark.parametrize("named_server", sorted(TRAITS.keys() - {"debian_cache"}), indirect=True)
async def test_a_child_that_is_absent_hides_no_other(registry: Registry) -> None:
    # To docker-registry as a cache, what is absent is a fault of its own.
    repository = Repository(content.INCOMPLETE)
    index, manifests = await registry.get_manifests(Image(repository, Tag("1.0")))
    assert index is not None
    there, absent = index.manifests
    assert [manifest.descriptor.digest for manifest in manifests] == [there.digest]
    with pytest.raises(ManifestNotExistError):
        await registry.get_child(repository, absent)


async def test_the_children_of_dockers_list_are_of_dockers_kind(registry: Registry) -> None:
    index, manifests = await registry.get_manifests(Image(APP, Tag("docker-list")))
    assert index is not None
    assert index.descriptor.media_type == media_types.DOCKER_LIST
    assert [manifest.descriptor.media_type for manifest in manifests] == [media_types.DOCKER_MANIFEST]
    assert [manifest.descriptor.digest for manifest in manifests] == [digest_of(content.DOCKER)]


@pytest.mark.parametrize(
    ("tag", "raw"), [("amd64", content.AMD64_CONFIG), ("docker", content.DOCKER_CONFIG_BYTES)]
)
async def test_the_config_of_an_image_is_read(registry: Registry, tag: str, raw: bytes) -> None:
    manifest = await registry.get_manifest(Image(APP, Tag(tag)))
    assert isinstance(manifest, Manifest)
    config = await registry.get_config(APP, manifest)
    assert config.raw == raw
    assert str(config.platform) == "linux/amd64"
    assert list(config.diff_ids) == [Digest.of(content.LAYER)]


async def test_an_artifact_has_no_config_of_an_image(registry: Registry) -> None:
    repository = Repository(content.SIGNED)
    manifest = await registry.get_manifest(Image(repository, Tag("1.0")))
    assert isinstance(manifest, Manifest)
    with pytest.raises(UnknownMediaTypeError):
        await registry.get_config(repository, manifest)
