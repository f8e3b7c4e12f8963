from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.ui import browse, requests
from tui.client.names import RegistryHost
from tui.config import RegistrySettings, Settings
from tui.session import WELL_KNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from tui.demo import DemoServer


async def test_saved_registries_stand_before_well_known_ones(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        hosts = [place.host for place in ui.registries.table.rows]
        assert hosts == [demo.host, *WELL_KNOWN]
        assert ui.focused() == "registries"


async def test_a_row_tells_why_the_registry_is_there(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.until_shown("docker.io")
        first, second, *_ = ui.rows(ui.registries)
        assert first == f"{demo.host} saved"
        assert second == "docker.io well known"


async def test_registries_of_the_files_of_logins_are_there_with_who_one_is(
    demo: DemoServer, home: Path
) -> None:
    home.mkdir()
    (home / ".docker").mkdir()
    login = {"auths": {"registry.example.com": {"auth": "YWxpY2U6c2VjcmV0"}}}
    (home / ".docker/config.json").write_text(json.dumps(login))
    async with browse(demo) as ui:
        await ui.press("down")
        await ui.until(lambda: ui.row(ui.registries).startswith("registry.example.com"))
        assert "Docker's logins" in ui.row(ui.registries)
        await ui.until_shown("alice (Docker)")
        assert "secret" not in ui.text()


async def test_the_border_tells_how_many_there_are(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.until_counted(ui.registries, str(1 + len(WELL_KNOWN)))
        assert "─ Registries ─" in ui.text()


async def test_the_filter_keeps_what_contains_all_words(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("slash")
        await ui.type("io q")
        await ui.until(lambda: ui.rows(ui.registries) == ["quay.io well known"])
        assert ui.figures(ui.registries) == f"1 of {1 + len(WELL_KNOWN)}"


async def test_nothing_is_asked_of_a_registry_because_the_cursor_is_on_it(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.until_shown("in the list saved")
        await ui.press("down", "up")
        await ui.settle()
        assert requests(demo) == []
        assert "enter  ask this registry" in ui.text()


async def test_a_registry_is_asked_when_it_is_opened(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.press("enter")
        await ui.until_shown("library/debian")
        assert requests(demo, "_catalog") == ["GET /v2/_catalog?n=100"]
        assert ui.focused() == "repositories"


async def test_another_registry_under_the_cursor_empties_the_lists_to_the_right(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until_shown("bookworm")
        await ui.press("left", "left")
        await ui.until(lambda: ui.focused() == "registries")
        await ui.press("down")
        await ui.until_gone("library/debian")
        await ui.until(lambda: ui.repositories.subject is None and ui.tags.subject is None)


async def test_the_details_tell_the_registry_and_who_one_is_there(demo: DemoServer) -> None:
    async with browse(demo) as ui:
        await ui.until_shown(f"registry {demo.host}", "login none known")


async def test_the_way_to_have_the_first_one_is_told_where_there_is_none() -> None:
    async with browse(settings=Settings(registries={})) as ui:
        ui.registries.subject = ()
        await ui.until_shown("no registry yet", "o  open one by name")


async def test_registries_come_in_the_order_of_the_settings(demo: DemoServer) -> None:
    names = ("b.example.com", "a.example.com")
    settings = Settings(registries={RegistryHost(name): RegistrySettings() for name in names})
    async with browse(demo, settings=settings) as ui:
        hosts = [place.host for place in ui.registries.table.rows]
        assert hosts[:3] == [demo.host, *names]
