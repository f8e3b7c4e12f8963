import asyncio
import random
import threading
from pathlib import Path

import pytest

from tests.contents.helpers import CountingSource, gzipped, make_tar, member, tar_of, zstd_of
from tui.contents import (
    Entry,
    FileSource,
    Kind,
    Layer,
    NotInLayerError,
    TooLargeError,
    UnreadableLayerError,
    open_layer,
)

FILES = {
    "etc/": b"",
    "etc/hostname": b"box\n",
    "usr/bin/tool": random.Random(1).randbytes(30_000),  # noqa: S311 - it is always the same
    "usr/share/words": b"word " * 10_000,
    "empty": b"",
}
PACKINGS = {"tar": lambda data: data, "gzip": gzipped, "zstd": zstd_of}
packings = pytest.mark.parametrize("packing", PACKINGS)


async def collect(layer: Layer, entries: list[Entry]) -> None:
    async for entry in layer:
        entries.append(entry)  # noqa: PERF401 - those that came are there when the rest fails


async def listed(layer: Layer) -> list[Entry]:
    return [entry async for entry in layer]


def entry_at(layer: Layer, path: str) -> Entry:
    return [entry for entry in layer.entries if entry.path == path][-1]


@packings
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("piece", [100, 64 * 1024])
async def test_entries_and_files_are_those_of_the_tar(packing: str, piece: int, *, ranges: bool) -> None:
    source = CountingSource(PACKINGS[packing](tar_of(FILES)), ranges=ranges, piece=piece)
    layer = open_layer(source)
    entries = await listed(layer)
    assert [entry.path for entry in entries] == [path.rstrip("/") for path in FILES]
    assert (layer.format, layer.complete, layer.problems) == (packing, True, ())
    assert layer.progress == layer.fetched == source.size
    assert layer.unpacked == len(tar_of(FILES))
    for path, data in FILES.items():
        if not path.endswith("/"):
            assert await layer.read(entry_at(layer, path)) == data
    assert layer.fetched == source.moved


@packings
async def test_a_part_of_a_file_is_read_alone(packing: str) -> None:
    layer = open_layer(CountingSource(PACKINGS[packing](tar_of(FILES))))
    await listed(layer)
    tool = entry_at(layer, "usr/bin/tool")
    assert await layer.read(tool, 1_000, 50) == FILES["usr/bin/tool"][1_000:1_050]
    assert await layer.read(tool, 29_990) == FILES["usr/bin/tool"][-10:]
    assert await layer.read(tool, 29_990, 100) == FILES["usr/bin/tool"][-10:]
    assert await layer.read(tool, 30_000, 100) == b""
    assert await layer.read(tool, 40_000) == b""
    assert b"".join([piece async for piece in layer.chunks(tool, 7)]) == FILES["usr/bin/tool"][7:]


@packings
async def test_a_file_is_read_by_who_has_its_entry_from_an_earlier_listing(packing: str) -> None:
    source = CountingSource(PACKINGS[packing](tar_of(FILES)))
    first = open_layer(source)
    await listed(first)
    assert await open_layer(source).read(entry_at(first, "etc/hostname")) == b"box\n"


async def test_a_complete_listing_is_kept() -> None:
    source = CountingSource(gzipped(tar_of(FILES)))
    layer = open_layer(source)
    first = await listed(layer)
    assert await listed(layer) == first == list(layer.entries)
    assert source.pumps == 1


async def test_leaving_ends_the_transfer_and_listing_again_begins_again() -> None:
    source = CountingSource(tar_of(FILES), piece=512)
    layer = open_layer(source)
    go_on = threading.Event()
    source.hold = lambda at: at and go_on.wait()
    batches = layer.batches()
    assert [entry.path for entry in await anext(batches)] == ["etc"]
    closing = asyncio.create_task(batches.aclose())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert (source.ended_pumps, source.finished_pumps, layer.complete) == (1, 0, False)
    assert source.pumped <= 1_024
    assert len(await listed(layer)) == len(FILES)
    assert (source.finished_pumps, layer.progress, layer.complete) == (1, source.size, True)


async def test_a_listing_that_nobody_takes_holds_the_transfer_back() -> None:
    source = CountingSource(tar_of({f"file-{number}": b"" for number in range(20_000)}), piece=512)
    layer = open_layer(source)
    batches = layer.batches()
    first = await anext(batches)
    passed = asyncio.Event()
    loop = asyncio.get_running_loop()
    reached = 512 * 4_500
    source.hold = lambda at: at >= reached and loop.call_soon_threadsafe(passed.set)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(passed.wait(), 0.2)
    rest = [entry async for batch in batches for entry in batch]
    assert len(first) + len(rest) == 20_000


async def test_what_the_source_raises_comes_after_the_entries_that_came() -> None:
    packed = gzipped(tar_of(FILES))
    source = CountingSource(packed, broken_at=len(packed) // 2, error=ConnectionError("gone"))
    layer = open_layer(source)
    entries: list[Entry] = []
    with pytest.raises(ConnectionError, match="gone"):
        await collect(layer, entries)
    assert [entry.path for entry in entries] == ["etc", "etc/hostname", "usr/bin/tool"]
    assert not layer.complete
    source.broken_at = None
    assert len(await listed(layer)) == len(FILES)


async def test_an_empty_layer_has_no_entries() -> None:
    layer = open_layer(CountingSource(b""))
    assert await listed(layer) == []
    assert (layer.complete, layer.problems) == (True, ())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\xfd7zXZ\0" + bytes(600), "xz"),
        (b"BZh91AY&SY" + bytes(600), "bzip2"),
        (b"{}" * 400, "neither a tar nor packed"),
        (b"short", "neither a tar nor packed"),
    ],
)
async def test_a_packing_that_is_not_known_is_named(data: bytes, name: str) -> None:
    with pytest.raises(UnreadableLayerError, match=name):
        await listed(open_layer(CountingSource(data)))


