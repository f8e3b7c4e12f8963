"""Folded and unfolded lines are found in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets import folds
from tui.widgets.folds import FoldTree
from tui.widgets.json_values import child, size

if TYPE_CHECKING:
    import pytest

    from tui.widgets.folds import Fold, Place

NESTED = st.recursive(st.just("x"), lambda inner: st.lists(inner, max_size=4), max_leaves=25).filter(
    lambda value: isinstance(value, list)
)


def drawn(tree: FoldTree) -> list[str]:
    """Draw each line: an indent, and what the line is."""
    return [draw(tree.place(line)) for line in range(tree.lines)]


def draw(place: Place) -> str:
    indent = "." * len(place.path)
    if place.fold is not None:
        return indent + ("]" if place.closes else "[")
    parent, index = place.path[-1]
    value = child(parent.container, index)[1]
    return indent + (f"[{size(value)}]" if isinstance(value, list) else value)


def expected(value: Any, unfolded: set[int], depth: int = 0) -> list[str]:
    """Draw what should show when the lists with these identities are unfolded."""
    indent = "." * depth
    if not isinstance(value, list):
        return [indent + value]
    if depth and id(value) not in unfolded:
        return [f"{indent}[{len(value)}]"]
    return [
        f"{indent}[",
        *(line for item in value for line in expected(item, unfolded, depth + 1)),
        f"{indent}]",
    ]


def all_lists(value: Any) -> set[int]:
    if not isinstance(value, list):
        return set()
    return {id(value) for _ in value} | {found for item in value for found in all_lists(item)}


def test_a_document_opens_unfolded() -> None:
    assert drawn(FoldTree(["a", ["b", []], "c"])) == ["[", ".a", ".[", "..b", "..[0]", ".]", ".c", "]"]


def test_toggling_folds_from_both_ends_and_unfolds_one_level() -> None:
    tree = FoldTree(["a", [["b"], "c"]])
    assert tree.toggle(tree.place(2))
    assert drawn(tree) == ["[", ".a", ".[2]", "]"]
    assert tree.toggle(tree.place(2))
    assert drawn(tree) == ["[", ".a", ".[", "..[1]", "..c", ".]", "]"]
    assert tree.toggle(tree.place(5))
    assert drawn(tree) == ["[", ".a", ".[2]", "]"]


def test_only_what_has_children_can_be_toggled() -> None:
    tree = FoldTree(["a", []])
    assert not any(tree.toggle(tree.place(line)) for line in range(tree.lines))


def test_a_large_document_opens_level_by_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "FIRST_LINES", 12)
    tree = FoldTree([[["a"], "b"], [["c"], "d"], "e"])
    assert drawn(tree) == ["[", ".[", "..[1]", "..b", ".]", ".[", "..[1]", "..d", ".]", ".e", "]"]
    tree.unfold_all()
    assert tree.lines == 15


def test_unfolding_everything_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "MOST_LINES", 100)
    monkeypatch.setattr(folds, "FIRST_LINES", 10)
    tree = FoldTree([[["a"] * 3] for _ in range(50)])
    tree.unfold_all()
    assert 52 < tree.lines <= 100
    assert len(drawn(tree)) == tree.lines


def test_folding_everything_leaves_the_outermost_lines() -> None:
    tree = FoldTree([["a"], [["b"]]])
    tree.fold_all()
    assert drawn(tree) == ["[", ".[1]", ".[1]", "]"]


def test_a_line_that_is_folded_away_is_found_where_it_went() -> None:
    tree = FoldTree(["a", [["b"], "c"]])
    path = tree.place(4).path
    assert tree.line(path) == 4
    tree.fold_all()
    assert tree.line(path) == 2


@given(NESTED, st.lists(st.integers(0, 200), max_size=20))
def test_lines_are_what_is_unfolded(value: list[Any], toggles: list[int]) -> None:
    tree = FoldTree(value)
    unfolded = all_lists(value)
    assert drawn(tree) == expected(value, unfolded)
    for toggle in toggles:
        place = tree.place(toggle % tree.lines)
        if tree.toggle(place):
            parent, index = place.path[-1]
            changed = child(parent.container, index)[1]
            if place.fold is not None:
                unfolded -= all_lists(changed)
            else:
                unfolded.add(id(changed))
        assert drawn(tree) == expected(value, unfolded)


@given(NESTED, st.lists(st.integers(0, 200), max_size=10), st.booleans())
def test_a_line_is_found_again_by_its_path(value: list[Any], toggles: list[int], unfold: bool) -> None:  # noqa: FBT001 -- hypothesis passes it
    tree = FoldTree(value)
    for toggle in toggles:
        tree.toggle(tree.place(toggle % tree.lines))
    if unfold:
        tree.unfold_all()
        assert tree.lines == len(expected(value, all_lists(value)))
    for line in range(tree.lines):
        place = tree.place(line)
        start = tree.line(place.path)
        lines = place.fold.lines - 1 if place.closes and isinstance(place.fold, folds.Fold) else 0
        assert start + lines == line


def test_one_toggle_in_a_large_array_is_found_at_once() -> None:
    value = [["x"] for _ in range(100_000)]
    tree = FoldTree(value)
    path: tuple[tuple[Fold, int], ...] = tree.place(tree.lines - 2).path
    before = tree.lines
    assert tree.toggle(tree.place(1))
    assert abs(tree.lines - before) == 2
    assert tree.line(path) == tree.lines - 2
