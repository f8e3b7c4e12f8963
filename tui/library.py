"""What the panes load from: registries under the person's logins, and documents by digest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tui.cache import Documents
from tui.client.documents.image_manifest import Manifest
from tui.client.local.local_path import LocalPath
from tui.client.names import Digest, Image
from tui.client.sharing import Shared

if TYPE_CHECKING:
    from tui.arguments import Place
    from tui.client import ImageConfig, Index, LocalSource, Repository, Source, Tag
    from tui.client.errors import Violation
    from tui.client.local.local_path import SourceName

    Key = tuple[str, str, str]

VIOLATION_SIZE = 300
"""Bytes that a violation takes, to keep verdicts by; more than most have."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a manifest or an index, and with its config: nothing, for most."""

    document: tuple[Violation, ...] = ()
    """Violations of the manifest or the index."""
    config: tuple[Violation, ...] = ()
    """Violations of the config."""

    @property
    def count(self) -> int:
        """How many violations are told."""
        return len(self.document) + len(self.config)


class Connections(Protocol):
    """Makes registries: the only thing that knows clients, logins and settings of transport."""

    def registry(self, host: SourceName) -> Source:
        """Return the registry of a host, or what lies at a path; the same one at every call."""
        ...

    def local(self, path: LocalPath) -> LocalSource:
        """Return the layout or the archive at a path, the same one at every call."""
        ...

    def login_label(self, host: SourceName, repository: str = "") -> str:
        """Tell in a few words who one is there and where that login comes from; "" for nobody.

        Args:
            host: The registry.
            repository: A repository of it, at which one may be somebody else; none where it is left out.
        """
        ...


class Library:
    """Loads what the panes show, asks for nothing twice at the same time, and for no digest twice.

    Digests name what they name for ever, so documents asked for by digest are kept; tags are asked for anew.
    """

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self._manifests: Documents[Key, Index | Manifest] = Documents()
        self._configs: Documents[Key, ImageConfig] = Documents()
        self._verdicts: Documents[tuple[str, ...], Verdict] = Documents()
        self._warnings_seen: dict[SourceName, int] = {}
        self._manifest_loads: Shared[Key, Index | Manifest] = Shared()
        self._config_loads: Shared[Key, ImageConfig] = Shared()

    def registry(self, host: SourceName) -> Source:
        """Return the registry of a host, or the layout or archive at a path."""
        return self.connections.registry(host)

    def login_label(self, host: SourceName, repository: str = "") -> str:
        """Tell who one is at a registry, or at a repository of it; "" for nobody."""
        return self.connections.login_label(host, repository)

    def new_warnings(self, host: SourceName) -> tuple[str, ...]:
        """Return what a registry has warned of since this was asked last, in its own words."""
        warnings = self.registry(host).warnings
        seen = self._warnings_seen.get(host, 0)
        self._warnings_seen[host] = len(warnings)
        return warnings[seen:]

    def known_manifest(
        self, host: SourceName, repository: Repository, reference: Tag | Digest
    ) -> Index | Manifest | None:
        """Return a manifest or index that was asked for by digest before, without asking the registry."""
        return self._manifests.get((host, repository, reference))

    async def located(self, place: Place) -> Place:
        """Complete a place in a layout or an archive: by the image that is meant, or else its one repository.

        Raises:
            RegistryError: there is no such image, or what lies there cannot be read.
        """
        if not isinstance(place.host, LocalPath):
            return place
        source = self.connections.local(place.host)
        if place.image:
            image = await source.find_image(place.image)
            return replace(place, repository=image.repository, reference=image.reference)
        names = [name async for page in source.repositories(page_size=None) for name in page.items]
        return replace(place, repository=names[0]) if len(names) == 1 else place

    async def manifest(
        self, host: SourceName, repository: Repository, reference: Tag | Digest
    ) -> Index | Manifest:
        """Return the manifest or index that a tag or a digest names.

        Raises:
            RegistryError: the registry is out of reach, says no, or sends something else.
        """
        key = (host, repository, reference)
        if isinstance(reference, Digest) and (kept := self._manifests.get(key)) is not None:
            return kept

        async def load() -> Index | Manifest:
            document = await self.registry(host).get_manifest(Image(repository, reference))
            self._manifests.put((host, repository, document.descriptor.digest), document, len(document.raw))
            return document

        return await self._manifest_loads.get(key, load)

    async def config(self, host: SourceName, repository: Repository, manifest: Manifest) -> ImageConfig:
        """Return the image configuration that a manifest names.

        Raises:
            UnknownMediaTypeError: the manifest's config is no image configuration.
            RegistryError: the registry is out of reach, says no, or sends something else.
        """
        key = (host, repository, (manifest.config or manifest.descriptor).digest)
        if (kept := self._configs.get(key)) is not None:
            return kept

        async def load() -> ImageConfig:
            config = await self.registry(host).get_config(repository, manifest)
            self._configs.put(key, config, len(config.raw))
            return config

        return await self._config_loads.get(key, load)

    async def verdict(self, document: Index | Manifest, config: ImageConfig | None = None) -> Verdict:
        """Tell what is wrong with a manifest or an index, and with the config where it is given.

        It is found out on a thread: 4 MiB take a second.
        """
        described = [one.descriptor for one in (document, config) if one is not None]
        key = tuple(text for one in described for text in (one.media_type, one.digest))
        # What a registry said beside a document is a part of what is wrong with it.
        key += tuple(map(str, document.problems))
        if (kept := self._verdicts.get(key)) is not None:
            return kept
        verdict = await asyncio.to_thread(_judge, document, config)
        self._verdicts.put(key, verdict, VIOLATION_SIZE * (1 + verdict.count))
        return verdict


def _judge(document: Index | Manifest, config: ImageConfig | None) -> Verdict:
    from tui.client.documents.schema import (  # noqa: PLC0415  # the first frame needs none of the rules
        violations_of,
        violations_of_config,
    )

    if config is None:
        return Verdict(violations_of(document))
    manifest = document if isinstance(document, Manifest) else None
    return Verdict(violations_of(document), violations_of_config(config, manifest))
