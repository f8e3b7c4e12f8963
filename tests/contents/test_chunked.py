import hashlib
import random

import pytest

from tests.contents.helpers import CountingSource, gzipped, zstd_of
from tui.contents import Chunk, DamagedContentError, Entry, TooLargeError
from tui.contents.chunked import chunked_cost, chunked_pieces
from tui.contents.packing import Packing

RANDOM = random.Random(5)  # noqa: S311 - it is always the same
PARTS = [RANDOM.randbytes(300_000), b"word " * 50_000, RANDOM.randbytes(100)]
WHOLE = b"".join(PARTS)
PACK = {Packing.GZIP: gzipped, Packing.ZSTD: zstd_of}
both = pytest.mark.parametrize("packing", PACK)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer_of(packing: Packing, *, gap: int = 0) -> tuple[CountingSource, Entry]:
    """Pack each part by itself, behind something else, and tell where they lie."""
    packed = b"x" * 1_000
    chunks = []
    start = 0
    for part in PARTS:
        alone = PACK[packing](part)
        chunks.append(Chunk(len(packed), len(alone), start, len(part), digest_of(part)))
        packed += alone + b"x" * gap
        start += len(part)
    return CountingSource(packed), Entry("file", size=len(WHOLE), chunks=tuple(chunks))


async def read(source: CountingSource, entry: Entry, start: int, end: int, packing: Packing) -> bytes:
    return b"".join([piece async for piece in chunked_pieces(entry, start, end, packing, source.read)])


@both
@pytest.mark.parametrize("gap", [0, 10])
async def test_a_file_is_its_chunks_and_those_that_follow_each_other_are_one_request(
    packing: Packing, gap: int
) -> None:
    source, entry = layer_of(packing, gap=gap)
    assert await read(source, entry, 0, len(WHOLE), packing) == WHOLE
    assert len(source.reads) == (3 if gap else 1)
    assert source.moved == chunked_cost(entry) == sum(chunk.packed for chunk in entry.chunks)


@both
async def test_a_part_of_a_file_needs_its_chunks_alone(packing: Packing) -> None:
    source, entry = layer_of(packing)
    for start, end in ((0, 1), (299_999, 300_001), (550_000, 550_100), (400_000, 400_050)):
        source.reads.clear()
        assert await read(source, entry, start, end, packing) == WHOLE[start:end]
        assert len(source.reads) == 1
    assert source.reads == [(entry.chunks[1].at, entry.chunks[1].packed)]


@both
async def test_what_has_another_digest_is_not_given(packing: Packing) -> None:
    source, entry = layer_of(packing)
    first, second, third = entry.chunks
    wrong = Chunk(second.at, second.packed, second.start, second.size, digest_of(b"other"))
    entry = Entry("file", size=len(WHOLE), chunks=(first, wrong, third))
    assert await read(source, entry, 0, 300_000, packing) == PARTS[0]
    with pytest.raises(DamagedContentError, match="'file' has another digest"):
        await read(source, entry, 300_000, 300_001, packing)


@both
async def test_several_files_can_lie_in_one_stream(packing: Packing) -> None:
    packed = PACK[packing](WHOLE)
    chunk = Chunk(5, len(packed), 0, 250_000, digest_of(PARTS[1]), skip=300_000)
    source = CountingSource(b"xxxxx" + packed)
    assert await read(source, Entry("a", size=250_000, chunks=(chunk,)), 0, 250_000, packing) == PARTS[1]


async def test_a_chunk_without_packed_bytes_is_zeros() -> None:
    source, entry = layer_of(Packing.ZSTD)
    first, second, _ = entry.chunks
    hole = Chunk(0, 0, 300_000, 1_000_000)
    after = Chunk(second.at, second.packed, 1_300_000, second.size, second.digest)
    entry = Entry("file", size=1_550_000, chunks=(first, hole, after))
    expected = PARTS[0] + bytes(1_000_000) + PARTS[1]
    assert await read(source, entry, 0, 1_550_000, Packing.ZSTD) == expected
    source.reads.clear()
    assert await read(source, entry, 400_000, 400_010, Packing.ZSTD) == bytes(10)
    assert source.reads == []


@both
async def test_chunks_that_are_not_what_the_table_says_are_damage(packing: Packing) -> None:
    source, entry = layer_of(packing)
    first, second, third = entry.chunks
    missing = Entry("file", size=len(WHOLE), chunks=(first, third))
    with pytest.raises(DamagedContentError, match="does not have all parts of 'file'"):
        await read(source, missing, 0, len(WHOLE), packing)
    longer = Chunk(first.at, first.packed, 0, 400_000)
    with pytest.raises(DamagedContentError, match="shorter than"):
        await read(source, Entry("file", size=400_000, chunks=(longer,)), 0, 400_000, packing)
    elsewhere = Chunk(second.at + 1, second.packed, 0, second.size)
    with pytest.raises(DamagedContentError):
        await read(source, Entry("file", size=second.size, chunks=(elsewhere,)), 0, second.size, packing)
    large = Chunk(0, 1 << 40, 0, 10)
    with pytest.raises(TooLargeError):
        await read(source, Entry("file", size=10, chunks=(large,)), 0, 10, packing)
