from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import SHORT, client, mocked
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    ConnectionLostError,
    DeniedError,
    DigestMismatchError,
    ErrorResponse,
    SizeMismatchError,
    TimeoutExceededError,
    UnsupportedAlgorithmError,
)
from tui.client.login.auth import BasicAuth
from tui.client.names import Digest, Repository
from tui.demo import DemoServer, Storage

if TYPE_CHECKING:
    from tui.client.blob_stream import BlobStream
    from tui.client.registry import Registry

ALPHA = Repository("team/alpha")
CONTENT = bytes(range(256)) * 1000
DIGEST = Digest.of(CONTENT)
LAYER = "application/vnd.oci.image.layer.v1.tar"
DESCRIPTOR = Descriptor(LAYER, DIGEST, len(CONTENT))
OFFSET = 100_000


def primed(offset: int = OFFSET) -> hashlib._Hash:
    return hashlib.sha256(CONTENT[:offset])


async def read(stream: BlobStream) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def read_from(registry: Registry, offset: int) -> tuple[int, bytes]:
    async with registry.get_blob(ALPHA, DESCRIPTOR, offset=offset, hasher=primed(offset)) as stream:
        assert stream.size == len(CONTENT)
        return stream.offset, await read(stream)


class Blob:
    """A registry of one blob, which may send something else."""

    def __init__(self, sent: bytes = CONTENT) -> None:
        self.sent = sent
        self.length: int | None = None

    async def __call__(self, exchange: Exchange) -> None:
        if not exchange.asked.path.endswith(DIGEST):
            await exchange.reply(404, {"errors": [{"code": "BLOB_UNKNOWN"}]})
        else:
            await exchange.reply(200, self.sent, length=self.length)
            if self.length is not None and self.length > len(self.sent):
                exchange.close()


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_a_blob_comes_in_chunks_and_is_verified(algorithm: str) -> None:
    storage = Storage()
    digest = Digest(storage.put_blob(ALPHA, CONTENT, digest=Digest.of(CONTENT, algorithm)))
    with DemoServer(storage) as server:
        async with client() as own, own.registry(server.url).get_blob(ALPHA, digest) as stream:
            assert (stream.size, stream.offset) == (len(CONTENT), 0)
            assert await read(stream) == CONTENT


async def test_the_empty_blob_is_a_blob() -> None:
    storage = Storage()
    digest = Digest(storage.put_blob(ALPHA, b""))
    with DemoServer(storage) as server:
        async with client() as own:
            registry = own.registry(server.url)
            for blob in (digest, Descriptor(LAYER, digest, 0)):
                async with registry.get_blob(ALPHA, blob) as stream:
                    assert await read(stream) == b""
                    assert stream.size == 0


@pytest.mark.parametrize("blob", [DIGEST, DESCRIPTOR])
async def test_another_content_is_an_error_at_the_end(blob: Digest | Descriptor) -> None:
    wrong = b"x" + CONTENT[1:]
    async with ScriptedServer(Blob(wrong)) as server, client() as own:
        async with own.registry(server.url).get_blob(ALPHA, blob) as stream:
            received = bytearray()
            with pytest.raises(DigestMismatchError) as caught:
                await read_into(stream, received)
            assert received == wrong
        assert caught.value.expected == DIGEST
        assert caught.value.actual == Digest.of(wrong)
        assert DIGEST in str(caught.value)


async def read_into(stream: BlobStream, received: bytearray) -> None:
    async for chunk in stream:
        received += chunk


@pytest.mark.parametrize("flip_at", [1000, 200_000])
async def test_one_bit_on_the_line_is_an_error_at_the_end(flip_at: int) -> None:
    async with (
        ScriptedServer(Blob()) as server,
        FaultProxy(server.host, Damage(flip_at=flip_at)) as proxy,
        client() as own,
        own.registry(f"http://{proxy.host}").get_blob(ALPHA, DESCRIPTOR) as stream,
    ):
        with pytest.raises(DigestMismatchError):
            await read(stream)


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT + b"x", b""])
async def test_another_size_is_an_error_before_the_first_byte(sent: bytes) -> None:
    async with ScriptedServer(Blob(sent)) as server, client() as own:
        with pytest.raises(SizeMismatchError) as caught:
            async with own.registry(server.url).get_blob(ALPHA, DESCRIPTOR):
                pytest.fail("the registry announced another size")
        assert (caught.value.expected, caught.value.actual) == (len(CONTENT), len(sent))


