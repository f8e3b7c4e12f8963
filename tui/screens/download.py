"""The dialog that asks where a download goes."""

from __future__ import annotations

import asyncio
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

if TYPE_CHECKING:
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


class DownloadScreen(ModalScreen[Transfer | None]):
    """Asks for a folder, settles what is in the way, and starts the download."""

    DEFAULT_CSS = """
    DownloadScreen { align: center middle; }
    DownloadScreen .facts { color: $text-muted; margin-bottom: 1; }
    DownloadScreen .label { color: $text-muted; }
    DownloadScreen #folder { margin-bottom: 1; }
    DownloadScreen .problem { margin-top: 1; color: $text-error; display: none; }
    DownloadScreen .problem.-there { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="download.cancel", tooltip="Download nothing"),
        Binding("down", "app.focus_next", show=False, id="download.next"),
        Binding("up", "app.focus_previous", show=False, id="download.previous"),
    ]

    def __init__(self, session: Session, subject: ManifestPlace | LayerPlace, descriptor: Descriptor) -> None:
        """Ask.

        Args:
            session: Where downloads are started.
            subject: What is to be downloaded.
            descriptor: Its digest and size.
        """
        super().__init__()
        self.session = session
        self._subject = subject
        self._descriptor = descriptor
        self._folder_input = Input(
            str(session.download_folder), id="folder", compact=True, suggester=FolderSuggester()
        )
        self._file_input = Input(file_name(descriptor), id="name", compact=True)
        self._problem = Static(classes="problem")

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Download"
            dialog.border_subtitle = "enter start  → complete  esc cancel"
            yield Static(self._facts(), classes="facts")
            yield Static("folder", classes="label")
            yield self._folder_input
            yield Static("file", classes="label")
            yield self._file_input
            yield self._problem

    def _facts(self) -> Content:
        digest = self._descriptor.digest
        known = size(self._descriptor.size) if self._descriptor.size else ""
        figures = " · ".join(filter(None, (known, f"{digest.algorithm}:{digest.short}…")))
        return Content("\n").join(Content(one_line(part)) for part in (self._what(), figures))

    def _what(self) -> str:
        subject = self._subject
        if isinstance(subject, ManifestPlace):
            return f"the manifest of {subject.repository} › {' › '.join(subject.trail)}"
        kind = f"layer {subject.number} of {subject.count}" if subject.number else "the config"
        return f"{kind} of {subject.manifest.repository} › {' › '.join(subject.manifest.trail)}"

    @on(Input.Changed)
    def _forget_problem(self) -> None:
        self._problem.remove_class("-there")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._begin()

    @work(group="begin", exclusive=True, description="start a download")
    async def _begin(self) -> None:
        name = safe_file_name(self._file_input.value.strip(), file_name(self._descriptor))
        overwrite = False
        try:
            folder = _expanded(self._folder_input.value)
            try:
                await asyncio.to_thread(check_target, folder / name)
            except FolderMissingError as error:
                if not await self._may(error, "create", "Create the folder"):
                    return
                await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
                await asyncio.to_thread(check_target, folder / name)
            except TargetExistsError as error:
                if not error.replaceable or not await self._may(error, "replace", "Replace it"):
                    raise
                overwrite = True
            transfer = await self._start(folder, name, overwrite=overwrite)
        except (DownloadError, RegistryError) as error:
            self._complain(f"{error}. {error.remedy}")
        except (OSError, RuntimeError, ValueError) as error:
            # The folder cannot be made, its "~" has no home, or its name no meaning to the system.
            self._complain(f"The folder cannot be used: {error}")
        else:
            self._remember(folder)
            self.dismiss(transfer)

    async def _may(self, error: DownloadError, answer: str, label: str) -> bool:
        question = QuestionScreen("Download", f"{error}.", {"no": "Choose another", answer: label})
        return await self.app.push_screen_wait(question) == answer

    async def _start(self, folder: Path, name: str, *, overwrite: bool) -> Transfer:
        subject, downloads = self._subject, self.session.downloads
        if isinstance(subject, LayerPlace):
            place = subject.manifest
            registry = self.session.library.registry(place.host)
            return downloads.start(
                registry, place.repository, self._descriptor, folder, name=name, overwrite=overwrite
            )
        document = await self.session.library.manifest(
            subject.host, subject.repository, self._descriptor.digest
        )
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
