"""What layouts and archives on disk have in common: names, documents and blobs, read on threads.

`LocalSource` is the face. What it shows is a `Contents`: what a layout's or an archive's own index says, read
when it is first needed, and again after the file has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from tui.client.blob_stream import BlobStream, at_hand, known_size, read_whole
from tui.client.documents.descriptors import Descriptor
from tui.client.documents.image_manifest import Index, Manifest, manifest_digest, parse_manifest
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    DigestMismatchError,
    InvalidNameError,
    ManifestNotExistError,
    NotFoundError,
    RepositoryNotExistError,
    RequestLine,
    SizeMismatchError,
)
from tui.client.limits import MAX_CONFIG
from tui.client.local.layout_format import parse_image_name
from tui.client.local.local_files import open_files
from tui.client.local.local_path import default_repository
from tui.client.names import DOCKER_HUB, Digest, Image
from tui.client.pages import Page
from tui.client.ranges import range_at_hand
from tui.client.reading import read_from
from tui.client.sharing import Shared
from tui.client.source import PAGE_SIZE, Source
from tui.client.threads import finished, in_thread, spawn

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
    from hashlib import _Hash
    from types import TracebackType

    from tui.client.local.local_files import Files
    from tui.client.local.open_file import OpenFile
    from tui.client.names import Repository, Tag

__all__ = ["Contents", "LocalSource"]

PIECE: Final = 1024 * 1024
"""Bytes that are read at a time: the way to a thread and back is short beside reading them."""


class Contents(Protocol):
    """What a layout or an archive held when its index was read; its methods block."""

    @property
    def tags(self) -> Mapping[Repository, Mapping[Tag, Descriptor]]:
        """What each tag names, by repository, in the order of the index."""
        ...

    @property
    def untagged(self) -> Mapping[Repository, Sequence[Descriptor]]:
        """What is listed without a tag, by repository."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about it, each once."""
        ...

    def document(self, digest: Digest) -> bytes | None:
        """Read a manifest or an index, which is not verified yet; None where it is absent."""
        ...

    def open_blob(self, digest: Digest) -> OpenFile | None:
        """Open a blob; None where it is absent."""
        ...

    def referrers(self, repository: Repository, digest: Digest) -> Iterable[Descriptor]:
        """Find the manifests that are about another one."""
        ...


