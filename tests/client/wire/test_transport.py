from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import EAGER, SHORT, client, mocked
from tests.faults import Exchange, ScriptedServer
from tests.real.certificates import ServerCertificate, make_server_certificate
from tui.client.details import RequestLine
from tui.client.errors import (
    CertificateError,
    ConnectionFailedError,
    ConnectionLostError,
    NetworkError,
    NotOCIError,
    TimeoutExceededError,
)
from tui.client.login.auth import BasicAuth
from tui.client.registry import Client
from tui.client.wire.tls import NO_TLS, Contexts, Tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALICE = BasicAuth("alice", "s3cret")


async def welcome(exchange: Exchange) -> None:
    await exchange.reply(200, {})


async def hang(exchange: Exchange) -> None:
    await exchange.gone.wait()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


async def test_plain_http_on_loopback_is_found_out_once() -> None:
    async with ScriptedServer(welcome) as server, client() as own:
        await own.registry(server.host).verify()
        await own.registry(server.host).verify()
        # One handshake that failed, one question whether HTTP is spoken, and what was asked for.
        assert server.lines == ["GET /v2/"] * 3
        assert server.connections == 2


async def test_questions_at_the_same_time_find_out_together() -> None:
    async with ScriptedServer(welcome) as server, client() as own:
        await asyncio.gather(*(own.registry(server.host).verify() for _ in range(5)))
        assert len(server.asked) == 6


async def test_https_on_loopback_is_found_out(tls: ssl.SSLContext, certificate: ServerCertificate) -> None:
    async with ScriptedServer(welcome, tls=tls) as server, client() as own:
        await own.registry(server.host, ca_file=certificate.authority).verify()
        assert server.lines == ["GET /v2/"] * 2


async def test_an_unknown_authority_is_no_reason_for_plain_http(tls: ssl.SSLContext) -> None:
    async with ScriptedServer(welcome, tls=tls) as server, client() as own:
        with pytest.raises(CertificateError, match="not trusted") as caught:
            await own.registry(server.host, ALICE).verify()
        assert "authority" in caught.value.remedy
        assert server.asked == []


