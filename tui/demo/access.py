"""What a request wants, and who decides whether it may."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute


@dataclass(frozen=True, slots=True)
class Access:
    """One action on one thing; str() is its scope, as a token's ("repository:library/debian:pull")."""

    kind: str
    name: str
    action: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{self.action}"


def repository_access(name: str, *actions: str) -> tuple[Access, ...]:
    """Return what is wanted by a request that does actions ("pull", "push", "delete") on a repository."""
    return tuple(Access("repository", name, action) for action in actions)


def scopes(wanted: Iterable[Access]) -> str:
    """Return accesses as scopes, one for each thing: "repository:a:pull,push registry:catalog:*"."""
    actions: dict[tuple[str, str], list[str]] = {}
    for access in wanted:
        actions.setdefault((access.kind, access.name), []).append(access.action)
    return " ".join(f"{kind}:{name}:{','.join(some)}" for (kind, name), some in actions.items())


def parse_scopes(texts: Iterable[str]) -> list[Access]:
    """Return the accesses that scopes name; what is no scope is left out.

    Args:
        texts: Each with scopes separated by blanks.
    """
    found = []
    for scope in " ".join(texts).split():
        kind, _colon, rest = scope.partition(":")
        name, _colon, actions = rest.rpartition(":")
        if kind and name:
            found += [Access(kind, name, action) for action in actions.split(",") if action]
    return found


CATALOG_ACCESS = (Access("registry", "catalog", "*"),)
"""What listing all repositories wants."""


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Return user and password of an `Authorization: Basic` header, or None for any other one (RFC 7617)."""
    scheme, _space, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


class Login(Protocol):
    """A way of logging in."""

    def check(self, request: Request, wanted: Sequence[Access]) -> None:
        """Let a request pass.

        Args:
            request: With or without an `Authorization` header.
            wanted: What it is about to do; nothing for the version check.

        Raises:
            ProblemError: It may not; the answer carries the challenge.
        """

    def routes(self) -> list[BaseRoute]:
        """Return the endpoints that the login itself needs, if any."""


class NoLogin:
    """Everybody may do everything."""

    def check(self, request: Request, wanted: Sequence[Access]) -> None:
        """Let every request pass."""

    def routes(self) -> list[BaseRoute]:
        """Return no endpoints."""
        return []
