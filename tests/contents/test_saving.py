import asyncio
import hashlib
import os
import subprocess
import tarfile
from collections.abc import AsyncGenerator, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contents.helpers import TIME, make_tar, member
from tests.contents.trees import file, folder, hardlink, symlink
from tui.contents import saving
from tui.contents.entries import Chunk, Entry, Kind
from tui.contents.errors import DamagedContentError, NotSavedError, TooLargeError
from tui.contents.places import DEEPEST, Unfinished
from tui.contents.saving import LeftOut, ToSave, save, things_below
from tui.contents.tree import LayerTree

BYTES = b"what is in it"
DIGEST = "sha256:" + hashlib.sha256(BYTES).hexdigest()
ENOUGH = 1 << 20


def thing(entry: Entry, data: bytes = b"", *, parts: tuple[str, ...] | None = None, piece: int = 5) -> ToSave:
    async def chunks() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(data), piece):
            yield data[at : at + piece]

    parts = tuple(entry.path.split("/")) if parts is None else parts
    if entry.kind in {Kind.FILE, Kind.HARDLINK}:
        content = entry if entry.kind is Kind.FILE else file(entry.target, len(data))
        return ToSave(parts, entry, content, chunks)
    return ToSave(parts, entry)


def of_bytes(path: str, data: bytes = BYTES, **fields: object) -> ToSave:
    return thing(file(path, len(data), **fields), data)


def all_below(where: Path) -> dict[str, tuple[str, object, int]]:
    """What lies below a folder: what it is, its bytes or target, and its permissions."""
    found: dict[str, tuple[str, object, int]] = {}
    for path in where.rglob("*"):
        name = str(path.relative_to(where))
        mode = path.lstat().st_mode & 0o7777
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()), 0)
        elif path.is_dir():
            found[name] = ("folder", None, mode)
        else:
            found[name] = ("file", path.read_bytes(), mode)
    return found


async def test_a_tree_is_saved_as_gnu_tar_saves_it(tmp_path: Path) -> None:
    members = [
        (member("etc", type=tarfile.DIRTYPE, mode=0o755), b""),
        (member("etc/passwd", mode=0o640), b"root"),
        (member("etc/empty", mode=0o444), b""),
        (member("etc/deep", type=tarfile.DIRTYPE, mode=0o700), b""),
        (member("etc/deep/\udcff name\n", mode=0o755), BYTES * 100),
        (member("etc/link", type=tarfile.SYMTYPE, linkname="../../out"), b""),
    ]
    archive = tmp_path / "layer.tar"
    archive.write_bytes(make_tar(members, tar_format=tarfile.GNU_FORMAT))
    (tmp_path / "tar").mkdir()
    (tmp_path / "here").mkdir()
    options = ["--no-same-owner", "--no-same-permissions"]
    extract = ["tar", *options, "-xf", str(archive), "-C", str(tmp_path / "tar")]
    await asyncio.to_thread(subprocess.run, extract, check=True)
    things = []
    for info, data in members:
        mode = info.mode
        if info.isdir():
            things.append(thing(folder(info.name, mode=mode)))
        elif info.issym():
            things.append(thing(symlink(info.name, info.linkname)))
        else:
            things.append(of_bytes(info.name, data, mode=mode, mtime=float(TIME)))
    saved = await save(things, tmp_path / "here", most=ENOUGH, links=True)
    assert all_below(tmp_path / "here") == all_below(tmp_path / "tar")
    assert (saved.files, saved.folders, saved.links, saved.left_out) == (3, 2, 1, ())
    assert saved.size == sum(len(data) for _, data in members)
    assert (tmp_path / "here/etc/passwd").stat().st_mtime == TIME


async def test_bits_that_give_rights_are_dropped(tmp_path: Path) -> None:
    await save([of_bytes("su", mode=0o6755), thing(folder("tmp", mode=0o3755))], tmp_path, most=ENOUGH)
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "su").stat().st_mode & 0o7777 == 0o755 & ~umask
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o755 & ~umask


