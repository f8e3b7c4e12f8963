import asyncio
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import threading
from pathlib import Path

import pytest
import zstandard

from tests.client.helpers import items
from tests.client.layouts import CONTAINERD_NAME, HEADER, add, descriptor, named
from tests.client.layouts import Layout as Made
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    DigestMismatchError,
    InvalidIndexError,
    InvalidNameError,
    ManifestNotExistError,
    RepositoryNotExistError,
    SizeMismatchError,
    UnknownMediaTypeError,
    UnreadableSourceError,
    UnsupportedAlgorithmError,
    ValidationError,
)
from tui.client.local import layout as layout_module
from tui.client.local import unpacking
from tui.client.local.layout import Layout
from tui.client.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST
from tui.client.models import Descriptor, Index, Manifest
from tui.client.names import Digest, Image, Repository, Tag
from tui.client.ranges import MAX_RANGE

LAYER = bytes(range(256)) * 12_000
"""Three megabytes: several pieces of a stream."""

SIGNATURE = "application/vnd.example.signature"
LAYOUT = Repository("layout")
V1 = Image(LAYOUT, Tag("v1"))


@pytest.fixture
def made() -> Made:
    made = Made()
    made.index(named(made.image(LAYER, b"small"), "v1"))
    return made


@pytest.fixture(params=["folder", "tar", "gzip", "zstd"])
def path(request: pytest.FixtureRequest, made: Made, tmp_path: Path) -> Path:
    if request.param == "folder":
        return made.folder(tmp_path / "layout")
    tar = made.tar(tmp_path / "layout.tar")
    if request.param == "gzip":
        packed = tmp_path / "layout.tar.gz"
        packed.write_bytes(gzip.compress(tar.read_bytes(), 1))
        return packed
    if request.param == "zstd":
        packed = tmp_path / "layout.tar.zst"
        packed.write_bytes(zstandard.compress(tar.read_bytes()))
        return packed
    return tar


async def repositories(layout: Layout) -> list[Repository]:
    return await items(layout.repositories())


async def tags(layout: Layout, repository: str = LAYOUT) -> list[Tag]:
    return await items(layout.tags(Repository(repository)))


async def read(layout: Layout, digest: Digest, offset: int = 0) -> bytes:
    async with layout.get_blob(LAYOUT, digest, offset=offset) as stream:
        return b"".join([chunk async for chunk in stream])


