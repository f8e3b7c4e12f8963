"""Networks that fail in front of a real registry: every call says what happened and leaves no socket."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.client.helpers import EAGER, SHORT
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tests.real.contract import content
from tests.real.contract.calls import APP, CALLS, WRITTEN, Call
from tests.real.hand import encoded
from tui.client import (
    BlobNotExistError,
    CertificateError,
    Client,
    ConnectionFailedError,
    ConnectionLostError,
    Digest,
    DigestMismatchError,
    ErrorResponse,
    Image,
    NetworkError,
    Tag,
    TimeoutExceededError,
    Timeouts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.contract.conftest import Server

LONGEST_CLOSE = 5.0
"""Seconds within which a socket that is given up is closed, on a machine that is busy with other things."""

PIECES = 40
"""In how many pieces an answer comes over a slow line."""

each_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


@dataclass(frozen=True, slots=True)
class Break:
    """A way in which a connection ends, and what is told of it."""

    damage: Callable[[int], Damage]
    error: type[NetworkError]
    says: str
    timeout: Timeouts = field(default_factory=Timeouts)


BREAKS = {
    "closed": Break(lambda after: Damage(cut_after=after), ConnectionLostError, "before .* was complete"),
    "reset": Break(lambda after: Damage(reset_after=after), ConnectionLostError, "before .* was complete"),
    "silent": Break(
        lambda after: Damage(silent_after=after), TimeoutExceededError, "silent|not complete within", SHORT
    ),
}

UNDER_TLS = Break(lambda at: Damage(flip_at=at), ConnectionLostError, "")
"""A flipped bit, which TLS itself notices."""

END_UNDER_TLS = 80
"""Bytes before the end that belong to the answer; handshakes differ in length by some bytes."""

POINTS: dict[str, Callable[[int], int]] = {
    "before the answer": lambda _: 0,
    "within its head": lambda _: 20,
    # Where an upload goes on is not always told in the same number of characters.
    "near its end": lambda length: length - 50,
}


async def length_of_answer(server: Server, call: Call) -> int:
    """How many bytes the first answer of a call takes on the line; afterwards the call can be made."""
    async with FaultProxy(urlsplit(server.url).netloc, Damage()) as proxy, Client() as client:
        if call.needs is not None:
            await call.needs(server.opened_by(client))
        await client.registry(f"http://{proxy.host}").request(
            call.method, call.path, headers=call.headers, content=call.sends
        )
        if call.needs is not None:
            await call.needs(server.opened_by(client))
        return proxy.damage.passed


def sockets_to(host: str) -> list[str]:
    """The lines of the kernel's table for connections of this process to a port."""
    port = f":{int(host.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    mine = {target for number in Path("/proc/self/fd").iterdir() if (target := _target(number))}
    return [" ".join(row[:4]) for row in rows if row[2].endswith(port) and f"socket:[{row[9]}]" in mine]


