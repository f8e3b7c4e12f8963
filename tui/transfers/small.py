"""Small blobs of an image, fetched side by side before they are put away one after the other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.client.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.documents.descriptors import Descriptor
    from tui.client.names import Digest, Repository
    from tui.transfers.download import BlobSource

__all__ = ["fetch_small"]

SMALL: Final = 64 * 1024
"""Bytes of a blob that takes no longer to come than the question after it: configs, most attestations."""

TOGETHER: Final = 4 * 1024 * 1024
"""Bytes of all of them together, which are held in memory: those of some hundred platforms."""

MOST: Final = 256
"""How many are fetched side by side at most: the client asks for some tens at a time."""


async def fetch_small(
    source: BlobSource, repository: Repository, blobs: Iterable[Descriptor]
) -> dict[Digest, Descriptor]:
    """Fetch the small ones of some blobs, as many as may be held in memory.

    What does not come is left out: it is asked for again in its turn, and what is wrong is told then.

    Args:
        source: Where they are.
        repository: The repository that has them.
        blobs: What will be needed, in this order.

    Returns:
        Descriptors that hold the content, from which a source gives it without a question.
    """
    wanted: list[Descriptor] = []
    left = TOGETHER
    for blob in blobs:
        if len(wanted) < MOST and 0 < blob.size <= min(SMALL, left) and blob.data is None:
            wanted.append(blob)
            left -= blob.size
    tasks = [asyncio.create_task(_fetch(source, repository, blob)) for blob in wanted]
    try:
        return {blob.digest: blob for blob in await asyncio.gather(*tasks) if blob.data is not None}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _fetch(source: BlobSource, repository: Repository, blob: Descriptor) -> Descriptor:
    content = bytearray()
    try:
        async with source.get_blob(repository, blob, bulk=True) as stream:
            await stream.pump(content.extend, _tell_nobody)
    except RegistryError:
        return blob
    return replace(blob, data=bytes(content))


def _tell_nobody(_count: int) -> None:
    """Take no notice of how far a small blob is."""
