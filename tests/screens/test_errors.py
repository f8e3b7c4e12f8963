"""What goes wrong is told in the pane concerned, in a sentence, with what to try; the program goes on."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import ScriptedServer
from tests.ui import browse, requests, saved
from tui.client.names import RegistryHost
from tui.client.wire import sender
from tui.config import Settings
from tui.demo import BasicLogin, DemoServer
from tui.demo.faults import Gate, cut_off, html_page, path_has, redirect, reply, too_many_requests
from tui.demo.problems import error_response
from tui.screens.dialogs import HelpScreen

if TYPE_CHECKING:
    from tests.faults import Exchange
    from tests.ui import Ui
    from tui.demo import DemoServer as Server

DEBIAN = "library/debian"
TAGS = path_has("/tags/list")
MANIFESTS = path_has("/manifests/")


class Nobody:
    """A port on which nobody listens."""

    def __init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{taken.getsockname()[1]}"


async def answers_keys(ui: Ui) -> None:
    """Assert that the program still does what keys ask for."""
    await ui.press("question_mark")
    await ui.until(lambda: isinstance(ui.app.screen, HelpScreen))
    await ui.press("escape")
    await ui.until(lambda: ui.app.screen is ui.browser)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait between attempts."""
    monkeypatch.setattr(sender, "backoff", lambda _attempt, _limits: 0.0)


async def test_a_registry_that_is_down_is_told_and_can_be_tried_again() -> None:
    nobody = Nobody()
    async with browse(nobody, place="") as ui:
        await ui.until_noted(ui.repositories, "✗ ", "GET http", nobody.host, "Check the name of the host")
        assert "r  try again" in ui.note(ui.repositories)
        await answers_keys(ui)
        storage = DemoServer().storage
        with DemoServer(storage, port=int(nobody.host.rpartition(":")[2])):
            await ui.press("r")
            await ui.until(lambda: DEBIAN in ui.names(ui.repositories))
            assert ui.note(ui.repositories) == ""


async def test_a_registry_that_hangs_leaves_the_program_quick(demo: Server) -> None:
    gate = Gate()
    demo.before.append(gate)
    async with browse(demo, place="") as ui:
        await ui.wait(gate.arrived())
        await ui.until_noted(ui.repositories, "loading …")
        await answers_keys(ui)
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "registries")
        await ui.press("down")
        await ui.until(lambda: ui.row(ui.registries).startswith("docker.io"))
        await ui.press("up", "enter")
        gate.open()
        await ui.until(lambda: DEBIAN in ui.names(ui.repositories))


async def test_a_page_for_people_is_no_registry(demo: Server) -> None:
    demo.before.append(html_page())
    async with browse(demo, place="") as ui:
        await ui.until_noted(ui.repositories, "✗ ", "r  try again")
        assert "<h1>" not in ui.text()
        assert "Welcome" not in ui.text()
        demo.before.clear()
        await ui.press("r")
        await ui.until(lambda: DEBIAN in ui.names(ui.repositories))


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (401, "UNAUTHORIZED", "Log in"),
        (403, "DENIED", "Log in as somebody who may do this."),
        (404, "NAME_UNKNOWN", "Check the name"),
        (405, "UNSUPPORTED", "The registry does not offer this."),
        (500, "UNKNOWN", "try again later"),
    ],
)
async def test_what_the_registry_says_is_passed_on(demo: Server, status: int, code: str, remedy: str) -> None:
    refusal = reply(lambda: error_response(status, code, "because I say so"), TAGS)
    demo.before.append(refusal)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.tags, "✗ ", "GET http", str(status), "because I say so", remedy)
        assert ui.figures(ui.tags) == ""
        await answers_keys(ui)
        demo.before.remove(refusal)
        await ui.press("r")
        await ui.until_counted(ui.tags, "15")


async def test_who_asks_too_much_is_told_for_how_long_to_wait(demo: Server) -> None:
    demo.before.append(too_many_requests("3600", TAGS, times=None))
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.tags, "429", "Try again in 3600 s")


async def test_too_many_requests_for_a_moment_are_asked_again_by_themselves(demo: Server) -> None:
    demo.before.append(too_many_requests("0", TAGS, times=1))
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_counted(ui.tags, "15")
        assert len(requests(demo, "/tags/list")) == 2


async def test_a_connection_that_is_cut_is_told_in_the_list_concerned(demo: Server) -> None:
    body = json.dumps({"name": DEBIAN, "tags": ["a"] * 100}).encode()
    cut = cut_off(body, 20, TAGS)
    demo.before.append(cut)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.tags, "✗ ", "GET http", "/tags/list", "r  try again")
        demo.before.remove(cut)
        await ui.press("r")
        await ui.until_counted(ui.tags, "15")


