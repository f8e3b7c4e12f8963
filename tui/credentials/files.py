"""The files in which Docker and Podman keep logins: where they are and what they say. They are only read.

Both write the same JSON: `auths` maps registries to logins, `credHelpers` maps registries to programs that
keep the login instead, `credsStore` names such a program for all others.

* Docker's keys are hosts or URLs (`https://index.docker.io/v1/`); an entry that is empty is no login.
* Podman's keys may name a part of a registry, `registry.example.com/team/app`: the most specific one counts.
* A registry in `credHelpers` has its own program, or with an empty name none; `credsStore` is for the others.
* `auth` is the base64 of `user:password`, split at the first colon.

What is damaged is left out, with a warning that never repeats what the file says.
"""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.client.errors import InvalidNameError
from tui.client.login.auth import Authenticator, BasicAuth, IdentityToken, TokenAuth
from tui.client.names import RegistryHost, Repository
from tui.client.redaction import printable
from tui.credentials.logins import TOKEN_USER, KnownHost, Login, canonical
from tui.credentials.secret import Secret
from tui.files import UnreadableFileError, read_small_file, short_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FileLogins", "LoginFile", "login_files", "read_login_file", "read_login_text"]

MAX_LOGIN_FILE: Final = 1024 * 1024
"""Bytes of a file of logins: the tokens of hundreds of registries fit."""

MAX_WARNINGS: Final = 5
"""Warnings about single entries of one file; the others are counted."""

_HELPER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FIELDS: Final = ("auth", "identitytoken", "password", "registrytoken", "username")
_API_PATHS: Final = frozenset({"v1", "v2"})


@dataclass(frozen=True, slots=True)
class LoginFile:
    """A place where logins may be kept; the file need not exist."""

    path: Path
    source: str
    """Who keeps it, in a word: `Docker`, `Podman`."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A login of a file, for a registry or for what lies under a path in it."""

    host: RegistryHost
    path: str
    username: str
    kind: type[BasicAuth | IdentityToken | TokenAuth]
    secret: Secret

    def covers(self, host: RegistryHost, repository: str) -> bool:
        return self.host == host and (not self.path or f"{repository}/".startswith(f"{self.path}/"))

    def auth(self) -> Authenticator:
        if self.kind is TokenAuth:
            return TokenAuth(self.secret.reveal())
        if self.kind is IdentityToken:
            return IdentityToken(self.secret.reveal(), self.username or TOKEN_USER)
        return BasicAuth(self.username, self.secret.reveal())


@dataclass(frozen=True, slots=True)
class FileLogins:
    """What one file says."""

    source: str
    hosts: tuple[KnownHost, ...] = ()
    """The registries that it mentions, in its order, each once."""
    warnings: tuple[str, ...] = ()
    """What could not be read: a sentence each, without a full stop; nothing that the file says is in it."""
    entries: tuple[_Entry, ...] = ()
    helpers: Mapping[RegistryHost, str] = field(default_factory=dict)
    """The helpers of single registries; an empty name is none."""
    helper_of_all: str = ""
    """The helper of all other registries; mostly none."""

    def helper(self, host: RegistryHost) -> str:
        """Return the name of the helper that keeps the login for a registry, "" where none does."""
        return self.helpers.get(canonical(host), self.helper_of_all)

    def part(self, host: RegistryHost, repository: str) -> str | None:
        """Return the part of a registry whose login counts for a repository.

        Returns:
            The path under which it lies, "" for the registry as a whole; None where there is no login.
        """
        wanted = canonical(host)
        paths = [entry.path for entry in self.entries if entry.covers(wanted, repository)]
        return max(paths, key=len, default=None)

    def find(self, host: RegistryHost, repository: str | None = None) -> Login | None:
        """Return the login for a registry; with a repository, the most specific one that covers it."""
        wanted = canonical(host)
        covering = [entry for entry in self.entries if entry.covers(wanted, repository or "")]
        if not covering:
            return None
        entry = max(covering, key=lambda entry: len(entry.path))
        return Login(entry.auth(), entry.username, self.source)


def login_files(environment: Mapping[str, str] | None = None) -> tuple[LoginFile, ...]:
    """List the files in which logins may be kept, in the order in which they are asked.

    Docker's is `$DOCKER_CONFIG/config.json`, or that in `~/.docker`. Podman's is `$REGISTRY_AUTH_FILE` and
    then no other, or those in the folders of the session and of the person's settings.

    Args:
        environment: The variables to go by; those of the process where they are left out.
    """
    variables = os.environ if environment is None else environment
    files: dict[Path, LoginFile] = {}
    for path, source in (*_docker_files(variables), *_podman_files(variables)):
        files.setdefault(path, LoginFile(path, source))
    return tuple(files.values())


def read_login_file(file: LoginFile) -> FileLogins:
    """Read a file of logins; one that does not exist says nothing, what is damaged gives warnings."""
    name = printable(short_path(file.path), 400)
    try:
        text = _unicode(read_small_file(file.path, MAX_LOGIN_FILE))
    except FileNotFoundError:
        return FileLogins(file.source)
    except UnreadableFileError as error:
        return FileLogins(file.source, warnings=(f"{name} cannot be read: {error}",))
    except UnicodeDecodeError:
        return FileLogins(file.source, warnings=(f"{name} cannot be read: it is not valid JSON",))
    return read_login_text(text, name, file.source)


def read_login_text(text: Secret, name: str, source: str) -> FileLogins:
    """Read logins in the form of Docker's and Podman's files; what is damaged gives warnings.

    Args:
        text: The JSON document.
        name: What to call the place that it comes from, in warnings.
        source: Who keeps it, in a word.
    """
    try:
        document = json.loads(text.reveal(), object_pairs_hook=_with_secrets)
    except (ValueError, RecursionError):
        return FileLogins(source, warnings=(f"{name} cannot be read: it is not valid JSON",))
    if not isinstance(document, dict):
        return FileLogins(source, warnings=(f"{name} cannot be read: it is not a JSON object",))
    return _Reader(name, source).read(document)


