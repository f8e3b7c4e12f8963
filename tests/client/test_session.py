from __future__ import annotations

import asyncio
import logging
import tracemalloc
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import CURT, EAGER, SHORT, client, items
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    BodyTooLargeError,
    ConnectionFailedError,
    ConnectionLostError,
    ErrorResponse,
    NetworkError,
    NotOCIError,
    ParseBodyError,
    ParseJSONError,
    RateLimitedError,
    TimeoutExceededError,
)
from tui.client.limits import MAX_ERROR_BODY, Limits
from tui.client.names import Digest, Image, Repository, Tag
from tui.client.registry import Client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.client.registry import Registry
    from tui.client.wire.sender import LoggedRequest

ALPHA = Repository("team/alpha")
IMAGE = Image(ALPHA, Tag("v1"))
TAGS = {"tags": ["v1"]}


class Failing:
    """Answers with one status so many times, and well from then on."""

    def __init__(self, status: int, times: int, headers: dict[str, str] | None = None) -> None:
        self.status, self.times, self.headers = status, times, headers

    async def __call__(self, exchange: Exchange) -> None:
        self.times -= 1
        if self.times >= 0:
            await exchange.reply(self.status, b"later", self.headers)
        else:
            await exchange.reply(200, TAGS)


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522])
async def test_a_status_that_passes_is_asked_again(status: int) -> None:
    async with ScriptedServer(Failing(status, 3)) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]
        assert len(server.asked) == 4


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 418, 501])
async def test_a_status_that_stays_is_not(status: int) -> None:
    async with ScriptedServer(Failing(status, 9)) as server, client() as own:
        response = await own.registry(server.url).request("GET", "/v2/a")
        assert (response.status, response.body) == (status, b"later")
        assert len(server.asked) == 1


async def test_the_last_refusal_is_told() -> None:
    async with ScriptedServer(Failing(503, 99)) as server, client() as own:
        with pytest.raises(ErrorResponse) as caught:
            await items(own.registry(server.url).tags(ALPHA))
        assert caught.value.status == 503
        assert "503 Service Unavailable" in str(caught.value)
        assert caught.value.remedy
        assert len(server.asked) == 1 + EAGER.retries


async def test_what_changes_something_is_sent_once() -> None:
    async with ScriptedServer(Failing(503, 99)) as server, client() as own:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (await own.registry(server.url).request(method, "/v2/a", content=b"x")).status == 503
        assert len(server.asked) == 4


async def test_the_registrys_own_time_to_wait_is_kept_for_all_requests_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    async with ScriptedServer(Failing(429, 1, {"Retry-After": "7"})) as server, client() as own:
        registry = own.registry(server.url)
        monkeypatch.setattr("tui.client.wire.sender.asyncio.sleep", note)
        await items(registry.tags(ALPHA))
        assert [round(wait) for wait in waits] == [7]
        await items(registry.tags(ALPHA))
        assert [round(wait) for wait in waits] == [7, 7]


async def test_those_who_waited_for_the_registry_together_do_not_ask_together() -> None:
    under_way: list[int] = []
    busy = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal busy
        if len(server.asked) <= 8:
            await server.has_been_asked(8)
            await exchange.reply(503)
            return
        busy += 1
        under_way.append(busy)
        await asyncio.sleep(0.02)
        busy -= 1
        await exchange.reply(200, TAGS)

    async with ScriptedServer(answer) as server, client(limits=Limits(backoff=0.05)) as own:
        registry = own.registry(server.url)
        await asyncio.gather(*(items(registry.tags(ALPHA)) for _ in range(8)))
    assert len(under_way) == 8
    # One goes ahead; its answer lets two follow, and each of theirs twice as many.
    assert under_way[0] == 1
    assert max(under_way[:3]) <= 2
    assert max(under_way[:5]) <= 4


