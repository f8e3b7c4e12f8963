from __future__ import annotations

import pytest

from tui.screens.columns import Column, following, plan, preceding

LISTS = [column for column in Column if column is not Column.DETAIL]
R, P, T, E, L, D = Column


@pytest.mark.parametrize(
    ("width", "current", "is_index", "columns", "stacked"),
    [
        (80, R, True, (R, D), False),
        (80, P, True, (P, T), False),
        (80, T, True, (T, E, D), True),
        (80, T, False, (T, L, D), True),
        (80, E, True, (E, L, D), True),
        (80, L, True, (L, D), False),
        (128, R, True, (R, P, D), False),
        (128, P, True, (R, P, T), False),
        (128, T, True, (P, T, E, D), True),
        (128, E, True, (T, E, L, D), True),
        (128, L, True, (E, L, D), False),
        (128, L, False, (T, L, D), False),
        (200, R, True, (R, P, D), False),
        (200, P, True, (R, P, T, D), False),
        (200, T, True, (P, T, E, D), False),
        (200, E, True, (T, E, L, D), False),
        (200, L, True, (T, E, L, D), False),
        (200, L, False, (P, T, L, D), False),
    ],
)
def test_the_columns_follow_the_focus(
    *,
    width: int,
    current: Column,
    is_index: bool,
    columns: tuple[Column, ...],
    stacked: bool,
) -> None:
    shown = plan(width, current, is_index=is_index)
    assert shown.columns == columns
    assert shown.stacked is stacked


@pytest.mark.parametrize("width", [20, 80, 109, 110, 169, 170, 400])
@pytest.mark.parametrize("current", LISTS)
@pytest.mark.parametrize("is_index", [True, False])
@pytest.mark.parametrize("on_detail", [True, False])
def test_what_has_the_focus_always_shows_and_every_place_has_a_width(
    *,
    width: int,
    current: Column,
    is_index: bool,
    on_detail: bool,
) -> None:
    shown = plan(width, current, is_index=is_index, on_detail=on_detail)
    assert current in shown.columns
    assert not on_detail or Column.DETAIL in shown.columns
    assert len(set(shown.columns)) == len(shown.columns)
    assert len(shown.weights) == len(shown.columns) - shown.stacked
    assert shown.columns == tuple(sorted(shown.columns))


def test_a_narrow_terminal_gives_the_details_their_full_height_when_they_have_the_focus() -> None:
    assert plan(80, T, is_index=True, on_detail=True).columns == (T, D)


def test_zoom_leaves_one_column() -> None:
    assert plan(200, E, is_index=True, zoomed=True).columns == (E,)
    assert plan(200, E, is_index=True, on_detail=True, zoomed=True).columns == (D,)


def test_a_tag_that_is_no_index_leads_straight_to_its_layers_and_back() -> None:
    assert following(T, is_index=False) is L
    assert preceding(L, is_index=False) is T
    assert following(T, is_index=True) is E
    assert preceding(L, is_index=True) is E
    assert preceding(R, is_index=True) is R


@pytest.mark.parametrize("width", [80, 128, 200])
@pytest.mark.parametrize("current", LISTS)
def test_a_list_that_was_left_behind_is_the_narrowest(width: int, current: Column) -> None:
    shown = plan(width, current, is_index=True)
    behind = [
        weight for column, weight in zip(shown.columns, shown.weights, strict=False) if column < current
    ]
    ahead = shown.weights[len(behind) :]
    assert all(weight < min(ahead) for weight in behind)


@pytest.mark.parametrize("width", [80, 128, 200])
@pytest.mark.parametrize("current", LISTS)
def test_details_that_are_read_get_the_most_room(width: int, current: Column) -> None:
    *lists, detail = plan(width, current, is_index=True, on_detail=True).weights
    assert all(weight <= detail / 2 for weight in lists)
