"""Logins: a password with every request (Basic), or a token that is asked for first (Bearer)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.demo.access import Access, basic_credentials, scopes
from tui.demo.problems import ProblemError
from tui.demo.tokens import TokenDesk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

Allows = Callable[[str, Access], bool]
"""Says whether a user ("" for nobody in particular) has an access."""


def default_rights(*, anonymous_pull: bool) -> Allows:
    """Return the rule that users may do everything, and others may pull if at all."""

    def allows(user: str, access: Access) -> bool:
        pulls = access.kind == "repository" and access.action == "pull"
        return bool(user) or (anonymous_pull and pulls)

    return allows


def is_user(users: Mapping[str, str], user: str, password: str) -> bool:
    """Say whether a password is the user's."""
    expected = users.get(user)
    return expected is not None and secrets.compare_digest(expected.encode(), password.encode())


class BasicLogin:
    """User and password with every request.

    Args:
        users: Passwords by user; may be changed while the registry serves.
        realm: Named in the challenge.
        anonymous_pull: Whether pulling needs no login.
        allows: Who may do what; by default users everything.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        realm: str = "demo registry",
        anonymous_pull: bool = False,
        allows: Allows | None = None,
    ) -> None:
        self._users = users
        self._realm = realm
        self._anonymous_pull = anonymous_pull
        self._allows = default_rights(anonymous_pull=anonymous_pull) if allows is None else allows

    def check(self, request: Request, wanted: Sequence[Access]) -> None:
        """Let a request pass; see `tui.demo.access.Login`."""
        authorization = request.headers.get("authorization")
        if authorization is None:
            everybody_may = all(self._allows("", access) for access in wanted)
            if everybody_may and (wanted or self._anonymous_pull):
                return
            raise self._challenge("authentication required")
        credentials = basic_credentials(authorization)
        if credentials is None or not is_user(self._users, *credentials):
            raise self._challenge("user or password is wrong")
        missing = [access for access in wanted if not self._allows(credentials[0], access)]
        if missing:
            message = "requested access to the resource is denied"
            raise ProblemError(403, "DENIED", message, detail=_detail(missing))

    def routes(self) -> list[BaseRoute]:
        """Return no endpoints: none is needed."""
        return []

    def _challenge(self, message: str) -> ProblemError:
        headers = {"WWW-Authenticate": f'Basic realm="{self._realm}"'}
        return ProblemError(401, "UNAUTHORIZED", message, headers=headers)


class BearerLogin:
    """Tokens, given out by the registry's own `/token` endpoint for certain scopes and for a while.

    Args:
        users: Passwords by user; may be changed while the registry serves.
        service: Name of the registry in challenges and at the token endpoint.
        anonymous_pull: Whether everybody is given tokens for pulling.
        allows: Who is given what; by default users everything.
        lifetime: Seconds that a token is valid.
        realm: Where tokens are to be fetched; by default `/token` at the address that was asked.
        oauth2: Whether the token endpoint takes POST as well.

    Attributes:
        desk: Gives out the tokens; tests make them expire there.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        service: str = "demo-registry",
        anonymous_pull: bool = False,
        allows: Allows | None = None,
        lifetime: int = 300,
        realm: str | None = None,
        oauth2: bool = True,
    ) -> None:
        self._service = service
        self._realm = realm
        self.desk = TokenDesk(
            is_user=lambda user, password: is_user(users, user, password),
            allows=default_rights(anonymous_pull=anonymous_pull) if allows is None else allows,
            anonymous=anonymous_pull or allows is not None,
            service=service,
            lifetime=lifetime,
            oauth2=oauth2,
        )

    def check(self, request: Request, wanted: Sequence[Access]) -> None:
        """Let a request pass; see `tui.demo.access.Login`."""
        scheme, _space, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise self._challenge(request, wanted, "authentication required")
        granted = self.desk.granted(text.strip())
        if granted is None:
            raise self._challenge(request, wanted, "the token is unknown or has expired", "invalid_token")
        missing = [
            access
            for access in wanted
            if access not in granted and Access(access.kind, access.name, "*") not in granted
        ]
        if missing:
            message = "the token does not allow it"
            raise self._challenge(request, wanted, message, "insufficient_scope")

    def routes(self) -> list[BaseRoute]:
        """Return the token endpoint."""
        return self.desk.routes()

    def _challenge(
        self, request: Request, wanted: Sequence[Access], message: str, error: str = ""
    ) -> ProblemError:
        """Return the refusal that says where to fetch a token, and for what."""
        realm = f"{request.base_url}token" if self._realm is None else self._realm
        parameters = {"realm": realm, "service": self._service}
        if wanted:
            parameters["scope"] = scopes(wanted)
        if error:
            parameters["error"] = error
        challenge = ",".join(f'{key}="{value}"' for key, value in parameters.items())
        headers = {"WWW-Authenticate": f"Bearer {challenge}"}
        return ProblemError(401, "UNAUTHORIZED", message, detail=_detail(wanted), headers=headers)


def _detail(wanted: Sequence[Access]) -> list[dict[str, str]]:
    """Return accesses as an error's detail."""
    return [{"Type": one.kind, "Name": one.name, "Action": one.action} for one in wanted]
