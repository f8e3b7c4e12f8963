"""The files of a merged image, by path, for those who read what its system says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.contents.errors import NotInLayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui.contents.layer import Layer
    from tui.contents.merged import MergedTree
    from tui.contents.nodes import Node


class ImageFiles:
    """Reads the files of an image, symbolic links followed inside it (`tui.contents.packages.Files`)."""

    def __init__(self, tree: MergedTree, layer: Callable[[int], Layer]) -> None:
        """Take an image.

        Args:
            tree: Its layers, stacked.
            layer: Gives a layer by its number.
        """
        self._tree = tree
        self._layer = layer

    def size(self, path: str) -> int | None:
        """Tell how many bytes a file has; None where there is no file."""
        try:
            return self._tree.content_of(self._tree.resolve(path))[1].size
        except NotInLayerError:
            return None

    def names(self, path: str) -> Iterable[str]:
        """Tell what lies in a directory; nothing where there is none."""
        try:
            directory: Node = self._tree.resolve(path)
        except NotInLayerError:
            return ()
        return [child.name for child in directory.children.values() if child.is_there]

    async def read(self, path: str, limit: int) -> bytes:
        """Read a file's first bytes.

        Raises:
            ContentsError: There is no such file, or it is damaged.
            RegistryError: It cannot be fetched.
        """
        number, entry = self._tree.content_of(self._tree.resolve(path))
        data = bytearray()
        pieces = self._layer(number).chunks(entry)
        try:
            async for piece in pieces:
                data += piece[: limit - len(data)]
                if len(data) >= limit:
                    break
        finally:
            await pieces.aclose()
        return bytes(data)
