"""Files of an image saved to disk: below one folder, each whole or not at all, nothing replaced."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from tui.client.redaction import printable
from tui.client.threads import in_thread
from tui.contents.entries import Entry, Kind
from tui.contents.errors import ContentsError, DamagedContentError, NotSavedError, TooLargeError
from tui.contents.places import FOLDER_MODE, Place, PlaceRefusedError, Unfinished

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
    from hashlib import _Hash
    from pathlib import Path

    from tui.contents.nodes import Node

__all__ = ["LeftOut", "Saved", "ToSave", "save", "things_below"]

_Result = TypeVar("_Result")

MOST_TOLD: Final = 1_000
"""Things left out that are named; nobody reads more of them, and each costs memory."""

_HOPELESS: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}
"""What ails the disk or the program, and not one name."""


class _LimitError(TooLargeError):
    """There is more than may be saved."""


class _DiskError(Exception):
    """The system refuses something on disk, not where the bytes come from."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


_THERE: Final = "something of that name is there"


@dataclass(frozen=True, slots=True)
class ToSave:
    """One thing to save."""

    parts: tuple[str, ...]
    """Where: names of folders below the chosen one, and its own."""
    entry: Entry
    """What it is."""
    content: Entry | None = None
    """What says its size and digest: the file itself, or what a hard link is; None for what has no bytes."""
    chunks: Callable[[], AsyncGenerator[bytes, None]] | None = None
    """Gives its bytes, of `content`."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that was not saved."""

    path: str
    """Where it would have been; foreign text."""
    reason: str
    """A few words for a person."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, and what was not."""

    files: int = 0
    """Files with all their bytes; a hard link is one."""
    folders: int = 0
    """Folders that were named, and are new."""
    links: int = 0
    """Symbolic links."""
    size: int = 0
    """Bytes of the files."""
    checked: int = 0
    """Files whose bytes are those that a digest names."""
    left_out: tuple[LeftOut, ...] = ()
    """What was not saved, `MOST_TOLD` at most."""
    left_out_count: int = 0
    """How much was not saved in all."""

    @property
    def verified(self) -> bool:
        """Whether the bytes of every file are those that a digest names."""
        return 0 < self.files == self.checked


def things_below(node: Node, chunks: Callable[[int, Entry], AsyncGenerator[bytes, None]]) -> Iterator[ToSave]:
    """Give a file, or a folder with all that is in it, as things to save; its own name comes first.

    Args:
        node: Of a tree that does not change meanwhile.
        chunks: Gives the bytes of a file: of which layer it is, by its number, and its entry there.
    """
    waiting = [(node, (node.name,) if node.name else ())]
    while waiting:
        at, parts = waiting.pop()
        if not at.is_there:
            continue
        if parts:
            yield _to_save(at, parts, chunks)
        waiting += ((child, (*parts, child.name)) for child in at.children.values())


def _to_save(
    node: Node, parts: tuple[str, ...], chunks: Callable[[int, Entry], AsyncGenerator[bytes, None]]
) -> ToSave:
    if node.entry is None:
        return ToSave(parts, Entry("/".join(parts), Kind.DIRECTORY, mode=FOLDER_MODE))
    if node.content is None or node.kind is not Kind.FILE:
        return ToSave(parts, node.entry)
    number, content = node.content
    return ToSave(parts, node.entry, content, lambda: chunks(number, content))


