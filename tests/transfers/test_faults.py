"""Networks and servers that fail a download: it goes on by itself, or says why not."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import EAGER
from tests.faults import Asked, Damage, Exchange, FaultProxy, ScriptedServer
from tui.client import (
    CertificateError,
    Client,
    ConnectionFailedError,
    DeniedError,
    DigestMismatchError,
    NetworkError,
    RegistryError,
    Repository,
    Timeouts,
)
from tui.client.models import Descriptor
from tui.client.names import Digest
from tui.transfers import Downloads, Retries, State, Transfer, kept_size
from tui.transfers.download import NO_RANGES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

REPOSITORY = Repository("team/app")
DATA = hashlib.shake_256(b"faults").digest(6_000_000)
SMALL = DATA[:700_000]
AT_ONCE = Retries(first_wait=0)
IMPATIENT = Timeouts(connect=5.0, pause=0.3, small=5.0, refusal=0.2)


def descriptor_of(data: bytes) -> Descriptor:
    return Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", Digest.of(data), len(data))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(limits=EAGER, timeout=IMPATIENT) as opened:
        yield opened


def first_byte(asked: Asked) -> int:
    return int(asked.headers.get("range", "bytes=0-")[6:-1])


async def answer(exchange: Exchange, data: bytes) -> None:
    """Answer with a blob, or with the range of it that is asked for."""
    start = first_byte(exchange.asked)
    ranged = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
    await exchange.reply(206 if start else 200, data[start:], ranged)


async def blob(exchange: Exchange) -> None:
    await answer(exchange, DATA if exchange.asked.path.endswith(Digest.of(DATA)) else SMALL)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def on_waiting(do: Callable[[Transfer], None]) -> Callable[[Transfer], None]:
    """Do something when a transfer begins to wait before it tries again."""

    def look(transfer: Transfer) -> None:
        if transfer.state is State.WAITING and transfer.setback is not None:
            do(transfer)

    return look


DAMAGES: dict[str, Callable[[int], Damage]] = {
    "cut": lambda after: Damage(cut_after=after),
    "reset": lambda after: Damage(reset_after=after),
    "silent": lambda after: Damage(silent_after=after),
}


@pytest.mark.parametrize("data", [DATA, SMALL])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("after", [0, 20, 300_000, 650_000])
async def test_what_breaks_off_is_gone_on_with(
    client: Client, tmp_path: Path, data: bytes, damage: str, after: int
) -> None:
    waits: list[RegistryError | None] = []

    def repair(transfer: Transfer) -> None:
        waits.append(transfer.setback)
        proxy.damage = Damage()

    downloads = Downloads(retries=AT_ONCE, on_change=on_waiting(repair))
    async with (
        ScriptedServer(blob) as server,
        FaultProxy(server.host, DAMAGES[damage](after)) as proxy,
    ):
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(data), tmp_path)
        assert await transfer.wait() is State.DONE
        starts = [first_byte(asked) for asked in server.asked]
    assert contents(tmp_path) == {transfer.name: data}
    assert all(isinstance(setback, NetworkError) for setback in waits)
    assert transfer.notice == ""
    assert starts == sorted(starts)
    # A reset may overtake what was sent before it, and short blobs are written when they are there.
    if damage == "cut" and after > 20:
        assert 0 < starts[-1] <= after


async def test_what_is_cut_again_and_again_arrives_piece_by_piece(client: Client, tmp_path: Path) -> None:
    async with ScriptedServer(blob) as server, FaultProxy(server.host, Damage(cut_after=400_000)) as proxy:
        downloads = Downloads(retries=Retries(tries=2, first_wait=0))
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.DONE
        assert len(server.asked) >= len(DATA) // 400_000
    assert contents(tmp_path) == {transfer.name: DATA}


async def test_what_is_always_lost_at_the_same_point_fails_and_keeps_what_it_has(
    client: Client, tmp_path: Path
) -> None:
    async def stop(exchange: Exchange) -> None:
        start = first_byte(exchange.asked)
        ranged = {"Content-Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"} if start else {}
        await exchange.reply(206 if start else 200, DATA[start:2_000_000], ranged, length=len(DATA) - start)
        exchange.close()

    async with ScriptedServer(stop) as server:
        downloads = Downloads(retries=Retries(tries=3, first_wait=0))
        registry = client.registry(server.url)
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.FAILED
        assert transfer.error is not None
        assert transfer.error.remedy
        assert transfer.kept == kept_size(transfer.target, transfer.digest) == 2_000_000
        server.handler = blob
        assert await downloads.retry(transfer).wait() is State.DONE
        assert first_byte(server.asked[-1]) == 2_000_000
    assert contents(tmp_path) == {transfer.name: DATA}


async def test_a_slow_line_is_followed(client: Client, tmp_path: Path) -> None:
    pace = asyncio.Semaphore(0)
    downloads = Downloads(on_change=lambda _: pace.release())
    async with ScriptedServer(blob) as server, FaultProxy(server.host, Damage(pace=pace)) as proxy:
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        while transfer.state.is_active:
            pace.release()
            await asyncio.sleep(0.001)
        assert len(server.asked) == 1
    assert contents(tmp_path) == {transfer.name: DATA}


@pytest.mark.parametrize("data", [DATA, SMALL])
async def test_a_flipped_bit_leaves_nothing(client: Client, tmp_path: Path, data: bytes) -> None:
    downloads = Downloads(retries=AT_ONCE)
    async with ScriptedServer(blob) as server, FaultProxy(server.host, Damage(flip_at=500_000)) as proxy:
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(data), tmp_path)
        assert await transfer.wait() is State.FAILED
        assert isinstance(transfer.error, DigestMismatchError)
        assert contents(tmp_path) == {}
        assert transfer.kept == 0
        proxy.damage = Damage()
        assert await downloads.retry(transfer).wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: data}


async def test_a_server_that_goes_away_for_a_while_is_waited_for(client: Client, tmp_path: Path) -> None:
    lost, refused = asyncio.Event(), asyncio.Event()

    def look(transfer: Transfer) -> None:
        (refused if isinstance(transfer.setback, ConnectionFailedError) else lost).set()

    downloads = Downloads(retries=Retries(tries=10, first_wait=0.02), on_change=on_waiting(look))
    async with ScriptedServer(blob) as server:
        async with FaultProxy(server.host, Damage(cut_after=3_000_000)) as proxy:
            port = int(proxy.host.rpartition(":")[2])
            registry = client.registry(f"http://{proxy.host}")
            transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
            await lost.wait()
        await refused.wait()
        async with FaultProxy(server.host, Damage(), port):
            assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: DATA}


@pytest.mark.parametrize("place", ["closed port", "unknown name", "not http", "tls to plain http"])
async def test_what_is_no_registry_is_told_at_once(client: Client, tmp_path: Path, place: str) -> None:
    async def babble(exchange: Exchange) -> None:
        await exchange.send(b"220 mail.example ESMTP\r\n\r\n")
        exchange.close()

    downloads = Downloads()
    async with ScriptedServer(babble) as server:
        urls = {
            "closed port": "http://127.0.0.1:9",
            "unknown name": "https://nobody.invalid",
            "not http": server.url,
            "tls to plain http": f"https://{server.host}",
        }
        transfer = downloads.start(
            client.registry(urls[place]), REPOSITORY, descriptor_of(DATA), tmp_path, name="layer"
        )
        assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, NetworkError | CertificateError)
    assert transfer.error.remedy
    assert contents(tmp_path) == {}


async def test_a_server_without_ranges_begins_again_and_that_is_told(client: Client, tmp_path: Path) -> None:
    async def whole(exchange: Exchange) -> None:
        await exchange.reply(200, DATA)

    downloads = Downloads(retries=AT_ONCE, on_change=on_waiting(lambda _: setattr(proxy, "damage", Damage())))
    async with ScriptedServer(whole) as server, FaultProxy(server.host, Damage(cut_after=2_000_000)) as proxy:
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.DONE
    assert transfer.notice == NO_RANGES
    assert contents(tmp_path) == {transfer.name: DATA}


@pytest.mark.parametrize("status", [400, 416, 500, 501])
async def test_a_server_that_refuses_ranges_is_asked_for_the_whole(
    client: Client, tmp_path: Path, status: int
) -> None:
    async def refuse(exchange: Exchange) -> None:
        if "range" in exchange.asked.headers:
            await exchange.reply(status)
        else:
            await exchange.reply(200, DATA)

    downloads = Downloads(retries=AT_ONCE, on_change=on_waiting(lambda _: setattr(proxy, "damage", Damage())))
    async with (
        ScriptedServer(refuse) as server,
        FaultProxy(server.host, Damage(cut_after=2_000_000)) as proxy,
    ):
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.DONE
    assert transfer.notice == NO_RANGES
    assert contents(tmp_path) == {transfer.name: DATA}


@pytest.mark.parametrize("wrong", ["other part", "other size", "no range", "cut short"])
async def test_a_range_that_is_another_one_is_not_taken_for_the_rest(
    client: Client, tmp_path: Path, wrong: str
) -> None:
    async def lie(exchange: Exchange) -> None:
        start = first_byte(exchange.asked)
        if not start:
            await exchange.reply(200, DATA)
            return
        last, size, body = len(DATA) - 1, len(DATA), DATA[start:]
        headers = {
            "other part": {"Content-Range": f"bytes {start - 1}-{last - 1}/{size}"},
            "other size": {"Content-Range": f"bytes {start}-{last + 1}/{size + 1}"},
            "no range": {},
            "cut short": {"Content-Range": f"bytes {start}-{last - 10}/{size}"},
        }[wrong]
        await exchange.reply(206, body[:-10] if wrong == "cut short" else body, headers)

    downloads = Downloads(retries=AT_ONCE, on_change=on_waiting(lambda _: setattr(proxy, "damage", Damage())))
    async with ScriptedServer(lie) as server, FaultProxy(server.host, Damage(cut_after=2_000_000)) as proxy:
        registry = client.registry(f"http://{proxy.host}")
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        state = await transfer.wait()
    if wrong == "other size":
        assert state is State.FAILED
        assert kept_size(transfer.target, transfer.digest) > 1_000_000
    else:
        assert state is State.DONE
        assert contents(tmp_path) == {transfer.name: DATA}


class SignedLinks:
    """A registry that redirects to a storage, by links that expire.

    Args:
        stale: How many times a link that has expired is handed out once more.
        status: What the storage says to an expired link.
        ranges: Whether the storage answers ranges.
    """

    def __init__(self, *, stale: int = 0, status: int = 403, ranges: bool = True) -> None:
        self.storage = ScriptedServer(self._store)
        self.valid = 1
        self.stale = stale
        self.expired = 0
        self._status = status
        self._ranges = ranges

    async def redirect(self, exchange: Exchange) -> None:
        link = self.valid
        if self.stale and link > 1:
            self.stale -= 1
            link -= 1
        await exchange.reply(307, b"", {"Location": f"{self.storage.url}/data?signature={link}"})

    async def _store(self, exchange: Exchange) -> None:
        if exchange.asked.query != f"signature={self.valid}":
            self.expired += 1
            why = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            await exchange.reply(self._status, why)
            return
        start = first_byte(exchange.asked) if self._ranges else 0
        if start < 4_000_000:
            # The link expires while the blob is on its way, and the connection breaks off.
            self.valid += 1
            ranged = {"Content-Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"} if start else {}
            body = DATA[start : start + 2_000_000]
            await exchange.reply(206 if start else 200, body, ranged, length=len(DATA) - start)
            exchange.close()
        else:
            await answer(exchange, DATA)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
@pytest.mark.parametrize("stale", [0, 1, 2])
async def test_a_link_that_has_expired_is_asked_for_anew(
    client: Client, tmp_path: Path, status: int, stale: int
) -> None:
    links = SignedLinks(stale=stale, status=status)
    async with links.storage, ScriptedServer(links.redirect) as server:
        downloads = Downloads(retries=AT_ONCE)
        registry = client.registry(server.url)
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.DONE
        assert {first_byte(asked) for asked in links.storage.asked} >= {0, 2_000_000, 4_000_000}
    assert links.expired >= stale
    assert contents(tmp_path) == {transfer.name: DATA}


async def test_a_link_that_stays_expired_is_told_without_its_signature(
    client: Client, tmp_path: Path
) -> None:
    links = SignedLinks(stale=1000)
    async with links.storage, ScriptedServer(links.redirect) as server:
        downloads = Downloads(retries=AT_ONCE)
        registry = client.registry(server.url)
        transfer = downloads.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.FAILED
        assert isinstance(transfer.error, DeniedError)
        assert "signature=***" in str(transfer.error)
        assert transfer.kept == 2_000_000
        links.stale = 0
        assert await downloads.retry(transfer).wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: DATA}


async def test_the_next_run_asks_for_a_new_link(client: Client, tmp_path: Path) -> None:
    links = SignedLinks()
    async with links.storage, ScriptedServer(links.redirect) as server:
        registry = client.registry(server.url)
        first = Downloads(retries=Retries(tries=0))
        transfer = first.start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await transfer.wait() is State.FAILED
        assert transfer.kept == 2_000_000
        await first.aclose()
        again = Downloads(retries=AT_ONCE).start(registry, REPOSITORY, descriptor_of(DATA), tmp_path)
        assert await again.wait() is State.DONE
        assert [first_byte(asked) for asked in server.asked][:2] == [0, 2_000_000]
    assert contents(tmp_path) == {again.name: DATA}
