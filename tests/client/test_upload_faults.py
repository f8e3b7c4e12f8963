"""Uploads to registries that are odd, and over connections that break."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import Response

from tests.client.helpers import EAGER, SHORT, client, mocked, pieces
from tests.client.odd_registry import OddRegistry, answering, once
from tests.faults import Exchange, ScriptedServer
from tui.client import (
    BasicAuth,
    Client,
    ConnectionLostError,
    DeniedError,
    Digest,
    DigestMismatchError,
    ErrorResponse,
    Limits,
    ParseBodyError,
    RateLimitedError,
    Repository,
    TimeoutExceededError,
    Timeouts,
    UnauthorizedError,
)
from tui.client.pushing.chunks import MAX_HELD
from tui.demo import DemoServer, Storage
from tui.demo.faults import reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request

ALPHA = Repository("team/alpha")
SMALL = b"a small blob"
LARGE = random.Random(5).randbytes(300_000)  # noqa: S311 - repeatable bytes, no secret
DIGEST = Digest.of(LARGE)
CHUNK = 100_000

MAKERS: list[Callable[[], bytes | AsyncIterator[bytes]]] = [lambda: LARGE, lambda: pieces(LARGE)]
both = pytest.mark.parametrize("make", MAKERS, ids=["bytes", "stream"])


def methods(server: ScriptedServer) -> list[str]:
    """The methods of all requests, without the one that finds out about HTTPS."""
    return [asked.method for asked in server.asked if asked.path != "/v2/"]


async def test_a_put_that_breaks_off_is_sent_again_in_a_new_upload() -> None:
    async def cut(_registry: OddRegistry, exchange: Exchange) -> bool:
        exchange.reset()
        return True

    odd = OddRegistry(PUT=once(cut))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "HEAD", "DELETE", "POST", "PUT"]
    assert odd.blobs == {DIGEST: LARGE}
    assert odd.uploads == {}


async def test_an_answer_to_put_that_is_lost_is_made_up_for_by_the_blob_itself() -> None:
    async def take_and_cut(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.blobs[DIGEST] = exchange.asked.body
        exchange.close()
        return True

    odd = OddRegistry(PUT=take_and_cut)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "HEAD"]


@pytest.mark.parametrize("status", [404, 416, 500, 502, 503])
async def test_an_upload_that_is_lost_is_begun_anew(status: int) -> None:
    odd = OddRegistry(PUT=once(answering(status)))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
    assert odd.blobs == {DIGEST: LARGE}


async def test_an_upload_is_begun_anew_a_few_times_and_then_given_up() -> None:
    odd = OddRegistry(PUT=answering(500))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(ErrorResponse):
            await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server).count("PUT") == 1 + EAGER.retries
    assert odd.uploads == {}


@pytest.mark.parametrize(
    ("status", "error"), [(400, ErrorResponse), (403, DeniedError), (413, ErrorResponse)]
)
async def test_an_upload_that_is_refused_is_not_begun_anew(status: int, error: type[ErrorResponse]) -> None:
    odd = OddRegistry(PUT=answering(status))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(error):
            await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "HEAD", "DELETE"]


async def test_too_many_requests_are_waited_for_and_then_told() -> None:
    odd = OddRegistry(PUT=once(answering(429, Retry_After="0")))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "PUT"]
    async with ScriptedServer(OddRegistry(PUT=answering(429, Retry_After="99"))) as server, client() as own:
        with pytest.raises(RateLimitedError):
            await own.registry(server.url).put_blob(ALPHA, LARGE)


async def test_a_stream_that_cannot_be_read_again_is_not_sent_again() -> None:
    async def cut(_registry: OddRegistry, exchange: Exchange) -> bool:
        exchange.reset()
        return True

    content = LARGE * 40
    odd = OddRegistry(PUT=cut)
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(ConnectionLostError):
            await own.registry(server.url).put_blob(
                ALPHA, pieces(content), digest=Digest.of(content), size=len(content)
            )
        assert methods(server).count("PUT") == 1
        assert methods(server)[-1] == "DELETE"


@pytest.mark.parametrize(
    ("status", "error", "headers"),
    [
        (401, UnauthorizedError, {"WWW_Authenticate": "Basic realm=x"}),
        (429, RateLimitedError, {"Retry_After": "0"}),
        (503, ErrorResponse, {}),
    ],
)
async def test_a_stream_is_sent_once_whatever_the_answer(
    status: int, error: type[ErrorResponse], headers: dict[str, str]
) -> None:
    content = LARGE * 40
    odd = OddRegistry(PUT=answering(status, **headers))
    async with ScriptedServer(odd) as server, client() as own:
        registry = own.registry(server.url, BasicAuth("alice", "s3cret"))
        with pytest.raises(error):
            await registry.put_blob(ALPHA, pieces(content), digest=Digest.of(content), size=len(content))
        assert methods(server).count("PUT") == 1


@both
async def test_a_chunk_whose_connection_breaks_off_is_resumed_where_the_registry_stands(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    async def take_a_part(registry: OddRegistry, exchange: Exchange) -> bool:
        if not exchange.asked.headers["content-range"].startswith("100000-"):
            return False
        if len(registry.uploads[1]) != CHUNK:
            return False
        registry.uploads[1] += exchange.asked.body[:30_000]
        exchange.reset()
        return True

    odd = OddRegistry(PATCH=take_a_part)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=CHUNK)
        ranges = [asked.headers["content-range"] for asked in server.asked if asked.method == "PATCH"]
        assert ranges == ["0-99999", "100000-199999", "130000-229999", "230000-299999"]
        assert methods(server).count("GET") == 1
    assert odd.blobs == {DIGEST: LARGE}


@both
@pytest.mark.parametrize("status", [500, 503])
async def test_a_chunk_that_fails_is_sent_again(
    make: Callable[[], bytes | AsyncIterator[bytes]], status: int
) -> None:
    odd = OddRegistry(PATCH=once(answering(status)))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=CHUNK)
    assert odd.blobs == {DIGEST: LARGE}


@both
async def test_a_chunk_of_which_only_a_part_was_taken_goes_on_behind_that(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    async def take_a_part(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.uploads[1] += exchange.asked.body[:60_000]
        await exchange.reply(202, b"", registry.progress(1))
        return True

    odd = OddRegistry(PATCH=take_a_part)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=CHUNK)
        assert methods(server).count("PATCH") == 5
    assert odd.blobs == {DIGEST: LARGE}


async def test_a_registry_that_never_gets_further_is_given_up() -> None:
    odd = OddRegistry(PATCH=answering(416, Range="0-49999"))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(ErrorResponse) as caught:
            await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=CHUNK)
        assert caught.value.status == 416
    assert odd.uploads == {}


@both
async def test_a_registry_that_claims_more_than_was_sent_is_not_believed(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    odd = OddRegistry(PATCH=answering(416, Range="0-9999999"))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(ParseBodyError) as caught:
            await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=CHUNK)
        assert "10,000,000" in str(caught.value)
        assert methods(server)[-1] == "DELETE"


async def test_a_stream_does_not_go_back_further_than_its_last_chunk() -> None:
    async def forget(registry: OddRegistry, exchange: Exchange) -> bool:
        if exchange.asked.headers["content-range"].startswith("200000-"):
            del registry.uploads[1][10_000:]
        return False

    odd = OddRegistry(PATCH=forget)
    async with ScriptedServer(odd) as server, client() as own:
        registry = own.registry(server.url)
        with pytest.raises(ParseBodyError) as caught:
            await registry.put_blob(ALPHA, pieces(LARGE), chunk_size=CHUNK)
        assert "bytes or as a file" in caught.value.remedy


async def test_bytes_go_back_as_far_as_it_takes() -> None:
    async def forget(registry: OddRegistry, exchange: Exchange) -> bool:
        if exchange.asked.headers["content-range"] == "200000-299999":
            del registry.uploads[1][10_000:]
        return False

    odd = OddRegistry(PATCH=forget)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=CHUNK)
    assert odd.blobs == {DIGEST: LARGE}


async def test_an_upload_without_a_location_is_an_error() -> None:
    odd = OddRegistry(POST=answering(202))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(ParseBodyError) as caught:
            await own.registry(server.url).put_blob(ALPHA, LARGE)
    assert "where it goes on" in str(caught.value)


async def test_an_answer_to_a_chunk_without_a_location_leaves_the_upload_where_it_is() -> None:
    async def without(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.uploads[1] += exchange.asked.body
        await exchange.reply(202)
        return True

    odd = OddRegistry(PATCH=without)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=CHUNK)
    assert odd.blobs == {DIGEST: LARGE}


async def test_each_location_that_a_registry_names_is_gone_to() -> None:
    turn = 0

    def location(number: int) -> str:
        nonlocal turn
        turn += 1
        return f"/v2/team/alpha/blobs/uploads/{number}?turn={turn}"

    async with ScriptedServer(OddRegistry(location)) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=CHUNK)
        queries = [asked.query for asked in server.asked if asked.method in {"PATCH", "PUT"}]
        assert queries == ["turn=1", "turn=2", "turn=3", f"turn=4&digest={DIGEST}"]


async def test_a_registry_that_has_stored_something_else_is_not_believed() -> None:
    odd = OddRegistry(PUT=answering(201, Docker_Content_Digest=Digest.of(b"something else")))
    async with ScriptedServer(odd) as server, client() as own:
        with pytest.raises(DigestMismatchError):
            await own.registry(server.url).put_blob(ALPHA, LARGE)


@pytest.mark.parametrize("stated", ["", "no digest", str(Digest.of(b"x", "sha512"))])
async def test_a_digest_that_says_nothing_about_the_content_is_passed_over(stated: str) -> None:
    odd = OddRegistry(PUT=answering(201, Docker_Content_Digest=stated))
    async with ScriptedServer(odd) as server, client() as own:
        assert (await own.registry(server.url).put_blob(ALPHA, LARGE)).digest == DIGEST


@both
async def test_who_is_cancelled_cancels_the_upload(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    arrived = asyncio.Event()

    async def never(_registry: OddRegistry, exchange: Exchange) -> bool:
        arrived.set()
        await exchange.gone.wait()
        return True

    odd = OddRegistry(PUT=never, PATCH=never)
    async with ScriptedServer(odd) as server, client() as own:
        task = asyncio.create_task(own.registry(server.url).put_blob(ALPHA, make()))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert methods(server)[-1] == "DELETE"
    assert odd.uploads == {}


async def test_a_registry_that_does_not_answer_to_delete_is_not_waited_for_long() -> None:
    async def never(_registry: OddRegistry, exchange: Exchange) -> bool:
        await exchange.gone.wait()
        return True

    odd = OddRegistry(PUT=answering(403), DELETE=never)
    async with ScriptedServer(odd) as server, client(timeout=Timeouts(refusal=0.1)) as own:
        with pytest.raises(DeniedError):
            await own.registry(server.url).put_blob(ALPHA, LARGE)


async def test_a_registry_may_take_its_time_after_the_last_byte_but_not_for_ever() -> None:
    async def never(_registry: OddRegistry, exchange: Exchange) -> bool:
        await exchange.gone.wait()
        return True

    async def late(registry: OddRegistry, exchange: Exchange) -> bool:
        await asyncio.sleep(SHORT.small * 1.5)
        await registry.answer(exchange)
        return True

    odd = OddRegistry(PUT=late)
    async with ScriptedServer(odd) as server, client(timeout=SHORT) as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
    brief = Timeouts(upload=0.2)
    async with ScriptedServer(OddRegistry(PUT=never)) as server, client(timeout=brief) as own:
        with pytest.raises(TimeoutExceededError):
            await own.registry(server.url).put_blob(ALPHA, LARGE)


async def test_an_answer_to_put_that_does_not_come_in_time_is_made_up_for_by_the_blob_itself() -> None:
    async def take_and_wait(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.blobs[DIGEST] = exchange.asked.body
        await exchange.gone.wait()
        return True

    async with ScriptedServer(OddRegistry(PUT=take_and_wait)) as server:
        async with client(timeout=Timeouts(upload=0.2)) as own:
            await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "HEAD"]


@both
async def test_a_closing_put_that_fails_is_sent_again(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    odd = OddRegistry(PUT=once(answering(502)))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=CHUNK, check_exists=False)
        assert methods(server) == ["POST", "PATCH", "PATCH", "PATCH", "PUT", "HEAD", "PUT"]
    assert odd.blobs == {DIGEST: LARGE}


async def test_the_time_that_the_content_takes_is_not_the_registrys() -> None:
    content = LARGE * 40

    async def slow() -> AsyncIterator[bytes]:
        held = 8 * 1024 * 1024
        for piece in (content[:held], content[held:10_000_000], content[10_000_000:]):
            await asyncio.sleep(0.5)
            yield piece

    brief = Timeouts(upload=0.4)
    async with ScriptedServer(OddRegistry()) as server, client(timeout=brief) as own:
        digest = Digest.of(content)
        await own.registry(server.url).put_blob(ALPHA, slow(), digest=digest, size=len(content))


async def test_a_stream_goes_on_in_one_patch_where_the_registry_wants_larger_chunks_than_can_be_held() -> (
    None
):
    content = LARGE * 40
    with DemoServer(Storage(), headers=[("OCI-Chunk-Min-Length", str(10**12))]) as server:
        async with client() as own:
            registry = own.registry(server.url)
            descriptor = await registry.put_blob(ALPHA, pieces(content))
            assert (await registry.verify_blob(ALPHA, descriptor.digest)).size == len(content)
        (patch,) = [request for request in server.requests if request.method == "PATCH"]
        assert patch.headers["transfer-encoding"] == "chunked"
        assert "content-range" not in patch.headers


async def test_a_registry_that_comes_to_want_larger_chunks_than_can_be_held_gets_what_can_be() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"Location": "/v2/team/alpha/blobs/uploads/1"}
        if request.method == "PATCH":
            sizes.append(int(request.headers["Content-Length"]))
            headers["OCI-Chunk-Min-Length"] = str(10**12)
        return httpx.Response({"POST": 202, "PATCH": 202, "PUT": 201}[request.method], headers=headers)

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield bytes(1024 * 1024)

    async with mocked(answer) as own:
        await own.registry("reg.example").put_blob(ALPHA, stream())
    assert sizes == [8 * 1024 * 1024, MAX_HELD, 8 * 1024 * 1024]


async def test_an_upload_that_is_forgotten_between_two_chunks_is_begun_anew() -> None:
    async def forget(registry: OddRegistry, exchange: Exchange) -> bool:
        if exchange.asked.headers["content-range"].startswith("100000-"):
            registry.uploads.pop(1, None)
        return False

    odd = OddRegistry(PATCH=forget)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=CHUNK)
        assert odd.blobs == {DIGEST: LARGE}
    async with ScriptedServer(OddRegistry(PATCH=forget)) as server, client() as own:
        with pytest.raises(ErrorResponse) as caught:
            await own.registry(server.url).put_blob(ALPHA, pieces(LARGE), chunk_size=CHUNK)
        assert caught.value.status == 404


class Swallowing(httpx.AsyncBaseTransport):
    """A registry that counts what it is sent, and keeps nothing."""

    def __init__(self) -> None:
        self.swallowed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        before = self.swallowed
        async for piece in request.stream:
            self.swallowed += len(piece)
        if request.method == "HEAD":
            return httpx.Response(404, stream=httpx.ByteStream(b""))
        last = max(self.swallowed - 1, 0)
        headers = {"Location": "/v2/team/alpha/blobs/uploads/1", "Range": f"0-{last}"}
        status = {"POST": 202, "PATCH": 202, "PUT": 201}[request.method]
        assert self.swallowed >= before
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b""))


@pytest.mark.parametrize("way", ["file", "file in chunks", "described stream", "stream"])
async def test_memory_stays_bounded_whatever_the_size(way: str, tmp_path: Path) -> None:
    size = 96 * 1024 * 1024
    zeros = bytes(1024 * 1024)

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(size // len(zeros)):
            yield zeros

    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
    swallowing = Swallowing()
    hasher = Digest.hasher_of("sha256")
    for _ in range(size // len(zeros)):
        hasher.update(zeros)
    digest = Digest(f"sha256:{hasher.hexdigest()}")
    async with Client(swallowing, limits=EAGER) as own:
        registry = own.registry("reg.example")
        tracemalloc.start()
        try:
            if way.startswith("file"):
                chunk = 64 * 1024 * 1024 if "chunks" in way else None
                await registry.put_blob(ALPHA, path, chunk_size=chunk)
            elif way == "stream":
                await registry.put_blob(ALPHA, stream())
            else:
                await registry.put_blob(ALPHA, stream(), digest=digest, size=size)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert swallowing.swallowed == size
    assert peak < 40 * 1024 * 1024


async def test_no_more_than_a_few_uploads_are_sent_at_a_time_and_small_requests_find_a_place() -> None:
    arrived = asyncio.Semaphore(0)
    go_on = asyncio.Event()

    async def held(registry: OddRegistry, exchange: Exchange) -> bool:
        arrived.release()
        await go_on.wait()
        await registry.answer(exchange)
        return True

    blobs = [LARGE + bytes([number]) for number in range(6)]
    limits = Limits(in_flight=2, blobs=2, backoff=0)
    odd = OddRegistry(PUT=held)
    async with ScriptedServer(odd) as server, client(limits=limits) as own:
        registry = own.registry(server.url)
        pushes = [asyncio.create_task(registry.put_blob(ALPHA, blob)) for blob in blobs]
        for _ in range(limits.blobs):
            await arrived.acquire()
        await registry.request("GET", "/v2/team/alpha/tags/list")
        assert methods(server).count("PUT") == limits.blobs
        go_on.set()
        await asyncio.gather(*pushes)
    assert set(odd.blobs) == {Digest.of(blob) for blob in blobs}


@both
@pytest.mark.parametrize("status", [400, 404, 405, 411, 415, 501])
async def test_where_chunks_are_refused_the_content_goes_in_one_piece(
    make: Callable[[], bytes | AsyncIterator[bytes]], status: int
) -> None:
    def in_chunks(request: Request) -> bool:
        return "content-range" in request.headers

    with DemoServer(Storage()) as server:
        server.before.append(reply(lambda: Response(status_code=status), in_chunks))
        async with client() as own:
            registry = own.registry(server.url)
            await registry.put_blob(ALPHA, make(), chunk_size=CHUNK)
            assert (await registry.verify_blob(ALPHA, DIGEST)).size == len(LARGE)
        assert [request.method for request in server.requests].count("DELETE") == 1
