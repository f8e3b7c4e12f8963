"""Some bytes of a blob alone: exactly these, or an error that says why not."""

from __future__ import annotations

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
    ErrorResponse,
    NetworkError,
    RangesUnsupportedError,
    SizeMismatchError,
    TimeoutExceededError,
    UnsupportedAlgorithmError,
)
from tui.client.limits import Limits
from tui.client.login.auth import BasicAuth
from tui.client.mirrors import Mirror
from tui.client.names import Digest, Repository
from tui.client.ranges import MAX_RANGE
from tui.demo import DemoServer, Storage

ALPHA = Repository("team/alpha")
CONTENT = bytes(range(256)) * 1000
SIZE = len(CONTENT)
DIGEST = Digest.of(CONTENT)
LAYER = "application/vnd.oci.image.layer.v1.tar"
DESCRIPTOR = Descriptor(LAYER, DIGEST, SIZE)
OFFSET, WANTED = 100_000, 5_000
END = OFFSET + WANTED
PART = CONTENT[OFFSET:END]
RIGHT = f"bytes {OFFSET}-{END - 1}/{SIZE}"


def part(request: httpx.Request) -> httpx.Response:
    """Answer as a registry that has the blob, and gives any range of it."""
    first, _, last = request.headers["Range"].removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last) + 1, SIZE)
    headers = {"Content-Range": f"bytes {start}-{end - 1}/{SIZE}"}
    return httpx.Response(206, content=CONTENT[start:end], headers=headers)


@pytest.mark.parametrize("blob", [DIGEST, DESCRIPTOR])
@pytest.mark.parametrize(
    ("offset", "size"), [(0, 1), (0, SIZE), (OFFSET, WANTED), (SIZE - 1, 1), (SIZE - 9, 100), (0, MAX_RANGE)]
)
async def test_some_bytes_of_a_blob_come_in_one_request(
    blob: Digest | Descriptor, offset: int, size: int
) -> None:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    with DemoServer(storage) as server:
        async with client() as own:
            found = await own.registry(server.url).get_blob_range(ALPHA, blob, offset, size)
        assert found == CONTENT[offset : offset + size]
        end = min(offset + size, SIZE) if isinstance(blob, Descriptor) else offset + size
        assert [one.headers["range"] for one in server.requests] == [f"bytes={offset}-{end - 1}"]


async def test_behind_its_last_byte_a_blob_of_an_unknown_size_has_no_bytes() -> None:
    storage = Storage()
    storage.put_blob(ALPHA, CONTENT)
    with DemoServer(storage) as server:
        async with client() as own:
            assert await own.registry(server.url).get_blob_range(ALPHA, DIGEST, SIZE, 10) == b""
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("blob", "offset", "size"),
    [(DESCRIPTOR, SIZE, 10), (DESCRIPTOR, SIZE + 5, 10), (DESCRIPTOR, 5, 0), (DIGEST, 5, 0)],
)
async def test_no_bytes_need_no_request(blob: Digest | Descriptor, offset: int, size: int) -> None:
    async with client() as own:
        assert await own.registry("reg.example").get_blob_range(ALPHA, blob, offset, size) == b""


async def test_content_that_the_descriptor_holds_needs_no_request() -> None:
    held = Descriptor(LAYER, DIGEST, SIZE, data=CONTENT)
    async with client() as own:
        assert await own.registry("reg.example").get_blob_range(ALPHA, held, OFFSET, WANTED) == PART


async def test_content_that_the_descriptor_holds_wrongly_is_asked_for() -> None:
    held = Descriptor(LAYER, DIGEST, SIZE, data=bytes(SIZE))
    async with mocked(part) as own:
        assert await own.registry("reg.example").get_blob_range(ALPHA, held, OFFSET, WANTED) == PART


async def test_what_cannot_be_wanted_is_an_error_before_anything_is_asked() -> None:
    async with client() as own:
        registry = own.registry("reg.example")
        for offset, size in ((-1, 1), (0, -1)):
            with pytest.raises(ValueError, match="there are no"):
                await registry.get_blob_range(ALPHA, DESCRIPTOR, offset, size)
        with pytest.raises(BodyTooLargeError):
            await registry.get_blob_range(ALPHA, DESCRIPTOR, 0, MAX_RANGE + 1)
        with pytest.raises(UnsupportedAlgorithmError):
            await registry.get_blob_range(ALPHA, Digest("md5:00112233445566778899aabbccddeeff"), 0, 1)


async def test_a_server_that_sends_the_whole_blob_is_not_listened_to() -> None:
    ended: list[bool] = []

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, CONTENT[:1000], length=10**12)
        await exchange.gone.wait()
        ended.append(True)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(RangesUnsupportedError) as caught:
            await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
        assert caught.value.status == 200
        assert caught.value.remedy
        await server.has_no_connections()
        assert len(server.asked) == 1
    assert ended == [True]


