"""Downloads whose process is killed outright, at any moment, go on from what it left."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import random
from typing import TYPE_CHECKING

import pytest

from tests.transfers import victim
from tests.transfers.sources import REPOSITORY
from tui.client.names import Digest
from tui.demo import DemoServer, Storage
from tui.transfers.part import part_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerContext, ForkServerProcess
    from pathlib import Path

KILLS = 100
SPEED = 100_000_000
"""Bytes a second: slow enough to be met in the middle."""


DATA = hashlib.shake_256(b"killed").digest(12 * 1024 * 1024)
DIGEST = Digest.of(DATA)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    storage = Storage()
    storage.put_blob(REPOSITORY, DATA)
    with DemoServer(storage, bytes_per_second=SPEED) as running:
        yield running


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes from one that has loaded everything, so that they come quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([victim.__name__])
    return context


def test_a_download_that_is_killed_again_and_again_ends_in_the_right_bytes(
    server: DemoServer, processes: ForkServerContext, tmp_path: Path
) -> None:
    moments = random.Random(20261121)  # noqa: S311 - the same moments each time, as far as the machine allows
    target = tmp_path / "layer.tar.gz"
    part = part_path(target, DIGEST)
    kept: set[int] = set()
    kills = 0
    while kills < KILLS or not target.exists():
        process = processes.Process(
            target=victim.run, args=(server.url, REPOSITORY, DIGEST, len(DATA), str(target))
        )
        process.start()
        if kills < KILLS:
            wait_for(process, lambda: part.stat().st_size if part.exists() else 0, len(DATA), moments)
        else:
            process.join()
        if process.exitcode is None:
            process.kill()
            kills += 1
        process.join()
        process.close()
        assert {path.name for path in tmp_path.iterdir()} <= {part.name, target.name}
        if target.exists():
            assert target.read_bytes() == DATA
            assert not part.exists()
            if kills < KILLS:
                target.unlink()
        elif part.exists():
            left = part.read_bytes()
            assert DATA.startswith(left)
            kept.add(len(left))
    # They were killed in the middle, and not always at the same point.
    assert len(kept - {0, len(DATA)}) > KILLS / 4


def wait_for(
    process: ForkServerProcess, grown: Callable[[], int], whole: int, moments: random.Random
) -> None:
    """Wait until what is unfinished has grown beyond some size, and a moment longer; or to the end."""
    before = min(grown(), whole)
    if before == whole and moments.random() < 0.5:
        process.join()
    goal = moments.randint(before, whole) if moments.random() < 0.7 else 0
    while process.exitcode is None and goal:
        with contextlib.suppress(FileNotFoundError):
            if grown() >= goal:
                break
        process.join(0.0005)
    process.join(moments.uniform(0, 0.02))


def test_of_several_programs_one_downloads_at_a_time(
    server: DemoServer, processes: ForkServerContext, tmp_path: Path
) -> None:
    target = tmp_path / "layer.tar.gz"
    part_path(target, DIGEST).write_bytes(DATA[:1_000_000])
    arguments = (server.url, REPOSITORY, DIGEST, len(DATA), str(target))
    started = [processes.Process(target=victim.run, args=arguments) for _ in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert sorted(process.exitcode or 0 for process in started) == [0, *[victim.REFUSED] * 3]
    assert target.read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    asked = [request for request in server.requests if "/blobs/" in request.path]
    assert [request.headers.get("range") for request in asked] == ["bytes=1000000-"]
