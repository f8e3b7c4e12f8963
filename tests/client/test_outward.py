"""A name that leads to the internet when it is checked, and to this machine when the connection is made."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.helpers import client, items
from tests.faults import Exchange, ScriptedServer
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import ConnectionFailedError
from tui.client.login.auth import BasicAuth
from tui.client.names import Digest, Repository
from tui.client.wire.origins import InwardError
from tui.client.wire.pool import NetworkBackend
from tui.client.wire.sockets import Backend, Trust
from tui.client.wire.transport import Transports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tui.client.registry import Registry

ALPHA = Repository("team/alpha")
CONTENT = bytes(2 * 1024 * 1024)
BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))


async def silent(exchange: Exchange) -> None:
    await exchange.reply(200, {"token": "t"})


@pytest.fixture
async def inside() -> AsyncIterator[ScriptedServer]:
    """A server that only this machine reaches; its name is not that of the registry's address."""
    async with ScriptedServer(silent) as server:
        yield server


def rebound(server: ScriptedServer) -> str:
    return f"http://localhost:{server.host.rpartition(':')[2]}"


@pytest.fixture
def first_looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every name lead to the internet when it is checked, and note which were."""
    checked: list[str] = []

    async def is_internal(_: Transports, url: httpx.URL) -> bool:
        checked.append(url.host)
        return False

    monkeypatch.setattr(Transports, "is_internal", is_internal)
    return checked


async def small(registry: Registry) -> object:
    return await registry.get_blob_bytes(ALPHA, BLOB, limit=len(CONTENT))


async def pumped(registry: Registry) -> object:
    async with registry.get_blob(ALPHA, BLOB, bulk=True) as stream:
        await stream.pump(lambda _: None)
        return None


async def listed(registry: Registry) -> object:
    return await items(registry.tags(ALPHA))


@pytest.mark.parametrize("ask", [small, pumped, listed])
async def test_a_redirect_to_a_name_that_leads_inwards_by_then_sends_nothing(
    inside: ScriptedServer, first_looks: list[str], ask: Any
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(307, b"", {"Location": f"{rebound(inside)}/here"})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ConnectionFailedError, match="leads to a private address"):
            await ask(own.registry(server.url))
    assert "localhost" in first_looks
    assert inside.asked == []


async def test_a_realm_whose_name_leads_inwards_by_then_gets_no_login(
    inside: ScriptedServer, first_looks: list[str]
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, b"", {"WWW-Authenticate": f'Bearer realm="{rebound(inside)}/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ConnectionFailedError, match="leads to a private address"):
            await listed(own.registry(server.url, BasicAuth("alice", "s3cret")))
    assert "localhost" in first_looks
    assert inside.asked == []


async def test_another_place_of_a_blob_whose_name_leads_inwards_by_then_is_passed_over(
    inside: ScriptedServer, first_looks: list[str]
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(404)

    foreign = Descriptor(BLOB.media_type, BLOB.digest, BLOB.size, urls=(f"{rebound(inside)}/layer",))
    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(Exception, match="404"):
            await own.registry(server.url).get_blob_bytes(ALPHA, foreign, limit=len(CONTENT))
    assert "localhost" in first_looks
    assert inside.asked == []


async def test_a_registry_that_is_inside_itself_may_lead_inwards(inside: ScriptedServer) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, {"tags": ["v1"]})
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": f'Bearer realm="{rebound(inside)}/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        assert await listed(own.registry(server.url)) == ["v1"]
    assert inside.lines == ["GET /token"]


async def test_whether_a_registry_is_inside_is_looked_up_once_a_while(
    inside: ScriptedServer, first_looks: list[str]
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(307, b"", {"Location": f"{rebound(inside)}/here"})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        for _ in range(3):
            with pytest.raises(ConnectionFailedError):
                await listed(registry)
    assert first_looks.count("127.0.0.1") == 1


async def test_the_connections_of_small_and_large_answers_look_at_the_address_before_they_send(
    inside: ScriptedServer,
) -> None:
    port = int(inside.host.rpartition(":")[2])
    with pytest.raises(InwardError):
        await NetworkBackend(outward=True).connect_tcp("localhost", port)
    backend = Backend(Trust(ssl.create_default_context), outward=True)
    with pytest.raises(InwardError):
        await asyncio.to_thread(backend.connect_tcp, "localhost", port)
    await inside.has_no_connections()
    stream = await NetworkBackend().connect_tcp("localhost", port)
    await stream.aclose()


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
async def test_of_many_addresses_one_that_leads_inwards_is_enough(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    backend = Backend(Trust(ssl.create_default_context), outward=True)
    with pytest.raises(InwardError):
        await asyncio.to_thread(backend.connect_tcp, "rebind.example", 443)
