from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.client.helpers import CURT, client, items, mocked
from tests.faults import Exchange, ScriptedServer
from tui.client.errors import DeniedError, RefusedRedirectError, UnauthorizedError
from tui.client.login.auth import BasicAuth
from tui.client.names import Repository

ALICE = BasicAuth("alice", "s3cret")
ALPHA = Repository("team/alpha")
TAGS = {"tags": ["v1"]}

Answer = Callable[[httpx.Request], httpx.Response]


def registry_at_home(answer: Answer) -> Answer:
    """Put a registry of passwords, reg.example, before `answer`: it redirects those who are logged in."""

    def whole(request: httpx.Request) -> httpx.Response:
        if request.url.netloc != b"reg.example" or request.url.path.startswith("/moved"):
            return answer(request)
        if request.headers.get("Authorization") != ALICE.authorization():
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return answer(request)

    return whole


async def test_the_login_stays_at_the_registrys_own_origin() -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers.get("Authorization")))
        if request.url.host == "reg.example" and request.url.path == "/v2/a":
            return httpx.Response(307, headers={"Location": "/v2/b"})
        if request.url.host == "reg.example":
            return httpx.Response(302, headers={"Location": "https://one.example/c?sig=1"})
        if request.url.host == "one.example":
            return httpx.Response(301, headers={"Location": "//two.example/d"})
        return httpx.Response(200, content=b"here")

    async with mocked(registry_at_home(answer)) as own:
        response = await own.registry("reg.example", ALICE).request("GET", "/v2/a")
    assert response.body == b"here"
    login = ALICE.authorization()
    assert seen == [
        ("https://reg.example/v2/a", login),
        ("https://reg.example/v2/b", login),
        ("https://one.example/c?sig=1", None),
        ("https://two.example/d", None),
    ]


@pytest.mark.parametrize(
    "elsewhere",
    ["https://reg.example:444/x", "https://sub.reg.example/x", "https://reg.example.evil.example/x"],
)
async def test_another_port_or_host_is_another_origin(elsewhere: str) -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/x":
            seen.append(request.headers.get("Authorization"))
            return httpx.Response(200)
        return httpx.Response(307, headers={"Location": elsewhere})

    async with mocked(registry_at_home(answer)) as own:
        await own.registry("reg.example", ALICE).request("GET", "/v2/a", headers={"Cookie": "a=b"})
        await own.registry("reg.example", ALICE).request(
            "GET", "/v2/a", headers={"authorization": ALICE.authorization()}
        )
    assert seen == [None, None]


async def test_who_leaves_the_origin_does_not_get_the_login_back() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/moved":
            seen.append(request.headers.get("Authorization"))
            return httpx.Response(200)
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://cdn.example/x"})
        return httpx.Response(307, headers={"Location": "https://reg.example/moved"})

    async with mocked(registry_at_home(answer)) as own:
        await own.registry("reg.example", ALICE).request("GET", "/v2/a")
    assert seen == [None]


@pytest.mark.parametrize(
    "challenge", ['Basic realm="cdn"', 'Bearer realm="https://cdn.example/token"', 'Bearer realm="/token"']
)
async def test_a_challenge_from_elsewhere_is_not_answered(challenge: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://cdn.example/x"})
        seen.append(request)
        return httpx.Response(401, headers={"WWW-Authenticate": challenge})

    async with mocked(registry_at_home(answer)) as own:
        with pytest.raises(UnauthorizedError):
            await items(own.registry("reg.example", ALICE).tags(ALPHA))
    assert [str(request.url) for request in seen] == ["https://cdn.example/x"]
    assert "Authorization" not in seen[0].headers


async def test_a_registry_that_moves_to_https_gets_the_login_there() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url.scheme} {request.url.path}")
        if request.url.scheme == "http":
            return httpx.Response(308, headers={"Location": f"https://reg.example{request.url.path}"})
        if request.headers.get("Authorization") != ALICE.authorization():
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return httpx.Response(200, json=TAGS)

    async with mocked(answer) as own:
        registry = own.registry("http://reg.example", ALICE)
        assert (await registry.request("GET", "/v2/a")).status == 200
        assert seen == ["http /v2/a", "https /v2/a", "https /v2/a"]
        await registry.request("GET", "/v2/b")
        assert seen[3:] == ["https /v2/b"]


