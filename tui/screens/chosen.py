"""Which image the cursor is on, where two are to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.places import LayerPlace, ManifestPlace

if TYPE_CHECKING:
    from tui.places import Subject


def image_at(subject: Subject | None) -> ManifestPlace | None:
    """Tell which image, or index of some, the cursor is on or in; None where it is in none."""
    match subject:
        case LayerPlace():
            return subject.manifest
        case ManifestPlace():
            return subject
        case _:
            return None


def is_same_choice(one: ManifestPlace, other: ManifestPlace) -> bool:
    """Tell whether the same row was chosen twice, whether or not its digest was known before."""

    def what(place: ManifestPlace) -> tuple[object, ...]:
        return place.host, place.repository, place.trail

    return what(one) == what(other)
