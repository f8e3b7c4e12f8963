"""Who one is at a registry: which source counts, who is asked how often, and what happens while one waits."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tui.client import Client, Repository, UnauthorizedError
from tui.client.login.auth import BasicAuth
from tui.client.names import RegistryHost
from tui.credentials import (
    KeyringLockedError,
    KeyringStore,
    KeyringUnavailableError,
    KeyringWaitingError,
    Login,
    LoginStore,
    Secret,
    WatchedFiles,
    login_files,
    make_login,
    take_environment,
)
from tui.credentials import store as store_module
from tui.credentials import watched as watched_module
from tui.credentials.errors import HelperFailedError, HelperTimeoutError
from tui.demo import BasicLogin, DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.credentials.keyrings import Dialogs, MemoryKeyring

HOST, OTHER = RegistryHost("registry.example.com:5000"), RegistryHost("other.example.com")
WORD = "hunter2"


def entered(username: str, password: str = WORD) -> Login:
    return make_login(username, Secret(password))


class Desk:
    """A store, and everything around it."""

    def __init__(self, keyring: Dialogs, home: Path) -> None:
        self.keyring = keyring
        self.docker = home / ".docker" / "config.json"
        self.mark = home / "state" / "logins-changed"
        self.helpers: dict[str, Login | Exception] = {}
        self.helpers_asked: list[tuple[str, str]] = []
        self.helper_may_answer = asyncio.Event()
        self.helper_may_answer.set()
        self.told: list[tuple[str, str]] = []
        """The registries that listeners were told of, with what was waited for then."""
        self._told = asyncio.Semaphore(0)
        self.helper_was_asked = asyncio.Event()
        self.stores: list[LoginStore] = []

    def store(self, environment: dict[str, str] | None = None, **options: Any) -> LoginStore:
        files = WatchedFiles(login_files(), self.mark)
        variables = take_environment(environment or {})
        made = LoginStore(variables, keyring=self.keyring.store, files=files, ask=self.ask, **options)
        made.subscribe(lambda host: self._listen(host, made.waits_for(host)))
        self.stores.append(made)
        return made

    def _listen(self, host: RegistryHost, waits_for: str) -> None:
        self.told.append((host, waits_for))
        self._told.release()

    async def until_told(self) -> None:
        """Wait until listeners have been told once more."""
        async with asyncio.timeout(10):
            await self._told.acquire()

    async def ask(self, helper: str, host: RegistryHost) -> Login | None:
        self.helpers_asked.append((helper, host))
        self.helper_was_asked.set()
        await self.helper_may_answer.wait()
        kept = self.helpers.get(host)
        if isinstance(kept, Exception):
            raise kept
        return kept

    def write(self, document: dict[str, Any]) -> None:
        self.docker.parent.mkdir(parents=True, exist_ok=True)
        self.docker.write_text(json.dumps(document))

    def write_login(self, username: str, host: str = HOST, **more: Any) -> None:
        self.write({"auths": {host: {"auth": b64encode(f"{username}:{WORD}".encode()).decode()}}, **more})

    async def keep(self, username: str, host: RegistryHost = HOST) -> None:
        await self.keyring.store.set(host, entered(username))
        self.keyring.backend.calls.clear()


@pytest.fixture
async def desk(keyring: Dialogs, home: Path) -> AsyncIterator[Desk]:
    made = Desk(keyring, home)
    yield made
    keyring.answer()
    for store in made.stores:
        await store.aclose()


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at, and what was refused is looked up, however short ago that was done."""
    monkeypatch.setattr(watched_module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(store_module, "AGAIN_SECONDS", 0.0)


def who(login: Login | None) -> str:
    return login.label if login is not None else "nobody"


# Which source counts


async def test_first_found_is_first_used(desk: Desk) -> None:
    desk.helpers[HOST] = Login(BasicAuth("helped", WORD), "helped", "docker-credential-x")
    desk.write_login("filed", credHelpers={HOST: "x"})
    await desk.keep("kept")
    store = desk.store({"OCITUI_REGISTRY": HOST, "OCITUI_USERNAME": "env", "OCITUI_PASSWORD": WORD})
    store.keep_for_run(HOST, entered("run"))
    assert who(await store.find(HOST)) == "run (this run)"
    assert desk.keyring.backend.calls == []
    await store.forget(HOST)
    assert who(await store.find(HOST)) == "env (environment)"
    store = desk.store()
    await desk.keep("kept")
    assert who(await store.find(HOST)) == "kept (keyring)"
    assert desk.helpers_asked == []
    await store.forget(HOST)
    assert who(await store.find(HOST)) == "helped (docker-credential-x)"
    store = desk.store()
    desk.helpers.clear()
    assert who(await store.find(HOST)) == "filed (Docker)"
    desk.docker.unlink()
    assert who(await desk.store().find(HOST)) == "nobody"


async def test_a_source_that_fails_is_told_and_the_next_is_used(desk: Desk) -> None:
    desk.keyring.backend.error = RuntimeError("no")
    desk.helpers[HOST] = HelperFailedError("docker-credential-x", "ended")
    desk.write_login("filed", credsStore="x")
    store = desk.store()
    assert who(await store.find(HOST)) == "filed (Docker)"
    assert [str(problem) for problem in store.problems(HOST)] == [
        "the keyring (tests.credentials.keyrings.MemoryKeyring) failed: RuntimeError",
        "docker-credential-x ended",
    ]
    assert store.problems(OTHER) == ()


async def test_without_a_keyring_there_are_still_files(desk: Desk) -> None:
    def choose() -> MemoryKeyring:
        raise KeyringUnavailableError("there is none")

    desk.keyring.store = KeyringStore(choose)
    desk.write_login("filed")
    store = desk.store()
    assert who(await store.find(HOST)) == "filed (Docker)"
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringUnavailableError]
    assert not await store.forget(HOST)
    with pytest.raises(KeyringUnavailableError):
        await store.keep(HOST, entered("alice"))
    with pytest.raises(KeyringUnavailableError):
        await store.keyring_name()


