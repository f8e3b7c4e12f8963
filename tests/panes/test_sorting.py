"""Lists in other orders than the registry's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ui import browse

if TYPE_CHECKING:
    from tui.demo import DemoServer


async def test_tags_are_shown_by_name_or_by_version_and_the_rest_is_loaded(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("s")
        await ui.until_counted(ui.tags, "1,200 · by name")
        names = ui.names(ui.tags)
        assert names.index("v1.0.9") + 1 == names.index("v1.0.10")
        await ui.press("s")
        await ui.until_counted(ui.tags, "1,200 · newest version first")
        names = ui.names(ui.tags)
        assert names.index("v1.0.10") + 1 == names.index("v1.0.9")
        await ui.press("s")
        await ui.until_counted(ui.tags, "1,200")
        assert ui.names(ui.tags)[:2] == ["v1.0.0", "v1.0.1"]


async def test_the_cursor_stays_on_its_row_in_another_order(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("down", "down")
        row = ui.row(ui.tags)
        await ui.press("s")
        await ui.until_counted(ui.tags, "1,200 · by name")
        assert ui.row(ui.tags) == row


async def test_a_filter_and_an_order_go_together(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("s", "slash", *"v1.0.1")
        await ui.until(lambda: ui.figures(ui.tags).endswith("of 1,200 · by name"))
        shown = [row.name for row in ui.tags.table.rows]
        assert shown[:3] == ["v1.0.1", "v1.0.10", "v1.0.11"]
        assert all("v1.0.1" in name for name in shown)
