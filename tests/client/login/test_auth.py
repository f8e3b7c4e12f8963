from __future__ import annotations

import asyncio
from base64 import b64decode
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.helpers import client, items, mocked, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client.errors import (
    BodyTooLargeError,
    DeniedError,
    ParseBodyError,
    ParseJSONError,
    RefusedRealmError,
    RefusedRedirectError,
    RegistryError,
    RequestLine,
    TokenError,
    UnauthorizedError,
)
from tui.client.login.auth import Authenticator, BasicAuth, IdentityKeeper, IdentityToken, TokenAuth
from tui.client.login.challenge import Challenge
from tui.client.login.exchange import TokenQuery
from tui.client.login.identity import MAX_TOKENS, Identity
from tui.client.login.login import Login
from tui.client.login.tokens import LONGEST_LIFE, Token, parse_token
from tui.client.names import Repository

ALICE = BasicAuth("alice", "s3cret")
ALPHA, BETA = Repository("team/alpha"), Repository("team/beta")
TAGS = {"name": "team/alpha", "tags": ["v1"]}


class TokenRegistry:
    """A registry and its token service on one server: ``/v2/`` wants tokens, ``/token`` gives them."""

    def __init__(self) -> None:
        self.challenge = 'Bearer realm="/token",service="registry"'
        self.names_scope = True
        self.issued: dict[str, str] = {}
        """The scopes of each token."""
        self.token_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.token_gone = asyncio.Event()
        self.revoked: set[str] = set()

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await self.give_token(exchange)
            return
        kind, _, token = exchange.asked.headers.get("authorization", "").partition(" ")
        repository = exchange.asked.path.removeprefix("/v2/").removesuffix("/tags/list")
        wanted = f"repository:{repository}:pull"
        if kind == "Bearer" and wanted in self.issued.get(token, "") and token not in self.revoked:
            await exchange.reply(200, TAGS)
            return
        challenge = self.challenge + (f',scope="{wanted}"' if self.names_scope else "")
        if token:
            challenge += ',error="insufficient_scope"'
        await exchange.reply(401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": challenge})

    async def give_token(self, exchange: Exchange) -> None:
        self.token_asked.set()
        gone = asyncio.ensure_future(exchange.gone.wait())
        go = asyncio.ensure_future(self.may_answer.wait())
        await asyncio.wait({gone, go}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self.token_gone.set()
        gone.cancel()
        go.cancel()
        token = f"token-{len(self.issued)}"
        self.issued[token] = " ".join(value for name, value in parameters(exchange.asked) if name == "scope")
        await exchange.reply(200, {"token": token, "expires_in": 300})


def test_logins_hide_their_secrets() -> None:
    logins: list[Authenticator] = [ALICE, TokenAuth("s3cret"), IdentityToken("s3cret")]
    for login in logins:
        assert isinstance(login, Authenticator)
        assert "s3cret" not in repr(login)
        assert "s3cret" not in f"{login}"


def test_basic_is_utf_8_and_split_at_the_first_colon() -> None:
    kind, _, encoded = BasicAuth("jürgen", "pässwörd:with colon").authorization().partition(" ")
    assert kind == "Basic"
    assert b64decode(encoded).decode() == "jürgen:pässwörd:with colon"


@pytest.mark.parametrize("by_get", [200, 405])
async def test_a_password_that_has_no_form_in_utf_8_is_refused_without_being_repeated(by_get: int) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.method == "GET" and exchange.asked.path == "/token" and by_get == 405:
            await exchange.reply(405)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError) as caught:
            await items(own.registry(server.url, BasicAuth("alice", "s3cret\udc80")).tags(ALPHA))
        assert "s3cret" not in repr(caught.value)


def test_a_token_goes_without_the_line_end_that_was_pasted_with_it() -> None:
    assert TokenAuth(" abc\n").authorization() == "Bearer abc"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nHost: evil", "é", "a\x00"])
def test_a_token_that_no_header_can_carry_is_an_error(token: str) -> None:
    with pytest.raises(TokenError):
        TokenAuth(token).authorization()


async def test_a_password_is_sent_after_the_challenge_and_then_at_once() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.headers.get("authorization") == ALICE.authorization():
            await exchange.reply(200, TAGS)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Negotiate, Basic realm="registry"'})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        assert await items(registry.tags(ALPHA)) == ["v1"]
        assert "authorization" not in server.asked[0].headers
        assert len(server.asked) == 2
        await items(registry.tags(ALPHA))
        assert len(server.asked) == 3


async def test_a_wrong_password_is_tried_once() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(
            401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": 'Basic realm="registry"'}
        )

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError) as caught:
            await items(own.registry(server.url, ALICE).tags(ALPHA))
        assert len(server.asked) == 2
        assert caught.value.codes == ("UNAUTHORIZED",)
        assert caught.value.remedy


