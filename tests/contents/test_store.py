"""What is kept of layers on disk."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tui.contents import store as stores
from tui.contents.entries import Chunk, Entry, Kind
from tui.contents.listing_form import MOST_VALUES, Listing, from_bytes, to_bytes
from tui.contents.restart_finder import HEADER, MAGIC, POINT
from tui.contents.restarts import RestartPoint, RestartPoints
from tui.contents.store import LayerStore

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64

TEXT = st.text(st.characters(exclude_categories=())) | st.just("no\udc80utf-8")
NATURAL = st.integers(0, 2**63)
ENTRIES = st.builds(
    Entry,
    path=TEXT,
    kind=st.sampled_from(Kind),
    size=NATURAL,
    mode=st.integers(0, 0o7777),
    uid=st.integers(-1, 2**40),
    gid=NATURAL,
    owner=TEXT,
    group=TEXT,
    mtime=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    target=TEXT,
    device=st.none() | st.tuples(NATURAL, NATURAL),
    attributes=st.dictionaries(TEXT, st.binary(), max_size=3),
    offset=st.none() | NATURAL,
    sparse=st.none() | st.lists(st.tuples(NATURAL, NATURAL), max_size=3).map(tuple),
    chunks=st.lists(st.builds(Chunk, NATURAL, NATURAL, NATURAL, NATURAL, TEXT, NATURAL), max_size=3).map(
        tuple
    ),
    digest=TEXT,
    problems=st.lists(TEXT, max_size=2).map(tuple),
)

ENTRY = Entry("etc/passwd", size=7, mode=0o644, mtime=1.5, offset=512, problems=("odd",))
LISTING = Listing("gzip", [ENTRY], 10_240, ("cut off",), {"places": [[1, 2]]})
POINTS = RestartPoints((RestartPoint(10, 0, 0, b""), RestartPoint(50, 3, 60, b"ab")), 1_000, 100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "layers"


@given(st.lists(ENTRIES, max_size=5))
def test_all_that_an_entry_says_is_found_again(entries: list[Entry]) -> None:
    listing = Listing("tar", entries, 7)
    assert from_bytes(to_bytes(listing)) == listing


def test_what_one_program_keeps_another_one_finds(folder: Path) -> None:
    kept = LayerStore(folder)
    assert kept.keep_listing(DIGEST, LISTING)
    assert kept.keep_points(DIGEST, POINTS)
    found = LayerStore(folder)
    assert found.listing(DIGEST) == LISTING
    assert found.points(DIGEST) == POINTS
    assert found.listing(OTHER) is None
    assert found.points(OTHER) is None


def test_nobody_else_can_read_what_is_kept(folder: Path) -> None:
    LayerStore(folder).keep_listing(DIGEST, LISTING)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


@pytest.mark.parametrize("digest", ["../../etc/passwd", "sha256:", "sha256:../x", "", "sha256:" + "A" * 64])
def test_only_digests_name_files(folder: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="no digest"):
        LayerStore(folder).listing(digest)


def the_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


@pytest.mark.parametrize("place", [0, len(stores.MAGIC) + 3, -1])
def test_a_damaged_file_counts_as_absent_and_is_removed(folder: Path, place: int) -> None:
    kept = LayerStore(folder)
    kept.keep_listing(DIGEST, LISTING)
    data = bytearray(the_file(folder).read_bytes())
    data[place] ^= 1
    the_file(folder).write_bytes(data)
    assert kept.listing(DIGEST) is None
    assert not list(folder.iterdir())


def test_a_file_that_is_cut_off_or_of_another_kind_counts_as_absent(folder: Path) -> None:
    kept = LayerStore(folder)
    kept.keep_listing(DIGEST, LISTING)
    data = the_file(folder).read_bytes()
    for wrong in (b"", data[:-1], data[:20]):
        the_file(folder).write_bytes(wrong)
        assert kept.listing(DIGEST) is None
        kept.keep_listing(DIGEST, LISTING)
    the_file(folder).rename(folder / the_file(folder).name.replace("listing", "points"))
    assert kept.points(DIGEST) is None


@pytest.mark.parametrize(
    "change",
    [
        {"path": ["a", "b"]},
        {"path": [7]},
        {"path": "a"},
        {"kind": [99]},
        {"size": [True]},
        {"mtime": ["now"]},
        {"rare": {"0": {"target": 1, "new": 2}}},
        {"rare": {"0": {"device": [1]}}},
        {"rare": []},
        {"extras": []},
        {"unpacked": None},
        {"unpacked": float("inf")},
        {"unpacked": -1},
        {"kind": [-1]},
        {"size": [-1]},
        {"offset": [-512]},
        {"mtime": [float("inf")]},
        {"mtime": [10**400]},
        {"rare": {"0": {"sparse": [[0, -1]]}}},
        {"rare": {"0": {"chunks": [[0, -1, 0, 0, "", 0]]}}},
        {"rare": {"0": {"chunks": [[0, "", 0]]}}},
    ],
)
def test_a_listing_that_makes_no_sense_is_none(change: dict[str, object]) -> None:
    document = json.loads(to_bytes(LISTING)) | change
    with pytest.raises(ValueError, match=r"listing|lengths|invalid|not enough values"):
        from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"{}", b"[" * 100_000, b"\xff"])
def test_what_is_no_listing_is_none(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- json says it in its own words
        from_bytes(data)


def test_a_file_that_grows_without_end_is_read_to_a_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = LayerStore(folder)
    assert kept.keep_listing(DIGEST, Listing("tar", [Entry("a" * 20_000)], 1))
    monkeypatch.setattr(stores, "MOST_UNPACKED", 10_000)
    assert kept.listing(DIGEST) is None
    assert not list(folder.iterdir())
    assert not kept.keep_listing(DIGEST, Listing("tar", [Entry("a" * 20_000)], 1))
    assert kept.problem == "it is too large to be kept"


def test_a_small_file_that_says_a_lot_takes_little_memory(folder: Path) -> None:
    kept = LayerStore(folder)
    records = 4_000_000
    points = struct.pack("<Q", 5) + HEADER.pack(MAGIC, 100, records) + bytes(POINT.size * records)
    listing = b'{"path":[' + b"[]," * MOST_VALUES + b"0]}"
    folder.mkdir(parents=True)
    for kind, content in (("points", points), ("listing", listing)):
        path = folder / f"{DIGEST.replace(':', '-')}.{kind}"
        path.write_bytes(stores._wrapped(content, kind))
        read = kept.points if kind == "points" else kept.listing
        tracemalloc.start()
        assert read(DIGEST) is None
        assert tracemalloc.get_traced_memory()[1] < stores.MOST_UNPACKED * 2
        tracemalloc.stop()
        assert not path.exists()


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    folder.mkdir(parents=True)
    path = folder / f"{DIGEST.replace(':', '-')}.listing"
    os.mkfifo(path)
    kept = LayerStore(folder)
    assert kept.listing(DIGEST) is None
    assert not path.exists()
    path.symlink_to("/dev/zero")
    assert kept.listing(DIGEST) is None
    assert kept.problem


def test_what_others_keep_beside_is_left_alone(folder: Path) -> None:
    (folder / "somebody's").mkdir(parents=True)
    (folder / "notes").write_bytes(bytes(5_000))
    kept = LayerStore(folder, limit=2_000)
    assert kept.keep_listing(DIGEST, LISTING)
    assert (folder / "notes").stat().st_size == 5_000
    assert not kept.problem


def test_a_program_that_is_killed_while_it_writes_leaves_what_was_there(folder: Path) -> None:
    kept = LayerStore(folder)
    kept.keep_listing(DIGEST, LISTING)
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.contents.test_store import *\n"
        "Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "LayerStore(Path(sys.argv[1])).keep_listing(DIGEST, Listing('tar', [], 1))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert kept.listing(DIGEST) == LISTING
    [half] = folder.glob(".new-*")
    os.utime(half, (1_000, 1_000))
    assert kept.keep_points(DIGEST, POINTS)
    assert not half.exists()


def test_a_disk_that_is_full_is_told_and_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = LayerStore(folder)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert not kept.keep_points(DIGEST, POINTS)
    assert kept.problem == "no space left on device"
    assert not list(folder.iterdir())


def test_those_unused_for_longest_make_room(folder: Path) -> None:
    digests = [f"sha256:{number:064x}" for number in range(6)]
    noise = Listing("tar", [Entry(os.urandom(2_000).hex())], 1)
    LayerStore(folder).keep_listing(digests[0], noise)
    size = the_file(folder).stat().st_size
    kept = LayerStore(folder, limit=size * 7 // 2)
    for age, digest in enumerate(digests[:3]):
        kept.keep_listing(digest, noise)
        path = next(folder.glob(f"*{digest[7:]}*"))
        os.utime(path, (1_000 + age, 1_000 + age))
    assert kept.listing(digests[0]) is not None  # It is used, and now the newest.
    kept.keep_listing(digests[3], noise)
    assert [digest for digest in digests[:4] if kept.listing(digest)] == [
        digests[number] for number in (0, 2, 3)
    ]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= size * 7 // 2


def test_what_is_larger_than_all_room_is_not_kept(folder: Path) -> None:
    kept = LayerStore(folder, limit=100)
    assert not kept.keep_listing(DIGEST, Listing("tar", [Entry(os.urandom(500).hex())], 1))
    assert kept.listing(DIGEST) is None


def test_what_was_never_finished_is_removed_when_it_is_old(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, age in ((".new-1-old", stores.STALE_SECONDS + 60), (".new-1-fresh", 0)):
        path = folder / name
        path.write_bytes(b"half")
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))
    LayerStore(folder).keep_listing(DIGEST, LISTING)
    assert not (folder / ".new-1-old").exists()
    assert (folder / ".new-1-fresh").exists()


def test_a_disk_that_refuses_is_told_and_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    kept = LayerStore(blocked)
    assert not kept.keep_listing(DIGEST, LISTING)
    assert kept.problem == "file exists"
    assert kept.points(DIGEST) is None
    assert kept.problem == "not a directory"


def test_programs_that_write_at_once_leave_whole_files(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.contents.test_store import *\n"
        "kept = LayerStore(Path(sys.argv[1]))\n"
        "for _ in range(60):\n"
        "    assert kept.keep_listing(DIGEST, LISTING) and kept.listing(DIGEST) == LISTING\n"
        "assert not kept.problem\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", program, str(folder)]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert [path.suffix for path in folder.iterdir()] == [".listing"]


def test_listings_of_one_shape_pack_well() -> None:
    entries = [Entry(f"usr/share/doc/package-{number}/copyright", size=number) for number in range(20_000)]
    packed = zstandard.ZstdCompressor(level=3).compress(to_bytes(Listing("gzip", entries, 1)))
    assert len(packed) < 20 * len(entries)
