"""All transfers: how many at a time, and what becomes of each."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.transfers.sources import REPOSITORY, Source, descriptor_of
from tui.client.errors import DigestMismatchError
from tui.client.models import Descriptor
from tui.client.names import Digest
from tui.transfers import Downloads, FolderMissingError, PartInUseError, State, TargetExistsError, Transfer
from tui.transfers.part import PartFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DATA = b"layer " * 100_000


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    owner = Downloads(limit=2)
    yield owner
    await owner.aclose()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_blob_is_downloaded_under_the_name_of_its_digest(
    downloads: Downloads, tmp_path: Path
) -> None:
    transfer = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path)
    assert transfer.state is State.QUEUED
    assert list(downloads.transfers) == list(downloads.active) == [transfer]
    assert await transfer.wait() is State.DONE
    assert transfer.name == f"{Digest.of(DATA).short}.tar.gz"
    assert transfer.target.read_bytes() == DATA
    assert (transfer.done, transfer.total, transfer.error) == (len(DATA), len(DATA), None)
    assert (transfer.speed, transfer.eta) == (0.0, None)
    assert transfer.label == "team/app"
    assert list(downloads.active) == []


async def test_a_document_is_written_like_a_blob(downloads: Downloads, tmp_path: Path) -> None:
    raw = b'{"schemaVersion": 2}'
    descriptor = Descriptor("application/vnd.oci.image.manifest.v1+json", Digest.of(raw), len(raw))
    transfer = downloads.start_document(raw, descriptor, tmp_path, label="team/app:1")
    assert await transfer.wait() is State.DONE
    assert transfer.name == f"{Digest.of(raw).short}.json"
    assert transfer.target.read_bytes() == raw
    assert (transfer.done, transfer.total) == (len(raw), len(raw))
    wrong = downloads.start_document(b"other", descriptor, tmp_path, name="other.json")
    assert await wrong.wait() is State.FAILED
    assert isinstance(wrong.error, DigestMismatchError)
    assert names(tmp_path) == [transfer.name]


@pytest.mark.parametrize(
    "name", ["../../escaped", "/etc/passwd", "a/../../b", "..", ".hidden", "\x1b[2J", ""]
)
async def test_no_name_leads_out_of_the_folder(downloads: Downloads, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    transfer = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), folder, name=name)
    assert await transfer.wait() is State.DONE
    assert transfer.target.parent == folder
    assert names(folder) == [transfer.name]
    assert not transfer.name.startswith(".")
    assert names(tmp_path) == ["in"]


async def test_only_so_many_run_at_the_same_time_and_in_order(downloads: Downloads, tmp_path: Path) -> None:
    sources = [Source([b"%d" % number], pause_before=0) for number in range(5)]
    transfers = [
        downloads.start(source, REPOSITORY, descriptor_of(source.chunks[0]), tmp_path) for source in sources
    ]
    await asyncio.gather(*(source.paused.wait() for source in sources[:2]))
    assert [transfer.state for transfer in transfers] == [State.RUNNING] * 2 + [State.QUEUED] * 3
    assert [source.opened for source in sources] == [1, 1, 0, 0, 0]
    sources[1].resume.set()
    await sources[2].paused.wait()
    assert [transfer.state for transfer in transfers] == [
        State.RUNNING, State.DONE, State.RUNNING, State.QUEUED, State.QUEUED,
    ]  # fmt: skip
    for source in sources:
        source.resume.set()
    assert [await transfer.wait() for transfer in transfers] == [State.DONE] * 5


async def test_the_owner_tells_every_change(tmp_path: Path) -> None:
    told: list[tuple[State, int]] = []
    downloads = Downloads(on_change=lambda transfer: told.append((transfer.state, transfer.done)))
    transfer = downloads.start(Source([b"ab", b"c"]), REPOSITORY, descriptor_of(b"abc"), tmp_path)
    await transfer.wait()
    assert told == [
        (State.QUEUED, 0),
        (State.RUNNING, 0),
        (State.RUNNING, 0),
        (State.RUNNING, 2),
        (State.RUNNING, 3),
        (State.DONE, 3),
    ]


async def test_speeds_add_up(tmp_path: Path) -> None:
    now = [0.0]
    downloads = Downloads(clock=lambda: now[0])
    sources = [Source([b"x" * 1000, b"%d" % number], pause_before=1) for number in range(2)]
    for source in sources:
        downloads.start(source, REPOSITORY, descriptor_of(b"".join(source.chunks)), tmp_path)
    await asyncio.gather(*(source.paused.wait() for source in sources))
    now[0] = 2.0
    assert [transfer.speed for transfer in downloads.transfers] == [500, 500]
    assert downloads.speed == 1000
    assert downloads.transfers[0].eta == 1 / 500
    await downloads.aclose()
    assert downloads.speed == 0


async def test_a_failure_is_kept_with_its_reason_and_concerns_no_other(
    downloads: Downloads, tmp_path: Path
) -> None:
    wrong = downloads.start(Source([b"x"]), REPOSITORY, descriptor_of(DATA), tmp_path)
    lost = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path / "missing")
    good = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path, name="good")
    assert [await transfer.wait() for transfer in (wrong, lost, good)] == [
        State.FAILED, State.FAILED, State.DONE,
    ]  # fmt: skip
    assert isinstance(wrong.error, DigestMismatchError)
    assert isinstance(lost.error, FolderMissingError)
    assert wrong.error.remedy
    assert lost.error.remedy
    assert names(tmp_path) == ["good"]


async def test_a_file_that_exists_can_be_replaced_by_trying_again(
    downloads: Downloads, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    first = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path, name="file")
    other = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path, name="other")
    assert await first.wait() is State.FAILED
    assert isinstance(first.error, TargetExistsError)
    assert (tmp_path / "file").read_bytes() == b"old"
    again = downloads.retry(first, overwrite=True)
    assert downloads.transfers == (again, other)
    assert await again.wait() is State.DONE
    assert (tmp_path / "file").read_bytes() == DATA
    assert first.state is State.FAILED
    with pytest.raises(ValueError, match="list"):
        downloads.retry(first)


async def test_only_what_has_ended_is_tried_again(downloads: Downloads, tmp_path: Path) -> None:
    source = Source([DATA], pause_before=0)
    transfer = downloads.start(source, REPOSITORY, descriptor_of(DATA), tmp_path)
    with pytest.raises(ValueError, match="not ended"):
        downloads.retry(transfer)
    await source.paused.wait()
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    source.resume.set()
    assert await downloads.retry(transfer).wait() is State.DONE


async def test_two_transfers_to_the_same_file_do_not_mix(downloads: Downloads, tmp_path: Path) -> None:
    source = Source([DATA], pause_before=0)
    first = downloads.start(source, REPOSITORY, descriptor_of(DATA), tmp_path)
    await source.paused.wait()
    second = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path)
    assert await second.wait() is State.FAILED
    assert isinstance(second.error, PartInUseError)
    source.resume.set()
    assert await first.wait() is State.DONE
    assert first.target.read_bytes() == DATA


async def test_what_runs_and_what_waits_can_be_cancelled(tmp_path: Path) -> None:
    downloads = Downloads(limit=1)
    source, never = Source([DATA, DATA], pause_before=1), Source([DATA])
    running = downloads.start(source, REPOSITORY, descriptor_of(DATA * 2), tmp_path)
    waiting = downloads.start(never, REPOSITORY, descriptor_of(DATA), tmp_path)
    last = downloads.start(Source([b"last"]), REPOSITORY, descriptor_of(b"last"), tmp_path)
    await source.paused.wait()
    waiting.cancel()
    assert await waiting.wait() is State.CANCELLED
    assert never.opened == 0
    running.cancel()
    assert await running.wait() is State.CANCELLED
    assert source.closed == 1
    assert running.error is None
    assert await last.wait() is State.DONE
    assert names(tmp_path) == [last.name]
    last.cancel()
    assert await last.wait() is State.DONE


async def test_what_is_verified_is_not_cancelled_any_more(
    downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = PartFile.commit

    def slow_commit(part: PartFile) -> None:
        entered.set()
        go_on.wait(60)
        real(part)

    monkeypatch.setattr(PartFile, "commit", slow_commit)
    transfer = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path)
    await asyncio.to_thread(entered.wait, 60)
    transfer.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await transfer.wait() is State.DONE
    assert transfer.target.read_bytes() == DATA


async def test_closing_interrupts_everything_and_leaves_what_has_arrived(tmp_path: Path) -> None:
    downloads = Downloads(limit=2)
    sources = [Source([b"x" * 2_000_000, b"%d" % number], pause_before=1) for number in range(4)]
    transfers = [
        downloads.start(source, REPOSITORY, descriptor_of(b"".join(source.chunks)), tmp_path)
        for source in sources
    ]
    await asyncio.gather(*(source.paused.wait() for source in sources[:2]))
    assert len(names(tmp_path)) == 2
    await downloads.aclose()
    assert {transfer.state for transfer in transfers} == {State.PAUSED}
    assert [transfer.kept for transfer in transfers] == [2_000_000, 2_000_000, 0, 0]
    assert len(names(tmp_path)) == 2
    await downloads.aclose()
    assert list(downloads.active) == []


async def test_what_has_ended_can_be_taken_out_of_the_list(downloads: Downloads, tmp_path: Path) -> None:
    source = Source([DATA], pause_before=0)
    running = downloads.start(source, REPOSITORY, descriptor_of(DATA), tmp_path)
    first = downloads.start(Source([b"1"]), REPOSITORY, descriptor_of(b"1"), tmp_path)
    second = downloads.start(Source([b"2"]), REPOSITORY, descriptor_of(b"2"), tmp_path)
    await asyncio.gather(first.wait(), second.wait(), source.paused.wait())
    downloads.forget(running)
    downloads.forget(first)
    downloads.forget(first)
    assert list(downloads.transfers) == [running, second]
    downloads.forget_ended()
    assert list(downloads.transfers) == [running]


async def test_a_bug_is_told_as_one(downloads: Downloads, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    bug = ZeroDivisionError("a bug")
    transfer = downloads.start(Source([DATA], error=bug), REPOSITORY, descriptor_of(DATA), tmp_path)
    assert await transfer.wait() is State.FAILED
    assert transfer.error is None
    assert [context["exception"] for context in told] == [bug]
    assert names(tmp_path) == [f"{transfer.name}.part"]


async def test_waiting_for_one_that_has_just_ended_gives_its_state(tmp_path: Path) -> None:
    seen: list[tuple[State, State]] = []

    async def look(transfer: Transfer) -> None:
        seen.append((transfer.state, await transfer.wait()))

    looks: list[asyncio.Task[None]] = []
    downloads = Downloads(on_change=lambda transfer: looks.append(asyncio.create_task(look(transfer))))
    transfer = downloads.start(Source([DATA]), REPOSITORY, descriptor_of(DATA), tmp_path)
    await transfer.wait()
    await asyncio.gather(*looks)
    assert {ended for _, ended in seen} == {State.DONE}
