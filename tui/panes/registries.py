"""The registries that the person has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message

from tui.panes.base import ListPane
from tui.panes.rows import Batch
from tui.places import RegistryPlace
from tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Sequence


class RegistriesPane(ListPane[tuple[RegistryPlace, ...], RegistryPlace]):
    """Lists registries; its subject is the list itself, and nothing is asked of any of them."""

    TITLE: ClassVar[str] = "Registries"
    NOUN: ClassVar[str] = "registry"
    REMOTE: ClassVar[bool] = False

    @dataclass
    class Highlighted(Message):
        """The cursor is on another registry."""

        place: RegistryPlace | None
        """The registry, None where the list is empty."""

    @dataclass
    class Opened(Message):
        """The person wants to see what a registry has."""

        place: RegistryPlace
        """The registry."""

    def columns(self) -> Sequence[Column[RegistryPlace]]:
        return (
            Column("registry", lambda place: place.host, cut="middle"),
            Column(
                "from",
                lambda place: place.origin,
                width=15,
                min_table_width=41,
                style=".virtual-table--muted",
            ),
        )

    async def pages(self, subject: tuple[RegistryPlace, ...]) -> AsyncGenerator[Batch[RegistryPlace], None]:
        yield Batch(subject, last=True)

    def row_key(self, row: RegistryPlace) -> Hashable:
        return row.host

    def row_text(self, row: RegistryPlace) -> str:
        return row.host

    def highlighted(self, row: RegistryPlace | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: RegistryPlace) -> Message:
        return self.Opened(row)

    def empty_note(self) -> str:
        return "no registry yet\no  open one by name"
