"""Which two images are held against each other where two tags, platforms or digests were chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.client.documents.descriptors import is_attestation
from tui.client.errors import InvalidManifestError
from tui.client.local.loadable import nearest_platform
from tui.client.media_types import is_image_config, is_index
from tui.client.models import Index
from tui.client.names import Digest
from tui.panes.entries import entry_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client import Descriptor, ImageConfig, Manifest, Platform
    from tui.library import Library
    from tui.places import ManifestPlace

    Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ComparedImage:
    """One of the two images."""

    place: ManifestPlace
    """Where its manifest is, by digest."""
    manifest: Manifest
    config: ImageConfig | None
    """None where the manifest has none, or one that is no image configuration."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two images, the one that was chosen first before the other."""

    before: ComparedImage
    after: ComparedImage
    note: str = ""
    """Which platform was taken of an index; "" where none had to be."""

    @property
    def same(self) -> bool:
        """Whether it is twice the same image."""
        return self.before.manifest.descriptor.digest == self.after.manifest.descriptor.digest


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was chosen, and the images that it may mean."""

    place: ManifestPlace
    document: Index | Manifest
    config: ImageConfig | None
    images: dict[Key, Descriptor]
    """Of an index: the entries that are images, by what makes a platform the same; of an image none."""

    @property
    def platform(self) -> Platform | None:
        """The platform of an image, where that is known."""
        entry = self.place.entry
        if entry is not None and entry.platform is not None:
            return entry.platform
        return self.config.platform if self.config is not None else None


async def pair(library: Library, before: ManifestPlace, after: ManifestPlace) -> Compared:
    """Find the two images that are meant.

    Of an index the entry is taken whose platform the other one has, this machine's if both have that.

    Args:
        library: Loads manifests and configs.
        before: What was chosen first: a tag, an entry of an index, or a digest.
        after: What was chosen then.

    Raises:
        RegistryError: One of them cannot be loaded, or there is no platform that both have.
    """
    first, second = await _chosen(library, before), await _chosen(library, after)
    platform = _common(first, second)
    note = ""
    if platform is not None:
        both = isinstance(first.document, Index) and isinstance(second.document, Index)
        note = f"{platform} of both" if both else f"{platform} of the index"
    return Compared(await _image(library, first, platform), await _image(library, second, platform), note)


async def _chosen(library: Library, place: ManifestPlace) -> _Chosen:
    document = await library.manifest(place.host, place.repository, place.reference)
    place = replace(place, reference=document.descriptor.digest, label=place.name)
    if isinstance(document, Index):
        return _Chosen(place, document, None, _images(document.manifests))
    return _Chosen(place, document, await _config(library, place, document), {})


async def _config(library: Library, place: ManifestPlace, manifest: Manifest) -> ImageConfig | None:
    if manifest.config is None or not is_image_config(manifest.config.media_type):
        return None
    return await library.config(place.host, place.repository, manifest)


def _key(platform: Platform) -> Key:
    """Tell what makes a platform the same; of 64-bit ARM the variant "v8" goes without saying."""
    implied = platform.architecture == "arm64" and platform.variant == "v8"
    return platform.os, platform.architecture, "" if implied else platform.variant


def _images(entries: Iterable[Descriptor]) -> dict[Key, Descriptor]:
    """Tell the images of an index by platform; of two for the same one the first counts."""
    found: dict[Key, Descriptor] = {}
    for entry in entries:
        if entry.platform is not None and not is_attestation(entry) and not is_index(entry.media_type):
            found.setdefault(_key(entry.platform), entry)
    return found


def _common(first: _Chosen, second: _Chosen) -> Platform | None:
    """Choose the platform that is taken of the indexes; None where there is no index."""
    indexes = [one for one in (first, second) if isinstance(one.document, Index)]
    if not indexes:
        return None
    platforms = [entry.platform for entry in indexes[0].images.values() if entry.platform is not None]
    other = second if indexes[0] is first else first
    if isinstance(other.document, Index):
        platforms = [platform for platform in platforms if _key(platform) in other.images]
    elif (wanted := other.platform) is not None:
        platforms = [platform for platform in platforms if _key(platform) == _key(wanted)]
    if not platforms:
        raise InvalidManifestError(f"{first.place.name} and {second.place.name} have no platform in common")
    return nearest_platform(platforms)


async def _image(library: Library, chosen: _Chosen, platform: Platform | None) -> ComparedImage:
    if not isinstance(chosen.document, Index):
        return ComparedImage(chosen.place, chosen.document, chosen.config)
    if platform is None:
        raise ValueError("of an index the image for a platform is taken")
    place = entry_place(chosen.place, chosen.images[_key(platform)])
    manifest = await library.manifest(place.host, place.repository, place.reference)
    if isinstance(manifest, Index):
        raise InvalidManifestError(f"{place.text} is an index, and no manifest")
    return ComparedImage(place, manifest, await _config(library, place, manifest))


def reference(place: ManifestPlace) -> str:
    """Tell which image it is: by its tag where it has one, with its platform and its digest."""
    root = place.root
    named = replace(root, reference=root.tag) if root.tag is not None else root
    platform = place.label if place.parent is not None else ""
    digest = ""
    if isinstance(place.reference, Digest) and place.reference != named.reference:
        digest = f"@{place.reference.short}"
    return " ".join(filter(None, (named.text, platform, digest)))
