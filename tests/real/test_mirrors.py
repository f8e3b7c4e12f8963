"""A registry behind a mirror: Debian's docker-registry as a pull-through cache of another one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.real.docker_registry import DockerRegistry
from tui.client import Client, Digest, Image, Index, LoggedRequest, Manifest, Repository, Tag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.images import Samples

SAMPLE = Repository("library/sample")


@pytest.mark.parametrize("working", [True, False])
async def test_an_image_comes_from_the_cache_and_from_the_registry_where_that_is_gone(
    samples: Samples, tmp_path: Path, *, working: bool
) -> None:
    storage = tmp_path / "storage"
    shutil.copytree(samples.storage, storage)
    seen: list[LoggedRequest] = []
    with DockerRegistry(tmp_path / "origin", storage) as origin:
        cache = DockerRegistry(tmp_path / "cache", tmp_path / "cached", {"proxy": {"remoteurl": origin.url}})
        with cache:
            if not working:
                cache.stop()
            async with Client(log=seen.append) as client:
                registry = client.registry(origin.url, mirrors=[cache.url])
                index = await registry.get_manifest(Image(SAMPLE, Tag("1.0")))
                assert isinstance(index, Index)
                manifest = await registry.get_manifest(Image(SAMPLE, index.manifests[0].digest))
                assert isinstance(manifest, Manifest)
                pieces = bytearray()
                async with registry.get_blob(SAMPLE, manifest.layers[0], bulk=True) as stream:
                    await stream.pump(pieces.extend, None)
                assert Digest.of(bytes(pieces)) == manifest.layers[0].digest
    answering = {logged.request.url.split("/v2/")[0] for logged in seen if logged.status == 200}
    assert answering == {cache.url if working else origin.url}
