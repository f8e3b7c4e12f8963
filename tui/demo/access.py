"""What a request wants, and who decides whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

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


CATALOG_ACCESS = (Access("registry", "catalog", "*"),)
"""What listing all repositories wants."""


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
