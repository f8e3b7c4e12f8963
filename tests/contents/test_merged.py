"""Layers stacked as a container sees them."""

from __future__ import annotations

import pytest

from tests.contents.trees import changes, file, folder, hardlink, paths, stack_of, symlink
from tui.contents import merged as merged_module
from tui.contents.entries import Entry, Kind
from tui.contents.errors import NotInLayerError
from tui.contents.merged import MergedTree
from tui.contents.nodes import Change, Node

ADDED, CHANGED, REMOVED = Change.ADDED, Change.CHANGED, Change.REMOVED


def merged(*layers: tuple[Entry, ...]) -> MergedTree:
    return MergedTree(stack_of(*layers))


def at(tree: MergedTree, path: str) -> Node:
    node = tree.root.find(path)
    assert node is not None
    return node


def test_the_specifications_example_of_whiteouts() -> None:
    base = (file("file1"), file("a/file2"), folder("b"), file("c/file3"))
    tree = merged(base, (file(".wh.file1", 0), file("a/.wh.file2", 0), file(".wh.b", 0), file("file4")))
    assert paths(tree.root) == ["a", "c", "c/file3", "file4"]
    assert changes(tree.root) == {"file1": REMOVED, "a/file2": REMOVED, "b": REMOVED, "file4": ADDED}


@pytest.mark.parametrize("last", [False, True])
def test_the_specifications_example_of_an_opaque_directory_in_either_order(last: bool) -> None:  # noqa: FBT001
    base = (folder("a"), folder("a/b"), folder("a/b/c"), file("a/b/c/bar"))
    opaque = file("a/.wh..wh..opq", 0)
    upper = (folder("a/b"), folder("a/b/c"), file("a/b/c/foo"))
    tree = merged(base, (folder("a"), *upper, opaque) if last else (folder("a"), opaque, *upper))
    assert paths(tree.root) == ["a", "a/b", "a/b/c", "a/b/c/foo"]
    assert changes(tree.root) == {"a/b/c/bar": REMOVED, "a/b/c/foo": ADDED}


def test_the_first_layer_adds_everything() -> None:
    tree = merged((folder("a"), file("a/b")))
    assert changes(tree.root) == {"a": ADDED, "a/b": ADDED}
    assert at(tree, "a/b").layer == 1


def test_an_upper_directory_replaces_the_attributes_and_keeps_the_files() -> None:
    tree = merged((folder("a"), file("a/b", 3)), (folder("a", mode=0o700), file("a/c", 4)))
    node = at(tree, "a")
    assert node.entry is not None
    assert (node.entry.mode, node.layer, node.change, node.total) == (0o700, 2, CHANGED, 7)
    assert (at(tree, "a/b").layer, at(tree, "a/c").layer) == (1, 2)


def test_a_directory_that_is_only_named_on_the_way_stays_as_it_was() -> None:
    tree = merged((folder("a", mode=0o700),), (file("a/b"),))
    node = at(tree, "a")
    assert node.entry is not None
    assert (node.entry.mode, node.layer, node.change, node.differs_below) == (0o700, 1, None, True)


def test_a_directory_described_again_in_the_same_way_is_not_changed() -> None:
    tree = merged((folder("a", mtime=1.0), file("x")), (folder("a", mtime=2.0),))
    assert changes(tree.root) == {}
    assert at(tree, "a").layer == 2
    assert not tree.root.differs_below


def test_a_removed_directory_stays_to_be_shown_with_what_it_was_and_counts_no_more() -> None:
    tree = merged((folder("a"), file("a/b/c", 5), file("x", 1)), (file(".wh.a", 0),))
    assert paths(tree.root) == ["x"]
    assert paths(tree.root, there=False) == ["a", "a/b", "a/b/c"]
    gone = at(tree, "a/b/c")
    assert (gone.layer, gone.size, gone.change) == (1, 5, REMOVED)
    assert (tree.root.total, tree.root.count) == (1, 1)
    assert (at(tree, "a").total, at(tree, "a").count) == (5, 1)


def test_what_one_layer_removed_is_forgotten_when_the_next_is_stacked() -> None:
    tree = merged((file("a"), file("b")), (file(".wh.a", 0),), (file("c"),))
    assert paths(tree.root, there=False) == []
    assert changes(tree.root) == {"c": ADDED}


