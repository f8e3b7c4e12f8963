"""What is listed under which name: the names of a layout or an archive, sorted into repositories and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.client.documents.descriptors import Descriptor
    from tui.client.names import Digest, Repository, Tag

__all__ = ["Listing"]


class Listing:
    """Collects entries in their order.

    Of several entries with one name the last counts, as for those who write one: the ones before it are
    listed without a tag. What has a tag is not listed without one as well.

    Args:
        default: The repository of what has no other.

    Attributes:
        tags: What each tag names, by repository.
        warnings: What is odd, as phrases.
    """

    def __init__(self, default: Repository) -> None:
        self.tags: dict[Repository, dict[Tag, Descriptor]] = {}
        self.warnings: list[str] = []
        self._default = default
        self._untagged: dict[Repository, dict[Digest, Descriptor]] = {}

    def add(self, name: tuple[Repository | None, Tag] | None, entry: Descriptor) -> None:
        """Take an entry.

        Args:
            name: How it is called: a tag, and its repository where that was said; None for no name.
            entry: What it is.
        """
        if name is None:
            self._untagged.setdefault(self._default, {})[entry.digest] = entry
            return
        repository, tag = name[0] or self._default, name[1]
        tags = self.tags.setdefault(repository, {})
        before = tags.get(tag)
        if before is not None and before.digest != entry.digest:
            self._untagged.setdefault(repository, {})[before.digest] = before
            warning = f"{repository}:{tag} is there more than once; the last one counts"
            if warning not in self.warnings:
                self.warnings.append(warning)
        tags[tag] = entry

    @property
    def untagged(self) -> dict[Repository, tuple[Descriptor, ...]]:
        """What is listed without a tag, by repository."""
        named = {entry.digest for tags in self.tags.values() for entry in tags.values()}
        return {
            repository: left
            for repository, entries in self._untagged.items()
            if (left := tuple(entry for entry in entries.values() if entry.digest not in named))
        }