async def test_a_request_that_hangs_holds_nobody_up_after_a_failure() -> None:
    hanging = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/hangs":
            hanging.set()
            await exchange.gone.wait()
        elif len(server.asked) == 2:
            await exchange.reply(503)
        else:
            await exchange.reply(200, {})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        waiting = asyncio.create_task(registry.request("GET", "/v2/hangs"))
        await hanging.wait()
        responses = await asyncio.gather(*(registry.request("GET", "/v2/a") for _ in range(4)))
        assert [response.status for response in responses] == [200] * 4
        waiting.cancel()


async def test_blobs_have_places_of_their_own_and_leave_those_of_small_requests_alone() -> None:
    content = b"x" * 100

    async def answer(exchange: Exchange) -> None:
        if "/blobs/" in exchange.asked.path:
            await exchange.reply(200, content[:1], length=len(content))
            await exchange.gone.wait()
        else:
            await exchange.reply(200, TAGS)

    limits = Limits(backoff=0.0, in_flight=2, blobs=2)
    async with ScriptedServer(answer) as server, client(limits=limits, timeout=SHORT) as own:
        registry = own.registry(server.url)
        first, second, third = (registry.get_blob(ALPHA, Digest.of(bytes([n]))) for n in range(3))
        async with first:
            async with second:
                waiting = asyncio.create_task(third.__aenter__())
                for _ in range(3):
                    assert await items(registry.tags(ALPHA)) == ["v1"]
                # Waiting for a place has no time limit.
                await asyncio.sleep(2 * SHORT.small)
                assert not waiting.done()
                assert len(server.asked) == 5
            await waiting
            assert len(server.asked) == 6
            await third.__aexit__(None, None, None)


async def test_small_requests_are_sent_before_blobs_are_opened() -> None:
    proceed = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await proceed.wait()
        await exchange.reply(200, TAGS)

    async def open_blob() -> None:
        async with registry.get_blob(ALPHA, Digest.of(b"x")):
            pass

    async with ScriptedServer(answer) as server, client(limits=Limits(in_flight=1)) as own:
        registry = own.registry(server.url)
        async with asyncio.TaskGroup() as group:
            group.create_task(items(registry.tags(ALPHA)))
            await server.has_been_asked(1)
            group.create_task(open_blob())
            await asyncio.sleep(0)
            group.create_task(registry.request("GET", "/v2/small"))
            await asyncio.sleep(0)
            proceed.set()
        assert [asked.path.rpartition("/")[2] for asked in server.asked][1] == "small"


async def test_a_time_to_wait_that_is_too_long_is_told_at_once() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for value in ("3600", later):
        async with ScriptedServer(Failing(429, 99, {"Retry-After": value})) as server, client() as own:
            with pytest.raises(RateLimitedError) as caught:
                await items(own.registry(server.url).tags(ALPHA))
            assert caught.value.retry_after == pytest.approx(3600, abs=60)
            assert "Try again in" in caught.value.remedy
            assert len(server.asked) == 1


async def test_a_connection_that_is_dropped_is_made_again() -> None:
    drops = 2

    async def answer(exchange: Exchange) -> None:
        nonlocal drops
        drops -= 1
        if drops == 1:
            exchange.reset()
        elif drops == 0:
            exchange.close()
        else:
            await exchange.reply(200, TAGS)

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]
        assert len(server.asked) == 3


async def test_a_small_body_that_breaks_off_is_asked_for_again() -> None:
    breaks = 2

    async def answer(exchange: Exchange) -> None:
        nonlocal breaks
        breaks -= 1
        if breaks >= 0:
            await exchange.reply(200, b'{"tags": ["v', length=100)
            if breaks:
                exchange.close()
            else:
                exchange.reset()
        else:
            await exchange.reply(200, TAGS)

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]
        assert len(server.asked) == 3


@pytest.mark.parametrize("after", [0, 10, 45])
@pytest.mark.parametrize("reset", [True, False])
async def test_a_connection_that_always_breaks_off_is_an_error(after: int, *, reset: bool) -> None:
    damage = Damage(reset_after=after) if reset else Damage(cut_after=after)
    async with (
        ScriptedServer(Failing(200, 0)) as server,
        FaultProxy(server.host, damage) as proxy,
        client() as own,
    ):
        with pytest.raises(ConnectionLostError) as caught:
            await items(own.registry(f"http://{proxy.host}").tags(ALPHA))
        assert f"GET http://{proxy.host}/v2/team/alpha/tags/list" in str(caught.value)
        assert caught.value.remedy


