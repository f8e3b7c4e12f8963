from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tui.client.errors import RequestLine, TokenError
from tui.client.login.tokens import EARLY, LONGEST_LIFE, clean_scopes, parse_token

NOW = datetime(2026, 11, 21, 9, 12, 0, tzinfo=UTC)
LINE = RequestLine("GET", "https://auth.example/token")


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ([], ()),
        ([""], ()),
        (["repository:a/b:pull"], ("repository:a/b:pull",)),
        (["repository:a/b:push,pull"], ("repository:a/b:pull,push",)),
        (["repository:b:pull", "repository:a:pull"], ("repository:b:pull", "repository:a:pull")),
        (["repository:a:pull repository:a:push"], ("repository:a:pull,push",)),
        (["repository:a:pull", "repository:a:*"], ("repository:a:*",)),
        (["registry:catalog:*"], ("registry:catalog:*",)),
        (["repository:host:5000/a:pull"], ("repository:host:5000/a:pull",)),
        (["aws"], ("aws",)),
        (["repository:a:"], ("repository:a",)),
    ],
)
def test_merges_the_actions_of_scopes(scopes: list[str], expected: tuple[str, ...]) -> None:
    assert clean_scopes(scopes) == expected


@pytest.mark.parametrize(
    ("document", "seconds"),
    [
        ({"token": "t"}, 60),
        ({"access_token": "t", "expires_in": 300}, 300),
        ({"token": "", "access_token": "t", "expires_in": 300}, 300),
        ({"token": "t", "expires_in": 1}, 60),
        ({"token": "t", "expires_in": "300"}, 300),
        ({"token": "t", "expires_in": 300.0}, 300),
        ({"token": "t", "expires_in": "soon"}, 60),
        ({"token": "t", "expires_in": True}, 60),
        ({"token": "t", "expires_in": None}, 60),
        ({"token": "t", "expires_in": -1}, 60),
        ({"token": "t", "expires_in": float("inf")}, 60),
        ({"token": "t", "expires_in": 10**400}, 60),
        ({"token": "t", "expires_in": 300_000_000_000}, LONGEST_LIFE),
        ({"token": "t", "expires_in": 300, "issued_at": "2026-11-21T09:11:00Z"}, 240),
        ({"token": "t", "expires_in": 300, "issued_at": "2026-11-21T09:11:00"}, 240),
        ({"token": "t", "expires_in": 300, "issued_at": "2026-11-21T10:11:00+01:00"}, 240),
        ({"token": "t", "expires_in": 300, "issued_at": "2026-11-21T11:00:00Z"}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": "0001-01-01T00:00:00Z"}, 60),
        ({"token": "t", "expires_in": 300, "issued_at": "yesterday"}, 300),
        ({"token": "t", "expires_in": 300, "issued_at": 0}, 300),
    ],
)
def test_reads_what_token_services_send(document: dict[str, Any], seconds: float) -> None:
    token = parse_token(document, NOW, LINE)
    assert token.value == "t"
    assert token.seconds == seconds - EARLY


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "t",
        {},
        {"token": None},
        {"token": 5},
        {"token": "a b"},
        {"token": "a\r\nHost: x"},
        {"token": "é"},
    ],
)
def test_refuses_what_holds_no_token(document: Any) -> None:
    with pytest.raises(TokenError) as caught:
        parse_token(document, NOW, LINE)
    assert "auth.example" in str(caught.value)


def test_a_token_hides_itself() -> None:
    token = parse_token({"token": "secret-1", "refresh_token": "secret-2"}, NOW, LINE)
    assert token.refresh == "secret-2"
    assert "secret" not in repr(token)
