"""Pushing, over every server that takes what is pushed."""

from __future__ import annotations

import asyncio
import math
import random
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import items, pieces
from tests.real.contract import content
from tests.real.contract.content import SBOM, SIGNATURE
from tests.real.contract.pushing import as_subject, put_artifact, read
from tests.real.contract.traits import TRAITS
from tests.real.hand import OCI_EMPTY, OCI_MANIFEST, described, encoded, index_document
from tui.client import (
    BlobNotExistError,
    Client,
    Digest,
    DigestMismatchError,
    ErrorResponse,
    Image,
    Registry,
    Repository,
    SchemaValidationError,
    Tag,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.contract.conftest import Server
    from tests.real.contract.traits import Traits
    from tui.client import Descriptor, LoggedRequest

pytestmark = pytest.mark.parametrize(
    "named_server", [name for name, traits in TRAITS.items() if traits.writes], indirect=True
)

LARGER_THAN_IS_HELD = random.Random("stream").randbytes(9 * 1024 * 1024)  # noqa: S311 - the same bytes each time
CHUNK = 100_000
SHORT_CHUNK = 5_000


@pytest.mark.parametrize("content_", [b"", b"a few bytes", content.LAYER], ids=["empty", "small", "large"])
@pytest.mark.parametrize("chunk_size", [None, CHUNK], ids=["whole", "in chunks"])
async def test_bytes_of_any_size_arrive(
    registry: Registry, repository: Repository, content_: bytes, chunk_size: int | None
) -> None:
    descriptor = await registry.put_blob(repository, content_, chunk_size=chunk_size, check_exists=False)
    assert (descriptor.digest, descriptor.size) == (Digest.of(content_), len(content_))
    assert (await registry.verify_blob(repository, descriptor.digest)).size == len(content_)
    assert await read(registry, repository, descriptor.digest) == content_


async def test_chunks_are_as_long_as_the_registry_wants_them(
    server: Server, traits: Traits, repository: Repository
) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        await server.opened_by(client).put_blob(
            repository, content.LAYER[:CHUNK], chunk_size=SHORT_CHUNK, check_exists=False
        )
    chunks = sum(one.request.method == "PATCH" and one.status == httpx.codes.ACCEPTED for one in asked)
    assert chunks == math.ceil(CHUNK / max(SHORT_CHUNK, traits.shortest_chunk))


async def test_a_file_arrives(registry: Registry, repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(content.LAYER)
    descriptor = await registry.put_blob(repository, path, check_exists=False)
    assert await read(registry, repository, descriptor.digest) == content.LAYER


@pytest.mark.parametrize("described_", [False, True], ids=["unknown", "described"])
async def test_a_stream_arrives(registry: Registry, repository: Repository, *, described_: bool) -> None:
    digest = Digest.of(LARGER_THAN_IS_HELD)
    descriptor = await registry.put_blob(
        repository,
        pieces(LARGER_THAN_IS_HELD),
        digest=digest if described_ else None,
        size=len(LARGER_THAN_IS_HELD) if described_ else None,
        check_exists=False,
    )
    assert (descriptor.digest, descriptor.size) == (digest, len(LARGER_THAN_IS_HELD))
    assert await read(registry, repository, digest) == LARGER_THAN_IS_HELD


async def test_what_is_there_is_not_sent_again(server: Server, repository: Repository) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        registry = server.opened_by(client)
        await registry.put_blob(repository, content.LAYER)
        asked.clear()
        descriptor = await registry.put_blob(repository, content.LAYER)
    assert descriptor.digest == Digest.of(content.LAYER)
    assert {one.request.method for one in asked if repository in one.request.url} == {"HEAD"}


async def test_content_of_another_digest_is_not_pushed(registry: Registry, repository: Repository) -> None:
    with pytest.raises(DigestMismatchError):
        await registry.put_blob(repository, b"these bytes", digest=Digest.of(b"other bytes"))
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(repository, Digest.of(b"other bytes"))


async def test_a_blob_of_another_algorithm_arrives_where_it_is_known(
    registry: Registry, traits: Traits, repository: Repository
) -> None:
    if traits.sha512:
        descriptor = await registry.put_blob(repository, content.LAYER, algorithm="sha512")
        assert descriptor.digest == Digest.of(content.LAYER, "sha512")
        assert await read(registry, repository, descriptor.digest) == content.LAYER
    else:
        with pytest.raises(ErrorResponse):
            await registry.put_blob(repository, content.LAYER, algorithm="sha512")


async def test_a_blob_of_another_repository_is_mounted_or_pushed(
    registry: Registry, traits: Traits, repository: Repository
) -> None:
    source = Repository(content.ELSEWHERE)
    blob = content.ONLY_ELSEWHERE
    assert await registry.mount_blob(repository, Digest.of(blob), source) == traits.mounts
    other = Repository(f"{repository}/other")
    descriptor = await registry.put_blob(other, blob, mount_from=source, check_exists=False)
    assert await read(registry, other, descriptor.digest) == blob


async def test_a_manifest_arrives_byte_for_byte_under_its_digest_and_every_tag(
    registry: Registry, repository: Repository
) -> None:
    raw = encoded(await put_artifact(registry, repository, b"many tags"))
    tags = [Tag("1.0"), Tag("1"), Tag("latest")]
    descriptor = await registry.put_manifest(repository, raw, tags)
    assert descriptor.digest == Digest.of(raw)
    references: list[Tag | Digest] = [*tags, descriptor.digest]
    for reference in references:
        manifest = await registry.get_manifest(Image(repository, reference))
        assert manifest.raw == raw
        assert manifest.descriptor.media_type == OCI_MANIFEST
    assert sorted(await items(registry.tags(repository))) == sorted(tags)


async def test_a_manifest_without_a_tag_is_found_by_its_digest(
    registry: Registry, repository: Repository
) -> None:
    raw = encoded(await put_artifact(registry, repository, b"no tag"))
    descriptor = await registry.put_manifest(repository, raw)
    assert (await registry.get_manifest(Image(repository, descriptor.digest))).raw == raw


async def test_a_tag_is_moved_to_another_manifest(registry: Registry, repository: Repository) -> None:
    for name in (b"first", b"second"):
        raw = encoded(await put_artifact(registry, repository, name))
        await registry.put_manifest(repository, raw, Tag("latest"))
        assert (await registry.get_manifest(Image(repository, Tag("latest")))).raw == raw


async def test_an_index_of_what_was_pushed_arrives(registry: Registry, repository: Repository) -> None:
    children = [encoded(await put_artifact(registry, repository, name)) for name in (b"one", b"two")]
    for raw in children:
        await registry.put_manifest(repository, raw)
    index = encoded(index_document([described(raw, OCI_MANIFEST) for raw in children]))
    await registry.put_manifest(repository, index, Tag("both"))
    found, manifests = await registry.get_manifests(Image(repository, Tag("both")))
    assert found is not None
    assert [manifest.raw for manifest in manifests] == children


async def test_what_was_fetched_can_be_pushed_elsewhere(registry: Registry, repository: Repository) -> None:
    source = Repository(content.APP)
    manifest = await registry.get_manifest(Image(source, Tag("amd64")))
    for digest in (Digest.of(content.LAYER), Digest.of(content.AMD64_CONFIG)):
        async with registry.get_blob(source, digest) as stream:
            await registry.put_blob(repository, stream, digest=digest)
    await registry.put_manifest(repository, manifest, Tag("copy"))
    assert (await registry.get_manifest(Image(repository, Tag("copy")))).raw == manifest.raw


async def test_a_manifest_whose_blobs_are_absent_is_refused_where_that_is_looked_at(
    registry: Registry, traits: Traits, repository: Repository
) -> None:
    raw = encoded(content.AMD64 | {"annotations": {"where": repository}})
    if not traits.checks_parts:
        assert (await registry.put_manifest(repository, raw, Tag("1.0"))).digest == Digest.of(raw)
        return
    with pytest.raises(ErrorResponse) as caught:
        await registry.put_manifest(repository, raw, Tag("1.0"))
    assert caught.value.remedy
    assert f"PUT {registry.name}" in str(caught.value).replace("http://", "").replace("https://", "")


async def test_what_is_no_manifest_is_not_sent(registry: Registry, repository: Repository) -> None:
    raw = encoded(await put_artifact(registry, repository, b"of another digest"))
    with pytest.raises(DigestMismatchError):
        await registry.put_manifest(repository, raw, Digest.of(b"something else"))
    with pytest.raises(SchemaValidationError):
        await registry.put_manifest(repository, b"[]", Tag("1.0"), media_type=OCI_MANIFEST)


async def test_a_referrer_is_listed_where_its_subject_is_asked_for(
    registry: Registry, traits: Traits, repository: Repository
) -> None:
    subject = await registry.put_manifest(
        repository, encoded(await put_artifact(registry, repository, b"a subject")), Tag("1.0")
    )
    kinds: dict[Digest, str] = {}
    for kind in (SIGNATURE, SBOM):
        document = await put_artifact(
            registry, repository, kind.encode(), subject=as_subject(subject), artifactType=kind
        )
        kinds[(await registry.put_manifest(repository, encoded(document))).digest] = kind

    found = await registry.get_referrers(repository, subject.digest)
    listed = {digest: kind if traits.referrer_types else OCI_EMPTY for digest, kind in kinds.items()}
    assert {entry.digest: entry.artifact_type for entry in found} == listed
    assert (len(await items(registry.tags(repository))) == 1) == traits.says_subject


async def test_referrers_that_are_pushed_at_the_same_time_are_all_listed(
    registry: Registry, repository: Repository
) -> None:
    subject = await registry.put_manifest(
        repository, encoded(await put_artifact(registry, repository, b"much signed"))
    )

    async def sign(number: int) -> Descriptor:
        name = b"signature %d" % number
        document = await put_artifact(
            registry, repository, name, subject=as_subject(subject), artifactType=SIGNATURE
        )
        return await registry.put_manifest(repository, encoded(document))

    signatures = await asyncio.gather(*(sign(number) for number in range(4)))
    found = await registry.get_referrers(repository, subject.digest)
    assert {entry.digest for entry in found} == {signature.digest for signature in signatures}
