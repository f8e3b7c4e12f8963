"""The tree of one layer, as its entries arrive."""

from __future__ import annotations

import pytest

from tests.contents.trees import file, folder, hardlink, layer, paths, symlink
from tui.contents import tree as tree_module
from tui.contents.entries import Entry, Kind
from tui.contents.nodes import Change, Node, walk
from tui.contents.tree import MOST_PARTS, LayerTree


def at(tree: LayerTree, path: str) -> Node:
    node = tree.root.find(path)
    assert node is not None
    return node


def problems(tree: LayerTree, path: str) -> tuple[str, ...]:
    entry = at(tree, path).entry
    assert entry is not None
    return entry.problems


def test_entries_that_arrive_one_by_one_make_the_same_tree_as_all_at_once() -> None:
    entries = [folder("a"), file("a/b", 3), file("c/d/e", 4), symlink("l", "a/b"), file("a/b", 5)]
    one_by_one = LayerTree()
    for entry in entries:
        one_by_one.add([entry])
    at_once = layer(1, *entries)
    assert paths(one_by_one.root) == paths(at_once.root) == ["a", "a/b", "c", "c/d", "c/d/e", "l"]
    assert (
        (one_by_one.root.total, one_by_one.root.count) == (at_once.root.total, at_once.root.count) == (9, 3)
    )


def test_a_directory_sums_up_all_below_it_at_any_time() -> None:
    tree = layer(1, folder("a"), file("a/b/c", 10))
    assert (at(tree, "a").total, at(tree, "a").count) == (10, 1)
    tree.add([file("a/d", 5), file("e", 1)])
    assert (at(tree, "a").total, at(tree, "a").count) == (15, 2)
    assert (tree.root.total, tree.root.count) == (16, 3)


def test_a_directory_that_no_entry_names_has_none_until_one_does() -> None:
    tree = layer(1, file("a/b"))
    assert at(tree, "a").entry is None
    assert at(tree, "a").is_directory
    named = folder("a", mode=0o700)
    tree.add([named])
    assert at(tree, "a").entry is named
    assert paths(tree.root) == ["a", "a/b"]


def test_the_root_can_have_an_entry_and_nothing_but_a_directory_can_be_one() -> None:
    root = folder("", mode=0o711)
    tree = layer(1, root, file(""), Entry("", Kind.SYMLINK, target="/etc"))
    assert tree.root.entry is root
    assert [entry.problems for entry in tree.outside] == [
        ("it would replace the root of the file system",),
        ("it would replace the root of the file system",),
    ]


def test_the_last_entry_of_a_path_wins_and_says_so() -> None:
    tree = layer(1, file("a", 1), file("a", 7))
    assert at(tree, "a").size == tree.root.total == 7
    assert tree.root.count == 1
    assert problems(tree, "a") == ("named more than once; this is the last",)


def test_a_directory_named_twice_keeps_what_lies_in_it() -> None:
    tree = layer(1, folder("a"), file("a/b"), folder("a", mode=0o700))
    assert paths(tree.root) == ["a", "a/b"]
    assert problems(tree, "a") == ("named more than once; this is the last",)


def test_a_file_where_a_directory_stood_takes_all_its_place() -> None:
    tree = layer(1, folder("a"), file("a/b/c", 9), file("a", 2), file("x", 1))
    assert paths(tree.root) == ["a", "x"]
    assert (tree.root.total, tree.root.count) == (3, 2)
    assert problems(tree, "a") == ("it replaces a directory of the same layer",)


def test_what_arrives_below_a_replaced_directory_does_not_land_in_the_old_one() -> None:
    tree = layer(1, file("a/b/c", 9), file("a/b", 2), file("a/b/d", 4))
    assert paths(tree.root) == ["a", "a/b", "a/b/d"]
    assert (tree.root.total, tree.root.count) == (4, 1)


def test_a_directory_where_a_file_stood_takes_its_place() -> None:
    tree = layer(1, file("a", 5), folder("a"), file("a/b", 2))
    assert paths(tree.root) == ["a", "a/b"]
    assert (tree.root.total, tree.root.count) == (2, 1)
    assert problems(tree, "a") == ("it replaces a file of the same layer",)