async def chunked(exchange: Exchange, body: bytes) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await exchange.send(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")


async def test_a_blob_without_an_announced_length_is_verified_all_the_same() -> None:
    bodies = [CONTENT + b"x", CONTENT[:-1], CONTENT]

    async def answer(exchange: Exchange) -> None:
        await chunked(exchange, bodies.pop())

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        async with registry.get_blob(ALPHA, DIGEST) as stream:
            assert stream.size is None
            assert await read(stream) == CONTENT
        while bodies:
            async with registry.get_blob(ALPHA, DESCRIPTOR) as stream:
                with pytest.raises(SizeMismatchError):
                    await read(stream)


async def test_a_blob_that_does_not_end_is_left_at_the_size_that_it_should_have() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not exchange.gone.is_set():
            await exchange.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    async with ScriptedServer(answer) as server, client() as own:
        async with own.registry(server.url).get_blob(ALPHA, DESCRIPTOR) as stream:
            with pytest.raises(SizeMismatchError):
                await read(stream)
        await server.has_no_connections()


async def test_a_blob_that_breaks_off_is_an_error_that_is_not_repeated() -> None:
    blob = Blob(CONTENT[:1000])
    blob.length = len(CONTENT)
    async with ScriptedServer(blob) as server, client() as own:
        async with own.registry(server.url).get_blob(ALPHA, DESCRIPTOR) as stream:
            with pytest.raises(ConnectionLostError):
                await read(stream)
        assert len(server.asked) == 1


async def test_a_blob_that_pauses_for_too_long_is_an_error() -> None:
    async with (
        ScriptedServer(Blob()) as server,
        FaultProxy(server.host, Damage(silent_after=50_000)) as proxy,
        client(timeout=SHORT) as own,
        own.registry(f"http://{proxy.host}").get_blob(ALPHA, DESCRIPTOR) as stream,
    ):
        with pytest.raises(TimeoutExceededError):
            await read(stream)


async def test_a_slow_blob_takes_as_long_as_it_takes() -> None:
    pace = asyncio.Semaphore(0)
    async with (
        ScriptedServer(Blob()) as server,
        FaultProxy(server.host, Damage(pace=pace, piece=16 * 1024)) as proxy,
        client() as own,
    ):
        pace.release()
        async with own.registry(f"http://{proxy.host}").get_blob(ALPHA, DESCRIPTOR) as stream:
            received = 0
            async for chunk in stream:
                received += len(chunk)
                pace.release()
            assert received == len(CONTENT)


async def test_leaving_a_blob_ends_it_down_to_the_socket() -> None:
    gone = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, CONTENT[:1000], length=len(CONTENT))
        await exchange.gone.wait()
        gone.set()

    async with ScriptedServer(answer) as server, client() as own:
        async with own.registry(server.url).get_blob(ALPHA, DESCRIPTOR) as stream:
            async for chunk in stream:
                assert chunk
                break
        await gone.wait()


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_blob_goes_on_from_an_offset_where_the_registry_can(*, ranges: bool) -> None:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    with DemoServer(storage, ranges=ranges) as server:
        async with client() as own:
            offset, rest = await read_from(own.registry(server.url), OFFSET)
            assert offset == (OFFSET if ranges else 0)
            assert rest == CONTENT[offset:]
            assert [one.headers["range"] for one in server.requests] == [f"bytes={OFFSET}-"]


async def test_kept_bytes_that_were_wrong_are_an_error() -> None:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    with DemoServer(storage) as server:
        async with (
            client() as own,
            own.registry(server.url).get_blob(
                ALPHA, DESCRIPTOR, offset=OFFSET, hasher=hashlib.sha256(bytes(OFFSET))
            ) as stream,
        ):
            with pytest.raises(DigestMismatchError):
                await read(stream)


async def test_nothing_is_asked_for_when_everything_is_there() -> None:
    async with ScriptedServer(Blob()) as server, client() as own:
        assert await read_from(own.registry(server.url), len(CONTENT)) == (len(CONTENT), b"")
        with pytest.raises(DigestMismatchError):
            async with own.registry(server.url).get_blob(
                ALPHA, DESCRIPTOR, offset=len(CONTENT), hasher=hashlib.sha256(bytes(len(CONTENT)))
            ) as stream:
                await read(stream)
        assert server.asked == []