def test_a_removed_path_can_come_back_in_a_later_layer() -> None:
    tree = merged((file("a", 1),), (file(".wh.a", 0),), (file("a", 3),))
    assert changes(tree.root) == {"a": ADDED}
    assert (at(tree, "a").layer, tree.root.total) == (3, 3)


def test_a_whiteout_beside_a_new_directory_hides_only_what_lies_below() -> None:
    tree = merged((folder("a"), file("a/old", 8)), (file(".wh.a", 0), folder("a"), file("a/new", 2)))
    assert paths(tree.root) == ["a", "a/new"]
    assert changes(tree.root) == {"a/old": REMOVED, "a/new": ADDED}
    assert tree.root.total == 2


def test_a_directory_made_anew_takes_nothing_over_from_the_hidden_one() -> None:
    tree = merged((folder("a", mode=0o700), file("a/old")), (file(".wh.a", 0), file("a/new")))
    assert at(tree, "a").entry is None
    assert changes(tree.root) == {"a": CHANGED, "a/old": REMOVED, "a/new": ADDED}


def test_a_whiteout_of_nothing_does_nothing() -> None:
    tree = merged((file("a"),), (file(".wh.b", 0), file("c/.wh.d", 0)))
    assert paths(tree.root) == ["a", "c"]
    assert changes(tree.root) == {"c": ADDED}


def test_a_whiteout_in_the_lowest_layer_hides_nothing() -> None:
    assert paths(merged((file(".wh.a", 0), file("a"), file(".wh..wh..opq", 0))).root) == ["a"]


def test_an_opaque_root_hides_all_that_was_there() -> None:
    tree = merged((file("a/b"), file("c")), (file(".wh..wh..opq", 0), file("a/d")))
    assert paths(tree.root) == ["a", "a/d"]
    assert paths(tree.root, there=False) == ["a/b", "c"]


def test_a_directory_replaced_by_a_file_and_back() -> None:
    layers = stack_of((folder("a"), file("a/b", 5)), (file("a", 2),), (folder("a"), file("a/c", 3)))
    tree = MergedTree(layers[:2])
    assert paths(tree.root) == ["a"]
    assert changes(tree.root) == {"a": CHANGED, "a/b": REMOVED}
    assert (tree.root.total, tree.root.count, at(tree, "a").is_directory) == (2, 1, False)
    tree.stack(layers[2])
    assert paths(tree.root) == ["a", "a/c"]
    assert changes(tree.root) == {"a": CHANGED, "a/c": ADDED}
    assert (tree.root.total, tree.root.count) == (3, 1)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        pytest.param({}, {"mode": 0o600}, CHANGED, id="mode"),
        pytest.param({}, {"uid": 7}, CHANGED, id="owner"),
        pytest.param({}, {"gid": 7}, CHANGED, id="group"),
        pytest.param({}, {"attributes": {"user.a": b"1"}}, CHANGED, id="attribute"),
        pytest.param({}, {}, CHANGED, id="bytes that may be others"),
        pytest.param({"digest": "sha256:1"}, {"digest": "sha256:2"}, CHANGED, id="digest"),
        pytest.param({"digest": "sha256:1"}, {"digest": "sha256:1", "mtime": 5.0}, None, id="same digest"),
        pytest.param({"size": 0}, {"size": 0, "mtime": 5.0}, None, id="empty"),
        pytest.param({"size": 0}, {"size": 1}, CHANGED, id="size"),
    ],
)
def test_what_makes_a_file_changed(
    before: dict[str, object], after: dict[str, object], change: Change | None
) -> None:
    tree = merged((file("a", **before),), (file("a", **after),))  # type: ignore[arg-type]
    assert at(tree, "a").change is change
    assert at(tree, "a").layer == 2


def test_what_makes_a_symbolic_link_changed() -> None:
    lower = (symlink("a", "x"), symlink("b", "x", mode=0o777), symlink("c", "x"))
    tree = merged(lower, (symlink("a", "y"), symlink("b", "x", mode=0o755), file("c")))
    assert changes(tree.root) == {"a": CHANGED, "c": CHANGED}


