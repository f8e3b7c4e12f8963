"""What can be saved from where the cursor is, and what of it `docker load` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.client.documents.descriptors import is_attestation
from tui.client.local.loadable import is_loadable, nearest_platform
from tui.client.models import Index
from tui.panes.entries import entry_place
from tui.places import LayerPlace, ManifestPlace

if TYPE_CHECKING:
    from tui.client import Manifest
    from tui.library import Library
    from tui.places import Subject

ONE: Final = "one"
ALL: Final = "all"
"""What is saved: one image, or an index with all that it lists."""


@dataclass(frozen=True, slots=True)
class Savable:
    """Something that can be saved as a whole."""

    place: ManifestPlace
    """Where it is."""
    document: Index | Manifest
    """What is there."""


def savable_at(library: Library, subject: Subject | None) -> Savable | None:
    """Tell what would be saved: the image, or the index of several, that the cursor is on or in."""
    match subject:
        case LayerPlace(manifest=place) | (ManifestPlace() as place):
            document = library.known_manifest(place.host, place.repository, place.reference)
            return Savable(place, document) if document is not None else None
        case _:
            return None


def places_of(savable: Savable) -> dict[str, ManifestPlace]:
    """Tell what can be saved: what the cursor is on first, and the index around it or an image out of it."""
    place, document = savable.place, savable.document
    if not isinstance(document, Index):
        return {ONE: place, ALL: place.root} if place.parent is not None else {ONE: place}
    entries = {entry.platform: entry for entry in reversed(document.manifests) if not is_attestation(entry)}
    nearest = nearest_platform(platform for platform in reversed(entries) if platform is not None)
    if nearest is None or len(document.manifests) == 1:
        return {ALL: place}
    return {ALL: place, ONE: entry_place(place, entries[nearest])}


def what_is_loaded(document: Index | Manifest | None) -> str:
    """Say what docker load takes, where that is not all of it."""
    if isinstance(document, Index):
        platforms = (one.platform for one in document.manifests if not is_attestation(one))
        nearest = nearest_platform(platform for platform in platforms if platform is not None)
        return f"docker load takes {nearest} of it" if nearest is not None else ""
    if document is not None and not is_loadable(document):
        return "docker load takes container images, and this is none"
    return ""
