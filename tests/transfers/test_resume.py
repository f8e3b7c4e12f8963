"""Downloads that were interrupted go on from what they have left, and end in the right bytes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.transfers.sources import LINE, REPOSITORY, Source, descriptor_of
from tui.client.errors import (
    BlobNotExistError,
    ConnectionFailedError,
    ConnectionLostError,
    DeniedError,
    DigestMismatchError,
    ErrorResponse,
    RateLimitedError,
    RegistryError,
    SizeMismatchError,
    TimeoutExceededError,
)
from tui.client.names import Digest
from tui.transfers import (
    DiskFullError,
    Downloads,
    Progress,
    Retries,
    State,
    TargetExistsError,
    Transfer,
    download,
    kept_size,
)
from tui.transfers.download import DAMAGED, NO_RANGES
from tui.transfers.part import PartFile, part_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DATA = bytes(range(1, 256)) * 20_000
CHUNKS = [DATA[start : start + 65_536] for start in range(0, len(DATA), 65_536)]
DESCRIPTOR = descriptor_of(DATA)
HALF = 40 * 65_536
LOST = ConnectionLostError("it broke", request=LINE)
AT_ONCE = Retries(first_wait=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "layer.tar.gz"


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    owner = Downloads(limit=2, retries=AT_ONCE)
    yield owner
    await owner.aclose()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leave(target: Path, data: bytes) -> None:
    part_path(target, DESCRIPTOR.digest).write_bytes(data)


def content(path: Path) -> bytes:
    return path.read_bytes()


# What was left behind


@pytest.mark.parametrize("kept", [1, 65_536, HALF + 17, len(DATA) - 1])
async def test_what_was_left_is_checked_and_only_the_rest_is_asked_for(target: Path, kept: int) -> None:
    leave(target, DATA[:kept])
    told: list[Progress] = []
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target, progress=told.append)
    assert content(target) == DATA
    assert source.offsets == [kept]
    assert names(target.parent) == [target.name]
    checking = [step for step in told if step.state is State.CHECKING]
    assert (checking[0].done, checking[-1].done) == (0, kept)
    assert {step.speed for step in checking} == {0.0}
    running = [step for step in told if step.state is State.RUNNING]
    assert running[0].done == kept
    assert {step.notice for step in told} == {""}


async def test_a_whole_file_that_only_lacks_its_name_gets_it(target: Path) -> None:
    leave(target, DATA)
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target)
    assert content(target) == DATA
    assert source.offsets == [len(DATA)]


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 5000, b"\0" * 3_000_000])
async def test_zeros_of_a_machine_that_went_down_are_cut_off(target: Path, tail: bytes) -> None:
    leave(target, DATA[:1_000_000] + tail)
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target)
    assert content(target) == DATA
    assert source.offsets == [1_000_000]


async def test_nothing_but_zeros_is_nothing(target: Path) -> None:
    leave(target, bytes(2_000_000))
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target)
    assert content(target) == DATA
    assert source.offsets == [0]


async def test_more_than_the_blob_has_is_thrown_away(target: Path) -> None:
    leave(target, DATA + b"x")
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target)
    assert content(target) == DATA
    assert source.offsets == [0]


@pytest.mark.parametrize("at", [0, 500_000, HALF - 1])
async def test_damage_shows_in_the_digest_and_the_download_begins_again(target: Path, at: int) -> None:
    leave(target, DATA[:at] + b"\xff" + DATA[at + 1 : HALF])
    told: list[Progress] = []
    source = Source(CHUNKS)
    await download(source, REPOSITORY, DESCRIPTOR, target, progress=told.append)
    assert content(target) == DATA
    assert source.offsets == [HALF, 0]
    assert told[-1].notice == DAMAGED


async def test_what_is_wrong_the_second_time_is_not_asked_for_again(target: Path) -> None:
    leave(target, b"x" * 1000)
    source = Source([b"y" * len(DATA)])
    with pytest.raises(DigestMismatchError):
        await download(source, REPOSITORY, DESCRIPTOR, target)
    assert source.offsets == [1000, 0]
    assert names(target.parent) == []


async def test_what_was_left_of_another_blob_is_not_touched(target: Path) -> None:
    other = b"another blob of the same name"
    leave(target, DATA[:HALF])
    source = Source([other])
    await download(source, REPOSITORY, descriptor_of(other), target)
    assert content(target) == other
    assert source.offsets == [0]
    assert kept_size(target, DESCRIPTOR.digest) == HALF


async def test_a_registry_without_ranges_begins_again_and_that_is_told(target: Path) -> None:
    leave(target, DATA[:HALF])
    told: list[Progress] = []
    source = Source(CHUNKS, ranges=False, errors=[(3, LOST)])
    await download(source, REPOSITORY, DESCRIPTOR, target, progress=told.append, retries=AT_ONCE)
    assert content(target) == DATA
    assert source.offsets == [HALF, 3 * 65_536]
    assert told[-1].notice == NO_RANGES
    assert [step.done for step in told if step.state is State.RUNNING].count(0) == 2


async def test_a_wrong_page_instead_of_the_rest_costs_nothing(target: Path) -> None:
    leave(target, DATA[:HALF])
    page = SizeMismatchError(len(DATA), len(DATA) + 1, request=LINE)
    source = Source(CHUNKS, refusals=[page])
    with pytest.raises(SizeMismatchError):
        await download(source, REPOSITORY, DESCRIPTOR, target)
    assert kept_size(target, DESCRIPTOR.digest) == HALF
    await download(source, REPOSITORY, DESCRIPTOR, target)
    assert source.offsets == [HALF, HALF]
    assert content(target) == DATA


async def test_more_bytes_than_there_should_be_are_thrown_away_with_what_was_before(target: Path) -> None:
    source = Source([*CHUNKS, b"more"], size=len(DATA))
    with pytest.raises(SizeMismatchError):
        await download(source, REPOSITORY, DESCRIPTOR, target, retries=AT_ONCE)
    assert source.opened == 1
    assert names(target.parent) == []


# Connections that are lost


async def test_lost_connections_are_made_again_and_nothing_is_asked_for_twice(target: Path) -> None:
    source = Source(CHUNKS, errors=[(10, LOST), (30, LOST), (31, LOST)])
    await download(source, REPOSITORY, DESCRIPTOR, target, retries=AT_ONCE)
    assert content(target) == DATA
    assert source.offsets == [0, 10 * 65_536, 30 * 65_536, 31 * 65_536]


async def test_tries_are_bounded_and_count_anew_after_progress(target: Path) -> None:
    breaks = [(index // 2, LOST) for index in range(8)]
    source = Source(CHUNKS, errors=breaks)
    await download(source, REPOSITORY, DESCRIPTOR, target, retries=Retries(tries=2, first_wait=0))
    assert content(target) == DATA
    assert source.opened == 9
    never = Source(CHUNKS, errors=[(5, LOST)] * 10)
    with pytest.raises(ConnectionLostError):
        await download(never, REPOSITORY, DESCRIPTOR, target.with_name("b"), retries=Retries(2, first_wait=0))
    assert never.offsets == [0, 5 * 65_536, 5 * 65_536]


async def test_a_byte_at_a_time_is_no_progress(target: Path) -> None:
    source = Source([b"x"] * 100, errors=[(index, LOST) for index in range(1, 100)])
    with pytest.raises(ConnectionLostError):
        await download(source, REPOSITORY, DESCRIPTOR, target, retries=Retries(3, first_wait=0))
    assert source.opened == 4


def refusal(status: int) -> ErrorResponse:
    return (DeniedError if status == 403 else ErrorResponse)((), status, LINE)


@pytest.mark.parametrize(
    "error",
    [
        LOST,
        TimeoutExceededError("silence", request=LINE),
        ConnectionFailedError("no route", request=LINE),
        SizeMismatchError(len(DATA), 10 * 65_536, request=LINE),
        RateLimitedError((), 429, LINE, retry_after=0),
        *(refusal(status) for status in (400, 401, 403, 404, 410, 500, 502, 503, 504)),
    ],
)
async def test_what_passes_by_itself_in_the_middle_is_waited_for(target: Path, error: RegistryError) -> None:
    source = Source(CHUNKS, errors=[(10, LOST)], refusals=[None, error, error])
    await download(source, REPOSITORY, DESCRIPTOR, target, retries=AT_ONCE)
    assert content(target) == DATA
    assert source.offsets == [0, *[10 * 65_536] * 3]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("no route", request=LINE),
        BlobNotExistError((), 404, LINE),
        refusal(403),
        refusal(500),
        SizeMismatchError(len(DATA), 0, request=LINE),
    ],
)
async def test_a_refusal_at_the_beginning_is_told_at_once(target: Path, error: RegistryError) -> None:
    source = Source(CHUNKS, refusals=[error])
    with pytest.raises(type(error)):
        await download(source, REPOSITORY, DESCRIPTOR, target)
    assert source.opened == 1
    assert names(target.parent) == []


async def test_a_refusal_that_stays_is_told_and_what_has_arrived_is_left(target: Path) -> None:
    source = Source(CHUNKS, errors=[(10, LOST)], refusals=[None, *[refusal(403)] * 20])
    with pytest.raises(DeniedError):
        await download(source, REPOSITORY, DESCRIPTOR, target, retries=AT_ONCE)
    assert source.opened < 6
    assert kept_size(target, DESCRIPTOR.digest) == 10 * 65_536


async def test_a_wrong_digest_after_a_lost_connection_is_the_end(target: Path) -> None:
    source = Source([*CHUNKS[:-1], b"\xff" + CHUNKS[-1][1:]], errors=[(10, LOST)])
    with pytest.raises(DigestMismatchError):
        await download(source, REPOSITORY, DESCRIPTOR, target, retries=AT_ONCE)
    assert source.opened == 2
    assert names(target.parent) == []


def waits(transfer: Transfer) -> bool:
    return transfer.setback is not None or transfer.wait_left is not None


async def test_a_wait_can_be_seen_and_cut_short(tmp_path: Path) -> None:
    waiting = asyncio.Event()

    def look(transfer: Transfer) -> None:
        if transfer.state is State.WAITING and transfer.setback is not None:
            waiting.set()

    downloads = Downloads(retries=Retries(first_wait=1000, longest_wait=1000), on_change=look)
    source = Source(CHUNKS, errors=[(10, LOST)])
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    await waiting.wait()
    assert transfer.setback is LOST
    assert transfer.wait_left is not None
    assert 600 < transfer.wait_left <= 1000
    assert list(downloads.active) == [transfer]
    assert transfer.done == 10 * 65_536
    transfer.resume()
    assert await transfer.wait() is State.DONE
    assert not waits(transfer)
    assert transfer.target.read_bytes() == DATA


# Pause, resume, cancel, retry


async def test_a_pause_leaves_what_has_arrived_and_the_rest_is_asked_for_later(
    downloads: Downloads, tmp_path: Path
) -> None:
    source = Source(CHUNKS, pause_before=40)
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    await source.paused.wait()
    transfer.pause()
    transfer.pause()
    assert await transfer.wait() is State.PAUSED
    assert (transfer.kept, transfer.done, transfer.error) == (HALF, HALF, None)
    assert list(downloads.active) == []
    assert downloads.transfers == (transfer,)
    assert content(part_path(transfer.target, transfer.digest)) == DATA[:HALF]
    source.resume.set()
    transfer.resume()
    transfer.resume()
    assert list(downloads.active) == [transfer]
    assert await transfer.wait() is State.DONE
    assert source.offsets == [0, HALF]
    assert transfer.target.read_bytes() == DATA
    assert transfer.kept == 0
    transfer.resume()
    transfer.pause()
    assert transfer.state is State.DONE


async def test_what_waits_for_its_turn_can_be_paused(tmp_path: Path) -> None:
    downloads = Downloads(limit=1)
    source, other = Source(CHUNKS, pause_before=1), Source([b"other"])
    running = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    waiting = downloads.start(other, REPOSITORY, descriptor_of(b"other"), tmp_path)
    waiting.pause()
    assert await waiting.wait() is State.PAUSED
    source.resume.set()
    assert await running.wait() is State.DONE
    assert other.opened == 0
    waiting.resume()
    assert await waiting.wait() is State.DONE


async def test_a_pause_frees_the_turn(tmp_path: Path) -> None:
    downloads = Downloads(limit=1)
    source, other = Source(CHUNKS, pause_before=1), Source([b"other"])
    first = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    second = downloads.start(other, REPOSITORY, descriptor_of(b"other"), tmp_path)
    await source.paused.wait()
    first.pause()
    assert await second.wait() is State.DONE
    assert first.state is State.PAUSED


@pytest.mark.parametrize("before", ["running", "pausing", "paused", "queued again", "failed"])
async def test_cancelling_removes_what_has_arrived(downloads: Downloads, tmp_path: Path, before: str) -> None:
    source = Source(CHUNKS, pause_before=40, errors=[] if before != "failed" else [(40, LOST)] * 99)
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    if before == "failed":
        assert await transfer.wait() is State.FAILED
        assert transfer.kept == HALF
    else:
        await source.paused.wait()
        assert len(names(tmp_path)) == 1
    if before in {"pausing", "paused", "queued again"}:
        transfer.pause()
    if before in {"paused", "queued again"}:
        assert await transfer.wait() is State.PAUSED
    if before == "queued again":
        transfer.resume()
    transfer.cancel()
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    assert (transfer.kept, transfer.error) == (0, None)
    assert names(tmp_path) == []
    transfer.resume()
    transfer.cancel()
    assert transfer.state is State.CANCELLED


async def test_cancelling_after_what_was_kept_has_been_closed_removes_it(
    downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(CHUNKS, pause_before=40)
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    real = PartFile.keep

    def keep(part: PartFile) -> None:
        real(part)
        monkeypatch.undo()
        loop.call_soon_threadsafe(transfer.cancel)

    loop = asyncio.get_running_loop()

    await source.paused.wait()
    monkeypatch.setattr(PartFile, "keep", keep)
    transfer.pause()
    assert await transfer.wait() is State.CANCELLED
    assert names(tmp_path) == []


async def test_trying_again_goes_on_from_what_a_failure_has_left(
    downloads: Downloads, tmp_path: Path
) -> None:
    source = Source(CHUNKS, errors=[(40, LOST)] * (1 + AT_ONCE.tries))
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    assert await transfer.wait() is State.FAILED
    assert transfer.error is LOST
    assert transfer.kept == HALF
    again = downloads.retry(transfer)
    assert await again.wait() is State.DONE
    assert source.offsets[-1] == HALF
    assert again.target.read_bytes() == DATA


async def test_the_next_run_goes_on_from_where_the_last_one_was_left(tmp_path: Path) -> None:
    first = Downloads()
    source = Source(CHUNKS, pause_before=40)
    transfer = first.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    await source.paused.wait()
    await first.aclose()
    assert transfer.state is State.PAUSED
    assert kept_size(transfer.target, transfer.digest) == HALF
    second = Downloads()
    source.resume.set()
    again = second.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    assert await again.wait() is State.DONE
    assert source.offsets == [0, HALF]
    assert names(tmp_path) == [again.name]


async def test_a_full_disk_leaves_what_has_arrived_and_it_is_gone_on_from(
    downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PartFile.write

    def write(part: PartFile, data: bytes) -> None:
        if part.size:
            raise DiskFullError(part.target.parent)
        real(part, data)

    with monkeypatch.context() as patched:
        patched.setattr(PartFile, "write", write)
        transfer = downloads.start(Source(CHUNKS), REPOSITORY, DESCRIPTOR, tmp_path)
        assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, DiskFullError)
    assert transfer.kept
    assert await downloads.retry(transfer).wait() is State.DONE
    assert transfer.target.read_bytes() == DATA


async def test_a_name_that_was_taken_in_the_meantime_costs_no_second_download(
    downloads: Downloads, tmp_path: Path
) -> None:
    source = Source(CHUNKS, pause_before=40)
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path, name="layer")
    await source.paused.wait()
    (tmp_path / "layer").write_bytes(b"old")
    source.resume.set()
    assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, TargetExistsError)
    assert transfer.kept == len(DATA)
    again = downloads.retry(transfer, overwrite=True)
    assert await again.wait() is State.DONE
    assert source.offsets == [0, len(DATA)]
    assert (tmp_path / "layer").read_bytes() == DATA


async def test_two_blobs_to_the_same_file_do_not_wait_for_the_end_to_clash(
    downloads: Downloads, tmp_path: Path
) -> None:
    source, other = Source(CHUNKS, pause_before=1), Source([b"other"])
    first = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path, name="layer")
    second = downloads.start(other, REPOSITORY, descriptor_of(b"other"), tmp_path, name="layer")
    assert await second.wait() is State.FAILED
    assert other.opened == 0
    assert "another download" in str(second.error)
    source.resume.set()
    assert await first.wait() is State.DONE
    assert first.target.read_bytes() == DATA


async def test_ending_the_event_loop_leaves_what_has_arrived(tmp_path: Path) -> None:
    source = Source(CHUNKS, pause_before=40)
    downloads = Downloads()
    transfer = downloads.start(source, REPOSITORY, DESCRIPTOR, tmp_path)
    await source.paused.wait()
    assert transfer._task is not None
    transfer._task.cancel()
    assert await transfer.wait() is State.PAUSED
    assert transfer.kept == HALF


def test_what_is_kept_can_be_asked_for(target: Path) -> None:
    digest = DESCRIPTOR.digest
    assert kept_size(target, digest) == 0
    leave(target, b"12345")
    assert kept_size(target, digest) == 5
    assert kept_size(target, Digest.of(b"other")) == 0
    assert kept_size(target / "deeper", digest) == 0
    assert kept_size(target.with_name("a\0b"), digest) == 0
    part_path(target, digest).unlink()
    part_path(target, digest).mkdir()
    assert kept_size(target, digest) == 0