class LocalSource(Source):
    """A layout or an archive on disk; an async context manager that lets go of it.

    Blobs are those of the whole layout, whatever repository they are asked of.

    Args:
        path: The folder or the file.
        read: Reads its index; it is called on a thread, with the repository of what has only a tag.
    """

    def __init__(self, path: str | os.PathLike[str], read: Callable[[Files, Repository], Contents]) -> None:
        self._path = Path(path)
        self._read = read
        self._files: Files | None = None
        self._contents: Contents | None = None
        self._stamp: Hashable = None
        self._loads: Shared[None, Contents] = Shared()

    @property
    def name(self) -> str:
        """The path, as it was given."""
        return str(self._path)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about what was read until now, each once; foreign words."""
        return self._contents.warnings if self._contents is not None else ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the file, and remove what was unpacked of it; it may be used again."""
        files, self._files, self._contents = self._files, None, None
        if files is not None:
            await in_thread(files.close)

    async def repositories(
        self,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Repository], None]:
        """List the repositories that the names of images speak of; one for those that have only a tag.

        Args:
            page_size: How many entries a page has; None for all of them.
            largest_page: Up to how many, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest should come in one.

        Raises:
            RegistryError: It cannot be read.
        """
        contents = await self._loaded()
        names = [*dict.fromkeys((*contents.tags, *contents.untagged))]
        for page in _pages(names, page_size, largest_page, whole):
            yield page

    async def tags(
        self,
        repository: Repository,
        *,
        page_size: int | None = PAGE_SIZE,
        largest_page: int | None = None,
        whole: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Page[Tag], None]:
        """List the tags of a repository.

        Args:
            repository: The repository.
            page_size: How many entries a page has; None for all of them.
            largest_page: Up to how many, each time twice as many; by default always as many.
            whole: Asked before each page but the first: whether the rest should come in one.

        Raises:
            RepositoryNotExistError: There is no such repository.
            RegistryError: It cannot be read.
        """
        contents = await self._loaded()
        if repository not in contents.tags and repository not in contents.untagged:
            line = self._line(f":{repository}")
            raise _absent(RepositoryNotExistError, "there is no such repository", line)
        for page in _pages([*contents.tags.get(repository, ())], page_size, largest_page, whole):
            yield page

    async def untagged(self, repository: Repository) -> tuple[Descriptor, ...]:
        """List the manifests of a repository that are listed without a tag.

        Raises:
            RegistryError: It cannot be read.
        """
        return tuple((await self._loaded()).untagged.get(repository, ()))

    async def find_image(self, text: str) -> Image:
        """Find an image by what people write behind the path.

        Args:
            text: A tag, where only one image has it or the names have no repositories; a repository and a
                tag, with or without Docker Hub's host and ``library/``; ``@`` and a digest.

        Raises:
            InvalidNameError: The text is something else.
            ManifestNotExistError: There is no such image, or more than one.
            RegistryError: It cannot be read.
        """
        contents = await self._loaded()
        default = default_repository(self._path)
        if text.startswith("@"):
            digest = Digest(text[1:])
            return Image(_repository_of(contents, digest) or default, digest)
        named = parse_image_name(text)
        if named is None:
            raise InvalidNameError("image", text, "it is neither a tag nor a repository and a tag")
        wanted, tag = named
        having = [repository for repository, tags in contents.tags.items() if tag in tags]
        if wanted is None:
            found = [default] if default in having else having
        else:
            found = [wanted] if wanted in having else [one for one in having if _plain(one) == _plain(wanted)]
        if len(found) != 1:
            reason = "more than one image has that tag" if found else "there is no such image"
            raise _absent(ManifestNotExistError, reason, self._line(f":{text}"))
        return Image(found[0], tag)

    async def get_manifest(self, image: Image, *, strict: bool = False) -> Index | Manifest:
        """Read a manifest or an index, verified.

        Args:
            image: The repository, and a tag or a digest.
            strict: Whether every violation of the image specification is an error (see `validate`).

        Raises:
            ManifestNotExistError: There is none.
            DigestMismatchError: Its bytes are not those that its digest names.
            ValidationError: The document has violations, and `strict` was asked for.
            RegistryError: It cannot be read.
        """
        contents = await self._loaded()
        line = self._line(f"@{image.reference}" if isinstance(image.reference, Digest) else f":{image}")
        wanted = image.reference
        if not isinstance(wanted, Digest):
            named = contents.tags.get(image.repository, {}).get(wanted)
            if named is None:
                raise _absent(ManifestNotExistError, "there is no such tag", line)
            wanted = named.digest
        with read_from(line):
            return await in_thread(_read_manifest, contents, wanted, line, strict)

    async def manifest_exists(self, image: Image) -> Descriptor:
        """Describe a manifest.

        Raises:
            ManifestNotExistError: There is none.
            RegistryError: It cannot be read.
        """
        return (await self.get_manifest(image)).descriptor

    async def get_blob_bytes(
        self, repository: Repository, descriptor: Descriptor, *, limit: int = MAX_CONFIG
    ) -> bytes:
        """Read a small blob as a whole, verified.

        Args:
            repository: The repository.
            descriptor: The blob.
            limit: The most bytes that are read.

        Raises:
            BodyTooLargeError: The blob is longer than that.
            BlobNotExistError: There is no such blob.
            RegistryError: It cannot be read, or is another one.
        """
        if descriptor.size > limit:
            line = self.blob_line(repository, descriptor.digest)
            raise BodyTooLargeError(limit, what="blob", request=line)
        async with self.get_blob(repository, descriptor) as stream:
            return await read_whole(stream, limit)

    @contextlib.asynccontextmanager
    async def get_blob(
        self,
        repository: Repository,
        blob: Digest | Descriptor,
        *,
        offset: int = 0,
        hasher: _Hash | None = None,
        bulk: bool = False,  # noqa: ARG002 - files are always read on threads
    ) -> AsyncGenerator[BlobStream, None]:
        """Open a blob as a stream that is verified at its end; leaving the context closes the file.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against the file's.
            offset: The first byte that is wanted.
            hasher: For an offset: a hash of the blob's algorithm that has been fed with the bytes before it.
            bulk: Whether the stream is to be pumped; it makes no difference here.

        Raises:
            BlobNotExistError: There is no such blob.
            SizeMismatchError: It has another size than the descriptor says.
            RegistryError: It cannot be read.
        """
        wanted = blob if isinstance(blob, Descriptor) else Descriptor(media_type="", digest=blob, size=0)
        line = self.blob_line(repository, wanted.digest)
        if (held := at_hand(wanted, offset=offset, hasher=hasher, line=line)) is not None:
            yield held
            return
        async with self._opened(wanted, line) as file:
            if offset > file.size:
                raise ValueError(f"offset {offset} is outside of the blob")
            async with contextlib.aclosing(_chunks(file, offset, line)) as chunks:
                yield BlobStream(
                    chunks,
                    wanted.digest,
                    size=file.size,
                    offset=offset,
                    hasher=hasher if offset else wanted.digest.hasher(),
                    line=line,
                )

    async def get_blob_range(
        self, repository: Repository, blob: Digest | Descriptor, offset: int, size: int
    ) -> bytes:
        """Fetch some bytes from the middle of a blob, in one request for exactly these.

        The digest covers the blob as a whole: nothing of a range is verified by it.

        Args:
            repository: The repository.
            blob: Its digest, or a descriptor, whose size is then held against the file's.
            offset: The first byte that is wanted.
            size: How many are wanted, up to 64 MiB; there are fewer only where the blob ends.

        Raises:
            BlobNotExistError: There is no such blob.
            BodyTooLargeError: More than that are wanted.
            SizeMismatchError: The blob has another size than the descriptor says.
            RegistryError: It cannot be read.
        """
        wanted = blob if isinstance(blob, Descriptor) else Descriptor(media_type="", digest=blob, size=0)
        line = self.blob_line(repository, wanted.digest)
        if (held := range_at_hand(wanted, offset, size, line)) is not None:
            return held
        async with self._opened(wanted, line) as file:
            with read_from(line):
                return await in_thread(file.read_at, offset, size)

    async def verify_blob(self, repository: Repository, digest: Digest) -> Descriptor:
        """Ask whether a blob exists, and how large it is.

        Raises:
            BlobNotExistError: There is no such blob.
            RegistryError: It cannot be read.
        """
        file = await self._open_blob(digest, self.blob_line(repository, digest))
        await in_thread(file.close)
        return Descriptor(media_type="application/octet-stream", digest=digest, size=file.size)

    async def get_referrers(
        self, repository: Repository, digest: Digest, artifact_type: str | None = None
    ) -> tuple[Descriptor, ...]:
        """List the manifests that are about another one: those of the index, and those of the fallback tag.

        Args:
            repository: The repository.
            digest: What they are about.
            artifact_type: Only those of this type; all where it is left out.

        Raises:
            RegistryError: It cannot be read.
        """
        contents = await self._loaded()
        with read_from(self._line(f"@{digest}")):
            found = await in_thread(lambda: list(contents.referrers(repository, digest)))
        return tuple(
            {
                entry.digest: entry
                for entry in found
                if artifact_type is None or entry.artifact_type == artifact_type
            }.values()
        )

    def blob_line(self, repository: Repository, digest: Digest) -> RequestLine:  # noqa: ARG002
        """Tell what is read for a blob, for the message of an error."""
        return self._line(f"@{digest}")

    def _line(self, what: str = "") -> RequestLine:
        """Name what is read; in a URL these two signs would begin something else."""
        return RequestLine("READ", f"{self.name}{what}".replace("?", "%3F").replace("#", "%23"))

    async def _loaded(self) -> Contents:
        """Read the index, unless it has been read and nothing has changed since."""
        return await self._loads.get(None, self._load)

    async def _load(self) -> Contents:
        with read_from(self._line()):
            if self._files is None:
                self._files = await in_thread(open_files, self._path)
            files = self._files
            stamp = await in_thread(files.stamp)
            if self._contents is None or stamp != self._stamp:
                files.stopped.clear()
                reading = spawn(self._read, files, default_repository(self._path), name="layout reader")
                self._contents = await finished(asyncio.wrap_future(reading), files.stopped.set)
                self._stamp = stamp
            return self._contents

    @contextlib.asynccontextmanager
    async def _opened(self, wanted: Descriptor, line: RequestLine) -> AsyncGenerator[OpenFile, None]:
        """Open a blob that has the size that its descriptor says, and close it in the end."""
        file = await self._open_blob(wanted.digest, line)
        try:
            size = known_size(wanted)
            if size is not None and size != file.size:
                raise SizeMismatchError(size, file.size, request=line)
            yield file
        finally:
            await in_thread(file.close)

    async def _open_blob(self, digest: Digest, line: RequestLine) -> OpenFile:
        digest.hasher()
        contents = await self._loaded()
        with read_from(line):
            file = await in_thread(contents.open_blob, digest, unwanted=_close)
        if file is None:
            raise _absent(BlobNotExistError, "there is no such blob", line)
        return file


