"""Search, the biggest files, orders and filters."""

from __future__ import annotations

import fnmatch
import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contents.trees import file, folder, hardlink, layer, paths, stack_of, symlink
from tui.contents import finding
from tui.contents.errors import TooLargeError
from tui.contents.finding import Order, biggest, ordered, search, with_ancestors, with_changes
from tui.contents.merged import MergedTree
from tui.contents.nodes import Change

if TYPE_CHECKING:
    from tui.contents.nodes import Node

TREE = layer(
    1,
    folder("etc"),
    file("etc/ssl/certs/ca.pem", 30),
    file("etc/ssl/private/Key.pem", 40),
    file("etc/ssl/openssl.cnf", 5),
    file("etc/x"),
    file("etc/a/b/x"),
    file("usr/etc/x"),
    file("usr/share/README"),
    file("x/etc"),
    file("we[i]rd*"),
    symlink("ca.pem", "etc/ssl/certs/ca.pem"),
)


def found(text: str, root: Node = TREE.root) -> list[str]:
    return sorted(node.path for node in itertools.chain.from_iterable(search(root, text)))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("*.pem", ["ca.pem", "etc/ssl/certs/ca.pem", "etc/ssl/private/Key.pem"]),
        ("key*", ["etc/ssl/private/Key.pem"]),
        ("K*", ["etc/ssl/private/Key.pem"]),
        ("KEY*", []),
        ("?", ["etc/a", "etc/a/b", "etc/a/b/x", "etc/x", "usr/etc/x", "x"]),
        ("[ab]", ["etc/a", "etc/a/b"]),
        ("[!ab]", ["etc/a/b/x", "etc/x", "usr/etc/x", "x"]),
        ("etc/**/x", ["etc/a/b/x", "etc/x"]),
        ("/etc/**/x", ["etc/a/b/x", "etc/x"]),
        ("**/etc/x", ["etc/x", "usr/etc/x"]),
        ("**/etc/**/x", ["etc/a/b/x", "etc/x", "usr/etc/x"]),
        ("etc/*/x", []),
        ("etc/*", ["etc/a", "etc/ssl", "etc/x"]),
        ("*/etc", ["usr/etc", "x/etc"]),
        ("/*", ["ca.pem", "etc", "usr", "we[i]rd*", "x"]),
        ("etc/a/**", ["etc/a/b", "etc/a/b/x"]),
        ("**/**/x/**/*", ["x/etc"]),
        ("*[*]", ["we[i]rd*"]),
        ("we[[]i[]]rd[*]", ["we[i]rd*"]),
    ],
)
def test_a_glob_fits_whole_names_or_whole_paths(text: str, result: list[str]) -> None:
    assert found(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("ssl", ["etc/ssl", "etc/ssl/openssl.cnf"]),
        ("SSL", []),
        ("readme", ["usr/share/README"]),
        ("README", ["usr/share/README"]),
        ("ReadMe", []),
        ("ssl/ce", ["etc/ssl/certs"]),
        ("c/ssl/p", ["etc/ssl/private"]),
        ("c/ss/p", []),
        ("/e", ["etc", "usr/etc", "x/etc"]),
        ("/etc/x", ["etc/x", "usr/etc/x"]),
        ("etc/", ["etc/a", "etc/ssl", "etc/x", "usr/etc/x"]),
        ("[", ["we[i]rd*"]),
        ("]", ["we[i]rd*"]),
        ("", []),
        ("/", []),
        ("nothing", []),
    ],
)
def test_other_text_fits_a_part_of_a_name_or_path(text: str, result: list[str]) -> None:
    assert found(text) == result


def test_what_is_searched_for_has_a_limit() -> None:
    with pytest.raises(TooLargeError, match="more than 1,000 characters"):
        found("a" * 1001)


def test_removed_files_are_found_too() -> None:
    tree = MergedTree(stack_of((file("a/x"),), (file(".wh.a", 0),)))
    assert found("x", tree.root) == ["a/x"]