async def test_a_registry_with_an_empty_helper_has_none(desk: Desk) -> None:
    desk.write({"credsStore": "x", "credHelpers": {HOST: "", OTHER: "y"}})
    store = desk.store()
    for host in (HOST, OTHER, RegistryHost("third.example.com")):
        await store.find(host)
    assert desk.helpers_asked == [("y", OTHER), ("x", "third.example.com")]


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io"])
async def test_docker_hub_is_one_registry(desk: Desk, name: str) -> None:
    store = desk.store()
    store.keep_for_run(RegistryHost(name), entered("alice"))
    assert who(await store.find(RegistryHost("docker.io"))) == "alice (this run)"
    assert who(store.peek(RegistryHost("index.docker.io"))) == "alice (this run)"


# Who is asked how often


async def test_all_who_wait_share_one_lookup_and_later_ones_need_none(desk: Desk) -> None:
    desk.write({"credsStore": "x"})
    await desk.keep("kept", OTHER)
    store = desk.store()
    found = await asyncio.gather(*(store.find(HOST) for _ in range(20)))
    assert {who(login) for login in found} == {"nobody"}
    await store.find(HOST)
    assert desk.keyring.backend.calls == [("get", HOST)]
    assert desk.helpers_asked == [("x", HOST)]


async def test_nothing_is_asked_before_somebody_wants_to_know(desk: Desk) -> None:
    desk.write_login("filed", credsStore="x")
    store = desk.store()
    assert [known.host for known in store.hosts] == [HOST]
    assert who(store.peek(HOST)) == "filed (Docker)"
    assert not store.is_known(HOST)
    assert (desk.keyring.backend.calls, desk.helpers_asked) == ([], [])
    await store.find(HOST)
    assert store.is_known(HOST)


async def test_what_was_found_is_known_without_asking(desk: Desk) -> None:
    await desk.keep("kept")
    store = desk.store()
    assert who(store.peek(HOST)) == "nobody"
    await store.find(HOST)
    assert who(store.peek(HOST)) == "kept (keyring)"
    assert desk.told == [(HOST, "")]


# Logins that change


async def test_what_is_entered_is_used_at_once(desk: Desk) -> None:
    store = desk.store()
    assert await store.find(HOST) is None
    store.keep_for_run(HOST, entered("run"))
    assert who(await store.find(HOST)) == "run (this run)"
    desk.keyring.backend.calls.clear()
    assert await store.keep(HOST, entered("alice")) == await store.keyring_name()
    assert who(await store.find(HOST)) == who(store.peek(HOST)) == "alice (keyring)"
    assert ("get", HOST) in desk.keyring.backend.calls  # of writing it: it was not looked up again
    assert len(desk.keyring.backend.calls) == 2
    assert await store.forget(HOST)
    assert await store.find(HOST) is None
    assert not await store.forget(HOST)


