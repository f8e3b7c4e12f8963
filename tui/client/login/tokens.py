"""Tokens of registries: scopes, the answer of a token service, and how long a token lasts.

The protocol is that of distribution's "Token Authentication" and "OAuth2 Token Authentication".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tui.client.errors import TokenError
from tui.client.login.auth import bearer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.client.errors import RequestLine

__all__ = [
    "CATALOG_SCOPE",
    "Token",
    "clean_scopes",
    "delete_scopes",
    "parse_token",
    "pull_scope",
    "push_scope",
    "repository_of",
]

CATALOG_SCOPE: Final = "registry:catalog:*"
"""The right to list repositories."""

SHORTEST_LIFE: Final = 60.0
"""Seconds that a token lasts at least, and where the service does not say."""

LONGEST_LIFE: Final = 24 * 3600.0
"""Seconds after which a token is renewed whatever the service says; some say 9,500 years."""

EARLY: Final = 5.0
"""Seconds before its end at which a token is renewed, so that it does not end on its way."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a registry."""

    value: str = field(repr=False)
    """The token itself."""
    seconds: float
    """How long it may be used, from the moment at which it was asked for."""
    refresh: str = field(default="", repr=False)
    """A new identity token, where the service gave one."""


def pull_scope(repository: str) -> str:
    """Name the right to read a repository."""
    return f"repository:{repository}:pull"


def push_scope(repository: str) -> str:
    """Name the right to read a repository and to write to it."""
    return f"repository:{repository}:pull,push"


def delete_scopes(repository: str) -> tuple[str, ...]:
    """Name the right to delete from a repository, in the order in which token services are asked for it.

    What the right is called is nowhere said: distribution wants ``delete``, Quay wants ``push`` and gives
    nothing to those who name ``delete``, and both understand ``*``.
    """
    return tuple(f"repository:{repository}:{actions}" for actions in ("*", "delete,pull,push", "pull,push"))


def repository_of(scopes: tuple[str, ...]) -> str:
    """Name the repository that the first of some rights concerns; "" where it concerns none."""
    kind, _, rest = scopes[0].partition(":") if scopes else ("", "", "")
    return rest.rpartition(":")[0] if kind == "repository" else ""


def clean_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Merge the actions of scopes for the same thing; the order of the things stays, actions are sorted.

    Args:
        scopes: Scopes as ``type:name:action,action``; several may stand in one text, with blanks between.
    """
    merged: dict[str, set[str]] = {}
    for scope in " ".join(scopes).split():
        thing, colon, actions = scope.rpartition(":")
        if colon and ":" in thing:
            merged.setdefault(thing, set()).update(action for action in actions.split(",") if action)
        else:
            merged.setdefault(scope, set())
    return tuple(
        f"{thing}:{'*' if '*' in actions else ','.join(sorted(actions))}" if actions else thing
        for thing, actions in merged.items()
    )


def parse_token(document: Any, now: datetime, line: RequestLine) -> Token:
    """Read the answer of a token service.

    Args:
        document: The JSON value.
        now: The time at which the token was asked for, with its time zone.
        line: The request, for errors.

    Raises:
        TokenError: There is no token in it that can be used.
    """
    fields = document if isinstance(document, dict) else {}
    value = next(
        (text for name in ("token", "access_token") if isinstance(text := fields.get(name), str) and text), ""
    )
    if not value:
        raise TokenError("the token service answered without a token", request=line)
    try:
        bearer(value)
    except TokenError as error:
        raise TokenError(error.message, request=line) from error
    refresh = fields.get("refresh_token")
    life = max(_seconds(fields.get("expires_in")), SHORTEST_LIFE) - _age(fields.get("issued_at"), now)
    return Token(
        value.strip(),
        min(max(life, SHORTEST_LIFE), LONGEST_LIFE) - EARLY,
        refresh if isinstance(refresh, str) else "",
    )


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0


def _age(issued_at: Any, now: datetime) -> float:
    """Tell for how many seconds the service has had the token; 0 where that cannot be known."""
    if not isinstance(issued_at, str):
        return 0.0
    try:
        issued = datetime.fromisoformat(issued_at)
    except ValueError:
        return 0.0
    if issued.tzinfo is None:
        issued = issued.replace(tzinfo=UTC)
    return max((now - issued).total_seconds(), 0.0)