@pytest.mark.parametrize("after", [0, 10, 45])
async def test_a_server_that_goes_silent_is_an_error(after: int) -> None:
    async with (
        ScriptedServer(Failing(200, 0)) as server,
        FaultProxy(server.host, Damage(silent_after=after)) as proxy,
        client(timeout=SHORT) as own,
    ):
        with pytest.raises(TimeoutExceededError):
            await items(own.registry(f"http://{proxy.host}").tags(ALPHA))


@pytest.mark.parametrize("head", [True, False])
async def test_an_answer_that_comes_drop_by_drop_ends_in_time(*, head: bool) -> None:
    async def answer(exchange: Exchange) -> None:
        if not head:
            await exchange.reply(200, b"{", length=1000)
        else:
            await exchange.send(b"HTTP/1.1 200 OK\r\n")
        while not exchange.gone.is_set():
            await exchange.send(b"x: y\r\n" if head else b" ")
            await asyncio.wait([asyncio.ensure_future(exchange.gone.wait())], timeout=SHORT.pause / 4)

    async with ScriptedServer(answer) as server, client(timeout=SHORT) as own:
        with pytest.raises(TimeoutExceededError):
            await items(own.registry(server.url).tags(ALPHA))


async def test_a_refusal_counts_even_if_its_explanation_never_ends() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403, b'{"errors": [', length=1000)
        await exchange.gone.wait()

    async with ScriptedServer(answer) as server, client(timeout=CURT) as own:
        response = await own.registry(server.url).request("GET", "/v2/a")
        assert (response.status, response.body) == (403, b'{"errors": [')


async def test_a_refusal_is_read_so_far_and_no_further() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403, b"", length=10**12)
        while not exchange.gone.is_set():
            await exchange.send(b"x" * 50_000)

    async with ScriptedServer(answer) as server, client() as own:
        response = await own.registry(server.url).request("GET", "/v2/a")
        assert response.body == b"x" * MAX_ERROR_BODY


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_without_end_is_an_error(*, announced: bool) -> None:
    sent = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal sent
        if announced:
            await exchange.reply(200, b"", length=10**15)
        else:
            await exchange.reply(200, b"", {"Transfer-Encoding": "chunked", "Content-Length": "0"}.copy())
        while not exchange.gone.is_set():
            await exchange.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
            sent += 65536

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(BodyTooLargeError) as caught:
            await own.registry(server.url).get_manifest(IMAGE)
        assert caught.value.limit == 4 * 1024 * 1024
        assert len(server.asked) == 1


async def test_a_compressed_answer_is_refused_and_never_unpacked() -> None:
    async def answer(exchange: Exchange) -> None:
        assert exchange.asked.headers["accept-encoding"] == "identity"
        await exchange.reply(200, b"\x28\xb5\x2f\xfd", {"Content-Encoding": "zstd"})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseBodyError, match="compressed"):
            await items(own.registry(server.url).tags(ALPHA))


async def test_a_length_that_is_too_short_cuts_the_answer() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, TAGS, length=10)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseJSONError):
            await items(own.registry(server.url).tags(ALPHA))


async def test_html_is_no_listing_and_no_registry() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, "<!doctype html><p>Welcome", {"Content-Type": "text/html; charset=utf-8"})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        with pytest.raises(ParseJSONError, match="text/html"):
            await items(registry.tags(ALPHA))
        with pytest.raises(NotOCIError):
            await registry.verify()


