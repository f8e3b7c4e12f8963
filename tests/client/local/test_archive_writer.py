"""Archives: the same image gives the same bytes, where readers of tar, layouts and `docker load` look."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.images import AMD64, ARM64, MANIFEST, Images
from tui.client import (
    Descriptor,
    Digest,
    DigestMismatchError,
    ImageParts,
    Manifest,
    NotLoadableError,
    Platform,
    Repository,
    SizeMismatchError,
    Tag,
    archive_pieces,
    archive_size,
    gather_parts,
    is_loadable,
    loadable_image,
    machine_platform,
    write_archive,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPOSITORY = Repository("team/app")
NAME = "registry.example.com/team/app:1.2"
INTEL = Platform("amd64", "linux")


async def gather(images: Images, descriptor: dict[str, Any], **more: Any) -> ImageParts:
    named = {"name": NAME, "tag": Tag("1.2"), **more}
    return await gather_parts(images, REPOSITORY, images.read(descriptor), **named)


def written(images: Images, parts: ImageParts, image: Manifest | None) -> bytes:
    file = io.BytesIO()

    def read(blob: Descriptor) -> Iterator[bytes]:
        data = images.blobs[blob.digest]
        yield data[:1]
        yield data[1:]

    pieces = archive_pieces(parts, image)
    write_archive(pieces, file, read)
    assert len(file.getvalue()) == archive_size(pieces)
    return file.getvalue()


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            member.name: file.read() if (file := tar.extractfile(member)) is not None else b""
            for member in tar.getmembers()
        }


async def test_an_archive_is_a_layout_and_what_docker_load_reads() -> None:
    images = Images()
    image = images.image(b"one", b"two", config=b'{"os":"linux"}')
    parts = await gather(images, image)
    found = members(written(images, parts, loadable_image(parts)))
    config, one, two = (Digest.of(data).hex for data in (b'{"os":"linux"}', b"one", b"two"))
    assert list(found) == [
        "oci-layout",
        "index.json",
        "manifest.json",
        "blobs",
        "blobs/sha256",
        f"blobs/sha256/{Digest(image['digest']).hex}",
        f"blobs/sha256/{config}",
        f"blobs/sha256/{one}",
        f"blobs/sha256/{two}",
    ]
    assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads(found["index.json"]) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": MANIFEST,
                "digest": image["digest"],
                "size": image["size"],
                "annotations": {
                    "io.containerd.image.name": NAME,
                    "org.opencontainers.image.ref.name": "1.2",
                },
            }
        ],
    }
    assert json.loads(found["manifest.json"]) == [
        {
            "Config": f"blobs/sha256/{config}",
            "RepoTags": [NAME],
            "Layers": [f"blobs/sha256/{one}", f"blobs/sha256/{two}"],
        }
    ]
    assert all(
        hashlib.sha256(data).hexdigest() == name.rpartition("/")[2]
        for name, data in found.items()
        if name.startswith("blobs/sha256/")
    )


async def test_the_same_image_gives_the_same_bytes() -> None:
    images, again = Images(), Images()
    archives = set()
    for source in (images, again):
        index = source.index(
            {**source.image(b"a"), "platform": AMD64}, {**source.image(b"b"), "platform": ARM64}
        )
        parts = await gather(source, index)
        archives.add(written(source, parts, loadable_image(parts, INTEL)))
    (archive,) = archives
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
            assert member.mode == (0o755 if member.isdir() else 0o644)


async def test_an_image_without_a_tag_has_no_name() -> None:
    images = Images()
    parts = await gather(images, images.image(b"x"), name="", tag=None)
    found = members(written(images, parts, loadable_image(parts)))
    assert json.loads(found["manifest.json"])[0]["RepoTags"] == []
    assert "annotations" not in json.loads(found["index.json"])["manifests"][0]


async def test_a_platform_and_the_type_of_an_artifact_stand_in_the_index() -> None:
    images = Images()
    artifact = images.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/x-thing",
            "config": images.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [],
        }
    )
    platform = Platform("arm64", "windows", "v8", "10.0.1", ("win32k",))
    parts = await gather(images, artifact, platform=platform)
    found = members(written(images, parts, None))
    assert "manifest.json" not in found
    (entry,) = json.loads(found["index.json"])["manifests"]
    assert entry["artifactType"] == "application/x-thing"
    assert entry["platform"] == {
        "architecture": "arm64",
        "os": "windows",
        "os.version": "10.0.1",
        "os.features": ["win32k"],
        "variant": "v8",
    }


async def test_digests_of_another_algorithm_have_a_folder_of_their_own() -> None:
    images = Images()
    manifest = images.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": images.blob(b"{}", "application/vnd.oci.image.config.v1+json"),
            "layers": [images.blob(b"layer", algorithm="sha512")],
        }
    )
    parts = await gather(images, manifest)
    found = members(written(images, parts, loadable_image(parts)))
    # The name is longer than the header of a member takes.
    assert found[f"blobs/sha512/{Digest.of(b'layer', 'sha512').hex}"] == b"layer"
    assert "blobs/sha512" in found


def test_a_member_of_more_than_eight_gibibytes_has_its_size(tmp_path: Path) -> None:
    images = Images()
    manifest = images.read(images.image())
    blob = Descriptor("", Digest.of(b"huge"), 9 * 1024**3 + 5)
    pieces = archive_pieces(ImageParts(manifest, (manifest,), (blob,)), None)
    with (tmp_path / "sparse.tar").open("wb+") as file:
        for piece in pieces:
            if isinstance(piece, bytes):
                file.write(piece)
            else:
                file.seek(piece.size, os.SEEK_CUR)
        assert file.tell() == archive_size(pieces)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            sizes = {member.name: member.size for member in tar}
    assert sizes[f"blobs/sha256/{blob.digest.hex}"] == blob.size


@given(st.lists(st.binary(max_size=1500), min_size=1, max_size=6, unique=True))
async def test_every_blob_lies_where_a_reader_of_tar_finds_it(layers: list[bytes]) -> None:
    images = Images()
    parts = await gather(images, images.image(*layers))
    found = members(written(images, parts, loadable_image(parts)))
    assert {Digest.of(layer).hex: layer for layer in layers}.items() <= {
        name.rpartition("/")[2]: data for name, data in found.items()
    }.items()


@pytest.mark.parametrize(
    ("sent", "error"),
    [(b"layeR", DigestMismatchError), (b"lay", SizeMismatchError), (b"layers", SizeMismatchError)],
)
async def test_a_blob_that_is_another_one_ends_it(sent: bytes, error: type[Exception]) -> None:
    images = Images()
    parts = await gather(images, images.image(b"layer"))
    images.blobs[Digest.of(b"layer")] = sent
    with pytest.raises(error):
        written(images, parts, None)


# What docker load is given.


async def chosen(wanted: Platform | None, *platforms: dict[str, str]) -> str:
    images = Images()
    entries = [{**images.image(json.dumps(one).encode()), "platform": one} for one in platforms]
    parts = await gather(images, images.index(*entries))
    image = loadable_image(parts, wanted)
    return "/".join(str(parts.platforms[image.descriptor.digest]).split("/")[1:])


def arm(variant: str) -> dict[str, str]:
    return {"architecture": "arm", "os": "linux", "variant": variant}


WINDOWS = {"architecture": "amd64", "os": "windows"}


@pytest.mark.parametrize(
    ("wanted", "there", "taken"),
    [
        (Platform("arm64", "linux"), [AMD64, ARM64], "arm64/v8"),
        (Platform("amd64", "linux"), [WINDOWS, ARM64, AMD64], "amd64"),
        (Platform("arm", "linux", "v7"), [AMD64, arm("v5"), arm("v6"), arm("v8")], "arm/v6"),
        (Platform("arm", "linux", "v7"), [arm("v5"), arm("v7"), arm("v6")], "arm/v7"),
        (Platform("riscv64", "linux"), [ARM64, AMD64], "arm64/v8"),
        (Platform("arm64", "linux", "v8"), [AMD64, {"architecture": "arm64", "os": "linux"}], "arm64"),
    ],
)
async def test_the_image_of_the_wanted_platform_is_taken(
    wanted: Platform, there: list[dict[str, str]], taken: str
) -> None:
    assert await chosen(wanted, *there) == taken


@pytest.mark.parametrize(
    ("machine", "taken"),
    [
        ("x86_64", "amd64"),
        ("aarch64", "arm64/v8"),
        ("arm64", "arm64/v8"),
        ("armv7l", "arm/v7"),
        ("AMD64", "amd64"),
    ],
)
async def test_without_a_wish_it_is_that_of_the_machine(
    machine: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert await chosen(None, arm("v5"), AMD64, ARM64, arm("v7")) == taken
    assert machine_platform().os == "linux"


async def test_what_is_no_image_is_not_loaded() -> None:
    images = Images()
    artifact = images.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": images.blob(b"{}", "application/x"),
            "layers": [],
        }
    )
    attestation = images.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": images.blob(b"{}", "application/vnd.oci.image.config.v1+json"),
            "layers": [images.blob(b"sbom", "application/vnd.in-toto+json")],
        }
    )
    for descriptor in (artifact, attestation, images.index(artifact, attestation)):
        parts = await gather(images, descriptor)
        assert not any(is_loadable(one) for one in parts.documents if isinstance(one, Manifest))
        with pytest.raises(NotLoadableError, match="docker load takes container images") as caught:
            loadable_image(parts)
        assert caught.value.remedy == "Save it as an OCI layout."
    image = {**images.image(b"layer"), "platform": ARM64}
    parts = await gather(images, images.index(artifact, attestation, image))
    assert loadable_image(parts, INTEL).descriptor.digest == image["digest"]
