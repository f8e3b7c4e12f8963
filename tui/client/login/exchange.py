"""The token exchange: a login, or nobody's, for a token of the registry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from tui.client.answers import error_infos, parse_json, refusal
from tui.client.errors import (
    RefusedRedirectError,
    RequestLine,
    TimeoutExceededError,
    TokenError,
    UnauthorizedError,
)
from tui.client.limits import MAX_TOKEN
from tui.client.login.auth import BasicAuth, IdentityToken
from tui.client.login.tokens import parse_token
from tui.client.wire.origins import checked_realm, origin
from tui.client.wire.sender import Outgoing

if TYPE_CHECKING:
    import httpx

    from tui.client.answers import RawResponse
    from tui.client.login.auth import Authenticator
    from tui.client.login.tokens import Token
    from tui.client.wire.sender import Sender
    from tui.client.wire.tls import Tls

__all__ = ["REDIRECTS", "Exchange", "TokenQuery", "with_query"]

CLIENT_ID: Final = "ocitui"
"""What the client calls itself before token services."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses that lead elsewhere, with a ``Location``."""

_NO_OAUTH: Final = frozenset({401, 403, 404, 405, 501})
"""What services that know no OAuth 2 answer to its POST: Artifactory 401, GCR 404, Harbor 405, others 403."""

_NO_GET: Final = frozenset({405, 501})
"""What services answer to GET that know OAuth 2 alone."""


_JSON: Final = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """What is asked of a token service; equal questions have equal answers."""

    realm: str
    service: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way to a registry's token service.

    Attributes:
        sender: Sends the requests.
        home: The registry's own URL.
        tls: Whom to trust, and which certificate the registry itself is shown.
    """

    sender: Sender
    home: httpx.URL
    tls: Tls

    async def token(self, query: TokenQuery, login: Authenticator | None) -> Token:
        """Ask for a token.

        Args:
            query: The challenge's realm and service, and the rights that are wanted.
            login: Who asks; None for nobody in particular.

        Raises:
            RefusedRealmError: The login must not be sent to the realm.
            ErrorResponse: The service refused.
            TokenError: Its answer holds no token, or it redirects what carries a login.
            NetworkError: It did not answer.
        """
        line = RequestLine("GET", str(self.home))
        realm = await checked_realm(query.realm, self.home, self.sender.transports.is_internal, line)
        asked = datetime.now(UTC)
        try:
            async with asyncio.timeout(self.sender.timeouts.small):
                response = await self._ask(realm, query, login)
        except TimeoutError as error:
            line = RequestLine("GET", str(realm))
            raise TimeoutExceededError("the token service did not answer in time", request=line) from error
        if _says(response, "invalid_grant", "invalid_client"):
            raise refusal(response, UnauthorizedError)
        response.raise_for_status()
        return parse_token(parse_json(response, "token"), asked, response.request)

    async def _ask(self, realm: httpx.URL, query: TokenQuery, login: Authenticator | None) -> RawResponse:
        parameters = [("service", query.service)] if query.service else []
        parameters += [("scope", scope) for scope in query.scopes]
        url = with_query(realm, parameters)
        if login is None:
            return await self._ask_as_nobody(url)
        by_get = Outgoing("GET", url, {**_JSON, "Authorization": login.authorization()})
        if not isinstance(login, IdentityToken):
            response = await self._request(by_get)
            if response.status in _NO_GET and isinstance(login, BasicAuth):
                return await self._request(_oauth_request(realm, query, login))
            return response
        refused = await self._request(_oauth_request(realm, query, login))
        if refused.status not in _NO_OAUTH and not _says(refused, "unsupported_grant_type"):
            return refused
        response = await self._request(by_get)
        # A service that knows OAuth 2 after all has told its reason at the first question.
        knows = refused.status == HTTPStatus.UNAUTHORIZED
        return refused if knows and response.status >= HTTPStatus.BAD_REQUEST else response

    async def _ask_as_nobody(self, url: httpx.URL) -> RawResponse:
        for _ in range(self.sender.limits.redirects + 1):
            response = await self._request(Outgoing("GET", url, _JSON))
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                return response
            # The rules for a realm hold for each place that it leads to.
            url = await checked_realm(
                location, self.home, self.sender.transports.is_internal, response.request, base=url
            )
        raise RefusedRedirectError("the token service redirects without end", request=response.request)

    async def _request(self, outgoing: Outgoing) -> RawResponse:
        tls = self.tls if origin(outgoing.url) == origin(self.home) else self.tls.for_others
        outward = await self.sender.transports.is_outward(outgoing.url, self.home)
        answer = await self.sender.send(replace(outgoing, tls=tls, outward=outward))
        try:
            if answer.status < 300:  # noqa: PLR2004 - the bound of success is the protocol's
                return await answer.read(MAX_TOKEN, "token")
            if answer.status in REDIRECTS and (outgoing.content or "Authorization" in outgoing.headers):
                raise TokenError(
                    "the token service redirects elsewhere, where a login must not go", request=answer.line
                )
            return await answer.read_refusal(self.sender.timeouts.refusal)
        finally:
            await answer.aclose()


def _oauth_request(realm: httpx.URL, query: TokenQuery, login: IdentityToken | BasicAuth) -> Outgoing:
    """Ask as the token specification's "OAuth2 Token Authentication" has it; the login is in the body."""
    form = {"service": query.service, "client_id": CLIENT_ID}
    if query.scopes:
        form["scope"] = " ".join(query.scopes)
    if isinstance(login, IdentityToken):
        form |= {"grant_type": "refresh_token", "refresh_token": login.token}
    else:
        form |= {"grant_type": "password", "username": login.username, "password": login.password}
    headers = {**_JSON, "Content-Type": "application/x-www-form-urlencoded"}
    return Outgoing("POST", realm, headers, urlencode(form, errors="surrogatepass").encode("ascii"))


def _says(response: RawResponse, *codes: str) -> bool:
    """Tell whether the answer is an error of OAuth 2 with one of these codes (RFC 6749, section 5.2)."""
    if response.status != HTTPStatus.BAD_REQUEST:
        return False
    return any(info.code in codes for info in error_infos(response.body))


def with_query(url: httpx.URL, parameters: list[tuple[str, str]]) -> httpx.URL:
    """Add parameters to the query that a URL may already have."""
    if not parameters:
        return url
    query = "&".join(part for part in (url.query.decode("ascii"), urlencode(parameters, safe="/:,")) if part)
    return url.copy_with(query=query.encode("ascii"))