NAMES = st.text("ab*.Ä", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
GLOB_NAMES = st.one_of(st.just("**"), st.text("ab*?.[]!-", min_size=1, max_size=5))
GLOBS = st.lists(GLOB_NAMES, min_size=1, max_size=4).map("/".join)


def fits(parts: list[str], names: list[str]) -> bool:
    """Tell by the definition whether a path fits a glob."""
    if not parts:
        return not names
    if parts[0] == "**":
        return fits(parts[1:], names) or (bool(names) and fits(parts, names[1:]))
    return bool(names) and fnmatch.fnmatchcase(names[0], parts[0]) and fits(parts[1:], names[1:])


@given(st.lists(PATHS, max_size=8), GLOBS)
def test_a_glob_finds_what_its_definition_says(files: list[str], text: str) -> None:
    tree = layer(1, *(file(path) for path in files))
    if not re.search(r"[*?]|\[[^/]+\]", text):
        return
    parts = text.split("/") if "/" in text else ["**", text]
    parts += ["*"] if parts[-1] == "**" else []
    names = {path: path.casefold().split("/") for path in paths(tree.root)}
    assert found(text, tree.root) == [path for path in paths(tree.root) if fits(parts, names[path])]


@given(st.lists(PATHS, max_size=8), st.text("ab/.", min_size=1, max_size=5))
def test_a_part_of_a_path_finds_the_names_that_its_end_lies_in(files: list[str], text: str) -> None:
    tree = layer(1, *(file(path) for path in files))
    expected = []
    for path in paths(tree.root):
        whole, name = f"/{path}".casefold(), path.rpartition("/")[2].casefold()
        ends = [at + len(text) for at in range(len(whole)) if whole.startswith(text, at)]
        if text != "/" and any(end >= len(whole) - len(name) for end in ends):
            expected.append(path)
    assert found(text, tree.root) == expected


def test_stars_without_end_cost_no_more_than_the_length_of_the_name() -> None:
    tree = layer(1, *(file("a" * 4000 + str(number)) for number in range(50)))
    assert found("a*" * 400 + "b", tree.root) == []  # tried in every way, it would not end


def test_a_search_stops_to_breathe_after_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "STEP", 10)
    tree = layer(1, *(file(f"d{number % 5}/f{number}") for number in range(40)))
    steps = list(search(tree.root, "f3?"))
    assert len(steps) == 5
    assert min(len(step) for step in steps) == 0
    assert sum(len(step) for step in steps) == 10


def test_a_tree_may_grow_between_two_steps_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "STEP", 10)
    tree = layer(1, *(file(f"f{number}") for number in range(40)))
    steps = search(tree.root, "f*")
    first = next(steps)
    tree.add([file("g/f"), file("f40")])
    assert len(first) + sum(len(step) for step in steps) >= 40


def test_many_states_of_a_pattern_are_forgotten_and_the_result_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "MOST_STATES", 1)
    assert found("**/etc/**/x") == ["etc/a/b/x", "etc/x", "usr/etc/x"]


def test_the_biggest_files_come_first_from_any_depth_and_links_to_them_do_not_count_again() -> None:
    tree = MergedTree(
        stack_of(
            (file("a/b/c", 50), file("d", 70), file("e", 60), file("gone", 99), file("empty", 0)),
            (file(".wh.gone", 0), hardlink("h", "d")),
        )
    )
    assert [node.path for node in biggest(tree.root, 2)] == ["d", "e"]
    assert [node.path for node in biggest(tree.root, 10)] == ["d", "e", "a/b/c"]


def test_files_are_sorted_by_name_in_natural_order_or_by_size() -> None:
    tree = layer(1, file("f10", 1), file("f9", 1), folder("d"), file("d/x", 5), file("B", 9))
    nodes = tree.root.children.values()
    assert [node.name for node in ordered(nodes, Order.NAME)] == ["B", "d", "f9", "f10"]
    assert [node.name for node in ordered(nodes, Order.SIZE)] == ["B", "d", "f9", "f10"]
    assert [node.name for node in ordered(tree.root.by_name()[2:], Order.SIZE)] == ["f9", "f10"]
    assert [node.name for node in ordered([*nodes][1:], Order.SIZE)] == ["B", "d", "f9"]


LAYERS = (
    (folder("same"), file("same/x"), file("a/old"), file("a/gone/deep"), file("b/y")),
    (file("a/old", 3), file("a/.wh.gone", 0), file("new/z")),
)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ([Change.ADDED], ["", "new", "new/z"]),
        ([Change.CHANGED], ["", "a", "a/old"]),
        ([Change.REMOVED], ["", "a", "a/gone", "a/gone/deep"]),
        ([None], ["", "a", "b", "b/y", "same", "same/x"]),
        ([Change.ADDED, Change.CHANGED], ["", "a", "a/old", "new", "new/z"]),
        ([], []),
    ],
)
def test_a_filter_by_change_keeps_the_directories_above(
    changes: list[Change | None], kept: list[str]
) -> None:
    tree = MergedTree(stack_of(*LAYERS))
    assert sorted(node.path for node in with_changes(tree.root, changes)) == kept


def test_a_filter_by_change_holds_for_the_layers_own_tree() -> None:
    layers = stack_of(*LAYERS)
    MergedTree(layers)
    own = layers[1].root
    assert sorted(node.path for node in with_changes(own, [Change.REMOVED])) == ["", "a", "a/gone"]
    assert sorted(node.path for node in with_changes(own, [Change.ADDED])) == ["", "new", "new/z"]


def test_nodes_are_gathered_with_their_ancestors_once() -> None:
    nodes = [node for step in search(TREE.root, "*.pem") for node in step]
    assert sorted(node.path for node in with_ancestors(nodes)) == [
        "",
        "ca.pem",
        "etc",
        "etc/ssl",
        "etc/ssl/certs",
        "etc/ssl/certs/ca.pem",
        "etc/ssl/private",
        "etc/ssl/private/Key.pem",
    ]
