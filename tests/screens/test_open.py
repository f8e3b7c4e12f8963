from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input, Static

from tests.screens.test_places import Offline
from tests.ui import browse, requests
from tui.demo import DemoServer
from tui.screens.open import OpenScreen
from tui.state import load_state

if TYPE_CHECKING:
    from tests.ui import Ui
    from tui.demo import DemoServer as Server


async def ask(ui: Ui, text: str) -> None:
    """Open the dialog, and type a name."""
    await ui.press("o")
    await ui.until(lambda: isinstance(ui.app.screen, OpenScreen))
    field = ui.app.screen.query_one(Input)
    await ui.until(lambda: field.has_focus)
    field.value = text
    await ui.press("enter")


def hint(ui: Ui) -> str:
    """Return what stands under the field."""
    return str(ui.app.screen.query_one(".hint", Static).render())


async def test_a_registry_is_opened_by_name_and_stays_in_the_list(demo: Server) -> None:
    with DemoServer(demo.storage) as other:
        async with browse(demo) as ui:
            await ask(ui, f"http://{other.host}")
            await ui.until(lambda: ui.focused() == "repositories")
            await ui.until_listed(ui.repositories, 17)
            assert ui.registries.row is not None
            assert ui.registries.row.host == other.host
        assert load_state().registries == (other.host,)


async def test_a_repository_of_another_registry_is_opened_by_its_full_name(demo: Server) -> None:
    with DemoServer(demo.storage) as other:
        async with browse(demo, place="charts/hello") as ui:
            await ui.until_listed(ui.tags)
            await ask(ui, f"{other.host}/library/debian")
            await ui.until(lambda: "bookworm" in ui.names(ui.tags))
            assert ui.registries.row is not None
            assert ui.registries.row.host == other.host
            assert requests(other, "library/debian/tags/list")


@pytest.mark.parametrize(
    ("name", "focus", "trail"),
    [
        ("library/debian", "tags", "library/debian › 12"),
        ("library/debian:bookworm", "entries", "library/debian › bookworm › linux/amd64"),
        ("team/frontend/storefront:production", "layers", "team/frontend/storefront › production › layer 1"),
    ],
)
async def test_inside_of_a_registry_names_of_its_repositories_are_enough(
    demo: Server, name: str, focus: str, trail: str
) -> None:
    async with browse(demo, place="charts/hello") as ui:
        await ui.until_listed(ui.tags)
        await ask(ui, name)
        await ui.until(lambda: ui.focused() == focus)
        await ui.until_shown(f"{demo.host} › {trail}")


async def test_a_digest_is_opened_by_name(demo: Server) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    async with browse(demo, place="charts/hello") as ui:
        await ui.until_listed(ui.tags)
        await ask(ui, f"library/debian@{stored.digest}")
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_listed(ui.entries, 6)


async def test_a_tag_of_the_same_repository_is_opened_without_listing_it_again(demo: Server) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until_listed(ui.tags, 15)
        await ui.settle()
        before = len(requests(demo, "tags/list"))
        await ask(ui, "library/debian:trixie")
        await ui.until(lambda: ui.focused() == "entries")
        assert ui.row(ui.tags) == "trixie"
        assert len(requests(demo, "tags/list")) == before


async def test_docker_hub_is_reached_from_another_registry_by_its_full_name(demo: Server) -> None:
    network = Offline()
    async with browse(demo, start=None, transport=network) as ui:
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "repositories")
        await ask(ui, "docker.io/library/alpine")
        await ui.until(lambda: ui.registries.row is not None and ui.registries.row.host == "docker.io")
        await ui.until(lambda: any("registry-1.docker.io/v2/library/alpine/" in url for url in network.urls))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Library/Debian", "'Library/Debian' is not a valid repository"),
        ("library/debian:", "tag"),
        ("library/debian:a b", "tag"),
        ("library/debian@sha256:12", "digest"),
        ("http://alice:secret@registry.example.com/x", "login"),
        ("ftp://registry.example.com", "ftp"),
        ("a\x1b]52;c;evil\x07b", "'a␛]52;c;evil␇b' is not a valid repository"),
    ],
)
async def test_a_wrong_name_is_complained_of_in_place(demo: Server, name: str, said: str) -> None:
    async with browse(demo, place="charts/hello") as ui:
        await ui.until_listed(ui.tags)
        await ask(ui, name)
        await ui.until(lambda: said in hint(ui))
        assert "secret" not in hint(ui)
        assert isinstance(ui.app.screen, OpenScreen)
        await ui.press("backspace")
        await ui.until(lambda: said not in hint(ui))


async def test_escape_opens_nothing(demo: Server) -> None:
    async with browse(demo, place="charts/hello") as ui:
        await ui.until_listed(ui.tags)
        await ui.press("o")
        await ui.type("library/debian")
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert ui.browser.tags_pane.subject.repository == "charts/hello"
        assert load_state().repositories[ui.tags.subject.host] == ("charts/hello",)


async def test_an_empty_name_is_waited_for(demo: Server) -> None:
    async with browse(demo) as ui:
        await ask(ui, "  ")
        await ui.settle()
        assert isinstance(ui.app.screen, OpenScreen)
        await ui.until_shown("alpine, alpine:3 and org/app are names on Docker Hub")