@pytest.mark.parametrize(
    ("status", "content_range"),
    [
        (206, None),
        (206, "nonsense"),
        (206, f"bytes {OFFSET - 1}-{END - 1}/{SIZE}"),
        (206, f"bytes {OFFSET}-{END}/{SIZE}"),
        (206, f"bytes {OFFSET}-{END - 2}/{SIZE}"),
        (206, f"bytes {OFFSET}-{END - 2}/*"),
        (206, f"bytes 0-{SIZE - 1}/{SIZE}"),
        (206, f"bytes {OFFSET}-{END - 1}"),
        (206, f"bytes {END - 1}-{OFFSET}/{SIZE}"),
        (206, f"bytes {OFFSET}-{10**30}/*"),
        (416, f"bytes */{SIZE}"),
        (416, None),
        (400, None),
        (500, None),
        (501, None),
    ],
)
async def test_another_range_than_was_asked_for_is_not_used(status: int, content_range: str | None) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, PART, {"Content-Range": content_range} if content_range else {})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(RangesUnsupportedError) as caught:
            await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
        assert caught.value.status == status
        assert {one.headers["range"] for one in server.asked} == {f"bytes={OFFSET}-{END - 1}"}


async def test_an_answer_need_not_say_how_long_the_whole_blob_is() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(206, PART, {"Content-Range": f"Bytes {OFFSET}-{END - 1}/*"})

    async with ScriptedServer(answer) as server, client() as own:
        for blob in (DESCRIPTOR, DIGEST):
            found = await own.registry(server.url).get_blob_range(ALPHA, blob, OFFSET, WANTED)
            assert found == PART


async def test_an_encoding_that_the_storage_names_is_the_blobs_own() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(206, PART, {"Content-Range": RIGHT, "Content-Encoding": "gzip"})

    async with ScriptedServer(answer) as server, client() as own:
        assert await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART


@pytest.mark.parametrize(
    ("status", "content_range"), [(206, f"bytes {OFFSET}-{END - 1}/{SIZE + 1}"), (416, f"bytes */{OFFSET}")]
)
async def test_a_range_of_a_blob_of_another_size_is_an_error(status: int, content_range: str) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, PART, {"Content-Range": content_range})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(SizeMismatchError):
            await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)


async def test_a_range_that_does_not_end_is_left_where_it_should_have() -> None:
    async def answer(exchange: Exchange) -> None:
        head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: {RIGHT}\r\nTransfer-Encoding: chunked\r\n\r\n"
        await exchange.send(head.encode())
        while not exchange.gone.is_set():
            await exchange.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(SizeMismatchError):
            await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
        await server.has_no_connections()


@pytest.mark.parametrize("sent", [PART[:-1], b""])
async def test_fewer_bytes_than_were_announced_are_an_error(sent: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(206, sent, {"Content-Range": RIGHT})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(SizeMismatchError):
            await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)


@pytest.mark.parametrize("failures", [2, 10])
async def test_a_range_that_breaks_off_is_asked_for_again_a_few_times(failures: int) -> None:
    async def answer(exchange: Exchange) -> None:
        if len(server.asked) <= failures:
            await exchange.reply(206, PART[:1000], {"Content-Range": RIGHT}, length=WANTED)
            exchange.close()
        else:
            await exchange.reply(206, PART, {"Content-Range": RIGHT})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        if failures > Limits().retries:
            with pytest.raises(ConnectionLostError):
                await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
            assert len(server.asked) == 1 + Limits().retries
        else:
            assert await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART
            assert len(server.asked) == 1 + failures


async def test_a_registry_that_is_overloaded_is_asked_again() -> None:
    async def answer(exchange: Exchange) -> None:
        if len(server.asked) == 1:
            await exchange.reply(503, b"", {"Retry-After": "0"})
        else:
            await exchange.reply(206, PART, {"Content-Range": RIGHT})

    async with ScriptedServer(answer) as server, client() as own:
        assert await own.registry(server.url).get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART


@pytest.mark.parametrize("damage", [Damage(silent_after=2_000), Damage(silent_after=0)])
async def test_a_range_that_pauses_for_too_long_is_an_error(damage: Damage) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(206, PART, {"Content-Range": RIGHT})

    async with (
        ScriptedServer(answer) as server,
        FaultProxy(server.host, damage) as proxy,
        client(timeout=SHORT) as own,
    ):
        with pytest.raises(TimeoutExceededError):
            await own.registry(f"http://{proxy.host}").get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)