async def test_a_folder_that_its_owner_may_not_enter_can_be_looked_at_and_removed(tmp_path: Path) -> None:
    saved = await save([thing(folder("shut", mode=0)), of_bytes("shut/in")], tmp_path, most=ENOUGH)
    assert (tmp_path / "shut").stat().st_mode & 0o777 == 0o700
    assert saved.files == 1


async def test_devices_pipes_and_links_are_left_out_and_told(tmp_path: Path) -> None:
    things = [
        thing(Entry("null", Kind.CHARACTER, device=(1, 3))),
        thing(Entry("disk", Kind.BLOCK, device=(8, 0))),
        thing(Entry("pipe", Kind.FIFO)),
        thing(Entry("what", Kind.OTHER)),
        thing(symlink("link", "/etc/passwd")),
        ToSave(("lost",), file("lost")),
        ToSave((), folder("")),
    ]
    saved = await save(things, tmp_path, most=ENOUGH)
    assert not list(tmp_path.iterdir())
    assert saved.left_out == (
        LeftOut("null", "a character device"),
        LeftOut("disk", "a block device"),
        LeftOut("pipe", "a pipe"),
        LeftOut("what", "no file, folder or link"),
        LeftOut("link", "a symbolic link"),
        LeftOut("lost", "its bytes are not there"),
        LeftOut("", "it has no name"),
    )
    assert not saved.verified


async def test_a_hard_link_is_saved_as_a_copy(tmp_path: Path) -> None:
    await save([of_bytes("a"), thing(hardlink("b", "a"), BYTES)], tmp_path, most=ENOUGH)
    assert (tmp_path / "b").read_bytes() == BYTES
    assert (tmp_path / "a").stat().st_nlink == 1


