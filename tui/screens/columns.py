"""Which columns show, and how wide: the layout that follows the focus.

Everything here is a pure function of the terminal's width and the column that has the focus.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MEDIUM_WIDTH: Final = 110
"""From this many cells on the column to the left of the focus shows, too."""

WIDE_WIDTH: Final = 170
"""From this many cells on the detail view has a column of its own."""


class Column(IntEnum):
    """The columns of the browser, from left to right."""

    REGISTRIES = 0
    REPOSITORIES = 1
    TAGS = 2
    ENTRIES = 3
    LAYERS = 4
    DETAIL = 5


WEIGHTS: Final = {
    Column.REGISTRIES: 8,
    Column.REPOSITORIES: 6,
    Column.TAGS: 6,
    Column.ENTRIES: 8,
    Column.LAYERS: 10,
    Column.DETAIL: 8,
}
"""Widths in relation to each other, by what a row needs: a name, or figures and a command beside it."""

ASIDE_WEIGHT: Final = 4
"""A list that was left behind needs room for its names and no more."""

STACKED_WEIGHT: Final = 10
"""Where a preview and the details share one place."""

READING_WEIGHTS: Final = (5, 10)
"""Of the current list and of the details while the details are read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the browser shows.

    Attributes:
        columns: what shows, from left to right; where `stacked`, the last two share one place.
        weights: the widths of the places in relation to each other.
        stacked: whether the last column stands below the one before it.
    """

    columns: tuple[Column, ...]
    weights: tuple[int, ...]
    stacked: bool


def following(column: Column, *, is_index: bool) -> Column:
    """Tell which list opens to the right of a list; a tag that is no index leads straight to its layers."""
    match column:
        case Column.TAGS if not is_index:
            return Column.LAYERS
        case Column.LAYERS | Column.DETAIL:
            return Column.DETAIL
        case _:
            return Column(column + 1)


def preceding(column: Column, *, is_index: bool) -> Column:
    """Tell which list a list was opened from."""
    match column:
        case Column.LAYERS if not is_index:
            return Column.TAGS
        case Column.REGISTRIES:
            return Column.REGISTRIES
        case _:
            return Column(column - 1)


def plan(
    width: int, current: Column, *, is_index: bool, on_detail: bool = False, zoomed: bool = False
) -> Plan:
    """Decide what shows in a terminal of `width` cells.

    Args:
        width: cells from side to side.
        current: the list that has, or last had, the focus; never the detail view.
        is_index: whether the tag under the cursor is an index, so that there are entries to show.
        on_detail: whether the detail view has the focus.
        zoomed: whether what has the focus takes the whole screen.
    """
    if zoomed:
        return Plan((Column.DETAIL if on_detail else current,), (1,), stacked=False)
    preview = following(current, is_index=is_index)
    parent = preceding(current, is_index=is_index)
    left: tuple[Column, ...] = (parent,) if width >= MEDIUM_WIDTH and parent != current else ()
    right: tuple[Column, ...] = (preview, Column.DETAIL)
    stacked = False
    if width >= WIDE_WIDTH:
        if preview is Column.DETAIL:
            right = (Column.DETAIL,)
            if left and parent is not Column.REGISTRIES:
                left = (preceding(parent, is_index=is_index), parent)
    elif on_detail or preview is Column.DETAIL or (current is Column.REGISTRIES and width < MEDIUM_WIDTH):
        right = (Column.DETAIL,)
    elif current is Column.REPOSITORIES:
        right = (preview,)
    else:
        stacked = current is not Column.REGISTRIES
    return Plan(
        (*left, current, *right),
        _weights(left, current, right, stacked=stacked, on_detail=on_detail),
        stacked,
    )


def _weights(
    left: tuple[Column, ...], current: Column, right: tuple[Column, ...], *, stacked: bool, on_detail: bool
) -> tuple[int, ...]:
    """Give each place its share: the most to where the person reads."""
    aside = (ASIDE_WEIGHT,) * len(left)
    if on_detail:
        here, detail = READING_WEIGHTS
        return (*aside, here, *(ASIDE_WEIGHT,) * (len(right) - 1), detail)
    if stacked:
        return (*aside, WEIGHTS[current], STACKED_WEIGHT)
    return (*aside, WEIGHTS[current], *(WEIGHTS[column] for column in right))
