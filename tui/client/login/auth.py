"""Logins: what proves to a registry who asks. Their `repr` hides the secret."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tui.client.errors import TokenError

__all__ = [
    "AuthProvider",
    "Authenticator",
    "BasicAuth",
    "IdentityKeeper",
    "IdentityToken",
    "RepositoryAuthProvider",
    "TokenAuth",
]


@runtime_checkable
class Authenticator(Protocol):
    """What to send to the registry's own origin; it never goes anywhere else."""

    def authorization(self) -> str:
        """Make the value of the ``Authorization`` header."""
        ...


@runtime_checkable
class AuthProvider(Protocol):
    """Tells who asks when a registry wants to know, and not before; the answer may change at any time."""

    async def provide(self, *, refused: bool = False) -> Authenticator | None:
        """Return who asks at present; None for nobody in particular.

        It is called again and again, so what it knows it says at once. While it takes its time, because
        somebody has to answer a dialog, no time limit of the client runs.

        Args:
            refused: Whether the registry has refused what came last, so that it is worth a second look.
        """
        ...


@runtime_checkable
class IdentityKeeper(AuthProvider, Protocol):
    """A provider that wants to know of identity tokens that a token service has replaced."""

    async def renewed(self, old: IdentityToken, new: IdentityToken) -> None:
        """Take the token that counts from now on; the one before may be void.

        Requests wait for it, so that it should keep what it is given in the background.

        Args:
            old: The token that was exchanged.
            new: What the service gave in its place.
        """
        ...


@runtime_checkable
class RepositoryAuthProvider(AuthProvider, Protocol):
    """A provider that knows of repositories at which one is somebody else than at their registry."""

    def for_repository(self, repository: str) -> AuthProvider | None:
        """Return who tells who asks for a repository; None where that is who asks at the registry.

        It is called for each request, and returns the same provider for all repositories of one login.

        Args:
            repository: The name of the repository.
        """
        ...


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user name and a password.

    It answers a Basic challenge as it is, and a Bearer challenge by exchanging it for a token.
    """

    username: str
    password: str = field(repr=False)

    def authorization(self) -> str:
        """Make the header of the Basic scheme, in UTF-8 (RFC 7617).

        Half a character, which has no form in UTF-8, is sent all the same: an error about it would repeat it.
        """
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogatepass")
        return "Basic " + b64encode(pair).decode("ascii")


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """A token that the registry itself accepts; it is sent as it is with every request."""

    token: str = field(repr=False)

    def authorization(self) -> str:
        """Make the header of the Bearer scheme (RFC 6750).

        Raises:
            TokenError: The token holds characters that no header can carry.
        """
        return bearer(self.token)


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A token of the token service, which exchanges it for tokens of the registry (OAuth 2, "refresh token").

    Docker's credential helpers give it the user name ``<token>``.
    """

    token: str = field(repr=False)
    username: str = "<token>"

    def authorization(self) -> str:
        """Make the header for token services that know no OAuth 2: the token as a password."""
        return BasicAuth(self.username, self.token).authorization()


def bearer(token: str) -> str:
    """Make the header of the Bearer scheme, without the line end that pasted tokens have.

    Raises:
        TokenError: The token is empty or holds characters that no header can carry.
    """
    stripped = token.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise TokenError("the token is empty or holds characters that a token cannot have")
    return f"Bearer {stripped}"
