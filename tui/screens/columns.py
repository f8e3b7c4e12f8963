"""Which columns show, and how wide: the layout that follows the focus.

Everything here is a pure function of the terminal's width and the column that has the focus.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MEDIUM_WIDTH = 110
"""From this many cells on the column to the left of the focus shows, too."""

WIDE_WIDTH = 170
"""From this many cells on the detail view has a column of its own."""

PARENT_WEIGHT = 5
CURRENT_WEIGHT = 8
NEXT_WEIGHT = 7
"""Widths of columns in relation to each other: the one with the focus is the widest."""


class Column(IntEnum):
    """The columns of the browser, from left to right."""

    REGISTRIES = 0
    REPOSITORIES = 1
    TAGS = 2
    ENTRIES = 3
    LAYERS = 4
    DETAIL = 5


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
    if width >= WIDE_WIDTH:
        return _wide(current, parent, preview, is_index=is_index)
    left = (parent,) if width >= MEDIUM_WIDTH and parent != current else ()
    left_weights = (PARENT_WEIGHT,) * len(left)
    if current is Column.REPOSITORIES and not on_detail:
        right: tuple[Column, ...] = (preview,)
    elif (
        on_detail
        or preview is Column.DETAIL
        or (current is Column.REGISTRIES and not left and width < MEDIUM_WIDTH)
    ):
        right = (Column.DETAIL,)
    else:
        right = (preview, Column.DETAIL)
    stacked = len(right) > 1 and current is not Column.REGISTRIES
    places = (*left_weights, CURRENT_WEIGHT, *((NEXT_WEIGHT,) if stacked else (NEXT_WEIGHT,) * len(right)))
    return Plan((*left, current, *right), places, stacked=stacked)


def _wide(current: Column, parent: Column, preview: Column, *, is_index: bool) -> Plan:
    """Give the detail view a column of its own, and as many lists as fit beside it."""
    lists = [current]
    if parent != current:
        lists.insert(0, parent)
    if preview is not Column.DETAIL:
        lists.append(preview)
    elif lists[0] is not Column.REGISTRIES:
        lists.insert(0, preceding(lists[0], is_index=is_index))
    weights = [CURRENT_WEIGHT if column is current else PARENT_WEIGHT for column in lists]
    if preview is not Column.DETAIL:
        weights[-1] = NEXT_WEIGHT
    return Plan((*lists, Column.DETAIL), (*weights, NEXT_WEIGHT), stacked=False)
