"""What is inside of a layer, or of an image up to it: a tree, its figures, and the way to bytes."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from tui.contents.entries import Entry, Kind
from tui.contents.errors import NotInLayerError
from tui.contents.links import locate
from tui.contents.nodes import walk
from tui.contents.tree import LayerTree
from tui.figures import counted, share, size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from tui.contents.layer import Layer
    from tui.contents.nodes import Node
    from tui.places import LayerPlace

TABLES: Final = ("eStargz", "zstd:chunked")
"""Formats whose layers say in one place what is in them."""

MOST_ODD: Final = 1_000
"""Odd entries that are listed; where there are more nobody reads all of them."""


@dataclass(frozen=True, slots=True)
class Located:
    """An entry, and where its bytes are."""

    entry: Entry
    """What the layer says of it."""
    bytes_of: Entry | None = None
    """Where its bytes are: the entry itself, or what its links lead to; None where there are none."""
    layer: Layer | None = None
    """The layer that these lie in."""
    origin: str = ""
    """Where it comes from: "layer 2"."""
    said: tuple[tuple[str, str], ...] = ()
    """What else there is to say of it, each with a label."""
    directory: Node | None = None
    """The directory that its links lead to, where they lead to one."""
    dead_end: str = ""
    """Why it has no bytes, where it should have some."""

    @property
    def cost(self) -> int:
        """Bytes that opening it moves."""
        return self.layer.cost(self.bytes_of) if self.layer is not None and self.bytes_of is not None else 0


class Inside(ABC):
    """A tree of files that is looked at, whatever it is of."""

    def __init__(self) -> None:
        self.has_marks = False
        """Whether layers below are known, so that what is added, changed and removed has a mark."""
        self.complete = False
        """Whether all was listed that can be."""
        self.odd: Sequence[Entry] = ()
        """Entries with something wrong, `MOST_ODD` at most; known when it is complete."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is of, in a few words."""

    @property
    @abstractmethod
    def root(self) -> Node:
        """The tree; another one after `arrive` has begun anew."""

    @property
    @abstractmethod
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it as a whole, each as a sentence."""

    @abstractmethod
    def arrive(self) -> AsyncGenerator[None, None]:
        """List what is inside, from the beginning; leaving it ends the transfer.

        Raises:
            ContentsError: It cannot be read.
            RegistryError: It cannot be fetched.
        """

    @abstractmethod
    def figures(self) -> str:
        """Tell how much there is, how much of it was fetched, and how."""

    @abstractmethod
    def described(self) -> list[tuple[str, str]]:
        """Tell about it as a whole, values with labels."""

    @abstractmethod
    def located(self, node: Node) -> Located:
        """Find what a node is, and where its bytes are."""

    @property
    def waits_for(self) -> str:
        """What is said while it arrives."""
        return "more is arriving …" if self.root.count else "loading …"


class LayerInside(Inside):
    """The files of one layer, as it brought them."""

    def __init__(self, place: LayerPlace, layer: Layer, packed: int) -> None:
        """Begin with nothing.

        Args:
            place: Where the layer is.
            layer: What lists it and reads its files.
            packed: Its size in bytes.
        """
        super().__init__()
        self.place = place
        self.layer = layer
        self.tree = LayerTree(place.number)
        self._packed = packed

    @property
    def title(self) -> str:
        """Which layer it is."""
        return f"layer {self.place.number} of {self.place.count}"

    @property
    def root(self) -> Node:
        """The layer's own files, and what it removes of those below."""
        return self.tree.root

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the layer."""
        return (*self.layer.problems, *self.tree.problems)

    async def arrive(self) -> AsyncGenerator[None, None]:
        """List the layer."""
        tree = self.tree = LayerTree(self.place.number)
        async with aclosing(self.layer.batches()) as batches:
            async for entries in batches:
                tree.add(entries)
                yield
        self.odd = await asyncio.to_thread(odd_entries, tree)
        self.complete = True

    def figures(self) -> str:
        """Tell how many files there are, their size, and what of the layer was fetched for that."""
        there = f"{counted(self.root.count, 'file')} · {size(self.root.total)}"
        if self.complete:
            return f"{there} · {self.how_read()}"
        return f"{there} · {share(self.layer.progress, self._packed)} of {size(self._packed)} fetched"

    def how_read(self) -> str:
        """Tell how the list was come by."""
        if not self.layer.fetched:
            return "kept from before"
        how = "table of contents" if self.layer.format in TABLES else "stream"
        return f"{size(self.layer.fetched)} fetched ({how})"

    def described(self) -> list[tuple[str, str]]:
        """Tell about the layer."""
        return [
            ("layer", f"{self.place.number} of {self.place.count}"),
            ("files", f"{self.root.count:,}"),
            ("size", f"{size(self.root.total)} unpacked, {size(self._packed)} packed"),
            ("packing", self.layer.format),
            ("read", self.how_read() if self.complete else "on its way"),
        ]

    def located(self, node: Node) -> Located:
        """Find a file's bytes in this layer."""
        entry, origin, said = (
            entry_of(node),
            f"layer {node.layer}",
            (*changes_of(node, node.layer), *said_of(node)),
        )
        if not node.is_there:
            return Located(entry, origin=origin, said=said)
        found = node
        if node.kind is Kind.SYMLINK:
            try:
                found, missing, _ = locate(self.root, node.path.split("/"))
            except NotInLayerError as error:
                return Located(entry, origin=origin, said=said, dead_end=str(error))
            if missing:
                path = "/".join(filter(None, (found.path, *missing)))
                return Located(
                    entry, origin=origin, said=said, dead_end=f"It leads to /{path}, {_ELSEWHERE}."
                )
        content = found.content
        if content is None and found.kind is Kind.HARDLINK:
            dead_end = f"It is the same file as /{entry_of(found).target}, {_ELSEWHERE}."
            return Located(entry, origin=origin, said=said, dead_end=dead_end)
        if content is not None and content[0] == self.place.number and content[1].kind is Kind.FILE:
            return Located(entry, content[1], self.layer, origin, said)
        directory = found if found.is_directory and found is not node else None
        return Located(entry, origin=origin, said=said, directory=directory)


_ELSEWHERE: Final = "which this layer does not have: merged with those below, it may be there"


def entry_of(node: Node) -> Entry:
    """Return what a layer says of a node, or what is made of a directory that none says anything of."""
    return node.entry or Entry(node.path, Kind.DIRECTORY, mode=0o755)


def changes_of(node: Node, top: int) -> Iterator[tuple[str, str]]:
    """Tell what the topmost layer does to a node."""
    if node.change is not None:
        yield "change", f"{node.change.value} by layer {top}"


def said_of(node: Node) -> Iterator[tuple[str, str]]:
    """Tell of a node what its entry does not say."""
    if node.is_directory and node.is_there:
        if node.entry is None:
            yield "entry", "none: it is only named by what lies in it"
        yield "in it", f"{counted(node.count, 'file')} · {size(node.total)}"
    if node.opaque:
        yield "opaque", "nothing of what layers below have in it remains"


def odd_entries(tree: LayerTree) -> list[Entry]:
    """Find the entries that something is wrong with, `MOST_ODD` at most."""
    placed = (node.entry for node in walk(tree.root) if node.entry is not None and node.entry.problems)
    return [*islice(tree.outside, MOST_ODD), *islice(placed, max(0, MOST_ODD - len(tree.outside)))]