def test_an_upper_directory_hides_a_symbolic_link_below_it() -> None:
    tree = merged((file("usr/bin/sh"), symlink("bin", "usr/bin")), (file("bin/x"),))
    assert paths(tree.root) == ["bin", "bin/x", "usr", "usr/bin", "usr/bin/sh"]
    assert changes(tree.root) == {"bin": CHANGED, "bin/x": ADDED}


def test_the_layers_own_tree_gets_the_marks_of_what_it_does() -> None:
    layers = stack_of(
        (folder("a"), file("a/b"), file("a/c"), folder("d")),
        (file("a/b", 2), file("a/.wh.c", 0), folder("d"), file("e/f")),
    )
    MergedTree(layers)
    own = layers[1].root
    assert changes(own) == {"a/b": CHANGED, "a/c": REMOVED, "e": ADDED, "e/f": ADDED}
    assert [node.path for node in own.by_name() if node.differs_below] == ["a", "e"]
    assert own.differs_below


def test_directories_above_a_change_know_of_it_and_forget_it_with_the_next_layer() -> None:
    layers = stack_of((file("a/b/c"), file("x/y")), (file("a/b/c", 2),), (file("x/z"),))
    tree = MergedTree(layers[:2])
    assert [path for path in ("a", "a/b", "x") if at(tree, path).differs_below] == ["a", "a/b"]
    tree.stack(layers[2])
    assert [path for path in ("a", "a/b", "x") if at(tree, path).differs_below] == ["x"]


def test_a_hard_link_is_the_file_of_the_layer_below_and_stays_it() -> None:
    old = file("a", 5)
    layers = stack_of((old,), (hardlink("b", "a"),), (file("a", 9), file("c")), (file(".wh.a", 0),))
    tree = MergedTree()
    for one in layers:
        tree.stack(one)
        if tree.height >= 2:
            assert tree.content_of(at(tree, "b")) == (1, old)
    assert layers[1].root.children["b"].content == (1, old)


def test_a_hard_link_finds_what_its_own_layer_removes_below() -> None:
    old = file("a", 5)
    tree = merged((old,), (file(".wh.a", 0), hardlink("b", "a")))
    assert tree.content_of(at(tree, "b")) == (1, old)


def test_a_hard_link_before_a_new_file_of_that_name_is_the_old_one() -> None:
    old = file("a", 5)
    tree = merged((old,), (hardlink("b", "a"), file("a", 9)))
    assert tree.content_of(at(tree, "b")) == (1, old)


def test_a_hard_link_finds_a_target_that_comes_after_it_and_over_links() -> None:
    late, below = file("late", 2), file("usr/lib/x", 3)
    tree = merged(
        (below, symlink("lib", "usr/lib")),
        (hardlink("a", "late"), hardlink("b", "a"), hardlink("c", "lib/x"), late),
    )
    assert tree.content_of(at(tree, "a")) == tree.content_of(at(tree, "b")) == (2, late)
    assert tree.content_of(at(tree, "c")) == (1, below)


def test_a_hard_link_to_a_symbolic_link_is_one() -> None:
    there = file("there", 2)
    tree = merged((there, symlink("s", "there"), hardlink("h", "s")))
    assert at(tree, "h").kind is Kind.SYMLINK
    assert tree.resolve("h") is at(tree, "there")
    assert tree.content_of(at(tree, "h")) == (1, there)


@pytest.mark.parametrize("target", ["absent", "h", "d", "../x", "loop/x"])
def test_a_hard_link_to_what_is_no_file_of_the_image_says_so(target: str) -> None:
    tree = merged((folder("d"), symlink("loop", "loop")), (hardlink("h", target),))
    with pytest.raises(NotInLayerError, match="which is no file of the image"):
        tree.content_of(at(tree, "h"))


def test_following_links_for_hard_links_ends_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_module, "MOST_FOLLOWED", 100)
    lower = (symlink("loop", "loop"), symlink("to", "d"), file("d/x"))
    links = [hardlink(f"h{number}", "to/x") for number in range(3)]
    tree = merged(lower, (hardlink("lost", "loop/x"), *links))
    assert [at(tree, node.path).content for node in links] == [None, None, None]
    monkeypatch.undo()
    tree = merged(lower, (hardlink("lost", "loop/x"), *links))
    assert [at(tree, node.path).content for node in links] == [(1, lower[2])] * 3