def _target(descriptor: Path) -> str:
    """What an open file of this process is; nothing where it has been closed since it was listed."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


async def none_open(host: str) -> None:
    """Wait until this process has no connection to a port any more."""
    deadline = time.monotonic() + LONGEST_CLOSE
    while open_ones := sockets_to(host):
        assert time.monotonic() < deadline, open_ones
        await asyncio.sleep(0.001)


def assert_told(error: NetworkError, url: str, call: Call, says: str) -> None:
    """Check that an error says what was asked, what happened, and what can be done about it."""
    asked = rf"{call.method} {re.escape(url)}(?:{call.asked})"
    assert re.fullmatch(rf"{asked}: (?!.*\.$).*(?:{says}).*", str(error)), str(error)
    assert error.remedy.endswith(".")


@each_call
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", BREAKS)
async def test_an_answer_that_breaks_off_is_an_error(
    debian_plain: Server, call: Call, kind: str, point: str
) -> None:
    way = BREAKS[kind]
    damage = way.damage(POINTS[point](await length_of_answer(debian_plain, call)))
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER, timeout=way.timeout) as client,
    ):
        url = f"http://{proxy.host}"
        with pytest.raises(way.error) as caught:
            await call.run(client.registry(url))
        assert_told(caught.value, url, call, way.says)
        await none_open(proxy.host)


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS.values() if call.reads_once],
    ids=[name for name, call in CALLS.items() if call.reads_once],
)
@pytest.mark.parametrize("kind", [*BREAKS, "flipped"])
async def test_an_answer_that_breaks_off_under_tls_is_an_error(
    debian_mutual_tls: Server, call: Call, kind: str
) -> None:
    upstream = urlsplit(debian_mutual_tls.url).netloc
    async with FaultProxy(upstream, Damage()) as proxy, Client() as client:
        await call.run(replace(debian_mutual_tls, url=f"https://{proxy.host}").opened_by(client))
        length = proxy.damage.longest
    way = (BREAKS | {"flipped": UNDER_TLS})[kind]
    async with (
        FaultProxy(upstream, way.damage(length - END_UNDER_TLS)) as proxy,
        Client(limits=EAGER, timeout=way.timeout) as client,
    ):
        url = f"https://{proxy.host}"
        with pytest.raises(way.error) as caught:
            await call.run(replace(debian_mutual_tls, url=url).opened_by(client))
        assert url in str(caught.value)
        assert caught.value.remedy
        await none_open(proxy.host)


@each_call
async def test_a_slow_line_is_only_slow(debian_plain: Server, call: Call) -> None:
    length = await length_of_answer(debian_plain, call)
    damage = Damage(piece=max(length // PIECES, 1), pace=asyncio.Semaphore(0))

    async def let_through() -> None:
        while damage.pace is not None:
            damage.pace.release()
            await asyncio.sleep(0.001)

    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER) as client,
    ):
        pacing = asyncio.create_task(let_through())
        await call.run(client.registry(f"http://{proxy.host}"))
        pacing.cancel()


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS.values() if call.verified],
    ids=[name for name, call in CALLS.items() if call.verified],
)
async def test_a_flipped_bit_is_an_error(debian_plain: Server, call: Call) -> None:
    damage = Damage(flip_at=await length_of_answer(debian_plain, call) - 3)
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER) as client,
    ):
        url = f"http://{proxy.host}"
        with pytest.raises(DigestMismatchError) as caught:
            await call.run(client.registry(url))
        assert str(caught.value).startswith(f"{call.method} {url}{call.path}: ")
        assert caught.value.expected in call.path
        assert caught.value.actual not in call.path
        assert caught.value.remedy


async def test_a_flipped_bit_of_a_manifest_by_tag_makes_it_another_one(debian_plain: Server) -> None:
    whole = CALLS["get_manifest"]
    rest = b'9", "size": 300000}]}'
    assert encoded(content.AMD64).endswith(rest)
    damage = Damage(flip_at=await length_of_answer(debian_plain, whole) - len(rest))
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER) as client,
    ):
        manifest = await client.registry(f"http://{proxy.host}").get_manifest(Image(APP, Tag("amd64")))
    assert manifest.raw == encoded(content.AMD64)[: -len(rest)] + b"8" + rest[1:]
    assert manifest.descriptor.digest == Digest.of(manifest.raw)


@each_call
async def test_what_is_not_http_is_an_error(call: Call) -> None:
    async def babble(exchange: Exchange) -> None:
        await exchange.send(b"220 mail.example ESMTP\r\n\r\n")

    async with ScriptedServer(babble) as server, Client(limits=EAGER) as client:
        with pytest.raises(NetworkError) as caught:
            await call.run(client.registry(server.url))
        assert_told(caught.value, server.url, call, "not HTTP")
        assert len(server.asked) == 1
        await none_open(server.host)


@each_call
async def test_a_closed_port_is_an_error(call: Call) -> None:
    async with FaultProxy("127.0.0.1:9", Damage()) as proxy:
        url = f"http://{proxy.host}"
    async with Client(limits=EAGER) as client:
        with pytest.raises(ConnectionFailedError) as caught:
            await call.run(client.registry(url))
    assert_told(caught.value, url, call, "nothing listens on this port")


@each_call
async def test_an_unknown_name_is_an_error(call: Call) -> None:
    async with Client(limits=EAGER) as client:
        with pytest.raises(ConnectionFailedError) as caught:
            await call.run(client.registry("http://nobody.invalid"))
    assert_told(caught.value, "http://nobody.invalid", call, "the name of the host is not known")


@each_call
async def test_https_to_a_port_of_http_is_an_error(debian_plain: Server, call: Call) -> None:
    host = urlsplit(debian_plain.url).netloc
    async with Client(limits=EAGER) as client:
        with pytest.raises(ConnectionFailedError) as caught:
            await call.run(client.registry(f"https://{host}"))
        assert_told(caught.value, f"https://{host}", call, "does not speak TLS on this port")
        assert "plain HTTP" in caught.value.remedy
        await none_open(host)


@each_call
async def test_an_unknown_authority_is_an_error(debian_tls: Server, call: Call) -> None:
    async with Client(limits=EAGER) as client:
        with pytest.raises(CertificateError) as caught:
            await call.run(client.registry(debian_tls.url, debian_tls.auth))
        assert_told(caught.value, debian_tls.url, call, "not trusted")
        assert "authority" in caught.value.remedy
        await none_open(urlsplit(debian_tls.url).netloc)


async def test_a_blob_whose_last_answer_was_lost_has_arrived(debian_plain: Server) -> None:
    opened = await length_of_answer(debian_plain, CALLS["put_blob"])
    damage = Damage(cut_after=opened + 100)
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER) as client,
    ):
        registry = client.registry(f"http://{proxy.host}")
        descriptor = await registry.put_blob(WRITTEN, content.ONLY_ELSEWHERE, check_exists=False)
        assert descriptor.digest == Digest.of(content.ONLY_ELSEWHERE)
        assert await registry.get_blob_bytes(WRITTEN, descriptor) == content.ONLY_ELSEWHERE


@pytest.mark.parametrize("chunk_size", [None, 100_000])
async def test_a_bit_that_flips_on_the_way_to_the_registry_is_an_error(
    debian_plain: Server, chunk_size: int | None
) -> None:
    damage = Damage(flip_sent_at=50_000)
    blob = content.LAYER[::-1]
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, damage) as proxy,
        Client(limits=EAGER) as client,
    ):
        registry = client.registry(f"http://{proxy.host}")
        with pytest.raises(ErrorResponse) as caught:
            await registry.put_blob(WRITTEN, blob, check_exists=False, chunk_size=chunk_size)
        assert caught.value.codes == ("DIGEST_INVALID",)
        assert str(caught.value).startswith(f"PUT http://{proxy.host}/v2/{WRITTEN}/blobs/uploads/")
        with pytest.raises(BlobNotExistError):
            await registry.verify_blob(WRITTEN, Digest.of(blob))


async def test_a_manifest_that_changes_on_the_way_to_the_registry_is_an_error(debian_plain: Server) -> None:
    raw = encoded(content.AMD64 | {"annotations": {"long": "x" * 2000}})
    async with (
        FaultProxy(urlsplit(debian_plain.url).netloc, Damage(flip_sent_at=len(raw) - 100)) as proxy,
        Client(limits=EAGER) as client,
    ):
        registry = client.registry(f"http://{proxy.host}")
        with pytest.raises(DigestMismatchError) as caught:
            await registry.put_manifest(APP, raw, Tag("changed"))
        assert caught.value.expected == Digest.of(raw)
        assert str(caught.value).startswith(f"PUT http://{proxy.host}/v2/{APP}/manifests/changed: ")
