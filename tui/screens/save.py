"""The dialog that asks how, and where, an image is saved as a whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui.client.local.image_parts import gather_parts
from tui.client.local.loadable import is_loadable, loadable_image
from tui.client.local.saving_errors import AbsentManifestsError, NameTakenError
from tui.client.models import Index, Manifest
from tui.client.names import Digest, Tag
from tui.figures import counted, size
from tui.sanitize import one_line, safe_file_name
from tui.screens.dialogs import Dialog
from tui.screens.placing import PlacingScreen
from tui.screens.savable import ALL, ONE, places_of, what_is_loaded
from tui.transfers import Form, TargetExistsError, Transfer, check_layout, check_target, image_name
from tui.widgets.choice import Choice
from tui.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from textual.app import ComposeResult

    from tui.client import BlobStream, Descriptor, ImageParts, Platform, Repository
    from tui.library import Library
    from tui.places import ManifestPlace
    from tui.screens.savable import Savable
    from tui.session import Session

_SCOPES: Final = {ONE: "{} alone", ALL: "all that {} lists"}

UNKNOWN: Final = ("unknown", "unknown")
"""The platform that an index writes where there is none."""

_FORMS: Final = {
    Form.ARCHIVE.value: "archive for docker load and podman load",
    Form.LAYOUT.value: "OCI layout: a folder, added to where it is one already",
}


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
        self._library = session.library
        self._places = places_of(savable)
        loadable = isinstance(savable.document, Index) or is_loadable(savable.document)
        self._form = Choice(_FORMS, (Form.ARCHIVE if loadable else Form.LAYOUT).value, id="form")
        names = {scope: _SCOPES[scope].format(place.name) for scope, place in self._places.items()}
        self._scope = Choice(names, next(iter(names)), id="scope")
        self._facts = Static(classes="facts")
        self._note = Static(classes="note")
        self._proposed = self._proposal()
        super().__init__(session, self._proposed)

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = "Save"
            dialog.border_subtitle = "enter start  space other  → complete  esc cancel"
            yield self._facts
            if len(self._places) > 1:
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
        self._tell()

    # What is wanted.

    @property
    def _wanted_form(self) -> Form:
        return Form(self._form.value)

    @property
    def _place(self) -> ManifestPlace:
        return self._places[self._scope.value]

    def _known(self, place: ManifestPlace, reference: Tag | Digest) -> Index | Manifest | None:
        """Return what has been looked at already."""
        return self._library.known_manifest(place.host, place.repository, reference)

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
        return image_name(place.repository, tag or digest or Tag("image"), platform, self._wanted_form)

    @on(Choice.Changed)
    def _choose(self) -> None:
        """Propose another name, unless the person has written one, and say what docker load takes."""
        before, self._proposed = self._proposed, self._proposal()
        if self.file_input.value == before:
            self.file_input.value = self._proposed
        self._tell()

    @on(Choice.Submitted)
    def _go_on(self) -> None:
        self.begin()

    def _tell(self) -> None:
        """Say what is wanted, and what docker load takes of it where that is not all."""
        place = self._place
        document = self._known(place, place.reference)
        where = f"{place.repository} › {' › '.join(place.trail)}"
        figures = " · ".join(self._figures(place, document))
        self._facts.update(Content("\n").join(Content(one_line(part)) for part in (where, figures)))
        text = what_is_loaded(document) if self._wanted_form is Form.ARCHIVE else ""
        self._note.update(Content(one_line(text)))
        self._note.set_class(bool(text), "-there")

    def _figures(self, place: ManifestPlace, document: Index | Manifest | None) -> Iterator[str]:
        """Tell how much it is, as far as that is known."""
        if isinstance(document, Index):
            yield counted(len(document.manifests), "manifest")
            children = [self._known(place, entry.digest) for entry in document.manifests]
            sizes = [child.size for child in children if isinstance(child, Manifest)]
            if sizes and len(sizes) == len(children):
                yield size(sum(sizes))
        elif document is not None:
            yield size(document.size)
        if isinstance(place.reference, Digest):
            yield f"{place.reference.algorithm}:{place.reference.short}…"

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
                self._library.registry(place.host),
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
        library = self._library
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
