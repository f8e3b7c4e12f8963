"""What the command line names is opened, with the lists to the left of it filled in."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx

from tests.ui import Ui, browse, requests
from tui.app import OcituiApp
from tui.arguments import Place, parse_place
from tui.client.names import RegistryHost
from tui.config import Settings
from tui.demo import DemoServer
from tui.session import Session
from tui.state import load_state

if TYPE_CHECKING:
    from tui.demo import DemoServer as Server

DEBIAN = "library/debian"


class Offline(httpx.AsyncBaseTransport):
    """A network in which nothing answers; keeps what was asked."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(str(request.url))
        raise httpx.ConnectError("no route to host", request=request)


async def test_a_host_opens_its_repositories(demo: Server) -> None:
    async with browse(demo, place="") as ui:
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.until_listed(ui.repositories, 17)
        assert ui.registries.row is not None
        assert ui.registries.row.host == demo.host


async def test_a_repository_opens_its_tags(demo: Server) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_listed(ui.tags, 15)
        await ui.until_listed(ui.repositories, 17)
        assert ui.repositories.row is not None
        assert ui.repositories.row.repository == DEBIAN
        assert ui.registries.row is not None
        assert ui.registries.row.host == demo.host


async def test_a_tag_opens_what_it_names(demo: Server) -> None:
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_listed(ui.tags, 15)
        assert ui.row(ui.tags) == "bookworm"
        await ui.press("left", "left")
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.until(lambda: ui.row(ui.repositories) == DEBIAN)
        await ui.until_listed(ui.repositories, 17)
        assert ui.row(ui.repositories) == DEBIAN
        await ui.press("left")
        await ui.until(lambda: ui.row(ui.registries).startswith(demo.host))


async def test_a_digest_opens_the_manifest_that_it_names(demo: Server) -> None:
    index = demo.storage.get_manifest(DEBIAN, "bookworm")
    assert index is not None
    digest = json.loads(index.data)["manifests"][0]["digest"]
    async with browse(demo, place=f"{DEBIAN}@{digest}") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.tags, 16)
        assert ui.row(ui.tags) == f"@{digest.removeprefix('sha256:')[:12]}"
        await ui.until_shown(f"library/debian › @{digest.removeprefix('sha256:')[:12]} › layer 1")


async def test_what_does_not_exist_is_told_where_it_would_be(demo: Server) -> None:
    async with browse(demo, place=f"{DEBIAN}:no-such-tag") as ui:
        await ui.until_noted(ui.entries, "✗ ", "GET http", "/manifests/no-such-tag", "r  try again")
        assert ui.focused() == "tags"
        assert ui.row(ui.tags) == "no-such-tag"


async def test_a_host_that_is_not_in_the_list_is_put_there_and_stays(demo: Server) -> None:
    with DemoServer(demo.storage) as other:
        async with browse(demo, start=parse_place(f"{other.host}/{DEBIAN}")) as ui:
            await ui.until_listed(ui.tags)
            await ui.press("left", "left")
            await ui.until(lambda: ui.row(ui.registries).startswith(f"{other.host} "))
            assert "opened by name" in ui.row(ui.registries)
        assert load_state().registries == (other.host,)
        async with browse(demo) as ui:
            hosts = [place.host for place in ui.registries.table.rows]
            assert hosts[:2] == [demo.host, other.host]
        assert requests(other, "_catalog")


async def test_a_bare_name_is_one_of_docker_hubs_library() -> None:
    network = Offline()
    async with browse(start=parse_place("alpine"), transport=network) as ui:
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_noted(ui.tags, "✗ ", "r  try again")
        assert ui.registries.row is not None
        assert ui.registries.row.host == "docker.io"
        assert ui.repositories.row is not None
        assert ui.repositories.row.repository == "library/alpine"
        assert all(url.startswith("https://registry-1.docker.io/v2/library/alpine/") for url in network.urls)


async def test_docker_hub_says_that_it_has_no_catalog_without_being_asked() -> None:
    network = Offline()
    async with browse(start=parse_place("docker.io"), transport=network) as ui:
        await ui.until_noted(ui.repositories, "docker.io does not list its repositories", "o  open")
        assert network.urls == []


async def test_a_place_without_a_host_opens_nothing(demo: Server) -> None:
    async with browse(demo, start=Place(None)) as ui:
        await ui.settle()
        assert ui.focused() == "registries"
        assert requests(demo) == []


async def test_what_must_start_first_is_told_and_no_registry_can_be_opened_meanwhile(
    demo: Server,
) -> None:
    session = Session(Settings())
    session.starting = "starting the demo registry …"
    ready = asyncio.Event()

    async def start() -> Place:
        await ready.wait()
        session.add_registry(RegistryHost(demo.host), "demo")
        return Place(RegistryHost(demo.host))

    app = OcituiApp(session, start)
    async with app.run_test(size=(80, 24)) as pilot:
        ui = Ui(app, pilot, session)
        await ui.until_shown("starting the demo registry")
        await ui.press("enter")
        assert ui.browser.registries_pane.row is None
        ready.set()
        await ui.until_shown("library/debian")
