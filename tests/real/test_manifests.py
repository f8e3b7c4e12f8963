"""Manifests of every kind, against what skopeo says of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.images import ARCHITECTURES, BUILT_AT, LAYERS_PER_IMAGE, SIGNATURE
from tests.real.programs import clean_environment, run
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
    layer_history,
    media_types,
)
from tui.client.documents.schema import violations_of_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.docker_registry import DockerRegistry

    Inspect = Callable[[str], bytes]

SAMPLE = Repository("library/sample")
INDEX = Image(SAMPLE, Tag("1.0"))


@pytest.fixture
def registry(client: Client, plain: DockerRegistry) -> Registry:
    return client.registry(plain.host)


@pytest.fixture
def raw(plain: DockerRegistry, tmp_path: Path) -> Inspect:
    """The bytes of a manifest as skopeo gets them."""
    environment = clean_environment(tmp_path / "skopeo")

    def inspect(name: str) -> bytes:
        command = ["skopeo", "--insecure-policy", "inspect", "--raw", "--tls-verify=false"]
        return run([*command, f"docker://{plain.host}/{name}"], environment)

    return inspect


@pytest.fixture
def skopeo_config(plain: DockerRegistry, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """The config of an image as skopeo reads it."""
    environment = clean_environment(tmp_path / "skopeo")

    def inspect(name: str) -> dict[str, Any]:
        command = ["skopeo", "--insecure-policy", "inspect", "--config", "--raw", "--tls-verify=false"]
        found: dict[str, Any] = json.loads(run([*command, f"docker://{plain.host}/{name}"], environment))
        return found

    return inspect


@pytest.mark.parametrize(
    "name",
    [
        *(f"library/sample:{architecture}" for architecture in ARCHITECTURES),
        "library/sample:1.0",
        "library/docker:1.0",
        "library/nested:outer",
        "library/incomplete:1.0",
        "library/signed:1.0",
        "team/platform/tools/app:1.0",
    ],
)
async def test_the_digest_is_that_of_the_bytes_which_skopeo_sees(
    registry: Registry, raw: Inspect, name: str
) -> None:
    repository, tag = name.split(":")
    image = Image(Repository(repository), Tag(tag))
    manifest = await registry.get_manifest(image)
    expected = raw(name)
    assert manifest.raw == expected
    assert manifest.descriptor.digest == f"sha256:{hashlib.sha256(expected).hexdigest()}"
    assert manifest.descriptor.size == len(expected)
    assert await registry.manifest_exists(image) == manifest.descriptor


@pytest.mark.parametrize(
    "name",
    [
        *(f"library/sample:{architecture}" for architecture in ARCHITECTURES),
        "library/sample:1.0",
        "library/docker:1.0",
    ],
)
async def test_what_buildah_and_skopeo_make_is_valid(registry: Registry, name: str) -> None:
    repository, tag = name.split(":")
    index, manifests = await registry.get_manifests(Image(Repository(repository), Tag(tag)))
    assert manifests
    for document in [index, *manifests]:
        if document is None:
            continue
        image = Image(Repository(repository), document.descriptor.digest)
        assert await registry.get_manifest(image, strict=True) == document
    for manifest in manifests:
        config = await registry.get_config(Repository(repository), manifest, strict=True)
        assert violations_of_config(config, manifest) == ()


async def test_an_index_lists_its_platforms(registry: Registry) -> None:
    index = await registry.get_manifest(INDEX)
    assert isinstance(index, Index)
    assert index.descriptor.media_type == media_types.OCI_INDEX
    assert [str(child.platform) for child in index.manifests] == list(ARCHITECTURES.values())
    assert index.problems == ()


async def test_the_manifests_of_an_index_come_together(registry: Registry) -> None:
    index, manifests = await registry.get_manifests(INDEX)
    assert index is not None
    assert [manifest.descriptor.digest for manifest in manifests] == [
        child.digest for child in index.manifests
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
async def test_layers_are_of_the_kind_that_was_pushed(registry: Registry, architecture: str) -> None:
    manifest = await registry.get_manifest(Image(SAMPLE, Tag(architecture)))
    assert isinstance(manifest, Manifest)
    kind = "zstd" if architecture == "arm" else "gzip"
    assert [media_types.short(layer.media_type) for layer in manifest.layers] == [kind] * LAYERS_PER_IMAGE
    assert manifest.problems == ()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
async def test_the_config_says_what_skopeo_says(
    registry: Registry, skopeo_config: Callable[[str], dict[str, Any]], architecture: str
) -> None:
    manifest = await registry.get_manifest(Image(SAMPLE, Tag(architecture)))
    assert isinstance(manifest, Manifest)
    config = await registry.get_config(SAMPLE, manifest)
    expected = skopeo_config(f"{SAMPLE}:{architecture}")
    assert json.loads(config.raw) == expected
    assert str(config.platform) == ARCHITECTURES[architecture]
    assert config.created == dt.datetime.fromtimestamp(BUILT_AT, tz=dt.UTC)
    assert list(config.diff_ids) == expected["rootfs"]["diff_ids"]
    assert [step.created_by for step in config.history] == [
        step["created_by"] for step in expected["history"]
    ]
    assert config.problems == ()


async def test_each_layer_has_the_step_that_made_it(registry: Registry) -> None:
    manifest = await registry.get_manifest(Image(SAMPLE, Tag("amd64")))
    assert isinstance(manifest, Manifest)
    config = await registry.get_config(SAMPLE, manifest)
    steps = layer_history(manifest, config)
    assert len(steps) == LAYERS_PER_IMAGE
    targets = [step.created_by.rsplit(" in ", 1)[1].strip() for step in steps if step is not None]
    assert targets == ["/", "/srv"]
    assert len(config.history) > LAYERS_PER_IMAGE


async def test_a_list_of_docker_is_an_index(registry: Registry) -> None:
    index = await registry.get_manifest(Image(Repository("library/docker"), Tag("1.0")))
    assert isinstance(index, Index)
    assert index.descriptor.media_type == media_types.DOCKER_LIST
    for child in index.manifests:
        manifest = await registry.get_child(Repository("library/docker"), child)
        assert isinstance(manifest, Manifest)
        assert manifest.descriptor.media_type == media_types.DOCKER_MANIFEST
        assert manifest.descriptor.digest == child.digest
        config = await registry.get_config(Repository("library/docker"), manifest)
        assert config.platform == child.platform


async def test_a_manifest_of_schema_1_shows_its_layers(registry: Registry, raw: Inspect) -> None:
    manifest = await registry.get_manifest(Image(Repository("library/schema1"), Tag("1.0")))
    assert isinstance(manifest, Manifest)
    assert manifest.is_schema1
    assert manifest.config is None
    stated = json.loads(raw("library/schema1:1.0"))
    listed = [layer["blobSum"] for layer in stated["fsLayers"]]
    assert sorted(layer.digest for layer in manifest.layers) == sorted(listed)


async def test_a_manifest_of_schema_1_is_found_by_its_digest(registry: Registry) -> None:
    repository = Repository("library/schema1")
    answer = await registry.request("HEAD", f"/v2/{repository}/manifests/1.0")
    digest = Digest(answer.headers["docker-content-digest"])
    manifest = await registry.get_manifest(Image(repository, digest))
    assert isinstance(manifest, Manifest)
    assert manifest.is_schema1


async def test_a_nested_index_leads_to_its_manifest(registry: Registry) -> None:
    repository = Repository("library/nested")
    outer = await registry.get_manifest(Image(repository, Tag("outer")))
    assert isinstance(outer, Index)
    inner = await registry.get_child(repository, outer.manifests[0])
    assert isinstance(inner, Index)
    assert isinstance(await registry.get_child(repository, inner.manifests[0]), Manifest)


async def test_a_child_that_is_absent_hides_no_other(registry: Registry) -> None:
    repository = Repository("library/incomplete")
    index, manifests = await registry.get_manifests(Image(repository, Tag("1.0")))
    assert index is not None
    there, absent = index.manifests
    assert [manifest.descriptor.digest for manifest in manifests] == [there.digest]
    with pytest.raises(ManifestNotExistError):
        await registry.get_child(repository, absent)


async def test_an_artifact_has_no_config_of_an_image(registry: Registry) -> None:
    repository = Repository("library/signed")
    manifest = await registry.get_manifest(Image(repository, Tag("1.0")))
    assert isinstance(manifest, Manifest)
    with pytest.raises(UnknownMediaTypeError):
        await registry.get_config(repository, manifest)


async def test_referrers_are_found_by_the_fallback_tag(registry: Registry) -> None:
    repository = Repository("library/signed")
    subject = await registry.manifest_exists(Image(repository, Tag("1.0")))
    (signature,) = await registry.get_referrers(repository, subject.digest)
    assert signature.artifact_type == SIGNATURE
    manifest = await registry.get_child(repository, signature)
    assert manifest.subject is not None
    assert manifest.subject.digest == subject.digest
    assert await registry.get_referrers(repository, subject.digest, "application/vnd.example.other") == ()
    assert await registry.get_referrers(repository, signature.digest) == ()


@pytest.mark.parametrize("reference", [Tag("unheard-of"), Digest.of(b"never pushed")])
async def test_an_unknown_manifest_does_not_exist(registry: Registry, reference: Tag | Digest) -> None:
    with pytest.raises(ManifestNotExistError):
        await registry.get_manifest(Image(SAMPLE, reference))
    with pytest.raises(ManifestNotExistError):
        await registry.manifest_exists(Image(SAMPLE, reference))
