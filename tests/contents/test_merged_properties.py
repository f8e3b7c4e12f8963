"""Stacks of layers made at random, beside a model of the specification that has a table of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.contents.trees import file, folder, layer, paths, symlink
from tui.contents.entries import Entry, Kind
from tui.contents.merged import MergedTree
from tui.contents.nodes import Change, Node, walk
from tui.contents.tree import OPAQUE, WHITEOUT

if TYPE_CHECKING:
    from tui.contents.tree import LayerTree

FOLDERS = st.lists(st.sampled_from("abc"), max_size=3)
NAMES = st.sampled_from("abcd")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    name = draw(NAMES)
    kind = draw(st.sampled_from(["file", "file", "folder", "link", "whiteout", "opaque"]))
    # What lies below a symbolic link lies elsewhere: links have names of their own here.
    last = {"link": f"link{name}", "whiteout": WHITEOUT + name, "opaque": OPAQUE}.get(kind, name)
    path = "/".join([*draw(FOLDERS), last])
    if kind == "folder":
        return folder(path, mode=draw(st.sampled_from([0o700, 0o755])))
    if kind == "link":
        return symlink(path, draw(NAMES))
    if kind == "file":
        return file(path, draw(st.integers(0, 5)), mode=draw(st.sampled_from([0o600, 0o644])))
    return file(path, 0)


LAYERS = st.lists(st.lists(entries(), max_size=8), max_size=4)

Thing = tuple[int, Entry | None]
"""The layer that brought or described it last, and its entry; None for a directory that none names."""


def is_directory(thing: Thing) -> bool:
    return thing[1] is None or thing[1].kind is Kind.DIRECTORY


def drop(table: dict[str, Thing], path: str, *, itself: bool = True) -> None:
    below = f"{path}/" if path else ""
    for other in [*table]:
        if (itself and other == path) or other.startswith(below):
            del table[other]


def unpacked(number: int, layer_entries: list[Entry]) -> tuple[dict[str, Thing], list[str], list[str]]:
    """Unpack one layer alone: what it has, what it removes, and the directories that it empties first."""
    table: dict[str, Thing] = {}
    removed, emptied = list[str](), list[str]()
    for entry in layer_entries:
        folder_path, _, name = entry.path.rpartition("/")
        parts = folder_path.split("/") if folder_path else []
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if name.startswith(WHITEOUT) and any(
            not is_directory(table.get(above, (0, None))) for above in folders
        ):
            continue
        for above in folders:
            if above not in table or not is_directory(table[above]):
                table[above] = (number, None)
        if name == OPAQUE:
            emptied.append(folder_path)
        elif name.startswith(WHITEOUT):
            removed.append("/".join([*parts, name.removeprefix(WHITEOUT)]))
        else:
            if entry.kind is not Kind.DIRECTORY:
                drop(table, entry.path)
                # A directory that is gone again has emptied nothing, and hides by being gone.
                inside = f"{entry.path}/"
                emptied = [path for path in emptied if not f"{path}/".startswith(inside)]
                removed = [path for path in removed if not path.startswith(inside)]
            table[entry.path] = (number, entry)
    return table, removed, emptied


def applied(table: dict[str, Thing], number: int, layer_entries: list[Entry]) -> dict[str, Thing]:
    """Apply a layer to a file system: first all that it hides, then all that it has."""
    own, removed, emptied = unpacked(number, layer_entries)
    after = dict(table)
    for path in emptied:
        drop(after, path, itself=False)
    for path in removed:
        drop(after, path)
    for path, thing in sorted(own.items()):
        if path in after and is_directory(after[path]) and is_directory(thing):
            if thing[1] is not None:
                after[path] = thing
        else:
            drop(after, path)
            after[path] = thing
    return after


def seen(tree: MergedTree) -> dict[str, tuple[int, Kind, int, int]]:
    return {node.path: described((node.layer, node.entry)) for node in walk(tree.root) if is_shown(node)}


def is_shown(node: Node) -> bool:
    return node.is_there and node.parent is not None


def described(thing: Thing) -> tuple[int, Kind, int, int]:
    entry = thing[1] or folder("", mode=-1)
    return thing[0], entry.kind, entry.mode, entry.size


@given(LAYERS)
def test_stacked_layers_are_what_the_specification_makes_of_them(stack: list[list[Entry]]) -> None:
    tree = MergedTree()
    table: dict[str, Thing] = {}
    for number, layer_entries in enumerate(stack, 1):
        tree.stack(layer(number, *layer_entries))
        before, table = table, applied(table, number, layer_entries)
        assert seen(tree) == {path: described(thing) for path, thing in table.items()}
        nodes = [*walk(tree.root)]
        added = {node.path for node in nodes if node.change is Change.ADDED}
        removed = {node.path for node in nodes if node.change is Change.REMOVED}
        assert added == table.keys() - before.keys()
        assert removed == before.keys() - table.keys()
        for node in nodes:
            if node.change is None and node.path in before and node.path in table:
                old, new = described(before[node.path]), described(table[node.path])
                undescribed = {-1: 0o755}  # a directory that no entry names
                assert undescribed.get(old[2], old[2]) == undescribed.get(new[2], new[2])
                assert (old[1], old[3]) == (new[1], new[3])


@given(LAYERS)
def test_sums_and_marks_of_directories_are_those_of_what_lies_in_them(stack: list[list[Entry]]) -> None:
    layers: list[LayerTree] = []
    tree = MergedTree()
    for number, layer_entries in enumerate(stack, 1):
        layers.append(layer(number, *layer_entries))
        tree.stack(layers[-1])
        for root in (tree.root, layers[-1].root):
            for node in walk(root):
                below = [other for other in walk(node) if other is not node]
                differing = [other for other in below if other.change is not None]
                if node.is_there and root is tree.root:
                    assert node.differs_below == bool(differing)
                if differing and node.is_there:
                    assert node.differs_below
                if node.is_there and node.is_directory:
                    leaves = [other for other in below if other.is_there and not other.is_directory]
                    assert (node.total, node.count) == (sum(leaf.size for leaf in leaves), len(leaves))
    hidden = sum(one.entry.size for one in tree.hidden)
    assert hidden == sum(one.root.total for one in layers) - tree.root.total


@given(LAYERS)
def test_a_stack_that_grew_is_the_same_as_one_made_at_once(stack: list[list[Entry]]) -> None:
    trees = [layer(number, *layer_entries) for number, layer_entries in enumerate(stack, 1)]
    grown = MergedTree(trees[:-1])
    for tree in trees[-1:]:
        grown.stack(tree)
    again = MergedTree(layer(number, *layer_entries) for number, layer_entries in enumerate(stack, 1))
    assert seen(grown) == seen(again)
    assert paths(grown.root, there=False) == paths(again.root, there=False)
    assert {node.path: node.change for node in walk(grown.root)} == {
        node.path: node.change for node in walk(again.root)
    }
