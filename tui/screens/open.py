"""The dialog that opens a place by its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.arguments import Place, PlaceError, parse_demo_place, parse_place
from tui.client.errors import InvalidNameError
from tui.client.local.local_path import LocalPath
from tui.client.names import RegistryHost
from tui.local_names import LocalNameError, check_image
from tui.sanitize import one_line
from tui.screens.dialogs import Dialog
from tui.widgets.clean_input import CleanInput

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.client.local.local_path import SourceName


class OpenScreen(ModalScreen[Place | None]):
    """Asks for a name; inside of a registry, names of its repositories are enough."""

    DEFAULT_CSS = """
    OpenScreen { align: center middle; }
    OpenScreen .hint { color: $text-muted; margin-top: 1; }
    OpenScreen .hint.-wrong { color: $text-error; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="open.cancel", tooltip="Open nothing"),
    ]

    def __init__(self, inside: SourceName | None) -> None:
        super().__init__()
        self._inside = inside

    def compose(self) -> ComposeResult:
        with Dialog() as dialog:
            dialog.border_title = Content(f"Go to a place on {self._inside}" if self._inside else "Go to")
            dialog.border_subtitle = "enter open  esc cancel"
            placeholder = (
                "repository, repository:tag" if self._inside else "registry, registry/repository:tag"
            )
            yield CleanInput(placeholder=placeholder, compact=True)
            yield Static(self._hint(), classes="hint")

    def _hint(self) -> str:
        if self._inside:
            return "or a full name on another registry: registry.example.com/team/app:1.2"
        return "alpine, alpine:3 and org/app are names on Docker Hub; oci:PATH and image.tar are files"

    @on(Input.Changed)
    def _forget_complaint(self) -> None:
        hint = self.query_one(".hint", Static)
        hint.remove_class("-wrong")
        hint.update(self._hint())

    @on(Input.Submitted)
    def _open(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            return
        try:
            self.dismiss(self._place(text))
        except PlaceError as error:
            hint = self.query_one(".hint", Static)
            hint.add_class("-wrong")
            hint.update(Content(one_line(str(error), limit=400)))

    def _place(self, text: str) -> Place:
        """Read a name: inside of a registry as one of its repositories, unless it names a host or a path."""
        inside = self._inside
        if isinstance(inside, LocalPath):
            return _place_inside(inside, text)
        place = parse_place(text)
        if inside is None or inside.is_docker_hub or _names_host(place, text):
            return place
        return replace(parse_demo_place(text), host=inside)


def _place_inside(path: LocalPath, text: str) -> Place:
    """Read the name of an image in a layout or an archive, or a place that is clearly elsewhere."""
    try:
        place = parse_place(text)
    except PlaceError:
        place = None
    if place is not None and _names_host(place, text):
        return place
    try:
        check_image(text)
    except LocalNameError as error:
        raise PlaceError(str(error)) from error
    return Place(path, image=text)


def _names_host(place: Place, text: str) -> bool:
    """Tell whether a text names the host of its place; Docker Hub is meant by names without one, too."""
    if place.scheme or not (isinstance(place.host, RegistryHost) and place.host.is_docker_hub):
        return True
    try:
        return RegistryHost(text.partition("/")[0]).is_docker_hub
    except InvalidNameError:
        return False
