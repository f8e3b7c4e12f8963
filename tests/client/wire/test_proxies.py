from __future__ import annotations

import asyncio
import contextlib
import ssl
import traceback
from base64 import b64encode
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from tests.client.helpers import EAGER, client
from tests.client.http2_server import Asked2, Http2Server
from tests.faults import Exchange, ScriptedServer
from tests.real.certificates import (
    ClientCertificate,
    ServerCertificate,
    make_client_certificate,
    make_server_certificate,
)
from tui.client import BasicAuth, Client, ConnectionFailedError, Descriptor, Digest, NetworkError, Repository
from tui.client.wire.proxies import proxy_for

if TYPE_CHECKING:
    from types import TracebackType

    from tui.client import Registry

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_there_is_none_by_default() -> None:
    assert proxy_for(httpx.URL("https://reg.example/")) is None


@pytest.mark.parametrize(
    ("variable", "url", "expected"),
    [
        ("HTTPS_PROXY", "https://reg.example/", "http://proxy.example:3128"),
        ("https_proxy", "https://reg.example/", "http://proxy.example:3128"),
        ("HTTPS_PROXY", "http://reg.example/", None),
        ("http_proxy", "http://reg.example/", "http://proxy.example:3128"),
        ("ALL_PROXY", "https://reg.example/", "http://proxy.example:3128"),
        ("ALL_PROXY", "http://127.0.0.1:5000/", None),
        ("ALL_PROXY", "http://localhost:5000/", None),
        ("ALL_PROXY", "http://[::1]:5000/", None),
    ],
)
def test_takes_the_proxy_of_the_scheme(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, expected: str | None
) -> None:
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    assert proxy_for(httpx.URL(url)) == expected


def test_a_proxy_without_a_scheme_is_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert proxy_for(httpx.URL("https://reg.example/")) == "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("reg.example", "https://reg.example/", True),
        (".example", "https://reg.example/", True),
        ("example", "https://reg.example/", True),
        ("other.example", "https://reg.example/", False),
        ("*", "https://reg.example/", True),
        ("reg.example:5000", "https://reg.example:5000/", True),
        ("reg.example:5000", "https://reg.example/", False),
        ("10.0.0.0/8", "https://10.1.2.3:5000/", True),
        ("nonsense, 10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("fd00::/8", "https://[fd00::1]/", True),
        ("fd00::1", "https://[fd00::1]/", True),
        ("[fd00::1]", "https://[fd00::1]:5000/", True),
        ("fd00::2", "https://[fd00::1]/", False),
        ("REG.example", "https://reg.example/", True),
        ("reg.example:443", "https://reg.example/", True),
        ("reg.example:443", "http://reg.example/", False),
        ("reg.example:80", "http://reg.example/", True),
        ("a.example, .other.example ,b.example", "https://x.other.example:5000/", True),
        ("eg.example", "https://reg.example/", False),
        ("10.1.2.3", "https://10.1.2.3:5000/", True),
        ("10.1.2.3:5000", "https://10.1.2.3:5001/", False),
        ("", "https://reg.example/", False),
    ],
)
def test_leaves_out_what_no_proxy_names(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, *, direct: bool
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_for(httpx.URL(url)) is None) is direct


async def test_a_proxy_that_cannot_be_used_keeps_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://alice:s3cret@proxy.example.com:1")
    async with Client() as client:
        with pytest.raises(ConnectionFailedError, match="proxy") as caught:
            await client.registry("registry.example.com").verify()
    shown = "".join(traceback.format_exception(caught.value))
    assert "proxy.example.com" in shown
    assert "s3cret" not in shown


