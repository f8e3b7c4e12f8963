"""Columns share the width of a table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.columns import GAP, LEAST_FLEXIBLE_WIDTH, Column, arrange

NAME = Column("name", str)
SIZE = Column("size", str, width=8, align="right")
AGE = Column("age", str, width=5, align="right", min_table_width=40)


def widths(columns: list[Column[object]], width: int) -> list[tuple[str, int]]:
    return [(column.title, cells) for column, cells in arrange(columns, width, gutter=2)]


def test_a_column_without_a_width_takes_the_rest() -> None:
    assert widths([NAME, SIZE, AGE], 60) == [("name", 41), ("size", 8), ("age", 5)]


def test_columns_without_a_width_share_the_rest() -> None:
    assert widths([NAME, SIZE, NAME], 51) == [("name", 19), ("size", 8), ("name", 18)]


def test_a_column_is_hidden_in_a_table_narrower_than_it_asks_for() -> None:
    assert widths([NAME, SIZE, AGE], 40) == [("name", 21), ("size", 8), ("age", 5)]
    assert widths([NAME, SIZE, AGE], 39) == [("name", 27), ("size", 8)]


def test_columns_give_way_to_the_one_that_takes_the_rest() -> None:
    assert widths([NAME, SIZE], 2 + LEAST_FLEXIBLE_WIDTH + GAP + 8) == [("name", 8), ("size", 8)]
    assert widths([NAME, SIZE], 2 + LEAST_FLEXIBLE_WIDTH + GAP + 7) == [("name", 17)]


def test_a_table_too_narrow_for_anything_shows_its_only_column() -> None:
    assert widths([NAME], 3) == [("name", 1)]
    assert widths([NAME], 1) == [("name", 0)]
    assert widths([SIZE], 4) == [("size", 8)]


def test_no_columns_are_no_columns() -> None:
    assert widths([], 10) == []


@given(
    st.lists(st.builds(Column, st.just("x"), st.just(str), width=st.none() | st.integers(1, 30)), max_size=6),
    st.integers(10, 200),
)
def test_columns_fill_the_width_and_never_more(columns: list[Column[object]], width: int) -> None:
    arranged = arrange(columns, width, gutter=2)
    total = 2 + sum(cells for _, cells in arranged) + GAP * max(0, len(arranged) - 1)
    if any(column.width is None for column, _ in arranged):
        assert total == width or len(arranged) > (width - 2) // (GAP + 1)
    elif len(arranged) > 1:
        assert total <= width
