"""The dialog that asks where a download goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.figures import size
from tui.places import LayerPlace, ManifestPlace
from tui.sanitize import one_line, safe_file_name
from tui.screens.dialogs import Dialog
from tui.screens.placing import PlacingScreen
from tui.transfers import TargetExistsError, Transfer, check_target, file_name
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult

    from tui.screens.wanted import Wanted
    from tui.session import Session


class DownloadScreen(PlacingScreen):
    """Asks for a folder, settles what is in the way, and starts downloads; the answer is what was started."""

    DEFAULT_CSS = """
    DownloadScreen .file { margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(())", "cancel", id="download.cancel", tooltip="Download nothing"),
    ]

    TITLE_OF_QUESTIONS: ClassVar[str] = "Download"

    def __init__(self, session: Session, wanted: Sequence[Wanted]) -> None:
        """Ask.

        Args:
            session: Where downloads are started.
            wanted: What is to be downloaded, at least one; the same digest is downloaded once.
        """
        self._wanted = list({each.descriptor.digest: each for each in wanted}.values())
        super().__init__(session, file_name(self._wanted[0].descriptor))

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Download"
            dialog.border_subtitle = "enter start  → complete  esc cancel"
            yield Static(self._facts(), classes="facts")
            yield Static("folder", classes="label")
            yield self.folder_input
            if len(self._wanted) == 1:
                yield Static("file", classes="label file")
                yield self.file_input
            yield self.problem

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

    async def start(self, folder: Path) -> Sequence[Transfer] | None:
        named = [(each, self._name_of(each)) for each in self._wanted]
        existing = await self._settle(folder, [name for _, name in named])
        if existing is None:
            return None
        return [await self._start(each, folder, name, name in existing) for each, name in named]

    def _name_of(self, wanted: Wanted) -> str:
        default = file_name(wanted.descriptor)
        return safe_file_name(self.file_input.value.strip(), default) if len(self._wanted) == 1 else default

    async def _settle(self, folder: Path, names: Sequence[str]) -> set[str] | None:
        """Ask about what is in the way; tell which files may be replaced, None to do nothing."""
        existing: dict[str, TargetExistsError] = {}

        def check(name: str) -> bool:
            try:
                check_target(folder / name)
            except TargetExistsError as error:
                if not error.replaceable:
                    raise
                existing[name] = error
            return True

        for name in names:
            if await self.in_folder(folder, lambda name=name: check(name)) is None:  # type: ignore[misc]  # a default of a lambda
                return None
        if existing:
            first = next(iter(existing.values()))
            many = len(existing) > 1
            text = f"{len(existing)} files of these names exist already." if many else sentence(str(first))
            if not await self.may(text, "replace", "Replace them" if many else "Replace it"):
                raise first
        return set(existing)

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
