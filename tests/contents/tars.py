"""What tests of the tar reader stand on: headers made by hand, and bodies read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.contents.tar import TarReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.contents.entries import Entry

END = bytes(1024)
"""Two blocks of zeros."""


def read(pieces: Iterable[bytes | bytearray | memoryview]) -> tuple[list[Entry], TarReader]:
    """Give the entries of a tar that comes in pieces, and its reader."""
    reader = TarReader()
    entries = [entry for piece in pieces for entry in reader.feed(piece)]
    return entries + reader.end(), reader


def header(
    name: bytes = b"file",
    kind: bytes = b"0",
    size: int | bytes = 0,
    *,
    target: bytes = b"",
    mtime: int | bytes = 0,
    mode: bytes = b"0000644\0",
    uid: bytes = b"0000000\0",
    device: bytes = b"0000000\x000000000\0",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    checksum: bytes | None = None,
) -> bytes:
    """Make a header of fields, each of which may be given as the bytes that stand there."""
    size, mtime = (b"%011o\0" % field if isinstance(field, int) else field for field in (size, mtime))
    before = name.ljust(100, b"\0") + mode + uid + b"0000000\0" + size + mtime
    behind = kind + target.ljust(100, b"\0") + magic + bytes(64) + device + prefix
    block = (before + b" " * 8 + behind).ljust(512, b"\0")
    assert len(block) == 512
    checksum = b"%06o\0 " % sum(block) if checksum is None else checksum
    return block[:148] + checksum + block[156:]


def member(name: bytes = b"file", data: bytes = b"", **fields: object) -> bytes:
    """Make a header and its body."""
    return header(name, size=len(data), **fields) + body(data)  # type: ignore[arg-type]  # fields are those of header()


def body(data: bytes) -> bytes:
    """Fill up to whole blocks."""
    return data + bytes(-len(data) % 512)


def extended(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """Make an extended header of records."""
    return member(b"pax", b"".join(record(*one) for one in records), kind=kind)


def record(key: bytes, value: bytes) -> bytes:
    """Make a record of an extended header: its length, a key and a value."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def bytes_of(entry: Entry, tar: bytes) -> bytes:
    """Give the bytes of a file from its entry and the whole tar."""
    assert entry.offset is not None
    if entry.sparse is None:
        return tar[entry.offset : entry.offset + entry.size]
    made = bytearray(entry.size)
    at = entry.offset
    for place, size in entry.sparse:
        made[place : place + size] = tar[at : at + size]
        at += size
    assert len(made) == entry.size
    return bytes(made)
