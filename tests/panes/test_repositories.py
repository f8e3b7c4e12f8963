from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ui import browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import reply
from tui.state import load_state

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response


def storage_of(*names: str) -> Storage:
    storage = Storage()
    for name in names:
        storage.create_repository(name)
    return storage


async def test_the_catalog_is_listed_and_counted(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until_shown("library/debian", "charts/hello")
        assert ui.names(ui.repositories) == list(demo.storage.repositories())
        assert ui.figures(ui.repositories) == str(len(demo.storage.repositories()))
        assert "─ Repositories ─" in ui.text()


async def test_a_catalog_in_one_piece_is_put_in_order(demo: DemoServer) -> None:
    def shuffled() -> Response:
        from starlette.responses import JSONResponse  # noqa: PLC0415  # nobody else makes one

        return JSONResponse({"repositories": ["b", "c", "a"]})

    demo.before.append(reply(shuffled, lambda request: request.url.path == "/v2/_catalog"))
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.rows(ui.repositories) == ["a", "b", "c"])


async def test_a_registry_without_repositories_says_so() -> None:
    with DemoServer(Storage()) as server:
        async with browse(server, place="") as ui:
            await ui.until_shown("This registry lists no repositories.", "o  open one by name")


async def test_a_registry_without_a_catalog_says_so_in_one_sentence_and_what_to_do() -> None:
    with DemoServer(catalog=False) as server:
        async with browse(server, place="") as ui:
            await ui.until_noted(ui.repositories, f"{server.host} does not list its repositories.\n")
            assert "o  open a repository by its name" in ui.note(ui.repositories)


async def test_a_registry_without_a_catalog_takes_a_repository_by_name() -> None:
    with DemoServer(catalog=False) as server:
        async with browse(server, place="") as ui:
            await ui.until_noted(ui.repositories, "does not list its repositories")
            await ui.press("o")
            await ui.type("library/debian")
            await ui.press("enter")
            await ui.until_shown("bookworm-slim")
            assert ui.rows(ui.repositories)[0] == "library/debian"
            assert ui.focused() == "tags"


async def test_names_opened_by_name_stay_in_the_list_after_a_restart() -> None:
    with DemoServer(catalog=False) as server:
        for name in ("library/debian", "charts/hello"):
            async with browse(server, place=name) as ui:
                await ui.until(lambda: ui.tags.table.rows)
        async with browse(server, place="") as ui:
            await ui.until_noted(ui.repositories, "does not list its repositories")
            assert ui.rows(ui.repositories)[:2] == ["charts/hello", "library/debian"]


async def test_a_remembered_name_that_the_registry_lists_is_there_once(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until_shown("bookworm-slim")
        await ui.press("left")
        await ui.until_counted(ui.repositories, str(len(demo.storage.repositories())))
        assert ui.names(ui.repositories) == list(demo.storage.repositories())
        assert ui.row(ui.repositories) == "library/debian"


async def test_a_name_that_cannot_be_remembered_is_opened_all_the_same(demo: DemoServer, home: Path) -> None:
    home.mkdir()
    (home / ".local").write_text("a file is in the way of the folder")
    async with browse(demo, place="library/debian") as ui:
        await ui.until_shown("bookworm-slim")
        assert any("The name is not remembered" in notice for notice in ui.notices())
    assert load_state().repositories == {}


async def test_the_next_page_comes_when_the_cursor_nears_the_end() -> None:
    names = [f"team/app-{number:03}" for number in range(250)]
    with DemoServer(storage_of(*names), page_size=100) as server:
        async with browse(server, place="") as ui:
            await ui.until_counted(ui.repositories, "100+ …")
            await ui.settle()
            assert len(requests(server, "_catalog")) == 1
            await ui.press("end")
            await ui.until_counted(ui.repositories, "200+ …")
            await ui.settle()
            assert len(requests(server, "_catalog")) == 2
            assert ui.row(ui.repositories) == names[99]
            await ui.press("end")
            await ui.until_counted(ui.repositories, "250")


async def test_a_filter_loads_the_rest_while_it_stands() -> None:
    names = [f"team/app-{number:03}" for number in range(250)]
    with DemoServer(storage_of(*names), page_size=100) as server:
        async with browse(server, place="") as ui:
            await ui.until_counted(ui.repositories, "100+ …")
            await ui.press("slash")
            await ui.type("49")
            await ui.until(
                lambda: ui.rows(ui.repositories) == ["team/app-049", "team/app-149", "team/app-249"]
            )
            await ui.until_counted(ui.repositories, "3 of 250")


async def test_tags_follow_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.row(ui.repositories) == "artifacts/signed-app")
        await ui.until(lambda: "1.4.2" in ui.rows(ui.tags))
        await ui.press("down", "down")
        await ui.until(lambda: "1.1.0-rc.1" in ui.rows(ui.tags))
        assert "1.4.2" not in ui.rows(ui.tags)


async def test_the_details_tell_the_name_that_other_tools_take(demo: DemoServer) -> None:
    async with browse(demo, place="", size=(200, 50)) as ui:
        await ui.until_shown("repository artifacts/signed-app", f"registry {demo.host}")
        assert f"name {demo.host}/artifacts/signed" in "\n".join(ui.rows(ui.detail))
