"""The reader and Python's `tarfile` agree on whatever `tarfile` writes."""

from __future__ import annotations

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from tests.contents.helpers import make_tar
from tests.contents.tars import read
from tui.contents.entries import Entry, Kind
from tui.contents.paths import normalised

KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK,
    tarfile.CHRTYPE: Kind.CHARACTER,
    tarfile.BLKTYPE: Kind.BLOCK,
    tarfile.FIFOTYPE: Kind.FIFO,
}
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
LINKS = frozenset({tarfile.SYMTYPE, tarfile.LNKTYPE})
DEVICES = frozenset({tarfile.CHRTYPE, tarfile.BLKTYPE})

# Names of more than 100 bytes, of 255 and more, and of characters outside of ASCII take ways of their own.
parts = st.one_of(
    st.sampled_from(["a", ".wh.b", "..data", "ä", "日本", "c d", "x" * 90, "y" * 150, "..."]),
    st.text(st.characters(exclude_characters="/", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
).filter(lambda part: part not in {".", ".."})
paths = st.lists(parts, min_size=1, max_size=5).map("/".join)
short_paths = st.lists(st.sampled_from(["a", "bc", ".wh.d", "e" * 60]), min_size=1, max_size=3).map("/".join)
owners = st.sampled_from(["", "root", "nobody", "jürgen", "n" * 31])


@st.composite
def members(draw: st.DrawFn, name: str) -> tuple[tarfile.TarInfo, bytes]:
    is_ustar = name == "ustar"
    info = tarfile.TarInfo(draw(short_paths if is_ustar else paths))
    info.type = draw(st.sampled_from(sorted(KINDS)))
    if info.type == tarfile.AREGTYPE and len(info.name.encode()) > 100:
        # Where the part of its name that fits the header ends with a slash, tarfile takes it for a folder.
        info.type = tarfile.REGTYPE
    info.mode = draw(st.integers(0, 0o7777))
    most = 0o7777777 if is_ustar else 2**32
    info.uid, info.gid = draw(st.integers(0, most)), draw(st.integers(0, most))
    info.uname, info.gname = draw(owners), draw(owners)
    latest = 2**33 - 1 if is_ustar else 2**37
    info.mtime = draw(st.integers(0 if is_ustar else -(2**35), latest))
    if name == "pax":
        info.mtime = draw(st.one_of(st.just(info.mtime), st.floats(-(2**31), 2**33, width=32)))
        info.pax_headers = draw(
            st.dictionaries(
                st.sampled_from(["SCHILY.xattr.user.a", "comment"]), st.sampled_from(["1", "é\n="])
            )
        )
    if info.type in LINKS:
        info.linkname = draw(short_paths.filter(lambda path: len(path) <= 100) if is_ustar else paths)
    if info.type in DEVICES:
        info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 2**20))
    data = b""
    if KINDS[info.type] is Kind.FILE:
        data = b"z" * draw(st.sampled_from([0, 1, 511, 512, 513, 3000]))
        info.size = len(data)
    return info, data


class Archive(bytes):
    """A tar, shown as its members when a test fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        with tarfile.open(fileobj=io.BytesIO(self), encoding="utf-8") as opened:
            return f"{len(self)} bytes of {[info.get_info() for info in opened]}"


@st.composite
def archives(draw: st.DrawFn) -> Archive:
    name = draw(st.sampled_from(sorted(FORMATS)))
    headers = {}
    if name == "pax":
        headers = draw(
            st.dictionaries(
                st.sampled_from(["comment", "uname", "mtime"]), st.sampled_from(["1", "2.5"]), max_size=2
            )
        )
    written = draw(st.lists(members(name), min_size=1, max_size=6))
    return Archive(make_tar(written, tar_format=FORMATS[name], headers=headers or None))


def as_entry(info: tarfile.TarInfo) -> Entry:
    """Say as an entry what `tarfile` read."""
    kind = KINDS[info.type]
    target = info.linkname if info.type in LINKS else ""
    value = info.pax_headers.get("SCHILY.xattr.user.a")
    return Entry(
        path=normalised(info.name)[0],
        kind=kind,
        size=info.size if kind is Kind.FILE else 0,
        mode=info.mode,
        uid=info.uid,
        gid=info.gid,
        owner=info.uname,
        group=info.gname,
        mtime=info.mtime,
        target=normalised(target)[0] if kind is Kind.HARDLINK else target,
        device=(info.devmajor, info.devminor) if info.type in DEVICES else None,
        attributes={} if value is None else {"user.a": value.encode()},
        offset=info.offset_data if kind is Kind.FILE else None,
    )


@given(archives())
def test_the_reader_sees_what_tarfile_sees(archive: Archive) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive), encoding="utf-8") as opened:
        expected = [as_entry(info) for info in opened]
    entries, reader = read([archive])
    assert entries == expected
    assert not reader.problems
    assert reader.ended
    assert reader.position == len(archive)


@given(archives(), st.data())
def test_where_bytes_are_cut_into_pieces_makes_no_difference(archive: Archive, data: st.DataObject) -> None:
    places = st.integers(0, len(archive))
    cuts = sorted(data.draw(st.lists(places, max_size=12), label="cuts"))
    pieces: list[bytes | bytearray | memoryview] = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(archive)], strict=True)):
        piece = archive[start:end]
        pieces.append((piece, bytearray(piece), memoryview(piece))[number % 3])
    whole, by_whole = read([archive])
    cut, by_pieces = read(pieces)
    assert cut == whole
    assert by_pieces.problems == by_whole.problems
    assert by_pieces.position == by_whole.position


@given(archives(), st.data())
def test_a_cut_off_archive_gives_the_members_before_the_cut(archive: Archive, data: st.DataObject) -> None:
    whole, _ = read([archive])
    cut_at = data.draw(st.integers(0, len(archive)), label="cut")
    entries, reader = read([archive[:cut_at]])
    assert entries == whole[: len(entries)]
    arrived = [entry for entry in whole if entry.offset is not None and entry.offset + entry.size <= cut_at]
    assert [entry for entry in arrived if entry not in entries] == []
    if entries and (last := entries[-1]).offset is not None and last.offset + last.size > cut_at:
        assert "lacks its last" in reader.problems[-1]


@given(archives(), st.data())
def test_changed_bytes_end_nothing(archive: Archive, data: st.DataObject) -> None:
    changed = bytearray(archive)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    entries, reader = read([changed])
    assert len(entries) <= len(archive) // 512
    assert reader.position == len(archive)
