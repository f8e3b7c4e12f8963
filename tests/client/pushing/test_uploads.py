"""Blobs pushed to the demo registry."""

from __future__ import annotations

import asyncio
import io
import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import client, pieces
from tui.client import (
    BasicAuth,
    BlobNotExistError,
    Digest,
    DigestMismatchError,
    Repository,
    SizeMismatchError,
    UnauthorizedError,
    UnsupportedAlgorithmError,
    UnsupportedError,
)
from tui.client.pushing.uploads import CHUNK
from tui.demo import BasicLogin, BearerLogin, DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tui.client import Registry

ALPHA, BETA = Repository("team/alpha"), Repository("team/beta")
SMALL = b"a small blob"
LARGE = random.Random(4).randbytes(300_000)  # noqa: S311 - repeatable bytes, no secret
HUGE = LARGE * 60

SMALL_DIGEST = Digest.of(SMALL)

USERS = {"alice": "s3cret"}
ALICE = BasicAuth("alice", "s3cret")


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(Storage()) as server:
        yield server


@pytest.fixture
async def registry(server: DemoServer) -> AsyncIterator[Registry]:
    async with client() as own:
        yield own.registry(server.url)


def asked(server: DemoServer) -> list[str]:
    """The methods of all requests, without the one that finds out about HTTPS."""
    return [request.method for request in server.requests if request.path != "/v2/"]


async def stored(registry: Registry, digest: Digest, repository: Repository = ALPHA) -> bytes:
    async with registry.get_blob(repository, digest) as stream:
        return b"".join([chunk async for chunk in stream])


async def test_a_small_blob_takes_one_request_beside_the_question_whether_it_is_there(
    registry: Registry, server: DemoServer
) -> None:
    descriptor = await registry.put_blob(ALPHA, SMALL, media_type="text/plain")
    assert (descriptor.media_type, descriptor.digest, descriptor.size) == (
        "text/plain",
        SMALL_DIGEST,
        len(SMALL),
    )
    assert asked(server) == ["HEAD", "POST"]
    assert await stored(registry, SMALL_DIGEST) == SMALL


async def test_a_larger_blob_goes_in_one_piece(registry: Registry, server: DemoServer) -> None:
    descriptor = await registry.put_blob(ALPHA, LARGE)
    assert asked(server) == ["HEAD", "POST", "PUT"]
    put = server.requests[-1]
    assert put.headers["content-length"] == str(len(LARGE))
    assert put.headers["content-type"] == "application/octet-stream"
    assert await stored(registry, descriptor.digest) == LARGE


@pytest.mark.parametrize("content", [b"", SMALL, LARGE])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("chunk_size", [None, 100_000])
async def test_bytes_of_any_size_arrive_under_their_digest(
    registry: Registry, content: bytes, algorithm: str, chunk_size: int | None
) -> None:
    descriptor = await registry.put_blob(ALPHA, content, algorithm=algorithm, chunk_size=chunk_size)
    assert descriptor.digest == Digest.of(content, algorithm)
    assert descriptor.size == len(content)
    assert await stored(registry, descriptor.digest) == content


async def test_what_is_there_is_not_sent_again(registry: Registry, server: DemoServer) -> None:
    await registry.put_blob(ALPHA, LARGE)
    server.forget_requests()
    told: list[int] = []
    descriptor = await registry.put_blob(ALPHA, LARGE, progress=told.append)
    assert asked(server) == ["HEAD"]
    assert descriptor.size == len(LARGE)
    assert told == [len(LARGE)]


async def test_what_is_there_is_sent_again_where_nobody_is_to_ask(
    registry: Registry, server: DemoServer
) -> None:
    await registry.put_blob(ALPHA, LARGE, check_exists=False)
    await registry.put_blob(ALPHA, LARGE, check_exists=False)
    assert asked(server) == ["POST", "PUT"] * 2


