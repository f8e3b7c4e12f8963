"""What all lists share: moving, filtering, reloading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui import browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import Gate, path_has

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN = "library/debian"


@pytest.fixture
def changing() -> Iterator[DemoServer]:
    """A registry of one repository, whose tags a test may change."""
    storage = Storage()
    for number in range(5):
        storage.put_tag("team/app", f"v{number}", f"sha256:{number:064}")
    with DemoServer(storage) as server:
        yield server


@pytest.mark.parametrize(("down", "up"), [("down", "up"), ("j", "k")])
async def test_arrow_keys_and_vim_keys_move_the_cursor(demo: DemoServer, down: str, up: str) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.tags)
        await ui.press(down, down, down, up)
        await ui.until(lambda: ui.row(ui.tags) == "12.12")


async def test_the_cursor_jumps_to_the_ends(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.tags)
        for key, row in (("end", "trixie-20261117"), ("home", "12"), ("G", "trixie-20261117"), ("g", "12")):
            await ui.press(key)
            assert ui.row(ui.tags) == row


async def test_the_filter_narrows_the_list_with_each_letter(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash", "s")
        await ui.until_counted(ui.tags, "7 of 15")
        await ui.press("l")
        await ui.until_counted(ui.tags, "4 of 15")
        assert all("sl" in name for name in ui.names(ui.tags))
        await ui.press("backspace")
        await ui.until_counted(ui.tags, "7 of 15")


async def test_the_filter_does_not_care_about_case_or_the_order_of_words(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash")
        await ui.type("SLIM book")
        await ui.until(lambda: ui.rows(ui.tags) == ["bookworm-20261117-slim", "bookworm-slim"])


async def test_enter_keeps_the_filter_and_goes_back_to_the_list(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash", "t", "r", "i", "enter")
        assert ui.figures(ui.tags) == "2 of 15"
        assert not ui.tags.filter_input.display
        await ui.press("down")
        await ui.until(lambda: ui.row(ui.tags) == "trixie-20261117")


async def test_escape_takes_the_filter_away_and_keeps_the_row(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash", "t", "r", "i", "escape")
        await ui.until_counted(ui.tags, "15")
        assert ui.row(ui.tags) == "trixie"
        assert ui.focused() == "tags"


async def test_a_filter_that_matches_nothing_says_so(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash")
        await ui.type("[/foo]")
        await ui.until_noted(ui.tags, "nothing matches “[/foo]”")
        assert ui.figures(ui.tags) == "0 of 15"
        await ui.until(lambda: ui.entries.subject is None)


async def test_the_lists_to_the_right_follow_the_filter(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("slash")
        await ui.type("trixie")
        await ui.until(lambda: ui.entries.subject is not None and ui.entries.subject.name == "trixie")


async def test_reload_asks_again_and_comes_back_to_the_same_row(changing: DemoServer) -> None:
    async with browse(changing, place="team/app") as ui:
        await ui.until_counted(ui.tags, "5")
        await ui.press("down", "down", "down")
        changing.storage.put_tag("team/app", "u9", f"sha256:{9:064}")
        await ui.press("r")
        await ui.until_counted(ui.tags, "6")
        assert ui.rows(ui.tags) == ["u9", "v0", "v1", "v2", "v3", "v4"]
        assert ui.row(ui.tags) == "v3"
        assert len(requests(changing, "tags/list")) == 2


async def test_reload_of_a_row_that_has_gone_leaves_the_cursor_on_another_one(changing: DemoServer) -> None:
    async with browse(changing, place="team/app") as ui:
        await ui.until_counted(ui.tags, "5")
        await ui.press("end")
        changing.storage.delete_tag("team/app", "v4")
        await ui.press("r")
        await ui.until_counted(ui.tags, "4")
        assert ui.row(ui.tags) in {"v0", "v3"}


async def test_reload_comes_back_to_a_row_of_a_later_page(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_listed(ui.tags, 100)
        await ui.press("end")
        await ui.until_listed(ui.tags, 200)
        await ui.press("end")
        await ui.until_listed(ui.tags, 300)
        row = ui.row(ui.tags)
        demo.forget_requests()
        await ui.press("r")
        await ui.until(lambda: requests(demo, "tags/list"))
        await ui.until_listed(ui.tags)
        await ui.until(lambda: ui.row(ui.tags) == row)


async def test_a_row_that_is_waited_for_does_not_take_the_cursor_from_a_person_who_has_gone_on(
    demo: DemoServer,
) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_listed(ui.tags, 100)
        await ui.press("end")
        await ui.until_listed(ui.tags, 200)
        await ui.press("end")
        gate = Gate(lambda request: "last" in request.query_params)
        demo.before.append(gate)
        await ui.press("r")
        await ui.wait(gate.arrived())
        await ui.until_listed(ui.tags, 100)
        await ui.press("down", "down")
        there = ui.row(ui.tags)
        gate.open()
        await ui.until_listed(ui.tags, 200)
        await ui.settle()
        assert ui.row(ui.tags) == there


async def test_reload_that_comes_late_leaves_the_cursor_where_the_person_went(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        await ui.press("end")
        gate = Gate(path_has("tags/list"))
        demo.before.append(gate)
        await ui.press("r")
        await ui.wait(gate.arrived())
        await ui.press("left")
        gate.open()
        await ui.until_counted(ui.tags, "15")
        assert ui.row(ui.tags) == "trixie-20261117"
        assert ui.focused() == "repositories"


async def test_while_a_list_loads_it_says_so(demo: DemoServer) -> None:
    gate = Gate(path_has("tags/list"))
    demo.before.append(gate)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.until_noted(ui.tags, "loading …")
        gate.open()
        await ui.until(lambda: ui.note(ui.tags) == "")


async def test_a_click_takes_the_focus_and_moves_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: "latest" in ui.rows(ui.tags))
        await ui.click(ui.tags.table, 4, 1)
        await ui.until(lambda: ui.focused() == "tags")
        assert ui.row(ui.tags) == "1.4.2"


async def test_a_double_click_opens_a_row(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: "library/debian" in ui.rows(ui.repositories))
        line = ui.rows(ui.repositories).index("library/debian")
        await ui.click(ui.repositories.table, 4, line, times=2)
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until(lambda: "bookworm" in ui.rows(ui.tags))


async def test_the_wheel_moves_the_view_and_not_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_listed(ui.tags, 100)
        first = ui.rows(ui.tags)[0]
        await ui.turn_wheel(ui.tags.table, 4, 4)
        await ui.until(lambda: ui.rows(ui.tags)[0] != first)
        assert ui.tags.table.cursor == 0