async def test_nobody_gets_unauthorized_from_a_registry_of_passwords() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, b"", {"WWW-Authenticate": 'Basic realm="registry"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError):
            await items(own.registry(server.url).tags(ALPHA))
        assert len(server.asked) == 1


async def test_a_password_is_exchanged_for_a_token_of_each_repository() -> None:
    async with ScriptedServer(TokenRegistry()) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        assert await items(registry.tags(ALPHA)) == ["v1"]
        await items(registry.tags(ALPHA))
        await items(registry.tags(BETA))
        assert server.lines == [
            "GET /v2/team/alpha/tags/list",
            "GET /token",
            "GET /v2/team/alpha/tags/list",
            "GET /v2/team/alpha/tags/list",
            "GET /token",
            "GET /v2/team/beta/tags/list",
        ]
        tokens = [asked for asked in server.asked if asked.path == "/token"]
        assert [parameters(asked) for asked in tokens] == [
            [("service", "registry"), ("scope", "repository:team/alpha:pull")],
            [("service", "registry"), ("scope", "repository:team/beta:pull")],
        ]
        assert {asked.headers["authorization"] for asked in tokens} == {ALICE.authorization()}
        assert {asked.headers["accept-encoding"] for asked in server.asked} == {"identity"}


async def test_nobody_gets_tokens_too() -> None:
    async with ScriptedServer(TokenRegistry()) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]
        assert "authorization" not in server.asked[1].headers


async def test_a_challenge_without_a_scope_is_answered_with_the_scope_that_is_needed() -> None:
    desk = TokenRegistry()
    desk.names_scope = False
    async with ScriptedServer(desk) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]
        assert ("scope", "repository:team/alpha:pull") in parameters(server.asked[1])


async def test_requests_at_the_same_time_share_one_exchange() -> None:
    desk = TokenRegistry()
    desk.may_answer.clear()
    async with ScriptedServer(desk) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        loads = [asyncio.create_task(items(registry.tags(ALPHA))) for _ in range(10)]
        await desk.token_asked.wait()
        await server.has_been_asked(11)
        desk.may_answer.set()
        assert await asyncio.gather(*loads) == [["v1"]] * 10
        assert server.lines.count("GET /token") == 1


async def test_a_load_that_is_cancelled_leaves_the_exchange_to_the_others() -> None:
    desk = TokenRegistry()
    desk.may_answer.clear()
    async with ScriptedServer(desk) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        first, second = (asyncio.create_task(items(registry.tags(ALPHA))) for _ in range(2))
        await desk.token_asked.wait()
        await server.has_been_asked(3)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        desk.may_answer.set()
        assert await second == ["v1"]
        assert server.lines.count("GET /token") == 1


async def test_an_exchange_that_nobody_waits_for_ends_down_to_the_socket() -> None:
    desk = TokenRegistry()
    desk.may_answer.clear()
    async with ScriptedServer(desk) as server, client() as own:
        load = asyncio.create_task(items(own.registry(server.url, ALICE).tags(ALPHA)))
        await desk.token_asked.wait()
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        await desk.token_gone.wait()


async def test_a_token_that_was_revoked_is_renewed_once() -> None:
    desk = TokenRegistry()
    async with ScriptedServer(desk) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        await items(registry.tags(ALPHA))
        desk.revoked.add("token-0")
        assert await items(registry.tags(ALPHA)) == ["v1"]
        assert server.lines.count("GET /token") == 2


async def test_a_token_without_the_right_ends_after_one_exchange() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await exchange.reply(200, {"token": "weak"})
            return
        error = ',error="insufficient_scope"' if "authorization" in exchange.asked.headers else ""
        challenge = f'Bearer realm="/token",service="s",scope="repository:team/alpha:pull"{error}'
        await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError):
            await items(own.registry(server.url, ALICE).tags(ALPHA))
        assert [line.rpartition("/")[2] for line in server.lines] == ["list", "token", "list"]


