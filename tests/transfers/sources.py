"""Streams of blobs that a test holds in its hand."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tui.client.errors import DigestMismatchError
from tui.client.models import Descriptor
from tui.client.names import Digest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

REPOSITORY = Repository("team/app")
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def descriptor_of(data: bytes, *, size: int | None = None) -> Descriptor:
    return Descriptor(media_type=LAYER, digest=Digest.of(data), size=len(data) if size is None else size)


class Stream:
    """Gives chunks, and verifies them at the end as the client's stream does."""

    def __init__(self, source: Source, digest: Digest, size: int | None) -> None:
        self.size = size
        self._source = source
        self._digest = digest

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        hasher = self._digest.hasher()
        for index, chunk in enumerate(self._source.chunks):
            if index == self._source.pause_before:
                self._source.paused.set()
                await self._source.resume.wait()
            hasher.update(chunk)
            yield chunk
        if self._source.error is not None:
            raise self._source.error
        if hasher.hexdigest() != self._digest.hex:
            raise DigestMismatchError(self._digest, f"{self._digest.algorithm}:{hasher.hexdigest()}")


class Source:
    """A registry with one blob.

    Args:
        chunks: What comes.
        pause_before: The index of a chunk before which the stream waits for `resume`, after setting `paused`.
        error: What is raised at the end.
        says_size: Whether the stream knows the size.
    """

    def __init__(
        self,
        chunks: Sequence[bytes],
        *,
        pause_before: int | None = None,
        error: Exception | None = None,
        says_size: bool = True,
    ) -> None:
        self.chunks = chunks
        self.pause_before = pause_before
        self.error = error
        self.says_size = says_size
        self.paused = asyncio.Event()
        self.resume = asyncio.Event()
        self.opened = 0
        self.closed = 0

    @contextlib.asynccontextmanager
    async def get_blob(self, repository: Repository, blob: Descriptor) -> AsyncIterator[Stream]:
        assert repository == REPOSITORY
        self.opened += 1
        try:
            size = sum(map(len, self.chunks)) if self.says_size else None
            yield Stream(self, blob.digest, size)
        finally:
            self.closed += 1
