"""Logging in to a registry, and out of it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import keyring.backend
import pytest
from textual.widgets import Button

from tests.ui import browse
from tui.credentials import KeyringStore
from tui.demo import BasicLogin, BearerLogin, DemoServer
from tui.screens.login import LoginScreen, SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ui import Ui

PASSWORD = "correct horse"


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets; it answers when its gate is open."""

    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.gate = threading.Event()
        self.gate.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.gate.wait(30)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture(scope="module", params=[BasicLogin, BearerLogin])
def private(request: pytest.FixtureRequest) -> Iterator[DemoServer]:
    with DemoServer(login=request.param({"alice": PASSWORD})) as server:
        yield server


def use_keyring(ui: Ui) -> MemoryKeyring:
    memory = MemoryKeyring()
    ui.session.logins._keyring = KeyringStore(lambda: memory)
    return memory


async def enter(ui: Ui, user: str, password: str) -> None:
    await ui.until_shown("password or token")
    await ui.type(user)
    await ui.press("enter")
    await ui.type(password)


async def open_login(ui: Ui) -> None:
    await ui.until_shown("L log in")
    await ui.press("L")


async def test_what_is_refused_without_a_login_comes_after_it_and_is_kept(
    private: DemoServer,
) -> None:
    async with browse(private, place="library/debian:bookworm") as ui:
        memory = use_keyring(ui)
        await open_login(ui)
        await ui.until_shown("It will be kept in")
        await enter(ui, "alice", PASSWORD)
        await ui.press("enter")
        await ui.until_shown("linux/arm64/v8", "alice (keyring)")
        assert [(user, json.loads(entry)["username"]) for (_, user), entry in memory.entries.items()] == [
            (private.host, "alice")
        ]


async def test_a_login_that_is_refused_is_told_and_another_one_can_be_entered(private: DemoServer) -> None:
    async with browse(private, place="library/debian") as ui:
        memory = use_keyring(ui)
        await open_login(ui)
        await enter(ui, "alice", "wrong")
        await ui.press("enter")
        await ui.until_shown("refuses this login")
        assert memory.entries == {}
        for _ in "wrong":
            await ui.press("backspace")
        await ui.type(PASSWORD)
        await ui.press("enter")
        await ui.until_shown("bookworm-slim")


async def test_without_a_keyring_it_says_so_and_the_login_serves_this_run(private: DemoServer) -> None:
    async with browse(private, place="library/debian") as ui:
        await open_login(ui)
        await ui.until_shown("keyring")
        await ui.until(lambda: ui.app.screen.query_one("#keep", Button).disabled)
        await enter(ui, "alice", PASSWORD)
        await ui.press("enter")
        await ui.until_shown("bookworm-slim", "alice (this run)")


async def test_a_keyring_that_waits_for_its_dialog_can_be_gone_without(private: DemoServer) -> None:
    async with browse(private, place="library/debian") as ui:
        memory = use_keyring(ui)
        await open_login(ui)
        await ui.until_shown("It will be kept in")
        memory.gate.clear()
        await enter(ui, "alice", PASSWORD)
        await ui.press("enter")
        await ui.until_shown("Waiting for the keyring")
        await ui.press("escape")
        await ui.until_shown("bookworm-slim", "alice (this run)")
        memory.gate.set()
        assert memory.entries == {}


async def test_logging_out_forgets_what_was_kept(private: DemoServer) -> None:
    async with browse(private, place="library/debian") as ui:
        memory = use_keyring(ui)
        await open_login(ui)
        await ui.until_shown("It will be kept in")
        await enter(ui, "alice", PASSWORD)
        await ui.press("enter")
        await ui.until_shown("alice (keyring)")
        assert memory.entries
        await ui.press("L")
        await ui.until_shown("Now: alice (keyring)")
        ui.app.screen.query_one("#forget", Button).press()
        await ui.until_gone("alice (keyring)", "Log out")
        assert memory.entries == {}


async def test_escape_logs_in_nowhere_and_keeps_the_place(private: DemoServer) -> None:
    async with browse(private, place="library/debian") as ui:
        await open_login(ui)
        await enter(ui, "alice", "secret-" + PASSWORD)
        await ui.press("escape")
        await ui.until(lambda: not isinstance(ui.app.screen, LoginScreen))
        assert ui.focused() == "tags"


async def test_a_secret_shows_nowhere_on_its_way(
    private: DemoServer, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "never-to-be-seen"
    async with browse(private, place="library/debian") as ui:
        await open_login(ui)
        await enter(ui, "alice", secret)
        typed = ui.app.screen.query_one("#secret", SecretInput)
        assert secret not in ui.text()
        assert secret not in repr(typed)
        assert secret not in ui.app.export_screenshot()
        await ui.press("enter")
        await ui.until_shown("refuses this login")
        assert secret not in ui.text()
        assert secret not in " ".join(map(str, ui.app.workers))
    assert secret not in caplog.text