@pytest.mark.parametrize("offset", [-1, len(CONTENT) + 1])
async def test_an_offset_outside_of_the_blob_is_a_mistake(offset: int) -> None:
    async with client() as own:
        with pytest.raises(ValueError, match="offset"):
            async with own.registry("reg.example").get_blob(ALPHA, DESCRIPTOR, offset=offset):
                pass


LAST = len(CONTENT) - 1


@pytest.mark.parametrize(
    ("status", "content_range"),
    [
        (206, None),
        (206, f"bytes {OFFSET - 1}-{LAST}/{len(CONTENT)}"),
        (206, f"bytes 0-{LAST}/{len(CONTENT)}"),
        (206, f"bytes {OFFSET}-{LAST - 1}/{len(CONTENT)}"),
        (206, f"bytes {OFFSET}-{LAST}/*"),
        (206, "nonsense"),
        (206, "multipart/byteranges"),
        (416, f"bytes */{len(CONTENT)}"),
        (416, None),
        (400, None),
        (501, None),
    ],
)
async def test_another_range_than_was_asked_for_is_not_used(status: int, content_range: str | None) -> None:
    async def answer(exchange: Exchange) -> None:
        if "range" in exchange.asked.headers:
            headers = {"Content-Range": content_range} if content_range else {}
            await exchange.reply(status, b"x" * 1000, headers)
        else:
            await exchange.reply(200, CONTENT)

    async with ScriptedServer(answer) as server, client() as own:
        assert await read_from(own.registry(server.url), OFFSET) == (0, CONTENT)
        assert len(server.asked) == 2


async def test_a_range_of_a_blob_of_another_size_is_an_error() -> None:
    async def answer(exchange: Exchange) -> None:
        headers = {"Content-Range": f"bytes {OFFSET}-{OFFSET + 9}/{OFFSET + 10}"}
        await exchange.reply(206, bytes(10), headers)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(SizeMismatchError):
            await read_from(own.registry(server.url), OFFSET)


async def test_a_416_with_a_length_that_never_comes_is_no_obstacle() -> None:
    async def answer(exchange: Exchange) -> None:
        if "range" in exchange.asked.headers:
            await exchange.reply(416, b"", length=len(CONTENT))
            exchange.close()
        else:
            await exchange.reply(200, CONTENT)

    async with ScriptedServer(answer) as server, client() as own:
        assert await read_from(own.registry(server.url), OFFSET) == (0, CONTENT)


async def test_a_range_is_asked_for_again_where_the_registry_redirects_to() -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers = request.headers
        seen.append((request.url.host, headers.get("Range"), headers.get("Authorization")))
        if request.url.host == "reg.example":
            if "Authorization" not in headers:
                return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
            return httpx.Response(307, headers={"Location": "https://cdn.example/b?sig=1"})
        span = f"bytes {OFFSET}-{LAST}/{len(CONTENT)}"
        return httpx.Response(206, content=CONTENT[OFFSET:], headers={"Content-Range": span})

    async with mocked(answer) as own:
        registry = own.registry("reg.example", BasicAuth("alice", "s3cret"))
        assert await read_from(registry, OFFSET) == (OFFSET, CONTENT[OFFSET:])
    login = BasicAuth("alice", "s3cret").authorization()
    span = f"bytes={OFFSET}-"
    assert seen == [("reg.example", span, None), ("reg.example", span, login), ("cdn.example", span, None)]


async def test_a_blob_that_does_not_exist_is_an_error_of_its_own() -> None:
    async with ScriptedServer(Blob()) as server, client() as own:
        registry = own.registry(server.url)
        absent = Digest.of(b"absent")
        with pytest.raises(BlobNotExistError) as caught:
            async with registry.get_blob(ALPHA, absent):
                pass
        assert caught.value.codes == ("BLOB_UNKNOWN",)
        with pytest.raises(BlobNotExistError):
            await registry.get_blob_bytes(ALPHA, Descriptor(LAYER, absent, 5))
        with pytest.raises(BlobNotExistError):
            await registry.verify_blob(ALPHA, absent)


async def test_content_that_the_descriptor_holds_needs_no_request() -> None:
    held = Descriptor(LAYER, DIGEST, len(CONTENT), data=CONTENT)
    async with ScriptedServer(Blob()) as server, client() as own:
        registry = own.registry(server.url)
        async with registry.get_blob(ALPHA, held) as stream:
            assert await read(stream) == CONTENT
        assert await registry.get_blob_bytes(ALPHA, held) == CONTENT
        assert server.asked == []


