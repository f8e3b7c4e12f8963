"""The entries of an index: platforms, what is attached to them, nested indexes."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.content import Content
from textual.message import Message

from tui.client.errors import NotFoundError, RegistryError
from tui.client.media_types import is_index
from tui.client.models import Index, attested_digest, is_attestation
from tui.figures import counted, size
from tui.panes.base import ListPane
from tui.panes.rows import Batch
from tui.places import ManifestPlace, noun
from tui.sanitize import one_line
from tui.widgets.columns import Column
from tui.wording import INVALID, titled

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Sequence

    from tui.client import Descriptor, Manifest
    from tui.widgets.table import VirtualTable

AT_A_TIME = 16
"""Manifests that are loaded at a time: as many as a host is asked for, so that what else is wanted of it need
not wait behind thousands."""

INVALID_MARK = "!"
"""Stands behind the name of an entry whose manifest is invalid."""

NAME_ANNOTATIONS = ("org.opencontainers.image.ref.name", "org.opencontainers.image.title")
"""Annotations that name an entry without a platform, the best one first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an index, and what is known of the manifest that it names."""

    place: ManifestPlace
    descriptor: Descriptor
    under: bool = False
    """Whether it belongs to the entry above it, as an attestation does."""
    document: Index | Manifest | None = None
    """The manifest, once it has arrived."""
    error: RegistryError | None = None
    """Why there is no manifest."""
    invalid: bool = False
    """Whether the manifest is not as its specification says."""

    @property
    def is_index(self) -> bool:
        """Whether the entry is an index itself."""
        return is_index(self.descriptor.media_type)

    @property
    def missing(self) -> bool:
        """Whether the registry does not have what the index names."""
        return isinstance(self.error, NotFoundError)

    @property
    def why_closed(self) -> str:
        """Say why there are no layers to show."""
        if self.is_index:
            return "enter  open this index"
        lacking = noun(self.place.host)
        return f"The {lacking} does not have what the index names here." if self.missing else ""

    @property
    def annotation_summary(self) -> str:
        """The annotations in one line."""
        return "  ".join(f"{key}={value}" for key, value in sorted(self.descriptor.annotations.items()))

    @property
    def size(self) -> str:
        """The bytes of config and layers, or what stands in their place."""
        if self.missing:
            return "missing"
        if self.error is not None:
            return "failed"
        match self.document:
            case None:
                return "…"
            case Index():
                return counted(len(self.document.manifests), "entry", "entries")
            case manifest:
                return size(manifest.size)


def entry_label(descriptor: Descriptor) -> str:
    """Tell what to call an entry: its platform, or what it is."""
    if is_attestation(descriptor):
        return "attestation"
    platform = descriptor.platform
    if platform is not None and (platform.os, platform.architecture) != ("unknown", "unknown"):
        return f"{platform} {platform.os_version}".strip()
    names = filter(None, map(descriptor.annotations.get, NAME_ANNOTATIONS))
    if (name := next(names, None)) is not None:
        return name
    if is_index(descriptor.media_type):
        return "index"
    return descriptor.artifact_type or "no platform"


def arrange(place: ManifestPlace, descriptors: Iterable[Descriptor]) -> list[Entry]:
    """Put attestations under the entries that they attest; what they attest elsewhere stays at the end."""
    entries: list[Entry] = []
    attestations: dict[str, list[Descriptor]] = {}
    for descriptor in descriptors:
        if is_attestation(descriptor):
            attestations.setdefault(attested_digest(descriptor) or "", []).append(descriptor)
        else:
            entries.append(_entry(place, descriptor))
    arranged: list[Entry] = []
    for entry in entries:
        arranged.append(entry)
        arranged.extend(
            _entry(entry.place, attestation, under=True)
            for attestation in attestations.pop(entry.descriptor.digest, ())
        )
    arranged.extend(_entry(place, attestation) for rest in attestations.values() for attestation in rest)
    return arranged


def entry_place(parent: ManifestPlace, descriptor: Descriptor) -> ManifestPlace:
    """Tell where the manifest is that an entry of an index names."""
    return ManifestPlace(
        parent.host,
        parent.repository,
        descriptor.digest,
        label=entry_label(descriptor),
        parent=parent,
        entry=descriptor,
    )


def _entry(parent: ManifestPlace, descriptor: Descriptor, *, under: bool = False) -> Entry:
    return Entry(entry_place(parent, descriptor), descriptor, under=under)


def _label_cell(entry: Entry) -> str | Content:
    if entry.under:
        return _subdued(f"  ⊕ {entry.place.label}{f' {INVALID_MARK}' if entry.invalid else ''}")
    label = f"{entry.place.label} ▸" if entry.is_index else entry.place.label
    if entry.invalid:
        return Content.assemble(f"{one_line(label)} ", (INVALID_MARK, "$text-warning"))
    return f"{label} ✗" if entry.missing else label


def _size_cell(entry: Entry) -> str | Content:
    if entry.error is not None:
        return Content.styled(entry.size, "$text-error")
    return _subdued(entry.size) if entry.under else entry.size


def _subdued(text: str) -> Content:
    """Let what belongs to the entry above it stand back."""
    return Content.styled(text, ".virtual-table--muted")


class _Waiting:
    """Entries whose manifests have not been asked for.

    Args:
        table: What shows them.
        entries: All of them, by what makes them the same row.
        key: Tells that of a row.
    """

    def __init__(
        self,
        table: VirtualTable[Entry],
        entries: dict[Hashable, Entry],
        key: Callable[[Entry], Hashable],
    ) -> None:
        self._table = table
        self._entries = entries
        self._key = key
        self._order = deque(entries)
        self._showing: deque[Hashable] = deque()
        self._seen: tuple[int, int] | None = None

    def take(self) -> Entry | None:
        """Take the next one: the first that shows, or else the first of all."""
        view = (id(self._table.rows), round(self._table.scroll_y))
        if view != self._seen:
            self._seen = view
            self._showing = deque(map(self._key, self._table.in_view))
        for keys in (self._showing, self._order):
            while keys:
                if (entry := self._entries.pop(keys.popleft(), None)) is not None:
                    return entry
        return None


class EntriesPane(ListPane[ManifestPlace, Entry]):
    """Finds out what a tag names, and lists the entries where it is an index.

    Sizes come in as the manifests of the entries arrive. A nested index is opened in the same pane.
    """

    MARKABLE: ClassVar[bool] = True
    TITLE: ClassVar[str] = "Entries"
    NOUN: ClassVar[str] = "entry"

    @dataclass
    class Highlighted(Message):
        """The cursor is on another entry."""

        entry: Entry | None
        """The entry, None where the list is empty."""

    @dataclass
    class Opened(Message):
        """The person wants to see what is in an entry."""

        entry: Entry
        """The entry."""

    @dataclass
    class Resolved(Message):
        """What the pane's subject names has arrived."""

        asked: ManifestPlace
        """The subject that was asked for."""
        place: ManifestPlace
        """The same place by digest."""
        document: Index | Manifest
        """The index or the manifest."""

    @dataclass
    class Failed(Message):
        """What the pane's subject names did not arrive; the pane says why."""

        asked: ManifestPlace
        """The subject that was asked for."""
        unreadable: bool
        """Whether something came that cannot be read."""

    def columns(self) -> Sequence[Column[Entry]]:
        return (
            Column("platform", _label_cell),
            Column("size", _size_cell, width=9, align="right", min_table_width=27),
            Column(
                "digest",
                lambda entry: entry.descriptor.digest.short,
                width=12,
                min_table_width=43,
                style=".virtual-table--muted",
            ),
            Column("annotations", lambda entry: entry.annotation_summary, min_table_width=90),
        )

    async def pages(self, subject: ManifestPlace) -> AsyncGenerator[Batch[Entry], None]:
        try:
            document = await self.library.manifest(subject.host, subject.repository, subject.reference)
        except RegistryError as error:
            self.post_message(self.Failed(subject, unreadable=error.document is not None))
            raise
        place = replace(subject, reference=document.descriptor.digest, label=subject.name)
        self.post_message(self.Resolved(subject, place, document))
        self._judge(document)
        if not isinstance(document, Index):
            yield Batch((), last=True)
            return
        entries = arrange(place, document.manifests)
        yield Batch(entries, last=False, patient=False)
        await self._complete_entries(entries)
        yield Batch((), last=True)

    async def _complete_entries(self, entries: Sequence[Entry]) -> None:
        """Load what entries name, those first that show."""
        waiting = _Waiting(self.table, {self.row_key(entry): entry for entry in entries}, self.row_key)

        async def work_off() -> None:
            while (entry := waiting.take()) is not None:
                await self._complete_entry(entry)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_A_TIME):
                group.create_task(work_off())

    async def _complete_entry(self, entry: Entry) -> None:
        place = entry.place
        try:
            document = await self.library.manifest(place.host, place.repository, entry.descriptor.digest)
        except RegistryError as error:
            self.replace(replace(entry, error=error))
        else:
            entry = replace(entry, document=document)
            self.replace(entry)
            if (await self.library.verdict(document)).count:
                self.replace(replace(entry, invalid=True))

    @work(exclusive=True, group="judge", description="validate an index")
    async def _judge(self, document: Index | Manifest) -> None:
        """Say in the title whether the index is as it should be."""
        verdict = await self.library.verdict(document)
        self.border_title = titled(self.TITLE, invalid=bool(verdict.count))

    def row_key(self, row: Entry) -> Hashable:
        return row.place

    def can_mark(self, row: Entry) -> bool:
        return row.document is not None

    def row_text(self, row: Entry) -> str:
        return f"{row.place.label} {row.descriptor.digest} {row.annotation_summary}"

    def highlighted(self, row: Entry | None) -> Message:
        return self.Highlighted(row)

    def opened(self, row: Entry) -> Message:
        return self.Opened(row)

    def empty_note(self) -> str:
        return "This index has no entries."

    def status(self, shown: int, total: int) -> str:
        platforms = [entry for entry in self.listed if not is_attestation(entry.descriptor)]
        if not platforms:
            return super().status(shown, total)
        known = sum(
            entry.document.size
            for entry in platforms
            if entry.document is not None and not isinstance(entry.document, Index)
        )
        invalid = sum(entry.invalid for entry in self.listed)
        figures = (counted(len(platforms), "entry", "entries"), size(known), f"{invalid} {INVALID}")
        return " · ".join(figures if invalid else figures[:2])
