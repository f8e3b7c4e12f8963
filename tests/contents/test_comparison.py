from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contents.trees import file, folder, hardlink, stack_of, symlink
from tui.contents.comparison import (
    ABSENT,
    ConfigDifference,
    FileDifference,
    LayerDifference,
    LayerFate,
    compare_configs,
    compare_files,
    compare_layers,
    files_of,
    settled,
)
from tui.contents.entries import Entry, Kind
from tui.contents.merged import MergedTree
from tui.contents.nodes import Change

A, B, C = ("sha256:" + letter * 64 for letter in "abc")


def test_the_environment_is_compared_by_names() -> None:
    before = {"config": {"Env": ["PATH=/bin", "A=1", "OLD=x=y"]}}
    after = {"config": {"Env": ["A=2", "PATH=/bin", "NEW="]}}
    assert compare_configs(before, after) == [
        ConfigDifference(("config", "Env", "A"), "1", "2"),
        ConfigDifference(("config", "Env", "NEW"), ABSENT, ""),
        ConfigDifference(("config", "Env", "OLD"), "x=y", ABSENT),
    ]


def test_commands_are_compared_as_a_whole_and_labels_one_by_one() -> None:
    before = {
        "os": "linux",
        "config": {"Cmd": ["sh"], "User": "", "Labels": {"a": "1", "b": ""}, "ExposedPorts": {"80/tcp": {}}},
        "history": [1],
        "rootfs": {},
    }
    after = {
        "os": "linux",
        "architecture": "arm64",
        "config": {
            "Cmd": ["sh", "-c"],
            "Entrypoint": None,
            "User": "root",
            "Labels": {"a": "1"},
            "Volumes": {"/v": {}},
        },
        "history": [2],
    }
    assert compare_configs(before, after) == [
        ConfigDifference(("architecture",), ABSENT, "arm64"),
        ConfigDifference(("config", "Cmd"), ["sh"], ["sh", "-c"]),
        ConfigDifference(("config", "ExposedPorts", "80/tcp"), {}, ABSENT),
        ConfigDifference(("config", "Labels", "b"), "", ABSENT),
        ConfigDifference(("config", "User"), ABSENT, "root"),
        ConfigDifference(("config", "Volumes", "/v"), ABSENT, {}),
    ]


@pytest.mark.parametrize(
    "nothing", [{}, {"Env": None}, {"Env": []}, {"Labels": {}, "User": "", "Tty": False}]
)
def test_what_is_empty_is_as_what_is_not_there(nothing: dict[str, Any]) -> None:
    assert compare_configs({"config": nothing}, {}) == []
    assert compare_configs({"config": None}, {"config": nothing}) == []


def test_configs_of_odd_types_are_compared_as_they_are() -> None:
    found = compare_configs({"config": "x", "os": ["y"]}, {"config": {}, "os": {"z": 1}})
    assert found == [ConfigDifference(("os",), ["y"], {"z": 1}), ConfigDifference(("config",), "x", {})]
    found = compare_configs({"config": {"Env": [1], "Tty": True}}, {"config": {"Env": ["A=b"], "Tty": 1}})
    assert [difference.path for difference in found] == [("config", "Env"), ("config", "Tty")]


def test_values_that_are_nested_without_end_do_not_end_the_comparison() -> None:
    before: list[Any] = []
    after: list[Any] = []
    before.append(before)
    after.append(after)
    assert len(compare_configs({"x": before}, {"x": after})) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "A=1", "B"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "Env", "b"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_DOCUMENTS = st.dictionaries(st.sampled_from(["config", "os", "Env"]), _JSON)


