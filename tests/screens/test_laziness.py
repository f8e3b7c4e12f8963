"""Nothing is asked for before it is looked at: the request log of the registry tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key

from tests.ui import NARROW, WIDE, browse, requests

if TYPE_CHECKING:
    from tests.ui import Ui
    from tui.demo import DemoServer

DEBIAN = "library/debian"
MANY = "demo/many-tags"

PATIENT = 1.5
"""Seconds that a load waits where a test moves on sooner, even on a busy machine."""


def hold(ui: Ui, key: str, times: int) -> None:
    """Send a key many times without waiting for what it does, as a key that is held down."""
    for _ in range(times):
        ui.app.post_message(Key(key, None))


async def test_the_start_asks_nothing(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.settle()
        assert requests(demo) == []


async def test_passing_over_registries_asks_nothing(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("down", "down", "up", "up")
        await ui.settle()
        assert requests(demo) == []


async def test_a_list_of_repositories_asks_for_the_catalog_and_the_tags_in_view(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until_listed(ui.tags)
        await ui.settle()
        assert requests(demo)[-2:] == [
            "GET /v2/_catalog?n=100",
            "GET /v2/artifacts/signed-app/tags/list?n=100",
        ]
        assert requests(demo, "/manifests/") == []


async def test_where_only_repositories_show_no_tags_are_asked_for(demo: DemoServer) -> None:
    async with browse(demo, place="", size=NARROW) as ui:
        await ui.until_listed(ui.repositories)
        await ui.press("z")
        await ui.settle()
        demo.forget_requests()
        await ui.press("down", "down")
        await ui.settle()
        assert requests(demo) == []


async def test_holding_a_key_over_repositories_asks_for_the_tags_of_the_last_one_only(
    demo: DemoServer,
) -> None:
    async with browse(demo, place="", settle_seconds=PATIENT) as ui:
        await ui.until_listed(ui.tags)
        demo.forget_requests()
        hold(ui, "down", 10)
        await ui.until(lambda: ui.row(ui.repositories) == DEBIAN)
        await ui.until(lambda: "bookworm" in ui.names(ui.tags))
        assert requests(demo, "tags/list") == [f"GET /v2/{DEBIAN}/tags/list?n=100"]


async def test_holding_a_key_over_tags_asks_for_the_manifest_of_the_last_one_only(demo: DemoServer) -> None:
    async with browse(demo, place=MANY, settle_seconds=PATIENT) as ui:
        await ui.until_listed(ui.layers)
        demo.forget_requests()
        hold(ui, "down", 40)
        await ui.until(lambda: ui.tags.table.cursor == 40)
        await ui.until(lambda: requests(demo, "/manifests/"))
        await ui.settle()
        assert requests(demo, "/manifests/") == [f"GET /v2/{MANY}/manifests/{ui.row(ui.tags)}"]


async def test_holding_a_key_over_entries_asks_for_the_config_of_the_last_one_only(demo: DemoServer) -> None:
    async with browse(demo, place="library/hello-world:linux", settle_seconds=PATIENT) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_listed(ui.layers)
        demo.forget_requests()
        hold(ui, "down", 6)
        await ui.until(lambda: ui.entries.table.cursor == 6)
        await ui.until_listed(ui.layers)
        await ui.settle()
        assert len(requests(demo, "/blobs/")) == 1


async def test_a_manifest_is_asked_for_once_though_several_columns_show_it(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        assert len(requests(demo, "/manifests/")) == 1
        assert len(requests(demo, "/blobs/")) == 1


async def test_a_second_look_at_the_same_digest_asks_nothing(demo: DemoServer) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        for _ in range(3):
            await ui.settle()
            await ui.press("down")
        await ui.settle()
        demo.forget_requests()
        for key in ("up", "up", "up", "down", "down", "down"):
            await ui.press(key)
            await ui.settle()
        await ui.press("enter", "escape", "enter")
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        assert requests(demo) == []


async def test_moving_over_layers_asks_nothing(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        demo.forget_requests()
        await ui.press("down", "down", "end", "home", "m", "escape")
        await ui.settle()
        assert requests(demo) == []


async def test_going_back_to_the_left_and_in_again_lists_nothing_again(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.tags)
        await ui.settle()
        demo.forget_requests()
        await ui.press("left", "right")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.settle()
        assert requests(demo, "tags/list") == []
        assert requests(demo, "_catalog") == []


async def test_the_rest_of_a_list_waits_for_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_listed(ui.tags, 100)
        await ui.press(*["down"] * 5)
        await ui.settle()
        assert len(requests(demo, "tags/list")) == 1


async def test_the_wheel_near_the_end_asks_for_more(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_listed(ui.tags, 100)
        await ui.settle()
        ui.tags.table.scroll_to(y=60, animate=False)
        await ui.until_listed(ui.tags, 200)
        assert ui.tags.table.cursor == 0
