"""What the panes hand to each other: values that name a place, each with all that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.client.errors import InvalidNameError
from tui.client.local.local_path import LocalPath, default_repository
from tui.client.names import Digest, Tag

if TYPE_CHECKING:
    from tui.client import Descriptor, HistoryStep, Repository
    from tui.client.local.local_path import SourceName


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """A registry, a layout or an archive, and why it is in the list."""

    host: SourceName
    origin: str = ""
    """Where it comes from: "Docker's login file", "well known", …"""


@dataclass(frozen=True, slots=True)
class RepositoryPlace:
    """A repository of a registry."""

    host: SourceName
    repository: Repository

    @property
    def image_name(self) -> str:
        """What its images are called elsewhere, without a tag: what lies on this machine has no host."""
        return str(self.repository) if isinstance(self.host, LocalPath) else f"{self.host}/{self.repository}"

    @property
    def text(self) -> str:
        """Its name, as other tools take it."""
        return f"{self.host}{':' if isinstance(self.host, LocalPath) else '/'}{self.repository}"


@dataclass(frozen=True, slots=True)
class ManifestPlace:
    """A manifest or an index, by tag or by digest."""

    host: SourceName
    repository: Repository
    reference: Tag | Digest
    label: str = ""
    """What a person calls it there: a tag, a platform, a short digest."""
    parent: ManifestPlace | None = None
    """The index that it was found in."""
    entry: Descriptor | None = None
    """What that index says of it."""

    @property
    def repository_place(self) -> RepositoryPlace:
        """The repository that it lies in."""
        return RepositoryPlace(self.host, self.repository)

    @property
    def name(self) -> str:
        """What to call it in a row or a title."""
        if self.label:
            return self.label
        return f"@{self.reference.short}" if isinstance(self.reference, Digest) else str(self.reference)

    @property
    def root(self) -> ManifestPlace:
        """What it was found in, from the tag or the digest on; itself where it is in no index."""
        return self.parent.root if self.parent is not None else self

    @property
    def tag(self) -> Tag | None:
        """The tag that leads to it, where it was not opened by a digest."""
        root = self.root
        try:
            return Tag(root.label) if isinstance(root.reference, Digest) else root.reference
        except InvalidNameError:
            return None

    @property
    def trail(self) -> tuple[str, ...]:
        """The names that lead to it, from the tag on."""
        before = self.parent.trail if self.parent is not None else ()
        return (*before, self.name)

    @property
    def text(self) -> str:
        """The reference, as other tools take it."""
        separator = "@" if isinstance(self.reference, Digest) else ":"
        if isinstance(self.host, LocalPath) and (
            isinstance(self.reference, Digest) or self.repository == default_repository(self.host.path)
        ):
            return f"{self.host}{separator}{self.reference}"
        return f"{self.repository_place.text}{separator}{self.reference}"


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """A layer, a step that made none, or the config of a manifest."""

    manifest: ManifestPlace
    descriptor: Descriptor | None
    """None for a step of the history that made no layer."""
    number: int = 0
    """The layer's place in the manifest, from 1; 0 for what is no layer."""
    count: int = 0
    """How many layers the manifest has."""
    whole: int = 0
    """Bytes of all layers together."""
    step: HistoryStep | None = None
    """The step of the history that made it, where the history tells."""
    diff_id: str = ""
    """The digest of the layer's unpacked bytes, where the config tells."""


Subject = RegistryPlace | RepositoryPlace | ManifestPlace | LayerPlace
"""What the detail view can be about."""


def noun(host: SourceName) -> str:
    """Tell in a word what lies behind a name."""
    if not isinstance(host, LocalPath):
        return "registry"
    return {"oci": "layout", "docker-archive": "archive"}.get(host.kind, "file")


def crumbs(subject: Subject | None) -> tuple[str, ...]:
    """Tell the names that lead to a subject, from the registry on."""
    match subject:
        case None:
            return ()
        case RegistryPlace():
            return (subject.host,)
        case RepositoryPlace():
            return (subject.host, subject.repository)
        case ManifestPlace():
            return (subject.host, subject.repository, *subject.trail)
        case LayerPlace():
            last = f"layer {subject.number}" if subject.number else "config" if subject.descriptor else "step"
            return (*crumbs(subject.manifest), last)