async def test_content_that_the_descriptor_holds_wrongly_is_asked_for() -> None:
    held = Descriptor(LAYER, DIGEST, len(CONTENT), data=bytes(len(CONTENT)))
    async with ScriptedServer(Blob()) as server, client() as own:
        assert await own.registry(server.url).get_blob_bytes(ALPHA, held) == CONTENT


class Foreign:
    """A registry of passwords that does not have the blob, and other places that may."""

    def __init__(self, **places: httpx.Response) -> None:
        self.places = places
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.host, request.headers.get("Authorization")))
        if request.url.path.startswith("/v2/"):
            if "Authorization" not in request.headers:
                return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
            return httpx.Response(404, json={"errors": [{"code": "BLOB_UNKNOWN"}]})
        return self.places[request.url.path.strip("/")]


def foreign(*urls: str) -> Descriptor:
    return Descriptor(LAYER, DIGEST, len(CONTENT), urls=urls)


async def test_other_places_are_asked_without_any_login() -> None:
    answer = Foreign(
        absent=httpx.Response(404),
        closed=httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"}),
        moved=httpx.Response(302, headers={"Location": "https://reg.example/here"}),
        here=httpx.Response(200, content=CONTENT),
    )
    descriptor = foreign(
        "https://one.example/absent",
        "https://reg.example/closed",
        "http://one.example/here",
        "https://127.0.0.1/here",
        "file:///here",
        "https://[bad/here",
        "https://user:pw@two.example/moved",
    )
    async with mocked(answer) as own:
        registry = own.registry("reg.example", BasicAuth("alice", "s3cret"))
        assert await registry.get_blob_bytes(ALPHA, descriptor) == CONTENT
    login = BasicAuth("alice", "s3cret").authorization()
    assert answer.asked == [
        ("reg.example", None),
        ("reg.example", login),
        ("one.example", None),
        ("reg.example", None),
        ("two.example", None),
        ("reg.example", None),
    ]


async def test_what_comes_from_another_place_is_verified_too() -> None:
    answer = Foreign(here=httpx.Response(200, content=bytes(len(CONTENT))))
    async with mocked(answer) as own:
        registry = own.registry("reg.example", BasicAuth("alice", "s3cret"))
        with pytest.raises(DigestMismatchError):
            await registry.get_blob_bytes(ALPHA, foreign("https://one.example/here"))


async def test_when_no_place_has_it_the_registrys_answer_is_told() -> None:
    answer = Foreign(absent=httpx.Response(404))
    async with mocked(answer) as own:
        registry = own.registry("reg.example", BasicAuth("alice", "s3cret"))
        with pytest.raises(BlobNotExistError) as caught:
            await registry.get_blob_bytes(ALPHA, foreign("https://one.example/absent"))
        assert "reg.example" in str(caught.value)


async def test_a_small_blob_has_a_limit() -> None:
    async def answer(exchange: Exchange) -> None:
        await chunked(exchange, CONTENT)

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        with pytest.raises(BodyTooLargeError):
            await registry.get_blob_bytes(ALPHA, DESCRIPTOR, limit=len(CONTENT) - 1)
        assert server.asked == []
        unknown = Descriptor(LAYER, DIGEST, 0)
        with pytest.raises(BodyTooLargeError):
            await registry.get_blob_bytes(ALPHA, unknown, limit=len(CONTENT) - 1)
        assert await registry.get_blob_bytes(ALPHA, unknown, limit=len(CONTENT)) == CONTENT


async def test_a_small_blob_that_breaks_off_is_asked_for_again() -> None:
    breaks = 2

    async def answer(exchange: Exchange) -> None:
        nonlocal breaks
        breaks -= 1
        await exchange.reply(200, CONTENT if breaks < 0 else CONTENT[:9], length=len(CONTENT))
        if breaks >= 0:
            exchange.close()

    async with ScriptedServer(answer) as server, client() as own:
        assert await own.registry(server.url).get_blob_bytes(ALPHA, DESCRIPTOR) == CONTENT
        assert len(server.asked) == 3


async def test_an_algorithm_that_cannot_be_verified_is_not_asked_for() -> None:
    async with ScriptedServer(Blob()) as server, client() as own:
        with pytest.raises(UnsupportedAlgorithmError):
            async with own.registry(server.url).get_blob(ALPHA, Digest("blake3:" + "0" * 64)):
                pass
        assert server.asked == []