def test_what_lies_below_a_file_makes_a_directory_of_it_and_says_so() -> None:
    tree = layer(1, file("a", 5), file("a/b/c", 2))
    assert paths(tree.root) == ["a", "a/b", "a/b/c"]
    assert (tree.root.total, tree.root.count) == (2, 1)
    assert problems(tree, "a/b/c") == ("it lies below what the same layer calls a file",)


@pytest.mark.parametrize("path", ["..", "../x", "a/../b", "a/..", "../../etc/passwd"])
def test_a_path_with_dots_that_lead_up_is_no_place_in_the_tree_and_is_kept(path: str) -> None:
    tree = layer(1, file(path))
    assert paths(tree.root) == []
    assert [(entry.path, entry.problems) for entry in tree.outside] == [(path, ("a path with ..",))]


def test_names_that_only_look_like_dots_are_names() -> None:
    tree = layer(1, file("...", 1), file("..a/b.."))
    assert paths(tree.root) == ["...", "..a", "..a/b.."]
    assert tree.outside == []


def test_a_whiteout_is_a_removal_under_the_name_that_it_hides() -> None:
    tree = layer(1, file("etc/.wh.passwd", 0))
    node = at(tree, "etc/passwd")
    assert (node.change, node.whiteout, node.is_there) == (Change.REMOVED, True, False)
    assert paths(tree.root) == ["etc"]
    assert (tree.root.total, tree.root.count) == (0, 0)
    assert at(tree, "etc").differs_below


@pytest.mark.parametrize("turned", [False, True])
def test_a_whiteout_hides_nothing_of_its_own_layer_in_either_order(turned: bool) -> None:  # noqa: FBT001
    entries = [file("a/.wh.b", 0), file("a/b", 4)]
    tree = layer(1, *(reversed(entries) if turned else entries))
    node = at(tree, "a/b")
    assert (node.change, node.whiteout, node.size) == (None, True, 4)


def test_a_whiteout_and_a_directory_of_its_name_that_no_entry_names() -> None:
    tree = layer(1, file(".wh.a", 0), file("a/b", 4))
    node = at(tree, "a")
    assert (node.change, node.whiteout, node.is_directory, node.entry) == (None, True, True, None)


def test_an_opaque_whiteout_is_said_of_its_directory_and_is_no_file() -> None:
    tree = layer(1, file("a/b"), file("a/.wh..wh..opq", 0))
    assert at(tree, "a").opaque
    assert paths(tree.root) == ["a", "a/b"]


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", ".wh..wh.plnk", ".wh..wh.x"])
def test_a_whiteout_that_can_hide_no_name_is_kept_outside(name: str) -> None:
    tree = layer(1, file(f"a/{name}", 0))
    assert [(entry.path, len(entry.problems)) for entry in tree.outside] == [(f"a/{name}", 1)]
    assert paths(tree.root, there=False) == []


