"""Layers that the libraries of eStargz make, listed and read by their tables of contents."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.contents.helpers import CountingSource, tar_of
from tests.contents.tocs import TOC_DIGEST, noise
from tests.real.programs import require
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
