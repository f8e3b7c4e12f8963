"""Tars whose every byte may be another, with checksums that fit or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.contents.tars import body, extended, header, member, read
from tui.contents.paths import has_controls

if TYPE_CHECKING:
    from tui.contents.entries import Entry

_REPAIRED: Final = 1
"""The bit of the first byte that says whether checksums are made to fit."""

_LONGEST_PROBLEM: Final = 1_000
"""Characters of a problem: it may quote a path of 80, each of which is shown as up to ten."""
_MOST_PROBLEMS: Final = 20


def run(data: bytes) -> None:
    """Read an input as a tar, in one piece and in many, and look at every entry."""
    first, tar = data[:1], data[1:]
    how = first[0] if first else 0
    if how & _REPAIRED:
        tar = repaired(tar)
    entries, reader = read([tar])
    step = 97 + 61 * (how >> 1)
    by_pieces, second = read(tar[at : at + step] for at in range(0, len(tar), step))
    assert by_pieces == entries
    assert second.problems == reader.problems
    assert second.ended == reader.ended
    assert second.position == reader.position == len(tar)
    assert len(entries) <= len(tar) // 512
    for problem in reader.problems:
        assert problem.isprintable(), ascii(problem)
        assert len(problem) <= _LONGEST_PROBLEM, problem
    for entry in entries:
        _look_at(entry, len(tar))


def _look_at(entry: Entry, end: int) -> None:
    parts = entry.path.split("/")
    assert entry.path == "" or not {"", "."} & set(parts)
    if ".." in parts or has_controls(entry.path):
        assert entry.problems
    assert 0 <= entry.size < 2**63
    assert 0 <= entry.mode <= 0o7777
    assert entry.mtime is None or abs(entry.mtime) < 2**38
    assert entry.offset is None or entry.offset <= end
    if entry.sparse is not None:
        places = [place for piece in entry.sparse for place in (piece[0], sum(piece))]
        assert places == sorted(places)
        assert not places or places[-1] <= entry.size
    assert len(entry.problems) <= _MOST_PROBLEMS
    for problem in entry.problems:
        assert problem.isprintable(), ascii(problem)
        assert len(problem) <= _LONGEST_PROBLEM, problem
    assert hash(entry) is not None


def repaired(tar: bytes) -> bytes:
    """Make the checksum of every block fit that is marked as a header."""
    made = bytearray(tar)
    for at in range(0, len(made) - 511, 512):
        block = made[at : at + 512]
        if block[257:262] == b"ustar":
            made[at + 148 : at + 156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32)
    return bytes(made)


def _tar(*parts: bytes) -> bytes:
    return bytes([_REPAIRED]) + b"".join(parts) + bytes(1024)


_VERSION: Final = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"))
_REAL: Final = ((b"GNU.sparse.name", b"disk"), (b"GNU.sparse.realsize", b"9000"))
_OLD_MAP: Final = bytes(41) + b"%011o\0%011o\0" % (512, 5) * 4 + b"\1" + b"%011o\0" % 9000

SEEDS: Final = (
    _tar(header(b"./", b"5"), member(b"./etc//passwd", b"root"), header(b"a", b"2", target=b"../b")),
    _tar(header(b"a", b"1", target=b"etc/passwd"), header(b"null", b"3"), header(b"pipe", b"6")),
    _tar(extended((b"path", b"a" * 200), (b"mtime", b"1.5"), (b"SCHILY.xattr.user.a", b"1")), member()),
    _tar(extended((b"uname", b"all"), kind=b"g"), member(b"x", b"y" * 600), bytes(512), member(b"z")),
    _tar(
        member(b"././@LongLink", b"n" * 300, kind=b"L"),
        member(b"././@LongLink", b"t" * 300, kind=b"K"),
        header(b"n", b"2", magic=b"ustar  \0"),
    ),
    _tar(extended(*_VERSION, *_REAL), member(b"x", body(b"2\n0\n3\n512\n2\n") + b"12345"), member()),
    _tar(
        extended((b"GNU.sparse.offset", b"5"), (b"GNU.sparse.numbytes", b"3"), (b"GNU.sparse.size", b"9")),
        member(b"x", b"123"),
    ),
    _tar(extended((b"GNU.sparse.map", b"0,1,5,2"), (b"GNU.sparse.size", b"9")), member(b"x", b"123")),
    _tar(header(b"disk", b"S", 5, magic=b"ustar  \0", prefix=_OLD_MAP), bytes(512), body(b"12345")),
    _tar(header(b"big", size=b"\x80" + b"\xff" * 11), b"text " * 300, bytes(36), member()),
)

WORDS: Final = (
    b"ustar\x0000",
    b"ustar  \0",
    b"\x80" + b"\xff" * 11,
    b"\xff" * 12,
    b"77777777777",
    b"00000001000\0",
    b"15 path=../x/\0\n",
    b"11 size=99\n",
    b"13 mtime=1e9\n",
    b"24 GNU.sparse.map=0,1,\n",
    b"SCHILY.xattr.",
    b"LIBARCHIVE.xattr.",
    b"SCHILY.devmajor=",
    b"../",
    b"/",
    b"./",
    b"\x1b[2J",
    b"\xff",
    bytes(512),
    *(kind.encode() for kind in "01234567LKSxgXDMV"),
)
