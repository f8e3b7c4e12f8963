"""What is inside layers is shown as text whatever it is, can be read, and has keys as all else has."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from tests.contents.helpers import make_tar, member, tar_of
from tests.screens.inside import APP, file, files, go_to, look_inside, put_image, screen, until_listed
from tests.screens.test_foreign_text import EVIL, assert_clean
from tests.screens.test_help import TEXTUALS
from tests.screens.test_readability import LEAST_CONTRAST, contrast, styles
from tests.ui import NARROW, WIDE, browse
from tui.config import Settings
from tui.demo import DemoServer, Storage
from tui.screens.dialogs import HelpScreen, key_table
from tui.themes import DARK, LIGHT
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ui import Ui

IMAGE = f"{APP}:latest"

TEXT = EVIL.replace("\0", "").replace("\ud83d", "\udcff")
"""What a name in a tar can hold of it."""

HOSTILE = make_tar(
    [
        (member(TEXT, uname=TEXT, gname=TEXT), EVIL.encode(errors="replace")),
        (member("link", type=tarfile.SYMTYPE, linkname=TEXT), b""),
        (member("hard", type=tarfile.LNKTYPE, linkname=TEXT), b""),
        (member(f"../{TEXT}"), b"x"),
        (member("n" * 3_000 + ".py"), b"'\x1b[31m' # [/foo]\n"),
        (member("deep/" * 60 + "file.json"), b'{"[/foo]": "\\u001b]52;c;x"}'),
        (member("a.xml"), b"<a b='[/foo]'>&#x202e;x</a>"),
        (member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), b""),
        (member("old", mtime=-(2**60)), b""),
    ]
)


@pytest.fixture(scope="module")
def hostile() -> Iterator[DemoServer]:
    storage = Storage()
    put_image(storage, [HOSTILE, HOSTILE], packed=False)
    with DemoServer(storage) as server:
        yield server


async def look_everywhere(ui: Ui) -> None:
    """Open all that there is, in all tabs."""
    for path in [row.path for row in files(ui).table.rows if not row.node.is_directory]:
        await go_to(ui, path)
        await ui.press("enter")
        for _ in range(4):
            await ui.until(lambda: all(one.is_finished for one in ui.app.workers if one.node is file(ui)))
            assert_clean(ui)
            await ui.press("tab")
        await ui.press("escape")
        assert_clean(ui)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_nothing_of_a_hostile_layer_reaches_the_terminal_but_text(
    hostile: DemoServer, size: tuple[int, int]
) -> None:
    async with browse(hostile, place=IMAGE, size=size) as ui:
        await look_inside(ui)
        assert_clean(ui)
        await look_everywhere(ui)
        await go_to(ui, ("deep/" * 60).rstrip("/") + "/file.json")
        await ui.press("enter")
        await ui.until_shown("Formatted")
        assert_clean(ui)
        await ui.press("escape", "p")
        await ui.until_shown("Summary  Problems")
        assert_clean(ui)
        await ui.press("escape", "slash")
        files(ui).search_input.value = TEXT[:100]
        await ui.until(lambda: files(ui).flat is not None)
        assert_clean(ui)


async def test_nothing_of_a_hostile_image_does_either(hostile: DemoServer) -> None:
    async with browse(hostile, place=IMAGE, size=WIDE) as ui:
        await look_inside(ui, 2)
        for key in ("t", "b", "w"):
            await ui.press(key)
            await until_listed(ui)
            await ui.until(lambda key=key: key == "t" or files(ui).flat is not None)  # type: ignore[misc]
            assert_clean(ui)
            await ui.press("down", "down")
            assert_clean(ui)


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_all_text_stands_out_from_its_ground(demo: DemoServer, theme: str) -> None:
    async with browse(demo, place="team/backend/api:v2.3.1", settings=Settings(theme=theme)) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("enter")
        await look_inside(ui, 6)
        await ui.press("t")
        await until_listed(ui)
        await go_to(ui, "app/src/app/main.py")
        await ui.press("enter")
        await ui.until_shown("from fastapi import FastAPI")
        await ui.until(lambda: all(one.is_finished for one in ui.app.workers if one.node is file(ui)))
        words = {text.strip() for text, _ in styles(ui)}
        assert "import" in words, "the keyword has a colour of its own"
        for text, style in styles(ui):
            assert style.color is not None
            assert style.bgcolor is not None
            ratio = contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))
            assert ratio >= LEAST_CONTRAST, f"{text!r}: {ratio:.1f}"


async def test_every_key_has_an_id_and_a_tooltip_and_stands_in_the_help(hostile: DemoServer) -> None:
    async with browse(hostile, place=IMAGE) as ui:
        await look_inside(ui)
        for path in ("files", "file"):
            if path == "file":
                await ui.press("m")
            bindings = [active.binding for active in screen(ui).active_bindings.values()]
            ours = [one for one in bindings if not one.system and one.action not in TEXTUALS]
            assert [key for key in ours if not (key.id and key.tooltip)] == []
            listed = {tooltip for _, tooltip in key_table(screen(ui))}
            assert {key.tooltip for key in ours} <= listed
        await ui.press("question_mark")
        await ui.until(lambda: isinstance(ui.app.screen, HelpScreen))
        await ui.press("escape")
        assert ui.app.screen is screen(ui)


async def test_keys_can_be_given_to_others(hostile: DemoServer) -> None:
    settings = Settings(keys={"contents.merged": "f5", "files.search": "ctrl+f"})
    async with browse(hostile, place=IMAGE, settings=settings) as ui:
        await look_inside(ui, 2)
        await ui.press("t")
        assert "layer 2 of 2" in (files(ui).border_title or "")
        await ui.press("f5")
        await until_listed(ui)
        await ui.until_shown("all layers")
        await ui.press("ctrl+f")
        assert files(ui).search_input.has_focus


async def test_the_line_of_keys_offers_what_works(hostile: DemoServer) -> None:
    async with browse(hostile, place=IMAGE, size=WIDE) as ui:
        await look_inside(ui)
        line = screen(ui).query_one(KeyLine)
        await ui.until(lambda: "p" in {label.display for _, label in line.placed()})
        offered = {label.display: label.name for _, label in line.placed()}
        assert offered["t"] == "layer/merged"
        assert offered["?"] == "help"
        assert offered["p"] == "problems"
        assert "+" not in offered
        await ui.press("t")
        await until_listed(ui)
        await ui.until(lambda: "+" in {label.display for _, label in line.placed()})


async def test_the_palette_offers_them_too(hostile: DemoServer) -> None:
    async with browse(hostile, place=IMAGE) as ui:
        await look_inside(ui)
        await ui.press("ctrl+p")
        await ui.type("wasted")
        await ui.until_shown("Count the space that the image wastes")
        await ui.press("escape")


async def test_a_layer_without_anything_odd_has_no_problems_to_list() -> None:
    storage = Storage()
    put_image(storage, [tar_of({"a": b"1"})])
    with DemoServer(storage) as server:
        async with browse(server, place=IMAGE) as ui:
            await look_inside(ui)
            assert not screen(ui).check_action("problems", ())