class _Reader:
    """Goes through the document of one file and collects what it says."""

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source
        self._hosts: dict[RegistryHost, KnownHost] = {}
        self._entries: list[_Entry] = []
        self._warnings: list[str] = []

    def read(self, document: dict[str, Any]) -> FileLogins:
        store = _helper_name(document.get("credsStore"))
        helpers: dict[RegistryHost, str] = {}
        for key, helper in self._table(document, "credHelpers").items():
            scope = self._scope(key)
            if scope is not None and not scope[1]:
                helpers[scope[0]] = _helper_name(helper)
                self._know(scope[0], helpers[scope[0]])
        for key, value in self._table(document, "auths").items():
            if (scope := self._scope(key)) is None:
                continue
            entry = self._entry(*scope, value)
            if entry is not None:
                self._entries.append(entry)
            self._know(scope[0], store if entry is None else "")
        more = len(self._warnings) - MAX_WARNINGS
        warnings = self._warnings[:MAX_WARNINGS]
        if more > 0:
            warnings.append(f"{self._name}: {more:,} more entries are left out")
        return FileLogins(
            self._source, tuple(self._hosts.values()), tuple(warnings), tuple(self._entries), helpers, store
        )

    def _know(self, host: RegistryHost, helper: str) -> None:
        self._hosts.setdefault(host, KnownHost(host, self._source, helper))

    def _table(self, document: dict[str, Any], key: str) -> dict[str, Any]:
        value = document.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._warnings.append(f"{self._name}: {key} is left out, because it is not a JSON object")
            return {}
        return value

    def _scope(self, key: str) -> tuple[RegistryHost, str] | None:
        """Read what an entry is for: a registry, and a path in it."""
        scheme, mark, rest = key.partition("://")
        authority, _, path = (rest if mark else scheme).partition("/")
        path = path.strip("/")
        if mark or path in _API_PATHS:
            path = ""
        try:
            return canonical(RegistryHost(authority)), Repository(path) if path else ""
        except InvalidNameError:
            # The key may be a URL with a password in it.
            self._warnings.append(f"{self._name}: an entry is left out, because its key names no registry")
            return None

    def _entry(self, host: RegistryHost, path: str, value: Any) -> _Entry | None:
        """Read a login; None where there is none."""
        fields = self._fields(host, value)
        if fields is None:
            return None
        username, password = fields["username"].reveal(), fields["password"]
        if fields["auth"]:
            pair = _decoded(fields["auth"])
            if pair is None:
                self._leave_out(host, "its auth is not the base64 of user:password")
                return None
            username, password = pair
        if fields["registrytoken"]:
            return _Entry(host, path, username, TokenAuth, fields["registrytoken"])
        if fields["identitytoken"]:
            return _Entry(host, path, username, IdentityToken, fields["identitytoken"])
        if not password:
            return None
        kind = IdentityToken if username == TOKEN_USER else BasicAuth
        return _Entry(host, path, username, kind, password)

    def _fields(self, host: RegistryHost, value: Any) -> dict[str, Secret] | None:
        """Return the texts of an entry, empty where they are absent; None where one is no text."""
        if not isinstance(value, dict):
            self._leave_out(host, "it is not a JSON object")
            return None
        fields: dict[str, Secret] = {}
        for name in _FIELDS:
            text = value.get(name) or Secret("")
            if not isinstance(text, Secret):
                self._leave_out(host, f"its {name} is not text")
                return None
            if not text.can_be_encoded:
                self._leave_out(host, f"its {name} holds half a character")
                return None
            fields[name] = text
        return fields

    def _leave_out(self, host: RegistryHost, reason: str) -> None:
        self._warnings.append(f"{self._name}: the login for {host} is left out, because {reason}")


def _docker_files(variables: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if folder := variables.get("DOCKER_CONFIG"):
        yield Path(folder) / "config.json", "Docker"
    elif home := _home():
        yield home / ".docker" / "config.json", "Docker"


def _podman_files(variables: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    below = Path("containers") / "auth.json"
    if named := variables.get("REGISTRY_AUTH_FILE"):
        yield Path(named), "Podman"
        return
    if session := variables.get("XDG_RUNTIME_DIR"):
        yield Path(session) / below, "Podman"
    if hasattr(os, "getuid"):
        yield Path("/run/containers") / str(os.getuid()) / "auth.json", "Podman"
    if settings := variables.get("XDG_CONFIG_HOME"):
        yield Path(settings) / below, "Podman"
    elif home := _home():
        yield home / ".config" / below, "Podman"


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # no variable and no user database says where it is
        return None


def _unicode(data: bytes) -> Secret:
    """Decode a JSON document in whichever form of Unicode it is."""
    return Secret(data.decode(json.detect_encoding(data)))


def _with_secrets(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of a document, with everything hidden that a login consists of."""
    return {
        name: Secret(value) if name in _FIELDS and isinstance(value, str) else value for name, value in pairs
    }


def _decoded(auth: Secret) -> tuple[str, Secret] | None:
    try:
        text = base64.b64decode(auth.reveal().strip(), validate=True).decode()
    except ValueError:
        return None
    username, colon, password = text.partition(":")
    # Old files pad the password with NULs, and Docker ignores them.
    return (username, Secret(password.rstrip("\0"))) if colon else None


def _helper_name(value: Any) -> str:
    return value if isinstance(value, str) and _HELPER_NAME.fullmatch(value) else ""
