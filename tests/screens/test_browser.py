from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui import MEDIUM, NARROW, WIDE, browse
from tui.demo.faults import Gate, path_has
from tui.screens.columns import Column
from tui.screens.contents import ContentsScreen

if TYPE_CHECKING:
    from tui.demo import DemoServer

DEBIAN = "library/debian"
IMAGE = "team/frontend/storefront"


@pytest.mark.parametrize("key", ["enter", "right", "l"])
async def test_one_dives_from_the_registry_to_the_layer(demo: DemoServer, key: str) -> None:
    async with browse(demo) as ui:
        for column in ("repositories", "tags"):
            await ui.press(key)
            await ui.until(lambda column=column: ui.focused() == column)  # type: ignore[misc]
            await ui.until(lambda column=column: getattr(ui, column).row is not None)  # type: ignore[misc]
        await ui.press(key)
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until(lambda: ui.layers.row is not None)
        await ui.press(key)
        await ui.until(lambda: isinstance(ui.app.screen, ContentsScreen))


@pytest.mark.parametrize("key", ["escape", "left", "h"])
async def test_one_comes_back_from_the_layer_to_the_registry(demo: DemoServer, key: str) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "layers")
        for column in ("entries", "tags", "repositories", "registries", "registries"):
            await ui.press(key)
            await ui.until(lambda column=column: ui.focused() == column)  # type: ignore[misc]


async def test_a_tag_that_is_no_index_leads_to_its_layers_and_an_index_to_its_entries(
    demo: DemoServer,
) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.until_listed(ui.tags)
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "layers")
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.tags)
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "entries")


async def test_one_dives_as_soon_as_it_is_known_where_to(demo: DemoServer) -> None:
    gate = Gate(path_has("/manifests/"))
    demo.before.append(gate)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("enter")
        assert ui.focused() == "tags"
        gate.open()
        await ui.until(lambda: ui.focused() == "entries")


async def test_who_moves_on_does_not_dive_later(demo: DemoServer) -> None:
    gate = Gate(path_has("/manifests/12"))
    demo.before.append(gate)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("enter", "down", "down", "down", "down")
        gate.open()
        await ui.until_listed(ui.entries, 6)
        await ui.settle()
        assert ui.focused() == "tags"


async def test_going_back_cancels_the_dive(demo: DemoServer) -> None:
    gate = Gate(path_has("/manifests/"))
    demo.before.append(gate)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("enter", "escape")
        await ui.until(lambda: ui.focused() == "repositories")
        gate.open()
        await ui.settle()
        assert ui.focused() == "repositories"


async def test_zoom_gives_the_screen_to_what_has_the_focus_and_takes_it_back(demo: DemoServer) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        before = ui.columns()
        await ui.press("z")
        await ui.until(lambda: ui.columns() == ["entries"])
        await ui.press("z")
        await ui.until(lambda: ui.columns() == before)
        await ui.press("z", "escape")
        await ui.until(lambda: ui.columns() == before)
        assert ui.focused() == "entries"


async def test_a_zoomed_list_can_be_left_to_the_right(demo: DemoServer) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("z", "enter")
        await ui.until(lambda: ui.columns() == ["layers"])
        await ui.press("m")
        await ui.until(lambda: ui.columns() == ["detail"])


@pytest.mark.parametrize(
    ("size", "columns"),
    [
        (NARROW, ["tags", "entries", "detail"]),
        (MEDIUM, ["repositories", "tags", "entries", "detail"]),
        (WIDE, ["repositories", "tags", "entries", "detail"]),
    ],
)
async def test_columns_follow_the_focus_and_the_width(
    demo: DemoServer, size: tuple[int, int], columns: list[str]
) -> None:
    async with browse(demo, place=DEBIAN, size=size) as ui:
        await ui.until_listed(ui.tags)
        await ui.until(lambda: ui.columns() == columns)


async def test_another_width_arranges_the_columns_anew(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN, size=WIDE) as ui:
        await ui.until_listed(ui.tags)
        await ui.until(lambda: "repositories" in ui.columns())
        await ui.pilot.resize_terminal(*NARROW)
        await ui.until(lambda: ui.columns() == ["tags", "entries", "detail"])
        await ui.pilot.resize_terminal(*WIDE)
        await ui.until(lambda: ui.columns() == ["repositories", "tags", "entries", "detail"])


async def test_the_top_line_tells_where_one_is(demo: DemoServer) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until_shown(f"ocitui {demo.host} › library/debian › bookworm › linux/amd64")
        await ui.press("left")
        await ui.until_shown(f"ocitui {demo.host} › library/debian › bookworm\n")
        await ui.press("left")
        await ui.until_shown(f"ocitui {demo.host} › library/debian\n")
        await ui.press("left")
        await ui.until_shown(f"ocitui {demo.host}\n")


async def test_the_line_of_keys_tells_what_works_here(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        keys = ui.keys_shown()
        assert keys["/"] == "filter"
        assert keys["esc"] == "back"
        assert keys["?"] == "help"
        assert keys["q"] == "quit"
        assert keys["^p"] == "palette"
        assert "d" not in keys
        await ui.press("slash")
        await ui.until(lambda: ui.keys_shown() == {"⏎": "keep", "esc": "clear", "^p": "palette"})


async def test_a_click_on_another_list_goes_there(demo: DemoServer) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        line = ui.rows(ui.tags).index("trixie")
        await ui.click(ui.tags.table, 4, line)
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_shown("library/debian › trixie")


async def test_a_click_on_the_tag_that_led_into_a_nested_index_comes_back_to_it(demo: DemoServer) -> None:
    async with browse(demo, place="demo/nested:latest") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        await ui.press("enter")
        await ui.until_shown("latest › all flavours › release")
        await ui.click(ui.tags.table, 4, ui.rows(ui.tags).index("latest"))
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_shown("demo/nested › latest\n")


async def test_opening_the_tag_again_begins_with_the_outer_index(demo: DemoServer) -> None:
    async with browse(demo, place="demo/nested:latest") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        await ui.press("enter")
        await ui.until_shown("latest › all flavours › release")
        await ui.press("escape", "escape")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.press("enter")
        await ui.until_shown("latest › all flavours\n")


async def test_the_login_is_told_in_the_top_line(home: object, demo: DemoServer) -> None:
    del home
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.tags)
        assert ui.browser.bar.login == ""


async def test_the_current_column_is_known_by_its_focus(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until(lambda: ui.browser.columns.current is Column.TAGS)
        await ui.press("m")
        await ui.until(lambda: ui.browser.columns.on_detail)
        assert ui.browser.columns.current is Column.TAGS
