"""Trees that GNU tar packed, in all of its formats, are read as they lie on disk."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.contents.tars import bytes_of, read
from tui.contents.entries import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tui.contents.entries import Entry

KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFCHR: Kind.CHARACTER,
    stat.S_IFBLK: Kind.BLOCK,
}
LONG = "long-" + "n" * 180
TIME_NS = 1_700_000_000_123_456_789


def packed(tree: Path, *options: str) -> bytes:
    command = ["tar", "--create", "--file=-", "--sort=name", *options, "--directory", str(tree), "."]
    return subprocess.run(command, check=True, capture_output=True).stdout


def listed(tar: bytes) -> list[str]:
    command = ["tar", "--list", "--file=-", "--quoting-style=literal", "--show-transformed-names"]
    run = subprocess.run(command, check=True, capture_output=True, input=tar)
    names = run.stdout.decode("utf-8", "surrogateescape").splitlines()
    return [name.removeprefix("./").removesuffix("/") for name in names]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "etc" / "empty").mkdir(parents=True)
    (root / "etc" / "passwd").write_bytes(b"root:x:0:0:\n" * 100)
    (root / "etc" / "none").touch()
    os.link(root / "etc" / "passwd", root / "etc" / "zz-the-same")
    (root / "etc" / "link").symlink_to("../etc/./passwd")
    os.mkfifo(root / "pipe", 0o600)
    (root / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "tool").chmod(0o6755)
    os.utime(root / "tool", ns=(TIME_NS, TIME_NS))
    if os.geteuid() == 0:
        os.mknod(root / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.chown(root / "tool", 65534, 1_000_000)
    return root


def add_difficult_names(root: Path) -> None:
    folder = root / LONG / LONG
    folder.mkdir(parents=True)
    (folder / "ünïcode").write_bytes(b"1")
    (folder / "far").symlink_to("t" * 300)
    (root / os.fsdecode(b"no-\xff-utf8")).write_bytes(b"2")


def compare(tree: Path, tar: bytes, *, exact_time: bool) -> dict[str, Entry]:
    entries, reader = read([tar])
    assert not reader.problems
    assert reader.ended
    assert [entry.path for entry in entries] == listed(tar)
    inodes: dict[int, str] = {}
    for entry in entries:
        found = (tree / entry.path).lstat()
        assert not entry.problems
        assert entry.mode == stat.S_IMODE(found.st_mode)
        assert (entry.uid, entry.gid) == (found.st_uid, found.st_gid)
        seconds = found.st_mtime_ns / 1e9 if exact_time else found.st_mtime_ns // 10**9
        assert entry.mtime == pytest.approx(seconds, abs=1e-6)
        first = inodes.setdefault(found.st_ino, entry.path)
        if first != entry.path:
            assert (entry.kind, entry.target) == (Kind.HARDLINK, first)
            continue
        assert entry.kind is KINDS[stat.S_IFMT(found.st_mode)]
        if entry.kind is Kind.SYMLINK:
            assert entry.target == os.readlink(tree / entry.path)  # noqa: PTH115 - a Path leaves dots out
        if entry.kind in {Kind.CHARACTER, Kind.BLOCK}:
            assert entry.device == (os.major(found.st_rdev), os.minor(found.st_rdev))
        if entry.kind is Kind.FILE:
            assert bytes_of(entry, tar) == (tree / entry.path).read_bytes()
    expected = {str(path.relative_to(tree)) for path in tree.rglob("*")}
    assert {entry.path for entry in entries} == {"", *expected}
    return {entry.path: entry for entry in entries}


@pytest.mark.parametrize("name", ["v7", "ustar", "oldgnu", "gnu", "pax"])
def test_a_tree_is_read_in_every_format(tree: Path, name: str) -> None:
    if name in {"oldgnu", "gnu", "pax"}:
        add_difficult_names(tree)
    if name == "v7":
        (tree / "null").unlink(missing_ok=True)
        (tree / "pipe").unlink()
    entries = compare(tree, packed(tree, f"--format={name}"), exact_time=name == "pax")
    assert entries["tool"].owner == ("" if name == "v7" else (tree / "tool").owner())


@pytest.mark.parametrize(
    "options",
    [
        ["--format=oldgnu"],
        ["--format=gnu"],
        ["--format=pax", "--sparse-version=0.0"],
        ["--format=pax", "--sparse-version=0.1"],
        ["--format=pax", "--sparse-version=1.0"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("pieces", [0, 1, 3, 4, 5, 25, 26, 200])
def test_sparse_files_are_read_in_every_format(tmp_path: Path, options: list[str], pieces: int) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "disk.img").open("wb") as disk:
        for number in range(pieces):
            disk.seek(number * 16_384 + 4_096)
            disk.write(f"piece {number:>3}".encode() * 100)
        disk.truncate(max(pieces, 1) * 16_384 + 77)
    (tree / "next").write_bytes(b"behind it")
    entries = compare(tree, packed(tree, "--sparse", *options), exact_time=options[0] == "--format=pax")
    sparse = entries["disk.img"].sparse
    assert sparse is not None
    assert len(sparse) == pieces


def test_extended_attributes_are_read(tree: Path) -> None:
    values = {"user.note": b"h\xc3\xa9\0\n=", "user.empty": b"", "user.a=b%c": b"1"}
    try:
        for name, value in values.items():
            os.setxattr(tree / "tool", name, value)
    except OSError:
        pytest.skip("the file system of temporary files keeps no extended attributes")
    entries = compare(tree, packed(tree, "--xattrs", "--format=pax"), exact_time=True)
    assert entries["tool"].attributes == values


def test_an_incremental_archive_has_its_folders(tree: Path, tmp_path: Path) -> None:
    tar = packed(tree, "--format=gnu", f"--listed-incremental={tmp_path / 'state'}")
    entries, reader = read([tar])
    assert not reader.problems
    assert [entry.path for entry in entries] == listed(tar)
    assert {entry.path for entry in entries if entry.kind is Kind.DIRECTORY} == {"", "etc", "etc/empty"}


def test_archives_one_behind_the_other_end_with_the_first(tree: Path) -> None:
    tar = packed(tree, "--format=gnu")
    entries, reader = read([tar, tar])
    assert [entry.path for entry in entries] == listed(tar + tar)
    assert len(reader.problems) == 1
    assert reader.problems[0].endswith("bytes behind its end that are not zeros")
