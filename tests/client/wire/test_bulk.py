"""Blobs that are pumped: read, hashed and written on threads, by the rules of every other request."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import threading
import tracemalloc
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import CURT, EAGER, SHORT, client
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tests.real.certificates import ServerCertificate, make_server_certificate
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    BlobNotExistError,
    CertificateError,
    ConnectionFailedError,
    ConnectionLostError,
    DigestMismatchError,
    NetworkError,
    RefusedRedirectError,
    SizeMismatchError,
    TimeoutExceededError,
    UnauthorizedError,
)
from tui.client.login.auth import BasicAuth
from tui.client.names import Digest, Repository
from tui.client.registry import Client
from tui.client.wire.bulk import MIN_DIRECT
from tui.demo import BasicLogin, BearerLogin, DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults import Handler
    from tui.client.blob_stream import BlobStream
    from tui.client.registry import Registry
    from tui.client.wire.bulk import Piece

ALPHA = Repository("team/alpha")
LAYER = "application/vnd.oci.image.layer.v1.tar"
LARGE = hashlib.shake_256(b"large").digest(MIN_DIRECT + 1_234_567)
SMALL = hashlib.shake_256(b"small").digest(MIN_DIRECT - 1)
LOOP = threading.get_ident()


def descriptor(content: bytes) -> Descriptor:
    return Descriptor(LAYER, Digest.of(content), len(content))


class Sink:
    """Takes what is pumped.

    Args:
        refuse_after: Bytes after which it takes no more.
        enough: Bytes after which the event of that name is set.
    """

    def __init__(self, refuse_after: int | None = None, enough: int = 0) -> None:
        self.data = bytearray()
        self.told = 0
        self.threads: set[int] = set()
        self.enough = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._enough = enough
        self._refuse_after = refuse_after

    def write(self, piece: Piece) -> None:
        self.threads.add(threading.get_ident())
        if self._refuse_after is not None and len(self.data) >= self._refuse_after:
            raise OSError(28, "the disk is full")
        self.data += piece
        if len(self.data) >= self._enough:
            self._loop.call_soon_threadsafe(self.enough.set)

    def tell(self, count: int) -> None:
        assert threading.get_ident() == LOOP
        self.told += count


async def pump(registry: Registry, content: bytes, sink: Sink, offset: int = 0) -> BlobStream:
    hasher = hashlib.sha256(content[:offset])
    async with registry.get_blob(
        ALPHA, descriptor(content), offset=offset, hasher=hasher, bulk=True
    ) as stream:
        await stream.pump(sink.write, sink.tell)
    return stream


def serve(content: bytes, *, chunked: bool = False) -> Handler:
    """Answer with a blob, or the range of it that is asked for."""

    async def answer(exchange: Exchange) -> None:
        start = int(exchange.asked.headers.get("range", "bytes=0-")[6:-1])
        body = content[start:]
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        if not chunked:
            await exchange.reply(206 if start else 200, body, headers)
            return
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"HTTP/1.1 {206 if start else 200} OK\r\nTransfer-Encoding: chunked\r\n{''.join(lines)}\r\n"
        await exchange.send(head.encode())
        for at in range(0, len(body), 300_000):
            piece = body[at : at + 300_000]
            await exchange.send(b"%x\r\n" % len(piece) + piece + b"\r\n")
        await exchange.send(b"0\r\n\r\n")

    return answer


@pytest.mark.parametrize("content", [LARGE, SMALL, LARGE[:1_100_000], b"few bytes", b""])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("offset", [0, 3, 1_050_000])
async def test_all_bytes_arrive_in_order_on_another_thread(
    content: bytes, offset: int, *, chunked: bool
) -> None:
    offset = min(offset, len(content))
    sink = Sink()
    async with ScriptedServer(serve(content, chunked=chunked)) as server, client() as own:
        stream = await pump(own.registry(server.url), content, sink, offset)
        assert (stream.size, stream.offset) == (len(content), offset)
        assert stream.hasher is not None
        assert stream.hasher.hexdigest() == Digest.of(content).hex
    assert sink.data == content[offset:]
    assert sink.told == len(content) - offset
    assert LOOP not in sink.threads


async def test_a_stream_for_bulk_can_be_iterated_over() -> None:
    async with ScriptedServer(serve(LARGE)) as server, client() as own:
        registry = own.registry(server.url)
        async with registry.get_blob(ALPHA, descriptor(LARGE), bulk=True) as stream:
            assert b"".join([chunk async for chunk in stream]) == LARGE


async def test_a_transport_that_was_handed_in_stays_asynchronous() -> None:
    threads: set[int] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.startswith("/v2/")
        threads.add(threading.get_ident())
        return httpx.Response(200, content=LARGE)

    sink = Sink()
    async with Client(httpx.MockTransport(answer), limits=EAGER) as own:
        await pump(own.registry("https://registry.example"), LARGE, sink)
    assert sink.data == LARGE
    assert sink.told == len(LARGE)
    assert threads == {LOOP}
    assert LOOP not in sink.threads


async def test_memory_does_not_grow_with_the_blob() -> None:
    piece = hashlib.shake_256(b"piece").digest(1024 * 1024)
    times = 48
    hasher = hashlib.sha256()
    for _ in range(times):
        hasher.update(piece)

    async def answer(exchange: Exchange) -> None:
        await exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(piece) * times}\r\n\r\n".encode())
        for _ in range(times):
            await exchange.send(piece)

    count = 0

    def write(taken: Piece) -> None:
        nonlocal count
        count += len(taken)

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        blob = Descriptor(LAYER, Digest(f"sha256:{hasher.hexdigest()}"), len(piece) * times)
        tracemalloc.start()
        try:
            async with registry.get_blob(ALPHA, blob, bulk=True) as stream:
                await stream.pump(write)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == len(piece) * times
    assert peak < 16 * 1024 * 1024


# What goes wrong


@pytest.mark.parametrize("content", [LARGE, SMALL])
@pytest.mark.parametrize("damage", ["cut", "reset", "silent"])
@pytest.mark.parametrize("after", [1_000_000, len(SMALL) - 5])
async def test_what_came_before_a_loss_is_handed_over_and_hashed(
    content: bytes, damage: str, after: int
) -> None:
    how = Damage(
        cut_after=after if damage == "cut" else None,
        reset_after=after if damage == "reset" else None,
        silent_after=after if damage == "silent" else None,
    )
    sink = Sink()
    async with (
        ScriptedServer(serve(content)) as server,
        FaultProxy(server.host, how) as proxy,
        client(timeout=SHORT) as own,
    ):
        registry = own.registry(f"http://{proxy.host}")
        async with registry.get_blob(ALPHA, descriptor(content), bulk=True) as stream:
            error = TimeoutExceededError if damage == "silent" else ConnectionLostError
            with pytest.raises(error):
                await stream.pump(sink.write, sink.tell)
    # A reset may overtake what was sent before it.
    assert damage == "reset" or len(sink.data) > after - 1000
    assert sink.data == content[: len(sink.data)]
    assert sink.told == len(sink.data)
    assert stream.hasher is not None
    assert stream.hasher.digest() == hashlib.sha256(sink.data).digest()


@pytest.mark.parametrize("content", [LARGE, SMALL])
async def test_a_flipped_bit_shows_in_the_digest(content: bytes) -> None:
    async with (
        ScriptedServer(serve(content)) as server,
        FaultProxy(server.host, Damage(flip_at=2_000_000)) as proxy,
        client() as own,
    ):
        with pytest.raises(DigestMismatchError):
            await pump(own.registry(f"http://{proxy.host}"), content, Sink())


async def test_a_blob_that_does_not_end_is_left_at_the_size_that_it_should_have() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not exchange.gone.is_set():
            await exchange.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    sink = Sink()
    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(SizeMismatchError):
            await pump(own.registry(server.url), LARGE, sink)
        await server.has_no_connections()
    assert len(sink.data) <= len(LARGE)


@pytest.mark.parametrize("content", [LARGE, SMALL])
async def test_a_function_that_refuses_ends_the_request(content: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await serve(content)(exchange)
        await exchange.gone.wait()

    sink = Sink(refuse_after=1_000_000)
    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(OSError, match="disk is full"):
            await pump(own.registry(server.url), content, sink)
        await server.has_no_connections()
    assert sink.data == content[: len(sink.data)]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("content", [LARGE, SMALL])
async def test_cancelling_wakes_the_thread_that_waits_for_the_server(content: bytes, times: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, content[:2_000_000], length=len(content))
        await exchange.gone.wait()

    sink = Sink(enough=2_000_000)
    async with ScriptedServer(answer) as server, client() as own:
        task = asyncio.create_task(pump(own.registry(server.url), content, sink))
        await sink.enough.wait()
        for _ in range(times):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sink.data == content[:2_000_000]
        assert sink.told == 2_000_000
        await server.has_no_connections()


async def test_cancelling_before_the_answer_closes_the_connection() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async with ScriptedServer(answer) as server, client() as own:
        task = asyncio.create_task(pump(own.registry(server.url), LARGE, Sink()))
        await server.has_been_asked(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.has_no_connections()


async def test_leaving_without_reading_closes_the_connection() -> None:
    async with ScriptedServer(serve(LARGE)) as server, client() as own:
        async with own.registry(server.url).get_blob(ALPHA, descriptor(LARGE), bulk=True):
            pass
        await server.has_no_connections()


async def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async with ScriptedServer(answer) as server, client(timeout=SHORT) as own:
        with pytest.raises(TimeoutExceededError):
            await pump(own.registry(server.url), LARGE, Sink())


async def test_a_port_at_which_nothing_listens_is_told() -> None:
    async with ScriptedServer(serve(LARGE)) as server:
        url = server.url
    async with client() as own:
        with pytest.raises(ConnectionFailedError, match="nothing listens"):
            await pump(own.registry(url), LARGE, Sink())


async def test_what_is_not_http_is_told() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        exchange.close()

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(NetworkError):
            await pump(own.registry(server.url), LARGE, Sink())


async def test_a_connection_that_is_lost_before_the_answer_is_made_again() -> None:
    calls = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            exchange.reset()
        else:
            await serve(LARGE)(exchange)

    sink = Sink()
    async with ScriptedServer(answer) as server, client() as own:
        await pump(own.registry(server.url), LARGE, sink)
    assert sink.data == LARGE


# Rules of all requests


@pytest.mark.parametrize("login", [BasicLogin({"alice": "s3cret"}), BearerLogin({"alice": "s3cret"})])
async def test_a_login_is_used(login: BasicLogin | BearerLogin) -> None:
    storage = Storage()
    storage.put_blob(ALPHA, LARGE)
    sink = Sink()
    with DemoServer(storage, login=login) as server:
        async with client() as own:
            with pytest.raises(UnauthorizedError):
                await pump(own.registry(server.url), LARGE, Sink())
            await pump(own.registry(server.url, BasicAuth("alice", "s3cret")), LARGE, sink)
            with pytest.raises(BlobNotExistError):
                await pump(own.registry(server.url, BasicAuth("alice", "s3cret")), LARGE + b"x", Sink())
    assert sink.data == LARGE


async def test_a_redirect_is_followed_without_the_login() -> None:
    async def registry(exchange: Exchange) -> None:
        if "authorization" not in exchange.asked.headers:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Basic realm="r"'})
        else:
            await exchange.reply(307, b"moved", {"Location": f"{storage.url}/there?signature=s"})

    sink = Sink()
    async with (
        ScriptedServer(serve(LARGE)) as storage,
        ScriptedServer(registry) as server,
        client() as own,
    ):
        await pump(own.registry(server.url, BasicAuth("alice", "s3cret")), LARGE, sink, 1_000_000)
        (asked,) = storage.asked
    assert "authorization" not in asked.headers
    assert asked.headers["range"] == "bytes=1000000-"
    assert asked.headers["accept-encoding"] == "identity"
    assert sink.data == LARGE[1_000_000:]


async def test_a_redirect_that_must_not_be_followed_is_not() -> None:
    async def registry(exchange: Exchange) -> None:
        await exchange.reply(307, b"", {"Location": "file:///etc/passwd"})

    async with ScriptedServer(registry) as server, client(timeout=CURT) as own:
        with pytest.raises(RefusedRedirectError):
            await pump(own.registry(server.url), LARGE, Sink())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.mark.parametrize("content", [LARGE, SMALL])
async def test_tls_is_spoken_and_trust_is_that_of_all_requests(
    tls: ssl.SSLContext, certificate: ServerCertificate, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    sink = Sink()
    async with ScriptedServer(serve(content), tls=tls) as server, client() as own:
        await pump(own.registry(server.url, ca_file=certificate.authority), content, sink)
        assert sink.data == content
        with pytest.raises(CertificateError, match="not trusted"):
            await pump(own.registry(server.url), content, Sink())


async def test_a_handshake_that_takes_long_holds_no_other_up(
    tls: ssl.SSLContext, certificate: ServerCertificate
) -> None:
    reached = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    sink = Sink()
    dead = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = dead.sockets[0].getsockname()[1]
    async with dead, ScriptedServer(serve(LARGE), tls=tls) as server, client() as own:
        waiting = own.registry(f"https://127.0.0.1:{port}", ca_file=certificate.authority)
        task = asyncio.create_task(pump(waiting, LARGE, Sink()))
        await reached.wait()
        await pump(own.registry(server.url, ca_file=certificate.authority), LARGE, sink)
        assert sink.data == LARGE
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cancelling_wakes_a_thread_in_the_middle_of_a_handshake() -> None:
    connected = asyncio.Event()
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        connected.set()
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass
        gone.set()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client() as own:
        task = asyncio.create_task(pump(own.registry(f"https://127.0.0.1:{port}"), LARGE, Sink()))
        await connected.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()


@pytest.fixture
async def proxy() -> AsyncIterator[ScriptedServer]:
    async def answer(exchange: Exchange) -> None:
        assert exchange.asked.target.startswith("http://registry.example/v2/")
        await serve(LARGE)(exchange)

    async with ScriptedServer(answer) as server:
        yield server


async def test_the_proxy_of_the_environment_is_used(
    proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:word@{proxy.host}")
    sink = Sink()
    async with client() as own:
        await pump(own.registry("registry.example", plain_http=True), LARGE, sink)
    assert sink.data == LARGE
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


class Tunnel:
    """A proxy that connects to one server, whatever it is asked for."""

    def __init__(self, target: str) -> None:
        self.asked: list[bytes] = []
        self.target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        host, _, port = self.target.rpartition(":")
        there, onward = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        copying = [asyncio.ensure_future(self._copy(*ends)) for ends in ((reader, onward), (there, writer))]
        await asyncio.wait(copying)

    @staticmethod
    async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()


async def test_tls_goes_through_the_tunnel_of_a_proxy(
    tls: ssl.SSLContext, certificate: ServerCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink()
    async with ScriptedServer(serve(LARGE), tls=tls) as server:
        tunnel = Tunnel(server.host)
        proxy = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        monkeypatch.setattr("tui.client.wire.proxies.is_loopback", lambda _: False)
        async with proxy, client() as own:
            await pump(own.registry(server.url, ca_file=certificate.authority), LARGE, sink)
            await own.aclose()
            await server.has_no_connections()
    assert sink.data == LARGE
    assert tunnel.asked[0].startswith(f"CONNECT {tunnel.target} ".encode())


async def test_connections_of_short_answers_are_used_again() -> None:
    async with ScriptedServer(serve(SMALL)) as server, client() as own:
        for _ in range(3):
            sink = Sink()
            await pump(own.registry(server.url), SMALL, sink)
            assert sink.data == SMALL
        assert server.connections == 1
    async with ScriptedServer(serve(LARGE)) as server, client() as own:
        for _ in range(3):
            sink = Sink()
            await pump(own.registry(server.url), LARGE, sink)
            assert sink.data == LARGE
        assert server.connections == 3
        await server.has_no_connections()


async def test_several_at_once_do_not_mix() -> None:
    contents = {f"/{number}": hashlib.shake_256(b"%d" % number).digest(5_000_000) for number in range(4)}
    by_digest = {Digest.of(content): content for content in contents.values()}

    async def answer(exchange: Exchange) -> None:
        await serve(by_digest[Digest(exchange.asked.path.rpartition("/")[2])])(exchange)

    sinks = [Sink() for _ in contents]
    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        await asyncio.gather(
            *(pump(registry, content, sink) for content, sink in zip(contents.values(), sinks, strict=True))
        )
    assert [bytes(sink.data) for sink in sinks] == list(contents.values())


async def test_a_proxy_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://proxy.example")
    async with client() as own:
        with pytest.raises(ConnectionFailedError, match="proxy"):
            await pump(own.registry("registry.example", plain_http=True), LARGE, Sink())


async def test_closing_the_client_closes_idle_connections() -> None:
    async with ScriptedServer(serve(SMALL)) as server:
        own = client()
        await pump(own.registry(server.url), SMALL, Sink())
        assert server.transports
        await own.aclose()
        await server.has_no_connections()
