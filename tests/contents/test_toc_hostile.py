"""Tables of contents that somebody made to harm: each has a clear mark or error, and the rest is shown."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contents.helpers import CountingSource, gzipped
from tests.contents.tocs import (
    CHUNKED,
    chunked_of,
    estargz_of,
    footer_of,
    index_of,
    sample,
    sha256,
)
from tests.fuzz import tocs as fuzzed
from tui.contents.entries import Entry, Kind
from tui.contents.errors import DamagedContentError, TooLargeError
from tui.contents.toc import find_toc, finding, json_values, read_chunks, table
from tui.contents.toc.json_values import JsonValues

BODY = gzipped(bytes(512)) + gzipped(b"some words")
AT = len(gzipped(bytes(512)))
FILE = {"type": "reg", "name": "a", "size": 10, "offset": AT, "digest": sha256(b"some words")}
GOOD = {"type": "dir", "name": "good"}


async def entries_of(*described: Any) -> list[Entry]:
    toc = await find_toc(CountingSource(estargz_of(BODY, index_of([*described, GOOD])).data), {})
    assert toc is not None
    assert toc.entries[-1] == Entry("good", Kind.DIRECTORY)
    return list(toc.entries[:-1])


@pytest.mark.parametrize(
    "fields",
    [
        {"offset": -1},
        {"offset": 0},
        {"offset": len(BODY)},
        {"offset": 2**62},
        {"offset": "1"},
        {"offset": 1.5},
        {"offset": True},
        {"offset": int("9" * 40)},
        {"chunkOffset": 1},
        {"chunkSize": 9},
        {"chunkSize": 11},
        {"endOffset": AT},
        {"endOffset": 2**62},
        {"size": 2**62, "chunkSize": 1},
    ],
    ids=str,
)
async def test_a_file_whose_parts_cannot_be_is_shown_with_a_problem_and_has_none(fields: Any) -> None:
    (entry,) = await entries_of(FILE | fields)
    assert entry.path == "a"
    assert entry.problems
    assert not entry.chunks


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"mode": "x"}, "a number that cannot be, as mode"),
        ({"uid": -5}, "a number that cannot be, as uid"),
        ({"gid": [1]}, "a number that cannot be, as gid"),
        ({"modtime": "yesterday"}, "a time that cannot be"),
        ({"modtime": 5}, "a time that cannot be"),
        ({"modtime": ["x"]}, "a time that cannot be"),
        ({"userName": {}}, "something that is no text, as userName"),
        ({"xattrs": {"a": "?"}}, "extended attributes that cannot be read"),
        ({"xattrs": {"a": 1}}, "extended attributes that cannot be read"),
        ({"xattrs": [1]}, "extended attributes that cannot be read"),
        ({"digest": "sha256:x"}, "a digest that is none, as digest"),
        ({"digest": 7}, "a digest that is none, as digest"),
        ({"name": "/etc/passwd"}, "an absolute path"),
        ({"name": "../../a"}, "a path with .."),
        ({"name": "a\x1b[2J"}, "a path with control characters"),
        ({"name": "x" * 40_000}, "a path cut to 32,768 characters"),
        ({"name": ""}, "no name"),
        ({"name": "\ud800"}, "half a character, as part of name"),
        ({"type": "socket"}, "a member of an unknown kind, 'socket'"),
        ({"type": "symlink", "linkName": "\x00"}, "a path with control characters as its target"),
        ({"type": "hardlink", "linkName": "../x"}, "a path with .. as its target"),
        ({"type": "char", "devMajor": None, "devMinor": {}}, "a number that cannot be, as devMinor"),
    ],
    ids=str,
)
async def test_a_field_that_cannot_be_is_a_problem_of_its_entry_alone(fields: Any, problem: str) -> None:
    (entry,) = await entries_of(FILE | fields)
    assert problem in entry.problems


async def test_a_file_whose_parts_overlap_or_leave_gaps_has_none() -> None:
    for second in ({"chunkOffset": 4}, {"chunkOffset": 6}, {"chunkOffset": 5, "chunkSize": 6}):
        first = FILE | {"chunkSize": 5}
        (entry,) = await entries_of(first, {"type": "chunk", "offset": AT + 1} | second)
        assert entry.problems == (table.INCOMPLETE,)
        assert not entry.chunks


async def test_what_is_no_entry_is_counted_and_the_rest_is_shown() -> None:
    values: list[Any] = [None, 1, "x", [], {}, {"type": "reg"}, {"name": "a"}, {"type": [], "name": "a"}]
    values += [{"type": "chunk", "offset": 5}, GOOD, {"type": "chunk"}]
    toc = await find_toc(CountingSource(estargz_of(BODY, index_of(values)).data), {})
    assert toc is not None
    assert [entry.path for entry in toc.entries] == ["good"]
    assert toc.problems[1:] == (
        "The table of contents has 8 entries without name or kind.",
        "The table of contents has 2 parts of no file.",
    )


async def test_entries_of_one_name_all_stay() -> None:
    assert [entry.path for entry in await entries_of(FILE, GOOD, FILE)] == ["a", "good", "a"]


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"entries": null}',
        b'{"entries": {}}',
        b'{"entries": [}',
        b'{"entries": [1 2]}',
        b'{"entries": [] "a": 1}',
        b'{"entries": []',
        b"{1: 2}",
        b'{"entries": [' + b"[" * 200_000,
        b'{"a": ' + b'{"a":' * 200_000,
        b'{"entries": ["' + b"x" * (3 << 20) + b'"]}',
        b'{"entries": [' + b" " * (3 << 20) + b"x",
    ],
    ids=lambda index: f"{index[:24]!r}",
)
async def test_what_is_no_table_is_an_error(index: bytes) -> None:
    for made in (estargz_of(BODY, index), chunked_of(BODY, index)):
        with pytest.raises(DamagedContentError, match="table of contents"):
            await find_toc(CountingSource(made.data), made.annotations)


@pytest.mark.parametrize("at", [0, 10**6, 2**62, 2**64 - 1])
async def test_a_footer_that_leads_out_of_the_layer_is_an_error(at: int) -> None:
    with pytest.raises(DamagedContentError):
        await find_toc(CountingSource(BODY + footer_of(at)), {})


@pytest.mark.parametrize(
    "position", ["0:5:5:1", "5:0:5:1", "99999999:5:5:1", f"{10**18}:{10**18}:1:1", "20:1:1:1"]
)
async def test_a_position_that_leads_out_of_the_table_is_an_error(position: str) -> None:
    with pytest.raises(DamagedContentError):
        await find_toc(CountingSource(BODY), {f"{CHUNKED}.manifest-position": position})


@pytest.mark.parametrize("position", ["", "1:2:3", "-1:2:3:1", "1:2:3:2", "a:b:c:1", "²:1:1:1", "1:2:3:1:5"])
async def test_a_position_that_is_none_leaves_it_to_the_footer(position: str) -> None:
    made = sample(zstd=True, files={"a": b"1"})
    toc = await find_toc(
        CountingSource(made.data), made.annotations | {f"{CHUNKED}.manifest-position": position}
    )
    assert toc is not None
    assert toc.digest_checked


async def test_a_table_of_another_name_is_none() -> None:
    made = estargz_of(BODY, index_of([]), name="index.json")
    with pytest.raises(DamagedContentError):
        await find_toc(CountingSource(made.data), {})


@pytest.mark.parametrize("zstd", [False, True])
async def test_a_table_that_is_cut_off_is_an_error(*, zstd: bool) -> None:
    made = sample(zstd=zstd, files={"a": b"1"})
    source = CountingSource(made.data)
    short = CountingSource(made.data[:-80])
    source.read = short.read  # type: ignore[method-assign]  # a server that has less than it says
    with pytest.raises(DamagedContentError):
        await find_toc(source, made.annotations)


async def test_a_packed_table_that_is_too_large_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_PACKED", 99)
    source = CountingSource(BODY + bytes(200) + footer_of(len(BODY)))
    with pytest.raises(TooLargeError):
        await find_toc(source, {})
    assert source.moved == 72


@pytest.mark.parametrize("zstd", [False, True])
async def test_a_bomb_ends_at_the_limit_in_little_memory(
    *, zstd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_JSON", 40 << 20)
    monkeypatch.setattr(table, "MOST_ENTRIES", 1_000)
    index = b'{"entries": [' + b"1," * (24 << 20)
    made = (chunked_of if zstd else estargz_of)(BODY, index)
    source = CountingSource(made.data)
    del index
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            await find_toc(source, {})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20


async def test_no_more_entries_are_kept_than_a_layer_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ENTRIES", 3)
    made = estargz_of(BODY, index_of([GOOD] * 5))
    toc = await find_toc(CountingSource(made.data), made.annotations)
    assert toc is not None
    assert len(toc.entries) == 3
    assert toc.problems == ("The table of contents has more than 3 entries: no more are listed.",)


async def test_a_part_that_unpacks_to_too_little_is_an_error() -> None:
    for fields in (
        {"size": 11},
        {"innerOffset": 1},
        {"innerOffset": 2**40},
        {"offset": AT + 1},
        {"offset": 3},
    ):
        (entry,) = await entries_of(FILE | {"digest": ""} | fields)
        source = CountingSource(estargz_of(BODY, index_of([])).data)
        with pytest.raises(DamagedContentError, match="'a'"):
            _ = [piece async for piece in read_chunks(source, entry)]


async def test_a_source_that_gives_nothing_is_an_error() -> None:
    (entry,) = await entries_of(FILE)
    with pytest.raises(DamagedContentError):
        _ = [piece async for piece in read_chunks(CountingSource(b""), entry)]


def test_json_is_read_alike_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [{"name": "é\U0001f44b", "n": 12}, 34, "x", [1, {"a": None}], 5.5, {}]
    data = json.dumps({"version": 1, "other": {"entries": [7]}, "entries": values, "last": 1}).encode()
    for step in (1, 7, 1 << 17):
        monkeypatch.setattr(json_values, "STEP", step)
        reader = JsonValues()
        read = [value for at in range(len(data)) for value in reader.feed(data[at : at + 1])]
        assert read + reader.end() == values


@given(st.data())
def test_whatever_is_changed_in_a_layer_a_table_is_read_or_an_error_says_why(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(fuzzed.SEEDS))
    changed = bytearray(made)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    fuzzed.run(bytes(changed[: data.draw(st.integers(0, len(changed)))]))


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
_NAMES = (
    *("type", "name", "size", "offset", "endOffset", "chunkSize", "chunkOffset", "chunkType"),
    *("innerOffset", "digest", "chunkDigest", "mode", "uid", "modtime", "xattrs", "linkName", "userName"),
)
_names = st.sampled_from(_NAMES)
_kinds = st.sampled_from(["reg", "chunk", "dir", "symlink", "hardlink", "char", "zeros"])
_fields = st.dictionaries(_names, _kinds | _scalars | st.integers(0, 99) | st.lists(_scalars), max_size=9)


@given(st.lists(_fields | _scalars, max_size=9), st.booleans())
def test_whatever_a_table_says_is_read(values: list[Any], zstd: bool) -> None:  # noqa: FBT001 - drawn
    made = (chunked_of if zstd else estargz_of)(BODY, index_of(values))
    assert fuzzed.run(made.data)


def test_the_fuzzed_layers_are_whole() -> None:
    assert all(fuzzed.run(seed) for seed in fuzzed.SEEDS)