def test_what_has_no_bytes_says_what_it_is() -> None:
    tree = merged((folder("d"), Entry("p", Kind.FIFO), file("a/b")))
    for path, words in {"d": "a directory", "p": "a pipe", "a": "a directory"}.items():
        with pytest.raises(NotInLayerError, match=f"'{path}' has no bytes: it is {words}"):
            tree.content_of(at(tree, path))


def test_the_bytes_of_a_removed_file_can_still_be_asked_for() -> None:
    gone = file("a", 5)
    tree = merged((gone,), (file(".wh.a", 0),))
    assert tree.content_of(at(tree, "a")) == (1, gone)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ""),
        ("/", ""),
        ("usr/bin/sh", "usr/bin/sh"),
        ("/usr/bin/sh", "usr/bin/sh"),
        ("bin/sh", "usr/bin/sh"),
        ("bin", "usr/bin"),
        ("absolute", "usr/bin/sh"),
        ("usr/relative", "usr/bin/sh"),
        ("out/usr", "usr"),
        ("../../usr/./bin/..//bin", "usr/bin"),
        ("chain1", "usr/bin/sh"),
        ("bin/../x", "usr/x"),
    ],
)
def test_paths_lead_over_links_inside_of_the_image(path: str, found: str) -> None:
    tree = merged(
        (
            file("usr/bin/sh"),
            file("usr/x"),
            symlink("bin", "usr/bin"),
            symlink("absolute", "/usr/bin/sh"),
            symlink("usr/relative", "../bin/sh"),
            symlink("out", "../../.."),
            symlink("chain1", "chain2"),
            symlink("chain2", "chain3"),
        ),
        (symlink("chain3", "absolute"),),
    )
    assert tree.resolve(path).path == found


def test_a_link_at_the_end_of_a_path_is_followed_only_if_wanted() -> None:
    tree = merged((symlink("a", "b"), symlink("l", "d"), folder("b"), symlink("d", "b"), file("b/x")))
    assert tree.resolve("a", follow=False).path == "a"
    assert tree.resolve("l/x", follow=False).path == "b/x"
    assert tree.resolve("a/", follow=False).path == "b"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nothing", "there is no 'nothing' in '/'"),
        ("d/nothing/..", "there is no 'nothing' in '/d'"),
        ("f/x", "'f' is no directory"),
        ("f/", "'f' is no directory"),
        ("f/..", "'f' is no directory"),
        ("dangling", "there is no 'absent' in '/'"),
        ("gone", "there is no 'gone' in '/'"),
        ("circle1", "more than 40 symbolic links"),
        ("self/x", "more than 40 symbolic links"),
        ("empty", "whose target can be none"),
        ("long", "whose target can be none"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(path: str, words: str) -> None:
    tree = merged(
        (
            folder("d"),
            file("f"),
            file("gone"),
            symlink("dangling", "absent"),
            symlink("circle1", "circle2"),
            symlink("circle2", "circle1"),
            symlink("self", "self"),
            symlink("empty", ""),
            symlink("long", "d/" * 3000),
        ),
        (file(".wh.gone", 0),),
    )
    with pytest.raises(NotInLayerError, match=words):
        tree.resolve(path)


def test_forty_links_are_followed_and_one_more_is_not() -> None:
    links = [symlink(f"l{number}", f"l{number + 1}") for number in range(40)]
    tree = merged((*links, file("l40"), symlink("more", "l0")))
    assert tree.resolve("l0").path == "l40"
    with pytest.raises(NotInLayerError):
        tree.resolve("more")


def test_deep_trees_are_stacked_and_removed_without_recursion() -> None:
    deep = "/".join(["a"] * 10_000)
    tree = merged((file(f"{deep}/f", 3),), (file(f"{deep}/g", 4),), (file(".wh.a", 0),))
    assert (tree.root.total, tree.root.count) == (0, 0)
    assert len(paths(tree.root, there=False)) == 10_002