async def test_another_scope_that_the_registry_names_is_asked_for_once_and_remembered() -> None:
    both = "Bearer special.right.x-repository.team/alpha.pull"

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            scopes = [value for name, value in parameters(exchange.asked) if name == "scope"]
            await exchange.reply(200, {"token": "-".join(scopes).replace(":", ".")})
        elif exchange.asked.headers.get("authorization", "") == both:
            await exchange.reply(200, TAGS)
        elif "authorization" in exchange.asked.headers:
            challenge = 'Bearer realm="/token",scope="special:right:x",error="insufficient_scope"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        assert await items(registry.tags(ALPHA)) == ["v1"]
        assert server.lines.count("GET /token") == 2
        before = len(server.asked)
        await items(registry.tags(ALPHA))
        assert len(server.asked) == before + 1


async def test_a_challenge_that_is_left_out_is_asked_for_at_the_root() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await exchange.reply(200, {"token": "t"})
        elif exchange.asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, TAGS)
        elif exchange.asked.path == "/v2/":
            challenge = 'Bearer realm="/token",service="s",scope="repository:user/image:pull"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})
        else:
            await exchange.reply(401)

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, ALICE).tags(ALPHA)) == ["v1"]
        assert parameters(server.asked[2]) == [("service", "s"), ("scope", "repository:team/alpha:pull")]


async def test_a_registrys_token_is_sent_as_it_is_and_never_exchanged() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.headers.get("authorization") == "Bearer good":
            await exchange.reply(200, TAGS)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, TokenAuth("good")).tags(ALPHA)) == ["v1"]
        with pytest.raises(UnauthorizedError):
            await items(own.registry(server.url, TokenAuth("bad")).tags(ALPHA))
        assert len(server.asked) == 2


async def test_an_identity_token_is_exchanged_by_oauth_and_renewed_with_what_comes_back() -> None:
    forms: list[dict[str, list[str]]] = []

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            assert exchange.asked.method == "POST"
            forms.append(parse_qs(exchange.asked.body.decode()))
            await exchange.reply(200, {"access_token": f"t{len(forms)}", "refresh_token": "second"})
        elif "authorization" in exchange.asked.headers:
            await exchange.reply(200, TAGS)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token",service="s"'})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url, IdentityToken("first"))
        await items(registry.tags(ALPHA))
        await items(registry.tags(BETA))
        assert forms[0] == {
            "grant_type": ["refresh_token"],
            "service": ["s"],
            "client_id": ["ocitui"],
            "scope": ["repository:team/alpha:pull"],
            "refresh_token": ["first"],
        }
        assert forms[1]["refresh_token"] == ["second"]
        assert all("first" not in asked.target for asked in server.asked)


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": "unsupported_grant_type"}), (401, b""), (403, b""), (404, b""), (405, b""), (501, b"")],
)
async def test_an_identity_token_is_a_password_where_oauth_is_not_known(status: int, body: object) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path != "/token":
            known = exchange.asked.headers.get("authorization") == "Bearer t"
            challenge = {"WWW-Authenticate": 'Bearer realm="/token"'}
            await (exchange.reply(200, TAGS) if known else exchange.reply(401, b"", challenge))
        elif exchange.asked.method == "POST":
            await exchange.reply(status, body)
        else:
            assert exchange.asked.headers["authorization"] == BasicAuth("<token>", "id").authorization()
            await exchange.reply(200, {"token": "t"})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, IdentityToken("id")).tags(ALPHA)) == ["v1"]


