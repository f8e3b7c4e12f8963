"""A token server as docker-registry's token login wants one.

It answers `GET /token` (with a Basic login or none) and `POST /token` (a password or a refresh token in a
form) with a JSON Web Token signed with RS256, whose header carries the signing certificate.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from tests.real.http_server import Answer, Asked

if TYPE_CHECKING:
    from tests.real.certificates import SigningKey

ISSUER = "token server of the tests"
SERVICE = "registry of the tests"
VALID_FOR = 300
"""Seconds for which a token holds."""

ANONYMOUS = ""
"""The name of the account of a request without a login; where it is missing, all have to log in."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one person may do: actions by the beginning of a resource, as `repository:library/`."""

    password: str
    rights: dict[str, frozenset[str]]
    refresh_token: str = ""

    def allowed(self, kind: str, name: str, actions: list[str]) -> list[str]:
        """Those of the actions that the account has a right to."""
        resource = f"{kind}:{name}"
        granted: set[str] = set()
        for beginning, rights in self.rights.items():
            if resource.startswith(beginning):
                granted |= rights
        return [action for action in actions if action in granted]


@dataclass
class TokenIssuer:
    """Answers requests for tokens; hand it to an `HttpServer`."""

    signing: SigningKey
    accounts: dict[str, Account]
    takes_post: bool = True
    """Whether POST is answered; if not, it is refused with 405."""
    issued: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    """Account and access of every token so far."""

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        address = urlsplit(asked.target)
        if address.path != "/token":
            return Answer(404)
        if asked.method == "POST":
            if not self.takes_post:
                return Answer(405)
            fields = parse_qs(asked.body.decode())
            account = self._account_of_form(fields)
            scopes = fields.get("scope", [""])[0].split()
        else:
            fields = parse_qs(address.query)
            account = self._account_of_header(asked.headers.get("authorization"))
            scopes = [scope for value in fields.get("scope", []) for scope in value.split()]
        if account is None:
            return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong name or password"}]})
        if fields.get("service") != [SERVICE]:
            return _json(400, {"errors": [{"code": "UNSUPPORTED", "message": "another service"}]})
        token = self.issue(account, scopes)
        return _json(200, {"token": token, "access_token": token, "expires_in": VALID_FOR})

    def _account_of_form(self, fields: dict[str, list[str]]) -> str | None:
        grant = fields.get("grant_type", [""])[0]
        if grant == "refresh_token":
            given = fields.get("refresh_token", [""])[0]
            for name, account in self.accounts.items():
                if account.refresh_token and account.refresh_token == given:
                    return name
        elif grant == "password":
            return self._checked(fields.get("username", [""])[0], fields.get("password", [""])[0])
        return None

    def _account_of_header(self, header: str | None) -> str | None:
        if header is None:
            return ANONYMOUS if ANONYMOUS in self.accounts else None
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._checked(name, password)

    def _checked(self, name: str, password: str) -> str | None:
        account = self.accounts.get(name)
        return name if name and account is not None and account.password == password else None

    def issue(self, account: str, scopes: list[str]) -> str:
        """A token that grants an account those of the scopes that it has a right to."""
        access = []
        for scope in scopes:
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            granted = self.accounts[account].allowed(kind, name, actions.split(","))
            if granted:
                access.append({"type": kind, "name": name, "actions": granted})
        self.issued.append((account, access))
        now = int(time.time())
        return self._signed(
            {
                "iss": ISSUER,
                "sub": account,
                "aud": SERVICE,
                "iat": now,
                "nbf": now,
                "exp": now + VALID_FOR,
                "jti": str(len(self.issued)),
                "access": access,
            }
        )

    def _signed(self, claims: dict[str, Any]) -> str:
        certificate = self.signing.certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(certificate).decode()]}
        payload = f"{_base64url(json.dumps(header).encode())}.{_base64url(json.dumps(claims).encode())}"
        signature = self.signing.key.sign(payload.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{payload}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(status: int, document: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
