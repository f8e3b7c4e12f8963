"""Logins for a part of a registry: Podman's files may name one, and the browser uses it there."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import client, items, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client import BasicAuth, Image, Repository, RepositoryAuthProvider, Tag, UnauthorizedError
from tui.client.names import RegistryHost
from tui.config import Settings
from tui.connections import SettingsConnections
from tui.credentials import (
    KeyringStore,
    KeyringUnavailableError,
    LoginStore,
    Secret,
    WatchedFiles,
    make_login,
)
from tui.credentials import watched as watched_module
from tui.credentials.files import LoginFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from tests.credentials.keyrings import Dialogs

HOST = RegistryHost("registry.example.com:5000")


def no_keyring() -> KeyringBackend:
    raise KeyringUnavailableError("there is none")


def entry(username: str) -> dict[str, str]:
    return {"auth": b64encode(f"{username}:pw".encode()).decode()}


class Machine:
    """The files of Podman and Docker, in the order in which they are asked, and what knows their logins."""

    def __init__(self, home: Path, keyring: KeyringStore | None = None) -> None:
        self.files = [LoginFile(home / name, name) for name in ("first", "second")]
        self.store = LoginStore(keyring=keyring or KeyringStore(no_keyring), files=WatchedFiles(self.files))

    def write(self, number: int, host: str, users: dict[str, str]) -> None:
        """Write logins by the path to which they belong; "" is the registry."""
        keys = {f"{host}/{path}".removesuffix("/"): entry(user) for path, user in users.items()}
        self.files[number].path.write_text(json.dumps({"auths": keys}))

    async def who(self, repository: str) -> str:
        """Tell who asks for a repository, or for the registry."""
        whole = self.store.provider(HOST)
        assert isinstance(whole, RepositoryAuthProvider)
        auth = await (whole.for_repository(repository) or whole).provide()
        return auth.username if isinstance(auth, BasicAuth) else "nobody"


@pytest.fixture
async def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machine]:
    monkeypatch.setattr(watched_module, "LOOK_SECONDS", 0.0)
    made = Machine(tmp_path)
    yield made
    await made.store.aclose()


async def test_the_most_specific_login_of_a_file_counts(machine: Machine) -> None:
    machine.write(0, HOST, {"": "all", "team": "team", "team/app": "app", "team/app/deep": "deep"})
    assert [
        await machine.who(name)
        for name in ("other", "teams", "team", "team/other", "team/app", "team/apps", "team/app/deep/er", "")
    ] == ["all", "all", "team", "team", "app", "team", "deep", "all"]


async def test_who_one_is_at_a_part_is_told_without_asking_anybody(machine: Machine) -> None:
    machine.write(0, HOST, {"": "all", "team": "team"})
    connections = SettingsConnections(Settings(), machine.store)
    for _ in range(2):
        labels = [connections.login_label(HOST, name) for name in ("team/app", "other", "")]
        assert labels == ["team (first)", "all (first)", "all (first)"]
        await machine.who("")


async def test_who_has_a_login_for_a_part_only_is_nobody_elsewhere(machine: Machine) -> None:
    machine.write(0, HOST, {"team": "team"})
    assert [await machine.who(name) for name in ("team/app", "other", "")] == ["team", "nobody", "nobody"]


async def test_the_first_file_with_a_login_for_the_repository_counts(machine: Machine) -> None:
    machine.write(0, HOST, {"team": "first"})
    machine.write(1, HOST, {"": "second", "other": "third"})
    assert [await machine.who(name) for name in ("team/app", "other/app", "x")] == [
        "first",
        "third",
        "second",
    ]
    machine.write(0, HOST, {"": "first"})
    assert [await machine.who(name) for name in ("team/app", "other/app", "x")] == ["first"] * 3


async def test_a_part_that_is_added_or_removed_is_taken_up(machine: Machine) -> None:
    machine.write(0, HOST, {"": "all"})
    assert await machine.who("team/app") == "all"
    machine.write(0, HOST, {"": "all", "team": "somebody else"})
    assert await machine.who("team/app") == "somebody else"
    machine.write(0, HOST, {"": "everybody"})
    assert await machine.who("team/app") == "everybody"


async def test_what_a_person_has_entered_counts_more_than_a_part(tmp_path: Path, keyring: Dialogs) -> None:
    machine = Machine(tmp_path, keyring.store)
    machine.write(0, HOST, {"": "all", "team": "team"})
    assert await machine.who("team/app") == "team"
    await machine.store.keep(HOST, make_login("kept", Secret("pw")))
    assert await machine.who("team/app") == "kept"
    machine.store.keep_for_run(HOST, make_login("run", Secret("pw")))
    assert await machine.who("team/app") == "run"
    await machine.store.forget(HOST)
    assert await machine.who("team/app") == "team"
    await machine.store.aclose()


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
async def test_each_request_is_made_by_whom_it_concerns(machine: Machine, scheme: str) -> None:
    """A registry that lets `team` into what lies under `team/`, and `all` into all else."""
    users = {BasicAuth(user, "pw").authorization(): user for user in ("all", "team")}

    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        sent = asked.headers.get("authorization", "")
        if asked.path == "/token":
            scope = dict(parameters(asked))["scope"]
            await exchange.reply(200, {"token": f"{users[sent]}/{scope}"})
            return
        user = users.get(sent) or sent.removeprefix("Bearer ").partition("/")[0]
        right = "team" if asked.path.startswith("/v2/team/") else "all"
        if user == right:
            await exchange.reply(200, {"tags": ["v1"], "repositories": ["a"], "layers": []})
        else:
            challenge = 'Basic realm="r"' if scheme == "basic" else 'Bearer realm="/token",service="s"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        host = RegistryHost(server.host)
        machine.write(0, host, {"": "all", "team": "team"})
        registry = own.registry(server.url, machine.store.provider(host))
        for _ in range(2):
            assert await items(registry.tags(Repository("team/app"))) == ["v1"]
            assert await items(registry.tags(Repository("other/app"))) == ["v1"]
            assert await items(registry.repositories()) == ["a"]
            await registry.get_manifest(Image(Repository("team/app"), Tag("v1")))
        machine.write(0, host, {"": "all"})
        with pytest.raises(UnauthorizedError):
            await items(registry.tags(Repository("team/app")))
