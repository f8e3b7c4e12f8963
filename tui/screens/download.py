"""The dialog that asks where a download goes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tui.client.errors import RegistryError
from tui.figures import size
from tui.places import LayerPlace, ManifestPlace
from tui.sanitize import one_line, safe_file_name
from tui.screens.dialogs import Dialog, QuestionScreen
from tui.state import StateError
from tui.transfers import (
    DownloadError,
    FolderMissingError,
    TargetExistsError,
    Transfer,
    check_target,
    file_name,
)
from tui.widgets.clean_input import CleanInput
from tui.wording import sentence, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tui.client import Descriptor
    from tui.session import Session

ENTRIES_LOOKED_AT = 2_000
"""Entries of a folder that are looked through for a suggestion; a person sees no delay."""


class FolderSuggester(Suggester):
    """Completes the path of a folder."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder, in order, whose path begins with what was typed."""
        return await asyncio.to_thread(self._complete, value)

    @staticmethod
    def _complete(value: str) -> str | None:
        head, separator, start = value.rpartition("/")
        if not separator:
            return None
        try:
            folder = Path(head or "/").expanduser()
            names = sorted(
                entry.name
                for entry, _ in zip(folder.iterdir(), range(ENTRIES_LOOKED_AT), strict=False)
                if entry.name.startswith(start) and entry.name != start and entry.is_dir()
            )
        except (OSError, RuntimeError, ValueError):
            # What cannot be looked into has no suggestions.
            return None
        visible = [name for name in names if start or not name.startswith(".")]
        return f"{head}/{visible[0]}" if visible and visible[0].isprintable() else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to be downloaded."""

    subject: ManifestPlace | LayerPlace
    """What it is."""
    descriptor: Descriptor
    """Its digest and size."""


class DownloadScreen(ModalScreen[tuple[Transfer, ...]]):
    """Asks for a folder, settles what is in the way, and starts downloads; the answer is what was started."""

    DEFAULT_CSS = """
    DownloadScreen { align: center middle; }
    DownloadScreen .facts { color: $text-muted; margin-bottom: 1; }
    DownloadScreen .label { color: $text-muted; }
    DownloadScreen #name { margin-bottom: 0; }
    DownloadScreen .file { margin-top: 1; }
    DownloadScreen .problem { margin-top: 1; color: $text-error; display: none; }
    DownloadScreen .problem.-there { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(())", "cancel", id="download.cancel", tooltip="Download nothing"),
        Binding("down", "app.focus_next", show=False, id="download.next"),
        Binding("up", "app.focus_previous", show=False, id="download.previous"),
    ]

    def __init__(self, session: Session, wanted: Sequence[Wanted]) -> None:
        """Ask.

        Args:
            session: Where downloads are started.
            wanted: What is to be downloaded, at least one; the same digest is downloaded once.
        """
        super().__init__()
        self.session = session
        self._wanted = list({each.descriptor.digest: each for each in wanted}.values())
        self._folder_input = CleanInput(
            str(session.download_folder), id="folder", compact=True, suggester=FolderSuggester()
        )
        self._file_input = CleanInput(file_name(self._wanted[0].descriptor), id="name", compact=True)
        self._problem = Static(classes="problem")

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Download"
            dialog.border_subtitle = "enter start  → complete  esc cancel"
            yield Static(self._facts(), classes="facts")
            yield Static("folder", classes="label")
            yield self._folder_input
            if len(self._wanted) == 1:
                yield Static("file", classes="label file")
                yield self._file_input
            yield self._problem

    def _facts(self) -> Content:
        total = sum(each.descriptor.size for each in self._wanted)
        known = size(total) if total else ""
        digest = self._wanted[0].descriptor.digest
        alone = len(self._wanted) == 1
        which = f"{digest.algorithm}:{digest.short}…" if alone else f"{len(self._wanted)} files"
        figures = " · ".join(filter(None, (known, which)))
        return Content("\n").join(Content(one_line(part)) for part in (self._what(), figures))

    def _what(self) -> str:
        subject = self._wanted[0].subject
        place = subject.manifest if isinstance(subject, LayerPlace) else subject
        where = f"{place.repository} › {' › '.join(place.trail)}"
        if len(self._wanted) > 1:
            return f"marked of {place.repository}"
        if isinstance(subject, ManifestPlace):
            return f"the manifest of {where}"
        kind = f"layer {subject.number} of {subject.count}" if subject.number else "the config"
        return f"{kind} of {where}"

    @on(Input.Changed)
    def _forget_problem(self) -> None:
        self._problem.remove_class("-there")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._begin()

    @work(group="begin", exclusive=True, description="start downloads")
    async def _begin(self) -> None:
        try:
            folder = _expanded(self._folder_input.value)
            named = [(each, self._name_of(each)) for each in self._wanted]
            existing = await self._settle(folder, [name for _, name in named])
            if existing is None:
                return
            transfers = [await self._start(each, folder, name, name in existing) for each, name in named]
        except (DownloadError, RegistryError) as error:
            self._complain(told(error))
        except (OSError, RuntimeError, ValueError) as error:
            # The folder cannot be made, its "~" has no home, or its name no meaning to the system.
            self._complain(f"The folder cannot be used: {error}")
        else:
            self._remember(folder)
            self.dismiss(tuple(transfers))

    def _name_of(self, wanted: Wanted) -> str:
        default = file_name(wanted.descriptor)
        return safe_file_name(self._file_input.value.strip(), default) if len(self._wanted) == 1 else default

    async def _settle(self, folder: Path, names: Sequence[str]) -> set[str] | None:
        """Ask about what is in the way; tell which files may be replaced, None to do nothing."""
        existing: dict[str, TargetExistsError] = {}
        for name in names:
            try:
                try:
                    await asyncio.to_thread(check_target, folder / name)
                except FolderMissingError as error:
                    if not await self._may(sentence(str(error)), "create", "Create the folder"):
                        return None
                    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
                    await asyncio.to_thread(check_target, folder / name)
            except TargetExistsError as error:
                if not error.replaceable:
                    raise
                existing[name] = error
        if existing:
            first = next(iter(existing.values()))
            many = len(existing) > 1
            text = f"{len(existing)} files of these names exist already." if many else sentence(str(first))
            if not await self._may(text, "replace", "Replace them" if many else "Replace it"):
                raise first
        return set(existing)

    async def _may(self, text: str, answer: str, label: str) -> bool:
        question = QuestionScreen("Download", text, {"no": "Choose another", answer: label})
        return await self.app.push_screen_wait(question) == answer

    async def _start(self, wanted: Wanted, folder: Path, name: str, overwrite: bool) -> Transfer:  # noqa: FBT001  # the last of four that belong together
        subject, descriptor = wanted.subject, wanted.descriptor
        library, downloads = self.session.library, self.session.downloads
        if isinstance(subject, LayerPlace):
            place = subject.manifest
            registry = library.registry(place.host)
            return downloads.start(
                registry, place.repository, descriptor, folder, name=name, overwrite=overwrite
            )
        document = await library.manifest(subject.host, subject.repository, descriptor.digest)
        return downloads.start_document(
            document.raw, document.descriptor, folder, name=name, overwrite=overwrite
        )

    def _remember(self, folder: Path) -> None:
        try:
            self.session.remember_folder(folder.absolute())
        except StateError as error:
            self.notify(str(error), title="The folder is not remembered", severity="warning", markup=False)

    def _complain(self, text: str) -> None:
        self._problem.update(Content(one_line(text, limit=600)))
        self._problem.add_class("-there")


def _expanded(text: str) -> Path:
    """Read a folder as people write it, "~" included."""
    return Path(text.strip() or ".").expanduser()
