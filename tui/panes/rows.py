"""The rows of a list while it grows: as they came or in an order, all or those that a filter lets through."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")

LARGEST_PAGE: Final = 1_000
"""Rows of a page, up to which pages grow from the first one on: as many as common registries give. Of what
comes in one piece so many are taken at a time, in a few milliseconds."""

SLICE: Final = 400
"""Rows whose keys are made at a time: a few milliseconds, between which keys of the keyboard are answered."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[RowT]):
    """Some rows more."""

    rows: Sequence[RowT]
    last: bool
    """Whether these are all."""
    patient: bool = True
    """Whether the load goes on only when the person comes near the end of what is there."""


def batches(items: Sequence[ItemT], make: Callable[[ItemT], RowT], *, last: bool) -> Iterator[Batch[RowT]]:
    """Make batches of one page, of whatever length; only after all of them a load waits.

    Args:
        items: What has arrived.
        make: Makes a row of each.
        last: Whether these are all.
    """
    for start in range(0, max(len(items), 1), LARGEST_PAGE):
        end = start + LARGEST_PAGE
        whole = end >= len(items)
        yield Batch([make(item) for item in items[start:end]], last=last and whole, patient=whole)


@dataclass(frozen=True, slots=True)
class Order(Generic[RowT]):
    """An order in which a list can be shown."""

    name: str
    """What the border says of it; empty for the order of the registry."""
    key: Callable[[RowT], Any] | None
    """Makes keys that can be compared."""


def _itself(row: Any) -> Any:
    return row


class Rows(Generic[RowT]):
    """Keeps rows, and what shows of them.

    What one more page costs depends on the page, not on how many rows there are already.
    """

    def __init__(self, text: Callable[[RowT], str], key: Callable[[RowT], Hashable] = _itself) -> None:
        """Begin without rows.

        Args:
            text: Tells what the filter looks at.
            key: Tells what makes a row the same row although more is known of it.
        """
        self._text = text
        self._identity = key
        self._all: list[RowT] = []
        self._texts: list[str] = []
        self._words: tuple[str, ...] = ()
        self._key: Callable[[RowT], Any] | None = None
        self._keys: list[Any] = []
        self._shown: list[RowT] = []
        self._shown_keys: list[Any] = []
        # Where rows stand, by what makes them the same row; made when it is needed, void when rows move.
        self._places: dict[Hashable, list[int]] | None = None
        self._shown_places: dict[Hashable, list[int]] | None = None

    @property
    def all(self) -> list[RowT]:
        """All rows, in the order in which they came."""
        return self._all

    @property
    def shown(self) -> list[RowT]:
        """The rows that show, in their order; the same list until the filter or the order changes."""
        return self._shown

    @property
    def filtered(self) -> bool:
        """Whether a filter stands."""
        return bool(self._words)

    def clear(self) -> None:
        """Forget all rows and the filter; the order stays."""
        self._words = ()
        self._all, self._texts, self._keys = [], [], []
        self._shown, self._shown_keys = [], []
        self._places = self._shown_places = None

    def append(self, rows: Iterable[RowT], cursor: int = 0) -> int:
        """Take more rows, and show those that the filter lets through.

        Args:
            rows: What has arrived.
            cursor: The index of a row that shows.

        Returns:
            The index of the same row now.
        """
        self._places = self._shown_places = None
        for row in rows:
            text = self._text(row).casefold()
            self._all.append(row)
            self._texts.append(text)
            if self._key is None:
                if self._matches(text):
                    self._shown.append(row)
                continue
            key = self._key(row)
            self._keys.append(key)
            if self._matches(text):
                index = bisect_right(self._shown_keys, key)
                self._shown_keys.insert(index, key)
                self._shown.insert(index, row)
                cursor += index <= cursor and len(self._shown) > 1
        return cursor

    def filter(self, text: str) -> None:
        """Show only rows that contain each word of a text, in whatever case; no words for all rows."""
        self._words = tuple(text.casefold().split())
        self._show()

    async def order_by(self, key: Callable[[RowT], Any] | None) -> None:
        """Put the rows into an order, a slice at a time; rows that arrive meanwhile find their place, too.

        Args:
            key: Makes keys that can be compared; None for the order in which rows came.
        """
        keys: list[Any] = []
        if key is not None:
            while len(keys) < len(self._all):
                keys.extend(key(row) for row in self._all[len(keys) : len(keys) + SLICE])
                await asyncio.sleep(0)
        self._key, self._keys = key, keys
        self._show()

    def prepend(self, row: RowT) -> None:
        """Take a row that comes before all others, where they are in no order."""
        self._places = None
        self._all.insert(0, row)
        self._texts.insert(0, self._text(row).casefold())
        if self._key is not None:
            self._keys.insert(0, self._key(row))
        self._show()

    def remove(self, matches: Callable[[RowT], bool]) -> None:
        """Forget rows."""
        self._places = None
        kept = [index for index, row in enumerate(self._all) if not matches(row)]
        self._all = [self._all[index] for index in kept]
        self._texts = [self._texts[index] for index in kept]
        self._keys = [self._keys[index] for index in kept] if self._key is not None else []
        self._show()

    def replace(self, row: RowT) -> None:
        """Put a row into the place of the one that it replaces, whose text and place stay the same."""
        if self._places is None:
            self._places = self._find_places(self._all)
        if self._shown_places is None:
            self._shown_places = self._find_places(self._shown)
        key = self._identity(row)
        for rows, places in ((self._all, self._places), (self._shown, self._shown_places)):
            for index in places.get(key, ()):
                rows[index] = row

    def _find_places(self, rows: Sequence[RowT]) -> dict[Hashable, list[int]]:
        places: dict[Hashable, list[int]] = {}
        for index, row in enumerate(rows):
            places.setdefault(self._identity(row), []).append(index)
        return places

    def _matches(self, text: str) -> bool:
        return all(word in text for word in self._words)

    def _show(self) -> None:
        self._shown_places = None
        indexes: Iterable[int] = range(len(self._all))
        if self._words:
            indexes = [index for index, text in enumerate(self._texts) if self._matches(text)]
        if self._key is not None:
            indexes = sorted(indexes, key=self._keys.__getitem__)
            self._shown_keys = [self._keys[index] for index in indexes]
        self._shown = [self._all[index] for index in indexes]
