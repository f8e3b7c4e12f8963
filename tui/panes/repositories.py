"""The repositories of a registry."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message

from tui.client.errors import CatalogUnsupportedError, RegistryError
from tui.client.local.local_path import LocalPath
from tui.ordering import natural_key
from tui.panes.base import ListPane
from tui.panes.rows import LARGEST_PAGE, Order, batches
from tui.places import RepositoryPlace, noun
from tui.widgets.columns import Column
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from tui.client import Repository
    from tui.client.local.local_path import SourceName
    from tui.library import Library
    from tui.panes.rows import Batch


class RepositoriesPane(ListPane["SourceName", RepositoryPlace]):
    """Lists the repositories of a registry: those opened by name, then its catalog, page by page."""

    TITLE: ClassVar[str] = "Repositories"
    NOUN: ClassVar[str] = "repository"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another repository."""

        place: RepositoryPlace | None
        """The repository, None where the list is empty."""

    @dataclass
    class Opened(Message):
        """The person wants to see the tags of a repository."""

        place: RepositoryPlace
        """The repository."""

    def __init__(
        self,
        library: Library,
        *,
        id: str,  # noqa: A002  # Textual's name for it
        opened_by_name: Callable[[SourceName], Sequence[Repository]],
    ) -> None:
        super().__init__(library, id=id)
        self._opened_by_name = opened_by_name
        self.hint = "enter  ask this registry"

    def columns(self) -> Sequence[Column[RepositoryPlace]]:
        return (Column("repository", lambda place: place.repository, cut="middle"),)

    def orders(self) -> Sequence[Order[RepositoryPlace]]:
        return (Order("", None), Order("by name", lambda place: natural_key(place.repository)))

    def pinned(self, subject: SourceName) -> Sequence[RepositoryPlace]:
        return [RepositoryPlace(subject, name) for name in self._opened_by_name(subject)]

    async def pages(self, subject: SourceName) -> AsyncGenerator[Batch[RepositoryPlace], None]:
        first = True
        registry = self.library.registry(subject)
        listing = registry.repositories(largest_page=LARGEST_PAGE, whole=self.wants_everything)
        async with aclosing(listing) as pages:
            async for page in pages:
                # A catalog that comes in one piece need not be in any order.
                names = sorted(page.items) if first and page.last else page.items
                for batch in batches(names, partial(RepositoryPlace, subject), last=page.last):
                    yield batch
                first = False

    def failure_note(self, error: RegistryError) -> str:
        if isinstance(error, CatalogUnsupportedError):
            return f"{sentence(error.message)}\no  open a repository by its name\nr  try again"
        return super().failure_note(error)

    def row_text(self, row: RepositoryPlace) -> str:
        return row.repository

    def highlighted(self, row: RepositoryPlace | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: RepositoryPlace) -> Message:
        return self.Opened(row)

    def empty_note(self) -> str:
        if isinstance(self.subject, LocalPath):
            return f"There are no images in this {noun(self.subject)}."
        return "This registry lists no repositories.\no  open one by name"