async def save(
    things: Iterable[ToSave],
    folder: Path,
    *,
    most: int,
    links: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Saved:
    """Save files, folders and links below a folder.

    What is there already stays as it is, and nothing is written over it or into it. Permissions are kept,
    less what the umask takes away, and set-user-ID, set-group-ID and sticky bits; the owner may always enter
    a folder. Times of files are kept. Devices and pipes are left out.

    When the task is cancelled, the files that were whole stay; there is nothing of the one that was not.

    Args:
        things: In an order in which folders come before what lies in them.
        folder: Where; it has to be there.
        most: Bytes that all files together may have.
        links: Whether symbolic links are made, as they are; otherwise they are left out.
        progress: Called on the event loop with the bytes written so far, and the files that are whole.

    Raises:
        NotSavedError: The folder cannot be written, or the disk is full.
        TooLargeError: There are more bytes than `most`; what was written stays.
        RegistryError: The bytes cannot be fetched, where `chunks` raises that.
    """
    if os.open not in os.supports_dir_fd:
        raise NotSavedError("This system cannot write below a folder safely.")
    try:
        place = await in_thread(Place, folder)
    except OSError as error:
        raise _refused(error) from error
    run = _Run(place, most, progress, links=links)
    try:
        for thing in things:
            await run.add(thing)
    finally:
        await in_thread(place.close)
    return run.result()


class _Run:
    """One time of saving, and what it has come to."""

    def __init__(
        self, place: Place, most: int, progress: Callable[[int, int], object] | None, *, links: bool
    ) -> None:
        self._place = place
        self._most = most
        self._progress = progress
        self._with_links = links
        self._files = self._folders = self._links = self._size = self._checked = self._count = 0
        self._left_out: list[LeftOut] = []

    def result(self) -> Saved:
        return Saved(
            self._files,
            self._folders,
            self._links,
            self._size,
            self._checked,
            tuple(self._left_out),
            self._count,
        )

    async def add(self, thing: ToSave) -> None:
        """Save one thing, or note why not."""
        try:
            await self._save(thing)
        except PlaceRefusedError as why:
            self._leave_out(thing, str(why))
        except _LimitError:
            raise
        except ContentsError as error:
            self._leave_out(thing, str(error))
        except _DiskError as refused:
            if refused.error.errno is None or refused.error.errno in _HOPELESS:
                raise _refused(refused.error) from refused
            there = isinstance(refused.error, FileExistsError)
            self._leave_out(thing, _THERE if there else _said(refused.error))

    async def _save(self, thing: ToSave) -> None:
        kind = thing.entry.kind
        if not thing.parts:
            raise PlaceRefusedError("it has no name")
        if kind is Kind.DIRECTORY:
            self._folders += await _on_disk(self._place.make_folder, thing.parts, thing.entry.mode)
        elif kind is Kind.SYMLINK:
            if not self._with_links:
                raise PlaceRefusedError("a symbolic link")
            await _on_disk(self._place.make_link, thing.parts, thing.entry.target)
            self._links += 1
        elif kind not in {Kind.FILE, Kind.HARDLINK}:
            raise PlaceRefusedError(
                f"a {kind.value}" if kind is not Kind.OTHER else "no file, folder or link"
            )
        elif thing.content is None or thing.chunks is None:
            raise PlaceRefusedError("its bytes are not there")
        else:
            await self._write(thing, thing.content, thing.chunks)

    async def _write(
        self, thing: ToSave, content: Entry, chunks: Callable[[], AsyncGenerator[bytes, None]]
    ) -> None:
        if content.size > self._most - self._size:
            raise _LimitError(f"There are more than {self._most:,} bytes to save.")
        before = self._size
        check = _Check(content)
        file = await _on_disk(
            Unfinished, self._place, thing.parts, content.mode, unwanted=lambda made: made.close()
        )
        try:
            async with aclosing(chunks()) as pieces:
                async for piece in pieces:
                    check.check_room(len(piece))
                    await _on_disk(_take, file, check, piece)
                    self._size += len(piece)
                    self._tell()
            checked = check.end()
            await _on_disk(file.finish, content.mtime)
        except BaseException:
            self._size = before
            raise
        finally:
            await _on_disk(file.close)
        self._files += 1
        self._checked += checked
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._size, self._files)

    def _leave_out(self, thing: ToSave, reason: str) -> None:
        self._count += 1
        if len(self._left_out) < MOST_TOLD:
            self._left_out.append(LeftOut("/".join(thing.parts), reason))


class _Check:
    """Compares the bytes of a file with what its entry says of them: of the whole, or else of each chunk."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._at = 0
        self._parts: list[tuple[int, str]] = []
        """Where what a digest names ends, and the digest, the last one first."""
        if _algorithm(entry.digest):
            self._parts = [(entry.size, entry.digest)]
        elif entry.chunks and all(_algorithm(chunk.digest) for chunk in entry.chunks):
            ends = [(chunk.start + chunk.size, chunk.digest) for chunk in entry.chunks]
            starts = [0, *(end for end, _ in ends)]
            if starts == [*(chunk.start for chunk in entry.chunks), entry.size]:
                self._parts = ends[::-1]
        self._hasher = self._next()
        self._checks = self._hasher is not None

    def check_room(self, size: int) -> None:
        """Refuse bytes behind the end that the entry says."""
        if self._at + size > self._entry.size:
            raise DamagedContentError("it is longer than the layer says")

    def update(self, piece: bytes) -> None:
        """Take some more bytes in; a digest that is complete is compared."""
        rest = memoryview(piece)
        while rest and self._hasher is not None:
            part = rest[: self._parts[-1][0] - self._at]
            self._hasher.update(part)
            self._at += len(part)
            rest = rest[len(part) :]
            self._compare()
        self._at += len(rest)

    def end(self) -> bool:
        """Tell whether a digest names these bytes.

        Raises:
            DamagedContentError: They are fewer than the entry says, or others.
        """
        if self._at < self._entry.size:
            raise DamagedContentError("it is shorter than the layer says")
        self._compare()
        return self._checks

    def _compare(self) -> None:
        while self._hasher is not None and self._at >= self._parts[-1][0]:
            if self._hasher.hexdigest() != self._parts.pop()[1].partition(":")[2]:
                raise DamagedContentError("its bytes are not those that its digest names")
            self._hasher = self._next()

    def _next(self) -> _Hash | None:
        return hashlib.new(_algorithm(self._parts[-1][1])) if self._parts else None


def _algorithm(digest: str) -> str:
    """Return the algorithm of a digest; "" for one that cannot be checked."""
    name, _, value = digest.partition(":")
    return name if value and name in {"sha256", "sha512"} else ""


async def _on_disk(
    function: Callable[..., _Result], *arguments: object, unwanted: Callable[[_Result], object] | None = None
) -> _Result:
    """Do something on disk, on a worker thread."""
    try:
        return await in_thread(function, *arguments, unwanted=unwanted)
    except OSError as error:
        raise _DiskError(error) from error


def _take(file: Unfinished, check: _Check, piece: bytes) -> None:
    check.update(piece)
    file.write(piece)


def _refused(error: OSError) -> NotSavedError:
    return NotSavedError(f"It cannot be saved: {_said(error)}.")


def _said(error: OSError) -> str:
    return printable(error.strerror or str(error)).lower()