@pytest.mark.parametrize(
    "location", ["http://reg.example/x", "https://127.0.0.1/x", "https://169.254.169.254/x"]
)
async def test_an_unsafe_redirect_is_refused_before_anything_is_sent(location: str) -> None:
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(str(request.url))
        return httpx.Response(307, headers={"Location": location})

    async with mocked(answer) as own:
        with pytest.raises(RefusedRedirectError) as caught:
            await own.registry("reg.example").request("GET", "/v2/a")
    assert hosts == ["https://reg.example/v2/a"]
    assert "reg.example/v2/a" in str(caught.value)


async def test_ten_redirects_are_followed_and_no_more() -> None:
    async def answer(exchange: Exchange) -> None:
        left = int(exchange.asked.path.rpartition("/")[2])
        if left:
            await exchange.reply(302, b"moved", {"Location": f"/v2/{left - 1}"})
        else:
            await exchange.reply(200, b"here")

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        assert (await registry.request("GET", "/v2/10")).body == b"here"
        assert len(server.asked) == 11
        assert server.connections == 1
        with pytest.raises(RefusedRedirectError):
            await registry.request("GET", "/v2/1000000")
        assert len(server.asked) == 22


async def test_a_redirect_without_a_location_is_an_answer() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(int(exchange.asked.path.rpartition("/")[2]), b"")

    async with ScriptedServer(answer) as server, client() as own:
        for status in (302, 304, 300):
            assert (await own.registry(server.url).request("GET", f"/v2/{status}")).status == status


@pytest.mark.parametrize(
    ("status", "followed"), [(301, False), (302, False), (303, False), (307, True), (308, True)]
)
async def test_a_body_goes_along_only_where_the_status_keeps_it(status: int, *, followed: bool) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/a":
            await exchange.reply(status, b"", {"Location": "/v2/b"})
        else:
            await exchange.reply(201, exchange.asked.body)

    async with ScriptedServer(answer) as server, client() as own:
        response = await own.registry(server.url).request("POST", "/v2/a", content=b"payload")
        assert (response.status, response.body) == ((201, b"payload") if followed else (status, b""))
        assert len(server.asked) == 1 + followed


async def test_head_stays_head() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/a":
            await exchange.reply(307, b"", {"Location": "/v2/b"})
        else:
            await exchange.reply(200, b"body")

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).request("HEAD", "/v2/a")
        assert server.lines == ["HEAD /v2/a", "HEAD /v2/b"]


@pytest.mark.parametrize("status", [302, 401])
async def test_the_body_of_an_answer_that_leads_on_is_not_waited_for(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/b" or "authorization" in exchange.asked.headers:
            await exchange.reply(200, b"here")
            return
        headers = {"Location": "/v2/b", "WWW-Authenticate": "Basic realm=x"}
        await exchange.reply(status, b"never whole", headers, length=1000)

    async with ScriptedServer(answer) as server, client(timeout=CURT) as own:
        assert (await own.registry(server.url, ALICE).request("GET", "/v2/a")).body == b"here"


@pytest.mark.parametrize("status", [302, 401])
async def test_the_body_of_an_answer_that_leads_on_is_not_read_without_end(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/b" or "authorization" in exchange.asked.headers:
            await exchange.reply(200, b"here")
            return
        headers = {"Location": "/v2/b", "WWW-Authenticate": "Basic realm=x"}
        await exchange.reply(status, b"", headers, length=10**12)
        while not exchange.gone.is_set():
            await exchange.send(bytes(64 * 1024))

    async with ScriptedServer(answer) as server, client() as own:
        assert (await own.registry(server.url, ALICE).request("GET", "/v2/a")).body == b"here"


async def test_what_storage_says_is_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://s3.example/b?X-Amz-Signature=hush"})
        return httpx.Response(
            403,
            content=b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
        )

    async with mocked(answer) as own:
        response = await own.registry("reg.example").request("GET", "/v2/a")
        with pytest.raises(DeniedError) as caught:
            response.raise_for_status()
    assert "AccessDenied: Request has expired" in str(caught.value)
    assert "s3.example" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(response)