class TestReading:
    async def test_an_image_is_listed_and_read_to_its_last_byte(self, path: Path) -> None:
        async with Layout(path) as layout:
            assert layout.name == str(path)
            assert await repositories(layout) == ["layout"]
            assert await tags(layout) == ["v1"]
            manifest = await layout.get_manifest(V1)
            assert isinstance(manifest, Manifest)
            config = await layout.get_config(LAYOUT, manifest)
            assert str(config.platform) == "linux/amd64"
            assert [await read(layout, layer.digest) for layer in manifest.layers] == [LAYER, b"small"]
            assert layout.warnings == ()

    async def test_a_blob_is_pumped_off_the_loop_and_verified(self, path: Path) -> None:
        async with Layout(path) as layout:
            manifest = await layout.get_manifest(V1)
            assert isinstance(manifest, Manifest)
            got = bytearray()
            threads: set[int] = set()
            told: list[int] = []

            def write(piece: bytes | memoryview) -> None:
                threads.add(threading.get_ident())
                got.extend(piece)

            async with layout.get_blob(LAYOUT, manifest.layers[0], bulk=True) as stream:
                assert stream.size == len(LAYER)
                await stream.pump(write, told.append)
            assert got == LAYER
            assert sum(told) == len(LAYER)
            assert threading.get_ident() not in threads

    @pytest.mark.parametrize("offset", [1, 1024 * 1024, len(LAYER) - 1, len(LAYER)])
    async def test_a_blob_is_read_from_any_offset(self, path: Path, offset: int) -> None:
        async with Layout(path) as layout:
            hasher = hashlib.sha256(LAYER[:offset])
            blob = (await layout.get_manifest(V1)).descriptor
            assert blob.size
            digest = Digest.of(LAYER)
            async with layout.get_blob(LAYOUT, digest, offset=offset, hasher=hasher) as stream:
                assert stream.offset == offset
                assert b"".join([chunk async for chunk in stream]) == LAYER[offset:]

    @pytest.mark.parametrize(
        ("offset", "size"),
        [(0, 1), (5, 2 * 1024 * 1024), (len(LAYER) - 1, 1), (len(LAYER) - 1, 9), (len(LAYER), 9), (0, 0)],
    )
    async def test_some_bytes_of_a_blob_are_read_alone(self, path: Path, offset: int, size: int) -> None:
        async with Layout(path) as layout:
            for blob in (Digest.of(LAYER), Descriptor("", Digest.of(LAYER), len(LAYER))):
                found = await layout.get_blob_range(LAYOUT, blob, offset, size)
                assert found == LAYER[offset : offset + size]

    async def test_bytes_that_a_descriptor_holds_are_not_read(self, path: Path) -> None:
        held = Descriptor("", Digest.of(b"held"), 4, data=b"held")
        async with Layout(path) as layout:
            assert await layout.get_blob_range(LAYOUT, held, 1, 2) == b"el"

    async def test_bytes_that_cannot_be_wanted_are_an_error(self, path: Path) -> None:
        async with Layout(path) as layout:
            with pytest.raises(ValueError, match="there are no"):
                await layout.get_blob_range(LAYOUT, Digest.of(LAYER), -1, 5)
            with pytest.raises(BodyTooLargeError):
                await layout.get_blob_range(LAYOUT, Digest.of(LAYER), 0, MAX_RANGE + 1)
            with pytest.raises(BlobNotExistError):
                await layout.get_blob_range(LAYOUT, Digest.of(b"absent"), 0, 1)

    async def test_an_offset_behind_the_end_is_a_mistake(self, path: Path) -> None:
        async with Layout(path) as layout:
            with pytest.raises(ValueError, match="outside of the blob"):
                await read(layout, Digest.of(b"small"), 6)

    async def test_a_manifest_is_read_by_its_digest(self, path: Path) -> None:
        async with Layout(path) as layout:
            described = await layout.manifest_exists(V1)
            found = await layout.get_manifest(Image(LAYOUT, described.digest))
            assert found.descriptor == described

    async def test_a_blob_is_described(self, path: Path) -> None:
        async with Layout(path) as layout:
            described = await layout.verify_blob(LAYOUT, Digest.of(LAYER))
            assert described.size == len(LAYER)

    async def test_violations_are_an_error_where_that_is_wanted(self, made: Made, tmp_path: Path) -> None:
        config = made.blob(b"{}", OCI_CONFIG)
        made.index(named(made.document(OCI_MANIFEST, config=config, layers=[{"size": 1}]), "v1"))
        layout = Layout(made.folder(tmp_path / "layout"))
        manifest = await layout.get_manifest(V1)
        assert isinstance(manifest, Manifest)
        with pytest.raises(ValidationError):
            await layout.get_manifest(V1, strict=True)
        with pytest.raises(ValidationError):
            await layout.get_config(LAYOUT, manifest, strict=True)

    async def test_what_is_absent_is_told_as_by_a_registry(self, path: Path) -> None:
        digest = Digest.of(b"absent")
        async with Layout(path) as layout:
            with pytest.raises(ManifestNotExistError, match=r"READ .*:layout:v2: there is no such tag$"):
                await layout.get_manifest(Image(LAYOUT, Tag("v2")))
            with pytest.raises(ManifestNotExistError, match=f"there is no manifest {digest.short}$"):
                await layout.get_manifest(Image(LAYOUT, digest))
            with pytest.raises(BlobNotExistError, match=f"READ .*@{digest}: there is no such blob$"):
                await read(layout, digest)
            with pytest.raises(BlobNotExistError):
                await layout.verify_blob(LAYOUT, digest)
            with pytest.raises(RepositoryNotExistError, match=r"there is no such repository$"):
                await tags(layout, "other")

    async def test_digests_that_cannot_be_verified_are_not_read(self, path: Path) -> None:
        digest = Digest("blake3:" + "0" * 64)
        async with Layout(path) as layout:
            with pytest.raises(UnsupportedAlgorithmError):
                await read(layout, digest)
            with pytest.raises(UnsupportedAlgorithmError):
                await layout.get_manifest(Image(LAYOUT, digest))

    async def test_many_may_read_at_the_same_time(self, path: Path) -> None:
        async with Layout(path) as layout:
            digests = [Digest.of(LAYER), Digest.of(b"small")] * 8
            contents = await asyncio.gather(*(read(layout, digest) for digest in digests))
            assert contents == [LAYER, b"small"] * 8

    async def test_a_stream_that_is_left_early_lets_go_of_the_file(self, path: Path) -> None:
        async with Layout(path) as layout:
            async with layout.get_blob(LAYOUT, Digest.of(LAYER)) as stream:
                async for _ in stream:
                    break
            assert await read(layout, Digest.of(b"small")) == b"small"


