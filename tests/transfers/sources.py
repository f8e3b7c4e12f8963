"""Streams of blobs that a test holds in its hand."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tui.client.blob_stream import BlobStream
from tui.client.errors import RequestLine
from tui.client.models import Descriptor
from tui.client.names import Digest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from hashlib import _Hash

REPOSITORY = Repository("team/app")
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LINE = RequestLine("GET", "https://registry.example/v2/team/app/blobs/sha256:0")


def descriptor_of(data: bytes, *, size: int | None = None) -> Descriptor:
    return Descriptor(media_type=LAYER, digest=Digest.of(data), size=len(data) if size is None else size)


class Source:
    """A registry with one blob.

    Args:
        chunks: What comes.
        pause_before: The index of a chunk before which the stream waits for `resume`, after setting `paused`.
        error: What is raised at the end.
        errors: What is raised after a number of chunks, each once and in this order.
        refusals: What is raised instead of an answer, each once and in this order; None for none.
        says_size: Whether the stream knows the size.
        size: What it says then; the truth where it is left out.
        ranges: Whether it begins where it is asked to.
    """

    def __init__(
        self,
        chunks: Sequence[bytes],
        *,
        pause_before: int | None = None,
        error: Exception | None = None,
        errors: Sequence[tuple[int, Exception]] = (),
        refusals: Sequence[Exception | None] = (),
        says_size: bool = True,
        size: int | None = None,
        ranges: bool = True,
    ) -> None:
        self.chunks = chunks
        self.pause_before = pause_before
        self.error = error
        self.errors = list(errors)
        self.refusals = list(refusals)
        self.size = (sum(map(len, chunks)) if size is None else size) if says_size else None
        self.ranges = ranges
        self.paused = asyncio.Event()
        self.resume = asyncio.Event()
        self.offsets: list[int] = []
        self.opened = 0
        self.closed = 0

    @contextlib.asynccontextmanager
    async def get_blob(
        self,
        repository: Repository,
        blob: Descriptor,
        /,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,
    ) -> AsyncIterator[BlobStream]:
        assert repository == REPOSITORY
        assert bulk
        self.opened += 1
        self.offsets.append(offset)
        try:
            if self.refusals and (refusal := self.refusals.pop(0)) is not None:
                raise refusal
            start = offset if self.ranges else 0
            yield BlobStream(
                self._bytes(start),
                blob.digest,
                size=self.size,
                offset=start,
                hasher=hasher if start else blob.digest.hasher(),
                line=LINE,
            )
        finally:
            self.closed += 1

    async def _bytes(self, start: int) -> AsyncGenerator[bytes, None]:
        sent = 0
        breaks = self.errors.pop(0) if self.errors else None
        for index, chunk in enumerate(self.chunks):
            if breaks is not None and index == breaks[0]:
                raise breaks[1]
            if index == self.pause_before:
                self.paused.set()
                await self.resume.wait()
            if kept := chunk[max(start - sent, 0) :]:
                yield kept
            sent += len(chunk)
        if self.error is not None:
            raise self.error
