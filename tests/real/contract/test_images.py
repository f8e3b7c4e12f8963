"""Images that buildah built, pushed by skopeo or by this client, over every server that takes them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.real.contract.traits import TRAITS
from tests.real.images import ARCHITECTURES, LAYERS_PER_IMAGE
from tests.real.programs import clean_environment, run
from tui.client import Client, Digest, Image, Manifest, Registry, Repository, Tag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.contract.conftest import Server
    from tests.real.docker_registry import DockerRegistry

SAMPLE = Repository("library/sample")
COPY = Repository(f"written/{SAMPLE}")

pytestmark = pytest.mark.parametrize(
    "named_server", [name for name, traits in TRAITS.items() if traits.writes], indirect=True
)


def skopeo(folder: Path, *arguments: str) -> None:
    run(["skopeo", "--insecure-policy", "copy", "--quiet", *arguments], clean_environment(folder / "skopeo"))


def access(server: Server, side: str, folder: Path) -> list[str]:
    """What skopeo is told of a server, as the source or the destination of a copy."""
    told = [f"--{side}-tls-verify=false"]
    if server.auth is not None:
        told += [f"--{side}-creds", f"{server.auth.username}:{server.auth.password}"]
    if server.client_certificate is not None and server.client_key is not None:
        folder.mkdir()
        shutil.copy(server.client_certificate, folder / "client.cert")
        shutil.copy(server.client_key, folder / "client.key")
        told += [f"--{side}-cert-dir", str(folder)]
    return told


async def test_an_image_that_skopeo_pushed_is_read_to_its_last_byte(
    plain: DockerRegistry, server: Server, registry: Registry, tmp_path: Path
) -> None:
    told = ["--all", "--src-tls-verify=false", *access(server, "dest", tmp_path / "certificates")]
    source = f"docker://{plain.host}/{SAMPLE}:1.0"
    skopeo(tmp_path, *told, source, f"docker://{urlsplit(server.url).netloc}/{COPY}:1.0")
    index, manifests = await registry.get_manifests(Image(COPY, Tag("1.0")))
    assert index is not None
    assert [str(entry.platform) for entry in index.manifests] == list(ARCHITECTURES.values())
    assert [manifest.descriptor.digest for manifest in manifests] == [
        entry.digest for entry in index.manifests
    ]
    for manifest in manifests:
        config = await registry.get_config(COPY, manifest)
        assert len(config.diff_ids) == len(manifest.layers) == LAYERS_PER_IMAGE
        for layer in manifest.layers:
            async with registry.get_blob(COPY, layer) as stream:
                assert Digest.of(b"".join([chunk async for chunk in stream])) == layer.digest


async def test_an_image_that_this_client_pushed_is_copied_by_skopeo(
    plain: DockerRegistry, server: Server, client: Client, repository: Repository, tmp_path: Path
) -> None:
    source, registry = client.registry(plain.url), server.opened_by(client)
    manifest = await source.get_manifest(Image(SAMPLE, Tag("amd64")))
    assert isinstance(manifest, Manifest)
    assert manifest.config is not None
    for blob in (manifest.config, *manifest.layers):
        async with source.get_blob(SAMPLE, blob) as stream:
            await registry.put_blob(repository, stream, digest=blob.digest, size=blob.size)
    await registry.put_manifest(repository, manifest, Tag("amd64"))
    told = access(server, "src", tmp_path / "certificates")
    layout = tmp_path / "layout"
    skopeo(tmp_path, *told, f"docker://{urlsplit(server.url).netloc}/{repository}:amd64", f"oci:{layout}")
    listed = json.loads((layout / "index.json").read_bytes())["manifests"]
    assert [entry["digest"] for entry in listed] == [manifest.descriptor.digest]
    assert {path.name for path in (layout / "blobs" / "sha256").iterdir()} == {
        manifest.descriptor.digest.hex,
        manifest.config.digest.hex,
        *(layer.digest.hex for layer in manifest.layers),
    }
