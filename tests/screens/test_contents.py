"""One looks into a layer: its files, and what is in them."""

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
    screen,
    shown,
    until_listed,
)
from tests.ui import NARROW, WIDE, browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.layers import noise
from tui.demo.problems import error_response
from tui.screens.browser import BrowserScreen

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = f"{APP}:latest"
DEBIAN = "library/debian:bookworm-slim"


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """An empty registry, for an image of the test."""
    with DemoServer(Storage()) as server:
        yield server


SMALL = tar_of(
    {
        "etc/": b"",
        "etc/app.json": b'{"debug": true}',
        "etc/hosts": b"127.0.0.1 localhost\n",
        "usr/": b"",
        "usr/bin/": b"",
        "usr/bin/run": b"\x7fELF\0\1\2\3",
        "note.xml": b"<a><b>x</b></a>",
    }
)


@pytest.mark.parametrize("key", ["enter", "right", "l"])
async def test_a_key_on_a_layer_shows_its_files(shelf: DemoServer, key: str) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)
        await ui.press(key)
        await ui.until_shown("─ Files · layer 1 of 1 ─")
        await until_listed(ui)
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        await ui.until_shown("4 files · 58 B", "fetched (stream)", f"{APP} › latest › layer 1")


async def test_what_is_no_layer_shows_its_details_still(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers, 2)
        await ui.press("m")
        await ui.until(lambda: ui.focused() == "detail")
        await ui.press("m", "end", "enter")
        await ui.until(lambda: ui.focused() == "detail")
        assert isinstance(ui.app.screen, BrowserScreen)


async def test_a_tree_unfolds_and_folds_by_keys(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("down", "right")
        assert names(ui)[1:4] == ["  etc", "    app.json", "    hosts"]
        await ui.press("right", "down")
        assert files(ui).path == "etc/hosts"
        await ui.press("left")
        assert files(ui).path == "etc"
        await ui.press("left")
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        await ui.press("enter")
        assert names(ui)[2] == "    app.json"
        await ui.press("enter")
        assert names(ui)[2] == "  note.xml"
        await ui.press("left", "left")
        assert files(ui).path == ""
        assert names(ui)[0] == "/"


async def test_rows_tell_what_ls_tells(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN, size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("enter")
        await look_inside(ui)
        await ui.until_shown(
            "bin → usr/bin lrwxrwxrwx root 2026-11-21 09:12",
            "▸ root 67 B drwx------ root",
            "▸ usr 810 kB drwxr-xr-x",
        )


async def test_a_narrow_terminal_has_fewer_columns_and_the_facts_below(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN, size=NARROW) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("enter")
        await look_inside(ui)
        await go_to(ui, "etc/shadow")
        await ui.until_shown("shadow 26 B -rw-r-----", "╭─ /etc/shadow ─")
        assert "2026-11-21" not in "\n".join(ui.rows(files(ui)))
        await ui.press("enter")
        await ui.until_shown("1 root:*:20771:0:99999:7:::")


async def test_enter_opens_a_file_and_escape_goes_back_step_by_step(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "etc/hosts")
        await ui.press("enter")
        await ui.until_shown("1 127.0.0.1 localhost", "─ /etc/hosts ─", "20 B · -rw-r--r-- 0 · from layer 1")
        assert file(ui).has_focus_within
        await ui.press("escape")
        assert files(ui).table.has_focus
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert ui.focused() == "layers"


@pytest.mark.parametrize(
    ("path", "tabs", "text"),
    [
        ("etc/app.json", "Formatted  Text  Bytes  Facts", '"debug": true'),
        ("note.xml", "Formatted  Text  Bytes  Facts", "<b>x</b>"),
        ("etc/hosts", "Text  Bytes  Facts", "127.0.0.1 localhost"),
        ("usr/bin/run", "Bytes  Facts", "0000  7f 45 4c 46 00 01 02 03"),
    ],
)
async def test_a_file_shows_as_it_is_read_best(shelf: DemoServer, path: str, tabs: str, text: str) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, path)
        await ui.press("enter")
        await ui.until_shown(tabs, text)


async def test_tabs_show_a_file_otherwise(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "etc/hosts")
        await ui.press("enter")
        await ui.until_shown("Text  Bytes  Facts")
        await ui.press("tab")
        await ui.until_shown("0000  31 32 37")
        await ui.press("tab")
        await ui.until_shown("mode -rw-r--r-- (0644)", "size 20 B (20 bytes)")


async def test_a_small_file_is_looked_into_where_the_cursor_rests(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL], packed=False)
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "etc/hosts")
        await ui.until_shown("127.0.0.1 localhost")
        assert files(ui).table.has_focus