async def test_what_is_entered_counts_more_than_the_environment(desk: Desk) -> None:
    store = desk.store({"OCITUI_REGISTRY": HOST, "OCITUI_USERNAME": "env", "OCITUI_PASSWORD": WORD})
    await store.keep(HOST, entered("alice"))
    assert who(await store.find(HOST)) == "alice (keyring)"
    await store.forget(HOST)
    assert who(await store.find(HOST)) == "env (environment)"


@pytest.mark.usefixtures("attentive")
async def test_a_login_by_another_running_program_is_taken_up(desk: Desk) -> None:
    store, another = desk.store(), desk.store()
    assert await store.find(HOST) is None
    await another.keep(HOST, entered("alice"))
    assert who(await store.find(HOST)) == "alice (keyring)"
    await another.forget(HOST)
    assert await store.find(HOST) is None


@pytest.mark.usefixtures("attentive")
async def test_a_login_by_docker_is_taken_up(desk: Desk) -> None:
    store = desk.store()
    assert await store.find(HOST) is None
    desk.write_login("filed")
    assert who(await store.find(HOST)) == "filed (Docker)"
    assert [known.host for known in store.hosts] == [HOST]
    desk.write_login("changed")
    assert who(await store.find(HOST)) == "changed (Docker)"
    desk.docker.unlink()
    assert await store.find(HOST) is None


async def test_files_are_not_looked_at_for_every_request(desk: Desk) -> None:
    store = desk.store()
    await store.find(HOST)
    desk.write_login("filed")
    assert await store.find(HOST) is None


@pytest.mark.usefixtures("attentive")
async def test_after_a_refusal_everybody_is_asked_again(desk: Desk) -> None:
    await desk.keep("old")
    store = desk.store()
    assert who(await store.find(HOST)) == "old (keyring)"
    await desk.keep("new")  # by a program that leaves no mark
    assert who(await store.find(HOST)) == "old (keyring)"
    assert who(await store.find_again(HOST)) == "new (keyring)"


async def test_refusals_one_after_the_other_are_one_lookup(desk: Desk) -> None:
    store = desk.store()
    await store.find(HOST)
    for _ in range(5):
        await store.find_again(HOST)
    assert desk.keyring.backend.calls == [("get", HOST)]


async def test_a_mark_that_cannot_be_written_is_no_reason_not_to_keep_a_login(desk: Desk) -> None:
    desk.mark.parent.parent.mkdir(parents=True, exist_ok=True)
    desk.mark.parent.write_text("a file in the place of the folder")
    store = desk.store()
    await store.keep(HOST, entered("alice"))
    assert who(await store.find(HOST)) == "alice (keyring)"


async def test_a_login_that_is_kept_during_a_lookup_counts(desk: Desk) -> None:
    desk.write({"credsStore": "x"})
    desk.helper_may_answer.clear()
    store = desk.store()
    looking = asyncio.ensure_future(store.find(HOST))
    await desk.helper_was_asked.wait()
    await store.keep(HOST, entered("alice"))
    desk.helper_may_answer.set()
    assert who(await looking) == "alice (keyring)"
    assert who(await store.find(HOST)) == "alice (keyring)"


# Waiting


async def test_waiting_for_the_keyring_is_told_and_one_can_go_on_without(desk: Desk) -> None:
    desk.write_login("filed")
    store = desk.store()
    desk.keyring.open()
    looking = asyncio.ensure_future(store.find(HOST))
    await desk.until_told()
    assert desk.told == [(HOST, "the keyring")]
    store.go_on_without(HOST)
    assert who(await looking) == "filed (Docker)"
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringWaitingError]
    assert store.waits_for(HOST) == ""


async def test_patience_has_an_end(desk: Desk) -> None:
    store = desk.store(patience=0.05)
    desk.keyring.open()
    assert await store.find(HOST) is None
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringWaitingError]


async def test_a_keyring_that_has_not_answered_is_not_waited_for_again(desk: Desk) -> None:
    store = desk.store(patience=0.05)
    desk.keyring.open()
    await store.find(HOST)
    await store.find(OTHER)
    assert desk.keyring.backend.calls == [("get", HOST)]
    assert [type(problem) for problem in store.problems(OTHER)] == [KeyringWaitingError]


