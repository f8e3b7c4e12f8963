"""Logins that are asked for when a registry wants one, and that change while requests are under way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import EAGER, client, items
from tests.faults import ScriptedServer
from tui.client import Client, Repository, Timeouts
from tui.client.errors import TimeoutExceededError, UnauthorizedError
from tui.client.login.auth import AuthProvider, BasicAuth, IdentityToken, TokenAuth
from tui.demo import BasicLogin, BearerLogin, DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults import Exchange
    from tui.client.login.auth import Authenticator

ALICE, BOB = BasicAuth("alice", "s3cret"), BasicAuth("bob", "builder")
ALPHA = Repository("team/alpha")
TAGS = {"name": "team/alpha", "tags": ["v1"]}


class Desk:
    """Gives what the test has put into it."""

    def __init__(self, auth: Authenticator | None, after_refusal: Authenticator | None = None) -> None:
        self.auth = auth
        self.after_refusal = after_refusal
        self.asked: list[bool] = []
        """For each time, whether it was after a refusal."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def provide(self, *, refused: bool = False) -> Authenticator | None:
        self.asked.append(refused)
        await self.may_answer.wait()
        if refused:
            self.auth = self.after_refusal
        return self.auth


class PasswordRegistry:
    """Takes the passwords in `valid`."""

    def __init__(self, *valid: Authenticator) -> None:
        self.valid = {auth.authorization() for auth in valid}
        self.seen: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        given = exchange.asked.headers.get("authorization", "")
        self.seen.append(given)
        if given in self.valid:
            await exchange.reply(200, TAGS)
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Basic realm="registry"'})


@pytest.fixture(scope="module")
def token_registry() -> Iterator[DemoServer]:
    with DemoServer(login=BearerLogin({"alice": "s3cret", "bob": "builder"})) as server:
        yield server


@pytest.fixture(scope="module")
def public_token_registry() -> Iterator[DemoServer]:
    with DemoServer(login=BearerLogin({"alice": "s3cret"}, anonymous_pull=True)) as server:
        yield server


def test_a_login_is_no_provider() -> None:
    assert isinstance(Desk(None), AuthProvider)
    assert not isinstance(ALICE, AuthProvider)


async def test_nobody_is_asked_for_a_login_where_none_is_wanted(demo: DemoServer) -> None:
    desk = Desk(ALICE)
    async with client() as own:
        await own.registry(demo.host, desk).verify()
    assert desk.asked == []


async def test_a_login_is_asked_for_when_the_registry_wants_one() -> None:
    desk, registry = Desk(ALICE), PasswordRegistry(ALICE)
    async with ScriptedServer(registry) as server, client() as own:
        assert await items(own.registry(server.url, desk).tags(ALPHA)) == ["v1"]
        assert registry.seen == ["", ALICE.authorization()]
        assert desk.asked == [False]


@pytest.mark.parametrize("second", [BOB, TokenAuth("token"), IdentityToken("identity", "bob")])
async def test_a_login_that_has_changed_is_taken_up_with_the_next_request(second: Authenticator) -> None:
    desk = Desk(ALICE)
    valid = BOB if isinstance(second, IdentityToken) else second
    registry = PasswordRegistry(ALICE, valid)
    async with ScriptedServer(registry) as server, client() as own:
        asked = own.registry(server.url, desk)
        await items(asked.tags(ALPHA))
        desk.auth = second
        registry.seen.clear()
        if isinstance(second, IdentityToken):
            # No token service is named, so there is nobody who would take it.
            with pytest.raises(UnauthorizedError):
                await items(asked.tags(ALPHA))
            assert registry.seen == [""]
        else:
            await items(asked.tags(ALPHA))
            assert registry.seen == [second.authorization()]
    assert ALICE.authorization() not in registry.seen


async def test_after_a_refusal_a_login_that_has_changed_meanwhile_is_used() -> None:
    desk, registry = Desk(ALICE, BOB), PasswordRegistry(BOB)
    async with ScriptedServer(registry) as server, client() as own:
        assert await items(own.registry(server.url, desk).tags(ALPHA)) == ["v1"]
        assert registry.seen == ["", ALICE.authorization(), BOB.authorization()]


