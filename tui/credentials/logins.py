"""A login and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tui.client.auth import Authenticator
    from tui.client.names import RegistryHost

__all__ = ["KnownHost", "Login"]


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A registry that a person's files mention, whether or not they hold a login for it."""

    host: RegistryHost
    """The registry; Docker Hub is `docker.io`."""
    source: str
    """Who keeps the file, in a word: `Docker`, `Podman`."""
    helper: str = ""
    """The name of the helper that keeps the login, `pass` for `docker-credential-pass`; mostly none."""


@dataclass(frozen=True, slots=True)
class Login:
    """What to log in with at a registry; its `repr` hides the secret, it is never pickled."""

    auth: Authenticator
    """What the client sends."""
    username: str
    """Who one is there; empty for a token that names nobody. Foreign text, as it was kept."""
    source: str
    """Where it comes from, in a word: `Docker`, `Podman`."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a login is not pickled")
