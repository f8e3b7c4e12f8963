"""Layers that eStargz's own library and buildah make, listed and read by their tables of contents."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.contents.helpers import CountingSource, tar_of
from tests.contents.tocs import TOC_DIGEST, noise
from tests.real.programs import clean_environment, require, run
from tui.contents.entries import Kind
from tui.contents.toc import find_toc, read_chunks

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    **{f"usr/share/d{number % 20}/f{number}": noise(number * 100) for number in range(300)},
    "big": noise(5_000_000) + bytes(1_000_000),
}


def told(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("chunk", "least"), [(4 << 20, 0), (100_000, 0), (4 << 20, 500_000)])
async def test_what_estargz_packed_is_listed_as_gnu_tar_does_and_read(
    chunk: int, least: int, tmp_path: Path
) -> None:
    require("estargz")
    tar, packed = tmp_path / "layer.tar", tmp_path / "layer"
    tar.write_bytes(tar_of(FILES))
    command = ["estargz", str(tar), str(packed), str(chunk), str(least)]
    digest = told(*command)
    listed = told("tar", "-tf", str(tar))
    source = CountingSource(packed.read_bytes())
    toc = await find_toc(source, {TOC_DIGEST: digest})
    assert toc is not None
    assert toc.digest_checked
    assert not toc.problems
    assert source.moved < source.size / 50
    files = [entry for entry in toc.entries if entry.kind is Kind.FILE]
    assert sorted(entry.path for entry in files) == sorted(listed.splitlines())
    for entry in files:
        assert b"".join([piece async for piece in read_chunks(source, entry)]) == FILES[entry.path]


@pytest.mark.parametrize("annotated", [True, False])
async def test_what_buildah_packed_as_zstd_chunked_is_listed_and_read(
    *, annotated: bool, tmp_path: Path
) -> None:
    require("buildah")
    root = tmp_path / "root"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "link").symlink_to("big")
    surroundings = clean_environment(tmp_path / "home")
    storage = [
        "--root",
        str(tmp_path / "storage"),
        "--runroot",
        str(tmp_path / "run"),
        "--storage-driver",
        "vfs",
    ]

    def buildah(*arguments: str) -> str:
        return run(["buildah", *storage, *arguments], surroundings).decode().strip()

    container = buildah("from", "--pull-never", "scratch")
    buildah("add", "--quiet", container, str(root), "/")
    buildah("commit", "--quiet", container, "localhost/packed:1")
    packing = ["--format", "oci", "--compression-format", "zstd:chunked"]
    buildah("push", "--quiet", *packing, "localhost/packed:1", f"oci:{tmp_path / 'layout'}:1")
    blobs = tmp_path / "layout" / "blobs"
    index = json.loads((tmp_path / "layout" / "index.json").read_bytes())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].replace(":", "/")).read_bytes())
    [layer] = manifest["layers"]
    source = CountingSource((blobs / layer["digest"].replace(":", "/")).read_bytes())
    toc = await find_toc(source, layer["annotations"] if annotated else {})
    assert toc is not None
    assert toc.format == "zstd:chunked"
    assert toc.digest_checked == annotated
    assert len(source.reads) == (1 if annotated else 2)
    assert source.moved < source.size / 50
    files = {entry.path: entry for entry in toc.entries if entry.kind is Kind.FILE}
    assert files.keys() == FILES.keys()
    for path, entry in files.items():
        assert b"".join([piece async for piece in read_chunks(source, entry)]) == FILES[path]
    assert [entry.target for entry in toc.entries if entry.kind is Kind.SYMLINK] == ["big"]
