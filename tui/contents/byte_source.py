"""Where the packed bytes of a layer come from: a registry's blob, a file, or some bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

__all__ = ["ByteSource", "Piece"]

Piece: TypeAlias = "bytes | bytearray | memoryview"
"""Bytes that are valid only while the function runs that they are handed to."""


class ByteSource(Protocol):
    """Bytes of a known length that can be read from the beginning, and perhaps at any place.

    Errors of where they come from (no connection, no access, a wrong digest) pass through unchanged.
    """

    @property
    def digest(self) -> str:
        """The digest of all bytes (``sha256:…``), which names them for ever; "" where nobody knows it."""
        ...

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    async def read(self, offset: int, size: int) -> bytes:
        """Read some bytes from a place, in one request.

        Args:
            offset: The first byte that is wanted.
            size: How many are wanted; there are fewer only where the source ends.

        Raises:
            NoRangesError: The source gives its bytes from the beginning only.
        """
        ...

    async def pump(
        self, write: Callable[[Piece], object], told: Callable[[int], object] | None = None
    ) -> None:
        """Hand over all bytes from the first one on, and verify them at their end.

        Cancelling it ends the transfer; no call of `write` goes on after that.

        Args:
            write: Takes bytes in order, on a worker thread; what it raises ends all and is raised here.
            told: Called on the event loop with the number of bytes that have come since the last call.
        """
        ...
