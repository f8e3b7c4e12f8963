"""Deleting, over every server that allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import items
from tests.real.contract.content import SBOM, SIGNATURE
from tests.real.contract.pushing import as_subject, put_artifact
from tests.real.contract.traits import TRAITS
from tests.real.hand import encoded
from tui.client import (
    BlobNotExistError,
    Digest,
    Image,
    ManifestNotExistError,
    Registry,
    Repository,
    Tag,
    UnsupportedError,
)

if TYPE_CHECKING:
    from tests.real.contract.traits import Traits

pytestmark = pytest.mark.parametrize(
    "named_server",
    [name for name, traits in TRAITS.items() if traits.writes and traits.deletes],
    indirect=True,
)


async def test_a_deleted_tag_is_gone_alone_or_cannot_be(
    registry: Registry, traits: Traits, repository: Repository
) -> None:
    raw = encoded(await put_artifact(registry, repository, b"two tags"))
    await registry.put_manifest(repository, raw, [Tag("goes"), Tag("stays")])
    if traits.deletes_tags:
        await registry.delete_tag(repository, Tag("goes"))
        with pytest.raises(ManifestNotExistError):
            await registry.manifest_exists(Image(repository, Tag("goes")))
        with pytest.raises(ManifestNotExistError):
            await registry.delete_tag(repository, Tag("goes"))
    else:
        with pytest.raises(UnsupportedError) as caught:
            await registry.delete_tag(repository, Tag("goes"))
        assert caught.value.remedy
    assert (await registry.get_manifest(Image(repository, Tag("stays")))).raw == raw
    assert (await registry.get_manifest(Image(repository, Digest.of(raw)))).raw == raw


@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_a_deleted_manifest_is_gone(
    registry: Registry, traits: Traits, repository: Repository, by: str
) -> None:
    raw = encoded(await put_artifact(registry, repository, b"soon gone"))
    await registry.put_manifest(repository, raw, Tag("1.0"))
    await registry.delete_manifest(Image(repository, Tag("1.0") if by == "tag" else Digest.of(raw)))
    with pytest.raises(ManifestNotExistError):
        await registry.get_manifest(Image(repository, Digest.of(raw)))
    with pytest.raises(ManifestNotExistError):
        await registry.delete_manifest(Image(repository, Digest.of(raw)))
    assert bool(await items(registry.tags(repository))) == bool(traits.emptied)


async def test_a_deleted_blob_is_gone(registry: Registry, traits: Traits, repository: Repository) -> None:
    descriptor = await registry.put_blob(repository, repository.encode())
    await registry.delete_blob(repository, descriptor.digest)
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(repository, descriptor.digest)
    with pytest.raises(traits.absent_blob_deleted) as caught:
        await registry.delete_blob(repository, descriptor.digest)
    assert caught.value.remedy


async def test_a_deleted_referrer_is_listed_no_more(registry: Registry, repository: Repository) -> None:
    subject = await registry.put_manifest(
        repository, encoded(await put_artifact(registry, repository, b"signed twice")), Tag("1.0")
    )
    pushed = []
    for kind in (SIGNATURE, SBOM):
        document = await put_artifact(
            registry, repository, kind.encode(), subject=as_subject(subject), artifactType=kind
        )
        pushed.append((await registry.put_manifest(repository, encoded(document))).digest)
    gone, left = pushed
    await registry.delete_manifest(Image(repository, gone))
    assert [entry.digest for entry in await registry.get_referrers(repository, subject.digest)] == [left]
    await registry.delete_manifest(Image(repository, left))
    assert await registry.get_referrers(repository, subject.digest) == ()