@pytest.mark.parametrize(
    "banner", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n"]
)
async def test_what_is_not_http_is_an_error_that_is_not_repeated(banner: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(banner)
        exchange.close()

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(NetworkError, match="not HTTP"):
            await items(own.registry(server.url).tags(ALPHA))
        assert len(server.asked) == 1


async def test_a_closed_port_is_an_error_at_once() -> None:
    async with ScriptedServer(Failing(200, 0)) as server:
        url = server.url
    async with client() as own:
        with pytest.raises(ConnectionFailedError, match="nothing listens") as caught:
            await items(own.registry(url).tags(ALPHA))
        assert caught.value.remedy


async def test_a_name_that_nobody_knows_is_an_error() -> None:
    async with client() as own:
        with pytest.raises(ConnectionFailedError):
            await items(own.registry("http://registry.invalid").tags(ALPHA))


async def test_so_many_requests_at_a_time_go_to_one_host() -> None:
    go = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await go.wait()
        await exchange.reply(200, TAGS)

    async with ScriptedServer(answer) as server, client(limits=Limits(in_flight=3)) as own:
        registry = own.registry(server.url)
        loads = [asyncio.create_task(items(registry.tags(Repository(f"r{n}")))) for n in range(10)]
        await server.has_been_asked(3)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(server.asked) == 3
        go.set()
        await asyncio.gather(*loads)
        assert len(server.asked) == 10
        assert server.connections == 3


async def test_requests_that_failed_or_were_cancelled_give_their_places_back() -> None:
    async def answer(exchange: Exchange) -> None:
        match exchange.asked.path.rpartition("/")[2]:
            case "reset":
                exchange.reset()
            case "silent":
                await exchange.gone.wait()
            case "huge":
                await exchange.reply(200, b"", length=10**12)
                await exchange.gone.wait()
            case "moved":
                await exchange.reply(302, b"", {"Location": "ftp://x"})
            case _:
                await exchange.reply(200, TAGS)

    async with ScriptedServer(answer) as server, client(limits=Limits(in_flight=1, backoff=0)) as own:
        registry = own.registry(server.url)
        for path in ("reset", "huge", "moved"):
            with pytest.raises(Exception, match="GET"):
                await registry.request("GET", f"/v2/{path}")
        before = len(server.asked)
        load = asyncio.create_task(registry.request("GET", "/v2/silent"))
        await server.has_been_asked(before + 1)
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
        assert await items(registry.tags(ALPHA)) == ["v1"]


class Waiting:
    """Answers with a part, and waits for the client to go."""

    def __init__(self, body: bytes = b"", length: int | None = None) -> None:
        self.body, self.length = body, length
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        if self.length is not None:
            await exchange.reply(200, self.body, length=self.length)
        self.asked.set()
        await exchange.gone.wait()
        self.gone.set()


async def read_tags(registry: Registry) -> None:
    await items(registry.tags(ALPHA))


async def read_repositories(registry: Registry) -> None:
    await items(registry.repositories())


async def read_manifest(registry: Registry) -> None:
    await registry.get_manifest(IMAGE)


async def read_blob(registry: Registry) -> None:
    async with registry.get_blob(ALPHA, Digest.of(b"x")) as stream:
        async for _ in stream:
            pass


async def read_manifests(registry: Registry) -> None:
    await registry.get_manifests(IMAGE)


@pytest.mark.parametrize("read", [read_tags, read_repositories, read_manifest, read_blob, read_manifests])
@pytest.mark.parametrize("waiting", [lambda: Waiting(), lambda: Waiting(b"{", 1000)])  # noqa: PLW0108 - made in the test's loop
async def test_a_load_that_is_cancelled_ends_down_to_the_socket(read: object, waiting: object) -> None:
    assert callable(read)
    assert callable(waiting)
    answer = waiting()
    async with ScriptedServer(answer) as server, client() as own:
        load = asyncio.create_task(read(own.registry(server.url)))
        await answer.asked.wait()
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        await answer.gone.wait()


async def test_a_listing_that_is_closed_while_it_waits_ends_down_to_the_socket() -> None:
    answer = Waiting()
    async with ScriptedServer(answer) as server, client() as own:
        pages = own.registry(server.url).tags(ALPHA)
        first = asyncio.ensure_future(anext(pages))
        await answer.asked.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await answer.gone.wait()


async def test_a_listing_that_is_left_alone_asks_no_more() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(
            200, TAGS, {"Link": f'<{exchange.asked.path}?last={len(server.asked)}>; rel="next"'}
        )

    async with ScriptedServer(answer) as server, client() as own:
        async with aclosing(own.registry(server.url).tags(ALPHA)) as pages:
            async for page in pages:
                assert page.items == ("v1",)
                break
        assert len(server.asked) == 1


async def test_requests_are_told_to_the_log_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[LoggedRequest] = []

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/a":
            await exchange.reply(307, b"", {"Location": "/storage?X-Amz-Signature=hush"})
        elif exchange.asked.path == "/storage":
            await exchange.reply(200, b"x")
        else:
            exchange.reset()

    async with ScriptedServer(answer) as server, Client(limits=EAGER, log=told.append) as own:
        registry = own.registry(server.url)
        await registry.request("GET", "/v2/a")
        with pytest.raises(ConnectionLostError):
            await registry.request("POST", "/v2/b", content=b"x")
    assert [(str(entry.request), entry.status) for entry in told] == [
        (f"GET {server_url(told)}/v2/a", 307),
        (f"GET {server_url(told)}/storage?X-Amz-Signature=***", 200),
        (f"POST {server_url(told)}/v2/b", None),
    ]
    assert told[2].error
    assert all(entry.seconds >= 0 for entry in told)
    assert [record for record in caplog.records if record.name.startswith("httpx")] == []


def server_url(told: list[LoggedRequest]) -> str:
    return told[0].request.url.removesuffix("/v2/a")


async def test_warnings_and_limits_of_the_registry_are_kept() -> None:
    async def answer(exchange: Exchange) -> None:
        headers = [
            ("Warning", '299 - "moving soon"'),
            ("Warning", '299 - "moving soon"'),
            ("RateLimit-Remaining", "7"),
        ]
        await exchange.reply(200, TAGS, headers)

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        await items(registry.tags(ALPHA))
        await items(registry.tags(ALPHA))
        assert registry.warnings == ("moving soon",)
        assert registry.rate_limit is not None
        assert registry.rate_limit.remaining == 7


async def test_a_raw_request_keeps_its_query_and_sends_what_it_is_given() -> None:
    async def answer(exchange: Exchange) -> None:
        assert exchange.asked.headers["x-own"] == "yes"
        assert exchange.asked.headers["user-agent"].startswith("ocitui/")
        await exchange.reply(202, exchange.asked.target, {"X-Answer": "there"})

    async with ScriptedServer(answer) as server, client() as own:
        response = await own.registry(server.url).request(
            "PUT",
            "/v2/a/blobs/uploads/1?_state=a%2Fb",
            headers={"X-Own": "yes"},
            params={"digest": "sha256:0"},
        )
        assert response.status == 202
        assert response.body == b"/v2/a/blobs/uploads/1?_state=a%2Fb&digest=sha256%3A0"
        assert response.headers["x-answer"] == "there"


async def listed(registry: Registry) -> None:
    await items(registry.tags(ALPHA))


async def pumped(registry: Registry) -> None:
    async with registry.get_blob(ALPHA, Descriptor("", Digest.of(b"x"), 2**24), bulk=True) as stream:
        await stream.pump(lambda _: None)


@pytest.mark.parametrize("ask", [listed, pumped])
@pytest.mark.parametrize(
    ("head", "again"),
    [
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: x\r\n"),
    ],
)
async def test_a_head_or_an_end_that_never_ends_is_an_error(
    ask: Callable[[Registry], Awaitable[None]], head: bytes, again: bytes
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(head)
        while not exchange.gone.is_set():
            await exchange.send(again)
            await asyncio.sleep(0)

    async with ScriptedServer(answer) as server, client(timeout=SHORT, limits=Limits(retries=0)) as own:
        tracemalloc.start()
        try:
            with pytest.raises(NetworkError):
                await ask(own.registry(server.url))
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()
        await server.has_no_connections()
