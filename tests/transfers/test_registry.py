"""Downloads from a registry over real HTTP, a good one and bad ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tui.client import (
    BasicAuth,
    BlobNotExistError,
    Client,
    DigestMismatchError,
    Image,
    NotFoundError,
    RegistryError,
    Repository,
    SizeMismatchError,
    Tag,
    UnauthorizedError,
)
from tui.client.models import Descriptor
from tui.client.names import Digest
from tui.demo import BasicLogin, DemoServer, Storage
from tui.demo.faults import Gate, cut_off, html_page, path_has
from tui.transfers import Downloads, Retries, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tui.client import Index, Manifest, Registry

REPOSITORY = Repository("team/app")
DATA = hashlib.shake_256(b"layer").digest(5_000_000)
DESCRIPTOR = Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", Digest.of(DATA), len(DATA))


@pytest.fixture
def storage() -> Storage:
    made = Storage()
    made.put_blob(REPOSITORY, DATA)
    return made


@pytest.fixture
def server(storage: Storage) -> Iterator[DemoServer]:
    with DemoServer(storage) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client() as opened:
        yield opened


@pytest.fixture
def registry(client: Client, server: DemoServer) -> Registry:
    return client.registry(server.url)


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    owner = Downloads(retries=Retries(first_wait=0))
    yield owner
    await owner.aclose()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_every_blob_of_an_image_and_its_manifest_arrive_whole(
    client: Client, downloads: Downloads, tmp_path: Path
) -> None:
    with DemoServer() as server:
        registry = client.registry(server.url)
        repository = Repository("library/debian")
        index, manifests = await registry.get_manifests(Image(repository, Tag("bookworm")))
        assert index is not None
        blobs = {
            descriptor.digest: descriptor
            for manifest in manifests
            for descriptor in (manifest.config, *manifest.layers)
            if descriptor is not None
        }
        transfers = [
            downloads.start(registry, repository, descriptor, tmp_path) for descriptor in blobs.values()
        ]
        documents: list[Index | Manifest] = [index, *manifests]
        transfers += [
            downloads.start_document(document.raw, document.descriptor, tmp_path) for document in documents
        ]
        assert {await transfer.wait() for transfer in transfers} == {State.DONE}
    found = contents(tmp_path)
    assert len(found) == len(transfers) >= 8
    for transfer in transfers:
        assert f"sha256:{hashlib.sha256(found[transfer.name]).hexdigest()}" == transfer.digest


async def test_a_blob_whose_size_nobody_says_arrives_whole(
    registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    unsized = Descriptor(DESCRIPTOR.media_type, DESCRIPTOR.digest, 0)
    transfer = downloads.start(registry, REPOSITORY, unsized, tmp_path)
    assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: DATA}
    assert transfer.total == len(DATA)


async def test_a_blob_that_was_exchanged_never_becomes_a_file(
    storage: Storage, registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    flipped = DATA[:-1] + bytes([DATA[-1] ^ 1])
    storage.put_blob(REPOSITORY, flipped, digest=DESCRIPTOR.digest)
    transfer = downloads.start(registry, REPOSITORY, DESCRIPTOR, tmp_path)
    assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, DigestMismatchError)
    assert transfer.error.expected == DESCRIPTOR.digest
    assert transfer.error.actual == Digest.of(flipped)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("change", [-1, 1, -len(DATA)])
async def test_a_blob_of_another_size_never_becomes_a_file(
    storage: Storage, registry: Registry, downloads: Downloads, tmp_path: Path, change: int
) -> None:
    storage.put_blob(REPOSITORY, (DATA + b"x")[: len(DATA) + change], digest=DESCRIPTOR.digest)
    transfer = downloads.start(registry, REPOSITORY, DESCRIPTOR, tmp_path)
    assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, SizeMismatchError)
    assert contents(tmp_path) == {}


async def test_a_connection_that_breaks_off_is_made_again_for_the_rest(
    server: DemoServer, registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    server.before.append(cut_off(DATA, 3_000_000, path_has("/blobs/"), times=1))
    transfer = downloads.start(registry, REPOSITORY, DESCRIPTOR, tmp_path)
    assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: DATA}
    assert transfer.notice == ""
    assert [request.headers.get("range") for request in server.requests if "/blobs/" in request.path] == [
        None, "bytes=3000000-",
    ]  # fmt: skip


async def test_a_page_for_people_is_no_blob(
    server: DemoServer, registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    server.before.append(html_page(matching=path_has("/blobs/")))
    for descriptor in (DESCRIPTOR, Descriptor(DESCRIPTOR.media_type, DESCRIPTOR.digest, 0)):
        transfer = downloads.start(registry, REPOSITORY, descriptor, tmp_path)
        assert await transfer.wait() is State.FAILED
        assert isinstance(transfer.error, RegistryError)
        assert contents(tmp_path) == {}


async def test_a_blob_that_is_not_there_is_told(
    registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    absent = Descriptor(DESCRIPTOR.media_type, Digest.of(b"absent"), 6)
    transfer = downloads.start(registry, REPOSITORY, absent, tmp_path)
    assert await transfer.wait() is State.FAILED
    assert isinstance(transfer.error, BlobNotExistError)
    assert isinstance(transfer.error, NotFoundError)
    assert contents(tmp_path) == {}


async def test_cancelling_reaches_the_socket(
    server: DemoServer, registry: Registry, downloads: Downloads, tmp_path: Path
) -> None:
    gate = Gate(path_has("/blobs/"))
    server.before.append(gate)
    transfer = downloads.start(registry, REPOSITORY, DESCRIPTOR, tmp_path)
    await gate.arrived()
    assert list(contents(tmp_path)) == [f"{transfer.name}.part"]
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    await gate.abandoned()
    assert contents(tmp_path) == {}


async def test_a_slow_registry_is_followed_and_left_in_the_middle(
    storage: Storage, client: Client, tmp_path: Path
) -> None:
    downloads = Downloads(on_change=lambda transfer: transfer.cancel() if transfer.done > 100_000 else None)
    with DemoServer(storage, bytes_per_second=2_000_000) as server:
        transfer = downloads.start(client.registry(server.url), REPOSITORY, DESCRIPTOR, tmp_path)
        assert await transfer.wait() is State.CANCELLED
    assert 100_000 < transfer.done < len(DATA)
    assert transfer.total == len(DATA)
    assert contents(tmp_path) == {}


async def test_a_login_is_used_and_its_absence_is_told(
    storage: Storage, client: Client, downloads: Downloads, tmp_path: Path
) -> None:
    with DemoServer(storage, login=BasicLogin({"alice": "s3cret"})) as server:
        stranger = downloads.start(client.registry(server.url), REPOSITORY, DESCRIPTOR, tmp_path)
        assert await stranger.wait() is State.FAILED
        assert isinstance(stranger.error, UnauthorizedError)
        known = client.registry(server.url, BasicAuth("alice", "s3cret"))
        transfer = downloads.start(known, REPOSITORY, DESCRIPTOR, tmp_path)
        assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {transfer.name: DATA}