async def test_when_the_dialog_is_answered_the_keyring_is_asked_again(desk: Desk) -> None:
    await desk.keep("kept")
    await desk.keep("other", OTHER)
    store = desk.store(patience=0.05)
    desk.keyring.open()
    await store.find(HOST)
    await store.find(OTHER)
    while len(desk.told) < 2:
        await desk.until_told()
    desk.told.clear()
    desk.keyring.answer()
    while len(desk.told) < 2:
        await desk.until_told()
    assert {host for host, _ in desk.told} == {HOST, OTHER}
    assert who(await store.find(HOST)) == "kept (keyring)"
    assert who(await store.find(OTHER)) == "other (keyring)"


async def test_a_dialog_that_is_dismissed_is_told_from_then_on(desk: Desk) -> None:
    from keyring.errors import KeyringLocked  # noqa: PLC0415 - beside the fixture of the same name

    store = desk.store(patience=0.05)
    desk.keyring.open()
    await store.find(HOST)
    await desk.until_told()
    desk.keyring.backend.error = KeyringLocked("dismissed")
    desk.keyring.answer()
    await desk.until_told()
    await store.find(HOST)
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringLockedError]


async def test_who_stops_waiting_leaves_the_dialog_open(desk: Desk) -> None:
    store = desk.store()
    desk.keyring.open()
    looking = asyncio.ensure_future(store.find(HOST))
    await asyncio.to_thread(desk.keyring.backend.entered.wait)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await store.find(HOST)
    assert [type(problem) for problem in store.problems(HOST)] == [KeyringWaitingError]


async def test_a_helper_that_does_not_answer_is_gone_on_without(desk: Desk) -> None:
    desk.write_login("filed", credsStore="x")
    desk.helper_may_answer.clear()
    store = desk.store(patience=0.05)
    assert who(await store.find(HOST)) == "filed (Docker)"
    assert [type(problem) for problem in store.problems(HOST)] == [HelperTimeoutError]


async def test_closing_waits_for_no_dialog(desk: Desk) -> None:
    store = desk.store(patience=0.05)
    desk.keyring.open()
    await store.find(HOST)
    await store.aclose()


async def test_who_no_longer_listens_is_told_nothing(desk: Desk) -> None:
    store = desk.store()
    told: list[str] = []
    end = store.subscribe(told.append)
    store.keep_for_run(HOST, entered("alice"))
    end()
    store.keep_for_run(OTHER, entered("alice"))
    assert told == [HOST]


# With the client


@pytest.fixture(scope="module")
def private() -> Iterator[DemoServer]:
    with DemoServer(login=BasicLogin({"alice": WORD, "bob": "builder"})) as server:
        yield server


async def first_repositories(client: Client, store: LoginStore, host: RegistryHost) -> list[Repository]:
    registry = client.registry(host, store.provider(host))
    async for page in registry.repositories():
        return list(page.items)
    return []


async def test_a_registry_that_wants_no_login_asks_no_keyring(desk: Desk, demo: DemoServer) -> None:
    store = desk.store()
    async with Client() as client:
        assert await first_repositories(client, store, RegistryHost(demo.host))
    assert desk.keyring.backend.calls == []


@pytest.mark.usefixtures("attentive")
async def test_the_client_follows_logins_as_they_come_and_go(desk: Desk, private: DemoServer) -> None:
    host = RegistryHost(private.host)
    store = desk.store()
    async with Client() as client:
        registry = client.registry(host, store.provider(host))
        with pytest.raises(UnauthorizedError):
            await registry.verify()
        store.keep_for_run(host, entered("bob", "builder"))
        await registry.verify()
        await store.keep(host, entered("alice"))
        await registry.verify()
        await store.forget(host)
        with pytest.raises(UnauthorizedError):
            await registry.verify()
        await desk.keep("alice", host)  # by a program that leaves no mark
        await registry.verify()
        assert repr(registry) == f"Registry({str(host)!r}, Provider({str(host)!r}))"


# What is loaded


@pytest.mark.parametrize("what", ["tui.credentials", "tui.session"])
def test_no_keyring_is_loaded_before_it_is_used(what: str, home: Path) -> None:
    script = (
        f"import sys, {what}\n"
        "from tui.credentials import LoginStore\n"
        "from tui.client.names import RegistryHost\n"
        "store = LoginStore()\n"
        "store.hosts, store.warnings, store.peek(RegistryHost('docker.io'))\n"
        "print(sorted({'httpx', 'keyring', 'textual', 'secretstorage'} & sys.modules.keys()))\n"
    )
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert done.stdout == "[]\n"
