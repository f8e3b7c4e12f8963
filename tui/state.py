"""What the program remembers by itself: names that were opened, the last folder for downloads.

One JSON file, which may be deleted at any time. Whatever is wrong in it is left out; nothing secret gets in.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import platformdirs

from tui.client.errors import InvalidNameError
from tui.client.names import RegistryHost, Repository
from tui.files import UnreadableFileError, read_small_file, short_path, write_whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["State", "StateError", "load_state", "remember", "state_path"]

ENVIRONMENT: Final = "OCITUI_STATE"
"""The environment variable that names the file."""

MAX_REGISTRIES: Final = 200
"""Registries that are remembered, the ones opened last: more than anybody goes through in a list."""

MAX_REPOSITORIES: Final = 500
"""Repositories that are remembered for one registry, the ones opened last."""

MAX_STATE: Final = 16 * 1024 * 1024
"""Bytes of the file; the limits above keep it at a few hundred kilobytes in practice."""

_VERSION: Final = 1

_Name = TypeVar("_Name", bound=str)


class StateError(Exception):
    """What should be remembered could not be written; the message is one sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered; the methods return a changed copy."""

    registries: tuple[RegistryHost, ...] = ()
    """Registries that were opened by name, the latest first."""
    repositories: Mapping[RegistryHost, tuple[Repository, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Repositories that were opened by name, by registry, the latest first."""
    download_folder: Path | None = None
    """Where the last download went."""

    def with_registry(self, host: RegistryHost) -> State:
        """Put a registry in front of the others."""
        return replace(self, registries=_in_front(host, self.registries, MAX_REGISTRIES))

    def without_registry(self, host: RegistryHost) -> State:
        """Forget a registry and the repositories that were opened on it."""
        return replace(
            self,
            registries=tuple(known for known in self.registries if known != host),
            repositories=MappingProxyType(
                {known: names for known, names in self.repositories.items() if known != host}
            ),
        )

    def with_repository(self, host: RegistryHost, repository: Repository) -> State:
        """Put a repository in front of the others of its registry."""
        names = _in_front(repository, self.repositories.get(host, ()), MAX_REPOSITORIES)
        others = {known: others for known, others in self.repositories.items() if known != host}
        kept = dict(list({host: names, **others}.items())[:MAX_REGISTRIES])
        return replace(self, repositories=MappingProxyType(kept))

    def without_repository(self, host: RegistryHost, repository: Repository) -> State:
        """Forget a repository."""
        names = tuple(known for known in self.repositories.get(host, ()) if known != repository)
        kept = {**self.repositories, host: names}
        return replace(
            self, repositories=MappingProxyType({known: names for known, names in kept.items() if names})
        )

    def with_download_folder(self, folder: Path) -> State:
        """Remember where the last download went."""
        return replace(self, download_folder=folder)


def state_path() -> Path:
    """Tell where the file is: `OCITUI_STATE`, or the system's usual folder for such files."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser()
    return platformdirs.user_state_path("ocitui", appauthor=False) / "state.json"


def load_state(path: Path | None = None) -> State:
    """Read what is remembered; nothing where the file is absent or damaged.

    Args:
        path: The file; that of `state_path` where it is left out.
    """
    try:
        data = read_small_file(path or state_path(), MAX_STATE)
        document = json.loads(data)
    except (FileNotFoundError, UnreadableFileError, ValueError, RecursionError):
        return State()
    return _state(document)


def remember(change: Callable[[State], State], path: Path | None = None) -> State:
    """Change what is remembered: the file is read anew, so that other running programs lose nothing.

    Args:
        change: Takes the present state and returns the new one: `lambda state: state.with_registry(host)`.
        path: The file; that of `state_path` where it is left out.

    Raises:
        StateError: The file cannot be written; it is as it was.
    """
    path = path or state_path()
    present = load_state(path)
    state = change(present)
    if state == present and path.exists():
        return state
    try:
        write_whole_file(path, _document(state))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise StateError(f"{short_path(path)} cannot be written: {reason}") from error
    return state


def _document(state: State) -> bytes:
    document: dict[str, Any] = {
        "version": _VERSION,
        "registries": state.registries,
        "repositories": dict(state.repositories),
    }
    if state.download_folder is not None:
        document["download_folder"] = str(state.download_folder)
    return (json.dumps(document, indent=1) + "\n").encode()


def _state(document: Any) -> State:
    if not isinstance(document, dict):
        return State()
    repositories: dict[RegistryHost, tuple[Repository, ...]] = {}
    listed = document.get("repositories")
    for key, names in listed.items() if isinstance(listed, dict) else ():
        host = _host(key)
        known = _names(names, _repository, MAX_REPOSITORIES)
        if host is not None and known and len(repositories) < MAX_REGISTRIES:
            repositories[host] = known
    folder = document.get("download_folder")
    return State(
        registries=_names(document.get("registries"), _host, MAX_REGISTRIES),
        repositories=MappingProxyType(repositories),
        download_folder=Path(folder) if isinstance(folder, str) and folder and "\0" not in folder else None,
    )


def _names(value: Any, read: Callable[[Any], _Name | None], limit: int) -> tuple[_Name, ...]:
    if not isinstance(value, list):
        return ()
    names: list[_Name] = []
    for item in value:
        name = read(item)
        if name is not None and name not in names:
            names.append(name)
        if len(names) == limit:
            break
    return tuple(names)


def _host(value: Any) -> RegistryHost | None:
    try:
        return RegistryHost(value) if isinstance(value, str) else None
    except InvalidNameError:
        return None


def _repository(value: Any) -> Repository | None:
    try:
        return Repository(value) if isinstance(value, str) else None
    except InvalidNameError:
        return None


def _in_front(name: _Name, names: tuple[_Name, ...], limit: int) -> tuple[_Name, ...]:
    others: list[_Name] = [known for known in names if known != name]
    return tuple([name, *others][:limit])
