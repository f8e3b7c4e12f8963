"""Layers with tables of contents are listed from these, and files read by their parts."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.contents.helpers import CountingSource, gzipped, tar_of, zstd_of
from tests.contents.tocs import (
    CHUNKED,
    TIME,
    TOC_DIGEST,
    Made,
    base64_of,
    chunked_of,
    estargz_of,
    index_of,
    names_in,
    noise,
    packed_files,
    sample,
    sha256,
    tar_in,
)
from tui.contents.entries import Chunk, Entry, Kind
from tui.contents.errors import DamagedContentError
from tui.contents.toc import Toc, chunks_cost, find_toc, read_chunks
from tui.contents.toc.finding import NOT_COVERED

FILES = {
    "etc/passwd": b"root:x:0:0:\n" * 9,
    "usr/bin/tool": noise(5_300),
    "empty": b"",
    "last": b"the end\n",
}
BOTH = pytest.mark.parametrize("zstd", [False, True], ids=["eStargz", "zstd:chunked"])


async def found(made: Made, annotations: dict[str, str] | None = None) -> tuple[Toc, CountingSource]:
    source = CountingSource(made.data)
    toc = await find_toc(source, made.annotations if annotations is None else annotations)
    assert toc is not None
    assert toc.moved == source.moved
    assert not source.pumps
    return toc, source


async def one(made: Made) -> Entry:
    toc, _ = await found(made)
    (entry,) = toc.entries
    return entry


async def bytes_in(source: CountingSource, entry: Entry, start: int = 0, size: int | None = None) -> bytes:
    return b"".join([piece async for piece in read_chunks(source, entry, start, size)])


@BOTH
async def test_every_file_is_listed_and_read_by_its_parts(*, zstd: bool) -> None:
    made = sample(zstd=zstd, files=FILES)
    toc, source = await found(made)
    assert toc.format == ("zstd:chunked" if zstd else "eStargz")
    assert toc.digest_checked
    assert not toc.problems
    assert [entry.path for entry in toc.entries] == list(FILES)
    for entry in toc.entries:
        before = source.moved
        assert not entry.problems
        assert await bytes_in(source, entry) == FILES[entry.path]
        assert source.moved - before <= chunks_cost(entry)


def test_the_layers_of_these_tests_are_what_any_program_reads() -> None:
    body, _ = packed_files(FILES, chunk=1_000)
    assert names_in(tar_in(Made(body))) == list(FILES)


@BOTH
async def test_any_part_of_a_file_is_read_alone(*, zstd: bool) -> None:
    toc, source = await found(sample(zstd=zstd, files=FILES))
    entry, data = toc.entries[1], FILES["usr/bin/tool"]
    for start in (0, 1, 999, 1_000, 4_999, 5_299, 5_300, 6_000):
        for size in (0, 1, 1_001, 9_000):
            assert await bytes_in(source, entry, start, size) == data[start : start + size]


@BOTH
async def test_parts_side_by_side_come_by_one_request(*, zstd: bool) -> None:
    toc, source = await found(sample(zstd=zstd, files=FILES))
    before = len(source.reads)
    await bytes_in(source, toc.entries[1])
    assert len(toc.entries[1].chunks) == 6
    assert len(source.reads) == before + 1


async def test_one_request_lists_a_zstd_chunked_layer_whose_annotations_say_where_its_table_is() -> None:
    _, source = await found(sample(zstd=True, files=FILES))
    assert len(source.reads) == 1


@BOTH
async def test_a_table_without_a_digest_is_used_and_marked(*, zstd: bool) -> None:
    toc, source = await found(sample(zstd=zstd, files=FILES), {})
    assert len(source.reads) == 2
    assert not toc.digest_checked
    assert toc.problems == (NOT_COVERED,)
    assert len(toc.entries) == len(FILES)


async def test_a_hundredth_of_an_estargz_layer_that_annotations_announce_lists_it_by_one_request() -> None:
    made = sample(zstd=False, files={"big": noise(300_000)}, chunk=300_000)
    toc, source = await found(made)
    assert source.reads == [(len(made.data) - len(made.data) // 100, len(made.data) // 100)]
    assert toc.moved < len(made.data) / 50


async def test_no_byte_is_read_twice_where_the_table_is_larger_than_what_came_with_the_footer() -> None:
    made = sample(zstd=False, files=FILES)
    toc, source = await found(made)
    (at, _), (before, size) = source.reads
    assert before + size == at
    assert toc.moved == len(made.data) - before


@pytest.mark.parametrize("key", [TOC_DIGEST, f"{CHUNKED}.manifest-checksum"])
@pytest.mark.parametrize("digest", [sha256(b"another one"), "sha256:zz", "md5:0", "x" * 5_000])
async def test_a_table_with_another_digest_is_an_error(key: str, digest: str) -> None:
    made = sample(zstd=key != TOC_DIGEST, files=FILES)
    with pytest.raises(DamagedContentError, match="digest"):
        await found(made, made.annotations | {key: digest})


@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytes(72), gzipped(tar_of(FILES)), zstd_of(tar_of(FILES)), tar_of(FILES)],
    ids=["nothing", "a byte", "zeros", "gzip", "zstd", "tar"],
)
@pytest.mark.parametrize("annotations", [{}, {TOC_DIGEST: sha256(b"")}])
async def test_a_layer_without_a_table_has_none(data: bytes, annotations: dict[str, str]) -> None:
    source = CountingSource(data)
    assert await find_toc(source, annotations) is None
    assert source.moved <= max(72, len(data) // 100)


@BOTH
async def test_a_source_without_ranges_has_no_table(*, zstd: bool) -> None:
    made = sample(zstd=zstd, files=FILES)
    assert await find_toc(CountingSource(made.data, ranges=False), made.annotations) is None


async def test_the_older_footer_of_stargz_is_read() -> None:
    body, entries = packed_files(FILES, chunk=1_000)
    toc, _ = await found(estargz_of(body, index_of(entries), legacy=True))
    assert [entry.path for entry in toc.entries] == list(FILES)


async def test_the_shorter_footer_of_containerd_is_read() -> None:
    body, entries = packed_files(FILES, chunk=1_000, zstd=True)
    made = chunked_of(body, index_of(entries), magic=b"GnUlInUx", footer=40)
    toc, _ = await found(made, {TOC_DIGEST: sha256(index_of(entries))})
    assert toc.digest_checked
    assert toc.format == "zstd:chunked"


async def test_annotations_of_containerd_name_the_table_too() -> None:
    made = sample(zstd=True, files=FILES)
    other = {key.replace(".github", ""): value for key, value in made.annotations.items()}
    toc, source = await found(made, other)
    assert toc.digest_checked
    assert len(source.reads) == 1


async def test_the_size_of_the_unpacked_layer_is_what_its_annotation_says() -> None:
    made = sample(zstd=False, files=FILES)
    for text, expected in (("12345", 12345), ("²", None), ("-1", None), ("9" * 5_000, None), ("", None)):
        toc, _ = await found(made, made.annotations | {"io.containers.estargz.uncompressed-size": text})
        assert toc.unpacked == expected


@BOTH
async def test_all_that_the_table_says_of_an_entry_is_kept(*, zstd: bool) -> None:
    entries = [
        {"type": "dir", "name": "./usr/", "mode": 0o41755, "uid": 1, "gid": 2, "modtime": TIME},
        {"type": "symlink", "name": "a", "linkName": "../b/./c", "mode": 0o777, "uid": 7, "userName": "me"},
        {"type": "hardlink", "name": "b", "linkName": "./usr//c", "uid": 7, "gid": 8, "groupName": "us"},
        {"type": "char", "name": "null", "devMajor": 1, "devMinor": 3, "gid": 8, "ModTime": TIME},
        {"type": "block", "name": "disk", "devMajor": 8, "devMinor": 0, "modtime": "0001-01-01T00:00:00Z"},
        {"type": "fifo", "name": "pipe", "xattrs": {"user.a": base64_of(b"\0b")}},
        {"type": "reg", "name": "set", "mode": 0o104755, "digest": sha256(b"")},
    ]
    toc, _ = await found((chunked_of if zstd else estargz_of)(gzipped(b"1"), index_of(entries)))
    assert list(toc.entries) == [
        Entry("usr", Kind.DIRECTORY, mode=0o1755, uid=1, gid=2, mtime=1_700_000_000.0),
        Entry("a", Kind.SYMLINK, mode=0o777, uid=7, owner="me", target="../b/./c"),
        Entry("b", Kind.HARDLINK, uid=7, gid=8, owner="me", group="us", target="usr/c"),
        Entry("null", Kind.CHARACTER, gid=8, group="us", mtime=1_700_000_000.0, device=(1, 3)),
        Entry("disk", Kind.BLOCK, device=(8, 0)),
        Entry("pipe", Kind.FIFO, attributes={"user.a": b"\0b"}),
        Entry("set", mode=0o4755, digest=sha256(b"")),
    ]


async def test_what_estargz_adds_for_itself_is_no_file_of_the_layer() -> None:
    names = [".prefetch.landmark", "stargz.index.json", "etc/.prefetch.landmark", ".no.prefetch.landmark"]
    body, entries = packed_files(dict.fromkeys(names, b"\x0f"), chunk=9)
    toc, _ = await found(estargz_of(body, index_of(entries)))
    assert [entry.path for entry in toc.entries] == ["etc/.prefetch.landmark"]


async def test_files_that_share_a_gzip_member_are_cut_out_of_it() -> None:
    lead = gzipped(bytes(512))
    body = lead + gzipped(b"onetwo" + bytes(500) + b"three")
    shared = {"type": "reg", "offset": len(lead)}
    entries = [
        shared | {"name": "1", "size": 3, "digest": sha256(b"one")},
        shared | {"name": "2", "size": 3, "digest": sha256(b"two"), "innerOffset": 3},
        shared | {"name": "3", "size": 5, "innerOffset": 506},
    ]
    toc, source = await found(estargz_of(body, index_of(entries)))
    assert [await bytes_in(source, entry) for entry in toc.entries] == [b"one", b"two", b"three"]
    assert [entry.chunks[0].skip for entry in toc.entries] == [0, 3, 506]


async def test_parts_that_are_zeros_are_given_without_a_request() -> None:
    lead = zstd_of(bytes(512))
    entries = [
        {"type": "reg", "name": "disk", "size": 900_000, "chunkSize": 800_000, "chunkType": "zeros"},
        {"type": "chunk", "name": "disk", "chunkOffset": 800_000, "chunkSize": 100_000},
    ]
    data = noise(100_000)
    entries[0] |= {"offset": len(lead), "endOffset": len(lead) + len(zstd_of(data))}
    entries[1] |= {"offset": len(lead), "chunkDigest": sha256(data)}
    toc, source = await found(chunked_of(lead + zstd_of(data), index_of(entries)))
    before = len(source.reads)
    assert await bytes_in(source, toc.entries[0], 0, 800_000) == bytes(800_000)
    assert len(source.reads) == before
    assert await bytes_in(source, toc.entries[0]) == bytes(800_000) + data


@BOTH
async def test_nothing_is_given_of_a_part_that_has_another_digest(*, zstd: bool) -> None:
    made = sample(zstd=zstd, files=FILES)
    toc, _ = await found(made)
    entry = toc.entries[1]
    place = entry.chunks[3].at + entry.chunks[3].packed // 2
    changed = bytearray(made.data)
    changed[place] ^= 0x10
    came: list[bytes] = []

    async def read() -> None:
        async for piece in read_chunks(CountingSource(bytes(changed)), entry):
            came.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(DamagedContentError, match="usr/bin/tool"):
        await read()
    assert b"".join(came) == FILES["usr/bin/tool"][:3_000]


async def test_a_part_without_a_digest_is_checked_by_the_checksum_of_its_packing() -> None:
    lead, packed = gzipped(bytes(512)), bytearray(gzipped(b"some words"))
    entry = {"type": "reg", "name": "a", "size": 10, "offset": len(lead)}
    packed[-8] ^= 1
    made = estargz_of(lead + bytes(packed), index_of([entry]))
    toc, source = await found(made)
    assert toc.problems == ("The table of contents has no digest for parts of 1 files.",)
    with pytest.raises(DamagedContentError, match="checksum"):
        await bytes_in(source, toc.entries[0])


async def test_a_large_part_is_given_as_it_comes_and_checked_at_its_end() -> None:
    size = 33 << 20
    packed = gzipped(bytes(size), 1)
    for digest in (sha256(bytes(size)), sha256(b"")):
        entry = Entry("a", size=size, chunks=(Chunk(0, len(packed), 0, size, digest),))
        came = 0
        problem = ""
        try:
            async for piece in read_chunks(CountingSource(packed), entry):
                came += len(piece)
        except DamagedContentError as error:
            problem = str(error)
        assert came == size
        assert bool(problem) == (digest == sha256(b""))


async def test_reading_a_file_keeps_little_of_it_in_memory() -> None:
    parts = [gzipped(bytes(4 << 20), 1)] * 30
    digest = sha256(bytes(4 << 20))
    chunks = []
    at = 0
    for number, part in enumerate(parts):
        chunks.append(Chunk(at, len(part), number << 22, 4 << 20, digest))
        at += len(part)
    entry = Entry("a", size=len(parts) << 22, chunks=tuple(chunks))
    source = CountingSource(b"".join(parts))
    tracemalloc.start()
    try:
        came = sum([len(piece) async for piece in read_chunks(source, entry)])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert came == entry.size
    assert peak < 20 << 20


async def test_a_member_is_fetched_no_further_than_its_part_can_reach() -> None:
    lead = gzipped(bytes(512))
    body = lead + gzipped(b"little" + noise(400_000))
    entry = {"type": "reg", "name": "a", "size": 6, "offset": len(lead), "digest": sha256(b"little")}
    toc, source = await found(estargz_of(body, index_of([entry])))
    before = source.moved
    assert await bytes_in(source, toc.entries[0]) == b"little"
    assert source.moved - before < 5_000


async def test_the_bytes_that_reading_moves_are_told() -> None:
    toc, source = await found(sample(zstd=False, files=FILES))
    told: list[int] = []
    before = source.moved
    async for _ in read_chunks(source, toc.entries[1], told=told.append):
        pass
    assert sum(told) == source.moved - before
