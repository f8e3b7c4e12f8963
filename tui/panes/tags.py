"""The tags of a repository."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message

from tui.ordering import natural_key, newest_first_key
from tui.panes.base import ListPane
from tui.panes.rows import LARGEST_PAGE, Order, batches
from tui.places import ManifestPlace, RepositoryPlace
from tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tui.client import Digest, Tag
    from tui.panes.rows import Batch


class TagsPane(ListPane[RepositoryPlace, ManifestPlace]):
    """Lists the tags of a repository page by page, and digests that were opened by name or have no tag."""

    TITLE: ClassVar[str] = "Tags"
    NOUN: ClassVar[str] = "tag"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another tag."""

        place: ManifestPlace | None
        """The tag, None where the list is empty."""

    @dataclass
    class Opened(Message):
        """The person wants to see what a tag names."""

        place: ManifestPlace
        """The tag."""

    def columns(self) -> Sequence[Column[ManifestPlace]]:
        return (Column("tag", lambda place: place.name),)

    def orders(self) -> Sequence[Order[ManifestPlace]]:
        return (
            Order("", None),
            Order("by name", lambda place: natural_key(place.name)),
            Order("newest version first", lambda place: newest_first_key(place.name)),
        )

    async def pages(self, subject: RepositoryPlace) -> AsyncGenerator[Batch[ManifestPlace], None]:
        place = partial(ManifestPlace, subject.host, subject.repository)
        registry = self.library.registry(subject.host)
        first = True
        listing = registry.tags(subject.repository, largest_page=LARGEST_PAGE, whole=self.wants_everything)
        async with aclosing(listing) as pages:
            async for page in pages:
                # A list that comes in one piece need not be in any order.
                tags = sorted(page.items) if first and page.last else page.items
                untagged = await registry.untagged(subject.repository) if page.last else ()
                names: Sequence[Tag | Digest] = [*tags, *(entry.digest for entry in untagged)]
                for batch in batches(names, place, last=page.last):
                    yield batch
                first = False

    def row_text(self, row: ManifestPlace) -> str:
        return row.name

    def highlighted(self, row: ManifestPlace | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: ManifestPlace) -> Message:
        return self.Opened(row)

    def empty_note(self) -> str:
        return "This repository has no tags.\no  open a tag or a digest by name"
