"""What files are called."""

from __future__ import annotations

import pytest

from tui.client import media_types
from tui.client.models import Descriptor
from tui.client.names import Digest
from tui.transfers import file_name, file_names

DIGEST = Digest("sha256:" + "0123456789abcdef" * 4)
TITLE = "org.opencontainers.image.title"


def named(media_type: str, **annotations: str) -> str:
    found = {key.replace("_", "."): value for key, value in annotations.items()}
    return file_name(Descriptor(media_type=media_type, digest=DIGEST, size=1, annotations=found))


@pytest.mark.parametrize(
    ("media_type", "suffix"),
    [
        (media_types.OCI_LAYER, ".tar"),
        (media_types.OCI_LAYER_GZIP, ".tar.gz"),
        (media_types.OCI_LAYER_ZSTD, ".tar.zst"),
        (media_types.OCI_NONDISTRIBUTABLE_LAYER_GZIP, ".tar.gz"),
        (media_types.DOCKER_LAYER, ".tar"),
        (media_types.DOCKER_LAYER_GZIP, ".tar.gz"),
        (media_types.DOCKER_LAYER_ZSTD, ".tar.zst"),
        (media_types.DOCKER_FOREIGN_LAYER_GZIP, ".tar.gz"),
        (media_types.OCI_INDEX, ".json"),
        (media_types.OCI_MANIFEST, ".json"),
        (media_types.OCI_CONFIG, ".json"),
        (media_types.DOCKER_SCHEMA1_SIGNED, ".json"),
        (media_types.OCI_EMPTY, ".json"),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", ".tar.gz"),
        ("application/vnd.cncf.helm.config.v1+json", ".json"),
        ("application/spdx+json", ".json"),
        ("application/vnd.wasm.content.layer.v1+wasm", ".wasm"),
        ("Application/JSON; charset=utf-8", ".json"),
        ("text/plain", ".txt"),
        ("application/gzip", ".gz"),
        ("application/octet-stream", ".bin"),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", ".bin"),
        ("application/vnd.acme.target", ".bin"),
        ("", ".bin"),
        ("\x1b/../x", ".bin"),
    ],
)
def test_a_file_is_called_by_its_digest_and_type(media_type: str, suffix: str) -> None:
    assert named(media_type) == f"0123456789ab{suffix}"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("hello.txt", "hello.txt"),
        ("docs/read me.md", "read me.md"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        (".bashrc", "bashrc"),
        ("a\x1b]52;c;x\x07\0b", "a]52;c;xb"),
        ("", "0123456789ab.bin"),
        ("..", "0123456789ab.bin"),
        ("///", "0123456789ab.bin"),
    ],
)
def test_a_title_becomes_a_plain_name(title: str, name: str) -> None:
    assert named("application/octet-stream", org_opencontainers_image_title=title) == name


def test_the_title_of_a_document_is_not_that_of_a_file() -> None:
    for media_type in (media_types.OCI_MANIFEST, media_types.OCI_INDEX, media_types.OCI_CONFIG):
        assert named(media_type, org_opencontainers_image_title="Debian") == "0123456789ab.json"


def test_a_packed_folder_keeps_the_ending_of_what_it_is_packed_with() -> None:
    titled = {"org_opencontainers_image_title": "docs/", "io_deis_oras_content_unpack": "true"}
    assert named(media_types.OCI_LAYER_GZIP, **titled) == "docs.tar.gz"
    titled["org_opencontainers_image_title"] = "docs.tar.gz"
    assert named(media_types.OCI_LAYER_GZIP, **titled) == "docs.tar.gz"


def test_a_long_title_is_cut() -> None:
    name = named("application/octet-stream", org_opencontainers_image_title="ä" * 5_000_000 + ".txt")
    assert len(name.encode()) <= 255 - len(".part")


def test_files_of_one_folder_have_different_names() -> None:
    def titled(data: bytes, title: str) -> Descriptor:
        return Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(data), 1, annotations={TITLE: title})

    first, second, third = titled(b"1", "app.tar.gz"), titled(b"2", "APP.tar.gz"), titled(b"3", "app.tar.gz")
    plain = Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(b"4"), 1)
    names = file_names([first, second, plain, third, third])
    assert names[0] == "app.tar.gz"
    assert names[1] == f"APP-{second.digest.short}.tar.gz"
    assert names[2] == file_name(plain)
    assert names[3] == f"app-{third.digest.short}.tar.gz"
    assert names[4] == f"app-{third.digest.short}-2.tar.gz"
    long = [titled(b"%d" % number, "x" * 190 + ".tar.gz") for number in range(3)]
    assert len({name.casefold() for name in file_names(long)}) == 3
    assert all(len(name.encode()) <= 200 for name in file_names(long))
    dotted = [titled(b"%d" % number, "x." + "y" * 195) for number in range(2)]
    assert len(set(file_names(dotted))) == 2
    assert all(len(name.encode()) <= 200 for name in file_names(dotted))
    assert file_names([]) == ()