async def test_a_hard_link_is_read_as_what_it_links_to_before_it() -> None:
    data = make_tar(
        [
            (member("a"), b"old"),
            (member("a"), b"new"),
            (member("b", type=b"1", linkname="./a"), b""),
            (member("c", type=b"1", linkname="b"), b""),
            (member("a"), b"later"),
            (member("d", type=b"1", linkname="d"), b""),
            (member("e", type=b"2", linkname="a"), b""),
            (member("f", type=b"5"), b""),
        ]
    )
    layer = open_layer(CountingSource(data))
    await listed(layer)
    assert await layer.read(entry_at(layer, "b")) == b"new"
    assert await layer.read(entry_at(layer, "c")) == b"new"
    assert layer.cost(entry_at(layer, "c")) == 3
    with pytest.raises(NotInLayerError, match="'d' links to 'd', which this layer does not hold"):
        await layer.read(entry_at(layer, "d"))
    with pytest.raises(NotInLayerError, match="'e' is a symbolic link to 'a'"):
        await layer.read(entry_at(layer, "e"))
    with pytest.raises(NotInLayerError, match="'f' is a directory"):
        await layer.read(entry_at(layer, "f"))
    assert layer.cost(entry_at(layer, "e")) == 0


async def test_equal_hard_links_stand_for_what_was_there_before_each() -> None:
    link = (member("b", type=b"1", linkname="a"), b"")
    layer = open_layer(CountingSource(make_tar([(member("a"), b"old"), link, (member("a"), b"new"), link])))
    _, old, _, new = await listed(layer)
    assert old == new
    assert (await layer.read(old), await layer.read(new)) == (b"old", b"new")


async def test_holes_of_a_sparse_file_are_zeros() -> None:
    stored = bytes(range(1, 251))
    data = tar_of({"before": b"x" * 900, "sparse": stored, "after": b"y"})
    layer = open_layer(CountingSource(data))
    await listed(layer)
    whole = entry_at(layer, "sparse")
    sparse = Entry(
        "sparse",
        size=1_000_000,
        offset=whole.offset,
        sparse=((100, 50), (700_000, 200), (1_000_000, 0)),
    )
    expected = bytearray(1_000_000)
    expected[100:150] = stored[:50]
    expected[700_000:700_200] = stored[50:]
    assert await layer.read(sparse) == expected
    for start, size in ((0, 120), (120, 10), (149, 2), (150, 699_900), (700_100, 400_000), (999_999, 1)):
        assert await layer.read(sparse, start, size) == expected[start : start + size]


async def test_a_file_of_holes_alone_moves_nothing_and_comes_in_pieces() -> None:
    source = CountingSource(tar_of({"a": b""}))
    layer = open_layer(source)
    await listed(layer)
    hole = Entry("hole", size=1 << 50, offset=512, sparse=())
    pieces = layer.chunks(hole)
    assert not any(await anext(pieces))
    assert len(await anext(pieces)) <= 1 << 20
    await pieces.aclose()
    assert source.moved == source.size
    with pytest.raises(TooLargeError):
        await layer.read(hole)


async def test_a_plain_tar_gives_a_file_by_one_range() -> None:
    source = CountingSource(tar_of(FILES))
    layer = open_layer(source)
    await listed(layer)
    hostname = entry_at(layer, "etc/hostname")
    assert layer.cost(hostname) == 4
    assert await layer.read(hostname) == b"box\n"
    assert (source.pumps, source.reads) == (1, [(hostname.offset, 4)])


async def test_without_ranges_a_file_ends_the_transfer_as_soon_as_it_is_there() -> None:
    source = CountingSource(tar_of(FILES), ranges=False, piece=2_048)
    layer = open_layer(source)
    await listed(layer)
    moved = source.moved
    assert await layer.read(entry_at(layer, "etc/hostname")) == b"box\n"
    assert source.moved - moved <= 4_096
    assert source.ended_pumps == 1
    assert await layer.read(entry_at(layer, "etc/hostname")) == b"box\n"
    assert source.refused == 1


async def test_the_example_of_the_package_lists_and_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "layer.tar.gz"
    path.write_bytes(gzipped(tar_of({"etc/hostname": b"box\n"})))
    layer = open_layer(FileSource(path))
    async for entry in layer:
        assert (entry.path, entry.size, entry.kind) == ("etc/hostname", 4, Kind.FILE)
    assert await layer.read(layer.entries[0]) == b"box\n"


async def test_after_the_first_file_of_a_large_gzip_layer_each_other_one_moves_little() -> None:
    noise = random.Random(6).randbytes(1 << 20)  # noqa: S311 - it is always the same
    files = {f"file-{number}": noise[number:] + b"%d" % number for number in range(24)}
    source = CountingSource(gzipped(tar_of(files), 1))
    layer = open_layer(source)
    await listed(layer)
    assert layer.cost(entry_at(layer, "file-20")) == source.size
    assert await layer.read(entry_at(layer, "file-20")) == files["file-20"]
    await layer.settled()
    for path in ("file-3", "file-12", "file-23"):
        moved, cost = source.moved, layer.cost(entry_at(layer, path))
        assert await layer.read(entry_at(layer, path), 1_000) == files[path][1_000:]
        assert source.moved - moved <= cost < 5_000_000
    assert source.pumps == 2
    assert layer.fetched == source.moved
    await layer.close()
