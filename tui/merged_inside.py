"""What is inside of an image up to a layer, as a container sees it."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from tui.client.threads import in_thread
from tui.contents.entries import Kind
from tui.contents.errors import NotInLayerError
from tui.contents.merged import MergedTree
from tui.contents.packages import summarise
from tui.contents.wasted import wasted_space
from tui.figures import counted, size
from tui.image_files import ImageFiles
from tui.inside import MOST_ODD, Inside, Located, changes_of, entry_of, said_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tui.contents.layer import Layer
    from tui.contents.nodes import Node
    from tui.contents.packages import Summary
    from tui.contents.wasted import Wasted
    from tui.inside import LayerInside

_WITH_BYTES: Final = (Kind.FILE, Kind.HARDLINK, Kind.SYMLINK)


class MergedInside(Inside):
    """The files of an image up to a layer, as a container sees them."""

    def __init__(self, layers: Sequence[LayerInside]) -> None:
        """Begin with nothing.

        Args:
            layers: From the lowest on, at least one; the last one's changes have marks.
        """
        super().__init__()
        self.has_marks = True
        self.layers = layers
        self.tree = MergedTree()
        self._at = layers[0]
        self._wasted: Wasted | None = None
        self._summary: Summary | None = None

    @property
    def title(self) -> str:
        """Up to which layer it goes."""
        last = self.layers[-1].place
        return "all layers" if last.number == last.count else f"merged up to layer {last.number}"

    @property
    def root(self) -> Node:
        """The merged tree; nothing is in it before all layers are there."""
        return self.tree.root

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with any of the layers."""
        return tuple(f"layer {one.place.number}: {text}" for one in self.layers for text in one.problems)

    async def arrive(self) -> AsyncGenerator[None, None]:
        """List the layers that are not known yet, one after the other, and merge them all."""
        for layer in self.layers:
            self._at = layer
            if layer.complete:
                continue
            async with aclosing(layer.arrive()) as arriving:
                async for _ in arriving:
                    yield
        # Merging takes half a second where there are very many files; nobody looks at the trees meanwhile.
        self.tree = await in_thread(MergedTree, [layer.tree for layer in self.layers])
        self.odd = [entry for layer in self.layers for entry in layer.odd][:MOST_ODD]
        for layer in self.layers:
            layer.has_marks = True
        self.complete = True

    async def wasted(self) -> Wasted:
        """Count the space that is wasted; on a thread: where there are very many files it takes seconds.

        Raises:
            TooLargeError: A layer has more names than are counted.
        """
        if self._wasted is None:
            self._wasted = await in_thread(wasted_space, [layer.layer.entries for layer in self.layers])
        return self._wasted

    async def summary(self) -> Summary:
        """Read which system it says that it is, and which packages it has; the files for that are fetched.

        Raises:
            RegistryError: They cannot be.
        """
        if self._summary is None:
            self._summary = await summarise(ImageFiles(self.tree, self._layer))
        return self._summary

    def _layer(self, number: int) -> Layer:
        return next(one.layer for one in self.layers if one.place.number == number)

    @property
    def waits_for(self) -> str:
        """Which of the layers is arriving."""
        at = self._at
        return f"layer {at.place.number} of {len(self.layers)}: {at.figures()} …"

    def figures(self) -> str:
        """Tell how many files there are, their size, and what was fetched for that."""
        fetched = sum(layer.layer.fetched for layer in self.layers)
        moved = f"{size(fetched)} fetched" if fetched else "kept from before"
        return f"{counted(self.root.count, 'file')} · {size(self.root.total)} · {moved}"

    def described(self) -> list[tuple[str, str]]:
        """Tell about the image."""
        return [
            ("image", self.title),
            ("files", f"{self.root.count:,}"),
            ("size", f"{size(self.root.total)} as a container sees it"),
            ("fetched", size(sum(layer.layer.fetched for layer in self.layers))),
        ]

    def located(self, node: Node) -> Located:
        """Find a file's bytes in the layer that brought them, links followed inside the image."""
        top = self.layers[-1].place.number
        entry, origin, said = entry_of(node), f"layer {node.layer}", (*changes_of(node, top), *said_of(node))
        if node.is_directory or node.kind not in _WITH_BYTES:
            return Located(entry, origin=origin, said=said)
        try:
            if node.is_there and (found := self.tree.resolve(node.path)).is_directory:
                return Located(entry, origin=origin, said=said, directory=found)
            number, content = self.tree.content_of(node)
        except NotInLayerError as error:
            return Located(entry, origin=origin, said=said, dead_end=str(error))
        return Located(entry, content, self._layer(number), origin, said)
