import gzip
import random
from pathlib import Path

import pytest

from tests.contents.helpers import CountingSource, gzipped, make_tar, member, tar_of, zstd_of
from tui.contents import DamagedContentError, Entry, FileSource, Layer, open_layer
from tui.contents import listing as listing_module
from tui.contents import packing as packing_module

RANDOM = random.Random(3)  # noqa: S311 - it is always the same
FILES = {f"dir/file-{number}": RANDOM.randbytes(5_000) for number in range(100)}
PACK = {"gzip": gzipped, "zstd": zstd_of}
both = pytest.mark.parametrize("packing", PACK)


async def listed(layer: Layer) -> list[Entry]:
    return [entry async for entry in layer]


@both
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
async def test_a_layer_that_is_cut_off_shows_what_there_is_and_says_so(packing: str, kept: float) -> None:
    packed = PACK[packing](tar_of(FILES))
    layer = open_layer(CountingSource(packed[: int(len(packed) * kept)]))
    entries = await listed(layer)
    assert [entry.path for entry in entries] == list(FILES)[: len(entries)]
    assert len(entries) >= 100 * kept - 60
    assert layer.complete
    assert f"The {packing} stream ends too early: something is missing." in layer.problems
    for entry in entries[:2] + entries[-1:]:
        assert entry.offset is not None
        if entry.offset + entry.size <= layer.unpacked:
            assert await layer.read(entry) == FILES[entry.path]
        else:
            with pytest.raises(DamagedContentError, match="ends"):
                await layer.read(entry)


@both
async def test_damage_is_told_and_all_bytes_are_asked_for_so_that_the_source_can_tell_whose_it_is(
    packing: str,
) -> None:
    packed = bytearray(PACK[packing](tar_of({f"file-{number}": b"%d" % number for number in range(9_000)})))
    middle = len(packed) // 2
    packed[middle : middle + 60] = b"\xff" * 60
    source = CountingSource(bytes(packed), piece=1_000)
    layer = open_layer(source)
    entries = await listed(layer)
    assert [entry.path for entry in entries] == [f"file-{number}" for number in range(len(entries))]
    assert layer.problems[0].startswith(f"The {packing} stream is damaged after ")
    assert source.finished_pumps == 1


async def test_damage_on_the_way_is_the_sources_error(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    packed = bytearray(gzipped(tar_of(FILES)))
    right = CountingSource(bytes(packed)).digest
    packed[len(packed) // 2] ^= 1
    path.write_bytes(packed)
    layer = open_layer(FileSource(path, right))
    with pytest.raises(DamagedContentError, match="digest"):
        await listed(layer)
    assert not layer.complete
    assert layer.entries[0].path == "dir/file-0"


@both
async def test_a_bomb_is_left_at_its_limit_and_what_is_there_stays(
    packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing_module, "FREE_UNPACKED", 1 << 20)
    data = make_tar([(member("first"), b"1"), (member("zeros"), bytes(1 << 26)), (member("last"), b"")])
    source = CountingSource(PACK[packing](data) + RANDOM.randbytes(1 << 20), piece=512)
    layer = open_layer(source)
    assert [entry.path for entry in await listed(layer)] == ["first", "zeros"]
    assert len(layer.problems) == 1
    assert layer.problems[0].startswith("The layer unpacks to more than ")
    assert (layer.complete, source.ended_pumps) == (True, 1)
    assert source.pumped < 1 << 20


async def test_more_entries_than_a_layer_may_have_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_module, "MOST_ENTRIES", 30)
    source = CountingSource(tar_of(FILES), piece=10_000)
    layer = open_layer(source)
    assert [entry.path for entry in await listed(layer)] == list(FILES)[:30]
    assert layer.problems == ("The layer has more than 30 entries: no more are listed.",)
    assert source.ended_pumps == 1


@both
async def test_two_tars_packed_one_after_the_other_are_one_stream(packing: str) -> None:
    one, two = tar_of({"a": b"1"}), tar_of({"b": b"2"})
    layer = open_layer(CountingSource(PACK[packing](one) + PACK[packing](two)))
    assert [entry.path for entry in await listed(layer)] == ["a"]
    assert any("behind its end" in problem for problem in layer.problems)


@both
async def test_a_tar_in_two_members_is_one_tar(packing: str) -> None:
    data = tar_of(FILES)
    layer = open_layer(CountingSource(PACK[packing](data[:99_999]) + PACK[packing](data[99_999:])))
    assert [entry.path for entry in await listed(layer)] == list(FILES)
    assert layer.problems == ()
    for entry in layer.entries[15:25]:
        assert await layer.read(entry) == FILES[entry.path]


@both
async def test_garbage_behind_the_stream_is_told(packing: str) -> None:
    layer = open_layer(CountingSource(PACK[packing](tar_of(FILES)) + b"garbage"))
    assert len(await listed(layer)) == 100
    assert layer.problems == (f"Something that is not {packing} follows the {packing} stream.",)


async def test_zeros_behind_the_stream_are_no_problem() -> None:
    layer = open_layer(CountingSource(gzipped(tar_of(FILES)) + bytes(5_000)))
    assert len(await listed(layer)) == 100
    assert layer.problems == ()


async def test_a_wrong_checksum_of_gzip_is_told_with_all_entries() -> None:
    packed = bytearray(gzip.compress(tar_of(FILES), mtime=0))
    packed[-6] ^= 1
    layer = open_layer(CountingSource(bytes(packed)))
    assert len(await listed(layer)) == 100
    assert layer.problems == ("The gzip stream has a wrong checksum: its content is damaged.",)


async def test_packing_inside_of_packing_is_no_tar() -> None:
    layer = open_layer(CountingSource(gzipped(gzipped(tar_of(FILES)))))
    assert await listed(layer) == []
    assert layer.problems


async def test_an_entry_of_another_layer_ends_with_an_error() -> None:
    layer = open_layer(CountingSource(gzipped(tar_of(FILES))))
    await listed(layer)
    for start in (10**6, 2**63 - 1):
        with pytest.raises(DamagedContentError, match="The layer ends before the file does"):
            await layer.read(Entry("elsewhere", size=10, offset=start))
