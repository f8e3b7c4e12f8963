"""The files of two images: listed from their layers, compared, and read where somebody looks closer."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from tui.client.threads import in_thread
from tui.contents.comparison import compare_files, files_of, settled
from tui.contents.errors import NotInLayerError
from tui.panes.file_views import PREVIEW_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tui.contents.comparison import FileDifference
    from tui.contents.entries import Entry
    from tui.inside import Located
    from tui.insides import Insides
    from tui.merged_inside import MergedInside
    from tui.places import LayerPlace

    Files = dict[str, tuple[Entry, str]]

SIGNS = ("−", "+")
"""Stand before what is said of the first image and of the other one."""


class ComparedFiles:
    """Finds the files that differ between two images."""

    def __init__(self, insides: Insides, before: Sequence[LayerPlace], after: Sequence[LayerPlace]) -> None:
        """Begin with nothing; nothing is fetched before `arrive`.

        Args:
            insides: Opens layers.
            before: Those of the first image, from the lowest on.
            after: Those of the other one.
        """
        self._sides: list[MergedInside | None] = [
            insides.merged(places) if places else None for places in (before, after)
        ]
        self._digests = [
            [str(place.descriptor.digest) for place in places if place.descriptor is not None]
            for places in (before, after)
        ]
        self._at = 0
        self.found: list[FileDifference] = []
        """What differs, or may, by path."""
        self.complete = False
        """Whether all was listed and compared."""

    async def arrive(self) -> AsyncGenerator[None, None]:
        """List both images, one after the other, and compare them; leaving it ends the transfer.

        Raises:
            ContentsError: A layer cannot be read.
            RegistryError: One cannot be fetched.
        """
        for at, side in enumerate(self._sides):
            self._at = at
            if side is not None and not side.complete:
                async with aclosing(side.arrive()) as arriving:
                    async for _ in arriving:
                        yield
        self.found = await in_thread(self._compare)
        self.complete = True

    def _compare(self) -> list[FileDifference]:
        before, after = (
            files_of(side.root, digests) if side is not None else {}
            for side, digests in zip(self._sides, self._digests, strict=True)
        )
        return compare_files(before, after)

    @property
    def waits_for(self) -> str:
        """What is on its way."""
        side = self._sides[self._at]
        return f"{SIGNS[self._at]} {side.waits_for if side is not None else 'no layers'}"

    def figures(self) -> str:
        """Tell how many files each image has, their size, and what was fetched for that, a line for each."""
        told = (side.figures() if side is not None else "no layers" for side in self._sides)
        return "\n".join(map(" ".join, zip(SIGNS, told, strict=True)))

    @property
    def problems(self) -> list[str]:
        """What is wrong with any layer, so that its files may be told wrongly."""
        sides = zip(SIGNS, self._sides, strict=True)
        return [f"{sign} {problem}" for sign, side in sides if side is not None for problem in side.problems]

    def located(self, one: FileDifference) -> tuple[Located | None, Located | None]:
        """Find where the bytes of both are; None where there is nothing at the path."""
        before, after = (
            side.located(node)
            if entry is not None and side is not None and (node := side.root.find(one.path)) is not None
            else None
            for side, entry in zip(self._sides, (one.before, one.after), strict=True)
        )
        return before, after

    def settle(self, one: FileDifference, *, equal: bool) -> FileDifference | None:
        """Note whether the bytes of a file differ, of which that was not certain.

        Returns:
            What is known now; None for no difference.
        """
        known = settled(one, equal=equal)
        kept = [other for other in self.found if other is not one]
        self.found = [*kept, known] if known is not None else kept
        return known


async def first_bytes(place: Located | None) -> bytes:
    """Read the first bytes of a file, `PREVIEW_BYTES` at most.

    Raises:
        ContentsError: They cannot be read.
        RegistryError: They cannot be fetched.
    """
    if place is None or place.layer is None or place.bytes_of is None:
        raise NotInLayerError(
            (place.dead_end if place is not None else "") or "the image has no bytes for it"
        )
    return await place.layer.read(place.bytes_of, 0, min(PREVIEW_BYTES, place.bytes_of.size))
