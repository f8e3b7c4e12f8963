from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.demo.clients import connect, connect_sync
from tests.demo.content import BLOB, NAME, sha256
from tui.demo import DemoServer
from tui.demo.faults import Gate

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tui.demo import Storage


def test_it_listens_as_soon_as_it_has_started(storage: Storage) -> None:
    server = DemoServer(storage)
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30):
            pass
        assert server.host == f"127.0.0.1:{server.port}"
        assert server.url == f"http://{server.host}"
    finally:
        server.stop()


def test_it_stops_while_a_connection_is_being_accepted(storage: Storage) -> None:
    for _ in range(30):
        with DemoServer(storage) as server:
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.close()
    gc.collect()  # an open transport would complain now, and the complaint fail the test


def test_nothing_is_left_when_it_has_stopped(storage: Storage) -> None:
    before = set(threading.enumerate())
    with DemoServer(storage) as server, connect_sync(server) as http:
        assert http.get("/v2/").status_code == 200
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=30)


def test_to_start_and_to_stop_twice_does_no_harm(storage: Storage) -> None:
    server = DemoServer(storage)
    server.stop()
    server.start()
    port = server.port
    server.start()
    assert server.port == port
    server.stop()
    server.stop()


def test_it_comes_back_at_the_same_address(storage: Storage) -> None:
    server = DemoServer(storage)
    with server:
        url = server.url
    with server, connect_sync(server) as http:
        assert server.url == url
        assert http.get("/v2/").status_code == 200


def test_a_taken_port_is_an_error(storage: Storage) -> None:
    with DemoServer(storage) as server, pytest.raises(OSError, match="in use"):
        DemoServer(storage, port=server.port).start()


async def test_it_stops_while_a_request_hangs(storage: Storage) -> None:
    gate = Gate()
    with DemoServer(storage, before=[gate]) as server:
        async with connect(server) as http:
            hanging = asyncio.create_task(http.get("/v2/"))
            await gate.arrived()
            server.stop()
            with pytest.raises(httpx.RemoteProtocolError):
                await hanging


async def test_it_stops_while_a_hook_sleeps(storage: Storage) -> None:
    reached = threading.Event()

    async def sleep(_request: Request) -> Response | None:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing sets the event")

    with DemoServer(storage, before=[sleep]) as server:
        async with connect(server) as http:
            hanging = asyncio.create_task(http.get("/v2/"))
            await asyncio.to_thread(reached.wait, 30)
            server.stop()
            with pytest.raises(httpx.RemoteProtocolError):
                await hanging


async def test_it_stops_while_a_blob_is_sent(storage: Storage) -> None:
    with DemoServer(storage, bytes_per_second=1) as server:
        async with (
            connect(server) as http,
            http.stream("GET", f"/v2/{NAME}/blobs/{sha256(BLOB)}") as response,
        ):
            server.stop()
            with pytest.raises(httpx.RemoteProtocolError):
                await response.aread()


async def test_connections_can_be_dropped(storage: Storage) -> None:
    gate = Gate()
    with DemoServer(storage, before=[gate]) as server:
        async with connect(server) as http:
            hanging = asyncio.create_task(http.get("/v2/"))
            await gate.arrived()
            server.drop_connections()
            with pytest.raises(httpx.RemoteProtocolError):
                await hanging
            gate.open()
            assert (await http.get("/v2/")).status_code == 200


async def test_it_starts_and_stops_within_an_event_loop(storage: Storage) -> None:
    server = DemoServer(storage)
    server.start()
    async with connect(server) as http:
        answers = await asyncio.gather(*(http.get(f"/v2/{NAME}/tags/list") for _ in range(20)))
    server.stop()
    assert {answer.status_code for answer in answers} == {200}


async def test_requests_are_logged_as_they_were_sent(server: DemoServer, http: httpx.AsyncClient) -> None:
    await http.get(f"/v2/{NAME}/tags/list?n=5&last=a%2Fb", headers={"X-Test": "yes"})
    await http.head("/v2/a%20b/manifests/x")
    first, second = server.requests
    assert (first.method, first.path, first.query) == ("GET", f"/v2/{NAME}/tags/list", "n=5&last=a%2Fb")
    assert first.headers["x-TEST"] == "yes"
    assert str(first) == f"GET /v2/{NAME}/tags/list?n=5&last=a%2Fb"
    assert str(second) == "HEAD /v2/a%20b/manifests/x"
    server.forget_requests()
    assert server.requests == ()


async def test_content_can_change_from_another_thread(server: DemoServer, http: httpx.AsyncClient) -> None:
    stopped = threading.Event()

    def churn() -> None:
        number = 0
        while not stopped.is_set():
            server.storage.put_manifest("churn", b"{}", tags=[f"t{number % 500}"])
            server.storage.delete_tag("churn", f"t{(number + 250) % 500}")
            number += 1

    server.storage.create_repository("churn")
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(30):
            tags = (await http.get("/v2/churn/tags/list")).json()["tags"]
            assert tags == sorted(tags)
    finally:
        stopped.set()
        thread.join()


def test_the_log_of_uvicorn_stays_off_the_terminal() -> None:
    script = (
        "import asyncio, threading\n"
        "from tui.demo import DemoServer, Storage\n"
        "import httpx\n"
        "async def fail(request): raise LookupError('a hook that fails')\n"
        "with DemoServer(Storage(), before=[fail]) as server:\n"
        "    print(httpx.get(server.url + '/v2/', trust_env=False).status_code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "500\n"
    assert done.stderr == ""