async def test_a_slow_handshake_that_fails_says_what_is_wrong_with_the_certificate(
    monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    monkeypatch.setattr("tui.client.wire.schemes.HTTP_DELAY", 0.0)
    async with ScriptedServer(welcome, tls=tls) as server, client() as own:
        with pytest.raises(CertificateError, match="not trusted"):
            await own.registry(server.host, ALICE).verify()
        assert server.asked == []


async def test_a_server_that_hangs_on_tls_is_asked_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.client.wire.schemes.HTTP_DELAY", 0.0)
    handshakes: list[asyncio.StreamWriter] = []
    shaking = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Like servers that read lines: it waits for the end of what is none.
        if (await reader.read(1)) == b"\x16":
            handshakes.append(writer)
            shaking.set()
            return
        while await reader.readline() != b"\r\n":
            pass
        await shaking.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with client() as own:
            await own.registry(f"127.0.0.1:{port}").verify()
        assert len(handshakes) == 1
    finally:
        server.close()
        for writer in handshakes:
            writer.close()
            await writer.wait_closed()


async def test_a_page_about_https_that_comes_before_the_handshake_has_ended_is_not_taken_for_http(
    tls: ssl.SSLContext, certificate: ServerCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.client.wire.schemes.HTTP_DELAY", 0.0)
    told = asyncio.Event()
    leading: list[asyncio.Task[None]] = []

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        leading.append(task)
        first = await reader.read(65536)
        if first[:1] != b"\x16":
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            told.set()
            return
        await told.wait()
        host, _, port = server.host.partition(":")
        up_reader, up = await asyncio.open_connection(host, int(port))
        up.write(first)
        try:
            await asyncio.gather(pass_on(reader, up), pass_on(up_reader, writer))
        finally:
            up.transport.abort()
            writer.transport.abort()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async with ScriptedServer(welcome, tls=tls) as server:
        front = await asyncio.start_server(lead, "127.0.0.1", 0)
        try:
            port = front.sockets[0].getsockname()[1]
            async with client() as own:
                await own.registry(f"127.0.0.1:{port}", ca_file=certificate.authority).verify()
            assert server.lines == ["GET /v2/"] * 2
        finally:
            front.close()
            await asyncio.wait(leading)


async def test_a_server_that_hangs_on_both_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.client.wire.schemes.HTTP_DELAY", 0.0)
    server = await asyncio.start_server(lambda _, writer: kept.append(writer), "127.0.0.1", 0)
    kept: list[asyncio.StreamWriter] = []
    port = server.sockets[0].getsockname()[1]
    try:
        async with client(timeout=SHORT) as own:
            with pytest.raises(TimeoutExceededError):
                await own.registry(f"127.0.0.1:{port}").verify()
    finally:
        server.close()
        for writer in kept:
            writer.close()
            await writer.wait_closed()


async def test_a_closed_port_on_loopback_is_told_as_such() -> None:
    async with ScriptedServer(welcome) as server:
        host = server.host
    async with client() as own:
        with pytest.raises(ConnectionFailedError, match="nothing listens"):
            await own.registry(host).verify()


async def test_a_host_elsewhere_is_only_asked_over_https() -> None:
    urls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        raise httpx.ConnectError("refused")

    async with mocked(answer) as own:
        with pytest.raises(ConnectionFailedError):
            await own.registry("reg.example").verify()
    assert urls == ["https://reg.example/v2/"]


async def test_plain_http_is_used_where_it_is_asked_for() -> None:
    urls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return httpx.Response(200, json={})

    async with mocked(answer) as own:
        await own.registry("reg.example:5000", plain_http=True).verify()
        await own.registry("http://reg.example:5000").verify()
        await own.registry("https://localhost:5000").verify()
        await own.registry("docker.io").verify()
        await own.registry("https://index.docker.io/v1/").verify()
    assert urls == [
        "http://reg.example:5000/v2/",
        "http://reg.example:5000/v2/",
        "https://localhost:5000/v2/",
        "https://registry-1.docker.io/v2/",
        "https://registry-1.docker.io/v2/",
    ]


async def test_tls_to_a_port_of_plain_http_says_so() -> None:
    async with ScriptedServer(welcome) as server, client() as own:
        with pytest.raises(ConnectionFailedError, match=r"TLS|connection") as caught:
            await own.registry(f"https://{server.host}").verify()
        assert caught.value.remedy


async def test_a_page_about_https_is_no_registry() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(
            400, "Client sent an HTTP request to an HTTPS server.\n", {"Content-Type": "text/plain"}
        )

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(NotOCIError) as caught:
            await own.registry(server.url).verify()
        assert "HTTPS" in caught.value.remedy


async def test_a_server_that_wants_a_certificate_of_the_client_is_an_error(
    tls: ssl.SSLContext, certificate: ServerCertificate
) -> None:
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate.authority)
    async with ScriptedServer(welcome, tls=tls) as server, client() as own:
        # Whether its alert arrives before its reset is a matter of chance.
        with pytest.raises(
            (CertificateError, ConnectionLostError), match=r"client certificate|lost|broke off"
        ):
            await own.registry(f"https://{server.host}", ca_file=certificate.authority).verify()


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_file_of_certificates_that_cannot_be_read_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_bytes(content)
    async with client() as own:
        with pytest.raises(CertificateError, match=r"ca\.crt") as caught:
            await own.registry("https://127.0.0.1:1", ca_file=path).verify()
        assert "PEM" in caught.value.remedy


@pytest.fixture
async def proxy() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer(welcome) as server:
        yield server


async def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, proxy: ScriptedServer
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    async with client() as own:
        await own.registry("http://reg.example").verify()
    assert [asked.target for asked in proxy.asked] == ["http://reg.example/v2/"]


async def test_loopback_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy: ScriptedServer
) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    async with ScriptedServer(welcome) as server, client() as own:
        await own.registry(server.host).verify()
    assert proxy.asked == []


async def test_a_proxy_that_refuses_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(exchange: Exchange) -> None:
        assert exchange.asked.method == "CONNECT"
        await exchange.reply(403)

    async with ScriptedServer(refuse) as server, client() as own:
        monkeypatch.setenv("https_proxy", server.url)
        with pytest.raises(ConnectionFailedError, match="proxy refused"):
            await own.registry("reg.example").verify()


@pytest.mark.parametrize("url", ["gopher://proxy.example", "http://[bad"])
async def test_a_proxy_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("https_proxy", url)
    async with client() as own:
        with pytest.raises(NetworkError):
            await own.registry("reg.example").verify()


class Closing(httpx.MockTransport):
    closed = False

    async def aclose(self) -> None:
        self.closed = True


async def test_a_transport_that_was_handed_in_is_used_for_everything_and_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    transport = Closing(lambda _: httpx.Response(200, json={}))
    async with Client(transport, limits=EAGER, user_agent="mine/1") as own:
        await own.registry("reg.example").verify()
        assert not transport.closed
    assert transport.closed


async def test_closing_the_client_closes_its_connections() -> None:
    async with ScriptedServer(welcome) as server:
        async with client() as own:
            await own.registry(server.url).verify()
            assert len(server.transports) == 1
        await server.has_no_connections()


def test_the_authorities_are_read_once_for_connections_of_one_use(monkeypatch: pytest.MonkeyPatch) -> None:
    line, contexts = RequestLine("GET", "https://reg.example/v2/"), Contexts()
    assert Tls() == NO_TLS
    monkeypatch.setattr("tui.client.wire.tls.SHARES_CONTEXTS", True)
    assert contexts.get(NO_TLS, "h2", line) is contexts.get(Tls(), "h2", line)
    assert contexts.get(NO_TLS, "h2", line) is not contexts.get(NO_TLS, "http/1.1", line)
    monkeypatch.setattr("tui.client.wire.tls.SHARES_CONTEXTS", False)
    assert contexts.get(NO_TLS, "h2", line) is not contexts.get(NO_TLS, "h2", line)
