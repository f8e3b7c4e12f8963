"""The layers that the person has looked into in this run, and the images that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import platformdirs

from tui.contents.layer import open_layer
from tui.inside import LayerInside
from tui.layer_source import BlobSource
from tui.merged_inside import MergedInside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui.contents.layer import Layer
    from tui.contents.store import LayerStore
    from tui.library import Library
    from tui.places import LayerPlace

MOST_FILES: Final = 300_000
"""Files that are kept of layers that were looked into before: those of some large images, 300 MB at most."""

Key = tuple[str, str, str, int]


def layers_folder() -> Path:
    """Tell where what was found out about layers is kept from run to run."""
    return platformdirs.user_cache_path("ocitui", appauthor=False) / "layers"


class Insides:
    """Opens layers, each once while it is known."""

    def __init__(self, library: Library, store: LayerStore | None = None) -> None:
        """Begin with none.

        Args:
            library: Tells where the layers lie.
            store: Keeps what was found out about them from run to run; None for nothing.
        """
        self._library = library
        self._store = store
        self._layers: dict[Key, LayerInside] = {}
        self._merged: MergedInside | None = None
        self._closing: list[Layer] = []
        """Layers that were let go of, with what may still go on behind files of theirs."""

    def layer(self, place: LayerPlace) -> LayerInside:
        """Return what is inside of a layer; nothing is fetched until it is listed.

        Args:
            place: The layer.
        """
        manifest, descriptor = place.manifest, place.descriptor
        if descriptor is None:
            raise ValueError("a step without a layer has nothing inside")
        key = (str(manifest.host), str(manifest.repository), str(descriptor.digest), place.number)
        inside = self._layers.pop(key, None)
        if inside is None:
            source = BlobSource(self._library.registry(manifest.host), manifest.repository, descriptor)
            layer = open_layer(source, annotations=descriptor.annotations, store=self._store)
            inside = LayerInside(place, layer, descriptor.size)
        self._layers[key] = inside
        self._forget()
        return inside

    def merged(self, places: Sequence[LayerPlace]) -> MergedInside:
        """Return what is inside of an image up to a layer; nothing is fetched until it is listed.

        Args:
            places: The layers, from the lowest on.
        """
        layers = [self.layer(place) for place in places]
        merged = self._merged
        if merged is None or merged.layers != layers:
            merged = self._merged = MergedInside(layers)
        return merged

    async def rest(self) -> None:
        """End what goes on behind files that were opened; what is known stays."""
        closed, self._closing = self._closing, []
        for layer in (*closed, *(inside.layer for inside in self._layers.values())):
            await layer.close()

    def _forget(self) -> None:
        """Let go of those that were looked into the longest time ago."""
        known = sum(inside.root.count for inside in self._layers.values())
        for key, inside in list(self._layers.items())[:-1]:
            if known <= MOST_FILES:
                break
            known -= inside.root.count
            self._closing.append(self._layers.pop(key).layer)
