"""The dialog that asks how, and where, an image is saved as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.client.descriptors import is_attestation
from tui.client.image_parts import gather_parts
from tui.client.loadable import is_loadable, loadable_image, nearest_platform
from tui.client.models import Index
from tui.client.names import Digest
from tui.client.saving_errors import AbsentManifestsError, NameTakenError
from tui.figures import counted, size
from tui.places import LayerPlace, ManifestPlace
from tui.sanitize import one_line, safe_file_name
from tui.screens.dialogs import Dialog
from tui.screens.placing import PlacingScreen
from tui.transfers import Form, TargetExistsError, Transfer, check_layout, check_target, image_name
from tui.widgets.choice import Choice
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.app import ComposeResult

    from tui.client import BlobStream, Descriptor, ImageParts, Manifest, Platform, Repository, Tag
    from tui.library import Library
    from tui.places import Subject
    from tui.session import Session

ONE: Final = "one"
ALL: Final = "all"
"""What is saved: what the cursor is on, or the whole index that it is in."""

UNKNOWN: Final = ("unknown", "unknown")
"""The platform that an index writes where there is none."""

_FORMS: Final = {
    Form.ARCHIVE.value: "archive for docker load and podman load",
    Form.LAYOUT.value: "OCI layout: a folder, added to where it is one already",
}


@dataclass(frozen=True, slots=True)
class Savable:
    """Something that can be saved as a whole."""

    place: ManifestPlace
    """Where it is."""
    document: Index | Manifest
    """What is there."""


def savable_at(library: Library, subject: Subject | None) -> Savable | None:
    """Tell what would be saved: the image, or the index of several, that the cursor is on or in."""
    match subject:
        case LayerPlace(manifest=place) | (ManifestPlace() as place):
            document = library.known_manifest(place.host, place.repository, place.reference)
            return Savable(place, document) if document is not None else None
        case _:
            return None


class _Known:
    """A registry whose manifests come from those that have been looked at, where they have."""

    def __init__(self, library: Library, place: ManifestPlace) -> None:
        self._library = library
        self._place = place

    async def get_child(self, repository: Repository, descriptor: Descriptor) -> Index | Manifest:
        """Fetch what an entry of an index names."""
        return await self._library.manifest(self._place.host, repository, descriptor.digest)

    def get_blob(self, repository: Repository, blob: Descriptor) -> AbstractAsyncContextManager[BlobStream]:
        """Open the stream of a blob."""
        return self._library.registry(self._place.host).get_blob(repository, blob)


class SaveScreen(PlacingScreen):
    """Asks what is saved, in which form and where to, and starts that; the answer is what was started."""

    DEFAULT_CSS = """
    SaveScreen .note { color: $text-muted; display: none; }
    SaveScreen .note.-there { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(())", "cancel", id="save.cancel", tooltip="Save nothing"),
    ]

    TITLE_OF_QUESTIONS: ClassVar[str] = "Save"

    def __init__(self, session: Session, savable: Savable) -> None:
        """Ask.

        Args:
            session: Where transfers are started.
            savable: What the cursor is on.
        """
        self._savable = savable
        self._root = savable.place.root
        loadable = isinstance(savable.document, Index) or is_loadable(savable.document)
        self._form = Choice(_FORMS, (Form.ARCHIVE if loadable else Form.LAYOUT).value, id="form")
        inside = savable.place.parent is not None
        scopes = {ONE: f"{savable.place.name} alone", ALL: f"all that {self._root.name} lists"}
        self._scope = Choice(scopes, ONE, id="scope") if inside else None
        self._note = Static(classes="note")
        self._proposed = self._proposal()
        super().__init__(session, self._proposed)

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Save"
            dialog.border_subtitle = "enter start  space other  → complete  esc cancel"
            yield Static(self._facts(), classes="facts")
            if self._scope is not None:
                yield Static("what", classes="label")
                yield self._scope
            yield Static("as", classes="label")
            yield self._form
            yield self._note
            yield Static("folder", classes="label")
            yield self.folder_input
            yield Static("name", classes="label")
            yield self.file_input
            yield self.problem

    def on_mount(self) -> None:
        self._tell_what_is_loaded()

    # What is wanted.

    @property
    def _whole(self) -> bool:
        """Whether the whole index is wanted."""
        return self._scope is not None and self._scope.value == ALL

    @property
    def _wanted_form(self) -> Form:
        return Form(self._form.value)

    @property
    def _place(self) -> ManifestPlace:
        return self._root if self._whole else self._savable.place

    def _facts(self) -> Content:
        place, document = self._savable.place, self._savable.document
        where = f"{place.repository} › {' › '.join(place.trail)}"
        if isinstance(document, Index):
            amount = counted(len(document.manifests), "entry", "entries")
        else:
            amount = size(document.size)
        digest = document.descriptor.digest
        figures = f"{amount} · {digest.algorithm}:{digest.short}…"
        return Content("\n").join(Content(one_line(part)) for part in (where, figures))

    def _named(self) -> tuple[Tag | None, Platform | None]:
        """Tell tag and platform of what is wanted; what an index lists beside platforms has neither."""
        place = self._place
        platform = place.entry.platform if place.entry is not None else None
        if platform is not None and (platform.os, platform.architecture) == UNKNOWN:
            platform = None
        return (place.tag if place.parent is None or platform is not None else None), platform

    def _proposal(self) -> str:
        """Propose a name for what is wanted."""
        place = self._place
        tag, platform = self._named()
        digest = place.reference if isinstance(place.reference, Digest) else None
        reference = tag or digest or self._savable.document.descriptor.digest
        return image_name(place.repository, reference, platform, self._wanted_form)

    @on(Choice.Changed)
    def _choose(self) -> None:
        """Propose another name, unless the person has written one, and say what docker load takes."""
        before, self._proposed = self._proposed, self._proposal()
        if self.file_input.value == before:
            self.file_input.value = self._proposed
        self._tell_what_is_loaded()

    @on(Choice.Submitted)
    def _go_on(self) -> None:
        self.begin()

    def _tell_what_is_loaded(self) -> None:
        """Say what docker load takes of what is wanted, where that is not all of it."""
        text = self._what_is_loaded() if self._wanted_form is Form.ARCHIVE else ""
        self._note.update(Content(one_line(text)))
        self._note.set_class(bool(text), "-there")

    def _what_is_loaded(self) -> str:
        place = self._place
        library = self.session.library
        document = library.known_manifest(place.host, place.repository, place.reference)
        if isinstance(document, Index):
            platforms = (one.platform for one in document.manifests if not is_attestation(one))
            nearest = nearest_platform(platform for platform in platforms if platform is not None)
            return f"docker load takes {nearest} of it" if nearest is not None else ""
        if document is not None and not is_loadable(document):
            return "docker load takes container images, and this is none"
        return ""

    # Starting.

    async def start(self, folder: Path) -> Sequence[Transfer] | None:
        place, form = self._place, self._wanted_form
        self.say("Asking for the manifests …")
        parts = await self._gather(place)
        self.problem.remove_class("-there")
        if parts is None:
            return None
        if form is Form.ARCHIVE:
            loadable_image(parts)
        name = safe_file_name(self.file_input.value.strip(), self._proposed)
        overwrite = await self._settle(folder, name, parts, form)
        if overwrite is None:
            return None
        return [
            self.session.downloads.start_image(
                self.session.library.registry(place.host),
                place.repository,
                parts,
                folder,
                form=form,
                name=name,
                overwrite=overwrite,
            )
        ]

    async def _gather(self, place: ManifestPlace) -> ImageParts | None:
        """Find all that belongs to it; ask whether the rest is wanted where something is missing."""
        library = self.session.library
        tag, platform = self._named()
        gather = partial(
            gather_parts,
            _Known(library, place),
            place.repository,
            await library.manifest(place.host, place.repository, place.reference),
            name=f"{place.repository_place.image_name}:{tag}" if tag is not None else "",
            tag=tag,
            platform=platform,
        )
        try:
            return await gather()
        except AbsentManifestsError as error:
            question = f"{sentence(str(error))} Save the rest without them?"
            if await self.may(question, "rest", "Save the rest", no="Save nothing"):
                return await gather(absent=True)
            return None

    async def _settle(self, folder: Path, name: str, parts: ImageParts, form: Form) -> bool | None:
        """Ask about what is in the way; tell whether it may be replaced, None to do nothing."""

        def check() -> TargetExistsError | NameTakenError | bool:
            try:
                if form is Form.LAYOUT:
                    check_layout(folder / name, parts)
                else:
                    check_target(folder / name)
            except NameTakenError as error:
                return error
            except TargetExistsError as error:
                if not error.replaceable:
                    raise
                return error
            return False

        found = await self.in_folder(folder, check)
        if found is None or isinstance(found, bool):
            return found
        if not await self.may(sentence(str(found)), "replace", "Replace it"):
            raise found
        return True
