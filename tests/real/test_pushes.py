"""Images that were pushed by the client, as skopeo sees them, and as it copies them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.real.docker_registry import DockerRegistry
from tests.real.programs import clean_environment, require, run
from tui.client import Client, Descriptor, Digest, Image, Registry, Repository, Tag, media_types

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

APP = Repository("pushed/app")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DockerRegistry]:
    """A registry that holds nothing."""
    require("docker-registry", "skopeo")
    with DockerRegistry(tmp_path / "server", tmp_path / "storage") as server:
        yield server


@pytest.fixture
def registry(client: Client, server: DockerRegistry) -> Registry:
    return client.registry(server.host)


def layer() -> tuple[bytes, str]:
    """A layer, compressed, and the digest of what is in it."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        entry = tarfile.TarInfo("etc/os-release")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"NAME\\n"))
    return gzip.compress(plain.getvalue(), mtime=0), f"sha256:{hashlib.sha256(plain.getvalue()).hexdigest()}"


def written(descriptor: Descriptor) -> dict[str, object]:
    """A descriptor as it stands in a document."""
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


async def push_image(registry: Registry, architecture: str, *tags: str) -> Descriptor:
    compressed, diff_id = layer()

    async def stream() -> AsyncIterator[bytes]:
        yield compressed

    pushed = await registry.put_blob(APP, stream(), media_type=media_types.OCI_LAYER_GZIP)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/bin/true"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
    described = await registry.put_blob(APP, json.dumps(config).encode(), media_type=media_types.OCI_CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": written(described),
        "layers": [written(pushed)],
    }
    return await registry.put_manifest(APP, json.dumps(manifest).encode(), [Tag(tag) for tag in tags])


async def test_an_image_is_copied_by_skopeo(
    registry: Registry, server: DockerRegistry, tmp_path: Path
) -> None:
    pushed = await push_image(registry, "amd64", "1.0", "latest")
    environment = clean_environment(tmp_path / "skopeo")
    source = f"docker://{server.host}/{APP}:latest"
    command = ["skopeo", "--insecure-policy", "inspect", "--tls-verify=false", source]
    seen = json.loads(run(command, environment))
    assert seen["Digest"] == pushed.digest
    assert sorted(seen["RepoTags"]) == ["1.0", "latest"]
    target = f"oci:{tmp_path / 'copy'}:latest"
    run(["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", source, target], environment)
    (entry,) = json.loads((tmp_path / "copy" / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == pushed.digest


async def test_an_index_is_copied_by_skopeo_with_all_that_it_lists(
    registry: Registry, server: DockerRegistry, tmp_path: Path
) -> None:
    images = {name: await push_image(registry, name) for name in ("amd64", "arm64")}
    entries = [
        {**written(image), "platform": {"architecture": name, "os": "linux"}}
        for name, image in images.items()
    ]
    index = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": entries}
    await registry.put_manifest(APP, json.dumps(index).encode(), Tag("all"))
    command = ["skopeo", "--insecure-policy", "copy", "--all", "--src-tls-verify=false"]
    source, target = f"docker://{server.host}/{APP}:all", f"oci:{tmp_path / 'copy'}:all"
    run([*command, source, target], clean_environment(tmp_path / "skopeo"))
    blobs = {file.name for file in (tmp_path / "copy" / "blobs" / "sha256").iterdir()}
    assert {image.digest.hex for image in images.values()} <= blobs


async def test_what_is_deleted_is_gone_for_skopeo(
    registry: Registry, server: DockerRegistry, tmp_path: Path
) -> None:
    await push_image(registry, "amd64", "goes")
    stays = await push_image(registry, "arm64", "stays")
    await registry.delete_manifest(Image(APP, Tag("goes")))
    command = ["skopeo", "list-tags", "--tls-verify=false", f"docker://{server.host}/{APP}"]
    assert json.loads(run(command, clean_environment(tmp_path / "skopeo")))["Tags"] == ["stays"]
    assert (await registry.manifest_exists(Image(APP, Tag("stays")))).digest == stays.digest


async def test_an_upload_goes_on_when_the_registry_has_been_restarted(
    client: Client, server: DockerRegistry, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 8_000
    again = DockerRegistry(tmp_path / "again", server.storage, {"http": {"addr": server.host}})
    restarts = 0

    def restart(sent: int) -> None:
        nonlocal restarts
        if sent == 1_000_000 and not restarts:
            restarts += 1
            server.stop()
            again.__enter__()

    registry = client.registry(server.host)
    try:
        descriptor = await registry.put_blob(APP, content, chunk_size=500_000, progress=restart)
        assert descriptor.digest == Digest.of(content)
        assert (await registry.verify_blob(APP, descriptor.digest)).size == len(content)
    finally:
        again.stop()
    assert restarts == 1
