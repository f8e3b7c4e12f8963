"""Layers with tables of contents: what is read of them can be, and nothing is asked for outside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.contents.helpers import CountingSource
from tests.contents.tocs import chunked_of, estargz_of, index_of, packed_files
from tests.fuzz.oracle import loop
from tui.contents.entries import Kind
from tui.contents.errors import DamagedContentError, TooLargeError
from tui.contents.paths import has_controls
from tui.contents.toc import find_toc, read_chunks

if TYPE_CHECKING:
    from tui.contents.entries import Entry

__all__ = ["SEEDS", "WORDS", "run"]

MOST_READ: Final = 1 << 20
"""Bytes that are looked at of what files give."""
_FILES: Final = {"etc/passwd": b"root:x:0:0:\n" * 3, "./b//c": b"some words " * 40, "empty": b""}
_GZIP, _OF_GZIP = packed_files(_FILES, chunk=200)
_ZSTD, _OF_ZSTD = packed_files(_FILES, chunk=200, zstd=True)

SEEDS: Final = (
    estargz_of(_GZIP, index_of(_OF_GZIP)).data,
    estargz_of(_GZIP, index_of(_OF_GZIP), legacy=True).data,
    chunked_of(_ZSTD, index_of(_OF_ZSTD)).data,
)
WORDS: Final = (
    b"STARGZ",
    b"GNUlInUx",
    b"stargz.index.json",
    b'"offset": 5,',
    b'"chunkOffset":',
    b'"innerOffset": 9,',
    b'"endOffset": -1,',
    b'"chunkType": "zeros",',
    b'"type": "chunk"},',
    b"sha256:",
    b"99999999999999999999",
)


def run(data: bytes) -> bool:
    """Read an input as a layer, list it, read its files, and tell whether it has a table that can be read."""
    return loop().run(_run(data))


async def _run(data: bytes) -> bool:
    source = CountingSource(data)
    try:
        toc = await find_toc(source, {})
    except (DamagedContentError, TooLargeError) as error:
        message = str(error)
        assert message.isprintable(), ascii(message)
        return False
    if toc is None:
        return False
    assert toc.moved == source.moved <= 2 * len(data)
    for problem in toc.problems:
        assert problem.isprintable(), ascii(problem)
    for entry in toc.entries:
        _look_at(entry, len(data))
        await _read(source, entry)
    return True


def _look_at(entry: Entry, end: int) -> None:
    parts = entry.path.split("/")
    assert entry.path == "" or not {"", "."} & set(parts)
    if ".." in parts or has_controls(entry.path):
        assert entry.problems
    entry.path.encode("utf-8", "surrogateescape")
    assert 0 <= entry.size < 2**63
    came = 0
    for chunk in entry.chunks:
        assert chunk.start == came
        assert 0 <= chunk.at <= chunk.at + chunk.packed <= end or not chunk.packed
        came += chunk.size
    assert came == (entry.size if entry.chunks else 0)
    assert entry.chunks or not entry.size or entry.problems
    assert entry.kind is Kind.FILE or not entry.chunks
    for problem in entry.problems:
        assert problem.isprintable(), ascii(problem)
    assert hash(entry) is not None


async def _read(source: CountingSource, entry: Entry) -> None:
    came = 0
    pieces = read_chunks(source, entry)
    try:
        async for piece in pieces:
            assert piece
            came += len(piece)
            if came > MOST_READ:
                return
        assert came == entry.size or not entry.chunks
    except DamagedContentError as error:
        message = str(error)
        assert message.isprintable(), ascii(message)
    finally:
        await pieces.aclose()