async def test_what_opening_costs_is_said_and_nothing_is_fetched_before(shelf: DemoServer) -> None:
    large = tar_of({"large": noise("large", 300_000), "small": b"x"})
    digest = put_image(shelf.storage, [large], packed=False)[0]
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        asked = len(requests(shelf, digest))
        await go_to(ui, "large")
        await ui.until_shown("to open enter fetches 300 kB")
        assert len(requests(shelf, digest)) == asked
        await ui.press("enter")
        await ui.until_shown("Bytes  Facts", "0000")
        assert len(requests(shelf, digest)) > asked


async def test_rows_appear_while_the_layer_arrives_and_leaving_ends_the_transfer(shelf: DemoServer) -> None:
    tar = tar_of({"first": b"1", "large": noise("1", 5_000_000), "last": b"2"})
    digest = put_image(shelf.storage, [tar])[0]
    blob = gzipped(tar)
    held = Held(blob, digest, len(blob) // 2)
    shelf.before.append(held)
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, wait=False)
        await ui.until(lambda: "  first" in names(ui))
        assert "  last" not in names(ui)
        await ui.until_shown("more is arriving …", "50 % of 5.0 MB fetched")
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        await ui.wait(held.left.wait())
        assert ui.focused() == "layers"
        shelf.before.clear()
        await look_inside(ui)
        assert names(ui) == ["/", "  first", "  large", "  last"]


async def test_the_second_visit_fetches_nothing(shelf: DemoServer) -> None:
    digest = put_image(shelf.storage, [SMALL])[0]
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        asked = len(requests(shelf, digest))
        await look_inside(ui)
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        assert len(requests(shelf, digest)) == asked


async def test_a_visit_in_a_later_run_fetches_nothing_for_the_list(shelf: DemoServer) -> None:
    digest = put_image(shelf.storage, [SMALL])[0]
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
    asked = len(requests(shelf, digest))
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        assert len(requests(shelf, digest)) == asked


async def test_an_error_stands_in_the_pane_with_what_to_try(shelf: DemoServer) -> None:
    digest = put_image(shelf.storage, [SMALL])[0]
    refusal = reply(lambda: error_response(403, "DENIED", "not for you"), path_has(digest))
    shelf.before.append(refusal)
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, wait=False)
        await ui.until_noted(files(ui), "✗ ", "not for you", "r  try again")  # type: ignore[arg-type]  # a pane with a table
        shelf.before.remove(refusal)
        await ui.press("r")
        await until_listed(ui)
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        assert ui.note(files(ui)) == ""  # type: ignore[arg-type]  # as above


async def test_what_is_no_tar_says_so(shelf: DemoServer) -> None:
    put_image(shelf.storage, [b"these are words and no archive " * 100], packed=False)
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, wait=False)
        await ui.until(lambda: "✗" in ui.note(files(ui)))  # type: ignore[arg-type]  # as above


async def test_an_empty_layer_says_that_nothing_is_in_it(shelf: DemoServer) -> None:
    put_image(shelf.storage, [tar_of({})])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        assert names(ui) == ["/"]
        await ui.until_shown("nothing in here", "0 files · 0 B")


async def test_odd_entries_are_marked_counted_and_listed(shelf: DemoServer) -> None:
    tar = make_tar([(member("../../etc/passwd"), b"x"), (member("twice"), b"1"), (member("twice"), b"2")])
    put_image(shelf.storage, [tar])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.until_shown("✗ 2 problems: p lists them", "twice ✗")
        await ui.press("p")
        await ui.until_shown("Summary  Problems", "Single entries", "named more than once")
        assert "passwd" in shown(ui)


async def test_links_are_followed_inside_the_layer_and_dead_ends_say_why(shelf: DemoServer) -> None:
    tar = make_tar(
        [
            (member("data/real"), b"the bytes"),
            (member("link", type=tarfile.SYMTYPE, linkname="/data/real"), b""),
            (member("folder", type=tarfile.SYMTYPE, linkname="data"), b""),
            (member("dead", type=tarfile.SYMTYPE, linkname="elsewhere/x"), b""),
            (member("round", type=tarfile.SYMTYPE, linkname="round"), b""),
            (member("hard", type=tarfile.LNKTYPE, linkname="data/real"), b""),
        ]
    )
    put_image(shelf.storage, [tar])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        for path in ("link", "hard"):
            await go_to(ui, path)
            await ui.press("enter")
            await ui.until_shown("1 the bytes")
            await ui.press("escape")
        await go_to(ui, "folder")
        await ui.press("enter")
        await ui.until(lambda: files(ui).path == "data")
        await go_to(ui, "dead")
        await ui.until(lambda: "It leads to /elsewhere/x, which this layer does not have" in shown(ui))
        await go_to(ui, "round")
        await ui.until(lambda: "symbolic links" in shown(ui))


