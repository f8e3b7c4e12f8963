"""Tars that are damaged, or made to do harm: what is wrong is told, and the rest is still shown."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.contents.tars import END, body, bytes_of, extended, header, member, read, record
from tui.contents.ahead import MAX_ATTRIBUTE_BYTES, MAX_EXTENSION
from tui.contents.entries import Entry, Kind
from tui.contents.paths import MAX_PATH
from tui.contents.pax import MAX_RECORDS
from tui.contents.sparse import MAX_PIECES, MAX_PIECES_OF_ALL
from tui.contents.tar import MAX_PROBLEMS, TarReader

LAST = member(b"last", b"the last one")


def only(tar: bytes) -> Entry:
    """Read a tar of one member; behind it stands another, which must be shown as well."""
    entries, reader = read([tar + LAST + END])
    assert not reader.problems
    entry, last = entries
    assert bytes_of(last, tar + LAST) == b"the last one"
    return entry


def paths(tar: bytes) -> tuple[list[str], tuple[str, ...]]:
    entries, reader = read([tar])
    return [entry.path for entry in entries], reader.problems


@pytest.mark.parametrize(
    ("name", "path", "problems"),
    [
        (b"./etc//passwd", "etc/passwd", ()),
        (b"././a/./b", "a/b", ()),
        (b".hidden", ".hidden", ()),
        (b"a/..data/...", "a/..data/...", ()),
        (b"/etc/passwd", "etc/passwd", ("an absolute path",)),
        (b"//etc", "etc", ("an absolute path",)),
        (b".//etc", "etc", ()),
        (b"../../etc/passwd", "../../etc/passwd", ("a path with ..",)),
        (b"a/../b", "a/../b", ("a path with ..",)),
        (b"/..", "..", ("an absolute path", "a path with ..")),
        (b"a\x1b[2Jb", "a\x1b[2Jb", ("a path with control characters",)),
        (b"a\xc2\x9bb", "a\x9bb", ("a path with control characters",)),
        (b"a\nb", "a\nb", ("a path with control characters",)),
        (b"no-\xff-utf8", "no-\udcff-utf8", ()),
        (b"\xe2\x80\xaegnp", "\u202egnp", ()),
        (b"", "", ("no name",)),
        (b"./", "", ("no name",)),
        (b"a/", "a", ("a file whose name ends like that of a folder",)),
    ],
)
def test_a_path_is_kept_and_what_is_wrong_with_it_told(
    name: bytes, path: str, problems: tuple[str, ...]
) -> None:
    entry = only(member(name, b"x"))
    assert (entry.path, entry.problems) == (path, problems)


def test_a_nul_in_the_path_of_an_extended_header_is_kept_and_told() -> None:
    entry = only(extended((b"path", b"a\0b")) + member())
    assert (entry.path, entry.problems) == ("a\0b", ("a path with control characters",))


def test_the_root_has_no_path() -> None:
    assert only(member(b"./", kind=b"5")) == Entry("", Kind.DIRECTORY, mode=0o644, mtime=0.0)


@pytest.mark.parametrize(
    ("kind", "target", "shown", "problems"),
    [
        (b"1", b"./a//b", "a/b", ()),
        (b"1", b"/etc/passwd", "etc/passwd", ("an absolute path as its target",)),
        (b"1", b"../a", "../a", ("a path with .. as its target",)),
        (b"2", b"/a/../b/", "/a/../b/", ()),
        (b"2", b"\x1b[2J", "\x1b[2J", ("a path with control characters as its target",)),
    ],
)
def test_the_target_of_a_link_is_kept_and_what_is_wrong_with_it_told(
    kind: bytes, target: bytes, shown: str, problems: tuple[str, ...]
) -> None:
    entry = only(header(kind=kind, target=target))
    assert (entry.target, entry.problems) == (shown, problems)


def test_links_folders_and_devices_have_no_body_whatever_their_size() -> None:
    tar = b"".join(header(b"a%c" % kind, bytes([kind]), size=700) for kind in b"123456") + LAST + END
    entries, reader = read([tar])
    assert len(entries) == 7
    assert {entry.size for entry in entries[:-1]} == {0}
    assert {entry.offset for entry in entries[:-1]} == {None}
    assert not reader.problems


def test_the_oldest_tars_have_folders_that_end_with_a_slash() -> None:
    entry = only(header(b"a/", b"\0", size=700, magic=bytes(8)))
    assert (entry.path, entry.kind, entry.problems) == ("a", Kind.DIRECTORY, ())


def test_a_member_of_an_unknown_kind_is_shown_with_its_bytes() -> None:
    tar = member(b"a", b"some bytes", kind=b"\x1b")
    entry = only(tar)
    assert entry.kind is Kind.OTHER
    assert bytes_of(entry, tar) == b"some bytes"
    assert entry.problems == (r"a member of an unknown kind, '\x1b'",)


@pytest.mark.parametrize(
    "size",
    [
        b"not octal!!\0",
        b"99999999999\0",
        b"-0000000001\0",
        b"0o000000017\0",
        b"\xff" * 12,
        b"\x80" + b"\xff" * 11,
        b"\x80\0\0\0\x80" + bytes(7),
    ],
)
def test_a_size_that_cannot_be_is_told_and_the_rest_is_found(size: bytes) -> None:
    tar = header(b"first", size=size) + body(b"x" * 1500) + LAST + END
    entries, reader = read([tar])
    assert [entry.path for entry in entries] == ["first", "last"]
    assert (entries[0].size, entries[0].problems) == (0, ("a size that cannot be",))
    assert reader.problems == ("damaged at byte 512: 1,536 bytes are passed over",)
    assert reader.ended


@pytest.mark.parametrize("size", [b"\x80" + bytes(3) + (2**40).to_bytes(8, "big"), b"77777777777\0"])
def test_a_size_beyond_the_end_is_told_with_what_is_missing(size: bytes) -> None:
    entries, reader = read([header(b"a\nb", size=size) + bytes(2048)])
    (entry,) = entries
    assert reader.problems == (rf"cut off: 'a\nb' lacks its last {entry.size - 2048:,} bytes",)
    assert not reader.ended


def test_numbers_in_base_256_are_read() -> None:
    entry = only(header(uid=b"\x80" + (2**40).to_bytes(7, "big"), mtime=b"\xff" * 11 + b"\xfe"))
    assert (entry.uid, entry.mtime) == (2**40, -2.0)


def test_numbers_that_are_none_are_told() -> None:
    entry = only(header(mode=b"rw-r--r-", uid=b"nobody\0\0", mtime=b"yesterday\0\0\0"))
    assert (entry.mode, entry.uid, entry.mtime) == (0, 0, 0.0)
    assert entry.problems == (
        "permissions that are no number",
        "an owner that is no number",
        "a time that is no number",
    )


@pytest.mark.parametrize("mtime", [b"\x80" + b"\xff" * 11, b"\xff" + bytes(11)])
def test_a_time_in_no_year_that_there_is_is_none(mtime: bytes) -> None:
    entry = only(header(mtime=mtime))
    assert (entry.mtime, entry.problems) == (None, ("a time that cannot be",))


@pytest.mark.parametrize("value", [b"nan", b"inf", b"1e999", b"0x10", b"", b"1" * 1000])
def test_a_time_of_an_extended_header_that_cannot_be_is_not_taken(value: bytes) -> None:
    entry = only(extended((b"mtime", value)) + member(mtime=7))
    assert entry.mtime in {None, 7.0}
    assert bool(entry.problems) == bool(value)


def test_device_numbers_that_are_none_are_told() -> None:
    entry = only(header(kind=b"3", device=b"x" * 16))
    assert (entry.device, entry.problems) == (None, ("numbers of a device that are none",))


# Headers with wrong checksums


def test_a_header_with_a_wrong_checksum_is_marked_and_the_rest_is_shown() -> None:
    tar = LAST + member(b"bad", b"x" * 2000, checksum=b"012345\0 ") + member(b"good", b"y") + END
    entries, reader = read([tar])
    assert [entry.path for entry in entries] == ["last", "bad", "good"]
    assert entries[1].problems == ("a header with a wrong checksum",)
    assert entries[1].offset is None
    assert reader.problems == ("damaged at byte 1,024: 2,560 bytes are passed over",)
    assert reader.ended


def test_a_damaged_header_of_an_extended_one_is_no_member() -> None:
    bad = bytearray(extended((b"path", b"elsewhere")))
    bad[0] ^= 1
    shown, problems = paths(bytes(bad) + LAST + END)
    assert shown == ["last"]
    assert problems == ("damaged at byte 0: 1,024 bytes are passed over",)


def test_what_was_said_ahead_of_a_damaged_header_is_said_of_no_other() -> None:
    bad = member(b"bad", checksum=b"012345\0 ")
    shown, _ = paths(extended((b"path", b"its-name")) + bad + LAST + END)
    assert shown == ["its-name", "last"]


@pytest.mark.parametrize("piece", [1, 100, 512, 513, 5_000, 1_000_000])
def test_the_next_header_is_found_behind_anything(piece: int) -> None:
    damage = b"".join(bytes([byte]) * 1000 for byte in range(1, 256)) + bytes(96 * 512) + b"0123456 " * 9_000
    tar = LAST + body(damage) + member(b"behind") + END
    entries, reader = read(tar[at : at + piece] for at in range(0, len(tar), piece))
    assert [entry.path for entry in entries] == ["last", "behind"]
    assert reader.problems == (f"damaged at byte 1,024: {len(body(damage)):,} bytes are passed over",)
    assert reader.ended


def test_damage_to_the_end_is_told() -> None:
    shown, problems = paths(LAST + b"\xaa" * 5000)
    assert shown == ["last"]
    assert problems == ("damaged from byte 1,024 to its end",)


@pytest.mark.parametrize("data", [b"\x1f\x8b" * 1000, b"x", b"{}" * 255, b"a" * 512])
def test_what_is_no_tar_is_told(data: bytes) -> None:
    shown, problems = paths(data)
    assert shown == []
    assert len(problems) == 1
    assert "no tar" in problems[0] or "cut off" in problems[0]


@pytest.mark.parametrize("checksum", [b"  %o\0", b"%o \0\0", b"%07o\0", b"%08o", b" %o  "])
def test_checksums_are_read_as_old_programs_wrote_them(checksum: bytes) -> None:
    plain = header(b"file")
    total = sum(plain[:148]) + sum(plain[156:]) + 8 * 32
    written = (checksum % total).ljust(8, b"\0")[:8]
    assert only(header(b"file", checksum=written)).path == "file"


def test_checksums_of_signed_bytes_are_taken() -> None:
    name = "ä".encode()
    plain = header(name)
    total = sum(plain[:148]) + sum(plain[156:]) + 8 * 32 - 256 * 2
    assert only(header(name, checksum=b"%06o\0 " % total)).path == "ä"


@pytest.mark.parametrize("checksum", [bytes(8), b" " * 8, b"\x80" + bytes(7), b"9" * 8, b"1_0000\0 "])
def test_a_checksum_that_is_none_fits_nothing(checksum: bytes) -> None:
    entries, _ = read([header(b"file", checksum=checksum) + LAST + END])
    assert entries[0].problems == ("a header with a wrong checksum",)


# The end


def test_an_empty_archive_has_no_problems() -> None:
    assert paths(END) == ([], ())
    assert paths(b"") == ([], ())


def test_an_archive_may_end_without_its_two_blocks_of_zeros() -> None:
    assert paths(LAST) == (["last"], ())
    assert paths(LAST + bytes(512)) == (["last"], ())


def test_what_fills_up_the_last_block_may_be_missing() -> None:
    assert paths(member(b"a", b"1234")[: 512 + 4]) == (["a"], ())
    assert paths(member(b"a", b"1234")[: 512 + 3]) == (["a"], ("cut off: 'a' lacks its last 1 bytes",))


def test_what_follows_the_end_is_counted_where_it_is_not_zeros() -> None:
    shown, problems = paths(LAST + END + bytes(9000) + b"x" + bytes(100) + LAST)
    assert shown == ["last"]
    assert problems == ("10,125 bytes behind its end that are not zeros",)
    assert paths(LAST + END + bytes(200_000)) == (["last"], ())


def test_a_lone_block_of_zeros_is_told_and_the_rest_is_shown() -> None:
    shown, problems = paths(member(b"a") + bytes(512) + LAST + END)
    assert shown == ["a", "last"]
    assert problems == ("a lone block of zeros at byte 512",)


@pytest.mark.parametrize("size", [1, 100, 511, 512 + 511, 512 + 600])
def test_a_tar_that_is_cut_off_in_a_header_says_so(size: int) -> None:
    tar = extended((b"comment", b"x" * 600)) + LAST
    assert paths(tar[:size]) == ([], (f"cut off at byte {size:,}, in the middle of a header",))


@pytest.mark.parametrize("end", [b"", bytes(512), END])
def test_a_header_that_says_more_of_nothing_is_told(end: bytes) -> None:
    told = "a header that says more of a member that does not follow"
    assert paths(LAST + extended((b"path", b"x")) + end) == (["last"], (told,))


def test_nothing_is_told_twice() -> None:
    reader = TarReader()
    reader.feed(b"x" * 100)
    reader.end()
    told = reader.problems
    assert reader.end() == []
    assert reader.problems == told


def test_problems_are_counted_where_there_are_too_many() -> None:
    _, problems = paths((LAST + bytes(512)) * 1000 + LAST + END)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1] == "980 more of this kind"


# Long names and extended headers


@pytest.mark.parametrize("kind", [b"x", b"X"])
def test_an_extended_header_says_more_than_the_header(kind: bytes) -> None:
    entry = only(
        extended(
            (b"path", "lang/ä".encode()),
            (b"uid", b"5000000000"),
            (b"gid", b"-2"),
            (b"uname", "jürgen".encode()),
            (b"gname", b"users"),
            (b"mtime", b"1.25"),
            (b"size", b"3"),
            (b"hdrcharset", b"BINARY"),
            (b"comment", b"x"),
            kind=kind,
        )
        + header(b"short", size=0)
        + body(b"abc")
    )
    assert (entry.path, entry.uid, entry.gid) == ("lang/ä", 5_000_000_000, -2)
    assert (entry.owner, entry.group, entry.mtime, entry.size) == ("jürgen", "users", 1.25, 3)
    assert entry.problems == ()


def test_names_in_a_binary_character_set_keep_their_bytes() -> None:
    entry = only(extended((b"hdrcharset", b"BINARY"), (b"path", b"\xff\xfe")) + member())
    assert entry.path == "\udcff\udcfe"


def test_devices_of_large_numbers_are_read() -> None:
    entry = only(extended((b"SCHILY.devmajor", b"70000"), (b"SCHILY.devminor", b"3")) + header(kind=b"4"))
    assert entry.device == (70_000, 3)


def test_an_extended_header_holds_for_one_member() -> None:
    shown, problems = paths(extended((b"path", b"x"), (b"mtime", b"5")) + member() + LAST + END)
    assert (shown, problems) == (["x", "last"], ())


def test_a_global_header_holds_for_all_until_it_is_taken_back() -> None:
    general = extended((b"uname", b"all"), (b"mtime", b"5"), kind=b"g")
    tar = general + member(b"a") + extended((b"uname", b"own"), (b"mtime", b"")) + member(b"b") + LAST + END
    entries, reader = read([tar])
    assert [(entry.owner, entry.mtime) for entry in entries] == [("all", 5.0), ("own", 0.0), ("all", 5.0)]
    assert not reader.problems


@pytest.mark.parametrize("key", [b"path", b"size", b"linkpath", b"GNU.sparse.map", b"SCHILY.xattr.a"])
def test_a_global_header_gives_no_member_a_name_or_a_size(key: bytes) -> None:
    shown, problems = paths(extended((key, b"9"), kind=b"g") + LAST + END)
    assert shown == ["last"]
    assert problems == ("a global header with a name, a size or attributes, which are left out",)


def test_long_names_of_gnu_go_before_those_of_extended_headers() -> None:
    entry = only(
        extended((b"path", b"pax"), (b"linkpath", b"pax-target"))
        + member(b"././@LongLink", b"n" * 300 + b"\0", kind=b"L")
        + member(b"././@LongLink", b"t" * 300 + b"\0", kind=b"K")
        + header(b"short", b"2", target=b"t")
    )
    assert (entry.path, entry.target) == ("n" * 300, "t" * 300)


def test_prefixes_are_those_of_posix_and_of_old_programs_in_go() -> None:
    assert only(header(b"name", prefix=b"pre/fix")).path == "pre/fix/name"
    assert only(header(b"name", prefix=b"pre/fix", magic=b"ustar  \0")).path == "pre/fix/name"
    times = b"14371146241\x0014371146241\0"
    assert only(header(b"name", prefix=times, magic=b"ustar  \0")).path == "name"
    assert only(header(b"name", prefix=b"pre/fix", magic=bytes(8))).path == "name"


def test_attributes_are_read_in_both_ways_to_write_them() -> None:
    entry = only(
        extended(
            (b"SCHILY.xattr.user.a", b"\0\n=\xff"),
            (b"SCHILY.xattr.user.empty", b""),
            (b"SCHILY.xattr.user.%3D%25", b"1"),
            (b"LIBARCHIVE.xattr.user.a", b"b3RoZXI"),
            (b"LIBARCHIVE.xattr.user.b%20c", b"b3RoZXI"),
        )
        + member()
    )
    assert entry.attributes == {
        "user.a": b"\0\n=\xff",
        "user.empty": b"",
        "user.=%": b"1",
        "user.b c": b"other",
    }
    assert entry.problems == ()


def test_an_attribute_that_is_no_base64_is_told() -> None:
    entry = only(extended((b"LIBARCHIVE.xattr.user.a", b"!")) + member())
    assert (entry.attributes, entry.problems) == ({}, ("an extended attribute that is no Base64",))


@pytest.mark.parametrize(
    "records",
    [
        b"no records at all",
        b"9999999 path=x\n",
        b"0 path=x\n",
        b"5 =x\n",
        b"7 path\n ",
        b"9 path=xy",
        b"-9 path=x\n",
        b"\xb29 path=x\n",
        b"9" * 5000 + b" path=x\n",
    ],
)
def test_records_that_cannot_be_read_are_told_and_those_before_are_taken(records: bytes) -> None:
    entry = only(member(b"pax", record(b"path", b"good") + records, kind=b"x") + member())
    assert entry.path == "good"
    assert entry.problems == ("an extended header that cannot be read to its end",)


def test_more_records_than_are_read_are_told() -> None:
    records = record(b"path", b"good") + b"5 a=\n" * MAX_RECORDS
    entry = only(member(b"pax", records, kind=b"x") + member())
    assert entry.path == "good"
    assert entry.problems == (f"an extended header of more than {MAX_RECORDS:,} records",)


@pytest.mark.parametrize("key", [b"size", b"uid", b"gid"])
@pytest.mark.parametrize("value", [b"1.5", b"0x1", b"9" * 30, b"1_0", b"\xd9\xa3", b"9223372036854775808"])
def test_whole_numbers_that_are_none_are_told(key: bytes, value: bytes) -> None:
    entry = only(extended((key, value)) + member(b"a", b"abc"))
    assert (entry.size, entry.problems) == (3, (f"{key.decode()} is no number that can be",))


def test_a_huge_extended_header_is_read_in_part_and_passed_over() -> None:
    records = record(b"path", b"its-name") + record(b"comment", b"x" * 10_000_000)
    entry = only(member(b"pax", records, kind=b"x") + member())
    assert entry.path == "its-name"
    (problem,) = entry.problems
    assert problem == f"an extended header of {len(records):,} bytes, of which {MAX_EXTENSION:,} are read"


@pytest.mark.parametrize("missing", range(1, 24))
def test_an_extended_header_that_is_read_in_part_may_be_cut_anywhere(missing: int) -> None:
    first = record(b"comment", b"x" * (MAX_EXTENSION - missing - 17))
    records = first + record(b"path", b"not-read" * 100)
    assert len(first) == MAX_EXTENSION - missing
    entry = only(member(b"pax", records, kind=b"x") + member())
    assert entry.path == "file"
    assert entry.problems == (
        f"an extended header of {len(records):,} bytes, of which {MAX_EXTENSION:,} are read",
    )


@pytest.mark.parametrize("kind", [b"x", b"g"])
def test_an_extended_header_whose_size_cannot_be_is_told(kind: bytes) -> None:
    shown, problems = paths(header(b"pax", kind, size=b"\xff" * 12) + LAST + END)
    assert shown == ["last"]
    assert problems == ("an extended header at byte 0 with a size that cannot be",)


def test_an_extended_header_may_be_empty() -> None:
    assert only(header(b"pax", b"x") + member()).problems == ()


def test_a_huge_target_is_cut() -> None:
    target = member(b"././@LongLink", b"t" * 100_000, kind=b"K")
    entry = only(target + header(kind=b"2"))
    assert entry.target == "t" * MAX_PATH
    assert entry.problems == (f"a path cut to {MAX_PATH:,} characters as its target",)


def test_more_attributes_than_are_kept_are_told() -> None:
    entry = only(extended(*((b"SCHILY.xattr.user.%d" % one, b"") for one in range(1_200))) + member())
    assert len(entry.attributes) == 1_000
    assert entry.problems == ("more than 1,000 extended attributes",)


def test_a_huge_long_name_is_cut() -> None:
    entry = only(member(b"././@LongLink", b"n" * 3_000_000, kind=b"L") + member())
    assert entry.path == "n" * MAX_PATH
    assert entry.problems[0] == "an extended header of 3,000,000 bytes, of which 1,048,576 are read"
    assert entry.problems[1] == f"a path cut to {MAX_PATH:,} characters"


def test_long_names_without_end_take_no_memory() -> None:
    piece = member(b"././@LongLink", b"n" * 60_000, kind=b"L") * 10
    reader = TarReader()
    reader.feed(piece)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(100):
            assert reader.feed(piece) == []
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < len(piece)


def test_global_headers_without_end_take_no_memory() -> None:
    reader = TarReader()
    tracemalloc.start()
    try:
        for number in range(2_000):
            records = [(b"SCHILY.xattr.%d-%d" % (number, one), b"x" * 100) for one in range(5)]
            reader.feed(extended(*records, (b"uname", b"%d" % number * 1000), kind=b"g"))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 200_000
    (entry,) = reader.feed(LAST)
    assert len(entry.owner) == 256


def test_a_name_in_each_of_many_headers_takes_no_memory() -> None:
    reader = TarReader()
    tracemalloc.start()
    try:
        for number in range(5_000):
            reader.feed(header(uid=b"%07o\0" % number, device=b"%07o\x000000000\0" % number))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 1_000_000


def test_attributes_of_all_members_have_a_limit() -> None:
    large = extended((b"SCHILY.xattr.user.a", b"x" * 1_000_000)) + member()
    reader = TarReader()
    entries = [entry for _ in range(50) for entry in reader.feed(large)]
    assert sum(len(value) for entry in entries for value in entry.attributes.values()) <= MAX_ATTRIBUTE_BYTES
    assert entries[0].attributes
    assert not entries[-1].attributes
    assert entries[-1].problems == ("extended attributes that are left out: the layer has too many",)


# Sparse files


def sparse_1_0(numbers: bytes, stored: bytes, real: int = 1 << 20) -> bytes:
    records = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"disk"))
    return extended(*records, (b"GNU.sparse.realsize", b"%d" % real)) + member(b"x", body(numbers) + stored)


def old_sparse(pieces: list[tuple[int, int]], stored: bytes, real: int = 1 << 20) -> bytes:
    def fields(some: list[tuple[int, int]]) -> bytes:
        return b"".join(b"%011o\0%011o\0" % piece for piece in some)

    first, rest = pieces[:4], pieces[4:]
    prefix = bytes(41) + fields(first).ljust(96, b"\0") + bytes([bool(rest)]) + b"%011o\0" % real
    tar = header(b"disk", b"S", len(stored), magic=b"ustar  \0", prefix=prefix)
    while rest:
        some, rest = rest[:21], rest[21:]
        tar += (fields(some).ljust(504, b"\0") + bytes([bool(rest)])).ljust(512, b"\0")
    return tar + body(stored)


def expected(pieces: list[tuple[int, int]], stored: bytes, real: int = 1 << 20) -> bytes:
    made = bytearray(real)
    at = 0
    for place, size in pieces:
        made[place : place + size] = stored[at : at + size]
        at += size
    return bytes(made)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 25, 26, 200])
def test_all_ways_to_write_a_sparse_file_say_the_same(count: int) -> None:
    pieces = [(number * 1000 + 512, 100) for number in range(count)]
    stored = bytes(number % 251 for number in range(100 * count))
    numbers = [number for piece in pieces for number in piece]
    listed = b"".join(b"%d\n" % number for number in [count, *numbers])
    each = [
        record_
        for place, size in pieces
        for record_ in ((b"GNU.sparse.offset", b"%d" % place), (b"GNU.sparse.numbytes", b"%d" % size))
    ]
    real = (b"GNU.sparse.size", b"1048576")
    tars = [
        sparse_1_0(listed, stored),
        old_sparse(pieces, stored),
        extended(
            (b"GNU.sparse.name", b"disk"), real, (b"GNU.sparse.map", b",".join(map(b"%d".__mod__, numbers)))
        )
        + member(b"x", stored),
    ]
    if count:
        tars.append(extended((b"path", b"disk"), real, *each) + member(b"x", stored))
    for tar in tars:
        entry = only(tar)
        assert (entry.path, entry.problems, entry.sparse) == ("disk", (), tuple(pieces))
        assert bytes_of(entry, tar) == expected(pieces, stored)


@pytest.mark.parametrize(
    "numbers",
    [
        b"",
        b"x",
        b"\n",
        b"1\n0\n",
        b"1\n0\n-5\n",
        b"1\n0\n2000000\n",
        b"2\n0\n5\n4\n5\n",
        b"2\n9\n5\n0\n5\n",
        b"1\n0\n99999999999999999999\n",
        b"1\n" + b"9" * 600 + b"\n0\n",
        b"99999999\n" + b"0\n0\n" * 1000,
        b"9" * 30 + b"\n",
        b"1\n0\n4000\n",
    ],
)
def test_a_map_that_cannot_be_used_is_told(numbers: bytes) -> None:
    entry = only(sparse_1_0(numbers, b"stored"))
    assert (entry.path, entry.size, entry.sparse, entry.offset) == ("disk", 1 << 20, None, None)
    assert entry.problems[-1] == "a map of its stored pieces that cannot be used"


@pytest.mark.parametrize("value", [b"1", b"0,1,2", b"a,b", b"5,-1", b"9,9,0,1", b"0,9" * 9])
def test_a_map_in_a_header_that_cannot_be_used_is_told(value: bytes) -> None:
    records = ((b"GNU.sparse.map", value), (b"GNU.sparse.size", b"100"))
    entry = only(extended(*records) + member(b"disk", b"123456789"))
    assert (entry.path, entry.sparse, entry.offset) == ("disk", None, None)
    assert entry.problems == ("a map of its stored pieces that cannot be used",)


def test_pieces_that_are_told_out_of_turn_are_none() -> None:
    pieces = ((b"GNU.sparse.numbytes", b"1"), (b"GNU.sparse.offset", b"5"))
    entry = only(extended(*pieces, (b"GNU.sparse.size", b"9")) + member(b"disk", b"123456789"))
    assert (entry.sparse, entry.problems) == (None, ("a map of its stored pieces that cannot be used",))


def test_a_sparse_folder_is_a_folder() -> None:
    records = ((b"GNU.sparse.map", b"0,1"), (b"GNU.sparse.size", b"9"))
    entry = only(extended(*records) + header(b"a/", b"\0", 1))
    assert (entry.kind, entry.size, entry.sparse, entry.problems) == (Kind.DIRECTORY, 0, None, ())


@pytest.mark.parametrize("real", [b"x", b"-1", b"99999999999999999999", b""])
def test_a_sparse_file_without_a_size_cannot_be_read(real: bytes) -> None:
    records = ((b"GNU.sparse.map", b"0,1"), (b"GNU.sparse.size", real))
    entry = only(extended(*records) + member(b"disk", b"1"))
    assert (entry.size, entry.sparse, entry.offset) == (0, None, None)


def test_more_pieces_than_are_kept_are_told() -> None:
    count = MAX_PIECES + 1
    numbers = b"%d\n" % count + b"".join(b"%d\n1\n" % (2 * number) for number in range(count))
    pieces = [(2 * number, 1) for number in range(count)]
    listed = b",".join(b"%d,1" % (2 * number) for number in range(count))
    records = ((b"GNU.sparse.map", listed), (b"GNU.sparse.size", b"1048576"))
    for tar in (
        sparse_1_0(numbers, b"x" * count),
        old_sparse(pieces, b"x" * count),
        extended(*records) + member(b"disk", b"x" * count),
    ):
        entry = only(tar)
        assert (entry.size, entry.sparse, entry.offset) == (1 << 20, None, None)
        assert entry.problems == ("more stored pieces than are read",)


def test_pieces_of_all_files_have_a_limit() -> None:
    count = MAX_PIECES
    numbers = b"%d\n" % count + b"".join(b"%d\n1\n" % (2 * number) for number in range(count))
    entries, _ = read([sparse_1_0(numbers, b"x" * count) * 6])
    assert sum(len(entry.sparse or ()) for entry in entries) <= MAX_PIECES_OF_ALL
    assert entries[0].sparse is not None
    assert entries[-1].sparse is None


def test_maps_without_end_take_no_memory() -> None:
    reader = TarReader()
    further = (b"%011o\0%011o\0" % (1, 0) * 21).ljust(504, b"\0") + b"\1" + bytes(7)
    tracemalloc.start()
    try:
        reader.feed(old_sparse([(0, 0)] * 5, b"")[:512])
        for _ in range(100):
            assert reader.feed(further * 200) == []
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 4_000_000


@pytest.mark.parametrize("kept", [512, 700, 1024, 1500])
def test_a_map_that_is_cut_off_is_told_and_its_file_is_shown(kept: int) -> None:
    tar = old_sparse([(number, 1) for number in range(60)], b"x" * 60)
    entries, reader = read([tar[:kept]])
    assert [entry.path for entry in entries] == ["disk"]
    assert entries[0].problems == ("a map of its stored pieces that cannot be used",)
    assert reader.problems == (f"cut off at byte {kept:,}, in the middle of a header",)


def test_a_sparse_version_that_is_not_known_is_a_file_like_any() -> None:
    records = ((b"GNU.sparse.major", b"2"), (b"GNU.sparse.minor", b"0"))
    entry = only(extended(*records) + member(b"disk", b"abc"))
    assert (entry.size, entry.sparse) == (3, None)
