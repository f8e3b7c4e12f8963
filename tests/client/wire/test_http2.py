"""Small requests over HTTP/2: what is shared, and what a server may do to it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from typing import TYPE_CHECKING

import h2.errors
import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.helpers import EAGER, SHORT, client
from tests.client.http2_server import Asked2, Http2Server
from tests.faults import Damage, FaultProxy
from tests.real.certificates import ServerCertificate, make_server_certificate
from tui.client.errors import BodyTooLargeError, ConnectionLostError, NetworkError, TimeoutExceededError
from tui.client.limits import MAX_MANIFEST, Limits
from tui.client.names import Digest, Image, Repository, Tag
from tui.client.wire.http2 import MAX_HEADERS, STREAM_WINDOW, Http2Connection
from tui.client.wire.http2_answers import NotProcessedError

if TYPE_CHECKING:
    from tui.client.registry import Client, Registry

ALPHA = Repository("team/alpha")
PATIENT = Limits(backoff=3600.0, max_backoff=3600.0, retries=1)
"""Who waits for these runs into the time limit of the test."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.fixture
def authority(certificate: ServerCertificate, monkeypatch: pytest.MonkeyPatch) -> ServerCertificate:
    for name in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return certificate


def registry_of(own: Client, server: Http2Server, certificate: ServerCertificate) -> Registry:
    return own.registry(server.url, ca_file=certificate.authority)


async def welcome(asked: Asked2) -> None:
    await asked.reply(json.dumps({"path": asked.path}).encode())


