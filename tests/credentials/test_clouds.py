"""Registries of the clouds: their credential helpers and the protocol are enough; no code knows them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from tests.client.helpers import client, items, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client import BasicAuth, Repository, UnauthorizedError
from tui.client.names import RegistryHost
from tui.credentials import KeyringStore, KeyringUnavailableError, LoginStore, WatchedFiles
from tui.credentials.files import LoginFile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from keyring.backend import KeyringBackend

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the helpers of these tests are shell scripts")

APP = Repository("team/app")
TAGS = {"name": "team/app", "tags": ["v1"]}
SECRET = "s3cret-of-the-cloud"
NULL_USER = "00000000-0000-0000-0000-000000000000"
PULL = "repository:team/app:pull"


def no_keyring() -> KeyringBackend:
    raise KeyringUnavailableError("there is none")


class Machine:
    """A machine on which somebody has set up a cloud's credential helper for Docker."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config = home / "config.json"
        self.folder = home / "bin"
        self.folder.mkdir()
        monkeypatch.setenv("PATH", f"{self.folder}{os.pathsep}{os.environ['PATH']}")

    def set_up(self, helper: str, host: str, username: str) -> None:
        """Let the helper give a login, and Docker's file name the helper."""
        answer = json.dumps({"ServerURL": host, "Username": username, "Secret": SECRET})
        script = self.folder / f"docker-credential-{helper}"
        script.write_text(f"#!/bin/sh\nread -r key\n[ \"$1 $key\" = 'get {host}' ] && echo '{answer}'\n")
        script.chmod(0o755)
        self.config.write_text(json.dumps({"credHelpers": {host: helper}}))

    async def tags(self, server: ScriptedServer) -> list[str]:
        """List tags as the browser does."""
        files = WatchedFiles([LoginFile(self.config, "Docker")])
        store = LoginStore(keyring=KeyringStore(no_keyring), files=files)
        try:
            async with client() as own:
                registry = own.registry(server.url, store.provider(RegistryHost(server.host)))
                return [str(tag) for tag in await items(registry.tags(APP))]
        finally:
            await store.aclose()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.fixture
async def server() -> AsyncGenerator[ScriptedServer, None]:
    async def unprepared(exchange: Exchange) -> None:
        raise AssertionError(exchange.asked.target)

    async with ScriptedServer(unprepared) as made:
        yield made
        # The secret went into headers and forms, and into no URL.
        assert all(SECRET not in asked.target for asked in made.asked)


async def test_amazons_helper_gives_a_password_that_is_sent_as_it_is(
    machine: Machine, server: ScriptedServer
) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.headers.get("authorization") == BasicAuth("AWS", SECRET).authorization():
            await exchange.reply(200, TAGS)
        else:
            challenge = f'Basic realm="{server.url}/",service="ecr.amazonaws.com"'
            await exchange.reply(401, "Not Authorized\n", {"Www-Authenticate": challenge})

    server.handler = answer
    machine.set_up("ecr-login", server.host, "AWS")
    assert await machine.tags(server) == ["v1"]
    assert len(server.asked) == 2


class Azure:
    """A registry of Azure's: tokens for refresh tokens, by OAuth 2 or as the password of nobody's user."""

    def __init__(self) -> None:
        self.grants: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.path == "/oauth2/token":
            await self.exchange(exchange)
        elif asked.headers.get("authorization") == "Bearer access":
            await exchange.reply(200, TAGS)
        else:
            host = asked.headers["host"]
            challenge = f'Bearer realm="http://{host}/oauth2/token",service="{host}",scope="{PULL}"'
            await exchange.reply(401, b"", {"Www-Authenticate": challenge})

    async def exchange(self, exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.method == "POST":
            form = parse_qs(asked.body.decode())
            right = form["grant_type"] == ["refresh_token"] and form["refresh_token"] == [SECRET]
            scopes, service = form["scope"], form["service"]
        else:
            right = asked.headers.get("authorization") == BasicAuth(NULL_USER, SECRET).authorization()
            values = dict(parameters(asked))
            scopes, service = [values["scope"]], [values["service"]]
        self.grants.append(asked.method)
        right = right and scopes == [PULL] and service == [asked.headers["host"]]
        await (exchange.reply(200, {"access_token": "access"}) if right else exchange.reply(401))


@pytest.mark.parametrize(("username", "grant"), [("<token>", "POST"), (NULL_USER, "GET")])
async def test_azures_helpers_give_a_refresh_token_that_is_exchanged(
    machine: Machine, server: ScriptedServer, username: str, grant: str
) -> None:
    azure = Azure()
    server.handler = azure
    machine.set_up("acr-env", server.host, username)
    assert await machine.tags(server) == ["v1"]
    assert azure.grants == [grant]


async def test_azures_refresh_token_in_dockers_file_is_exchanged(
    machine: Machine, server: ScriptedServer
) -> None:
    azure = Azure()
    server.handler = azure
    entry = {"auth": "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==", "identitytoken": SECRET}
    machine.config.write_text(json.dumps({"auths": {server.host: entry}}))
    assert await machine.tags(server) == ["v1"]
    assert azure.grants == ["POST"]


@pytest.mark.parametrize(
    "username", ["_dcgcr_2_1_22_token", "_dcgcr_0_token", "oauth2accesstoken", "_json_key"]
)
async def test_googles_helpers_give_a_password_that_is_exchanged_for_a_token(
    machine: Machine, server: ScriptedServer, username: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.path == "/v2/token":
            right = asked.headers.get("authorization") == BasicAuth(username, SECRET).authorization()
            right = right and parameters(asked) == [("service", "gcr.io"), ("scope", PULL)]
            body = {"expires_in": 43200, "issued_at": "2026-11-25T00:00:00.1Z", "token": "t"}
            await (exchange.reply(200, body) if right and asked.method == "GET" else exchange.reply(404))
        elif asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, {**TAGS, "child": [], "manifest": {}})
        else:
            challenge = f'Bearer realm="{server.url}/v2/token",service="gcr.io"'
            await exchange.reply(401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"Www-Authenticate": challenge})

    server.handler = answer
    machine.set_up("gcr", server.host, username)
    assert await machine.tags(server) == ["v1"]


async def test_a_password_of_a_helper_that_is_over_is_sent_once(
    machine: Machine, server: ScriptedServer
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, "expired", {"Www-Authenticate": 'Basic realm="r"'})

    server.handler = answer
    machine.set_up("ecr-login", server.host, "AWS")
    with pytest.raises(UnauthorizedError) as caught:
        await machine.tags(server)
    assert SECRET not in repr(caught.value)
    assert len(server.asked) == 2
