"""Layouts and archives of skopeo, umoci, buildah and podman are read like the registry they come from."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.real.programs import clean_environment, require, run
from tests.real.test_saving import storage
from tui.client import (
    Client,
    DockerArchive,
    Image,
    Index,
    Layout,
    LocalPath,
    Manifest,
    Repository,
    Tag,
    open_local,
)
from tui.client.media_types import DOCKER_LAYER, OCI_LAYER_GZIP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.real.docker_registry import DockerRegistry
    from tui.client import Digest, Page, Registry, Source

SAMPLE = Repository("library/sample")
INDEX = Image(SAMPLE, Tag("1.0"))
INTEL = Image(SAMPLE, Tag("amd64"))

_Item = TypeVar("_Item")


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return clean_environment(tmp_path / "home")


@pytest.fixture
def registry(plain: DockerRegistry, client: Client) -> Registry:
    return client.registry(plain.url)


def skopeo(environment: Mapping[str, str], *arguments: str) -> bytes:
    require("skopeo")
    return run(["skopeo", "--insecure-policy", *arguments], environment)


def copy(environment: Mapping[str, str], server: DockerRegistry, image: Image, target: str) -> None:
    """Copy all of an image out of the registry, as it is where the target takes that."""
    everything = [] if target.startswith("docker-archive:") else ["--all"]
    source = f"docker://{server.host}/{image}"
    skopeo(environment, "copy", "--quiet", *everything, "--src-tls-verify=false", source, target)


async def items(pages: AsyncIterator[Page[_Item]]) -> list[_Item]:
    return [item async for page in pages for item in page.items]


async def listed(source: Source) -> dict[str, list[str]]:
    return {
        repository: [
            *await items(source.tags(repository)),
            *(f"@{entry.digest}" for entry in await source.untagged(repository)),
        ]
        for repository in await items(source.repositories())
    }


async def read(source: Source, repository: Repository, digest: Digest) -> bytes:
    async with source.get_blob(repository, digest) as stream:
        return b"".join([chunk async for chunk in stream])


async def contents(source: Source, image: Image) -> dict[str, bytes]:
    """Read every manifest, config and layer of an image, each verified, by their digests."""
    index, manifests = await source.get_manifests(image)
    documents = [document for document in (index, *manifests) if document is not None]
    found: dict[str, bytes] = {document.descriptor.digest: document.raw for document in documents}
    for manifest in manifests:
        assert manifest.problems == ()
        config = await source.get_config(image.repository, manifest)
        assert len(config.diff_ids) == len(manifest.layers)
        for blob in (*manifest.layers, *filter(None, [manifest.config])):
            found[blob.digest] = await read(source, image.repository, blob.digest)
    return found


@pytest.mark.parametrize("kind", ["oci", "oci-archive"])
async def test_what_skopeo_copies_is_what_the_registry_has(
    registry: Registry, plain: DockerRegistry, environment: Mapping[str, str], tmp_path: Path, kind: str
) -> None:
    copy(environment, plain, INDEX, f"{kind}:{tmp_path / 'sample.tar'}:library/sample:1.0")
    async with Layout(tmp_path / "sample.tar") as layout:
        assert await listed(layout) == {"library/sample": ["1.0"]}
        assert isinstance(await layout.get_manifest(INDEX), Index)
        assert await contents(layout, INDEX) == await contents(registry, INDEX)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", {"sample": ["@"]}),
        (":1.0", {"sample": ["1.0"]}),
        (":localhost:5000/team/app:1.0", {"localhost-5000/team/app": ["1.0"]}),
        (":docker.io/library/alpine", {"docker.io/library/alpine": ["latest"]}),
    ],
)
async def test_names_that_skopeo_writes_become_repositories_and_tags(
    plain: DockerRegistry,
    environment: Mapping[str, str],
    tmp_path: Path,
    name: str,
    expected: dict[str, list[str]],
) -> None:
    folder = tmp_path / "sample"
    copy(environment, plain, INTEL, f"oci:{folder}{name}")
    raw = skopeo(environment, "inspect", "--raw", f"oci:{folder}{name}")
    async with Layout(folder) as layout:
        found = await listed(layout)
        assert {
            key: [one[:1] if one[:1] == "@" else one for one in names] for key, names in found.items()
        } == (expected)
        image = await layout.find_image(name[1:] or next(iter(found.values()))[0])
        assert (await layout.get_manifest(image)).raw == raw


async def test_several_images_of_one_layout_share_their_blobs(
    registry: Registry, plain: DockerRegistry, environment: Mapping[str, str], tmp_path: Path
) -> None:
    for tag in ("amd64", "arm64", "arm", "1.0"):
        copy(environment, plain, Image(SAMPLE, Tag(tag)), f"oci:{tmp_path / 'all'}:{tag}")
    async with Layout(tmp_path / "all") as layout:
        assert (await listed(layout))["all"] == ["amd64", "arm64", "arm", "1.0"]
        for tag in ("arm", "1.0"):
            image = Image(SAMPLE, Tag(tag))
            assert await contents(layout, Image(Repository("all"), Tag(tag))) == await contents(
                registry, image
            )


@pytest.mark.parametrize("packed", [False, True])
async def test_a_docker_archive_of_skopeo_has_the_unpacked_layers_of_the_image(
    registry: Registry,
    plain: DockerRegistry,
    environment: Mapping[str, str],
    tmp_path: Path,
    packed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    path = tmp_path / "sample.tar"
    copy(environment, plain, INTEL, f"docker-archive:{path}:library/sample:amd64")
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes(), 1))
    original = await registry.get_manifest(INTEL)
    assert isinstance(original, Manifest)
    async with open_local(LocalPath.of(str(path))) as archive:
        ((repository, tags),) = (await listed(archive)).items()
        assert repository.endswith("library/sample")
        assert tags == ["amd64"]
        image = await archive.find_image("library/sample:amd64")
        manifest = await archive.get_manifest(image)
        assert isinstance(manifest, Manifest)
        assert manifest.config is not None
        assert original.config is not None
        assert manifest.config.digest == original.config.digest
        for layer, packed_layer in zip(manifest.layers, original.layers, strict=True):
            assert (layer.media_type, packed_layer.media_type) == (DOCKER_LAYER, OCI_LAYER_GZIP)
            unpacked = gzip.decompress(await read(registry, SAMPLE, packed_layer.digest))
            assert await read(archive, image.repository, layer.digest) == unpacked


async def test_what_umoci_makes_is_read(environment: Mapping[str, str], tmp_path: Path) -> None:
    require("umoci")
    layout, bundle = tmp_path / "made", tmp_path / "bundle"

    def umoci(*arguments: str) -> None:
        run(["umoci", *arguments], environment)

    umoci("init", "--layout", str(layout))
    async with Layout(layout) as source:
        assert await listed(source) == {}
        umoci("new", "--image", f"{layout}:empty")
        umoci("unpack", "--rootless", "--image", f"{layout}:empty", str(bundle))
        (bundle / "rootfs/hello").write_text("hello", encoding="utf-8")
        umoci("repack", "--image", f"{layout}:1.0", str(bundle))
        umoci("config", "--image", f"{layout}:1.0", "--tag", "configured", "--author", "Somebody")
        assert (await listed(source))["made"] == ["empty", "1.0", "configured"]
        image = Image(Repository("made"), Tag("configured"))
        found = await contents(source, image)
        manifest = await source.get_manifest(image)
        assert isinstance(manifest, Manifest)
        config = await source.get_config(image.repository, manifest)
        assert config.author == "Somebody"
        (layer,) = manifest.layers
        unpacked = gzip.decompress(found[layer.digest])
        assert f"sha256:{hashlib.sha256(unpacked).hexdigest()}" == config.diff_ids[0]


async def test_what_buildah_pushes_to_files_is_read(environment: Mapping[str, str], tmp_path: Path) -> None:
    require("buildah")
    context = tmp_path / "context"
    context.mkdir()
    (context / "start").write_text("#!/bin/sh\n", encoding="utf-8")
    (context / "Containerfile").write_text("FROM scratch\nCOPY start /\n", encoding="utf-8")

    def buildah(*arguments: str) -> None:
        run(["buildah", *storage(tmp_path / "storage"), *arguments], environment)

    buildah("build", "--quiet", "--isolation", "chroot", "--tag", "built:1", str(context))
    for kind in ("oci", "oci-archive", "docker-archive"):
        buildah("push", "--quiet", "built:1", f"{kind}:{tmp_path / kind}:localhost/built:1")
    image = Image(Repository("localhost/built"), Tag("1"))
    diff_ids = set()
    for kind, source in {
        "oci": Layout(tmp_path / "oci"),
        "oci-archive": Layout(tmp_path / "oci-archive"),
        "docker-archive": DockerArchive(tmp_path / "docker-archive"),
    }.items():
        async with source:
            assert await listed(source) == {"localhost/built": ["1"]}, kind
            await contents(source, image)
            manifest = await source.get_manifest(image)
            assert isinstance(manifest, Manifest)
            diff_ids.add((await source.get_config(image.repository, manifest)).diff_ids)
    assert len(diff_ids) == 1


async def test_an_archive_of_podman_with_several_images_is_read(
    plain: DockerRegistry, environment: Mapping[str, str], tmp_path: Path
) -> None:
    require("podman")
    if os.geteuid() != 0:
        pytest.skip("podman needs a user namespace of its own where it is not root")
    path = tmp_path / "several.tar"
    names = ["localhost/sample:amd64", "localhost/sample:arm64"]
    # It takes no folder whose path is long.
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        podman = ["podman", *storage(Path(folder))]
        for name in names:
            one = tmp_path / f"{name[-5:]}.tar"
            image = Image(SAMPLE, Tag(name.rpartition(":")[2]))
            copy(environment, plain, image, f"docker-archive:{one}:{name}")
            run([*podman, "load", "--quiet", "--input", str(one)], environment)
        save = ["save", "--quiet", "--multi-image-archive", "--output", str(path), *names]
        run([*podman, *save], environment)
    async with open_local(LocalPath.of(str(path))) as archive:
        assert await listed(archive) == {"localhost/sample": ["amd64", "arm64"]}
        for tag in ("amd64", "arm64"):
            await contents(archive, Image(Repository("localhost/sample"), Tag(tag)))