def _close(file: OpenFile | None) -> None:
    if file is not None:
        file.close()


def _repository_of(contents: Contents, digest: Digest) -> Repository | None:
    """Find a repository that lists a digest, with or without a tag."""
    for repository, tags in contents.tags.items():
        if any(entry.digest == digest for entry in tags.values()):
            return repository
    for repository, entries in contents.untagged.items():
        if any(entry.digest == digest for entry in entries):
            return repository
    return None


def _plain(repository: Repository) -> str:
    """Leave out what goes without saying of Docker Hub's repositories."""
    return repository.removeprefix(f"{DOCKER_HUB}/").removeprefix("library/")


def _read_manifest(
    contents: Contents,
    digest: Digest,
    line: RequestLine,
    strict: bool,  # noqa: FBT001 - threads are handed arguments by their places
) -> Index | Manifest:
    digest.hasher()
    raw = contents.document(digest)
    if raw is None:
        raise _absent(ManifestNotExistError, f"there is no manifest {digest.short}", line)
    actual = manifest_digest(raw, digest.algorithm)
    if actual != digest:
        raise DigestMismatchError(digest, actual, request=line)
    return parse_manifest(raw, digest=digest, request=line, strict=strict)


async def _chunks(file: OpenFile, offset: int, line: RequestLine) -> AsyncGenerator[bytes, None]:
    with read_from(line):
        while piece := await in_thread(file.read_at, offset, PIECE):
            offset += len(piece)
            yield piece


def _absent(kind: type[NotFoundError], message: str, line: RequestLine) -> NotFoundError:
    remedy = "Check the name; what it lists and does not have has to be written again, whole."
    return kind((), 0, line, message=message, remedy=remedy)


def _pages(
    items: Sequence[Any], page_size: int | None, largest: int | None, whole: Callable[[], bool] | None
) -> Iterator[Page[Any]]:
    """Give a list in pages, of which there is at least one."""
    at = 0
    size = len(items) if page_size is None else page_size
    while True:
        size = max(size, 1)
        yield Page(tuple(items[at : at + size]), 0, at + size >= len(items))
        at += size
        if at >= len(items):
            return
        size = len(items) if whole is not None and whole() else max(min(size * 2, largest or size), size)