async def test_head_tells_the_size_of_a_blob() -> None:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    with DemoServer(storage) as server:
        async with client() as own:
            found = await own.registry(server.url).verify_blob(ALPHA, DIGEST)
            assert (found.digest, found.size) == (DIGEST, len(CONTENT))
            assert [one.method for one in server.requests] == ["HEAD"]


@pytest.mark.parametrize("status", [400, 401, 403, 405, 501])
@pytest.mark.parametrize("ranges", [True, False])
async def test_where_head_is_refused_the_first_byte_tells_it(status: int, *, ranges: bool) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.method == "HEAD":
            await exchange.reply(status)
        elif ranges and exchange.asked.headers.get("range") == "bytes=0-0":
            await exchange.reply(206, CONTENT[:1], {"Content-Range": f"bytes 0-0/{len(CONTENT)}"})
        else:
            await exchange.reply(200, CONTENT)

    async with ScriptedServer(answer) as server, client() as own:
        assert (await own.registry(server.url).verify_blob(ALPHA, DIGEST)).size == len(CONTENT)


async def test_where_ranges_are_refused_too_the_whole_blob_tells_it() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.method == "HEAD" or "range" in exchange.asked.headers:
            await exchange.reply(400, "invalid range: ^[0-9]+\\-[0-9]+$")
        else:
            await exchange.reply(200, CONTENT)

    async with ScriptedServer(answer) as server, client() as own:
        assert (await own.registry(server.url).verify_blob(ALPHA, DIGEST)).size == len(CONTENT)


async def test_a_blob_that_is_denied_in_every_way_is_denied() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(DeniedError):
            await own.registry(server.url).verify_blob(ALPHA, DIGEST)


@pytest.mark.parametrize("status", [204, 206, 304, 418])
async def test_a_status_that_is_no_blob_is_an_error(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ErrorResponse):
            await own.registry(server.url).get_blob_bytes(ALPHA, DESCRIPTOR)


async def test_a_head_that_a_storage_refuses_is_no_obstacle_for_a_blob() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.host} {request.headers.get('Range', '')}".strip())
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://storage.example/b?sig=1"})
        if request.method == "HEAD":
            return httpx.Response(403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>")
        span = f"bytes 0-0/{len(CONTENT)}"
        return httpx.Response(206, content=CONTENT[:1], headers={"Content-Range": span})

    async with mocked(answer) as own:
        assert (await own.registry("reg.example").verify_blob(ALPHA, DIGEST)).size == len(CONTENT)
    assert seen == [
        "HEAD reg.example",
        "HEAD storage.example",
        "GET reg.example bytes=0-0",
        "GET storage.example bytes=0-0",
    ]


async def test_the_length_of_a_compressed_answer_to_head_is_not_that_of_the_blob() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.method == "HEAD":
            await exchange.reply(200, b"", {"Content-Encoding": "gzip"}, length=17)
        else:
            await exchange.reply(206, CONTENT[:1], {"Content-Range": f"bytes 0-0/{len(CONTENT)}"})

    async with ScriptedServer(answer) as server, client() as own:
        assert (await own.registry(server.url).verify_blob(ALPHA, DIGEST)).size == len(CONTENT)


async def test_a_blob_keeps_the_bytes_that_its_storage_calls_compressed() -> None:
    async def answer(exchange: Exchange) -> None:
        assert exchange.asked.headers["accept-encoding"] == "identity"
        await exchange.reply(200, CONTENT, {"Content-Encoding": "gzip"})

    async with ScriptedServer(answer) as server, client() as own:
        assert await own.registry(server.url).get_blob_bytes(ALPHA, DESCRIPTOR) == CONTENT


@pytest.mark.parametrize("boundary", ["x", '"a b"', "'()+_,-./:=?", ""])
async def test_a_range_in_many_parts_is_not_used(boundary: str) -> None:
    async def answer(exchange: Exchange) -> None:
        if "range" not in exchange.asked.headers:
            await exchange.reply(200, CONTENT)
            return
        part = f"--x\r\nContent-Range: bytes {OFFSET}-{LAST}/{len(CONTENT)}\r\n\r\n".encode()
        kind = f"multipart/byteranges; boundary={boundary}"
        await exchange.reply(206, part + CONTENT[OFFSET:] + b"\r\n--x--", {"Content-Type": kind})

    async with ScriptedServer(answer) as server, client() as own:
        assert await read_from(own.registry(server.url), OFFSET) == (0, CONTENT)
