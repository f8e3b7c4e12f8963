import gzip
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from tests.client.helpers import items
from tests.client.layouts import Archive, Layout, add, named
from tui.client.errors import (
    BlobNotExistError,
    DigestMismatchError,
    InvalidManifestError,
    ManifestNotExistError,
    RegistryError,
    UnreadableSourceError,
)
from tui.client.local import docker_archive
from tui.client.local.docker_archive import DockerArchive
from tui.client.local.local_path import LocalPath
from tui.client.local.local_source import LocalSource
from tui.client.local.opening import open_local
from tui.client.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    DOCKER_MANIFEST,
)
from tui.client.models import Manifest
from tui.client.names import Digest, Image, Repository, Tag

BASE, APP = b"base" * 300_000, b"app" * 1000
ALPINE = Repository("alpine")
ALPINE_3 = Image(ALPINE, Tag("3"))


async def listed(source: LocalSource) -> dict[str, list[str]]:
    """List repositories, and in each the tags and then the digests of what has none."""
    return {
        repository: [
            *await items(source.tags(repository)),
            *(e.digest for e in await source.untagged(repository)),
        ]
        for repository in await items(source.repositories())
    }


async def manifest_of(source: LocalSource, image: Image = ALPINE_3) -> Manifest:
    manifest = await source.get_manifest(image)
    assert isinstance(manifest, Manifest)
    return manifest


async def read(source: LocalSource, digest: Digest) -> bytes:
    async with source.get_blob(ALPINE, digest) as stream:
        return b"".join([chunk async for chunk in stream])


@pytest.fixture
def archive() -> Archive:
    archive = Archive()
    archive.image(["alpine:3", "localhost/alpine:latest"], BASE, APP)
    return archive


