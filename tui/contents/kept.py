"""What is known of a layer from earlier visits, and what is kept of it for later ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from tui.client.threads import finished, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.contents.listing_form import Listing
    from tui.contents.restarts import RestartPoints
    from tui.contents.store import LayerStore

__all__ = ["Kept", "places_of"]

MOST_ENTRIES: Final = 500_000
"""Entries of a listing that is kept: writing more down takes hundreds of megabytes of memory."""


class Kept:
    """A layer's listing and restart points, as a store has them; without one, nothing is known or kept.

    Args:
        store: Where they are kept.
        digest: Of the layer; "" where nobody knows it.
    """

    def __init__(self, store: LayerStore | None, digest: str) -> None:
        self._store = store if digest else None
        self._digest = digest
        self._writing: set[asyncio.Task[object]] = set()

    async def recall(self) -> tuple[Listing | None, RestartPoints | None]:
        """Give what is known from earlier visits."""
        if self._store is None:
            return None, None
        listing = await in_thread(self._store.listing, self._digest)
        return listing, await in_thread(self._store.points, self._digest)

    def keep_listing(self, listing: Listing) -> None:
        """Keep a complete listing, beside what goes on.

        Args:
            listing: It is not changed any more.
        """
        if self._store is not None and len(listing.entries) <= MOST_ENTRIES:
            self._write(self._store.keep_listing, listing)

    def keep_points(self, points: RestartPoints) -> None:
        """Keep restart points, beside what goes on.

        Args:
            points: All of the layer.
        """
        if self._store is not None:
            self._write(self._store.keep_points, points)

    async def settled(self) -> None:
        """Wait until all is kept."""
        if self._writing:
            await finished(asyncio.ensure_future(asyncio.wait(set(self._writing))))

    def _write(self, keep: Callable[..., bool], value: object) -> None:
        task: asyncio.Task[object] = asyncio.create_task(in_thread(keep, self._digest, value))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def places_of(value: Any) -> list[tuple[int, int]]:
    """Read places, packed and unpacked, as they were kept; none where they are none.

    Args:
        value: A JSON value.
    """
    if not isinstance(value, list):
        return []
    places: list[tuple[int, int]] = []
    for pair in value:
        match pair:
            case [int(packed), int(unpacked)] if packed >= 0 and unpacked >= 0:
                places.append((packed, unpacked))
            case _:
                return []
    return sorted(places)
