"""What an image consists of: each part once, and nothing that cannot be saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client.images import AMD64, ARM64, INDEX, MANIFEST, Images
from tui.client import (
    AbsentManifestsError,
    Digest,
    InvalidManifestError,
    Repository,
    UnsavableError,
    UnsupportedAlgorithmError,
)
from tui.client.local.image_parts import ImageParts, gather_parts
from tui.client.source import MAX_DEPTH

REPOSITORY = Repository("team/app")
ATTESTS = "vnd.docker.reference.type"


async def gather(images: Images, descriptor: dict[str, Any], **more: Any) -> ImageParts:
    return await gather_parts(images, REPOSITORY, images.read(descriptor), **more)


def digests(parts: ImageParts) -> tuple[list[str], list[str]]:
    documents = [document.descriptor.digest for document in parts.documents]
    return [*documents], [blob.digest for blob in parts.blobs]


async def test_an_image_is_its_manifest_its_config_and_its_layers_in_order() -> None:
    images = Images()
    image = images.image(b"one", b"two", config=b'{"os":"linux"}')
    parts = await gather(images, image)
    assert digests(parts) == (
        [image["digest"]],
        [Digest.of(b'{"os":"linux"}'), Digest.of(b"one"), Digest.of(b"two")],
    )
    assert parts.size == image["size"] + 14 + 3 + 3
    assert images.asked == []


async def test_shared_layers_and_manifests_are_there_once() -> None:
    images = Images()
    first = images.image(b"base", b"first")
    second = images.image(b"base", b"second", config=b"{ }")
    index = images.index(first, second, {**first, "platform": AMD64})
    parts = await gather(images, index)
    assert digests(parts) == (
        [index["digest"], first["digest"], second["digest"]],
        [Digest.of(data) for data in (b"{}", b"base", b"first", b"{ }", b"second")],
    )
    assert sorted(images.asked) == sorted([first["digest"], second["digest"]])


async def test_indexes_inside_of_indexes_are_followed() -> None:
    images = Images()
    deep = images.image(b"deep")
    inner = images.index({**deep, "platform": ARM64})
    outer = images.index(inner, {**images.image(b"flat"), "platform": AMD64})
    parts = await gather(images, outer)
    assert len(parts.documents) == 4
    assert Digest.of(b"deep") in digests(parts)[1]
    assert parts.platforms[Digest(deep["digest"])].architecture == "arm64"


async def test_attestations_belong_to_it_unless_they_are_not_wanted() -> None:
    images = Images()
    image = images.image(b"layer")
    attestation = images.image(b"sbom", annotations={ATTESTS: "attestation-manifest"})
    index = images.index(image, attestation)
    assert len((await gather(images, index)).documents) == 3
    without = await gather(images, index, attestations=False)
    assert digests(without)[0] == [index["digest"], image["digest"]]
    assert Digest.of(b"sbom") not in digests(without)[1]


async def test_absent_manifests_are_an_error_that_names_them() -> None:
    images = Images()
    gone = {**images.image(b"gone"), "platform": ARM64}
    index = images.index(images.image(b"there"), gone)
    del images.documents[gone["digest"]]
    with pytest.raises(
        AbsentManifestsError, match="1 of 2 listed manifests are missing: linux/arm64/v8"
    ) as caught:
        await gather(images, index)
    assert [one.digest for one in caught.value.absent] == [gone["digest"]]
    assert "without them" in caught.value.remedy


async def test_the_rest_is_gathered_where_that_is_wanted() -> None:
    images = Images()
    gone = images.image(b"gone")
    there = images.image(b"there")
    index = images.index(there, gone)
    del images.documents[gone["digest"]]
    parts = await gather(images, index, absent=True)
    assert digests(parts)[0] == [index["digest"], there["digest"]]
    assert [one.digest for one in parts.absent] == [gone["digest"]]


async def test_many_absent_manifests_are_counted() -> None:
    images = Images()
    gone = [images.image(str(number).encode()) for number in range(8)]
    index = images.index(*gone)
    for one in gone:
        del images.documents[one["digest"]]
    with pytest.raises(AbsentManifestsError, match=r"8 of 8 .* and 3 more"):
        await gather(images, index)


async def test_another_error_of_a_manifest_ends_it() -> None:
    images = Images()
    child = images.image(b"x")
    index = images.index(child)
    images.documents[child["digest"]] = b"{}"
    with pytest.raises(InvalidManifestError):
        await gather(images, index, absent=True)


async def test_what_a_source_has_not_verified_is_not_taken() -> None:
    images = Images()
    child, other = images.image(b"x"), images.image(b"y")
    index = images.index(child)
    images.documents[child["digest"]] = images.documents[other["digest"]]
    with pytest.raises(UnsavableError, match="is not that of the document"):
        await gather(images, index)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"config": {"mediaType": "x", "digest": "bad", "size": 1}, "layers": []}, "a config or a layer"),
        ({"layers": [{"mediaType": "x", "digest": "sha256:0", "size": 1}]}, "a config or a layer"),
        ({"layers": [7]}, "a config or a layer"),
    ],
)
async def test_a_manifest_that_does_not_say_all_is_refused(document: dict[str, Any], said: str) -> None:
    images = Images()
    manifest = images.document({"schemaVersion": 2, "mediaType": MANIFEST, **document})
    with pytest.raises(UnsavableError, match=said):
        await gather(images, manifest)


async def test_an_index_that_does_not_say_all_is_refused() -> None:
    images = Images()
    index = images.index(images.image(b"x"), {"mediaType": MANIFEST, "size": 1})
    with pytest.raises(UnsavableError, match="lists an entry without a valid digest"):
        await gather(images, index)


async def test_schema_1_is_refused() -> None:
    images = Images()
    old = images.document(
        {
            "schemaVersion": 1,
            "mediaType": "application/vnd.docker.distribution.manifest.v1+json",
            "fsLayers": [],
        }
    )
    with pytest.raises(UnsavableError, match="schema 1"):
        await gather(images, old)


async def test_digests_that_cannot_be_verified_are_refused_before_anything_is_fetched() -> None:
    images = Images()
    unknown = {"mediaType": "x", "digest": "blake3:" + "0" * 64, "size": 4}
    manifest = images.document(
        {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [unknown], "config": images.blob(b"{}")}
    )
    with pytest.raises(UnsupportedAlgorithmError):
        await gather(images, manifest)
    assert images.offsets == []


async def test_a_size_that_nobody_wrote_down_is_asked_for() -> None:
    images = Images()
    layer = {**images.blob(b"12345"), "size": 0}
    manifest = images.document(
        {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer], "config": images.blob(b"{}")}
    )
    parts = await gather(images, manifest)
    assert [blob.size for blob in parts.blobs] == [2, 5]
    assert images.offsets == [(Digest.of(b"12345"), 0)]


async def test_an_empty_blob_needs_no_question() -> None:
    images = Images()
    manifest = images.image(b"")
    assert [blob.size for blob in (await gather(images, manifest)).blobs] == [2, 0]
    assert images.offsets == []


async def test_chains_of_indexes_have_an_end() -> None:
    images = Images()
    inner = images.image(b"bottom")
    for _ in range(MAX_DEPTH):
        inner = images.index(inner)
    assert len((await gather(images, inner)).documents) == MAX_DEPTH + 1
    with pytest.raises(UnsavableError, match="deep in each other"):
        await gather(images, images.index(inner))


async def test_more_manifests_than_anybody_means_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images()
    index = images.index(*(images.image(str(number).encode()) for number in range(4)))
    monkeypatch.setattr("tui.client.local.image_parts.MAX_MANIFESTS", 4)
    with pytest.raises(UnsavableError, match="more than 4 manifests"):
        await gather(images, index)
    assert images.asked == []
    monkeypatch.setattr("tui.client.local.image_parts.MAX_MANIFESTS", 5)
    assert len((await gather(images, index)).documents) == 5


async def test_more_blobs_than_anybody_means_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images()
    image = images.image(b"1", b"2", b"3")
    monkeypatch.setattr("tui.client.local.image_parts.MAX_BLOBS", 3)
    with pytest.raises(UnsavableError, match="more than 3 blobs"):
        await gather(images, image)
    monkeypatch.setattr("tui.client.local.image_parts.MAX_BLOBS", 4)
    assert len((await gather(images, image)).blobs) == 4


async def test_manifests_that_are_too_large_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    images = Images()
    child = images.image(b"x", b"y")
    index = images.index(child)
    monkeypatch.setattr("tui.client.local.image_parts.MAX_DOCUMENTS", index["size"] + child["size"] - 1)
    with pytest.raises(UnsavableError, match="bytes together"):
        await gather(images, index)


async def test_a_blob_of_the_digest_of_a_manifest_is_that_manifest() -> None:
    images = Images()
    child = images.image(b"x")
    manifest = images.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": images.blob(b"{}"),
            "layers": [{**child, "mediaType": "application/octet-stream"}],
        }
    )
    index = images.index(child, manifest)
    parts = await gather(images, index)
    assert child["digest"] in digests(parts)[0]
    assert child["digest"] not in digests(parts)[1]
    assert parts.root.descriptor.media_type == INDEX
