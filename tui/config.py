"""Settings: what a person decided, in a TOML file of their own; never a secret.

The file is read strictly, so that a slip of the pen is told with its line, and written through tomlkit, so
that comments, order and layout survive::

    theme = "ocitui-dark"
    download_folder = "~/Downloads"

    [registries."registry.example.com:5000"]
    insecure_http = true
    ca_file = "company-ca.pem"
    client_certificate = "me.crt"
    client_key = "me.key"

    [registries."docker.io"]
    mirrors = ["mirror.example.com", "http://10.0.0.5:5000/hub"]

    [keys]
    "browser.reload" = "f5"

A path may begin with `~`; a relative one starts from the folder of the settings file.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from tui.client.errors import InvalidNameError
from tui.client.mirror_location import MirrorLocation
from tui.client.names import DOCKER_HUB, RegistryHost
from tui.client.redaction import quoted
from tui.config_checks import Checker, SettingsError, lower_first
from tui.files import UnreadableFileError, read_small_file, write_whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from tomlkit import TOMLDocument
    from tomlkit.items import Table, Whitespace

__all__ = [
    "RegistrySettings",
    "Settings",
    "SettingsError",
    "forget_registry",
    "load_settings",
    "save_download_folder",
    "save_registry",
    "save_theme",
    "settings_path",
]

ENVIRONMENT: Final = "OCITUI_CONFIG"
"""The environment variable that names the file."""

MAX_SETTINGS: Final = 1024 * 1024
"""Bytes of a settings file: hundreds of registries take a tenth of it."""

_KEYS: Final = ("download_folder", "keys", "registries", "theme")
_REGISTRY_KEYS: Final = ("ca_file", "client_certificate", "client_key", "insecure_http", "mirrors")


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """How to reach one registry."""

    insecure_http: bool = False
    """Whether to speak plain http with it."""
    ca_file: Path | None = None
    """A PEM file of certificate authorities to trust for it, besides the system's."""
    client_certificate: Path | None = None
    """A PEM file with the certificate to show it."""
    client_key: Path | None = None
    """A PEM file with the key of that, where it is not in the same file."""
    mirrors: tuple[str, ...] = ()
    """Where its manifests and blobs are asked for first, each as a host or a URL."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person decided; everything has a default."""

    theme: str | None = None
    """The name of the theme; None leaves it to the program."""
    download_folder: Path | None = None
    """Where downloads go unless said otherwise; None leaves it to the program."""
    registries: Mapping[RegistryHost, RegistrySettings] = field(default_factory=lambda: MappingProxyType({}))
    """The saved registries, in the order of the file; Docker Hub under `docker.io`."""
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Keys by the id of the binding that they are for; several are separated by commas."""

    def registry(self, host: RegistryHost) -> RegistrySettings:
        """Return how to reach a registry, whether or not the file mentions it."""
        return self.registries.get(_hub_or(host), RegistrySettings())


def settings_path() -> Path:
    """Tell where the settings are: `OCITUI_CONFIG`, or the system's usual folder for settings."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser()
    return platformdirs.user_config_path("ocitui", appauthor=False) / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; those of a file that is not there are the defaults.

    Args:
        path: The file; that of `settings_path` where it is left out.

    Raises:
        SettingsError: The file cannot be read, is no TOML, or holds a key or a value that has no meaning.
    """
    path = path or settings_path()
    return _parse(_read(path), path)


def save_theme(theme: str | None, path: Path | None = None) -> None:
    """Write the theme into the settings; None takes it out.

    Raises:
        SettingsError: The file cannot be read or written; it is as it was.
    """

    def change(document: TOMLDocument) -> None:
        _put(document, "theme", theme)

    _change(change, path)


def save_download_folder(folder: Path | None, path: Path | None = None) -> None:
    """Write the folder for downloads into the settings; None takes it out.

    Raises:
        SettingsError: The file cannot be read or written; it is as it was.
    """

    def change(document: TOMLDocument) -> None:
        _put(document, "download_folder", None if folder is None else str(folder))

    _change(change, path)


def save_registry(host: RegistryHost, settings: RegistrySettings, path: Path | None = None) -> None:
    """Write a registry and how to reach it into the settings, in place of what they say about it.

    Raises:
        SettingsError: The file cannot be read or written; it is as it was.
    """

    def change(document: TOMLDocument) -> None:
        registries = document.setdefault("registries", _table(is_super_table=True))
        name = _written_name(registries, host) or str(_hub_or(host))
        is_new = name not in registries
        entry = registries.setdefault(name, _table())
        _put(entry, "insecure_http", settings.insecure_http or None)
        for key in ("ca_file", "client_certificate", "client_key"):
            file: Path | None = getattr(settings, key)
            _put(entry, key, None if file is None else str(file))
        _put(entry, "mirrors", list(settings.mirrors) or None)
        if is_new and list(document)[-1] != "registries":
            entry.add(_empty_line())

    _change(change, path)


def forget_registry(host: RegistryHost, path: Path | None = None) -> None:
    """Take a registry out of the settings, if they mention it.

    Raises:
        SettingsError: The file cannot be read or written; it is as it was.
    """

    def change(document: TOMLDocument) -> None:
        registries = document.get("registries", {})
        name = _written_name(registries, host)
        if name is not None:
            del registries[name]

    _change(change, path)


def _read(path: Path) -> str:
    try:
        data = read_small_file(path, MAX_SETTINGS)
    except FileNotFoundError:
        return ""
    except UnreadableFileError as error:
        raise SettingsError(path, str(error)) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(path, "it is not text in UTF-8", line=line) from error


def _parse(text: str, path: Path) -> Settings:
    document = _load(text, path)
    check = Checker(text, path)
    check.known(document, _KEYS, ())
    registries: dict[RegistryHost, RegistrySettings] = {}
    for name, entry in check.table(document, "registries").items():
        key = ("registries", name)
        try:
            host = _hub_or(RegistryHost.parse(name))
        except InvalidNameError as error:
            raise check.error(f"it is no registry's host: {error.reason}", key) from error
        if host in registries:
            raise check.error(f"the registry {host} is there twice", key)
        registries[host] = _registry(check, entry, key)
    theme = document.get("theme")
    return Settings(
        theme=None if theme is None else check.text(theme, ("theme",)),
        download_folder=check.path(document.get("download_folder"), ("download_folder",)),
        registries=MappingProxyType(registries),
        keys=MappingProxyType(
            {
                binding: check.text(value, ("keys", binding))
                for binding, value in check.table(document, "keys").items()
            }
        ),
    )


def _load(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).removesuffix(" (at end of document)").partition(" (at line ")
        line = int(place.partition(",")[0]) if place else text.count("\n") + 1
        raise SettingsError(path, f"it is not valid TOML: {lower_first(problem)}", line=line) from error
    except RecursionError as error:
        raise SettingsError(path, "its values are nested too deeply") from error


def _registry(check: Checker, entry: Any, key: tuple[str, ...]) -> RegistrySettings:
    if not isinstance(entry, dict):
        raise check.error(f"must be a table; in it there may be {', '.join(_REGISTRY_KEYS)}", key)
    check.known(entry, _REGISTRY_KEYS, key)
    insecure_http = entry.get("insecure_http", False)
    if not isinstance(insecure_http, bool):
        raise check.error("must be true or false", (*key, "insecure_http"))
    files = {
        name: check.path(entry.get(name), (*key, name))
        for name in ("ca_file", "client_certificate", "client_key")
    }
    if files["client_key"] is not None and files["client_certificate"] is None:
        raise check.error("needs client_certificate beside it", (*key, "client_key"))
    return RegistrySettings(insecure_http, **files, mirrors=_mirrors(check, entry, key))


def _mirrors(check: Checker, entry: dict[str, Any], above: tuple[str, ...]) -> tuple[str, ...]:
    value, key = entry.get("mirrors", []), (*above, "mirrors")
    if not isinstance(value, list):
        raise check.error('must be a list, as in ["mirror.example.com"]', key)
    mirrors = tuple(check.text(mirror, key) for mirror in value)
    for mirror in mirrors:
        try:
            MirrorLocation.parse(mirror)
        except InvalidNameError as error:
            raise check.error(
                f"{quoted(error.text)} is the place of no mirror: {error.reason}", key
            ) from error
    return mirrors


def _change(change: Callable[[TOMLDocument], None], path: Path | None) -> None:
    import tomlkit  # noqa: PLC0415 - loading it takes longer than reading the settings without it

    path = path or settings_path()
    text = _read(path)
    _parse(text, path)
    try:
        document = tomlkit.parse(text)
        change(document)
        changed = tomlkit.dumps(document)
    except tomlkit.exceptions.TOMLKitError as error:
        raise SettingsError(path, f"it cannot be changed: {error}") from error
    _parse(changed, path)
    try:
        write_whole_file(path, changed.encode())
    except OSError as error:
        raise SettingsError(
            path, f"it cannot be written: {lower_first(error.strerror or type(error).__name__)}"
        ) from error


def _put(table: MutableMapping[str, Any], name: str, value: str | bool | list[str] | None) -> None:  # noqa: FBT001 - a value
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value


def _table(*, is_super_table: bool = False) -> Table:
    import tomlkit  # noqa: PLC0415 - as in _change

    return tomlkit.table(is_super_table=is_super_table)


def _empty_line() -> Whitespace:
    import tomlkit  # noqa: PLC0415 - as in _change

    return tomlkit.nl()


def _written_name(registries: Mapping[str, Any], host: RegistryHost) -> str | None:
    """Find the name under which the file knows a registry."""
    return next((name for name in registries if _hub_or(RegistryHost.parse(name)) == _hub_or(host)), None)


def _hub_or(host: RegistryHost) -> RegistryHost:
    return RegistryHost(DOCKER_HUB) if host.is_docker_hub else host