async def test_a_search_looks_through_all_directories(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("slash")
        await ui.type("hos")
        await ui.until(lambda: names(ui) == ["/etc/hosts"])
        await ui.until_shown("1 with “hos”")
        await ui.press("enter", "enter")
        await ui.until_shown("127.0.0.1 localhost")
        await ui.press("escape", "right")
        assert files(ui).path == "etc/hosts"
        assert "    hosts" in names(ui)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.json", ["/etc/app.json"]),
        ("usr/*/r?n", ["/usr/bin/run"]),
        ("/etc/h", ["/etc/hosts"]),
        ("note", ["/note.xml"]),
        ("NOTE", []),
        ("[", []),
    ],
)
async def test_a_search_takes_patterns_and_paths(shelf: DemoServer, pattern: str, found: list[str]) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("slash")
        files(ui).search_input.value = pattern
        await ui.until(lambda: files(ui).flat is not None and names(ui) == found)
        if not found:
            await ui.until_shown(f"nothing matches “{pattern}”")
        await ui.press("escape")
        await ui.until(lambda: names(ui) == ["/", "  etc", "  note.xml", "  usr"])


async def test_largest_first_is_another_order(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("s")
        await ui.until_shown("largest first")
        assert names(ui) == ["/", "  etc", "  note.xml", "  usr"]
        await ui.press("s")
        await ui.until_gone("largest first")


async def test_one_searches_in_a_file(shelf: DemoServer) -> None:
    text = "".join(f"line {number}\n" for number in range(200))
    put_image(shelf.storage, [tar_of({"a": text.encode()})])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "a")
        await ui.press("enter")
        await ui.until_shown("Text  Bytes")
        await ui.press("slash")
        await ui.type("line 15")
        await ui.press("enter")
        await ui.until(lambda: file(ui).view.cursor == 15)
        await ui.press("n")
        await ui.until(lambda: file(ui).view.cursor == 150)
        await ui.until_shown("line 150")


async def test_of_a_large_file_the_beginning_shows_and_the_border_says_so(shelf: DemoServer) -> None:
    put_image(shelf.storage, [tar_of({"log": b"0123456\n" * 500_000})])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "log")
        await ui.press("enter")
        await ui.until_shown("3.0 MB of 4.0 MB are not shown")
        await ui.press("end")
        await ui.until_shown("… 3.0 MB of 4.0 MB are not shown")


async def test_a_file_that_cannot_be_fetched_says_why(shelf: DemoServer) -> None:
    digest = put_image(shelf.storage, [tar_of({"large": noise("large", 300_000)})], packed=False)[0]
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "large")
        refusal = reply(lambda: error_response(403, "DENIED", "not for you"), path_has(digest))
        shelf.before.append(refusal)
        await ui.press("enter")
        await ui.until_shown("Problem  Facts", "✗", "not for you")
        shelf.before.remove(refusal)
        await ui.press("r")
        await ui.until_shown("Bytes  Facts")


async def test_the_file_alone_takes_the_screen(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await go_to(ui, "etc/hosts")
        await ui.press("enter")
        await ui.until_shown("127.0.0.1")
        await ui.press("z")
        await ui.until(lambda: not files(ui).display or files(ui).region.width == 0)
        await ui.press("escape")
        await ui.until(lambda: files(ui).region.width > 0)
        assert isinstance(ui.app.screen, type(screen(ui)))


async def test_the_mouse_unfolds_and_opens(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.click(files(ui), 5, 2, times=2)
        await ui.until(lambda: "    hosts" in names(ui))
        await ui.click(files(ui), 5, 4, times=2)
        await ui.until_shown("127.0.0.1 localhost")


async def test_the_root_tells_about_the_layer(shelf: DemoServer) -> None:
    put_image(shelf.storage, [SMALL])
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.until_shown("layer 1 of 1", "files 4", "packing gzip")
