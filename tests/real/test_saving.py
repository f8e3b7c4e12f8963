"""Saved images are what skopeo, umoci, buildah and podman read, and layouts of theirs are added to."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.images import ARCHITECTURES
from tests.real.programs import clean_environment, require, run
from tui.client import (
    Client,
    Image,
    Index,
    LayoutWriter,
    LocalPath,
    Manifest,
    Platform,
    Repository,
    Tag,
    gather_parts,
    loadable_image,
    open_local,
)
from tui.transfers import Form, save_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.real.docker_registry import DockerRegistry
    from tui.client import ImageParts, Registry

INDEX = Image(Repository("library/sample"), Tag("1.0"))
LIST = Image(Repository("library/docker"), Tag("1.0"))
SINGLE = Image(Repository("library/sample"), Tag("arm"))
"""An index in OCI's format, one in Docker's, and one image, whose layers are zstd."""

INTEL = Platform("amd64", "linux")
HOST = "registry.example.com"

ALL = pytest.mark.parametrize("image", [INDEX, LIST, SINGLE], ids=str)


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return clean_environment(tmp_path / "home")


@pytest.fixture
def registry(plain: DockerRegistry, client: Client) -> Registry:
    return client.registry(plain.url)


async def gather(registry: Registry, image: Image) -> ImageParts:
    assert isinstance(image.reference, Tag)
    root = await registry.get_manifest(image)
    name = f"{HOST}/{image}"
    return await gather_parts(registry, image.repository, root, name=name, tag=image.reference)


async def save(registry: Registry, image: Image, target: Path, form: Form) -> ImageParts:
    parts = await gather(registry, image)
    await save_image(registry, image.repository, parts, target, form=form, platform=INTEL)
    return parts


def skopeo(environment: Mapping[str, str], *arguments: str) -> bytes:
    require("skopeo")
    return run(["skopeo", "--insecure-policy", *arguments], environment)


def named(image: Image) -> str:
    """What stands behind the path of a layout: skopeo finds Docker's older format only where it is alone."""
    return "" if image == LIST else f":{image.reference}"


def storage(folder: Path) -> list[str]:
    """Options that keep the images of buildah and podman in a folder."""
    return ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]


def config_of(parts: ImageParts) -> str:
    """The digest of the config of the image that docker load is given: what tools call the image's id."""
    config = loadable_image(parts, INTEL).config
    assert config is not None
    return config.digest.hex


@ALL
@pytest.mark.parametrize("form", list(Form))
async def test_skopeo_copies_all_that_was_saved(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path, image: Image, form: Form
) -> None:
    transport = "oci" if form is Form.LAYOUT else "oci-archive"
    parts = await save(registry, image, tmp_path / "app", form)
    source = f"{transport}:{tmp_path / 'app'}{named(image)}"
    assert skopeo(environment, "inspect", "--raw", source) == parts.root.raw
    skopeo(environment, "copy", "--all", source, f"dir:{tmp_path / 'copy'}")
    copied = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    assert copied["manifest.json"] == parts.root.raw
    assert {blob.digest.hex for blob in parts.blobs} <= set(copied)


@ALL
async def test_skopeo_reads_an_archive_as_dockers(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path, image: Image
) -> None:
    archive = tmp_path / "app.tar"
    parts = await save(registry, image, archive, Form.ARCHIVE)
    tags = json.loads(skopeo(environment, "list-tags", f"docker-archive:{archive}"))
    assert tags == {"Tags": [f"{HOST}/{image}"]}
    skopeo(environment, "copy", f"docker-archive:{archive}:{HOST}/{image}", f"dir:{tmp_path / 'copy'}")
    copied: dict[str, Any] = json.loads((tmp_path / "copy" / "manifest.json").read_bytes())
    assert copied["config"]["digest"] == f"sha256:{config_of(parts)}"
    assert len(copied["layers"]) == len(loadable_image(parts, INTEL).layers)


@ALL
async def test_podman_loads_an_archive_under_its_name(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path, image: Image
) -> None:
    require("podman")
    if os.geteuid() != 0:
        pytest.skip("podman needs a user namespace of its own where it is not root")
    archive = tmp_path / "app.tar"
    parts = await save(registry, image, archive, Form.ARCHIVE)
    # It takes no folder whose path is long.
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        podman = ["podman", *storage(Path(folder))]
        said = run([*podman, "load", "--input", str(archive)], environment).decode()
        assert f"Loaded image: {HOST}/{image}" in said
        (loaded,) = json.loads(run([*podman, "inspect", "--type", "image", f"{HOST}/{image}"], environment))
    configs = {one.config.digest.hex for one in parts.documents if isinstance(one, Manifest) and one.config}
    assert loaded["Id"] in configs