def test_a_host_that_no_registry_may_have_is_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert proxy_for(httpx.URL("https://my_bucket.storage.example/")) == "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("socks5://alice:s3cret@proxy.example:1080", "socksio"),
        ("socks4://alice:s3cret@proxy.example:1080", "neither http, https nor socks5"),
        ("http://alice:s3cret@", "neither http, https nor socks5"),
        ("http://alice:s3cret@proxy.example:port", "no URL"),
    ],
)
@pytest.mark.parametrize("bulk", [False, True])
async def test_why_a_proxy_cannot_be_used_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, proxy: str, says: str, *, bulk: bool
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("ALL_PROXY", proxy)
    async with Client() as own:
        with pytest.raises(ConnectionFailedError, match=says) as caught:
            async with own.registry("reg.example").get_blob(ALPHA, Digest.of(b""), bulk=bulk):
                pass
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


ALPHA = Repository("team/alpha")
CONTENT = b"layer" * 500_000
BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))
LOGIN = "al%40ice:s3cr%3Aet"
"""What stands in the URL of a proxy; both parts have a character that cannot stand there as it is."""
BASIC = f"Basic {b64encode(b'al@ice:s3cr:et').decode()}"


class ProxyServer:
    """A proxy that leads every host to one server; plain requests are passed on, and so are tunnels.

    Args:
        upstream: ``host:port`` of the server.
        login: The header by which it lets somebody in; None for everybody.
        tls: Makes it a proxy behind TLS.
    """

    def __init__(self, upstream: str, login: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._upstream = upstream
        self._login = login
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up: asyncio.StreamWriter | None = None
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            self.asked.append(f"{method} {target}")
            self.heads.append(head)
            if self._login is not None and f"Proxy-Authorization: {self._login}\r\n" not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                host, _, port = self._upstream.rpartition(":")
                up_reader, up = await asyncio.open_connection(host, int(port))
                if method == "CONNECT":
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    path = target.removeprefix("http://reg.example")
                    up.write(head.replace(target, path, 1).encode())
                await asyncio.gather(self._pass_on(reader, up), self._pass_on(up_reader, writer))
        self._tasks.discard(task)
        for end in (writer, up):
            if end is not None:
                end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def serve(exchange: Exchange) -> None:
    await exchange.reply(200, CONTENT if "/blobs/" in exchange.asked.path else {})


async def read(registry: Registry) -> None:
    """Read a small answer, a stream, and a stream on threads."""
    await registry.verify()
    for bulk in (False, True):
        pieces = bytearray()
        async with registry.get_blob(ALPHA, BLOB, bulk=bulk) as stream:
            await stream.pump(pieces.extend, None)
        assert pieces == CONTENT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("tls"), "reg.example")


def context_of(certificate: ServerCertificate, mode: ssl.VerifyMode = ssl.CERT_NONE) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    context.load_verify_locations(certificate.authority)
    context.verify_mode = mode
    return context


@pytest.mark.parametrize("login", ["", f"{LOGIN}@"])
async def test_plain_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    async with (
        ScriptedServer(serve) as server,
        ProxyServer(server.host, BASIC if login else None) as proxy,
        client() as own,
    ):
        monkeypatch.setenv("HTTP_PROXY".lower(), f"http://{login}{proxy.host}")
        await read(own.registry("http://reg.example", BasicAuth("bob", "b0b")))
        assert set(proxy.asked) == {
            "GET http://reg.example/v2/",
            f"GET http://reg.example/v2/team/alpha/blobs/{BLOB.digest}",
        }


