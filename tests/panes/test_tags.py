from __future__ import annotations

from tests.ui import browse, requests
from tui.demo import DemoServer, Storage

MANY = "demo/many-tags"


async def test_tags_are_listed_and_counted(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until(lambda: ui.rows(ui.tags) == list(demo.storage.tags("library/debian")))
        assert ui.figures(ui.tags) == "15"
        assert "─ Tags ─" in ui.text()
        assert ui.focused() == "tags"


async def test_the_border_says_that_there_are_more(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        assert "100+ …" in ui.text()


async def test_the_next_page_is_asked_for_near_the_end_only(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("pagedown")
        await ui.settle()
        assert len(requests(demo, "/tags/list")) == 1
        await ui.press("pagedown", "pagedown")
        await ui.until_counted(ui.tags, "300+ …")
        await ui.settle()
        assert len(requests(demo, "/tags/list")) == 2


async def test_all_pages_together_are_all_tags(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        for count in (300, 700, 1200):
            await ui.press("end")
            await ui.until_listed(ui.tags, count)
        assert ui.figures(ui.tags) == "1,200"
        assert [place.name for place in ui.tags.listed] == list(demo.storage.tags(MANY))


async def test_a_row_that_waits_for_more_says_so(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        assert "loading …" in str(ui.tags.table.note)


async def test_a_filter_finds_what_has_not_been_loaded_yet(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("slash")
        await ui.type("v1.9.1")
        wanted = [tag for tag in demo.storage.tags(MANY) if "v1.9.1" in tag]
        await ui.until_counted(ui.tags, f"{len(wanted)} of 1,200")
        assert ui.rows(ui.tags) == wanted


async def test_what_a_filter_wants_comes_in_as_few_requests_as_the_registry_allows(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("slash", "v")
        await ui.until_counted(ui.tags, "1,200 of 1,200")
        first, *more = [one.query for one in demo.requests if one.path.endswith("/tags/list")]
        assert first == "n=100"
        assert len(more) == 2
        assert "n=" not in more[0]


async def test_an_order_that_wants_all_tags_takes_them_in_one_piece_from_who_gives_them_so() -> None:
    names = [f"v{number:04}" for number in range(2500)]
    storage = Storage()
    storage.put_manifest("team/app", {"schemaVersion": 2}, tags=names)
    with DemoServer(storage, page_size=10_000) as server:
        async with browse(server, place="team/app") as ui:
            await ui.until_counted(ui.tags, "100+ …")
            await ui.press("s")
            await ui.until_counted(ui.tags, "2,500 · by name")
            assert ui.names(ui.tags) == names
            assert len(requests(server, "/tags/list")) == 2


async def test_a_filter_that_is_taken_back_stops_the_loading(demo: DemoServer) -> None:
    async with browse(demo, place=MANY) as ui:
        await ui.until_counted(ui.tags, "100+ …")
        await ui.press("slash", "v")
        await ui.until(lambda: len(ui.tags.listed) > 100)
        await ui.press("escape")
        await ui.settle()
        assert ui.figures(ui.tags).endswith("+ …") or len(ui.tags.listed) == 1200
        assert ui.focused() == "tags"


async def test_a_repository_without_tags_says_so_and_what_one_can_do(demo: DemoServer) -> None:
    async with browse(demo, place="demo/empty") as ui:
        await ui.until_shown("This repository has no tags.", "o open a tag or a digest by name")
        assert ui.figures(ui.tags) == "0"


async def test_a_repository_that_does_not_exist_says_so(demo: DemoServer) -> None:
    async with browse(demo, place="no/such") as ui:
        await ui.until_noted(ui.tags, "✗ ", "GET http", "/v2/no/such/tags/list", "Check the name", "r  try")


async def test_a_digest_opened_by_name_stands_above_the_tags(demo: DemoServer) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    async with browse(demo, place=f"library/debian@{stored.digest}") as ui:
        await ui.until(lambda: len(ui.tags.table.rows) == 16)
        assert ui.tags.table.rows[0].name == f"@{stored.digest.removeprefix('sha256:')[:12]}"
        await ui.until(lambda: ui.focused() == "entries")


async def test_a_tag_opened_by_name_that_comes_on_a_later_page_keeps_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place=f"{MANY}:v1.9.9") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.press("left")
        await ui.until(lambda: ui.row(ui.tags) == "v1.9.9")
        await ui.press("slash")
        await ui.type("v1")
        await ui.until_counted(ui.tags, "1,200 of 1,200")
        await ui.press("enter")
        assert ui.row(ui.tags) == "v1.9.9"
        assert [place.name for place in ui.tags.table.rows] == list(demo.storage.tags(MANY))