@ALL
async def test_buildah_pulls_from_an_archive_and_from_a_layout(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path, image: Image
) -> None:
    require("buildah")
    archive, layout = tmp_path / "app.tar", tmp_path / "app"
    parts = await save(registry, image, archive, Form.ARCHIVE)
    await save(registry, image, layout, Form.LAYOUT)
    buildah = ["buildah", *storage(tmp_path / "buildah")]
    arch = "arm" if image == SINGLE else "amd64"
    expected = config_of(parts)
    for source in (f"docker-archive:{archive}", f"oci:{layout}{named(image)}"):
        pulled = run([*buildah, "pull", "--quiet", "--arch", arch, source], environment)
        assert pulled.decode().split()[-1] == expected


async def test_umoci_unpacks_a_platform_of_a_layout(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path
) -> None:
    require("umoci")
    layout = tmp_path / "app"
    index = await registry.get_manifest(INDEX)
    assert isinstance(index, Index)
    entry = index.manifests[list(ARCHITECTURES).index("amd64")]
    child = await registry.get_child(INDEX.repository, entry)
    parts = await gather_parts(
        registry, INDEX.repository, child, name=f"{HOST}/{INDEX}", tag=Tag("1.0"), platform=entry.platform
    )
    await save_image(registry, INDEX.repository, parts, layout, form=Form.LAYOUT)
    assert run(["umoci", "list", "--layout", str(layout)], environment).split() == [b"1.0"]
    run(["umoci", "unpack", "--rootless", "--image", f"{layout}:1.0", str(tmp_path / "bundle")], environment)
    release = tmp_path / "bundle/rootfs/etc/os-release"
    assert "ARCHITECTURE=amd64" in release.read_text(encoding="utf-8")


async def test_a_layout_of_umoci_is_added_to(
    registry: Registry, environment: Mapping[str, str], tmp_path: Path
) -> None:
    require("umoci")
    layout = tmp_path / "layout"
    run(["umoci", "init", "--layout", str(layout)], environment)
    run(["umoci", "new", "--image", f"{layout}:theirs"], environment)
    parts = await save(registry, SINGLE, layout, Form.LAYOUT)
    assert sorted(run(["umoci", "list", "--layout", str(layout)], environment).split()) == [b"arm", b"theirs"]
    assert LayoutWriter(layout).names()["arm"] == parts.root.descriptor.digest
    for name in ("arm", "theirs"):
        skopeo(environment, "copy", "--all", f"oci:{layout}:{name}", f"dir:{tmp_path / name}")
    # What umoci removes as nobody's is not ours.
    run(["umoci", "gc", "--layout", str(layout)], environment)
    assert all(LayoutWriter(layout).holds(blob) for blob in parts.blobs)


async def test_a_layout_of_skopeo_is_added_to_and_skopeo_adds_to_ours(
    registry: Registry, plain: DockerRegistry, environment: Mapping[str, str], tmp_path: Path
) -> None:
    layout = tmp_path / "layout"
    source = f"docker://{plain.host}/library/sample"
    skopeo(environment, "copy", "--src-tls-verify=false", f"{source}:amd64", f"oci:{layout}:theirs")
    await save(registry, INDEX, layout, Form.LAYOUT)
    skopeo(environment, "copy", "--src-tls-verify=false", f"{source}:arm", f"oci:{layout}:later")
    assert list(LayoutWriter(layout).names()) == ["theirs", "1.0", "later"]
    for name in ("theirs", "1.0", "later"):
        skopeo(environment, "copy", "--all", f"oci:{layout}:{name}", f"dir:{tmp_path / name}")


@ALL
@pytest.mark.parametrize("form", list(Form))
async def test_what_was_saved_is_a_source_to_save_from(
    registry: Registry, tmp_path: Path, image: Image, form: Form
) -> None:
    """What lies on disk is read by the same client, and saved again to the same bytes."""
    first, again = tmp_path / "first.tar", tmp_path / "again.tar"
    parts = await save(registry, image, first, form)
    async with open_local(LocalPath(str(first))) as source:
        repository = Repository(f"{HOST}/{image.repository}")
        root = await source.get_manifest(Image(repository, Tag(str(image.reference))))
        assert root.raw == parts.root.raw
        copied = await gather_parts(source, repository, root, name=parts.name, tag=parts.tag)
        await save_image(source, repository, copied, again, form=form, platform=INTEL)
    if form is Form.ARCHIVE:
        assert again.read_bytes() == first.read_bytes()
    else:
        assert {path.name for path in again.rglob("*")} == {path.name for path in first.rglob("*")}