def challenged_by(
    realm: str, token_answer: httpx.Response | None = None
) -> tuple[list[httpx.Request], object]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "reg.example" and request.url.path.startswith("/v2/"):
            if request.headers.get("Authorization") == "Bearer t":
                return httpx.Response(200, json=TAGS)
            return httpx.Response(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
        return token_answer or httpx.Response(200, json={"token": "t"})

    return asked, answer


@pytest.mark.parametrize(
    ("realm", "token_url"),
    [
        ("https://auth.example/token", "https://auth.example/token?service=s&scope=repository:team/alpha:pull"),
        ("https://auth.example/token?a=b%2Fc", "https://auth.example/token?a=b%2Fc&service=s&scope=repository:team/alpha:pull"),
        ("/auth", "https://reg.example/auth?service=s&scope=repository:team/alpha:pull"),
    ],
)  # fmt: skip
async def test_a_realm_keeps_the_query_that_it_has(realm: str, token_url: str) -> None:
    asked, answer = challenged_by(realm)
    async with mocked(answer) as own:  # type: ignore[arg-type] # see challenged_by
        assert await items(own.registry("reg.example", ALICE).tags(ALPHA)) == ["v1"]
    assert str(asked[1].url) == token_url


@pytest.mark.parametrize(
    "realm",
    [
        "http://auth.example/token",
        "https://127.0.0.1/token",
        "https://10.0.0.1/token",
        "https://169.254.169.254/token",
        "https://localhost/token",
        "ftp://auth.example/token",
    ],
)
async def test_a_realm_that_must_not_get_the_login_gets_nothing(realm: str) -> None:
    asked, answer = challenged_by(realm)
    async with mocked(answer) as own:  # type: ignore[arg-type] # see challenged_by
        with pytest.raises(RefusedRealmError):
            await items(own.registry("reg.example", ALICE).tags(ALPHA))
    assert [request.url.host for request in asked] == ["reg.example"]


async def test_a_token_service_that_redirects_a_login_is_not_followed() -> None:
    moved = httpx.Response(307, headers={"Location": "https://other.example/token"})
    for login in (ALICE, IdentityToken("id")):
        asked, answer = challenged_by("https://auth.example/token", moved)
        async with mocked(answer) as own:  # type: ignore[arg-type] # see challenged_by
            with pytest.raises(TokenError, match="redirect"):
                await items(own.registry("reg.example", login).tags(ALPHA))
        assert [request.url.host for request in asked] == ["reg.example", "auth.example"]


async def test_a_token_service_may_redirect_nobody_but_only_to_where_a_realm_may_be() -> None:
    hosts: list[str] = []
    location = "https://other.example/token"

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if request.url.host == "auth.example":
            return httpx.Response(302, headers={"Location": location})
        if request.url.host == "other.example":
            return httpx.Response(200, json={"token": "t"})
        if request.headers.get("Authorization") == "Bearer t":
            return httpx.Response(200, json=TAGS)
        return httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="https://auth.example/token"'})

    async with mocked(answer) as own:
        assert await items(own.registry("reg.example").tags(ALPHA)) == ["v1"]
        hosts.clear()
        location = "https://127.0.0.1/token"
        with pytest.raises(RefusedRealmError):
            await items(own.registry("reg.example").tags(ALPHA))
        assert hosts == ["reg.example", "auth.example"]


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong"}]}, {}, UnauthorizedError),
        (403, b"<html>", {}, DeniedError),
        (200, b"<html>", {"Content-Type": "text/html"}, ParseJSONError),
        (200, {"details": "none"}, {}, TokenError),
        (200, [], {}, TokenError),
        (200, b"\x1f\x8b", {"Content-Encoding": "gzip"}, ParseBodyError),
        (200, b"", {"Content-Length": str(5 * 1024 * 1024)}, BodyTooLargeError),
    ],
)
async def test_what_a_token_service_says_instead_of_a_token_is_an_error(
    status: int, body: object, headers: dict[str, str], error: type[RegistryError]
) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await exchange.reply(status, body, headers)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(error) as caught:
            await items(own.registry(server.url, ALICE).tags(ALPHA))
        assert "/token" in str(caught.value)
        assert server.lines.count("GET /token") == 1


async def test_a_token_is_renewed_when_its_time_has_come() -> None:
    exchanged: list[TokenQuery] = []

    async def exchange(query: TokenQuery, auth: Authenticator | None) -> Token:
        assert auth is None
        exchanged.append(query)
        return Token(f"t{len(exchanged)}", seconds=lifetime)

    login = Login(None, exchange)
    challenge = Challenge("bearer", {"realm": "/token", "service": "s"})
    wanted = ("repository:a:pull",)
    lifetime = 1000.0
    for _ in range(2):
        proof = await login.answer([challenge], wanted, None, renewed=False)
        assert proof is not None
        assert proof.header == "Bearer t1"
        assert proof == await login.proof(wanted)
    lifetime = 0.0
    other = ("repository:b:pull",)
    renewed = [await login.proof(other) for _ in range(2)]
    assert [proof.header for proof in renewed if proof] == ["Bearer t2", "Bearer t3"]


