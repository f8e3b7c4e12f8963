"""Documents by digest, kept in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

KeyT = TypeVar("KeyT", bound="Hashable")
ValueT = TypeVar("ValueT")

DOCUMENTS_LIMIT = 64 * 1024 * 1024
"""Bytes of raw documents kept: thousands of usual manifests, some tens of the largest that are read."""


class Documents(Generic[KeyT, ValueT]):
    """Keeps the values used last, as many as fit into a number of bytes."""

    def __init__(self, limit: int = DOCUMENTS_LIMIT) -> None:
        self._limit = limit
        self._used = 0
        self._values: OrderedDict[KeyT, tuple[ValueT, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: KeyT) -> ValueT | None:
        """Return the value kept under a key, or None."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: KeyT, value: ValueT, size: int) -> None:
        """Keep a value that takes `size` bytes; the values unused for longest make room for it."""
        if key in self._values:
            self._used -= self._values.pop(key)[1]
        self._values[key] = (value, size)
        self._used += size
        while self._used > self._limit:
            _, (_, freed) = self._values.popitem(last=False)
            self._used -= freed
