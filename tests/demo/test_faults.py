from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import PlainTextResponse

from tests.demo.clients import connect, connect_sync
from tests.demo.content import BLOB, NAME, error_codes, sha256
from tui.demo.faults import Gate, cut_off, html_page, method_is, path_has, redirect, reply, too_many_requests

if TYPE_CHECKING:
    from tui.demo import DemoServer

TAGS = f"/v2/{NAME}/tags/list"


async def test_a_gate_holds_requests_back_until_it_is_opened(
    server: DemoServer, http: httpx.AsyncClient
) -> None:
    gate = Gate(path_has("/tags/list"))
    server.before.append(gate)
    assert (await http.get("/v2/")).status_code == 200
    held = asyncio.create_task(http.get(TAGS))
    await gate.arrived()
    assert not held.done()
    gate.open()
    assert (await held).status_code == 200
    assert (await http.get(TAGS)).status_code == 200


async def test_a_gate_sees_clients_leave(server: DemoServer, http: httpx.AsyncClient) -> None:
    gate = Gate()
    server.before.append(gate)
    held = asyncio.create_task(http.get(TAGS))
    await gate.arrived()
    held.cancel()
    await gate.abandoned()
    gate.open()
    assert (await http.get(TAGS)).status_code == 200


async def test_a_gate_leaves_bodies_to_the_registry(server: DemoServer, http: httpx.AsyncClient) -> None:
    gate = Gate(method_is("POST"))
    server.before.append(gate)
    query = {"digest": sha256(b"new")}
    held = asyncio.create_task(http.post("/v2/team/new/blobs/uploads/", params=query, content=b"new"))
    await gate.arrived()
    gate.open()
    assert (await held).status_code == 201


async def test_a_gate_can_be_awaited_by_several(server: DemoServer, http: httpx.AsyncClient) -> None:
    gate = Gate()
    server.before.append(gate)
    first = asyncio.create_task(gate.arrived())
    second = asyncio.create_task(gate.arrived())
    await asyncio.sleep(0)
    first.cancel()
    held = asyncio.create_task(http.get("/v2/"))
    await second
    gate.open()
    gate.open()
    assert (await held).status_code == 200


def test_a_gate_works_without_an_event_loop(server: DemoServer) -> None:
    gate = Gate()
    server.before.append(gate)
    with pytest.raises(TimeoutError):
        gate.wait_arrived(0)
    statuses: list[int] = []

    def ask() -> None:
        with connect_sync(server) as http:
            statuses.append(http.get("/v2/").status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    gate.wait_arrived(30)
    gate.open()
    thread.join()
    assert statuses == [200]


async def test_answers_can_be_replaced_a_few_times(server: DemoServer, http: httpx.AsyncClient) -> None:
    server.before.append(reply(lambda: PlainTextResponse("teapot", 418), path_has("/tags/"), times=2))
    assert (await http.get("/v2/")).status_code == 200
    assert [(await http.get(TAGS)).status_code for _ in range(3)] == [418, 418, 200]


async def test_the_first_hook_that_answers_wins(server: DemoServer, http: httpx.AsyncClient) -> None:
    server.before.append(reply(lambda: PlainTextResponse("one"), times=1))
    server.before.append(reply(lambda: PlainTextResponse("two"), times=1))
    assert [(await http.get("/v2/")).text for _ in range(3)] == ["one", "two", "{}"]


async def test_too_many_requests_say_when_to_come_back(server: DemoServer, http: httpx.AsyncClient) -> None:
    server.before.append(too_many_requests("7"))
    response = await http.get(TAGS)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert error_codes(response) == ["TOOMANYREQUESTS"]
    assert (await http.get(TAGS)).status_code == 200
    server.before.append(too_many_requests(None))
    assert "retry-after" not in (await http.get(TAGS)).headers


async def test_a_page_for_people_is_no_registry(server: DemoServer, http: httpx.AsyncClient) -> None:
    server.before.append(html_page(502))
    response = await http.get("/v2/")
    assert response.status_code == 502
    assert response.headers["content-type"].startswith("text/html")


async def test_clients_are_sent_elsewhere(server: DemoServer, http: httpx.AsyncClient) -> None:
    server.before.append(redirect("http://elsewhere.example/x", path_has("/blobs/"), 302))
    response = await http.get(f"/v2/{NAME}/blobs/{sha256(BLOB)}")
    assert response.status_code == 302
    assert response.headers["location"] == "http://elsewhere.example/x"


@pytest.mark.parametrize("after", [0, 1_000])
async def test_a_body_breaks_off(server: DemoServer, http: httpx.AsyncClient, after: int) -> None:
    server.before.append(cut_off(BLOB, after, path_has("/blobs/"), times=1))
    received = bytearray()

    async def read(response: httpx.Response) -> None:
        async for piece in response.aiter_raw():
            received.extend(piece)

    async with http.stream("GET", f"/v2/{NAME}/blobs/{sha256(BLOB)}") as response:
        assert response.headers["content-length"] == str(len(BLOB))
        with pytest.raises(httpx.RemoteProtocolError):
            await read(response)
    assert received == BLOB[:after]
    assert (await http.get(f"/v2/{NAME}/blobs/{sha256(BLOB)}")).content == BLOB


async def test_content_can_lie_about_its_digest(server: DemoServer) -> None:
    digest = sha256(b"what was promised")
    server.storage.put_blob(NAME, b"something else", digest=digest)
    server.storage.put_manifest(NAME, b"<html>", "text/html", digest=digest, tags=["lie"])
    async with connect(server) as http:
        assert (await http.get(f"/v2/{NAME}/blobs/{digest}")).content == b"something else"
        response = await http.get(f"/v2/{NAME}/manifests/lie")
    assert response.content == b"<html>"
    assert response.headers["content-type"] == "text/html"
    assert response.headers["docker-content-digest"] == digest
