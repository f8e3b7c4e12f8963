"""Logins in environment variables, for the registries that these name and for no other.

`OCITUI_USERNAME` and `OCITUI_PASSWORD` hold one login, for the registry in `OCITUI_REGISTRY`.
`DOCKER_AUTH_CONFIG`, which Docker knows, holds the `auths` of a login file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui.client.errors import InvalidNameError
from tui.client.names import RegistryHost
from tui.credentials.errors import InvalidLoginError
from tui.credentials.files import FileLogins, read_login_text
from tui.credentials.logins import KnownHost, Login, canonical, make_login
from tui.credentials.secret import Secret

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from tui.client.names import Repository

__all__ = ["SECRET_VARIABLES", "EnvironmentLogins", "take_environment"]

ENVIRONMENT: Final = "environment"
"""The source of the login in this program's own variables."""

DOCKER_VARIABLE: Final = "DOCKER_AUTH_CONFIG"

SECRET_VARIABLES: Final = ("OCITUI_PASSWORD", DOCKER_VARIABLE)
"""The variables that hold secrets: no other program is to get them from this one."""

MAX_VARIABLE: Final = 1024 * 1024
"""Characters of a variable that holds logins; more than systems let a variable have."""


@dataclass(frozen=True, slots=True)
class EnvironmentLogins:
    """What the environment says of logins."""

    own: tuple[RegistryHost, Login] | None = None
    """The login in this program's own variables, and its registry."""
    docker: FileLogins = field(default_factory=lambda: FileLogins(DOCKER_VARIABLE))
    """What Docker's variable says."""
    warnings: tuple[str, ...] = ()
    """What is wrong with the variables: a sentence each, without a full stop, and without their content."""

    @property
    def hosts(self) -> tuple[KnownHost, ...]:
        """The registries that the variables name."""
        own = (KnownHost(self.own[0], self.own[1].source),) if self.own is not None else ()
        return (*own, *self.docker.hosts)

    def find(self, host: RegistryHost, repository: Repository | None = None) -> Login | None:
        """Return the login for a registry, None where the variables name another one."""
        if self.own is not None and self.own[0] == canonical(host):
            return self.own[1]
        return self.docker.find(host, repository)


def take_environment(variables: MutableMapping[str, str] | None = None) -> EnvironmentLogins:
    """Read the logins in the environment, and take the secret variables out of it.

    What is taken out no other program inherits, and no list of variables shows.

    Args:
        variables: The environment; that of the process where it is left out.
    """
    environment = os.environ if variables is None else variables
    password = Secret(environment.pop("OCITUI_PASSWORD", ""))
    document = Secret(environment.pop(DOCKER_VARIABLE, ""))
    host, username = environment.get("OCITUI_REGISTRY", ""), environment.get("OCITUI_USERNAME", "")
    own, warnings = _own_login(host, username, password)
    docker = FileLogins(DOCKER_VARIABLE)
    if document and len(document.reveal()) <= MAX_VARIABLE:
        read = read_login_text(document, DOCKER_VARIABLE, DOCKER_VARIABLE)
        hosts = tuple(known for known in read.hosts if not known.helper)
        docker = FileLogins(DOCKER_VARIABLE, hosts, read.warnings, read.entries)
    elif document:
        warnings = (*warnings, f"{DOCKER_VARIABLE} cannot be read: it is too long")
    return EnvironmentLogins(own, docker, (*warnings, *docker.warnings))


def _own_login(
    host: str, username: str, password: Secret
) -> tuple[tuple[RegistryHost, Login] | None, tuple[str, ...]]:
    if not password:
        return None, ()
    if not host:
        return None, ("OCITUI_PASSWORD is not used, because OCITUI_REGISTRY does not say for which registry",)
    try:
        registry = canonical(RegistryHost.parse(host))
        login = make_login(username, password, source=ENVIRONMENT)
    except InvalidNameError:
        return None, ("OCITUI_PASSWORD is not used, because OCITUI_REGISTRY names no registry",)
    except InvalidLoginError as error:
        return None, (f"OCITUI_USERNAME and OCITUI_PASSWORD are not used: {error}",)
    return (registry, login), ()