async def test_requests_at_the_same_time_share_one_connection(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async with Http2Server(welcome, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        paths = [f"/v2/{number}" for number in range(40)]
        responses = await asyncio.gather(*(registry.request("GET", path) for path in paths))
        assert [json.loads(response.body)["path"] for response in responses] == paths
        assert {response.status for response in responses} == {200}
        assert server.connections == 1
        assert {asked.headers[":authority"] for asked in server.asked} == {
            server.url.removeprefix("https://")
        }
        assert all("connection" not in asked.headers for asked in server.asked)


async def test_the_handshake_that_finds_no_http2_is_not_wasted(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async with Http2Server(welcome, tls, agrees=False) as server, client() as own:
        registry = registry_of(own, server, authority)
        for _ in range(3):
            assert (await registry.request("GET", "/v2/a")).body == b"{}"
        assert server.connections == 1
        await asyncio.gather(*(registry.request("GET", "/v2/b") for _ in range(4)))
        assert len(server.lines) == 7


async def test_what_has_a_body_and_what_is_a_blob_goes_over_http1(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async with Http2Server(welcome, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        await registry.request("POST", "/v2/a", content=b"x")
        await registry.request("DELETE", "/v2/b")
        async with registry.get_blob(ALPHA, Digest.of(b"{}")) as stream:
            assert b"".join([chunk async for chunk in stream]) == b"{}"
        assert server.asked == []
        assert [line.partition(" ")[0] for line in server.lines] == ["POST", "DELETE", "GET"]


async def test_the_answer_to_head_has_headers_and_no_body(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        asked.begin("200", [("content-length", "17"), ("docker-content-digest", "sha256:00")])
        await asked.body(b"")

    async with Http2Server(answer, tls) as server, client() as own:
        response = await registry_of(own, server, authority).request("HEAD", "/v2/a")
        assert (response.headers["Content-Length"], response.body) == ("17", b"")


async def test_no_more_requests_are_under_way_than_the_server_allows(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    busy, most = 0, 0

    async def answer(asked: Asked2) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1
        await asked.reply()

    async with Http2Server(answer, tls, max_streams=2) as server, client(limits=PATIENT) as own:
        registry = registry_of(own, server, authority)
        await registry.request("GET", "/v2/first")
        await asyncio.gather(*(registry.request("GET", "/v2/a") for _ in range(12)))
        assert (most, server.connections, len(server.asked)) == (2, 1, 13)


async def test_an_answer_that_is_reset_is_asked_for_again(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if len(server.asked) > 2:
            await asked.reply()
            return
        if len(server.asked) == 2:
            asked.begin()
        asked.link.h2.reset_stream(asked.stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        asked.link.flush()

    async with Http2Server(answer, tls) as server, client() as own:
        assert (await registry_of(own, server, authority).request("GET", "/v2/a")).status == 200
        assert (server.connections, len(server.asked)) == (1, 3)


async def test_an_answer_that_is_always_reset_is_lost(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        asked.link.h2.reset_stream(asked.stream, h2.errors.ErrorCodes.CANCEL)
        asked.link.flush()

    async with Http2Server(answer, tls) as server, client() as own:
        with pytest.raises(ConnectionLostError):
            await registry_of(own, server, authority).request("GET", "/v2/a")
        assert len(server.asked) == 1 + EAGER.retries


async def test_a_request_that_the_server_refused_to_look_at_is_sent_again_at_once(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if len(server.asked) > 1:
            await asked.reply()
            return
        asked.link.h2.reset_stream(asked.stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        asked.link.flush()

    async with Http2Server(answer, tls) as server, client(limits=PATIENT) as own:
        assert (await registry_of(own, server, authority).request("GET", "/v2/a")).status == 200


def goaway(last: int, code: int = 0) -> bytes:
    return (
        (8).to_bytes(3, "big") + bytes([7, 0]) + bytes(4) + last.to_bytes(4, "big") + code.to_bytes(4, "big")
    )


async def test_a_server_that_goes_away_ends_what_it_has_begun_and_gets_the_rest_anew(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if asked.link is not server.links[0]:
            await asked.reply(b"new")
        elif len(server.asked) == 4:
            first, second = server.asked[0], server.asked[1]
            asked.link.send(goaway(second.stream))
            await first.reply(b"old")
            await second.reply(b"old")

    async with Http2Server(answer, tls) as server, client(limits=PATIENT) as own:
        registry = registry_of(own, server, authority)
        responses = await asyncio.gather(*(registry.request("GET", "/v2/a") for _ in range(4)))
        assert sorted(response.body for response in responses) == [b"new", b"new", b"old", b"old"]
        assert server.connections == 2
        await server.links[0].gone.wait()


async def test_a_server_that_wants_http1_gets_it(tls: ssl.SSLContext, authority: ServerCertificate) -> None:
    async def answer(asked: Asked2) -> None:
        asked.link.h2.reset_stream(asked.stream, h2.errors.ErrorCodes.HTTP_1_1_REQUIRED)
        asked.link.flush()

    async with Http2Server(answer, tls) as server, client(limits=PATIENT) as own:
        registry = registry_of(own, server, authority)
        assert (await registry.request("GET", "/v2/a")).status == 200
        assert (await registry.request("GET", "/v2/b")).status == 200
        assert (len(server.asked), server.lines) == (1, ["GET /v2/a", "GET /v2/b"])


HPACK_BOMB = b"\x40\x01a\x7f\x00" + b"b" * 127 + b"\xbe" * 1000
"""A header of 128 bytes, and 1000 references to it: with RFC 7541's reckoning, 160 kB."""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00\x00\x01\x04\x00\x00\x00\x00\x00\x00", id="settings-of-a-wrong-length"),
        pytest.param(b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", id="frame-of-16-MiB"),
        pytest.param(b"\x00\x00\x04\x00\x00\x00\x00\x00\x00wild", id="data-of-no-stream"),
        pytest.param(b"\x00\x00\x05\x05\x04\x00\x00\x00\x01\x00\x00\x00\x02\x88", id="push"),
        pytest.param(b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\xff", id="headers-that-cannot-be-unpacked"),
        pytest.param(b"\x00\x00\x04\x08\x00\x00\x00\x00\x01\x00\x00\x00\x00", id="window-grown-by-nothing"),
        pytest.param(
            len(HPACK_BOMB).to_bytes(3, "big") + b"\x01\x05\x00\x00\x00\x01" + HPACK_BOMB, id="header-bomb"
        ),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="not-http2-at-all"),
        pytest.param(b"\x00\x00\x04\x01\x05\x00\x00\x00\x01\x08\x02a1", id="a-status-that-is-no-number"),
        pytest.param(b"\x00\x00\x00\x01\x00\x00\x00\x00\x01" * 200, id="headers-without-end"),
    ],
)
async def test_a_server_whose_http2_is_broken_is_asked_over_http1(
    tls: ssl.SSLContext, authority: ServerCertificate, data: bytes
) -> None:
    async def answer(asked: Asked2) -> None:
        asked.link.send(data)

    async with Http2Server(answer, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        assert (await registry.request("GET", "/v2/a")).body == b"{}"
        assert (len(server.asked), server.lines) == (1, ["GET /v2/a"])


async def test_a_length_that_is_not_true_costs_http2_and_not_the_answers_beside_it(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if asked.path == "/v2/lies":
            await server.has_been_asked(2)
            asked.begin("200", [("content-length", "99")])
            asked.link.send(b"\x00\x00\x02\x00\x01" + asked.stream.to_bytes(4, "big") + b"{}")

    async with Http2Server(answer, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        responses = await asyncio.gather(*(registry.request("GET", f"/v2/{name}") for name in ("lies", "a")))
        assert [response.body for response in responses] == [b"{}", b"{}"]
        assert sorted(server.lines) == ["GET /v2/a", "GET /v2/lies"]


async def test_headers_up_to_the_limit_are_read(tls: ssl.SSLContext, authority: ServerCertificate) -> None:
    value = "x" * (MAX_HEADERS - 1024)

    async def answer(asked: Asked2) -> None:
        await asked.reply(b"{}", [("x-large", value)])

    async with Http2Server(answer, tls) as server, client() as own:
        response = await registry_of(own, server, authority).request("GET", "/v2/a")
        assert response.headers["X-Large"] == value


@pytest.mark.parametrize("begun", [False, True])
async def test_a_connection_that_breaks_is_made_again(
    tls: ssl.SSLContext, authority: ServerCertificate, *, begun: bool
) -> None:
    async def answer(asked: Asked2) -> None:
        if len(server.links) > 1:
            await asked.reply()
        elif len(server.asked) == 3:
            if begun:
                server.asked[0].begin()
                await asked.link.writer.drain()
            asked.link.writer.transport.abort()

    async with Http2Server(answer, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        responses = await asyncio.gather(*(registry.request("GET", "/v2/a") for _ in range(3)))
        assert [response.status for response in responses] == [200] * 3
        assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_made_again(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async with Http2Server(welcome, tls) as server, client(limits=PATIENT) as own:
        registry = registry_of(own, server, authority)
        await registry.request("GET", "/v2/a")
        server.links[0].writer.close()
        await server.links[0].gone.wait()
        assert (await registry.request("GET", "/v2/b")).status == 200
        assert server.connections == 2


async def test_silence_ends_in_time_and_the_connection_is_not_used_again(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if len(server.links) > 1:
            await asked.reply()

    async with Http2Server(answer, tls) as server, client(timeout=SHORT) as own:
        registry = registry_of(own, server, authority)
        with pytest.raises(TimeoutExceededError, match="silent"):
            await registry.request("GET", "/v2/a")
        assert (await registry.request("GET", "/v2/b")).status == 200
        assert server.connections == 2


async def test_a_request_that_is_cancelled_is_reset_and_the_others_go_on(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        if asked.path == "/v2/slow":
            asked.begin()
        else:
            await server.links[0].reset.wait()
            await asked.reply()

    async with Http2Server(answer, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        slow = asyncio.create_task(registry.request("GET", "/v2/slow"))
        await server.has_been_asked(1)
        other = asyncio.create_task(registry.request("GET", "/v2/other"))
        await server.has_been_asked(2)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await other).status == 200
        assert server.links[0].resets == [server.asked[0].stream]
        assert server.connections == 1


async def test_large_answers_arrive_whole_and_one_that_is_left_half_read_holds_nobody_up(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    content = hashlib.shake_256(b"large").digest(MAX_MANIFEST + STREAM_WINDOW)

    async def answer(asked: Asked2) -> None:
        await asked.reply(content)

    async with Http2Server(answer, tls) as server, client() as own:
        registry = registry_of(own, server, authority)
        digest = Digest.of(content)
        call = registry.request("GET", "/v2/a")
        assert (await call).body == content
        for _ in range(3):
            with pytest.raises(BodyTooLargeError):
                await registry.get_manifest(Image(ALPHA, Tag("v1")))
        responses = await asyncio.gather(*(registry.request("GET", "/v2/b") for _ in range(3)))
        assert all(Digest.of(response.body) == digest for response in responses)
        assert server.connections == 1


@pytest.mark.parametrize("position", [0, 700, 2500, 50_000])
@pytest.mark.parametrize("fault", ["cut_after", "reset_after", "silent_after", "flip_at"])
async def test_every_fault_of_the_network_is_an_error_of_the_network(
    tls: ssl.SSLContext, authority: ServerCertificate, fault: str, position: int
) -> None:
    async def answer(asked: Asked2) -> None:
        await asked.reply(bytes(200_000))

    damage = Damage()
    setattr(damage, fault, position)
    async with (
        Http2Server(answer, tls) as server,
        FaultProxy(server.url.removeprefix("https://"), damage) as proxy,
        client(timeout=SHORT) as own,
    ):
        registry = own.registry(f"https://{proxy.host}", ca_file=authority.authority)
        requests = [registry.request("GET", f"/v2/{number}") for number in range(3)]
        for error in await asyncio.gather(*requests, return_exceptions=True):
            assert isinstance(error, NetworkError)
            assert error.remedy


async def test_closing_the_client_closes_the_connection(
    tls: ssl.SSLContext, authority: ServerCertificate
) -> None:
    async with Http2Server(welcome, tls) as server:
        async with client() as own:
            await registry_of(own, server, authority).request("GET", "/v2/a")
        await server.links[0].gone.wait()


class Wire(httpcore.AsyncNetworkStream):
    """A connection that says what it was told to, whatever it is asked, and then closes."""

    def __init__(self, data: bytes) -> None:
        self._data = [data]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        await asyncio.sleep(0)
        return self._data.pop() if self._data else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        pass

    async def aclose(self) -> None:
        pass


FRAMES = st.builds(
    lambda kind, flags, stream, payload: (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    ),
    st.integers(0, 12),
    st.integers(0, 255),
    st.sampled_from([0, 1, 1, 1, 2, 3, 2**31 - 1, 2**32 - 1]),
    st.binary(max_size=40) | st.just(b"\x88") | st.just(b"\x88\x5c\x012"),
)


@given(st.lists(FRAMES | st.binary(max_size=30), max_size=6))
@settings(deadline=None)
async def test_whatever_comes_ends_in_an_answer_or_an_error_of_the_network(frames: list[bytes]) -> None:
    connection = Http2Connection(Wire(b"".join(frames)))
    request = httpx.Request("GET", "https://reg.example/v2/")
    try:
        response = await connection.ask(request)
        async for _ in response.stream:  # type: ignore[union-attr] # of an async transport
            pass
    except (httpcore.NetworkError, httpcore.ProtocolError, NotProcessedError):
        pass
    finally:
        await connection.aclose()
    assert not connection.is_usable(1.0)


class Shy(Wire):
    """A connection over which nothing comes until it is told to, and that keeps count of what is sent."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.speak = asyncio.Event()
        self.sent = asyncio.Event()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        await self.speak.wait()
        self.speak.clear()
        # Settings that change nothing.
        return b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        self.sent.set()


async def test_a_server_that_is_shown_a_certificate_speaks_first() -> None:
    wire = Shy()
    connection = Http2Connection(wire, listens=True)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not wire.sent.is_set()
    wire.speak.set()
    await wire.sent.wait()
    await connection.aclose()


async def test_a_server_that_does_not_speak_first_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.client.wire.http2.LISTENING", 0.01)
    wire = Shy()
    connection = Http2Connection(wire, listens=True)
    await wire.sent.wait()
    await connection.aclose()
