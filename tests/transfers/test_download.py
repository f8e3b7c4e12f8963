"""One download: verified, or not under its name; what interrupts it leaves what has arrived."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.transfers.sources import REPOSITORY, Source, descriptor_of
from tui.client.blob_stream import PIECE
from tui.client.errors import (
    ConnectionLostError,
    DigestMismatchError,
    RequestLine,
    UnsupportedAlgorithmError,
)
from tui.client.models import manifest_digest
from tui.client.names import Digest
from tui.transfers import (
    DiskFullError,
    FolderMissingError,
    Progress,
    Retries,
    State,
    TargetExistsError,
    download,
    save_document,
)
from tui.transfers.part import PartFile

if TYPE_CHECKING:
    from pathlib import Path

DATA = bytes(range(256)) * 20_000
PART = f"layer.tar.gz.{Digest.of(DATA).short}.part"
CHUNKS = [DATA[start : start + 65_536] for start in range(0, len(DATA), 65_536)]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "layer.tar.gz"


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def content(path: Path) -> bytes:
    return path.read_bytes()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_blob_becomes_a_file(target: Path) -> None:
    source = Source(CHUNKS)
    await download(source, REPOSITORY, descriptor_of(DATA), target)
    assert content(target) == DATA
    assert names(target.parent) == [target.name]
    assert (source.opened, source.closed) == (1, 1)


async def test_an_empty_blob_becomes_an_empty_file(target: Path) -> None:
    await download(Source([]), REPOSITORY, descriptor_of(b""), target)
    assert content(target) == b""


async def test_the_name_is_not_there_before_the_last_byte_is_verified(target: Path) -> None:
    source = Source(CHUNKS, pause_before=len(CHUNKS) - 1)
    task = asyncio.create_task(download(source, REPOSITORY, descriptor_of(DATA), target))
    await source.paused.wait()
    assert names(target.parent) == [PART]
    source.resume.set()
    await task
    assert names(target.parent) == ["layer.tar.gz"]


async def test_a_wrong_digest_leaves_nothing_and_tells_both(target: Path) -> None:
    wrong = [*CHUNKS[:-1], b"\xff" + CHUNKS[-1][1:]]
    with pytest.raises(DigestMismatchError) as caught:
        await download(Source(wrong), REPOSITORY, descriptor_of(DATA), target)
    assert caught.value.expected == Digest.of(DATA)
    assert caught.value.actual == Digest.of(b"".join(wrong))
    assert caught.value.expected in str(caught.value)
    assert caught.value.actual in str(caught.value)
    assert names(target.parent) == []


async def test_a_wrong_digest_does_not_touch_the_file_that_was_to_be_replaced(target: Path) -> None:
    put(target, b"old")
    with pytest.raises(DigestMismatchError):
        await download(Source([b"x"]), REPOSITORY, descriptor_of(DATA), target, overwrite=True)
    assert content(target) == b"old"
    await download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target, overwrite=True)
    assert content(target) == DATA


async def test_a_connection_that_stays_lost_leaves_what_has_arrived(target: Path) -> None:
    lost = ConnectionLostError("it broke", request=RequestLine("GET", "https://h/v2/"))
    source = Source(CHUNKS, errors=[(50, lost), (50, lost)])
    with pytest.raises(ConnectionLostError):
        await download(source, REPOSITORY, descriptor_of(DATA), target, retries=Retries(1, 0))
    assert source.opened == 2
    assert names(target.parent) == [PART]
    assert content(target.with_name(PART)) == b"".join(CHUNKS[:50])


async def test_nothing_is_asked_for_when_the_file_cannot_be_written(target: Path, tmp_path: Path) -> None:
    source = Source(CHUNKS)
    with pytest.raises(FolderMissingError):
        await download(source, REPOSITORY, descriptor_of(DATA), tmp_path / "missing" / "x")
    put(target, b"old")
    with pytest.raises(TargetExistsError):
        await download(source, REPOSITORY, descriptor_of(DATA), target)
    with pytest.raises(DiskFullError):
        await download(source, REPOSITORY, descriptor_of(DATA, size=2**62), tmp_path / "y")
    assert source.opened == 0
    assert content(target) == b"old"


async def test_a_disk_that_fills_up_ends_the_request(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PartFile.write
    written = 0

    def write(part: PartFile, data: bytes) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise DiskFullError(part.target.parent)
        real(part, data)

    monkeypatch.setattr(PartFile, "write", write)
    source = Source(CHUNKS)
    with pytest.raises(DiskFullError):
        await download(source, REPOSITORY, descriptor_of(DATA), target)
    assert source.closed == 1
    assert names(target.parent) == [PART]
    assert content(target.with_name(PART)) == DATA[: len(content(target.with_name(PART)))]


async def test_the_disk_is_written_in_large_pieces_and_not_by_the_event_loop(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    pieces: list[tuple[int, bool]] = []

    def write(descriptor: int, data: memoryview) -> int:
        pieces.append((len(data), threading.current_thread() is threading.main_thread()))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    await download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target)
    sizes = [size for size, on_loop in pieces if not on_loop and size > 1]
    assert sum(sizes) == len(DATA)
    assert all(size >= PIECE for size in sizes[:-1])
    assert content(target) == DATA


async def test_progress_is_told_with_every_chunk(target: Path) -> None:
    told: list[Progress] = []
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0
        return now

    source = Source(CHUNKS)
    await download(source, REPOSITORY, descriptor_of(DATA), target, progress=told.append, clock=clock)
    assert [step.done for step in told] == [
        0,
        *(min((index + 1) * 65_536, len(DATA)) for index in range(len(CHUNKS))),
        len(DATA),
    ]
    assert {step.total for step in told} == {len(DATA)}
    assert told[5].speed > 0
    assert told[5].eta is not None
    assert [step.state for step in told] == [State.RUNNING] * (len(told) - 1) + [State.DONE]
    assert told[-1] == Progress(State.DONE, len(DATA), len(DATA), 0.0, None)


async def test_a_size_that_nobody_knows_is_told_as_none(target: Path) -> None:
    told: list[Progress] = []
    source = Source(CHUNKS, says_size=False)
    await download(source, REPOSITORY, descriptor_of(DATA, size=0), target, progress=told.append)
    assert {step.total for step in told} == {None}
    assert {step.eta for step in told} == {None}
    assert content(target) == DATA


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelling_leaves_what_has_arrived(target: Path, times: int) -> None:
    source = Source(CHUNKS, pause_before=40)
    task = asyncio.create_task(download(source, REPOSITORY, descriptor_of(DATA), target))
    await source.paused.wait()
    assert names(target.parent) == [PART]
    for _ in range(times):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert content(target.with_name(PART)) == b"".join(CHUNKS[:40])
    await download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target)
    assert content(target) == DATA
    assert names(target.parent) == [target.name]
    assert source.closed == 1


async def test_cancelling_while_the_file_is_created_leaves_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = PartFile.open

    def slow_open(part: PartFile, size: int | None = None) -> None:
        entered.set()
        go_on.wait(60)
        real(part, size)

    monkeypatch.setattr(PartFile, "open", slow_open)
    task = asyncio.create_task(download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target))
    await asyncio.to_thread(entered.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(target.parent) == []


async def test_cancelling_while_the_disk_is_slow_waits_for_what_is_being_written(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = PartFile.write

    def slow_write(part: PartFile, data: bytes) -> None:
        entered.set()
        go_on.wait(60)
        real(part, data)

    monkeypatch.setattr(PartFile, "write", slow_write)
    task = asyncio.create_task(download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target))
    await asyncio.to_thread(entered.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(target.parent) == [PART]
    kept = content(target.with_name(PART))
    await asyncio.get_running_loop().shutdown_default_executor()
    assert kept == content(target.with_name(PART)) == DATA[: len(kept)]
    assert kept


async def test_the_event_loop_goes_on_while_the_disk_stands_still(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = PartFile.write

    def slow_write(part: PartFile, data: bytes) -> None:
        entered.set()
        go_on.wait(60)
        real(part, data)

    monkeypatch.setattr(PartFile, "write", slow_write)
    task = asyncio.create_task(download(Source(CHUNKS), REPOSITORY, descriptor_of(DATA), target))
    await asyncio.to_thread(entered.wait, 60)
    turns = 0
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    go_on.set()
    await task
    assert content(target) == DATA


# Documents

MANIFEST = b'{"schemaVersion": 2}\n'


async def test_a_document_becomes_a_file_byte_for_byte(target: Path) -> None:
    await save_document(MANIFEST, Digest.of(MANIFEST), target)
    assert content(target) == MANIFEST
    other = target.with_name("sha512")
    await save_document(MANIFEST, Digest.of(MANIFEST, "sha512"), other)
    assert content(other) == MANIFEST


async def test_a_document_of_another_digest_is_not_written(target: Path) -> None:
    with pytest.raises(DigestMismatchError) as caught:
        await save_document(MANIFEST, Digest.of(b"other"), target)
    assert (caught.value.expected, caught.value.actual) == (Digest.of(b"other"), Digest.of(MANIFEST))
    with pytest.raises(UnsupportedAlgorithmError):
        await save_document(MANIFEST, Digest("blake3:" + "0" * 64), target)
    assert names(target.parent) == []


async def test_a_signed_manifest_is_verified_by_its_payload(target: Path) -> None:
    payload = b'{"schemaVersion":1,"fsLayers":[]}'
    header = base64.b64encode(b'{"formatLength":%d,"formatTail":"fQ"}' % (len(payload) - 1))
    signed = payload[:-1] + b',"signatures":[{"protected":"%s"}]}' % header.rstrip(b"=")
    digest = manifest_digest(signed)
    assert digest == Digest.of(payload)
    await save_document(signed, digest, target)
    assert content(target) == signed


async def test_a_document_does_not_replace_a_file_unasked(target: Path) -> None:
    put(target, b"old")
    with pytest.raises(TargetExistsError):
        await save_document(MANIFEST, Digest.of(MANIFEST), target)
    assert content(target) == b"old"
    await save_document(MANIFEST, Digest.of(MANIFEST), target, overwrite=True)
    assert content(target) == MANIFEST
