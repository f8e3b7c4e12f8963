"""One looks into an image as a container sees it: what layers add, change and remove, and what they waste."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.contents.helpers import gzipped, make_tar, member, tar_of
from tests.screens.inside import (
    APP,
    Held,
    file,
    files,
    go_to,
    look_inside,
    names,
    put_image,
    shown,
    until_listed,
)
from tests.ui import NARROW, WIDE, browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.layers import noise
from tui.demo.problems import error_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ui import Ui

IMAGE = f"{APP}:latest"

LOWER = tar_of(
    {"etc/": b"", "etc/kept": b"kept", "etc/new": b"old", "etc/gone": b"gone", "lib/": b"", "lib/a": b"aa"}
)
UPPER = make_tar(
    [
        (member("etc/new"), b"brand new"),
        (member("etc/.wh.gone"), b""),
        (member("etc/more"), b"more"),
        (member("link", type=tarfile.SYMTYPE, linkname="/lib/a"), b""),
        (member("libs", type=tarfile.SYMTYPE, linkname="lib"), b""),
    ]
)


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """A registry with an image of two layers."""
    storage = Storage()
    put_image(storage, [LOWER, UPPER])
    with DemoServer(storage) as server:
        yield server


async def merge(ui: Ui, layer: int = 2) -> None:
    """Look into a layer, merged with those below."""
    await look_inside(ui, layer)
    await ui.press("t")
    await until_listed(ui)


async def test_one_key_merges_the_layers_and_shows_the_layer_alone_again(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 2)
        await ui.until_shown("─ Files · layer 2 of 2 ─")
        assert names(ui) == ["/", "  etc", "  libs", "  link"]
        await ui.press("t")
        await until_listed(ui)
        await ui.until_shown("─ Files · all layers ─")
        assert names(ui) == ["/", "  etc", "  lib", "  libs", "  link"]
        await ui.press("t")
        await ui.until_shown("─ Files · layer 2 of 2 ─")


async def test_up_to_a_layer_those_above_it_are_left_out(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui, 1)
        await ui.until_shown("merged up to layer 1")
        assert names(ui) == ["/", "  etc", "  lib"]


async def test_the_cursor_stays_on_its_path(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 2)
        await go_to(ui, "etc/new")
        await ui.press("t")
        await until_listed(ui)
        assert files(ui).path == "etc/new"


async def test_what_a_layer_does_is_marked_by_a_sign_a_word_and_the_layer(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE, size=WIDE) as ui:
        await merge(ui)
        await go_to(ui, "etc/new")
        await ui.until_shown("+ more 2 4 B", "~ new 2 9 B", "− gone 1 4 B")
        await ui.press("enter")
        await ui.until_shown("Text  Bytes  Facts")
        await ui.press("shift+tab")
        await ui.until_shown("change changed by layer 2")
        await go_to(ui, "etc/gone")
        await ui.until_shown("change removed by layer 2", "from layer 1")


@pytest.mark.parametrize(
    ("key", "word", "rows"),
    [
        ("plus", "added", ["/", "  etc", "    more", "  libs", "  link"]),
        ("a", "added", ["/", "  etc", "    more", "  libs", "  link"]),
        ("tilde", "changed", ["/", "  etc", "    new"]),
        ("c", "changed", ["/", "  etc", "    new"]),
        ("minus", "removed", ["/", "  etc", "    gone"]),
        ("d", "removed", ["/", "  etc", "    gone"]),
    ],
)
async def test_a_key_shows_only_what_was_added_changed_or_removed(
    shelf: DemoServer, key: str, word: str, rows: list[str]
) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui)
        await ui.press(key)
        await ui.until_shown(f"only {word}")
        assert names(ui) == rows
        await ui.press(key)
        assert "  lib" in names(ui)


async def test_escape_takes_such_a_filter_away_before_it_leaves(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui)
        await ui.press("minus", "escape")
        assert "  lib" in names(ui)
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)


async def test_where_nothing_was_changed_it_says_so(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui, 1)
        await ui.press("minus")
        await ui.until_shown("nothing was removed here")


async def test_links_are_followed_across_layers(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 2)
        await go_to(ui, "link")
        await ui.until(lambda: "It leads to /lib/a, which this layer does not have" in shown(ui))
        await ui.press("t")
        await until_listed(ui)
        await go_to(ui, "link")
        await ui.press("enter")
        await ui.until_shown("1 aa", "─ /link ─")
        await ui.press("escape")
        await go_to(ui, "libs")
        await ui.press("enter")
        await ui.until(lambda: files(ui).path == "lib")


async def test_what_was_removed_can_still_be_looked_at(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui)
        await go_to(ui, "etc/gone")
        await ui.press("enter")
        await ui.until_shown("1 gone")


async def test_while_layers_arrive_it_says_which_and_leaving_ends_the_transfer() -> None:
    lower = tar_of({"first": b"1", "large": noise("1", 5_000_000)})
    storage = Storage()
    digest = put_image(storage, [lower, UPPER])[0]
    with DemoServer(storage) as server:
        async with browse(server, place=IMAGE) as ui:
            await look_inside(ui, 2)
            blob = gzipped(lower)
            held = Held(blob, digest, len(blob) // 2)
            server.before.append(held)
            await ui.press("t")
            await ui.until_shown("layer 1 of 2: 2 files · 5.0 MB · 50 % of 5.0 MB fetched …")
            await ui.press("escape")
            await ui.until(lambda: ui.app.screen is ui.browser)
            await ui.wait(held.left.wait())


async def test_a_layer_that_cannot_be_fetched_stands_in_the_pane(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 2)
        digest = str(ui.layers.listed[0].descriptor.digest)  # type: ignore[union-attr]  # a layer has one
        refusal = reply(lambda: error_response(403, "DENIED", "not for you"), path_has(digest))
        shelf.before.append(refusal)
        await ui.press("t")
        await ui.until(lambda: "not for you" in ui.note(files(ui)))  # type: ignore[arg-type]  # it has a table
        shelf.before.remove(refusal)
        await ui.press("r")
        await until_listed(ui)
        assert "  lib" in names(ui)


async def test_layers_that_are_known_are_not_fetched_again(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui)
        asked = len(requests(shelf, "/blobs/"))
        await ui.press("t", "t", "escape")
        await merge(ui)
        assert len(requests(shelf, "/blobs/")) == asked


async def test_the_biggest_files_stand_in_one_list(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await merge(ui)
        await ui.press("b")
        await ui.until_shown("biggest files")
        assert names(ui)[0] == "/etc/new"
        assert {*names(ui)} == {"/etc/new", "/etc/kept", "/etc/more", "/lib/a"}
        await ui.press("right")
        assert files(ui).path == "etc/new"
        assert "    new" in names(ui)
        await ui.press("b", "b")
        assert names(ui)[0] == "/"


async def test_wasted_space_is_counted_with_the_files_behind_it(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE, size=WIDE) as ui:
        await look_inside(ui, 2)
        await ui.press("w")
        await ui.until_shown("16 B wasted · score", "/etc/new 2 layers", "/etc/gone 2 layers")
        assert names(ui) == ["/etc/new", "/etc/gone"]
        await ui.until_shown("2 paths in more than one layer: 16 B")
        await ui.press("w")
        assert names(ui)[0] == "/"


async def test_where_nothing_is_wasted_it_says_so(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 1)
        await ui.press("w")
        await ui.until_shown("nothing is wasted")


async def test_a_narrow_terminal_shows_marks_and_layers(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE, size=NARROW) as ui:
        await merge(ui)
        await go_to(ui, "etc/more")
        await ui.until_shown("+ more 2 4 B -rw-r--r--")
        assert file(ui).display