@pytest.mark.parametrize(
    ("by_post", "by_get", "reason"),
    [
        ((401, {"errors": [{"code": "UNAUTHORIZED", "message": "expired"}]}), (405, b""), "expired"),
        ((401, {"errors": [{"code": "UNAUTHORIZED", "message": "expired"}]}), (401, b""), "expired"),
        ((400, {"error": "invalid_grant", "error_description": "it was revoked"}), None, "it was revoked"),
        ((404, b"no such page"), (401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong"}]}), "wrong"),
    ],
)
async def test_why_an_identity_token_is_refused_is_told(
    by_post: tuple[int, object], by_get: tuple[int, object] | None, reason: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path != "/token":
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})
        elif exchange.asked.method == "POST":
            await exchange.reply(*by_post)
        else:
            assert by_get is not None
            await exchange.reply(*by_get)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError, match=reason) as caught:
            await items(own.registry(server.url, IdentityToken("s3cret")).tags(ALPHA))
        assert "s3cret" not in repr(caught.value)


async def test_a_password_goes_by_oauth_where_the_token_service_knows_nothing_else() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path != "/token":
            known = exchange.asked.headers.get("authorization") == "Bearer t"
            challenge = {"WWW-Authenticate": 'Bearer realm="/token",service="s"'}
            await (exchange.reply(200, TAGS) if known else exchange.reply(401, b"", challenge))
        elif exchange.asked.method == "GET":
            await exchange.reply(405)
        else:
            assert parse_qs(exchange.asked.body.decode()) == {
                "grant_type": ["password"],
                "username": ["alice"],
                "password": ["s3cret"],
                "service": ["s"],
                "client_id": ["ocitui"],
                "scope": ["repository:team/alpha:pull"],
            }
            await exchange.reply(200, {"access_token": "t", "token_type": "bearer"})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, ALICE).tags(ALPHA)) == ["v1"]
        assert all("s3cret" not in asked.target for asked in server.asked)


class OnceOnly:
    """A token service whose identity tokens are good for one exchange: each gives the next one."""

    def __init__(self) -> None:
        self.valid = "id-0"
        self.given = 0

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.asked.path != "/token":
            known = exchange.asked.headers.get("authorization", "").startswith("Bearer t")
            challenge = {"WWW-Authenticate": 'Bearer realm="/token",service="s"'}
            await (exchange.reply(200, TAGS) if known else exchange.reply(401, b"", challenge))
        elif parse_qs(exchange.asked.body.decode()).get("refresh_token") == [self.valid]:
            self.given += 1
            self.valid = f"id-{self.given}"
            await exchange.reply(200, {"access_token": f"t{self.given}", "refresh_token": self.valid})
        else:
            await exchange.reply(400, {"error": "invalid_grant"})


async def test_identity_tokens_that_are_good_for_one_exchange_serve_requests_side_by_side() -> None:
    async with ScriptedServer(OnceOnly()) as server, client() as own:
        registry = own.registry(server.url, IdentityToken("id-0"))
        for number in range(2):
            repositories = [Repository(f"team/r{number}-{each}") for each in range(5)]
            found = await asyncio.gather(*(items(registry.tags(one)) for one in repositories))
            assert found == [["v1"]] * 5


class Keeper:
    """Gives an identity token, and takes what replaces it."""

    def __init__(self, token: IdentityToken, *, takes: bool) -> None:
        self.token = token
        self.takes = takes
        self.told: list[tuple[str, str]] = []

    async def provide(self, *, refused: bool = False) -> Authenticator:
        assert not refused
        return self.token

    async def renewed(self, old: IdentityToken, new: IdentityToken) -> None:
        self.told.append((old.token, new.token))
        if self.takes:
            self.token = new


@pytest.mark.parametrize("takes", [True, False])
async def test_who_gave_an_identity_token_is_told_what_has_replaced_it(*, takes: bool) -> None:
    keeper = Keeper(IdentityToken("id-0"), takes=takes)
    assert isinstance(keeper, IdentityKeeper)
    async with ScriptedServer(OnceOnly()) as server, client() as own:
        registry = own.registry(server.url, keeper)
        for repository in (ALPHA, BETA, ALPHA):
            await items(registry.tags(repository))
        assert keeper.told == [("id-0", "id-1"), ("id-1", "id-2")]
        assert server.lines.count("POST /token") == 2


async def test_tokens_of_many_repositories_are_kept_up_to_a_number() -> None:
    asked: list[TokenQuery] = []

    async def exchange(query: TokenQuery, auth: Authenticator | None) -> Token:
        assert auth is None
        asked.append(query)
        return Token("t", seconds=1000.0)

    identity = Identity(None, exchange)
    queries = [TokenQuery("/token", "s", (f"repository:r{number}:pull",)) for number in range(MAX_TOKENS + 1)]
    for query in (*queries, queries[-1], queries[1], queries[0]):
        await identity.token(query)
    assert asked == [*queries, queries[0]]


