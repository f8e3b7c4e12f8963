"""A login and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

from tui.client.errors import TokenError
from tui.client.login.auth import Authenticator, BasicAuth, IdentityToken, TokenAuth
from tui.client.names import DOCKER_HUB, RegistryHost
from tui.credentials.errors import InvalidLoginError

if TYPE_CHECKING:
    from tui.credentials.secret import Secret

__all__ = ["RUN", "TOKEN_USER", "Kind", "KnownHost", "Login", "canonical", "make_login"]

TOKEN_USER: Final = "<token>"  # noqa: S105 - the user name that marks an identity token, as Docker does
"""The user name with which Docker and its helpers say that the password is an identity token."""

RUN: Final = "this run"
"""The source of a login that is kept in memory."""

MAX_USERNAME: Final = 1024
"""Characters of a user name: the longest seen, of service accounts, have some hundred."""


class Kind(StrEnum):
    """What a secret is."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    """A password, or whatever the registry takes in its place."""
    IDENTITY_TOKEN = "identity-token"  # noqa: S105 - the name of a kind
    """A token of the registry's token service, which exchanges it for others (OAuth 2, "refresh token")."""
    TOKEN = "token"  # noqa: S105 - the name of a kind
    """A token that the registry itself takes as it is."""


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
    """Where it comes from, in a word: `this run`, `environment`, `keyring`, `Docker`, `Podman`, or the name
    of the helper's program."""

    @property
    def who(self) -> str:
        """Who one is, in words: the user name, or that it is a token. Foreign text."""
        if self.username and self.username != TOKEN_USER:
            return self.username
        return "identity token" if isinstance(self.auth, IdentityToken) else "token"

    @property
    def label(self) -> str:
        """Who one is, and where that comes from: `alice (keyring)`. Foreign text."""
        return f"{self.who} ({self.source})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a login is not pickled")


def canonical(host: RegistryHost) -> RegistryHost:
    """Give Docker Hub the one name under which its logins are kept."""
    return RegistryHost(DOCKER_HUB) if host.is_docker_hub else host


def make_login(username: str, secret: Secret, kind: Kind | None = None, *, source: str = RUN) -> Login:
    """Make a login of what a person has entered.

    Args:
        username: The user name; `<token>` says that the secret is an identity token.
        secret: The password or the token.
        kind: What the secret is; where it is left out, the user name says it.
        source: Where it comes from, in a word.

    Raises:
        InvalidLoginError: It is none that could be sent.
    """
    if kind is None:
        kind = Kind.IDENTITY_TOKEN if username == TOKEN_USER else Kind.PASSWORD
    word = "password" if kind is Kind.PASSWORD else "token"
    if not secret:
        raise InvalidLoginError(f"the {word} is empty")
    if not _can_be_sent(secret.reveal()):
        raise InvalidLoginError(f"the {word} holds characters that cannot be sent, such as a line end")
    if len(username) > MAX_USERNAME or not _can_be_sent(username):
        raise InvalidLoginError("the user name is too long, or holds characters that cannot be sent")
    if kind is Kind.TOKEN:
        return Login(_checked_token(secret), username, source)
    if kind is Kind.IDENTITY_TOKEN:
        return Login(IdentityToken(secret.reveal(), username or TOKEN_USER), username, source)
    if not username:
        raise InvalidLoginError("the user name is empty")
    if ":" in username:
        raise InvalidLoginError("a user name cannot have a colon")
    return Login(BasicAuth(username, secret.reveal()), username, source)


def _checked_token(secret: Secret) -> TokenAuth:
    token = TokenAuth(secret.reveal())
    try:
        token.authorization()
    except TokenError as error:
        raise InvalidLoginError(error.message) from None
    return token


def _can_be_sent(text: str) -> bool:
    """Tell whether text has a form in UTF-8 and no control characters (RFC 7617, section 2)."""
    return not any(ord(char) < ord(" ") or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text)
