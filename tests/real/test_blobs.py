"""Blobs as they come from a registry: whole, in part, damaged, absent, or from somewhere else."""

from __future__ import annotations

import gzip
import hashlib
import io
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.real.conftest import PASSWORD, USER, RedirectingRegistry
from tests.real.images import ARCHITECTURES
from tui.client import (
    BasicAuth,
    BlobNotExistError,
    Client,
    Digest,
    DigestMismatchError,
    Image,
    Manifest,
    Registry,
    Repository,
    Tag,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.docker_registry import DockerRegistry
    from tui.client import Descriptor

SAMPLE = Repository("library/sample")


async def sample(registry: Registry, architecture: str) -> Manifest:
    manifest = await registry.get_manifest(Image(SAMPLE, Tag(architecture)))
    assert isinstance(manifest, Manifest)
    return manifest


async def data_layer(registry: Registry) -> Descriptor:
    """The layer that is some 1.5 MB long."""
    return (await sample(registry, "amd64")).layers[-1]


async def read(registry: Registry, descriptor: Descriptor) -> bytes:
    async with registry.get_blob(SAMPLE, descriptor) as stream:
        assert stream.size == descriptor.size
        assert stream.offset == 0
        return b"".join([chunk async for chunk in stream])


def unpacked(layer: bytes, media_type: str) -> bytes:
    if media_type.endswith("zstd"):
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(layer)) as stream:
            return stream.read()
    return gzip.decompress(layer)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
async def test_every_blob_of_an_image_is_what_its_digests_say(
    client: Client, plain: DockerRegistry, architecture: str
) -> None:
    registry = client.registry(plain.host)
    manifest = await sample(registry, architecture)
    config = await registry.get_config(SAMPLE, manifest)
    for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=True):
        content = await read(registry, layer)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer.digest
        assert f"sha256:{hashlib.sha256(unpacked(content, layer.media_type)).hexdigest()}" == diff_id
    assert manifest.config is not None
    assert await registry.get_blob_bytes(SAMPLE, manifest.config) == config.raw
    assert manifest.size == manifest.config.size + sum(layer.size for layer in manifest.layers)


async def test_a_blob_can_be_taken_up_where_it_was_left(client: Client, plain: DockerRegistry) -> None:
    registry = client.registry(plain.host)
    layer = await data_layer(registry)
    whole = await read(registry, layer)
    kept = whole[:1_000_000]
    async with registry.get_blob(SAMPLE, layer, offset=len(kept), hasher=hashlib.sha256(kept)) as stream:
        assert stream.offset == len(kept)
        assert stream.size == layer.size
        rest = b"".join([chunk async for chunk in stream])
    assert kept + rest == whole


async def test_a_blob_that_is_taken_up_with_wrong_bytes_is_refused(
    client: Client, plain: DockerRegistry
) -> None:
    registry = client.registry(plain.host)
    layer = await data_layer(registry)
    with pytest.raises(DigestMismatchError):
        async with registry.get_blob(
            SAMPLE, layer, offset=1000, hasher=hashlib.sha256(bytes(1000))
        ) as stream:
            assert [chunk async for chunk in stream]


async def test_a_blob_that_rotted_on_the_server_is_refused(
    client: Client, own_registry: DockerRegistry
) -> None:
    registry = client.registry(own_registry.host)
    layer = await data_layer(registry)
    file = stored(own_registry.storage, layer.digest)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DigestMismatchError) as caught:
        await read(registry, layer)
    assert caught.value.expected == layer.digest
    assert caught.value.actual == Digest.of(bytes(content))


def stored(storage: Path, digest: Digest) -> Path:
    """The file in which docker-registry keeps a blob."""
    blobs = storage / "docker/registry/v2/blobs"
    return blobs / digest.algorithm / digest.hex[:2] / digest.hex / "data"


async def test_a_blob_is_known_without_being_fetched(client: Client, plain: DockerRegistry) -> None:
    registry = client.registry(plain.host)
    layer = await data_layer(registry)
    found = await registry.verify_blob(SAMPLE, layer.digest)
    assert (found.digest, found.size) == (layer.digest, layer.size)


async def test_a_blob_of_another_repository_does_not_exist(client: Client, plain: DockerRegistry) -> None:
    registry = client.registry(plain.host)
    layer = await data_layer(registry)
    elsewhere = Repository("library/tags")
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(elsewhere, layer.digest)
    with pytest.raises(BlobNotExistError):
        async with registry.get_blob(elsewhere, layer):
            pytest.fail("there is nothing to read")


async def test_a_redirected_blob_comes_without_showing_the_password_to_anybody(
    client: Client, redirecting: RedirectingRegistry
) -> None:
    registry = client.registry(redirecting.server.host, BasicAuth(USER, PASSWORD))
    layer = await data_layer(registry)
    content = await read(registry, layer)
    assert Digest.of(content) == layer.digest
    assert redirecting.serving.asked
    for asked in redirecting.serving.asked:
        assert "authorization" not in asked.headers
        assert "cookie" not in asked.headers


async def test_a_redirected_blob_can_be_taken_up_where_it_was_left(
    client: Client, redirecting: RedirectingRegistry
) -> None:
    registry = client.registry(redirecting.server.host, BasicAuth(USER, PASSWORD))
    layer = await data_layer(registry)
    whole = await read(registry, layer)
    async with registry.get_blob(SAMPLE, layer, offset=500, hasher=hashlib.sha256(whole[:500])) as stream:
        assert stream.offset == 500
        assert stream.size == layer.size
        assert b"".join([chunk async for chunk in stream]) == whole[500:]


async def test_a_store_that_knows_no_ranges_sends_the_blob_from_its_beginning(
    client: Client, redirecting: RedirectingRegistry
) -> None:
    redirecting.files.ranges = False
    registry = client.registry(redirecting.server.host, BasicAuth(USER, PASSWORD))
    layer = await data_layer(registry)
    async with registry.get_blob(SAMPLE, layer, offset=500, hasher=hashlib.sha256(b"kept")) as stream:
        assert stream.offset == 0
        content = b"".join([chunk async for chunk in stream])
    assert Digest.of(content) == layer.digest


async def test_a_store_that_lost_the_blob_is_told_from_the_registry(
    client: Client, redirecting: RedirectingRegistry
) -> None:
    registry = client.registry(redirecting.server.host, BasicAuth(USER, PASSWORD))
    layer = await data_layer(registry)
    redirecting.files.root /= "emptied"
    with pytest.raises(BlobNotExistError):
        await read(registry, layer)