def test_what_lies_below_a_whiteout_is_kept_outside() -> None:
    tree = layer(1, file(".wh.a/b"), symlink("l", ".wh.x"), file("l/b"))
    assert [entry.path for entry in tree.outside] == [".wh.a/b", "l/b"]
    assert paths(tree.root) == ["l"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_whiteout_below_a_file_of_its_own_layer_hides_nothing(turned: bool) -> None:  # noqa: FBT001
    entries = [file("a", 5), file("a/.wh.b", 0)]
    tree = layer(1, *(reversed(entries) if turned else entries))
    assert paths(tree.root) == ["a"]
    assert (at(tree, "a").size, at(tree, "a").children) == (5, {})
    assert problems(tree, "a") == ()


def test_a_path_over_a_symbolic_link_leads_where_unpacking_puts_it_and_says_so() -> None:
    tree = layer(1, folder("usr/bin"), symlink("bin", "usr/bin"), file("bin/sh", 3), file("bin/ls", 4))
    assert paths(tree.root) == ["bin", "usr", "usr/bin", "usr/bin/ls", "usr/bin/sh"]
    for path in ("usr/bin/sh", "usr/bin/ls"):
        assert problems(tree, path) == ("its path leads over a symbolic link of the same layer to here",)


def test_links_on_the_way_do_not_leave_the_root() -> None:
    tree = layer(1, symlink("up", "../../../etc"), file("up/passwd"), symlink("abs", "/etc/x"), file("abs/y"))
    assert paths(tree.root) == ["abs", "etc", "etc/passwd", "etc/x", "etc/x/y", "up"]


def test_a_circle_of_links_on_the_way_is_an_entry_outside() -> None:
    tree = layer(1, symlink("a", "b"), symlink("b", "a"), symlink("c", ""), file("a/x"), file("c/x"))
    assert paths(tree.root) == ["a", "b", "c"]
    assert [entry.problems for entry in tree.outside] == [
        ("the symbolic links on its path lead nowhere",)
    ] * 2


def test_hard_links_are_the_file_that_their_target_was_at_that_moment() -> None:
    first, last = file("a", 5), file("a", 7)
    tree = layer(1, first, hardlink("b", "a"), hardlink("c", "b"), last)
    assert at(tree, "b").content == at(tree, "c").content == (1, first)
    assert at(tree, "b").size == 5
    assert (tree.root.total, tree.root.count) == (7, 3)
    assert at(tree, "b").kind is Kind.FILE


def test_a_hard_link_to_what_the_layer_does_not_have_waits_for_layers_below() -> None:
    tree = layer(1, hardlink("a", "b"), hardlink("c", "c"), folder("d"), hardlink("e", "d"))
    assert [node.path for node in tree.pending] == ["a", "c", "e"]
    assert at(tree, "a").content is None
    assert at(tree, "a").kind is Kind.HARDLINK
    assert at(tree, "a").size == 0


def test_a_path_of_ten_thousand_parts_is_walked_without_recursion() -> None:
    deep = "/".join("a" * 1 for _ in range(MOST_PARTS))
    tree = layer(1, file(f"{deep}/f", 3), file(f"{deep}/a/f"))
    assert sum(1 for _ in walk(tree.root)) == MOST_PARTS + 2
    assert tree.root.total == 3
    (leaf,) = (node for node in walk(tree.root) if node.name == "f")
    assert leaf.path == f"{deep}/f"
    assert [entry.problems for entry in tree.outside] == [("its path has more than 10,000 parts",)]


def test_a_tree_has_as_many_names_as_it_may_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MOST_NODES", 100)
    tree = layer(1, *(file(str(number)) for number in range(150)))
    assert tree.root.count == 99
    assert tree.left_out == 51
    assert tree.problems == ("The tree ends at 100 names: 51 entries are not in it.",)


def test_children_come_in_natural_order_also_after_more_have_arrived() -> None:
    tree = layer(1, file("f10"), file("f9"))
    assert [node.name for node in tree.root.by_name()] == ["f9", "f10"]
    tree.add([file("f1")])
    assert [node.name for node in tree.root.by_name()] == ["f1", "f9", "f10"]


def test_names_that_are_no_text_stay_what_they_are() -> None:
    name = b"\xff\x1b[2J".decode(errors="surrogateescape")
    tree = layer(1, file(f"a/{name}"))
    assert at(tree, "a").by_name()[0].name == name


def test_following_links_for_entries_ends_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MOST_FOLLOWED", 20)
    tree = layer(1, symlink("l", "x"), *(file(f"l/{number}/f") for number in range(30)))
    assert [entry.path for entry in tree.outside] == [f"l/{number}/f" for number in range(21, 30)]


def test_circles_of_links_count_for_that_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MOST_FOLLOWED", 100)
    tree = layer(1, symlink("l", "l" * 4), symlink("llll", "l"), file("l/1"), symlink("m", "n"), file("m/2"))
    assert [entry.problems for entry in tree.outside] == [
        ("the symbolic links on its path lead nowhere",),
        ("the layer has too many paths over symbolic links",),
    ]