async def test_nothing_that_is_there_is_replaced_or_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "to").symlink_to(tmp_path / "mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "mine/new")
    names = ["file", "mine/x", "to/x", "to", "mine", "dangling"]
    saved = await save([of_bytes(name) for name in names], tmp_path, most=ENOUGH)
    there = "something of that name is there"
    assert saved.left_out == tuple(LeftOut(name, there) for name in names)
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert not list((tmp_path / "mine").iterdir())


async def test_a_folder_of_a_tree_is_saved_with_all_that_is_in_it(tmp_path: Path) -> None:
    tree = LayerTree(7)
    entries = [
        file("a/b/c", 13),
        hardlink("a/d", "a/b/c"),
        file("a/.wh.gone"),
        file("e"),
        symlink("a/l", "d"),
    ]
    tree.add(entries)
    asked = []

    async def chunks(number: int, entry: Entry) -> AsyncGenerator[bytes, None]:
        asked.append((number, entry.path))
        yield BYTES

    saved = await save(things_below(tree.root.children["a"], chunks), tmp_path, most=ENOUGH)
    assert sorted(all_below(tmp_path)) == ["a", "a/b", "a/b/c", "a/d"]
    assert (tmp_path / "a/d").read_bytes() == BYTES
    assert saved.left_out == (LeftOut("a/l", "a symbolic link"),)
    assert asked == [(7, "a/b/c")] * 2


async def test_no_link_that_was_saved_is_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    things = [
        thing(symlink("way", str(outside))),
        of_bytes("way/x"),
        thing(folder("way")),
        thing(symlink("way/link", "x")),
        of_bytes("way"),
    ]
    saved = await save(things, inside, most=ENOUGH, links=True)
    assert saved.links == 1
    assert saved.left_out_count == 4
    assert not list(outside.iterdir())


async def test_a_folder_that_others_swap_for_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()

    def things() -> Iterator[ToSave]:
        yield of_bytes("way/a")
        yield of_bytes("b")
        (inside / "way/a").unlink()
        (inside / "way").rmdir()
        (inside / "way").symlink_to(outside)
        yield of_bytes("way/x")

    saved = await save(things(), inside, most=ENOUGH)
    assert [one.path for one in saved.left_out] == ["way/x"]
    assert not list(outside.iterdir())


async def test_names_that_no_file_can_have_are_told(tmp_path: Path) -> None:
    paths = [("..", "x"), (".",), ("a/b",), ("a\0b",), ("",), ("x" * 300,), ("d",) * (DEEPEST + 2)]
    things = [thing(file("x", len(BYTES)), BYTES, parts=parts) for parts in paths]
    saved = await save(things, tmp_path, most=ENOUGH)
    assert saved.left_out_count == len(paths)
    assert not list(tmp_path.rglob("*"))


async def test_a_file_as_deep_as_is_allowed_is_saved(tmp_path: Path) -> None:
    parts = ("some name that makes a path too long for the system",) * DEEPEST
    saved = await save([thing(file("x", len(BYTES)), BYTES, parts=(*parts, "x"))], tmp_path, most=ENOUGH)
    assert saved.files == 1
    await asyncio.to_thread(subprocess.run, ["rm", "-r", str(tmp_path / parts[0])], check=True)


async def test_bytes_are_compared_with_the_digest_of_the_file(tmp_path: Path) -> None:
    good, bad = of_bytes("good", digest=DIGEST), of_bytes("bad", BYTES[::-1], digest=DIGEST)
    saved = await save([good, bad], tmp_path, most=ENOUGH)
    assert saved.left_out == (LeftOut("bad", "its bytes are not those that its digest names"),)
    assert [path.name for path in tmp_path.iterdir()] == ["good"]
    assert saved.verified


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, len(BYTES) - 1), unique=True), st.integers(1, 20), st.booleans())
def test_bytes_are_compared_with_the_digests_of_chunks(cuts: list[int], piece: int, damaged: bool) -> None:  # noqa: FBT001
    places = [0, *sorted(cuts), len(BYTES)]
    chunks = tuple(
        Chunk(0, 0, start, end - start, "sha256:" + hashlib.sha256(BYTES[start:end]).hexdigest())
        for start, end in pairwise(places)
    )
    data = BYTES[:-1] + b"?" if damaged else BYTES
    entry = file("x", len(BYTES), chunks=chunks)
    with TemporaryDirectory() as where:
        saved = asyncio.run(save([thing(entry, data, piece=piece)], Path(where), most=ENOUGH))
        assert saved.verified is not damaged
        assert os.listdir(where) == ([] if damaged else ["x"])  # noqa: PTH208 - names, in no order


async def test_what_no_digest_names_is_not_called_verified(tmp_path: Path) -> None:
    odd = (Chunk(0, 0, 0, 3, DIGEST),)
    things = [
        of_bytes("a", digest=DIGEST),
        of_bytes("b"),
        of_bytes("c", digest="md5:x"),
        of_bytes("d", chunks=odd),
    ]
    saved = await save(things, tmp_path, most=ENOUGH)
    assert (saved.files, saved.checked, saved.verified) == (4, 1, False)


async def test_a_file_of_another_length_than_said_gets_no_name(tmp_path: Path) -> None:
    things = [thing(file("short", 20), BYTES), thing(file("long", 3), BYTES)]
    saved = await save(things, tmp_path, most=ENOUGH)
    assert [one.reason for one in saved.left_out] == [
        "it is shorter than the layer says",
        "it is longer than the layer says",
    ]
    assert not list(tmp_path.iterdir())
    assert saved.size == 0


async def test_no_more_is_written_than_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="more than 20 bytes"):
        await save([of_bytes("a"), of_bytes("b")], tmp_path, most=20)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_saved(tmp_path: Path) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"what"
        raise DamagedContentError("the layer is damaged there")

    entry = file("bad", 10)
    saved = await save([ToSave(("bad",), entry, entry, broken), of_bytes("good")], tmp_path, most=ENOUGH)
    assert saved.left_out == (LeftOut("bad", "the layer is damaged there"),)
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