class TestReading:
    async def test_an_image_has_a_manifest_of_its_unpacked_layers(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        async with DockerArchive(archive.tar(tmp_path / "image.tar")) as source:
            assert await listed(source) == {"alpine": ["3"], "localhost/alpine": ["latest"]}
            manifest = await manifest_of(source)
            assert manifest.problems == ()
            assert manifest.descriptor.media_type == DOCKER_MANIFEST
            assert manifest.descriptor.digest == Digest.of(manifest.raw)
            assert manifest.config is not None
            assert manifest.config.media_type == DOCKER_CONFIG
            assert [(layer.media_type, layer.digest, layer.size) for layer in manifest.layers] == [
                (DOCKER_LAYER, Digest.of(BASE), len(BASE)),
                (DOCKER_LAYER, Digest.of(APP), len(APP)),
            ]
            assert [await read(source, layer.digest) for layer in manifest.layers] == [BASE, APP]
            config = await source.get_config(ALPINE, manifest)
            assert str(config.platform) == "linux/arm64"

    async def test_the_manifest_is_the_same_each_time_and_found_by_its_digest(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        path = archive.tar(tmp_path / "image.tar")
        async with DockerArchive(path) as one, DockerArchive(path) as other:
            digest = (await one.manifest_exists(ALPINE_3)).digest
            assert (await other.get_manifest(Image(ALPINE, digest))).descriptor.digest == digest
            assert await one.get_referrers(ALPINE, digest) == ()

    async def test_an_archive_has_many_images_with_and_without_names(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        archive.image(None, BASE)
        archive.image([], APP)
        archive.image(["registry.example.com:5000/team/app:1.0", "no", "Bad:Name:"], APP, BASE)
        async with DockerArchive(archive.tar(tmp_path / "my images.tar")) as source:
            found = await listed(source)
        assert list(found) == [
            "alpine",
            "localhost/alpine",
            "registry.example.com-5000/team/app",
            "no",
            "my-images",
        ]
        assert found["no"] == ["latest"]
        assert len(found["my-images"]) == 2

    @pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
    async def test_a_packed_archive_is_read_like_any_other(
        self, archive: Archive, tmp_path: Path, pack: object
    ) -> None:
        assert callable(pack)
        path = archive.tar(tmp_path / "image.tar")
        path.write_bytes(pack(path.read_bytes()))
        async with DockerArchive(path) as source:
            assert await read(source, Digest.of(BASE)) == BASE

    async def test_an_archive_that_was_unpacked_to_a_folder_is_read(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        with tarfile.open(archive.tar(tmp_path / "image.tar")) as tar:
            tar.extractall(tmp_path / "image", filter="data")
        async with DockerArchive(tmp_path / "image") as source:
            assert await read(source, Digest.of(APP)) == APP

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
    async def test_a_repeated_layer_is_a_link(self, tmp_path: Path, kind: bytes) -> None:
        archive = Archive()
        archive.image(["alpine:3"], BASE, BASE, names=["one/layer.tar", "two/layer.tar"])
        target = "../one/layer.tar" if kind == tarfile.SYMTYPE else "one/layer.tar"
        path = tmp_path / "image.tar"
        with tarfile.open(path, "w") as tar:
            for name, raw in archive.files.items():
                if name == "two/layer.tar":
                    add(tar, name, type=kind, linkname=target)
                else:
                    add(tar, name, raw)
            add(tar, "manifest.json", json.dumps(archive.images).encode())
        async with DockerArchive(path) as source:
            manifest = await manifest_of(source)
            assert [layer.size for layer in manifest.layers] == [len(BASE), len(BASE)]
            assert await read(source, manifest.layers[1].digest) == BASE

    @pytest.mark.parametrize(
        ("pack", "media_type"), [(gzip.compress, DOCKER_LAYER_GZIP), (zstandard.compress, DOCKER_LAYER_ZSTD)]
    )
    @pytest.mark.parametrize("told", [True, False])
    async def test_a_packed_layer_goes_by_the_digest_of_its_packed_bytes(
        self,
        tmp_path: Path,
        pack: object,
        media_type: str,
        told: bool,  # noqa: FBT001 - a parameter of the test
    ) -> None:
        assert callable(pack)
        archive = Archive()
        packed = pack(BASE)
        name = f"{Digest.of(packed).hex}.tar.gz" if told else "base.tar.gz"
        archive.image(["alpine:3"], BASE, names=[name])
        archive.files[name] = packed
        async with DockerArchive(archive.tar(tmp_path / "image.tar")) as source:
            (layer,) = (await manifest_of(source)).layers
            assert (layer.media_type, layer.digest) == (media_type, Digest.of(packed))
            assert await read(source, layer.digest) == packed

    async def test_what_is_absent_is_told_as_by_a_registry(self, archive: Archive, tmp_path: Path) -> None:
        async with DockerArchive(archive.tar(tmp_path / "image.tar")) as source:
            with pytest.raises(ManifestNotExistError, match="there is no such tag"):
                await source.get_manifest(Image(ALPINE, Tag("4")))
            with pytest.raises(ManifestNotExistError):
                await source.get_manifest(Image(ALPINE, Digest.of(b"")))
            with pytest.raises(BlobNotExistError):
                await read(source, Digest.of(b""))


class TestWhatIsWrong:
    async def refused(
        self, path: Path, *, match: str, kind: type[RegistryError] = UnreadableSourceError
    ) -> None:
        async with DockerArchive(path) as source:
            with pytest.raises(kind, match=match):
                await listed(source)

    @pytest.mark.parametrize(
        ("content", "match"),
        [
            (b"", "manifest.json cannot be read: the document is empty"),
            (b"{}", "manifest.json is no list of images"),
            (b"[" * 100_000, "manifest.json cannot be read"),
            (b'[{"Layers": []}]', r"manifest\.json\[0\] has the config '', which is absent"),
            (b'[{"Config": "x.json", "Layers": []}]', "the config 'x.json', which is absent"),
            (b'[{"Config": "../../etc/passwd", "Layers": []}]', "leads out of the archive"),
            (b'[{"Config": "/etc/passwd", "Layers": []}]', "leads out of the archive"),
            (b'[{"Config": "a\\u0000b", "Layers": []}]', "is absent"),
        ],
    )
    async def test_a_list_that_is_none(self, tmp_path: Path, content: bytes, match: str) -> None:
        path = tmp_path / "image.tar"
        with tarfile.open(path, "w") as tar:
            add(tar, "manifest.json", content)
        await self.refused(path, match=match)

    async def test_a_folder_is_never_left(self, tmp_path: Path) -> None:
        folder = tmp_path / "image"
        folder.mkdir()
        (tmp_path / "secret.json").write_text("{}", encoding="utf-8")
        (folder / "manifest.json").write_text('[{"Config": "../secret.json"}]', encoding="utf-8")
        await self.refused(folder, match="a link that leads out of the folder")

    @pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000, "x/" * 3000, ""])
    async def test_a_name_that_no_file_can_have_is_absent(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "image"
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps([{"Config": name}]), encoding="utf-8")
        await self.refused(folder, match="which is absent|file name too long")

    async def test_no_list(self, tmp_path: Path) -> None:
        path = tmp_path / "image.tar"
        with tarfile.open(path, "w") as tar:
            add(tar, "repositories", b"{}")
        await self.refused(path, match="it is no archive of docker save: it has no manifest.json")

    async def test_elements_that_are_no_images_are_left_out_and_told(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        archive.images.insert(0, 3)  # type: ignore[arg-type]  # what is tested
        async with DockerArchive(archive.tar(tmp_path / "image.tar")) as source:
            assert "alpine" in await listed(source)
            assert source.warnings == ("manifest.json[0]: it is an integer, not an object",)

    async def test_a_layer_that_is_absent(self, archive: Archive, tmp_path: Path) -> None:
        del archive.files[archive.images[0]["Layers"][1]]
        await self.refused(
            archive.tar(tmp_path / "image.tar"), match="the archive has no layer '.*', which it lists"
        )

    async def test_a_config_that_is_not_what_its_name_says(self, archive: Archive, tmp_path: Path) -> None:
        archive.files[archive.images[0]["Config"]] += b" "
        await self.refused(
            archive.tar(tmp_path / "image.tar"), match="should have the digest", kind=DigestMismatchError
        )

    async def test_a_config_that_tells_of_other_layers(self, archive: Archive, tmp_path: Path) -> None:
        archive.images[0]["Layers"].pop()
        await self.refused(
            archive.tar(tmp_path / "image.tar"),
            match="has 1 layers, and its config tells of 2",
            kind=InvalidManifestError,
        )

    async def test_a_layer_without_a_digest(self, tmp_path: Path) -> None:
        archive = Archive()
        archive.files = {"c": b'{"rootfs": {"diff_ids": ["sha256:../x"]}}', "l": b"layer"}
        archive.images = [{"Config": "c", "RepoTags": ["alpine:3"], "Layers": ["l"]}]
        await self.refused(
            archive.tar(tmp_path / "image.tar"), match="a config has the layer", kind=InvalidManifestError
        )

    async def test_a_layer_of_other_bytes_is_found_out_at_its_end(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        archive.files[archive.images[0]["Layers"][0]] = BASE[:-1] + b"!"
        async with DockerArchive(archive.tar(tmp_path / "image.tar")) as source:
            with pytest.raises(DigestMismatchError):
                await read(source, Digest.of(BASE))

    async def test_layers_have_a_limit_together(
        self, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(docker_archive, "MAX_LAYERS", 1)
        await self.refused(archive.tar(tmp_path / "image.tar"), match="more than 1 layers")


class TestEither:
    async def test_what_is_there_is_found_out(self, archive: Archive, tmp_path: Path) -> None:
        layout = Layout()
        layout.index(named(layout.image(APP), "v1"))
        async with open_local(LocalPath.of(str(archive.tar(tmp_path / "image.tar")))) as source:
            assert list(await listed(source)) == ["alpine", "localhost/alpine"]
        async with open_local(LocalPath.of(str(layout.folder(tmp_path / "layout")))) as source:
            assert await listed(source) == {"layout": ["v1"]}

    async def test_of_an_archive_that_is_both_the_layout_is_read_unless_it_is_said(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        layout = Layout()
        layout.index(named(layout.image(APP), "docker.io/library/alpine:3"))
        archive.files |= layout.files
        path = archive.tar(tmp_path / "image.tar")
        async with open_local(LocalPath.of(str(path))) as source:
            assert list(await listed(source)) == ["docker.io/library/alpine"]
        async with open_local(LocalPath.of(str(path), "oci")) as source:
            assert list(await listed(source)) == ["docker.io/library/alpine"]
        async with open_local(LocalPath.of(str(path), "docker-archive")) as source:
            assert list(await listed(source)) == ["alpine", "localhost/alpine"]

    async def test_an_archive_with_nothing_but_the_header_of_a_layout_is_one_of_docker_save(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        archive.files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
        async with open_local(LocalPath.of(str(archive.tar(tmp_path / "image.tar")))) as source:
            assert "alpine" in await listed(source)

    async def test_what_is_neither_says_so(self, tmp_path: Path) -> None:
        async with open_local(LocalPath.of(str(tmp_path))) as source:
            with pytest.raises(UnreadableSourceError, match="neither an OCI image layout nor an archive"):
                await listed(source)
