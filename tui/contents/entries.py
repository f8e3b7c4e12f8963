"""What a layer says of one file: a value that every format of layers is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Chunk", "Entry", "Kind"]

NO_ATTRIBUTES: Final[Mapping[str, bytes]] = MappingProxyType({})


class Kind(Enum):
    """What kind of thing a path names."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    CHARACTER = "character device"
    BLOCK = "block device"
    FIFO = "pipe"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file that a table of contents allows to be fetched alone."""

    at: int
    """The first byte of the packed layer that it needs."""
    packed: int
    """Bytes of the packed layer that it needs; 0 where it is known to be zeros."""
    start: int
    """Where it begins in the file."""
    size: int
    """Bytes of the file."""
    digest: str = ""
    """Of these bytes; "" where the table says none."""
    skip: int = 0
    """Bytes to leave out at the beginning of what is unpacked: those of chunks before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, directory or link of a layer, as the layer says it.

    Text is foreign. What is no UTF-8 is kept with surrogates (``surrogateescape``).
    """

    path: str
    """Parts joined by ``/``, without a leading or trailing one and without ``.``; "" for the root.
    ``..`` stays, and such an entry has a problem: it is no place in the tree."""
    kind: Kind = Kind.FILE
    size: int = 0
    """Bytes that reading the file gives; 0 for what has none."""
    mode: int = 0
    """Permissions with set-user-ID, set-group-ID and sticky bits (0o7777)."""
    uid: int = 0
    gid: int = 0
    owner: str = ""
    """The owner's name; "" where the layer says none."""
    group: str = ""
    """The group's name; "" where the layer says none."""
    mtime: float | None = None
    """Seconds since 1970-01-01 UTC; None where it says none that can be."""
    target: str = ""
    """Of a symbolic link: what it says, untouched. Of a hard link: a path like `path`."""
    device: tuple[int, int] | None = None
    """Major and minor number of a device."""
    attributes: Mapping[str, bytes] = field(default_factory=lambda: NO_ATTRIBUTES, hash=False)
    """Extended attributes, by name."""
    offset: int | None = None
    """Where its stored bytes begin in the unpacked layer; None where that is not known, or there are none."""
    sparse: tuple[tuple[int, int], ...] | None = None
    """Of a sparse file: the pieces that are stored, one after the other, as place in the file and size."""
    chunks: tuple[Chunk, ...] = ()
    """Where the table of contents tells how to fetch the file alone: its parts, in order."""
    digest: str = ""
    """Of the whole file; "" where the layer says none."""
    problems: tuple[str, ...] = ()
    """What is wrong with it, each as a few words a person understands."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]
