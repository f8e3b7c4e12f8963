"""What a layer keeps for the next visit, and what it takes from a table of contents."""

import random
from pathlib import Path

import pytest

import tui.contents.toc
from tests.contents.helpers import CountingSource, gzipped, tar_of, zstd_of
from tui.contents import Chunk, DamagedContentError, Entry, Layer, NotInLayerError, open_layer
from tui.contents import layer as layer_module
from tui.contents.store import LayerStore
from tui.contents.toc.finding import Toc

NOISE = random.Random(6).randbytes(1 << 20)  # noqa: S311 - it is always the same
LARGE = gzipped(tar_of({f"file-{number}": NOISE[number:] for number in range(12)}), 1)
FILES = {"etc/": b"", "etc/hostname": b"box\n", "words": b"word " * 1_000}


@pytest.fixture
def store(tmp_path: Path) -> LayerStore:
    return LayerStore(tmp_path / "layers")


async def listed(layer: Layer) -> list[Entry]:
    entries = [entry async for entry in layer]
    await layer.settled()
    return entries


@pytest.mark.parametrize("pack", [gzipped, zstd_of, bytes])
async def test_a_second_visit_moves_nothing_for_the_list(pack: type[bytes], store: LayerStore) -> None:
    source = CountingSource(pack(tar_of(FILES)))
    first = open_layer(source, store=store)
    entries = await listed(first)
    again = open_layer(CountingSource(source._data), store=store)
    assert await listed(again) == entries
    assert (again.format, again.unpacked, again.complete) == (first.format, first.unpacked, True)
    assert (again.fetched, again.progress, again.problems) == (0, 0, ())
    assert again.cost(entries[1]) == first.cost(entries[1])
    assert await again.read(again.entries[1]) == b"box\n"


async def test_a_second_visit_reads_a_file_of_a_large_layer_by_one_small_request(store: LayerStore) -> None:
    first = open_layer(CountingSource(LARGE), store=store)
    entries = await listed(first)
    await first.read(entries[8], 0, 10)
    await first.close()
    await first.read(entries[8], 0, 10)
    await first.settled()
    source = CountingSource(LARGE)
    again = open_layer(source, store=store)
    await listed(again)
    assert again.cost(again.entries[9]) < 3_000_000
    assert await again.read(again.entries[9]) == NOISE[9:]
    assert (source.pumps, len(source.reads)) == (0, 1)
    assert source.moved < 3_000_000


async def test_an_entry_of_an_earlier_visit_is_read_without_listing(store: LayerStore) -> None:
    source = CountingSource(LARGE)
    first = open_layer(source, store=store)
    entries = await listed(first)
    await first.read(entries[8], 0, 10)
    await first.settled()
    source = CountingSource(LARGE)
    assert await open_layer(source, store=store).read(entries[10]) == NOISE[10:]
    assert source.pumps == 0


async def test_problems_are_kept_with_the_list(store: LayerStore) -> None:
    packed = gzipped(tar_of(FILES))[:-4]
    first = open_layer(CountingSource(packed), store=store)
    await listed(first)
    again = open_layer(CountingSource(packed), store=store)
    await listed(again)
    assert again.problems == first.problems != ()


async def test_what_did_not_arrive_whole_is_not_kept(store: LayerStore) -> None:
    packed = gzipped(tar_of(FILES))
    source = CountingSource(packed, broken_at=len(packed) - 1)
    with pytest.raises(ConnectionError):
        await listed(open_layer(source, store=store))
    source.broken_at = None
    layer = open_layer(source, store=store)
    await listed(layer)
    assert source.pumps == 2


async def test_a_store_on_a_disk_that_refuses_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LayerStore(tmp_path / "file" / "layers")
    layer = open_layer(CountingSource(gzipped(tar_of(FILES))), store=store)
    assert len(await listed(layer)) == 3


def stands_for_find_toc(monkeypatch: pytest.MonkeyPatch, found: Toc | Exception | None) -> None:
    async def find_toc(source: CountingSource, annotations: dict[str, str]) -> Toc | None:
        assert annotations == {"some": "annotation"}
        await source.read(source.size - 10, 10)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(tui.contents.toc, "find_toc", find_toc)


async def test_a_table_of_contents_is_the_list_and_tells_where_files_lie(
    monkeypatch: pytest.MonkeyPatch, store: LayerStore
) -> None:
    packed = gzipped(b"hello")
    entry = Entry("greeting", size=5, chunks=(Chunk(3, len(packed), 0, 5),))
    stands_for_find_toc(monkeypatch, Toc("eStargz", (entry,), True, 10, 1_024))  # noqa: FBT003
    source = CountingSource(b"xxx" + packed + bytes(100))
    layer = open_layer(source, annotations={"some": "annotation"}, store=store)
    assert await listed(layer) == [entry]
    assert (layer.format, layer.unpacked, layer.complete) == ("eStargz", 1_024, True)
    assert (layer.fetched, source.pumps) == (10, 0)
    assert layer.cost(entry) == len(packed)
    assert await layer.read(entry) == b"hello"
    assert await layer.read(entry, 1, 3) == b"ell"
    assert layer.fetched == source.moved
    monkeypatch.undo()
    again = open_layer(source, annotations={"some": "annotation"}, store=store)
    assert (await listed(again), again.format) == ([entry], "eStargz")


async def test_a_file_of_a_table_is_found_in_the_stream_where_there_are_no_ranges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chunks = (Chunk(3, 20, 0, 5_000),)
    known = Entry("words", size=5_000, chunks=chunks)
    gone = Entry("gone", size=5_000, chunks=chunks)
    other = Entry("etc/hostname", size=5_000, chunks=chunks)
    stands_for_find_toc(monkeypatch, Toc("eStargz", (known, gone, other), True, 10))  # noqa: FBT003
    source = CountingSource(gzipped(tar_of(FILES)))
    layer = open_layer(source, annotations={"some": "annotation"})
    await listed(layer)
    source.ranges = False
    assert await layer.read(known, 5, 9) == b"word word"
    assert await layer.read(known) == FILES["words"]
    for entry in (gone, other):
        with pytest.raises(NotInLayerError, match="not in its stream"):
            await layer.read(entry)
    assert layer.fetched == source.moved
    assert source.pumps == 3


@pytest.mark.parametrize("error", [DamagedContentError("The table is wrong."), None])
async def test_without_a_table_that_is_right_the_stream_is_read(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    stands_for_find_toc(monkeypatch, error)
    source = CountingSource(gzipped(tar_of(FILES)))
    layer = open_layer(source, annotations={"some": "annotation"})
    assert len(await listed(layer)) == 3
    said = "The table is wrong. The layer was read as a stream instead."
    assert layer.problems == ((said,) if error else ())
    assert (layer.format, source.pumps, layer.fetched) == ("gzip", 1, source.moved)


async def test_a_small_layer_without_annotations_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = CountingSource(gzipped(tar_of(FILES)))
    await listed(open_layer(source))
    assert source.reads == []
    monkeypatch.setattr(layer_module, "LEAST_WITH_TABLE", 1)
    await listed(open_layer(source))
    assert len(source.reads) == 1
