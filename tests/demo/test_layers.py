from __future__ import annotations

import gzip
import io
import tarfile
from datetime import UTC, datetime

import pytest

from tests.demo.content import sha256
from tui.demo.layers import Layer, Tree, noise


def listed(layer: Layer) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.data))) as archive:
        return archive.getmembers()


def test_entries_are_written_as_they_were_added() -> None:
    tree = Tree(datetime(2020, 1, 1, tzinfo=UTC)).file("etc/app.conf", "x = 1\n", 0o640, uid=1000)
    tree.link("etc/link", "app.conf").hard_link("etc/same", "etc/app.conf").device("dev/null", 1, 3)
    found = [
        (one.name, one.type, one.mode, one.linkname, one.size, one.uid, one.uname)
        for one in listed(tree.pack())
    ]
    assert found == [
        ("etc", tarfile.DIRTYPE, 0o755, "", 0, 0, "root"),
        ("etc/app.conf", tarfile.REGTYPE, 0o640, "", 6, 1000, ""),
        ("etc/link", tarfile.SYMTYPE, 0o777, "app.conf", 0, 0, "root"),
        ("etc/same", tarfile.LNKTYPE, 0o755, "etc/app.conf", 0, 0, "root"),
        ("dev", tarfile.DIRTYPE, 0o755, "", 0, 0, "root"),
        ("dev/null", tarfile.CHRTYPE, 0o666, "", 0, 0, "root"),
    ]
    assert {one.mtime for one in listed(tree.pack())} == {1_577_836_800}
    assert (listed(tree.pack())[-1].devmajor, listed(tree.pack())[-1].devminor) == (1, 3)


@pytest.mark.parametrize("name", ["n" * 100, "n" * 101, "a/" * 150 + "n", "каталог.html", "naïve"])
def test_long_and_foreign_names_survive(name: str) -> None:
    assert name in [one.name for one in listed(Tree().file(name, "x").pack())]
    assert name in [one.linkname for one in listed(Tree().link("link", name).pack())]


def test_whiteouts_have_their_names() -> None:
    tree = Tree().removed("usr/bin/tool").removed("top").opaque("var/cache")
    names = [one.name for one in listed(tree.pack()) if one.isreg()]
    assert names == ["usr/bin/.wh.tool", ".wh.top", "var/cache/.wh..wh..opq"]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 65_535, 65_536, 300_000])
def test_files_that_are_stored_uncompressed_survive(size: int) -> None:
    layer = Tree().file("before", "b" * 999).raw("file", noise("seed", size)).file("after", "a" * 999).pack()
    archive = gzip.decompress(layer.data)
    assert layer.diff_id == sha256(archive)
    assert layer.digest == sha256(layer.data)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for name, content in (("before", b"b" * 999), ("file", noise("seed", size)), ("after", b"a" * 999)):
            extracted = opened.extractfile(name)
            assert extracted is not None
            assert extracted.read() == content


def test_noise_does_not_compress_and_is_the_same_for_the_same_seed() -> None:
    assert noise("a", 5_000_000) == noise("a", 5_000_000)
    assert noise("a", 1_000) != noise("b", 1_000)
    assert len(gzip.compress(noise("a", 100_000))) > 100_000
    assert noise("a", 0) == b""


def test_what_is_packed_says_neither_when_nor_by_what_name() -> None:
    assert Tree().pack().data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def test_an_empty_tree_is_an_empty_archive() -> None:
    layer = Tree().pack("none")
    assert layer.data == bytes(1024)
    assert layer.media_type == "application/vnd.oci.image.layer.v1.tar"
    assert layer.digest == layer.diff_id