async def test_a_login_that_stays_the_same_is_refused_once() -> None:
    desk, registry = Desk(ALICE, ALICE), PasswordRegistry()
    async with ScriptedServer(registry) as server, client() as own:
        with pytest.raises(UnauthorizedError):
            await items(own.registry(server.url, desk).tags(ALPHA))
        assert registry.seen == ["", ALICE.authorization()]
        assert desk.asked == [False, False, True]


async def test_requests_that_are_refused_side_by_side_all_use_the_new_login() -> None:
    desk, registry = Desk(ALICE, BOB), PasswordRegistry(ALICE)
    async with ScriptedServer(registry) as server, client() as own:
        asked = own.registry(server.url, desk)
        await items(asked.tags(ALPHA))
        registry.valid = {BOB.authorization()}
        answers = await asyncio.gather(*(items(asked.tags(ALPHA)) for _ in range(8)))
        assert answers == [["v1"]] * 8


async def test_a_password_that_the_token_service_refuses_is_asked_for_again(
    token_registry: DemoServer,
) -> None:
    desk = Desk(BasicAuth("alice", "old"), ALICE)
    async with client() as own:
        await own.registry(token_registry.host, desk).verify()
    assert desk.asked[-1]


async def test_a_password_that_stays_wrong_is_an_error(token_registry: DemoServer) -> None:
    wrong = BasicAuth("alice", "old")
    async with client() as own:
        with pytest.raises(UnauthorizedError):
            await own.registry(token_registry.host, Desk(wrong, wrong)).verify()


async def test_tokens_of_another_person_are_not_used(token_registry: DemoServer) -> None:
    desk = Desk(ALICE)
    async with client() as own:
        registry = own.registry(token_registry.host, desk)
        await registry.verify()
        desk.auth = desk.after_refusal = BasicAuth("bob", "wrong")
        with pytest.raises(UnauthorizedError):
            await registry.verify()


async def test_a_person_who_logs_out_is_nobody(public_token_registry: DemoServer) -> None:
    desk = Desk(ALICE)
    async with client() as own:
        registry = own.registry(public_token_registry.host, desk)
        assert [page async for page in registry.repositories()]
        desk.auth = None
        assert (await registry.request("GET", "/v2/_catalog")).status == 401


async def test_no_time_runs_out_while_a_login_is_waited_for() -> None:
    desk, registry = Desk(ALICE), PasswordRegistry(ALICE)
    desk.may_answer.clear()
    brief = Timeouts(small=0.2, listing=0.2)
    async with ScriptedServer(registry) as server, Client(limits=EAGER, timeout=brief) as own:
        loading = asyncio.ensure_future(items(own.registry(server.url, desk).tags(ALPHA)))
        await asyncio.sleep(0.4)  # twice the limit
        assert not loading.done()
        desk.may_answer.set()
        assert await loading == ["v1"]


async def test_time_runs_on_after_the_login() -> None:
    desk = Desk(ALICE)

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.headers.get("authorization"):
            await exchange.gone.wait()
        else:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Basic realm="registry"'})

    brief = Timeouts(small=0.2, listing=0.2)
    async with ScriptedServer(answer) as server, Client(limits=EAGER, timeout=brief) as own:
        with pytest.raises(TimeoutExceededError):
            await items(own.registry(server.url, desk).tags(ALPHA))


# Whether a login is right


@pytest.mark.parametrize("bearer", [False, True])
async def test_a_login_is_verified(bearer: bool) -> None:  # noqa: FBT001 - one of two kinds
    users = {"alice": "s3cret"}
    login = BearerLogin(users, anonymous_pull=True) if bearer else BasicLogin(users)
    with DemoServer(login=login) as server:
        async with client() as own:
            assert await own.registry(server.host, ALICE).verify_login()
            for wrong in (BasicAuth("alice", "wrong"), BasicAuth("mallory", "s3cret")):
                with pytest.raises(UnauthorizedError):
                    await own.registry(server.host, wrong).verify_login()


async def test_where_everybody_is_let_in_no_login_can_be_verified(demo: DemoServer) -> None:
    async with client() as own:
        assert not await own.registry(demo.host, ALICE).verify_login()