class TestNames:
    async def test_a_whole_reference_is_repository_and_tag(self, tmp_path: Path) -> None:
        made = Made()
        made.index(
            named(made.image(b"1"), "docker.io/library/alpine:3"),
            named(named(made.image(b"2"), "4"), "docker.io/library/alpine:4", CONTAINERD_NAME),
            named(made.image(b"3"), "localhost:5000/app"),
            named(made.image(b"4"), "v1"),
        )
        layout = Layout(made.folder(tmp_path / "My Layout"))
        assert await repositories(layout) == ["docker.io/library/alpine", "localhost-5000/app", "my-layout"]
        assert await tags(layout, "docker.io/library/alpine") == ["3", "4"]
        assert await tags(layout, "localhost-5000/app") == ["latest"]
        assert await tags(layout, "my-layout") == ["v1"]

    @pytest.mark.parametrize(
        "name", ["", "a b", "v1+build", "-x", "x" * 129, "\x1b[2J", "app@" + Digest.of(b"")]
    )
    async def test_what_has_no_name_that_is_a_tag_is_listed_by_its_digest(
        self, tmp_path: Path, name: str
    ) -> None:
        made = Made()
        image = made.image(b"1")
        made.index(named(image, name) if name else image)
        layout = Layout(made.folder(tmp_path / "layout"))
        assert await repositories(layout) == ["layout"]
        assert await tags(layout) == []
        assert [entry.digest for entry in await layout.untagged(LAYOUT)] == [image["digest"]]
        assert isinstance(await layout.get_manifest(Image(LAYOUT, image["digest"])), Manifest)

    async def test_of_several_entries_with_one_name_the_last_counts(self, tmp_path: Path) -> None:
        made = Made()
        first, last = made.image(b"1"), made.image(b"2")
        made.index(named(first, "v1"), named(last, "v1"), last)
        layout = Layout(made.folder(tmp_path / "layout"))
        assert (await layout.get_manifest(V1)).descriptor.digest == last["digest"]
        assert [entry.digest for entry in await layout.untagged(LAYOUT)] == [first["digest"]]
        assert layout.warnings == ("layout:v1 is there more than once; the last one counts",)

    async def test_pages_are_as_long_as_is_asked_for(self, tmp_path: Path) -> None:
        made = Made()
        image = made.image(b"1")
        made.index(*(named(image, f"v{number}") for number in range(10)))
        layout = Layout(made.folder(tmp_path / "layout"))
        pages = [page async for page in layout.tags(LAYOUT, page_size=2, largest_page=4)]
        assert [len(page.items) for page in pages] == [2, 4, 4]
        assert [page.last for page in pages] == [False, False, True]
        (page,) = [page async for page in layout.tags(LAYOUT, page_size=None)]
        assert len(page.items) == 10
        pages = [page async for page in layout.tags(LAYOUT, page_size=2, whole=lambda: True)]
        assert [len(page.items) for page in pages] == [2, 8]

    async def test_an_empty_layout_has_no_repositories(self, tmp_path: Path) -> None:
        made = Made()
        made.index()
        pages = [page async for page in Layout(made.folder(tmp_path / "layout")).repositories()]
        assert [(page.items, page.last) for page in pages] == [((), True)]


