"""Wasted space. The figures of `wasted_space` are those that dive gave (commit d6c6919) for these layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contents.trees import file, folder, hardlink, layer, stack_of, symlink
from tui.contents import wasted as wasted_module
from tui.contents.errors import TooLargeError
from tui.contents.merged import MergedTree
from tui.contents.wasted import WastedFile, hidden_files, wasted_space

if TYPE_CHECKING:
    from tui.contents.entries import Entry

IMAGE = (
    (
        folder("etc"),
        file("etc/passwd", 900),
        file("etc/motd", 50),
        folder("var"),
        folder("var/cache"),
        folder("var/cache/apt"),
        file("var/cache/apt/pkgcache.bin", 40_000),
        file("bin/sh", 120_000),
        hardlink("bin/bash", "bin/sh"),
        symlink("lib", "usr/lib"),
        folder("tmp"),
        file("usr/lib/libc.so", 1_900_000),
    ),
    (
        file("etc/passwd", 950),
        file("etc/.wh.motd", 0),
        file("usr/lib/libc.so", 1_900_000),
        folder("tmp"),
        file("srv/app", 70_000),
        file("srv/data/a", 3_000),
        file("srv/data/b", 4_000),
    ),
    (
        file("var/cache/.wh.apt", 0),
        file("srv/app", 72_000),
        file("srv/data/.wh..wh..opq", 0),
        file("srv/data/c", 10),
        file(".wh.tmp", 0),
    ),
    (
        file("etc/passwd", 1_000),
        file("srv/.wh.app", 0),
        file("srv/.wh.data", 0),
        file("etc/motd", 60),
        symlink("lib", "usr/lib64"),
    ),
)


def test_the_figures_are_those_of_dive() -> None:
    wasted = wasted_space(IMAGE)
    assert wasted.score == pytest.approx(0.507689121)
    assert wasted.size == 3_944_960
    assert wasted.files == (
        WastedFile("usr/lib/libc.so", 2, 3_800_000),
        WastedFile("srv/app", 3, 142_000),
        WastedFile("etc/passwd", 3, 2850),
        WastedFile("etc/motd", 3, 110),
        WastedFile("lib", 2, 0),
        WastedFile("tmp", 3, 0),
    )
    assert (wasted.total_size, wasted.user_size) == (4_111_970, 2_051_020)
    assert wasted.share == pytest.approx(3_944_960 / 2_051_020)


def test_an_image_without_waste_has_the_best_score() -> None:
    wasted = wasted_space(((file("a", 5),), (file("b", 6),)))
    assert (wasted.score, wasted.size, wasted.files) == (1.0, 0, ())


def test_no_layers_waste_nothing() -> None:
    wasted = wasted_space(())
    assert (wasted.score, wasted.size, wasted.share) == (1.0, 0, None)


def test_a_layer_that_removes_what_is_not_there_is_counted_up_to_it() -> None:
    layers = (
        (folder("a"), file("a/b", 100), file("c", 50)),
        (file(".wh.a", 0), file(".wh.nothing", 0), file("c", 60)),
    )
    wasted = wasted_space(layers)
    assert wasted.score == pytest.approx(0.996)
    assert (wasted.size, wasted.files) == (0, ())


@pytest.mark.parametrize(
    ("layers", "score", "size"),
    [
        pytest.param(
            ((), (file("a", 4),), (symlink("a/-x", "x"), file(".wh.a"))), 0.0, 4, id="below what it removes"
        ),
        pytest.param(
            ((file("a", 6),), (file(".wh.a", 0),), (file("a", 2),), (file("a", 1), file("a", 3))),
            0.0,
            11,
            id="removed and made again",
        ),
        pytest.param(
            ((folder("d"), file("d/x", 9)), (file("d/y", 1),), (file(".wh.d", 0),), (file("d", 4),)),
            10 / 14,
            4,
            id="a directory that a later layer names only on the way",
        ),
    ],
)
def test_odd_layers_have_dives_figures_too(
    layers: tuple[tuple[Entry, ...], ...], score: float, size: int
) -> None:
    wasted = wasted_space(layers)
    assert wasted.score == pytest.approx(score)
    assert wasted.size == size


def test_a_layer_with_too_many_names_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasted_module, "MOST_NODES", 10)
    with pytest.raises(TooLargeError, match="more than 10 names"):
        wasted_space([[file(f"{number}/x") for number in range(6)]])


def test_deep_layers_are_counted_without_recursion() -> None:
    deep = "/".join(["a"] * 10_000)
    wasted = wasted_space(((file(f"{deep}/f", 3),), (file(f"{deep}/f", 4),), (file(".wh.a", 0),)))
    assert wasted.files == (WastedFile(f"{deep}/f", 2, 7),)


def test_hidden_files_are_all_that_later_layers_replaced_or_removed_and_nothing_else() -> None:
    layers = stack_of(*IMAGE)
    tree = MergedTree(layers)
    hidden = hidden_files(tree)
    assert [(file.path, file.layer, file.by, file.entry.size) for file in hidden] == [
        ("usr/lib/libc.so", 1, 2, 1_900_000),
        ("srv/app", 3, 4, 72_000),
        ("srv/app", 2, 3, 70_000),
        ("var/cache/apt/pkgcache.bin", 1, 3, 40_000),
        ("srv/data/b", 2, 3, 4_000),
        ("srv/data/a", 2, 3, 3_000),
        ("etc/passwd", 2, 4, 950),
        ("etc/passwd", 1, 2, 900),
        ("etc/motd", 1, 2, 50),
        ("srv/data/c", 3, 4, 10),
    ]
    assert sum(file.entry.size for file in hidden) == sum(one.root.total for one in layers) - tree.root.total


def test_a_file_that_a_hard_link_still_stands_for_is_not_hidden() -> None:
    layers = stack_of((file("a", 5), file("b", 7)), (hardlink("c", "a"),), (file(".wh.a", 0), file("b", 1)))
    assert [file.path for file in hidden_files(MergedTree(layers))] == ["b"]


def test_whiteouts_of_one_layer_do_not_count_as_its_own_bytes() -> None:
    assert layer(1, file("a/.wh.b", 0), file("a/.wh..wh..opq", 0)).root.total == 0
