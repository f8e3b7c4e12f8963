"""Layouts: made, and added to, with nothing lost of what is there."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.images import Images
from tui.client import (
    Digest,
    DigestMismatchError,
    ImageParts,
    LayoutInvalidError,
    LayoutWriter,
    NameTakenError,
    Repository,
    SizeMismatchError,
    Tag,
    gather_parts,
)
from tui.client.local.layout_index import listed_names, merged_index

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = Repository("team/app")
REF_NAME = "org.opencontainers.image.ref.name"


async def gather(images: Images, descriptor: dict[str, Any], tag: str | None = "1.2") -> ImageParts:
    name = f"registry.example.com/team/app:{tag}" if tag else ""
    return await gather_parts(
        images, REPOSITORY, images.read(descriptor), name=name, tag=Tag(tag) if tag else None
    )


def save(images: Images, parts: ImageParts, folder: Path, *, replace: bool = False) -> None:
    writer = LayoutWriter(folder)
    writer.create()
    for blob in parts.blobs:
        writer.put_blob(blob, [images.blobs[blob.digest]])
    writer.put_documents(parts)
    writer.add(parts, replace=replace)


def listed(folder: Path) -> list[tuple[str, str]]:
    entries = json.loads((folder / "index.json").read_bytes())["manifests"]
    return [(entry["digest"], entry.get("annotations", {}).get(REF_NAME, "")) for entry in entries]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def images() -> Images:
    return Images()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "layout"


async def test_a_layout_has_all_blobs_under_their_digests(images: Images, folder: Path) -> None:
    index = images.index(images.image(b"one"), images.image(b"two"))
    parts = await gather(images, index)
    save(images, parts, folder)
    assert listed(folder) == [(index["digest"], "1.2")]
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    blobs = {file.name: file.read_bytes() for file in (folder / "blobs" / "sha256").iterdir()}
    expected = {**images.blobs, **images.documents}
    assert blobs == {Digest(digest).hex: data for digest, data in expected.items()}


async def test_a_second_image_is_added_beside_the_first(images: Images, folder: Path) -> None:
    first, second = images.image(b"base", b"one"), images.image(b"base", b"two")
    save(images, await gather(images, first, "1"), folder)
    save(images, await gather(images, second, "2"), folder)
    assert listed(folder) == [(first["digest"], "1"), (second["digest"], "2")]
    assert LayoutWriter(folder).names() == {"1": first["digest"], "2": second["digest"]}


async def test_saving_the_same_again_changes_nothing(images: Images, folder: Path) -> None:
    parts = await gather(images, images.image(b"one"))
    save(images, parts, folder)
    before = {path: (folder / path).read_bytes() for path in files(folder)}
    save(images, parts, folder)
    assert {path: (folder / path).read_bytes() for path in files(folder)} == before


async def test_what_is_listed_by_others_stays_as_it_is(images: Images, folder: Path) -> None:
    LayoutWriter(folder).create()
    strange = {
        "mediaType": "x",
        "digest": "sha256:" + "0" * 64,
        "size": 7,
        "x": [1],
        "annotations": {"a": "b"},
    }
    index = {"schemaVersion": 2, "custom": {"z": 1, "a": 2}, "manifests": [strange, "nonsense"]}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    image = images.image(b"one")
    save(images, await gather(images, image), folder)
    now = json.loads((folder / "index.json").read_bytes())
    assert now["custom"] == {"z": 1, "a": 2}
    assert now["manifests"][:2] == [strange, "nonsense"]
    assert now["manifests"][2]["digest"] == image["digest"]


async def test_a_name_that_another_image_has_is_taken_away_only_when_that_is_wanted(
    images: Images, folder: Path
) -> None:
    first, second = images.image(b"one"), images.image(b"two")
    save(images, await gather(images, first), folder)
    with pytest.raises(NameTakenError, match=r"another image named '1\.2'") as caught:
        save(images, await gather(images, second), folder)
    assert caught.value.digest == first["digest"]
    assert listed(folder) == [(first["digest"], "1.2")]
    save(images, await gather(images, second), folder, replace=True)
    assert listed(folder) == [(second["digest"], "1.2")]


async def test_an_image_without_a_name_is_listed_once(images: Images, folder: Path) -> None:
    image = images.image(b"one")
    save(images, await gather(images, image, None), folder)
    save(images, await gather(images, image, None), folder)
    assert listed(folder) == [(image["digest"], "")]
    save(images, await gather(images, image, "1.2"), folder)
    assert listed(folder) == [(image["digest"], "1.2")]
    save(images, await gather(images, image, None), folder)
    assert listed(folder) == [(image["digest"], "1.2")]
    save(images, await gather(images, image, "latest"), folder)
    assert listed(folder) == [(image["digest"], "1.2"), (image["digest"], "latest")]


async def test_blobs_that_are_there_are_told_from_damaged_ones(images: Images, folder: Path) -> None:
    parts = await gather(images, images.image(b"layer"))
    writer = LayoutWriter(folder)
    save(images, parts, folder)
    blob = parts.blobs[-1]
    assert writer.holds(blob)
    (folder / "blobs/sha256" / blob.digest.hex).write_bytes(b"layeR")
    assert not writer.holds(blob)
    writer.put_blob(blob, [b"lay", b"er"])
    assert writer.holds(blob)


@pytest.mark.parametrize(
    ("sent", "error"),
    [([b"layeR"], DigestMismatchError), ([b"lay"], SizeMismatchError), ([b"lay", b"ers"], SizeMismatchError)],
)
async def test_another_blob_gets_no_name_and_leaves_nothing(
    images: Images, folder: Path, sent: list[bytes], error: type[Exception]
) -> None:
    parts = await gather(images, images.image(b"layer"))
    writer = LayoutWriter(folder)
    writer.create()
    with pytest.raises(error):
        writer.put_blob(parts.blobs[-1], sent)
    assert files(folder) == {"oci-layout", "index.json"}


async def test_links_and_pipes_in_the_place_of_blobs_are_replaced_and_not_followed(
    images: Images, folder: Path, tmp_path: Path
) -> None:
    parts = await gather(images, images.image(b"layer", b"other"))
    layer, other = parts.blobs[1:]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"layer")
    writer = LayoutWriter(folder)
    writer.create()
    writer.path(layer.digest).symlink_to(elsewhere)
    os.mkfifo(writer.path(other.digest))
    assert not writer.holds(layer)
    assert not writer.holds(other)
    save(images, parts, folder)
    assert elsewhere.read_bytes() == b"layer"
    assert not writer.path(layer.digest).is_symlink()
    assert writer.holds(layer)
    assert writer.holds(other)


def test_a_folder_without_anything_in_it_becomes_a_layout(folder: Path) -> None:
    folder.mkdir()
    writer = LayoutWriter(folder)
    assert writer.check() is False
    assert writer.create() is True
    assert writer.check() is True
    assert writer.create() is False
    assert writer.is_empty()
    assert writer.names() == {}


def test_what_a_kill_left_of_the_first_file_does_not_matter(folder: Path) -> None:
    folder.mkdir()
    (folder / "oci-layout.0123abcd.new").write_bytes(b'{"imageLay')
    LayoutWriter(folder).create()
    assert files(folder) == {"oci-layout", "oci-layout.0123abcd.new", "index.json"}
    LayoutWriter(folder).discard()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"mine", "is a folder, and no OCI layout"),
        ("oci-layout", b"", "cannot be read"),
        ("oci-layout", b"[" * 10_000, "cannot be read"),
        ("oci-layout", b"[]", "does not name version 1"),
        ("oci-layout", b'{"imageLayoutVersion": "2.0.0"}', "does not name version 1"),
        ("oci-layout", b" " * 65_537, "has more than 65,536 bytes"),
    ],
)
def test_what_is_no_layout_is_left_alone(folder: Path, name: str, content: bytes, said: str) -> None:
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(LayoutInvalidError, match=said):
        LayoutWriter(folder).create()
    assert files(folder) == {name}


def test_a_file_is_no_layout(folder: Path) -> None:
    folder.write_bytes(b"")
    with pytest.raises(LayoutInvalidError, match="is no folder"):
        LayoutWriter(folder).check()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"manifests": 7}', b"\xff"])
async def test_an_index_that_cannot_be_read_is_not_replaced(
    images: Images, folder: Path, content: bytes
) -> None:
    LayoutWriter(folder).create()
    (folder / "index.json").write_bytes(content)
    with pytest.raises(LayoutInvalidError, match="the index of the layout"):
        save(images, await gather(images, images.image(b"x")), folder)
    assert (folder / "index.json").read_bytes() == content


async def test_an_index_that_cannot_be_written_is_as_it_was(
    images: Images, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(images, await gather(images, images.image(b"one"), "1"), folder)
    before = (folder / "index.json").read_bytes()

    def failing(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    writer, parts = LayoutWriter(folder), await gather(images, images.image(b"two"), "2")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="No space"):
            writer.add(parts)
    assert (folder / "index.json").read_bytes() == before
    assert "index.json.new" not in files(folder)


async def test_only_a_layout_without_anything_in_it_is_discarded(images: Images, folder: Path) -> None:
    writer = LayoutWriter(folder)
    writer.create()
    kept = folder / "mine"
    kept.write_bytes(b"")
    writer.discard()
    kept.unlink()
    parts = await gather(images, images.image(b"x"))
    writer.put_blob(parts.blobs[0], [b"{}"])
    writer.discard()
    assert folder.exists()
    (folder / "blobs/sha256" / parts.blobs[0].digest.hex).unlink()
    writer.discard()
    assert not folder.exists()
    save(images, parts, folder)
    writer.discard()
    assert listed(folder) == [(parts.root.descriptor.digest, "1.2")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["manifests", "annotations", "digest", REF_NAME, "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_whatever_an_index_says_it_is_kept_or_refused(document: Any, replace: bool) -> None:  # noqa: FBT001  # hypothesis gives it
    entry = {"digest": "sha256:" + "0" * 64, "annotations": {REF_NAME: "1.2"}}
    try:
        merged = json.loads(merged_index(json.dumps(document).encode(), entry, replace=replace))
    except (LayoutInvalidError, NameTakenError):
        return
    assert merged["manifests"][-1] == entry
    before = document.get("manifests") or []
    assert all(one in before for one in merged["manifests"][:-1])
    assert {key: value for key, value in merged.items() if key != "manifests"} == {
        key: value for key, value in document.items() if key != "manifests"
    }


@given(st.binary(max_size=60))
def test_whatever_bytes_an_index_has_it_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(LayoutInvalidError):
        assert isinstance(listed_names(content), dict)


async def test_digests_of_another_algorithm_have_a_folder_of_their_own(images: Images, folder: Path) -> None:
    image = images.image(b"x")
    config = images.read(image)
    layer = images.blob(b"long", algorithm="sha512")
    manifest = images.document(
        {
            "schemaVersion": 2,
            "mediaType": image["mediaType"],
            "config": {"mediaType": "x", "digest": config.descriptor.digest, "size": image["size"]},
            "layers": [layer],
        }
    )
    images.blobs[image["digest"]] = images.documents[image["digest"]]
    save(images, await gather(images, manifest), folder)
    assert (folder / "blobs/sha512" / Digest(layer["digest"]).hex).read_bytes() == b"long"
