"""What can be downloaded from where the cursor is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.panes.entries import Entry
from tui.places import LayerPlace, ManifestPlace

if TYPE_CHECKING:
    from tui.client import Descriptor
    from tui.library import Library
    from tui.places import Subject


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to be downloaded."""

    subject: ManifestPlace | LayerPlace
    """What it is."""
    descriptor: Descriptor
    """Its digest and size."""


def wanted_of(library: Library, subject: Subject | Entry) -> Wanted | None:
    """Tell what a download of something would fetch: a layer or a config itself, else the manifest."""
    place = subject.place if isinstance(subject, Entry) else subject
    if isinstance(place, LayerPlace) and place.descriptor is not None:
        return Wanted(place, place.descriptor)
    if isinstance(place, ManifestPlace):
        document = library.known_manifest(place.host, place.repository, place.reference)
        return Wanted(place, document.descriptor) if document is not None else None
    return None