class TestIndexes:
    async def test_indexes_may_be_nested_and_have_absent_children(self, tmp_path: Path) -> None:
        made = Made()
        child = made.image(b"1")
        absent = made.image(b"2")
        del made.files[f"blobs/sha256/{absent['digest'].hex}"]
        inner = made.document(OCI_INDEX, manifests=[child, absent])
        made.index(named(made.document(OCI_INDEX, manifests=[inner]), "v1"))
        layout = Layout(made.folder(tmp_path / "layout"))
        index, manifests = await layout.get_manifests(V1)
        assert isinstance(index, Index)
        assert [manifest.descriptor.digest for manifest in manifests] == [child["digest"]]
        with pytest.raises(ManifestNotExistError):
            await layout.get_child(LAYOUT, descriptor(absent))

    async def test_referrers_are_found_by_subject_and_by_the_fallback_tag(self, tmp_path: Path) -> None:
        made = Made()
        subject = made.image(b"1")
        listed = made.image(b"2", subject=subject, artifactType=SIGNATURE, annotations={"a": "b"})
        tagged = made.image(b"3", subject=subject)
        fallback = made.document(OCI_INDEX, manifests=[tagged, {**listed, "artifactType": SIGNATURE}])
        gone = made.image(b"4", subject=subject)
        del made.files[f"blobs/sha256/{gone['digest'].hex}"]
        made.index(
            named(subject, "v1"), listed, gone, named(fallback, str(subject["digest"]).replace(":", "-"))
        )
        layout = Layout(made.folder(tmp_path / "layout"))
        found = await layout.get_referrers(LAYOUT, subject["digest"])
        assert {entry.digest for entry in found} == {listed["digest"], tagged["digest"]}
        only = await layout.get_referrers(LAYOUT, subject["digest"], SIGNATURE)
        assert [entry.digest for entry in only] == [listed["digest"]]
        assert await layout.get_referrers(LAYOUT, listed["digest"]) == ()

    async def test_a_referrer_is_described_as_a_registry_does(self, tmp_path: Path) -> None:
        made = Made()
        subject = made.image(b"1")
        listed = made.image(b"2", subject=subject, annotations={"a": "b"})
        made.index(named(subject, "v1"), listed)
        (found,) = await Layout(made.folder(tmp_path / "layout")).get_referrers(LAYOUT, subject["digest"])
        assert found.media_type == OCI_MANIFEST
        assert found.size == listed["size"]
        assert found.annotations == {"a": "b"}
        assert found.artifact_type == "application/vnd.oci.image.config.v1+json"

    async def test_manifests_that_are_looked_through_for_referrers_have_a_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = Made()
        subject = made.image(b"1")
        made.index(subject, *(made.image(bytes([n]), subject=subject) for n in range(5)))
        monkeypatch.setattr(layout_module, "MAX_LISTING", 2 * subject["size"])
        found = await Layout(made.folder(tmp_path / "layout")).get_referrers(LAYOUT, subject["digest"])
        assert len(found) < 5


