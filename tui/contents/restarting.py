"""What reading the files of a gzip layer needs of restart points: how they are found, and what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tui.contents.byte_source import ByteSource, Piece

__all__ = ["Finder", "Points"]


class Points(Protocol):
    """Places within a gzip stream from which it can be unpacked, as `tui.contents.restarts` has them."""

    def cost(self, start: int, size: int) -> int:
        """Tell how many packed bytes it takes to read a range.

        Args:
            start: The first unpacked byte.
            size: How many are wanted.
        """
        ...

    def pieces(
        self, source: ByteSource, start: int, size: int, moved: Callable[[int], object] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Give a range of the unpacked bytes, piece by piece.

        Args:
            source: The packed layer.
            start: The first unpacked byte.
            size: How many are wanted; there are fewer only where the layer ends.
            moved: Called with the number of packed bytes of each request.

        Raises:
            NoRangesError: The source gives its bytes from the beginning only.
            DamagedContentError: They cannot be unpacked.
        """
        ...


class Finder(Protocol):
    """Finds the points while all packed bytes pass by on a worker thread."""

    def write(self, piece: Piece) -> None:
        """Take the next bytes.

        Args:
            piece: Bytes that follow those of the last call.
        """
        ...

    def points(self) -> Points:
        """Give the points, after the last byte; it blocks until they are found.

        Raises:
            ContentsError: None could be found.
        """
        ...

    def close(self) -> None:
        """Leave it, whether points were found or not; it may block for a moment."""
        ...
