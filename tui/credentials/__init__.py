"""Where a login comes from: so far the files of Docker and Podman, which are only read.

`known_hosts` and `find_login` read the files at every call, since logins change while the program runs;
`read_logins` does it once for several questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.credentials.files import FileLogins, LoginFile, login_files, read_login_file
from tui.credentials.logins import KnownHost, Login
from tui.credentials.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.names import RegistryHost, Repository

__all__ = [
    "KnownHost",
    "Login",
    "LoginFile",
    "Logins",
    "Secret",
    "find_login",
    "known_hosts",
    "login_files",
    "read_logins",
]


@dataclass(frozen=True, slots=True)
class Logins:
    """What all files say, in the order in which they are asked."""

    files: tuple[FileLogins, ...] = ()

    @property
    def hosts(self) -> tuple[KnownHost, ...]:
        """The registries that the files mention, each once, by the first file that does."""
        hosts: dict[RegistryHost, KnownHost] = {}
        for file in self.files:
            for known in file.hosts:
                hosts.setdefault(known.host, known)
        return tuple(hosts.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read: a sentence each, without a full stop; nothing that a file says is in it."""
        return tuple(warning for file in self.files for warning in file.warnings)

    def find(self, host: RegistryHost, repository: Repository | None = None) -> Login | None:
        """Return the login of the first file that has one.

        Args:
            host: The registry.
            repository: What is to be done there; logins for a part of the registry count only with it.
        """
        found = (file.find(host, repository) for file in self.files)
        return next((login for login in found if login is not None), None)


def read_logins(files: Iterable[LoginFile] | None = None) -> Logins:
    """Read the files of Docker and Podman; what is damaged gives warnings, never an exception.

    Args:
        files: The files; those of `login_files` where they are left out.
    """
    chosen = login_files() if files is None else files
    return Logins(tuple(read_login_file(file) for file in chosen))


def known_hosts() -> tuple[KnownHost, ...]:
    """List the registries that the files of Docker and Podman mention, with and without a login."""
    return read_logins().hosts


def find_login(host: RegistryHost, repository: Repository | None = None) -> Login | None:
    """Return the login that Docker's or Podman's files hold for a registry, None where they hold none.

    Logins that a credential helper keeps are not asked for.

    Args:
        host: The registry.
        repository: What is to be done there; logins for a part of the registry count only with it.
    """
    return read_logins().find(host, repository)
