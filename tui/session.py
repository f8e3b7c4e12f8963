"""What one run of the browser works with: settings, remembered names, logins, registries, downloads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.client.local.local_path import LocalPath
from tui.client.names import DOCKER_HUB, RegistryHost
from tui.config import save_theme
from tui.connections import SettingsConnections
from tui.credentials import LoginStore, WatchedFiles, login_files
from tui.library import Library
from tui.places import RegistryPlace
from tui.state import State, load_state, remember, state_path
from tui.transfers import Downloads

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tui.arguments import Place
    from tui.client import Repository
    from tui.client.local.local_path import SourceName
    from tui.config import Settings
    from tui.insides import Insides

WELL_KNOWN: Final = (
    DOCKER_HUB,
    "ghcr.io",
    "quay.io",
    "registry.k8s.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "gcr.io",
    "registry.gitlab.com",
)
"""Public registries that people pull from, in the order of how often."""

ON_DISK: Final = "on this machine"
"""Why a layout or an archive is in the list; it is not remembered, since files come and go."""

DEMO: Final = "demo"
"""Why the embedded registry is in the list; it has another port each time, so it is not remembered."""


def login_files_watched() -> WatchedFiles:
    """Return the files of logins, with the mark by which programs that run tell each other of a change."""
    return WatchedFiles(login_files(), state_path().with_name("logins-changed"))


class Session:
    """Holds what the screens need, and nothing that draws."""

    def __init__(
        self,
        settings: Settings,
        *,
        logins: LoginStore | None = None,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read what is remembered; nothing is asked of any registry.

        Args:
            settings: What the person decided.
            logins: Who the person is where; without those of the environment where it is left out.
            ca_file: Certificate authorities to trust for every registry of this run.
            transport: What carries the requests, instead of the network.
            now: Tells the present moment, by which ages are told.
        """
        self.now = now
        self.settings = settings
        self.state: State = load_state()
        self.logins = logins or LoginStore(files=login_files_watched())
        self.connections = SettingsConnections(settings, self.logins, ca_file=ca_file, transport=transport)
        self.library = Library(self.connections)
        self.downloads = Downloads()
        self._added: list[RegistryPlace] = []
        self._insides: Insides | None = None
        self.starting = ""
        """What must be there before there are registries to list; empty for nothing."""

    @property
    def insides(self) -> Insides:
        """What is inside of layers, from the first one on that is looked into."""
        if self._insides is None:
            from tui.contents.store import LayerStore  # noqa: PLC0415  # the first frame needs nothing of it
            from tui.insides import Insides, layers_folder  # noqa: PLC0415  # as above

            self._insides = Insides(self.library, LayerStore(layers_folder()))
        return self._insides

    def add_registry(self, host: RegistryHost, origin: str) -> None:
        """Put a registry at the top of the list for this run."""
        self._added.insert(0, RegistryPlace(host, origin))

    def registries(self) -> tuple[RegistryPlace, ...]:
        """List the registries that the person has, the nearest to them first, each once."""
        known = [
            *self._added,
            *(RegistryPlace(host, "saved") for host in self.settings.registries),
            *(RegistryPlace(host, "opened by name") for host in self.state.registries),
            *(RegistryPlace(known.host, f"{known.source}'s logins") for known in self.logins.hosts),
            *(RegistryPlace(RegistryHost(name), "well known") for name in WELL_KNOWN),
        ]
        first: dict[SourceName, RegistryPlace] = {}
        for place in known:
            first.setdefault(place.host, place)
        return tuple(first.values())

    def opened_by_name(self, host: SourceName) -> tuple[Repository, ...]:
        """List the repositories that were opened by name on a registry, the latest first."""
        if isinstance(host, LocalPath):
            return ()
        return self.state.repositories.get(host, ())

    def remember(self, place: Place) -> None:
        """Remember what was opened by name; a layout or an archive for this run only.

        Raises:
            StateError: it could not be written.
        """
        host, repository = place.host, place.repository
        if host is None or any(added.host == host for added in self._added):
            return
        if isinstance(host, LocalPath):
            self._added.insert(0, RegistryPlace(host, ON_DISK))
            return

        def change(state: State) -> State:
            if all(known.host != host for known in self.registries()):
                state = state.with_registry(host)
            return state.with_repository(host, repository) if repository is not None else state

        self.state = remember(change)

    @property
    def download_folder(self) -> Path:
        """Where downloads go unless the person says otherwise."""
        return self.settings.download_folder or self.state.download_folder or Path.cwd()

    def remember_folder(self, folder: Path) -> None:
        """Remember where the last download went.

        Raises:
            StateError: it could not be written.
        """
        self.state = remember(lambda state: state.with_download_folder(folder))

    def choose_theme(self, name: str) -> None:
        """Write a theme into the settings.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        save_theme(name)

    async def aclose(self) -> None:
        """End what is under way, and close all connections."""
        await self.downloads.aclose()
        if self._insides is not None:
            await self._insides.rest()
        await self.connections.aclose()
        await self.logins.aclose()