async def test_a_file_is_sent_by_its_path(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(LARGE)
    descriptor = await registry.put_blob(ALPHA, path, digest=Digest.of(LARGE), size=len(LARGE))
    assert await stored(registry, descriptor.digest) == LARGE


async def test_an_open_file_is_sent_from_where_it_stands(registry: Registry) -> None:
    file = io.BytesIO(LARGE)
    file.seek(1_000)
    descriptor = await registry.put_blob(ALPHA, file)
    assert await stored(registry, descriptor.digest) == LARGE[1_000:]


async def test_a_short_stream_is_as_good_as_bytes(registry: Registry, server: DemoServer) -> None:
    descriptor = await registry.put_blob(ALPHA, pieces(LARGE))
    assert asked(server) == ["HEAD", "POST", "PUT"]
    assert await stored(registry, descriptor.digest) == LARGE


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_a_long_stream_of_which_nothing_is_known_goes_in_chunks(
    registry: Registry, server: DemoServer, algorithm: str
) -> None:
    descriptor = await registry.put_blob(ALPHA, pieces(HUGE), algorithm=algorithm)
    assert asked(server) == ["POST", "PATCH", "PATCH", "PATCH", "PUT"]
    ranges = [request.headers["content-range"] for request in server.requests if request.method == "PATCH"]
    assert ranges == [f"0-{CHUNK - 1}", f"{CHUNK}-{2 * CHUNK - 1}", f"{2 * CHUNK}-{len(HUGE) - 1}"]
    assert descriptor.digest == Digest.of(HUGE, algorithm)
    assert descriptor.size == len(HUGE)
    assert await stored(registry, descriptor.digest) == HUGE


async def test_a_long_stream_that_is_described_goes_in_one_piece(
    registry: Registry, server: DemoServer
) -> None:
    digest = Digest.of(HUGE)
    await registry.put_blob(ALPHA, pieces(HUGE), digest=digest, size=len(HUGE))
    assert asked(server) == ["HEAD", "POST", "PUT"]
    assert server.requests[-1].headers["content-length"] == str(len(HUGE))
    assert await stored(registry, digest) == HUGE


async def test_a_stream_of_a_blob_that_is_there_is_not_read(registry: Registry) -> None:
    async def never() -> AsyncIterator[bytes]:
        for _ in range(1):
            raise AssertionError("nobody needs it")
        yield b""

    await registry.put_blob(ALPHA, LARGE)
    for size in (None, len(LARGE)):
        descriptor = await registry.put_blob(ALPHA, never(), digest=Digest.of(LARGE), size=size)
        assert descriptor.size == len(LARGE)


async def test_a_blob_is_copied_as_a_stream_from_one_registry_to_another(registry: Registry) -> None:
    storage = Storage()
    digest = Digest(storage.put_blob(BETA, HUGE))
    with DemoServer(storage) as other:
        async with client() as own, own.registry(other.url).get_blob(BETA, digest) as blob:
            await registry.put_blob(ALPHA, blob, digest=digest, size=blob.size)
    assert await stored(registry, digest) == HUGE


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("chunk_size", [None, 70_000])
async def test_many_pieces_of_any_size_make_one_blob(
    registry: Registry, chunk_size: int | None, *, sized: bool
) -> None:
    async def ragged() -> AsyncIterator[bytes]:
        left = memoryview(LARGE)
        for size in (0, 1, 69_999, 0, 100_000, 5):
            yield bytes(left[:size])
            left = left[size:]
        yield bytes(left)

    size = len(LARGE) if sized else None
    descriptor = await registry.put_blob(ALPHA, ragged(), chunk_size=chunk_size, size=size)
    assert await stored(registry, descriptor.digest) == LARGE


async def test_chunks_are_as_large_as_was_asked_for(registry: Registry, server: DemoServer) -> None:
    await registry.put_blob(ALPHA, LARGE, chunk_size=128_000)
    sizes = [request.headers["content-length"] for request in server.requests if request.method == "PATCH"]
    assert sizes == ["128000", "128000", "44000"]


@pytest.mark.parametrize("make", [lambda: LARGE, lambda: pieces(LARGE)])
async def test_what_arrives_is_told_piece_by_piece(
    registry: Registry, make: Callable[[], bytes | AsyncIterator[bytes]]
) -> None:
    told: list[int] = []
    await registry.put_blob(ALPHA, make(), chunk_size=100_000, progress=told.append)
    assert told[0] == 0
    assert told == sorted(told)
    assert {100_000, 200_000} <= set(told)
    assert told[-1] == len(LARGE)


async def test_content_that_has_another_digest_is_not_sent(registry: Registry, server: DemoServer) -> None:
    with pytest.raises(DigestMismatchError):
        await registry.put_blob(ALPHA, LARGE, digest=SMALL_DIGEST)
    assert asked(server) == []


async def test_content_that_has_another_size_is_not_sent(registry: Registry, server: DemoServer) -> None:
    with pytest.raises(SizeMismatchError):
        await registry.put_blob(ALPHA, LARGE, size=1)
    assert asked(server) == []


@pytest.mark.parametrize("chunk_size", [None, 100_000])
async def test_a_stream_that_has_another_digest_is_never_closed_and_is_cancelled(
    registry: Registry, server: DemoServer, chunk_size: int | None
) -> None:
    size = len(HUGE)
    with pytest.raises(DigestMismatchError):
        await registry.put_blob(ALPHA, pieces(HUGE), digest=SMALL_DIGEST, size=size, chunk_size=chunk_size)
    assert asked(server)[-1] == "DELETE"
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(ALPHA, SMALL_DIGEST)
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(ALPHA, Digest.of(HUGE))


@pytest.mark.parametrize("wrong", [-1, 1])
@pytest.mark.parametrize("described", [True, False])
async def test_a_stream_that_has_another_size_is_never_closed(
    registry: Registry, wrong: int, *, described: bool
) -> None:
    digest = Digest.of(HUGE) if described else None
    with pytest.raises(SizeMismatchError):
        await registry.put_blob(ALPHA, pieces(HUGE), digest=digest, size=len(HUGE) + wrong)
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(ALPHA, Digest.of(HUGE))


async def test_an_algorithm_that_nobody_computes_is_an_error_at_once(
    registry: Registry, server: DemoServer
) -> None:
    for content in (SMALL, pieces(SMALL)):
        with pytest.raises(UnsupportedAlgorithmError):
            await registry.put_blob(ALPHA, content, algorithm="md5")
    with pytest.raises(UnsupportedAlgorithmError):
        await registry.put_blob(ALPHA, SMALL, digest=Digest("blake3:" + "a" * 64))
    assert asked(server) == []


class SourceError(Exception):
    pass


@pytest.mark.parametrize("error", [SourceError("no more"), OSError("the disk is gone"), ValueError("odd")])
@pytest.mark.parametrize("described", [True, False])
async def test_what_the_content_raises_is_raised_as_it_is_and_the_upload_is_cancelled(
    registry: Registry, server: DemoServer, error: Exception, *, described: bool
) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield HUGE[:CHUNK]
        yield HUGE[CHUNK : 2 * CHUNK]
        raise error

    known = {"digest": Digest.of(HUGE), "size": len(HUGE)} if described else {}
    with pytest.raises(type(error)) as caught:
        await registry.put_blob(ALPHA, failing(), **known)  # type: ignore[arg-type]  # two keywords of two types
    assert caught.value is error
    assert asked(server)[-1] == "DELETE"


async def test_content_of_no_known_kind_is_a_mistake(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x", encoding="utf-8")
    with (tmp_path / "text").open(encoding="utf-8") as text:
        for content in ("text", 5, [b"x"], text):
            with pytest.raises(TypeError):
                await registry.put_blob(ALPHA, content)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="at least one byte"):
        await registry.put_blob(ALPHA, SMALL, chunk_size=0)


async def test_a_file_that_is_absent_is_an_error_of_the_system(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await registry.put_blob(ALPHA, tmp_path / "absent")


async def test_a_file_that_shrinks_while_it_is_sent_is_an_error(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(LARGE)

    def shrink(_sent: int) -> None:
        os.truncate(path, 1_000)

    with pytest.raises(SizeMismatchError):
        await registry.put_blob(ALPHA, path, progress=shrink)


async def test_a_blob_is_mounted_and_not_sent(registry: Registry, server: DemoServer) -> None:
    digest = (await registry.put_blob(ALPHA, LARGE)).digest
    server.forget_requests()
    await registry.put_blob(BETA, LARGE, mount_from=ALPHA)
    assert [str(request) for request in server.requests][1:] == [
        f"POST /v2/{BETA}/blobs/uploads/?mount={digest}&from={ALPHA}"
    ]
    assert await stored(registry, digest, BETA) == LARGE


@pytest.mark.parametrize("source", [ALPHA, Repository("no/such")])
async def test_what_cannot_be_mounted_is_sent(
    registry: Registry, server: DemoServer, source: Repository
) -> None:
    await registry.put_blob(BETA, LARGE, mount_from=source)
    assert asked(server) == ["HEAD", "POST", "PUT"]
    assert await stored(registry, Digest.of(LARGE), BETA) == LARGE


async def test_a_stream_that_can_be_mounted_is_not_read_on(registry: Registry, server: DemoServer) -> None:
    await registry.put_blob(ALPHA, HUGE)
    server.forget_requests()
    size = len(HUGE)
    descriptor = await registry.put_blob(
        BETA, pieces(HUGE), digest=Digest.of(HUGE), size=size, mount_from=ALPHA
    )
    assert descriptor.size == size
    assert asked(server) == ["HEAD", "POST"]


async def test_a_blob_is_mounted_without_having_it(registry: Registry, server: DemoServer) -> None:
    digest = (await registry.put_blob(ALPHA, SMALL)).digest
    assert await registry.mount_blob(BETA, digest, ALPHA)
    assert await stored(registry, digest, BETA) == SMALL
    server.forget_requests()
    assert not await registry.mount_blob(BETA, Digest.of(b"nobody has this"), ALPHA)
    assert asked(server) == ["POST", "DELETE"]


async def test_a_blob_is_deleted(registry: Registry) -> None:
    digest = (await registry.put_blob(ALPHA, SMALL)).digest
    await registry.delete_blob(ALPHA, digest)
    with pytest.raises(BlobNotExistError):
        await registry.delete_blob(ALPHA, digest)
    with pytest.raises(BlobNotExistError):
        await registry.verify_blob(ALPHA, digest)


async def test_a_registry_that_is_read_only_says_so() -> None:
    storage = Storage()
    digest = Digest(storage.put_blob(ALPHA, SMALL))
    with DemoServer(storage, push=False, delete=False) as server:
        async with client() as own:
            registry = own.registry(server.url)
            with pytest.raises(UnsupportedError):
                await registry.put_blob(ALPHA, LARGE)
            with pytest.raises(UnsupportedError) as caught:
                await registry.delete_blob(ALPHA, digest)
    assert "the registry deletes no blobs" in str(caught.value)
    assert "switched on" in caught.value.remedy


async def test_warnings_of_writes_are_noted_once() -> None:
    with DemoServer(Storage(), headers=[("Warning", '299 - "the quota is nearly used up"')]) as server:
        async with client() as own:
            registry = own.registry(server.url)
            await registry.put_blob(ALPHA, LARGE)
            await registry.delete_blob(ALPHA, Digest.of(LARGE))
            assert registry.warnings == ("the quota is nearly used up",)


@pytest.mark.parametrize("login", [BasicLogin(USERS), BearerLogin(USERS)])
async def test_a_login_goes_along(login: BasicLogin | BearerLogin) -> None:
    with DemoServer(Storage(), login=login) as server:
        async with client() as own:
            registry = own.registry(server.url, ALICE)
            for content in (SMALL, LARGE, HUGE, pieces(LARGE), pieces(HUGE)):
                descriptor = await registry.put_blob(ALPHA, content, chunk_size=2_000_000)
                await registry.put_blob(BETA, content, digest=descriptor.digest, mount_from=ALPHA)
                await registry.delete_blob(ALPHA, descriptor.digest)


@pytest.mark.parametrize("login", [BasicLogin(USERS), BearerLogin(USERS, anonymous_pull=True)])
async def test_who_is_not_logged_in_may_not_push(login: BasicLogin | BearerLogin) -> None:
    with DemoServer(Storage(), login=login) as server:
        async with client() as own:
            registry = own.registry(server.url)
            for content in (SMALL, pieces(HUGE)):
                with pytest.raises(UnauthorizedError):
                    await registry.put_blob(ALPHA, content)
            with pytest.raises(UnauthorizedError):
                await registry.delete_blob(ALPHA, SMALL_DIGEST)


async def test_a_push_with_a_token_asks_for_one_token() -> None:
    with DemoServer(Storage(), login=BearerLogin(USERS)) as server:
        async with client() as own:
            await own.registry(server.url, ALICE).put_blob(ALPHA, pieces(HUGE))
        tokens = [request.query for request in server.requests if request.path == "/token"]
        assert len(tokens) == 1
        assert f"repository:{ALPHA}:pull,push" in tokens[0]


async def test_a_token_that_expires_between_two_chunks_is_renewed() -> None:
    login = BearerLogin(USERS)
    with DemoServer(Storage(), login=login) as server:
        async with client() as own:
            registry = own.registry(server.url, ALICE)
            for content in (LARGE, pieces(LARGE)):
                passed: set[int] = set()

                def expire(sent: int, passed: set[int] = passed) -> None:
                    if sent == 100_000 and sent not in passed:
                        login.desk.expire()
                    passed.add(sent)

                await registry.put_blob(
                    ALPHA, content, chunk_size=100_000, check_exists=False, progress=expire
                )
            assert await stored(registry, Digest.of(LARGE)) == LARGE
        assert [request.path for request in server.requests].count("/token") >= 3


async def test_what_is_told_of_progress_may_end_the_push(registry: Registry, server: DemoServer) -> None:
    enough = OSError("enough")

    def tell(sent: int) -> None:
        if sent:
            raise enough

    with pytest.raises(OSError, match="enough") as caught:
        await registry.put_blob(ALPHA, LARGE, progress=tell)
    assert caught.value is enough
    assert asked(server) == ["HEAD", "POST", "PUT", "DELETE"]


async def test_pipes_and_folders_are_no_content(registry: Registry, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match="asynchronous iterable"):
            await registry.put_blob(ALPHA, path)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb"):
        os.write(writing, b"x")
        with pytest.raises(ValueError, match="asynchronous iterable"):
            await registry.put_blob(ALPHA, pipe)


async def test_a_blob_is_not_mounted_from_where_it_goes(registry: Registry, server: DemoServer) -> None:
    await registry.put_blob(ALPHA, LARGE, mount_from=ALPHA)
    assert "mount" not in "".join(str(request) for request in server.requests)


async def test_concurrent_pushes_do_not_get_in_each_others_way(registry: Registry) -> None:
    blobs = [LARGE + bytes([number]) for number in range(24)]
    await asyncio.gather(*(registry.put_blob(ALPHA, pieces(blob), chunk_size=70_000) for blob in blobs))
    for blob in blobs:
        assert (await registry.verify_blob(ALPHA, Digest.of(blob))).size == len(blob)
