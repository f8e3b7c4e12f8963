"""Identity tokens that a token service replaces: what counts, and where it is kept."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from keyring.errors import KeyringLocked

from tests.client.helpers import client, items
from tests.faults import Exchange, ScriptedServer
from tui.client import IdentityKeeper, Repository
from tui.client.login.auth import BasicAuth, IdentityToken
from tui.client.names import RegistryHost
from tui.config import Settings
from tui.connections import SettingsConnections
from tui.credentials import KeyringLockedError, LoginStore, Secret, WatchedFiles, login_files, make_login
from tui.credentials import watched as watched_module

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.credentials.keyrings import Dialogs
    from tui.credentials.logins import Login

pytestmark = pytest.mark.usefixtures("home")

HOST = RegistryHost("registry.example.com")
OLD, NEW, NEWEST = IdentityToken("id-0"), IdentityToken("id-1"), IdentityToken("id-2")
APP = Repository("team/app")


@pytest.fixture
async def store(keyring: Dialogs) -> AsyncIterator[LoginStore]:
    made = LoginStore(keyring=keyring.store, files=WatchedFiles(login_files()))
    yield made
    keyring.answer()
    await made.aclose()


def login(token: IdentityToken = OLD) -> Login:
    return make_login("<token>", Secret(token.token))


def kept(keyring: Dialogs, host: str = HOST) -> str:
    return str(json.loads(keyring.backend.entries["ocitui", host])["secret"])


async def test_a_token_from_the_keyring_is_replaced_there(store: LoginStore, keyring: Dialogs) -> None:
    await keyring.store.set(HOST, login())
    provider = store.provider(HOST)
    assert isinstance(provider, IdentityKeeper)
    assert await provider.provide() == OLD
    await provider.renewed(OLD, NEW)
    assert await provider.provide() == NEW
    await provider.renewed(NEW, NEWEST)
    assert await provider.provide() == NEWEST
    await store.aclose()
    assert kept(keyring) == "id-2"
    found = await store.find(HOST)
    assert found is not None
    assert (found.auth, found.source) == (NEWEST, "keyring")
    assert store.problems(HOST) == ()


async def test_requests_do_not_wait_for_the_keyrings_dialog(store: LoginStore, keyring: Dialogs) -> None:
    await keyring.store.set(HOST, login())
    provider = store.provider(HOST)
    await provider.provide()
    keyring.open()
    await provider.renewed(OLD, NEW)
    assert await provider.provide() == NEW
    keyring.answer()
    await store.aclose()
    assert kept(keyring) == "id-1"


async def test_a_keyring_that_does_not_take_it_is_told_and_the_token_counts(
    store: LoginStore, keyring: Dialogs
) -> None:
    await keyring.store.set(HOST, login())
    provider = store.provider(HOST)
    await provider.provide()
    told = asyncio.Event()
    store.subscribe(lambda _: told.set())
    keyring.backend.error = KeyringLocked()
    await provider.renewed(OLD, NEW)
    await told.wait()
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringLockedError]
    assert await provider.provide() == NEW
    keyring.backend.error = None
    assert kept(keyring) == "id-0"


async def test_what_a_person_enters_meanwhile_counts(store: LoginStore, keyring: Dialogs) -> None:
    await keyring.store.set(HOST, login())
    provider = store.provider(HOST)
    await provider.provide()
    keyring.open()
    await provider.renewed(OLD, NEW)
    entering = asyncio.create_task(store.keep(HOST, make_login("alice", Secret("pw"))))
    await asyncio.sleep(0)
    keyring.answer()
    await entering
    await store.aclose()
    assert kept(keyring) == "pw"
    assert await provider.provide() == BasicAuth("alice", "pw")


async def test_a_token_from_a_file_is_replaced_for_the_run(
    store: LoginStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_module, "LOOK_SECONDS", 0.0)
    file = home / ".docker" / "config.json"
    file.parent.mkdir(parents=True)
    text = json.dumps({"auths": {HOST: {"identitytoken": "id-0"}}})
    file.write_text(text)
    provider = store.provider(HOST)
    assert await provider.provide() == OLD
    await provider.renewed(OLD, NEW)
    assert await provider.provide() == NEW
    assert store.peek(HOST) == await store.find(HOST)
    assert file.read_text() == text
    file.write_text(json.dumps({"auths": {HOST: {"identitytoken": "another"}}}))
    assert await provider.provide() == IdentityToken("another")


async def test_a_token_is_replaced_at_its_own_registry(store: LoginStore) -> None:
    other = RegistryHost("other.example.com")
    for host in (HOST, other):
        store.keep_for_run(host, login())
    await store.provider(HOST).renewed(OLD, NEW)
    assert await store.provider(HOST).provide() == NEW
    assert await store.provider(other).provide() == OLD


class OnceOnly:
    """A registry whose token service gives another identity token with each token."""

    def __init__(self) -> None:
        self.valid = "id-0"

    async def __call__(self, exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.path == "/token":
            right = parse_qs(asked.body.decode()).get("refresh_token") == [self.valid]
            self.valid = f"id-{int(self.valid[3:]) + 1}" if right else self.valid
            body = {"access_token": "t", "refresh_token": self.valid}
            await (exchange.reply(200, body) if right else exchange.reply(400, {"error": "invalid_grant"}))
        elif asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, {"tags": ["v1"]})
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token",service="s"'})


async def test_a_login_is_kept_as_its_check_has_left_it(store: LoginStore, keyring: Dialogs) -> None:
    service = OnceOnly()
    async with ScriptedServer(service) as server:
        host = RegistryHost(server.host)
        connections = SettingsConnections(Settings(), store)
        assert await connections.check_login(host, login())
        await store.keep(host, login())
        assert kept(keyring, host) == service.valid == "id-1"
        assert await items(connections.registry(host).tags(APP)) == ["v1"]
        await connections.aclose()
        await store.aclose()
        assert kept(keyring, host) == service.valid == "id-2"


async def test_the_next_run_goes_on_with_the_token_that_was_kept(keyring: Dialogs) -> None:
    async with ScriptedServer(OnceOnly()) as server:
        host = RegistryHost(server.host)
        await keyring.store.set(host, login())
        for run in range(1, 4):
            store = LoginStore(keyring=keyring.store, files=WatchedFiles(login_files()))
            async with client() as own:
                assert await items(own.registry(server.url, store.provider(host)).tags(APP)) == ["v1"]
            await store.aclose()
            assert kept(keyring, host) == f"id-{run}"
