"""Blobs: whole, in part, absent, over every server."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.real.contract import content
from tui.client import (
    BlobNotExistError,
    BodyTooLargeError,
    Digest,
    DigestMismatchError,
    RangesUnsupportedError,
    Registry,
    Repository,
)
from tui.client.models import Descriptor

if TYPE_CHECKING:
    from tests.real.contract.traits import Traits

APP = Repository(content.APP)
LAYER = Descriptor(content.OCI_LAYER, Digest.of(content.LAYER), len(content.LAYER))
ABSENT = Descriptor(content.OCI_LAYER, Digest.of(b"never put"), 9)
KEPT = 100_000
"""Bytes of the layer that are there already."""


async def test_a_blob_comes_whole(registry: Registry) -> None:
    async with registry.get_blob(APP, LAYER) as stream:
        assert (stream.offset, stream.size) == (0, LAYER.size)
        assert b"".join([chunk async for chunk in stream]) == content.LAYER


async def test_a_blob_of_which_only_the_digest_is_known_comes_whole(registry: Registry) -> None:
    async with registry.get_blob(APP, LAYER.digest) as stream:
        assert b"".join([chunk async for chunk in stream]) == content.LAYER


async def test_a_blob_is_pumped(registry: Registry) -> None:
    pieces: list[bytes] = []
    async with registry.get_blob(APP, LAYER.digest, bulk=True) as stream:
        await stream.pump(lambda piece: pieces.append(bytes(piece)))
    assert b"".join(pieces) == content.LAYER


@pytest.mark.parametrize("bulk", [False, True])
async def test_a_blob_goes_on_where_it_was_left_or_from_its_beginning(
    registry: Registry, traits: Traits, *, bulk: bool
) -> None:
    kept = hashlib.sha256(content.LAYER[:KEPT])
    pieces: list[bytes] = []
    async with registry.get_blob(APP, LAYER.digest, offset=KEPT, hasher=kept, bulk=bulk) as stream:
        assert stream.offset == (KEPT if traits.open_ranges else 0)
        assert stream.size == LAYER.size
        await stream.pump(lambda piece: pieces.append(bytes(piece)))
    assert b"".join(pieces) == content.LAYER[stream.offset :]


async def test_wrong_bytes_before_an_offset_are_noticed(registry: Registry, traits: Traits) -> None:
    wrong = hashlib.sha256(bytes(KEPT))

    async def read() -> bytes:
        async with registry.get_blob(APP, LAYER, offset=KEPT, hasher=wrong) as stream:
            return b"".join([chunk async for chunk in stream])

    if traits.open_ranges:
        with pytest.raises(DigestMismatchError):
            await read()
    else:
        assert await read() == content.LAYER


@pytest.mark.parametrize("bulk", [False, True])
async def test_an_offset_past_the_end_brings_the_blob_from_its_beginning(
    registry: Registry, *, bulk: bool
) -> None:
    # docker-registry refuses with the length of the blob, of which no byte follows.
    pieces: list[bytes] = []
    async with registry.get_blob(APP, LAYER.digest, offset=10 * LAYER.size, bulk=bulk) as stream:
        assert stream.offset == 0
        await stream.pump(lambda piece: pieces.append(bytes(piece)))
    assert b"".join(pieces) == content.LAYER
    assert (await registry.verify_blob(APP, LAYER.digest)).size == LAYER.size


async def test_a_small_blob_comes_at_once(registry: Registry) -> None:
    descriptor = Descriptor("", Digest.of(content.AMD64_CONFIG), len(content.AMD64_CONFIG))
    assert await registry.get_blob_bytes(APP, descriptor) == content.AMD64_CONFIG
    with pytest.raises(BodyTooLargeError):
        await registry.get_blob_bytes(APP, descriptor, limit=descriptor.size - 1)


@pytest.mark.parametrize("blob", [LAYER, LAYER.digest])
async def test_some_bytes_of_a_blob_come_alone(
    registry: Registry, traits: Traits, blob: Digest | Descriptor
) -> None:
    for offset, size in ((0, 1), (KEPT, 1000), (LAYER.size - 10, 10), (LAYER.size - 10, 1000)):
        is_within = isinstance(blob, Descriptor) or offset + size <= LAYER.size
        if traits.ranges and (is_within or traits.open_ranges):
            found = await registry.get_blob_range(APP, blob, offset, size)
            assert found == content.LAYER[offset : offset + size]
        else:
            with pytest.raises(RangesUnsupportedError):
                await registry.get_blob_range(APP, blob, offset, size)


async def test_behind_its_last_byte_a_blob_has_no_bytes_or_no_ranges(registry: Registry) -> None:
    assert await registry.get_blob_range(APP, LAYER, LAYER.size, 10) == b""
    try:
        assert await registry.get_blob_range(APP, LAYER.digest, LAYER.size, 10) == b""
    except RangesUnsupportedError as error:
        assert error.remedy  # noqa: PT017 - a server need not say how long what it refuses is


async def test_the_size_of_a_blob_is_known_without_fetching_it(registry: Registry) -> None:
    found = await registry.verify_blob(APP, LAYER.digest)
    assert (found.digest, found.size) == (LAYER.digest, LAYER.size)


async def test_an_unknown_blob_does_not_exist(registry: Registry) -> None:
    with pytest.raises(BlobNotExistError) as caught:
        async with registry.get_blob(APP, ABSENT):
            pytest.fail("there is nothing to read")
    assert caught.value.codes == ("BLOB_UNKNOWN",)
    assert ABSENT.digest in str(caught.value)
    assert caught.value.remedy
    with pytest.raises(BlobNotExistError):
        await registry.get_blob_bytes(APP, ABSENT)
    with pytest.raises(BlobNotExistError):
        await registry.get_blob_range(APP, ABSENT, 0, 5)


async def test_head_tells_of_an_unknown_blob_without_a_body(registry: Registry) -> None:
    with pytest.raises(BlobNotExistError) as caught:
        await registry.verify_blob(APP, ABSENT.digest)
    assert caught.value.codes == ()
    assert caught.value.remedy


async def test_a_blob_of_another_repository_is_there_where_repositories_share(
    registry: Registry, traits: Traits
) -> None:
    elsewhere = Digest.of(content.ONLY_ELSEWHERE)
    assert (await registry.verify_blob(Repository(content.ELSEWHERE), elsewhere)).size
    if traits.shared_blobs:
        assert (await registry.verify_blob(APP, elsewhere)).size == len(content.ONLY_ELSEWHERE)
    else:
        with pytest.raises(BlobNotExistError):
            await registry.verify_blob(APP, elsewhere)
