"""The token endpoint: GET with Basic, POST as OAuth 2 (distribution's token authentication)."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.routing import Route

from tui.demo.access import Access, basic_credentials, parse_scopes, scopes
from tui.demo.bodies import read_body
from tui.demo.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

MAX_FORM = 64 * 1024
"""Largest body of a POST, in bytes: a few names, scopes and one token."""

MAX_TOKENS = 10_000
"""Tokens that are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token is good for, and until when."""

    granted: frozenset[Access]
    expires: float


class TokenDesk:
    """Gives out tokens, and knows what they are good for; may be used from any thread.

    Args:
        is_user: Says whether a user has a password.
        allows: Says whether a user ("" for nobody in particular) has an access.
        anonymous: Whether tokens are given without a login.
        service: Name of the registry.
        lifetime: Seconds that a token is valid.
        oauth2: Whether POST is taken as well.
    """

    def __init__(
        self,
        *,
        is_user: Callable[[str, str], bool],
        allows: Callable[[str, Access], bool],
        anonymous: bool,
        service: str,
        lifetime: int,
        oauth2: bool,
    ) -> None:
        self._is_user = is_user
        self._allows = allows
        self._anonymous = anonymous
        self._service = service
        self._lifetime = lifetime
        self._oauth2 = oauth2
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}
        self._identities: dict[str, str] = {}

    def issue(self, user: str, wanted: Iterable[Access]) -> tuple[str, frozenset[Access]]:
        """Give a user ("" for nobody in particular) a token for what is allowed of what is wanted."""
        granted = frozenset(access for access in wanted if self._allows(user, access))
        text = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._tokens) >= MAX_TOKENS:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[text] = _Token(granted, time.monotonic() + self._lifetime)
        return text, granted

    def issue_identity(self, user: str) -> str:
        """Give a user an identity token, which is exchanged for others until it is revoked."""
        text = secrets.token_urlsafe(24)
        with self._lock:
            self._identities[text] = user
        return text

    def granted(self, text: str) -> frozenset[Access] | None:
        """Return what a token is good for; None for one that is unknown or has expired."""
        with self._lock:
            token = self._tokens.get(text)
        return None if token is None or token.expires <= time.monotonic() else token.granted

    def expire(self) -> None:
        """Let all tokens expire now; identity tokens stay."""
        with self._lock:
            self._tokens.clear()

    def revoke_identities(self) -> None:
        """Forget all identity tokens."""
        with self._lock:
            self._identities.clear()

    def routes(self) -> list[BaseRoute]:
        """Return the endpoint."""
        methods = ["GET", "POST"] if self._oauth2 else ["GET"]
        return [Route("/token", self._answer, methods=methods)]

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._exchange(request)
        return self._get(request)

    def _get(self, request: Request) -> Response:
        """Answer GET: user and password as Basic, or nobody in particular."""
        query = request.query_params
        if query.get("service", self._service) != self._service:
            raise ProblemError(400, "UNSUPPORTED", "unknown service", detail={"service": query["service"]})
        user = ""
        if "authorization" in request.headers:
            credentials = basic_credentials(request.headers["authorization"])
            if credentials is None or not self._is_user(*credentials):
                raise _unauthorized("user or password is wrong")
            user = credentials[0]
        elif not self._anonymous:
            raise _unauthorized("authentication required")
        text, granted = self.issue(user, parse_scopes(query.getlist("scope")))
        answer = {"token": text} | self._fields(text, granted)
        if user and query.get("offline_token") == "true":
            answer["refresh_token"] = self.issue_identity(user)
        return JSONResponse(answer)

    async def _exchange(self, request: Request) -> Response:
        """Answer POST: a password or an identity token in a form, as OAuth 2 has them (RFC 6749)."""
        form = parse_qs((await read_body(request, MAX_FORM)).decode("utf-8", "replace"))

        def field(name: str) -> str:
            return form.get(name, [""])[0]

        identity = ""
        if field("grant_type") == "password":
            user = field("username")
            if not self._is_user(user, field("password")):
                return _refused("invalid_grant", "user or password is wrong", 401)
            if field("access_type") == "offline":
                identity = self.issue_identity(user)
        elif field("grant_type") == "refresh_token":
            identity = field("refresh_token")
            with self._lock:
                known = self._identities.get(identity)
            if known is None:
                return _refused("invalid_grant", "the refresh token is unknown", 401)
            user = known
        else:
            return _refused("unsupported_grant_type", "password and refresh_token are known", 400)
        if field("service") != self._service:
            return _refused("invalid_request", "unknown service", 400)
        text, granted = self.issue(user, parse_scopes(form.get("scope", [])))
        answer = self._fields(text, granted)
        if identity:
            answer["refresh_token"] = identity
        return JSONResponse(answer)

    def _fields(self, text: str, granted: frozenset[Access]) -> dict[str, Any]:
        return {
            "access_token": text,
            "scope": scopes(sorted(granted, key=str)),
            "expires_in": self._lifetime,
            "issued_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _unauthorized(message: str) -> ProblemError:
    headers = {"WWW-Authenticate": 'Basic realm="token"'}
    return ProblemError(401, "UNAUTHORIZED", message, headers=headers)


def _refused(error: str, description: str, status: int) -> Response:
    """Return a refusal as OAuth 2 writes it."""
    return JSONResponse({"error": error, "error_description": description}, status)