class TestWhatIsWrong:
    async def refused(self, path: Path, *, match: str) -> UnreadableSourceError:
        async with Layout(path) as layout:
            with pytest.raises(UnreadableSourceError, match=match) as caught:
                await repositories(layout)
        assert str(caught.value).startswith(f"READ {path}: ")
        return caught.value

    async def test_a_path_with_nothing_there(self, tmp_path: Path) -> None:
        await self.refused(tmp_path / "absent", match=r"absent: no such file or directory$")

    async def test_a_folder_without_a_header(self, tmp_path: Path) -> None:
        await self.refused(tmp_path, match="it is no OCI image layout: it has no oci-layout")

    @pytest.mark.parametrize(
        ("header", "match"),
        [
            (b"", "oci-layout cannot be read: the document is empty"),
            (b"{", "oci-layout cannot be read: the document is not JSON"),
            (b"[" * 10_000, "oci-layout cannot be read"),
            (b"[]", "does not tell the version"),
            (b'{"imageLayoutVersion": 1}', "does not tell the version"),
            (
                b'{"imageLayoutVersion": "2.0.0"}',
                "the layout has the version '2.0.0', and only 1.0.0 is known",
            ),
        ],
    )
    async def test_a_header_that_is_not_the_specifications(
        self, tmp_path: Path, made: Made, header: bytes, match: str
    ) -> None:
        made.files["oci-layout"] = header
        await self.refused(made.folder(tmp_path / "layout"), match=match)

    async def test_a_header_without_end(self, tmp_path: Path, made: Made) -> None:
        made.files["oci-layout"] = HEADER + b" " * 70_000
        async with Layout(made.folder(tmp_path / "layout")) as layout:
            with pytest.raises(BodyTooLargeError, match="the file 'oci-layout' is longer than 65,536 bytes"):
                await repositories(layout)

    async def test_no_index(self, tmp_path: Path, made: Made) -> None:
        del made.files["index.json"]
        await self.refused(made.folder(tmp_path / "layout"), match="the layout has no index.json")

    @pytest.mark.parametrize("index", [b"", b"{", b"[]", b'{"manifests": 3}', b"\xff", b"[" * 100_000])
    async def test_an_index_that_is_none(self, tmp_path: Path, made: Made, index: bytes) -> None:
        made.files["index.json"] = index
        await self.refused(made.folder(tmp_path / "layout"), match="index.json cannot be read: ")

    async def test_a_manifest_in_the_place_of_the_index(self, tmp_path: Path, made: Made) -> None:
        made.files["index.json"] = json.dumps(
            {"mediaType": OCI_MANIFEST, "schemaVersion": 2, "layers": []}
        ).encode()
        async with Layout(made.folder(tmp_path / "layout")) as layout:
            with pytest.raises(InvalidIndexError, match=r"index\.json is no index"):
                await repositories(layout)

    async def test_an_index_without_end(
        self, tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(layout_module, "MAX_INDEX", 100)
        async with Layout(made.tar(tmp_path / "layout.tar")) as layout:
            with pytest.raises(BodyTooLargeError, match=r"'index\.json'"):
                await repositories(layout)

    async def test_entries_that_are_none_are_left_out_and_told(self, tmp_path: Path) -> None:
        made = Made()
        evil = {"mediaType": OCI_MANIFEST, "digest": "sha256:../../../etc/passwd", "size": 1}
        made.index(evil, named(made.image(b"1"), "v1"))
        layout = Layout(made.folder(tmp_path / "layout"))
        assert await tags(layout) == ["v1"]
        (warning,) = layout.warnings
        assert warning.startswith("index.json: $.manifests[0].digest: ")

    async def test_a_blob_of_other_bytes(self, path: Path, made: Made, tmp_path: Path) -> None:
        del path
        small = Digest.of(b"small")
        made.files[f"blobs/sha256/{small.hex}"] = b"evil!"
        async with Layout(made.tar(tmp_path / "damaged.tar")) as layout:
            with pytest.raises(DigestMismatchError, match=f"READ .*damaged.tar@{small}: "):
                await read(layout, small)

    async def test_a_manifest_of_other_bytes(self, made: Made, tmp_path: Path) -> None:
        image = made.image(b"1")
        made.index(named(image, "v1"))
        made.files[f"blobs/sha256/{image['digest'].hex}"] += b" "
        with pytest.raises(DigestMismatchError):
            await Layout(made.folder(tmp_path / "layout")).get_manifest(V1)

    async def test_a_blob_of_another_size(self, made: Made, tmp_path: Path) -> None:
        layout = Layout(made.folder(tmp_path / "layout"))
        lying = descriptor({"mediaType": OCI_LAYER, "digest": Digest.of(b"small"), "size": 6})
        with pytest.raises(SizeMismatchError, match="should have 6 bytes but has 5"):
            async with layout.get_blob(LAYOUT, lying):
                pytest.fail("it was opened")
        with pytest.raises(SizeMismatchError, match="should have 6 bytes but has 5"):
            await layout.get_blob_range(LAYOUT, lying, 0, 1)

    async def test_a_manifest_without_end(self, made: Made, tmp_path: Path) -> None:
        image = made.image(b"1")
        made.index(named(image, "v1"))
        made.files[f"blobs/sha256/{image['digest'].hex}"] = b" " * (4 * 1024 * 1024 + 1)
        with pytest.raises(BodyTooLargeError):
            await Layout(made.folder(tmp_path / "layout")).get_manifest(V1)

    async def test_small_blobs_have_a_limit(self, made: Made, tmp_path: Path) -> None:
        layout = Layout(made.folder(tmp_path / "layout"))
        for size in (0, len(LAYER)):
            large = descriptor({"mediaType": OCI_LAYER, "digest": Digest.of(LAYER), "size": size})
            with pytest.raises(BodyTooLargeError):
                await layout.get_blob_bytes(LAYOUT, large, limit=1000)

    async def test_an_artifact_has_no_config_of_an_image(self, made: Made, tmp_path: Path) -> None:
        config = made.blob(b"{}", "application/vnd.oci.empty.v1+json")
        made.index(named(made.document(OCI_MANIFEST, config=config, layers=[]), "v1"))
        layout = Layout(made.folder(tmp_path / "layout"))
        manifest = await layout.get_manifest(V1)
        assert isinstance(manifest, Manifest)
        with pytest.raises(UnknownMediaTypeError):
            await layout.get_config(LAYOUT, manifest)


class TestLinks:
    async def test_a_link_inside_of_the_folder_is_followed(self, made: Made, tmp_path: Path) -> None:
        folder = made.folder(tmp_path / "layout")
        (folder / "blobs").rename(folder / "shared")
        (folder / "blobs").symlink_to("shared")
        assert await read(Layout(folder), Digest.of(b"small")) == b"small"

    async def test_the_folder_itself_may_be_a_link(self, made: Made, tmp_path: Path) -> None:
        made.folder(tmp_path / "elsewhere")
        (tmp_path / "layout").symlink_to("elsewhere")
        assert await tags(Layout(tmp_path / "layout")) == ["v1"]

    @pytest.mark.parametrize("name", ["blobs", "blobs/sha256", "index.json", "oci-layout"])
    async def test_a_link_that_leads_out_of_the_folder_is_not_followed(
        self, made: Made, tmp_path: Path, name: str
    ) -> None:
        folder = made.folder(tmp_path / "layout")
        (folder / name).rename(tmp_path / "outside")
        (folder / name).symlink_to(tmp_path / "outside")
        with pytest.raises(UnreadableSourceError, match="a link that leads out of the folder"):
            await read(Layout(folder), Digest.of(b"small"))

    async def test_a_folder_of_nearly_the_same_name_is_outside(self, made: Made, tmp_path: Path) -> None:
        folder = made.folder(tmp_path / "layout")
        shutil.copytree(folder / "blobs", tmp_path / "layout-2/blobs")
        shutil.rmtree(folder / "blobs")
        (folder / "blobs").symlink_to("../layout-2/blobs")
        with pytest.raises(UnreadableSourceError, match="leads out"):
            await read(Layout(folder), Digest.of(b"small"))

    async def test_links_in_a_circle_are_an_error(self, made: Made, tmp_path: Path) -> None:
        folder = made.folder(tmp_path / "layout")
        (folder / "index.json").unlink()
        (folder / "index.json").symlink_to("index.json")
        with pytest.raises(UnreadableSourceError):
            await tags(Layout(folder))

    async def test_nothing_waits_for_a_pipe(self, made: Made, tmp_path: Path) -> None:
        folder = made.folder(tmp_path / "layout")
        blob = folder / f"blobs/sha256/{Digest.of(b'small').hex}"
        blob.unlink()
        os.mkfifo(blob)
        with pytest.raises(UnreadableSourceError, match="no regular file"):
            await read(Layout(folder), Digest.of(b"small"))
        with pytest.raises(UnreadableSourceError, match="no regular file"):
            await tags(Layout(blob))

    @pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
    async def test_a_device_is_no_archive(self, path: str) -> None:
        with pytest.raises(UnreadableSourceError, match="no regular file"):
            await tags(Layout(path))


class TestArchives:
    async def test_blobs_may_be_links_inside_of_the_archive(self, made: Made, tmp_path: Path) -> None:
        small = f"blobs/sha256/{Digest.of(b'small').hex}"
        with tarfile.open(tmp_path / "layout.tar", "w") as tar:
            for name, raw in made.files.items():
                add(tar, "elsewhere" if name == small else f"./{name}", raw)
            add(tar, small, type=tarfile.SYMTYPE, linkname="../../elsewhere")
        assert await read(Layout(tmp_path / "layout.tar"), Digest.of(b"small")) == b"small"

    async def test_an_archive_that_is_cut_off(self, made: Made, tmp_path: Path) -> None:
        path = made.tar(tmp_path / "layout.tar")
        path.write_bytes(path.read_bytes()[:100_000])
        with pytest.raises(UnreadableSourceError, match=r"the archive is cut off: 'blobs/sha256/\w+' lacks"):
            await tags(Layout(path))

    @pytest.mark.parametrize("packed", [gzip.compress, zstandard.compress])
    async def test_a_packed_archive_that_is_cut_off_or_damaged(
        self, made: Made, tmp_path: Path, packed: object
    ) -> None:
        assert callable(packed)
        raw = packed(made.tar(tmp_path / "layout.tar").read_bytes())
        path = tmp_path / "layout.tar.gz"
        path.write_bytes(raw[: len(raw) // 2])
        with pytest.raises(UnreadableSourceError, match="cut off"):
            await tags(Layout(path))
        damaged = bytearray(raw)
        damaged[len(raw) // 2 :] = b"\xff" * (len(raw) - len(raw) // 2)
        path.write_bytes(damaged)
        with pytest.raises(UnreadableSourceError, match=r"damaged|cut off"):
            await tags(Layout(path))

    @pytest.mark.parametrize(("mark", "program"), [(b"BZh9", "bunzip2"), (b"\xfd7zXZ\x00", "unxz")])
    async def test_other_packings_say_how_to_unpack_them(
        self, tmp_path: Path, mark: bytes, program: str
    ) -> None:
        path = tmp_path / "layout.tar"
        path.write_bytes(mark + bytes(1000))
        with pytest.raises(UnreadableSourceError, match="packed in a way that is not read here") as caught:
            await tags(Layout(path))
        assert caught.value.remedy == f"Unpack it first, with {program}."

    async def test_a_bomb_is_not_unpacked(
        self, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unpacking, "MAX_UNPACKED", 1_000_000)
        path = tmp_path / "layout.tgz"
        path.write_bytes(gzip.compress(made.tar(tmp_path / "layout.tar").read_bytes()))
        with pytest.raises(UnreadableSourceError, match="more than the 1,000,000 bytes"):
            await tags(Layout(path))

    async def test_a_disk_is_never_filled(
        self, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unpacking, "KEPT_FREE", 2**62)
        path = tmp_path / "layout.tgz"
        path.write_bytes(gzip.compress(made.tar(tmp_path / "layout.tar").read_bytes()))
        with pytest.raises(UnreadableSourceError, match="more than the 0 bytes") as caught:
            await tags(Layout(path))
        assert "TMPDIR" in caught.value.remedy

    async def test_an_unpacking_that_nobody_waits_for_ends(
        self, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loop = asyncio.get_running_loop()
        began = asyncio.Event()
        stopped = threading.Event()
        copy = unpacking._copy

        def wait_and_copy(reader: object, spool: object, stop: threading.Event) -> None:
            loop.call_soon_threadsafe(began.set)
            stop.wait(60)
            stopped.set()
            copy(reader, spool, stop)  # type: ignore[arg-type]  # handed through

        monkeypatch.setattr(unpacking, "_copy", wait_and_copy)
        path = tmp_path / "layout.tgz"
        path.write_bytes(gzip.compress(made.tar(tmp_path / "layout.tar").read_bytes()))
        async with Layout(path) as layout:
            task = asyncio.create_task(tags(layout))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert stopped.is_set()
            monkeypatch.setattr(unpacking, "_copy", copy)
            assert await tags(layout) == ["v1"]

    async def test_a_file_that_is_no_archive(self, tmp_path: Path) -> None:
        path = tmp_path / "layout.tar"
        for content in (b"", b"#!/bin/sh\n", b"x" * 10_000):
            path.write_bytes(content)
            with pytest.raises(UnreadableSourceError, match="it is neither a folder nor a tar archive"):
                await tags(Layout(path))


class TestChanges:
    @pytest.mark.parametrize("form", ["folder", "tar"])
    async def test_what_has_changed_is_read_anew(self, made: Made, tmp_path: Path, form: str) -> None:
        target = tmp_path / "layout"
        path: Path = getattr(made, form)(target)
        async with Layout(path) as layout:
            assert await tags(layout) == ["v1"]
            made.index(named(made.image(b"new"), "v2"))
            getattr(made, form)(target)
            assert await tags(layout) == ["v2"]
            assert await read(layout, Digest.of(b"new")) == b"new"

    async def test_what_has_not_changed_is_read_once(
        self, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with Layout(made.tar(tmp_path / "layout.tar")) as layout:
            await tags(layout)
            monkeypatch.setattr(layout, "_read", None)
            assert await tags(layout) == ["v1"]

    async def test_what_has_vanished_is_told(self, made: Made, tmp_path: Path) -> None:
        folder = made.folder(tmp_path / "layout")
        async with Layout(folder) as layout:
            await tags(layout)
            shutil.rmtree(folder)
            with pytest.raises(UnreadableSourceError, match="no such file or directory"):
                await tags(layout)

    async def test_a_closed_layout_can_be_read_again(self, path: Path) -> None:
        layout = Layout(path)
        assert await tags(layout) == ["v1"]
        await layout.aclose()
        assert await tags(layout) == ["v1"]
        await layout.aclose()


class TestFindingImages:
    """What people write behind the path."""

    @pytest.fixture
    def layout(self, tmp_path: Path) -> Layout:
        made = Made()
        made.index(
            named(made.image(b"1"), "docker.io/library/alpine:3"),
            named(made.image(b"2"), "v1"),
            named(made.image(b"3"), "quay.io/team/app:v1"),
            named(made.image(b"4"), "quay.io/team/app:v2"),
            named(made.image(b"5"), "ghcr.io/team/app:v2"),
            made.image(b"6"),
        )
        return Layout(made.folder(tmp_path / "layout"))

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("3", "docker.io/library/alpine:3"),
            ("alpine:3", "docker.io/library/alpine:3"),
            ("library/alpine:3", "docker.io/library/alpine:3"),
            ("docker.io/library/alpine:3", "docker.io/library/alpine:3"),
            ("v1", "layout:v1"),
            ("layout:v1", "layout:v1"),
            ("quay.io/team/app:v1", "quay.io/team/app:v1"),
        ],
    )
    async def test_an_image_is_found(self, layout: Layout, text: str, found: str) -> None:
        assert str(await layout.find_image(text)) == found

    async def test_a_digest_is_found_in_the_repository_that_lists_it(self, layout: Layout) -> None:
        (nameless,) = await layout.untagged(LAYOUT)
        image = await layout.find_image(f"@{nameless.digest}")
        assert image == Image(LAYOUT, nameless.digest)
        alpine = Image(Repository("docker.io/library/alpine"), Tag("3"))
        digest = (await layout.manifest_exists(alpine)).digest
        assert await layout.find_image(f"@{digest}") == Image(alpine.repository, digest)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("v2", "more than one image has that tag"),
            ("v3", "there is no such image"),
            ("app:v1", "there is no such image"),
        ],
    )
    async def test_an_image_that_is_not_there_or_not_alone_is_told(
        self, layout: Layout, text: str, told: str
    ) -> None:
        with pytest.raises(ManifestNotExistError, match=f"READ .*/layout:{text}: {told}$"):
            await layout.find_image(text)

    @pytest.mark.parametrize("text", ["", "a b", "@", "@sha256:zz"])
    async def test_other_text_is_no_name(self, layout: Layout, text: str) -> None:
        with pytest.raises(InvalidNameError):
            await layout.find_image(text)