async def test_a_page_that_fails_leaves_the_pages_before_it(demo: Server) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_listed(ui.tags, 100)
        refusal = reply(lambda: error_response(403, "DENIED", "enough for today"), TAGS)
        demo.before.append(refusal)
        await ui.press("end")
        await ui.until_noted(ui.tags, "enough for today", "r  try again")
        assert len(ui.tags.table.rows) == 100
        assert ui.figures(ui.tags) == "100"
        demo.before.remove(refusal)
        await ui.press("r")
        await ui.until(lambda: "enough for today" not in ui.note(ui.tags) and len(ui.tags.table.rows) >= 100)
        await ui.until(lambda: ui.tags.table.cursor == 99)


async def test_a_manifest_that_fails_is_told_beside_its_tag(demo: Server) -> None:
    refusal = reply(lambda: error_response(404, "MANIFEST_UNKNOWN", "it was deleted"), MANIFESTS)
    demo.before.append(refusal)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.entries, "✗ ", "GET http", "/manifests/12", "it was deleted")
        assert ui.entries.display
        assert ui.names(ui.tags)[0] == "12"
        demo.before.remove(refusal)
        await ui.press("down", "up")
        await ui.until_listed(ui.entries, 6)


@pytest.mark.parametrize("key", ["r", "enter"])
async def test_a_manifest_that_failed_is_asked_for_again(demo: Server, key: str) -> None:
    refusal = reply(lambda: error_response(404, "MANIFEST_UNKNOWN", "it was deleted"), MANIFESTS)
    demo.before.append(refusal)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.entries, "it was deleted")
        demo.before.remove(refusal)
        await ui.press(key)
        await ui.until_listed(ui.entries, 6)


async def test_a_manifest_that_lies_about_its_digest_is_not_shown(demo: Server) -> None:
    storage = demo.storage.copy()
    stored = storage.get_manifest(DEBIAN, "bookworm")
    assert stored is not None
    child = json.loads(stored.data)["manifests"][0]["digest"]
    storage.put_manifest(DEBIAN, b'{"schemaVersion": 2, "layers": []}', digest=child)
    with DemoServer(storage) as server:
        async with browse(server, place=f"{DEBIAN}:bookworm") as ui:
            await ui.until(lambda: "linux/amd64 failed" in "\n".join(ui.rows(ui.entries)))
            await ui.until_noted(ui.layers, "should have the digest", "Do not use the content")
            await ui.press("down", "down")
            await ui.until_counted(ui.layers, "1 layer · 1.2 MB")


async def test_a_redirect_in_a_circle_ends(demo: Server) -> None:
    demo.before.append(redirect(f"{demo.url}/v2/{DEBIAN}/tags/list", TAGS))
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_noted(ui.tags, "✗ ", "GET http", "redirects")


async def test_a_registry_that_wants_a_login_says_so() -> None:
    with DemoServer(login=BasicLogin({"alice": "secret"})) as server:
        async with browse(server, place=DEBIAN) as ui:
            await ui.until_noted(ui.tags, "401", "Log in")
            await ui.press("left")
            await ui.until(lambda: ui.note(ui.repositories) != "loading …")
            assert "Log in" in ui.note(ui.repositories) or "log in" in ui.note(ui.repositories)


async def test_plain_http_is_not_spoken_by_itself_with_other_machines(monkeypatch: Any) -> None:
    del monkeypatch
    nobody = Nobody()
    settings = Settings(registries=saved(nobody).registries)
    async with browse(settings=settings) as ui:
        host = ui.registries.table.rows[0].host
        assert isinstance(host, RegistryHost)
        assert not ui.session.connections.speaks_plain_http(host)


async def test_one_registry_that_fails_leaves_the_others_alone(demo: Server) -> None:
    nobody = Nobody()
    async with browse(nobody, demo, place="") as ui:
        await ui.until_noted(ui.repositories, "✗ ")
        await ui.press("left", "down", "enter")
        await ui.until(lambda: DEBIAN in ui.names(ui.repositories))
        assert ui.note(ui.repositories) == ""


async def test_silence_in_the_middle_of_an_answer_leaves_the_program_quick() -> None:
    async def say_half(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/":
            await exchange.reply(200, {})
            return
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await exchange.gone.wait()

    async with ScriptedServer(say_half) as server, browse(server, place=DEBIAN) as ui:
        await ui.wait(server.has_been_asked(3))
        await answers_keys(ui)
        assert ui.note(ui.tags) == "loading …"
        await ui.press("left", "left")
        await ui.until(lambda: ui.focused() == "registries")
        await ui.press("down")
        await ui.until(lambda: ui.tags.subject is None)


async def test_warnings_of_the_registry_are_passed_on_once() -> None:
    with DemoServer(headers=[("Warning", '299 - "this registry goes away"')]) as server:
        async with browse(server, place=DEBIAN) as ui:
            await ui.until_listed(ui.entries)
            await ui.settle()
            assert ui.notices() == [f"{server.host} warns: this registry goes away"]