async def test_a_lost_connection_ends_it_and_leaves_no_half_file(tmp_path: Path) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"what"
        raise ConnectionError("lost")

    entry = file("bad", 10)
    with pytest.raises(ConnectionError, match="lost"):
        await save([of_bytes("good"), ToSave(("bad",), entry, entry, broken)], tmp_path, most=ENOUGH)
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


async def test_cancelling_leaves_no_half_file(tmp_path: Path) -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            yield b"what"
            arrived.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    entry = file("half", 10)
    task = asyncio.ensure_future(save([ToSave(("half",), entry, entry, endless)], tmp_path, most=ENOUGH))
    await arrived.wait()
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()
    assert not list(tmp_path.iterdir())


async def test_progress_tells_bytes_and_files(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    await save(
        [of_bytes("a")], tmp_path, most=ENOUGH, progress=lambda size, files: told.append((size, files))
    )
    assert told == [(5, 0), (10, 0), (13, 0), (13, 1)]


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotSavedError, match="no such file or directory"):
        await save([], tmp_path / "nowhere", most=ENOUGH)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is full here")
async def test_a_full_disk_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unfinished, "write", lambda *_: Path("/dev/full").write_bytes(BYTES))
    with pytest.raises(NotSavedError, match="no space left on device"):
        await save([of_bytes("a")], tmp_path, most=ENOUGH)
    assert not list(tmp_path.iterdir())


async def test_a_file_system_without_hard_links_is_written_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "there").write_bytes(b"mine")
    saved = await save([of_bytes("a"), of_bytes("there")], tmp_path, most=ENOUGH)
    assert (tmp_path / "a").read_bytes() == BYTES
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert saved.left_out_count == 1
    assert len(list(tmp_path.iterdir())) == 2


async def test_many_things_left_out_are_counted_and_some_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST_TOLD", 2)
    saved = await save([thing(symlink("x", "y"))] * 5, tmp_path, most=ENOUGH)
    assert (len(saved.left_out), saved.left_out_count) == (2, 5)


_NAMES = st.sampled_from(
    ["a", "b", "A", "..", ".", "", "/", "/etc", "a/../../x", "\0", "\udcff", "\ud800", "\n", "é" * 200]
)
_PARTS = st.lists(_NAMES, max_size=4).map(tuple)
_TARGETS = st.sampled_from(["..", "../..", "/", "a", "../../canary", "", "\0", "\ud800"])
_THINGS = st.builds(
    lambda kind, parts, target, mode: thing(
        Entry("/".join(parts), kind, size=len(BYTES), target=target, mode=mode), BYTES, parts=parts
    ),
    st.sampled_from(Kind),
    _PARTS,
    _TARGETS,
    st.integers(0, 0o7777),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_THINGS, max_size=25))
def test_nothing_is_ever_written_outside_of_the_folder(things: list[ToSave]) -> None:
    with TemporaryDirectory() as where:
        inside = Path(where, "one/two")
        inside.mkdir(parents=True)
        Path(where, "canary").mkdir()
        Path(where, "one/canary").write_bytes(b"sings")
        saved = asyncio.run(save(things, inside, most=ENOUGH, links=True))
        assert sorted(os.listdir(where)) == ["canary", "one"]  # noqa: PTH208 - names
        assert sorted(os.listdir(inside.parent)) == ["canary", "two"]  # noqa: PTH208 - names
        assert not list(Path(where, "canary").iterdir())
        assert Path(where, "one/canary").read_bytes() == b"sings"
        below = list(os.walk(inside))
        assert not [name for _, _, names in below for name in names if name.endswith(".part")]
        count = sum(len(names) + len(folders) for _, folders, names in below)
        assert saved.files + saved.links + saved.folders <= count
        assert saved.files + saved.links + saved.folders + saved.left_out_count <= len(things)