@pytest.mark.parametrize("login", ["", f"{LOGIN}@"])
async def test_tls_goes_through_a_tunnel_of_the_proxy_which_sees_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, certificate: ServerCertificate, login: str
) -> None:
    async with (
        ScriptedServer(serve, tls=context_of(certificate)) as server,
        ProxyServer(server.host, BASIC if login else None) as proxy,
        client() as own,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{login}{proxy.host}")
        await read(own.registry("reg.example", BasicAuth("bob", "b0b"), ca_file=certificate.authority))
        assert set(proxy.asked) == {"CONNECT reg.example:443"}
        assert all("\r\nauthorization:" not in head.lower() for head in proxy.heads)
        assert all("proxy-authorization" not in asked.headers for asked in server.asked)


async def test_small_requests_share_a_tunnel_where_the_registry_offers_http2(
    monkeypatch: pytest.MonkeyPatch, certificate: ServerCertificate
) -> None:
    async def answer(asked: Asked2) -> None:
        await asked.reply(b"{}")

    async with (
        Http2Server(answer, context_of(certificate)) as server,
        ProxyServer(server.url.removeprefix("https://"), BASIC) as proxy,
        client() as own,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@{proxy.host}")
        registry = own.registry("reg.example", ca_file=certificate.authority)
        await asyncio.gather(*(registry.request("GET", "/v2/a") for _ in range(8)))
        assert len(server.asked) == 8
        assert proxy.asked == ["CONNECT reg.example:443"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 403 Not for you\r\n\r\n", "the proxy refused: 403 Not for you"),
        (b"HTTP/1.1 503\r\n\r\n", "the proxy refused: 503"),
        (b"HTTP/1.0 407 \xff\x1b[2J\n\n", "the proxy wants a login"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000, "not HTTP"),
        (b"SSH-2.0-server\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: ", "broke off"),
        (b"", "broke off"),
    ],
)
async def test_whatever_a_proxy_says_to_a_tunnel_is_an_error_of_the_network(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, error: str
) -> None:
    async def serve_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve_answer, "127.0.0.1", 0)
    try:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with client() as own:
            with pytest.raises(NetworkError, match=error) as caught:
                await own.registry("reg.example").verify()
        assert "\x1b" not in str(caught.value)
    finally:
        server.close()


async def test_a_proxy_behind_tls_is_trusted_as_the_registry_is_and_sees_no_certificate(
    monkeypatch: pytest.MonkeyPatch, certificate: ServerCertificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine: ClientCertificate = make_client_certificate(certificate, tmp_path_factory.mktemp("mine"))
    saw: list[bool] = []

    async def answer(exchange: Exchange) -> None:
        saw.append(bool(exchange._transport.get_extra_info("peercert")))
        await serve(exchange)

    async with (
        ScriptedServer(answer, tls=context_of(certificate, ssl.CERT_OPTIONAL)) as server,
        # One that was shown a certificate of no authority that it knows would hang up.
        ProxyServer(
            server.host, tls=context_of(make_other(tmp_path_factory, certificate), ssl.CERT_OPTIONAL)
        ) as proxy,
        client() as own,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"https://{proxy.host}")
        registry = own.registry(
            "reg.example",
            ca_file=certificate.authority,
            client_certificate=mine.certificate,
            client_key=mine.key,
        )
        await read(registry)
        assert len(saw) == 3
        assert all(saw)


def make_other(factory: pytest.TempPathFactory, certificate: ServerCertificate) -> ServerCertificate:
    """Make a server's files whose trusted authority is a stranger, and whose own is known."""
    stranger = make_server_certificate(factory.mktemp("stranger"))
    return ServerCertificate(
        stranger.authority, certificate.certificate, certificate.key, stranger.authority_key
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("bulk", [False, True])
async def test_a_proxy_that_wants_a_login_says_so_and_that_of_its_url_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, scheme: str, *, bulk: bool
) -> None:
    async with ScriptedServer(serve) as server, ProxyServer(server.host, BASIC) as proxy:
        for login in ("", "mallory:s3cret@"):
            monkeypatch.setenv(f"{scheme}_proxy", f"http://{login}{proxy.host}")
            async with Client(limits=EAGER) as own:
                with pytest.raises(ConnectionFailedError, match="proxy wants a login") as caught:
                    async with own.registry(f"{scheme}://reg.example").get_blob(ALPHA, BLOB, bulk=bulk):
                        pass
            assert "proxy" in caught.value.remedy
            assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert server.asked == []
