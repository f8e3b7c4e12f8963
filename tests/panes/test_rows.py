from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.ordering import natural_key
from tui.panes.rows import LARGEST_PAGE, SLICE, Rows, batches

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = st.lists(st.lists(st.sampled_from(["a", "b", "ab", "b10", "b9", "B", "c a"]), max_size=5), max_size=6)


def of(*names: str) -> Rows[str]:
    rows: Rows[str] = Rows(str)
    rows.append(names)
    return rows


def test_rows_show_as_they_came() -> None:
    rows = of("b", "a")
    rows.append(["c"])
    assert rows.shown == ["b", "a", "c"]


def test_a_filter_wants_every_word_in_whatever_case_also_of_rows_that_come_later() -> None:
    rows = of("Debian slim", "debian")
    rows.filter("SLIM deb")
    rows.append(["slim debian", "slim"])
    assert rows.shown == ["Debian slim", "slim debian"]
    assert rows.filtered
    rows.filter("")
    assert rows.shown == ["Debian slim", "debian", "slim debian", "slim"]


async def test_rows_that_come_later_take_their_place_in_the_order() -> None:
    rows = of("v10", "v9")
    await rows.order_by(natural_key)
    rows.append(["v1", "v11"])
    assert rows.shown == ["v1", "v9", "v10", "v11"]
    await rows.order_by(None)
    assert rows.shown == ["v10", "v9", "v1", "v11"]


async def test_the_cursor_stays_on_its_row_when_others_take_their_place_before_it() -> None:
    rows = of("v5")
    await rows.order_by(natural_key)
    cursor = rows.append(["v1", "v9", "v2"], cursor=0)
    assert rows.shown[cursor] == "v5"


async def test_keys_are_made_between_other_work_and_rows_that_arrive_meanwhile_are_not_lost() -> None:
    names = [f"v{number}" for number in range(3 * SLICE)]
    rows = of(*reversed(names))
    ordering = asyncio.create_task(rows.order_by(natural_key))
    await asyncio.sleep(0)
    assert not ordering.done()
    rows.append(["v0.5"])
    await ordering
    assert rows.shown == [*names[:1], "v0.5", *names[1:]] or rows.shown == sorted(
        [*names, "v0.5"], key=natural_key
    )


@given(PAGES, st.sampled_from(["", "a", "b", "a b", "x"]), st.sampled_from([None, natural_key]))
def test_page_by_page_comes_to_the_same_as_all_at_once(
    pages: list[list[str]], text: str, order: Callable[[str], str] | None
) -> None:
    rows: Rows[str] = Rows(str)
    cursor = 0

    async def grow() -> None:
        nonlocal cursor
        await rows.order_by(order)
        rows.filter(text)
        for page in pages:
            before = rows.shown[cursor] if rows.shown else None
            cursor = rows.append(page, cursor)
            if before is not None:
                assert rows.shown[cursor] == before

    asyncio.run(grow())
    expected = [row for page in pages for row in page if all(word in row.casefold() for word in text.split())]
    assert rows.shown == (sorted(expected, key=order) if order else expected)


async def test_a_row_can_be_replaced_by_one_that_is_known_better() -> None:
    rows: Rows[tuple[str, int]] = Rows(lambda row: row[0], lambda row: row[0])
    rows.append([("a", 0), ("b", 0)])
    rows.filter("b")
    rows.replace(("b", 1))
    assert rows.shown == [("b", 1)]
    rows.filter("")
    assert rows.shown == [("a", 0), ("b", 1)]
    rows.prepend(("c", 0))
    rows.replace(("a", 2))
    assert rows.all == rows.shown == [("c", 0), ("a", 2), ("b", 1)]
    rows.remove(lambda row: row[0] == "c")
    rows.replace(("b", 3))
    assert rows.all == rows.shown == [("a", 2), ("b", 3)]
    await rows.order_by(lambda row: row[0])
    rows.append([("ab", 0), ("b", 4)])
    rows.replace(("b", 5))
    assert rows.shown == [("a", 2), ("ab", 0), ("b", 5), ("b", 5)]
    assert rows.all == [("a", 2), ("b", 5), ("ab", 0), ("b", 5)]


def test_a_row_that_is_not_there_replaces_none() -> None:
    rows = of("a")
    rows.replace("b")
    assert rows.all == rows.shown == ["a"]


def test_what_replaces_many_rows_looks_at_each_of_them_a_few_times() -> None:
    looks = 0

    def key(row: tuple[int, int]) -> int:
        nonlocal looks
        looks += 1
        return row[0]

    rows: Rows[tuple[int, int]] = Rows(str, key)
    rows.append([(number, 0) for number in range(2_000)])
    for number in range(2_000):
        rows.replace((number, 1))
    assert rows.shown == [(number, 1) for number in range(2_000)]
    assert looks <= 3 * 2_000


@pytest.mark.parametrize("count", [0, 1, LARGEST_PAGE, LARGEST_PAGE + 1, 3 * LARGEST_PAGE])
def test_a_page_of_any_length_is_taken_piece_by_piece_and_only_its_end_is_waited_at(count: int) -> None:
    names = [str(number) for number in range(count)]
    found = list(batches(names, str, last=True))
    assert [row for batch in found for row in batch.rows] == names
    assert all(len(batch.rows) <= LARGEST_PAGE for batch in found)
    assert [batch.last for batch in found] == [False] * (len(found) - 1) + [True]
    assert [batch.patient for batch in found] == [batch.last for batch in found]
    assert not any(batch.last for batch in batches(names, str, last=False))
