"""What a `LineView` shows: lines that are asked for one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.content import Content


class Document(ABC):
    """Lines of a known number at a given width.

    Styles in lines are theme variables, or components of the line view after a dot (`.line-view--key`).
    """

    folds: bool = False
    """Whether lines can be folded at all."""

    @abstractmethod
    def line_count(self, width: int) -> int:
        """Return how many lines there are.

        Args:
            width: of the view, in cells.
        """

    @abstractmethod
    def line(self, index: int, width: int) -> Content:
        """Return one line; it may be wider than the view, which then scrolls sideways.

        Args:
            index: from 0.
            width: of the view, in cells.
        """

    def raw(self, index: int, width: int) -> str:
        """Return what the line stands for, in full and as it was received: what copying it gives.

        Args:
            index: of the line.
            width: of the view, in cells.
        """
        return self.line(index, width).plain

    def reflowed(self, index: int, old_width: int, new_width: int) -> int:  # noqa: ARG002 -- for those that wrap
        """Return where the line is found when the view has another width."""
        return index

    def toggle(self, index: int) -> bool:  # noqa: ARG002 -- for those that fold
        """Fold or unfold what the line begins or ends, and tell whether there was something to fold."""
        return False

    def fold_start(self, index: int) -> int:
        """Return the line that remains when what this line begins or ends is folded."""
        return index

    def fold_all(self, index: int) -> int:
        """Fold everything, and return where the line, or what it was folded into, is then."""
        return index

    def unfold_all(self, index: int) -> int:
        """Unfold everything, within reason, and return where the line is then."""
        return index


class WrappingDocument(Document):
    """A document of blocks, each of which becomes one line or several, depending on the width."""

    def __init__(self) -> None:
        self._measured_width = -1
        self._ends: list[int] = []

    @abstractmethod
    def block_count(self) -> int:
        """Return how many blocks there are."""

    @abstractmethod
    def block_heights(self, width: int) -> Sequence[int]:
        """Return how many lines each block takes."""

    @abstractmethod
    def block_line(self, block: int, row: int, width: int) -> Content:
        """Return one line of a block."""

    @abstractmethod
    def block_raw(self, block: int) -> str:
        """Return what the block stands for, in full and as it was received."""

    def line_count(self, width: int) -> int:
        """Return how many lines all blocks take."""
        self._measure(width)
        return self._ends[-1] if self._ends else 0

    def line(self, index: int, width: int) -> Content:
        """Return one line of the block that the index falls into."""
        block, row = self._locate(index, width)
        return self.block_line(block, row, width)

    def raw(self, index: int, width: int) -> str:
        """Return the whole block that the line belongs to."""
        return self.block_raw(self._locate(index, width)[0])

    def reflowed(self, index: int, old_width: int, new_width: int) -> int:
        """Return the first line of the same block at another width."""
        if not self.line_count(old_width):
            return 0
        block, row = self._locate(index, old_width)
        self._measure(new_width)
        start = self._ends[block - 1] if block else 0
        return min(start + row, self._ends[block] - 1)

    def _measure(self, width: int) -> None:
        if width != self._measured_width:
            self._ends = list(accumulate(self.block_heights(width)))
            self._measured_width = width

    def _locate(self, index: int, width: int) -> tuple[int, int]:
        """Return a line's block, and the line's place within it."""
        self._measure(width)
        block = bisect_right(self._ends, index)
        return block, index - (self._ends[block - 1] if block else 0)