@given(_DOCUMENTS, _DOCUMENTS)
def test_configs_of_any_form_are_compared_the_same_way_round(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    there, back = compare_configs(before, after), compare_configs(after, before)
    assert [(one.path, one.before, one.after) for one in there] == [
        (one.path, one.after, one.before) for one in back
    ]
    assert compare_configs(before, before) == []


def test_layers_are_shared_moved_new_or_gone() -> None:
    assert compare_layers(["base", "old", "app", "x"], ["base", "app", "new", "old"]) == [
        LayerDifference("base", LayerFate.SHARED, 1, 1),
        LayerDifference("app", LayerFate.MOVED, 3, 2),
        LayerDifference("new", LayerFate.NEW, None, 3),
        LayerDifference("old", LayerFate.SHARED, 2, 4),
        LayerDifference("x", LayerFate.GONE, 4, None),
    ]


def test_layers_above_an_inserted_one_stay_shared() -> None:
    fates = [layer.fate for layer in compare_layers(["a", "b"], ["new", "a", "b"])]
    assert fates == [LayerFate.NEW, LayerFate.SHARED, LayerFate.SHARED]


@given(st.lists(st.sampled_from("abcdef"), max_size=7), st.lists(st.sampled_from("abcdef"), max_size=7))
def test_each_layer_is_told_once_and_shared_ones_are_in_order(before: list[str], after: list[str]) -> None:
    found = compare_layers(before, after)
    assert sorted(one.before for one in found if one.before) == list(range(1, len(before) + 1))
    assert [one.after for one in found if one.after] == list(range(1, len(after) + 1))
    for one in found:
        assert one.before is None or before[one.before - 1] == one.digest
        assert one.after is None or after[one.after - 1] == one.digest
    shared = [one.before for one in found if one.fate is LayerFate.SHARED]
    assert shared == sorted(number for number in shared if number)
    if len(set(before)) == len(before):
        places = [one.before for one in found if one.before and one.after]
        longest = max(
            (
                len(part)
                for size in range(len(places) + 1)
                for part in combinations(places, size)
                if [*part] == sorted(part)
            ),
        )
        assert len(shared) == longest


def compared(before: Entry, after: Entry, layers: tuple[str, str] = (A, B)) -> FileDifference | None:
    found = compare_files({"x": (before, layers[0])}, {"x": (after, layers[1])})
    return found[0] if found else None


def test_files_are_added_removed_and_changed() -> None:
    before = {"gone": (file("gone", 5), A), "same": (file("same"), A), "more": (file("more", 1), A)}
    after = {"new": (file("new", 7), B), "same": (file("same"), A), "more": (file("more", 4), B)}
    found = compare_files(before, after)
    assert [(one.path, one.change, one.growth, one.what, one.certain) for one in found] == [
        ("gone", Change.REMOVED, -5, (), True),
        ("more", Change.CHANGED, 3, ("size",), True),
        ("new", Change.ADDED, 7, (), True),
    ]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"mode": 0o600}, "mode"),
        ({"uid": 1}, "owner"),
        ({"gid": 1}, "owner"),
        ({"attributes": {"user.x": b"1"}}, "attributes"),
        ({"kind": Kind.DIRECTORY}, "kind"),
    ],
)
def test_what_differs_besides_the_bytes_is_told(fields: dict[str, Any], what: str) -> None:
    found = compared(file("x", 0), Entry("x", **{"mode": 0o644, **fields}))
    assert found is not None
    assert (found.what, found.certain) == ((what,), True)


def test_digests_tell_whether_contents_differ() -> None:
    assert compared(file("x", 3, digest=A), file("x", 3, digest=A, mtime=9.0)) is None
    found = compared(file("x", 3, digest=A), file("x", 3, digest=B))
    assert found is not None
    assert (found.what, found.certain) == (("content",), True)


@pytest.mark.parametrize("digests", [("", ""), (A, ""), (A, "sha512:" + "b" * 128)])
def test_files_of_one_size_in_different_layers_are_uncertain_until_they_are_read(
    digests: tuple[str, str],
) -> None:
    before, after = (file("x", 3, digest=digest, mtime=1.0) for digest in digests)
    found = compared(before, after)
    assert found is not None
    assert (found.change, found.what, found.certain) == (Change.CHANGED, (), False)
    assert settled(found, equal=True) is None
    assert settled(found, equal=False) == FileDifference("x", Change.CHANGED, before, after, ("content",))


def test_other_times_are_told_where_it_is_uncertain() -> None:
    found = compared(file("x", 3, mtime=1.0), file("x", 3, mtime=2.0))
    assert found is not None
    assert (found.what, found.certain) == (("time",), False)


def test_files_at_one_place_of_one_layer_are_the_same() -> None:
    assert compared(file("a", 3, offset=512), file("x", 3, offset=512, mtime=1.0), (A, A)) is None
    found = compared(file("x", 3, offset=512), file("x", 3, offset=1024), (A, A))
    assert found is not None
    assert not found.certain


def test_empty_files_folders_and_links_are_never_uncertain() -> None:
    assert compared(file("x", 0), file("x", 0, mtime=1.0)) is None
    assert compared(folder("x"), folder("x", mtime=1.0)) is None
    assert compared(symlink("x", "a"), symlink("x", "a", mode=0o777)) is None
    found = compared(symlink("x", "a"), symlink("x", "b"))
    assert found is not None
    assert found.what == ("target",)


def test_merged_trees_are_listed_with_the_layers_that_have_the_bytes() -> None:
    layers = stack_of(
        (file("d/a", 3), file("gone")), (hardlink("d/b", "d/a"), file(".wh.gone"), symlink("l", "d"))
    )
    files = files_of(MergedTree(layers).root, [A, B])
    assert {path: (entry.kind, layer) for path, (entry, layer) in files.items()} == {
        "d": (Kind.DIRECTORY, A),
        "d/a": (Kind.FILE, A),
        "d/b": (Kind.FILE, A),
        "l": (Kind.SYMLINK, B),
    }
    assert compare_files(files, files) == []