async def test_the_scope_that_a_registry_names_comes_first_beside_the_one_that_is_needed() -> None:
    scopes: list[list[str]] = []

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            scopes.append([value for name, value in parameters(exchange.asked) if name == "scope"])
            await exchange.reply(200, {"token": "t"})
        elif exchange.asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, TAGS)
        else:
            challenge = 'Bearer realm="/token",scope="repository:other:push,pull repository:team/alpha:push"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        await items(own.registry(server.url).tags(ALPHA))
        assert scopes == [["repository:other:pull,push", "repository:team/alpha:pull,push"]]


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_token_service_that_refuses_several_scopes_is_asked_for_the_first(status: int) -> None:
    counts: list[int] = []

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            scopes = [value for name, value in parameters(exchange.asked) if name == "scope"]
            counts.append(len(scopes))
            await (
                exchange.reply(200, {"token": scopes[0][-1]}) if len(scopes) == 1 else exchange.reply(status)
            )
        elif exchange.asked.headers.get("authorization") == "Bearer x":
            await exchange.reply(200, TAGS)
        else:
            challenge = 'Bearer realm="/token",scope="special:right:x"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        assert await items(registry.tags(ALPHA)) == ["v1"]
        assert await items(registry.tags(ALPHA)) == ["v1"]
        assert counts == [2, 1]
        assert await items(registry.tags(BETA)) == ["v1"]
        assert counts[2:] == [1]


async def test_googles_catalog_whose_challenge_names_no_scope_is_asked_for_with_it() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            scopes = [value for name, value in parameters(exchange.asked) if name == "scope"]
            await exchange.reply(200, {"token": "t" if scopes == ["registry:catalog:*"] else "weak"})
        elif exchange.asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, {"repositories": ["team/alpha"]})
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token",service="s"'})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, ALICE).repositories()) == ["team/alpha"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"token": "good", "token": "evil"}',
        b'{"token": "t", "expires_in": Infinity}',
        b"[" * 100_000,
        b'{"token": ' + b"1" * 5000 + b"}",
        b'{"token": [' + b"1," * 2_000_001 + b"1]}",
    ],
)
async def test_a_token_that_could_be_read_in_two_ways_or_without_end_is_an_error(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await exchange.reply(200, body)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(RegistryError) as caught:
            await items(own.registry(server.url, ALICE).tags(ALPHA))
        assert "good" not in repr(caught.value)
        assert "/token" in str(caught.value)


async def test_a_token_service_that_redirects_without_end_is_an_error() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path.startswith("/token"):
            await exchange.reply(302, b"", {"Location": f"/token{len(server.asked)}"})
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(RefusedRedirectError, match="without end"):
            await items(own.registry(server.url).tags(ALPHA))
        assert len(server.asked) == 12


async def test_a_registry_that_wants_more_and_more_is_left_after_three_attempts() -> None:
    async def answer(exchange: Exchange) -> None:
        number = len(server.asked)
        if exchange.asked.path == "/token":
            await exchange.reply(200, {"token": f"t{number}"})
        else:
            challenge = f'Bearer realm="/token",scope="repository:r{number}:pull",error="insufficient_scope"'
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError):
            await items(own.registry(server.url, ALICE).tags(ALPHA))
        assert [line.rpartition("/")[2] for line in server.lines] == ["list", "token"] * 2 + ["list"]


@pytest.mark.parametrize(
    "challenge",
    [
        'NEGOTIATE, BEARER REALM="/token"',
        'Digest qop="auth, auth-int", algorithm=MD5, bearer scope="x:y:z" , service="s",realm="/token"',
        'Bearer service="s", Bearer realm="/token"',
    ],
)
async def test_the_first_challenge_that_can_be_answered_is_answered(challenge: str) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await exchange.reply(200, {"token": "t"})
        elif exchange.asked.headers.get("authorization") == "Bearer t":
            await exchange.reply(200, TAGS)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": challenge})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url, ALICE).tags(ALPHA)) == ["v1"]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_json_is_a_token_or_an_error(value: object) -> None:
    for name in ("token", "access_token", "expires_in", "issued_at", "refresh_token"):
        document = {"token": "t", name: value}
        try:
            token = parse_token(document, datetime.now(UTC), RequestLine("GET", "https://reg.example/token"))
        except TokenError:
            continue
        assert 0 < token.seconds <= LONGEST_LIFE