async def test_a_range_is_asked_for_under_the_login_and_where_the_registry_redirects_to() -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers = request.headers
        seen.append((request.url.host, headers.get("Range"), headers.get("Authorization")))
        if request.url.host == "reg.example":
            if "Authorization" not in headers:
                return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
            return httpx.Response(307, headers={"Location": "https://cdn.example/b?sig=1"})
        return part(request)

    login = BasicAuth("alice", "s3cret")
    async with mocked(answer) as own:
        registry = own.registry("reg.example", login)
        assert await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART
    span = f"bytes={OFFSET}-{END - 1}"
    assert seen == [
        ("reg.example", span, None),
        ("reg.example", span, login.authorization()),
        ("cdn.example", span, None),
    ]


async def test_each_range_has_a_signed_url_of_its_own() -> None:
    signatures = iter(["first", "second"])
    spent: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "reg.example":
            location = f"https://cdn.example/b?sig={next(signatures)}"
            return httpx.Response(307, headers={"Location": location})
        if (signature := request.url.query.decode()) in spent:
            return httpx.Response(403, content=b"<Error><Code>AccessDenied</Code></Error>")
        spent.add(signature)
        return part(request)

    async with mocked(answer) as own:
        registry = own.registry("reg.example")
        for _ in range(2):
            assert await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART


async def test_a_signed_url_that_has_expired_is_told_without_its_signature() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://cdn.example/b?X-Amz-Signature=s3cret"})
        body = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        return httpx.Response(403, content=body)

    async with mocked(answer) as own:
        with pytest.raises(DeniedError) as caught:
            await own.registry("reg.example").get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
    assert "Request has expired" in str(caught.value)
    assert "s3cret" not in str(caught.value)


async def test_a_blob_that_does_not_exist_is_an_error_of_its_own() -> None:
    async with mocked(lambda _: httpx.Response(404, json={"errors": [{"code": "BLOB_UNKNOWN"}]})) as own:
        with pytest.raises(BlobNotExistError) as caught:
            await own.registry("reg.example").get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
    assert caught.value.codes == ("BLOB_UNKNOWN",)


async def test_a_blob_that_lies_elsewhere_is_asked_for_there_without_a_login() -> None:
    asked: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.host, request.headers.get("Authorization")))
        if request.url.host == "reg.example":
            if "Authorization" not in request.headers:
                return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
            return httpx.Response(404)
        return httpx.Response(500) if request.url.host == "one.example" else part(request)

    elsewhere = Descriptor(LAYER, DIGEST, SIZE, urls=("https://one.example/b", "https://two.example/b"))
    login = BasicAuth("alice", "s3cret")
    async with mocked(answer, limits=Limits(retries=0)) as own:
        registry = own.registry("reg.example", login)
        assert await registry.get_blob_range(ALPHA, elsewhere, OFFSET, WANTED) == PART
    assert asked == [
        ("reg.example", None),
        ("reg.example", login.authorization()),
        ("one.example", None),
        ("two.example", None),
    ]


async def test_a_blob_that_lies_elsewhere_without_ranges_is_there_all_the_same() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.url.host == "reg.example" else httpx.Response(200)

    elsewhere = Descriptor(LAYER, DIGEST, SIZE, urls=("https://one.example/b",))
    async with mocked(answer) as own:
        with pytest.raises(RangesUnsupportedError):
            await own.registry("reg.example").get_blob_range(ALPHA, elsewhere, OFFSET, WANTED)


@pytest.mark.parametrize("origin", [404, 200, 206, 0])
async def test_a_mirror_without_ranges_leaves_them_to_the_registry(origin: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "mirror.example":
            return httpx.Response(200, content=CONTENT)
        if not origin:
            raise httpx.ConnectError("no route", request=request)
        return part(request) if origin == 206 else httpx.Response(origin)

    async with mocked(answer) as own:
        registry = own.registry("reg.example", mirrors=[Mirror("https://mirror.example")])
        if origin == 206:
            assert await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART
        else:
            with pytest.raises(RangesUnsupportedError):
                await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)


async def test_a_mirror_that_has_the_range_is_asked_alone() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return part(request)

    async with mocked(answer) as own:
        registry = own.registry("reg.example", mirrors=[Mirror("https://mirror.example")])
        assert await registry.get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED) == PART
    assert asked == ["mirror.example"]


async def test_other_refusals_are_what_they_are_for_all_reads() -> None:
    async with mocked(lambda _: httpx.Response(418), limits=Limits(retries=0)) as own:
        with pytest.raises(ErrorResponse) as caught:
            await own.registry("reg.example").get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
    assert caught.value.status == 418

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async with mocked(unreachable) as own:
        with pytest.raises(NetworkError):
            await own.registry("reg.example").get_blob_range(ALPHA, DESCRIPTOR, OFFSET, WANTED)
