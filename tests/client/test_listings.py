from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.client.helpers import client, items, mocked, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client.errors import (
    CatalogUnsupportedError,
    DeniedError,
    ErrorResponse,
    ManifestNotExistError,
    NotOCIError,
    ParseBodyError,
    ParseJSONError,
    RefusedRedirectError,
    RepositoryNotExistError,
    UnauthorizedError,
)
from tui.client.login.auth import BasicAuth
from tui.client.names import Digest, Image, Repository, Tag
from tui.demo import BasicLogin, BearerLogin, DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from tui.client.pages import Page

ALPHA = Repository("team/alpha")
MANY = 2500


@pytest.fixture(scope="module")
def storage() -> Storage:
    storage = Storage()
    for number in range(MANY):
        storage.create_repository(f"many/r{number:04}")
    storage.create_repository("empty")
    return storage


async def pages(listing: AsyncIterator[Page[Any]]) -> list[Page[Any]]:
    return [page async for page in listing]


async def test_repositories_come_page_by_page(storage: Storage) -> None:
    with DemoServer(storage) as server:
        async with client() as own:
            registry = own.registry(server.url)
            found = await pages(registry.repositories(page_size=1000))
            assert [len(page.items) for page in found] == [1000, 1000, 501]
            assert [page.last for page in found] == [False, False, True]
            names = [name for page in found for name in page.items]
            assert names == ["empty", *(f"many/r{number:04}" for number in range(MANY))]
            assert all(type(name) is Repository for name in names)
            assert [str(one) for one in server.requests] == [
                "GET /v2/_catalog?n=1000",
                "GET /v2/_catalog?last=many%2Fr0998&n=1000",
                "GET /v2/_catalog?last=many%2Fr1998&n=1000",
            ]


async def test_a_page_is_asked_for_only_when_it_is_wanted(storage: Storage) -> None:
    with DemoServer(storage) as server:
        async with client() as own:
            listing = own.registry(server.url).repositories(page_size=10)
            assert [str(one) for one in server.requests] == []
            await anext(listing)
            assert [one.query for one in server.requests] == ["n=10"]
            await anext(listing)
            assert len(server.requests) == 2


@pytest.mark.parametrize(("asked", "sent"), [(0, "1"), (-5, "1"), (100, "100"), (5000, "1000")])
async def test_pages_have_a_size_that_registries_allow(storage: Storage, asked: int, sent: str) -> None:
    with DemoServer(storage) as server:
        async with client() as own:
            await anext(own.registry(server.url).repositories(page_size=asked))
            assert server.requests[0].query == f"n={sent}"


async def test_pages_grow_where_that_is_wanted(storage: Storage) -> None:
    with DemoServer(storage) as server:
        async with client() as own:
            found = await pages(own.registry(server.url).repositories(page_size=100, largest_page=700))
            assert [len(page.items) for page in found] == [100, 200, 400, 700, 700, 401]
            names = [name for page in found for name in page.items]
            assert names == ["empty", *(f"many/r{number:04}" for number in range(MANY))]


async def test_a_page_that_has_grown_too_large_is_asked_for_as_the_registry_says() -> None:
    sizes: list[str] = []

    async def answer(exchange: Exchange) -> None:
        asked = dict(parameters(exchange.asked))
        sizes.append(asked["n"])
        size, start = int(asked["n"]), int(asked.get("last", "v-1")[1:]) + 1
        if size > 4:
            await exchange.reply(400, {"errors": [{"code": "PAGINATION_NUMBER_INVALID"}]})
            return
        found = [f"v{number}" for number in range(start, min(start + size, 12))]
        link = f'</v2/{ALPHA}/tags/list?last={found[-1]}&n={size}>; rel="next"'
        await exchange.reply(200, {"tags": found}, {"Link": link} if start + size < 12 else {})

    async with ScriptedServer(answer) as server, client() as own:
        listing = own.registry(server.url).tags(ALPHA, page_size=2, largest_page=100)
        assert [len(page.items) async for page in listing] == [2, 4, 4, 2]
        assert sizes == ["2", "4", "8", "4", "4"]


async def test_pages_whose_links_name_no_size_are_left_as_they_are() -> None:
    queries: list[str] = []

    async def answer(exchange: Exchange) -> None:
        queries.append(exchange.asked.query)
        last = dict(parameters(exchange.asked)).get("last")
        link = {} if last else {"Link": f'</v2/{ALPHA}/tags/list?last=v1>; rel="next"'}
        await exchange.reply(200, {"tags": ["v2" if last else "v1"]}, link)

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA, largest_page=1000)) == ["v1", "v2"]
        assert queries == ["n=100", "last=v1"]


async def test_a_page_size_that_is_refused_is_left_to_the_registry() -> None:
    async def answer(exchange: Exchange) -> None:
        if "n" in dict(parameters(exchange.asked)):
            await exchange.reply(400, {"errors": [{"code": "PAGINATION_NUMBER_INVALID"}]})
        elif exchange.asked.path == "/v2/_catalog":
            await exchange.reply(200, {"repositories": ["a"]})
        else:
            await exchange.reply(200, {"tags": ["v1"]})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]


@pytest.mark.parametrize(
    ("document", "expected", "ignored"),
    [
        ({"tags": ["b", "a"]}, ["b", "a"], 0),
        ({"tags": []}, [], 0),
        ({"tags": None}, [], 0),
        ({"name": "team/alpha"}, [], 0),
        ({}, [], 0),
        ({"tags": ["a", None, 5, ["x"], {"y": 1}, "", "b"]}, ["a", "b"], 5),
        ({"tags": ["a", "sha256:" + "0" * 64, "-bad", "x" * 129, "b\x1b[2J"]}, ["a"], 4),
        ({"tags": ["a", "a"]}, ["a", "a"], 0),
        ({"tags": ["a"], "child": [], "manifest": {"sha256:0": {"tag": ["a"]}}}, ["a"], 0),
    ],
)
async def test_tags_are_read_as_far_as_they_go(document: Any, expected: list[str], ignored: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, document, {"Content-Type": "text/plain; charset=utf-8"})

    async with ScriptedServer(answer) as server, client() as own:
        [page] = await pages(own.registry(server.url).tags(ALPHA))
        assert list(page.items) == expected
        assert page.ignored == ignored
        assert page.last


@pytest.mark.parametrize(
    "document", [None, [], ["a"], "a", 5, {"tags": "a"}, {"tags": {"a": 1}}, {"tags": 0}]
)
async def test_what_is_no_list_is_an_error(document: Any) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, b"null" if document is None else document)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseBodyError, match="tags"):
            await items(own.registry(server.url).tags(ALPHA))


@pytest.mark.parametrize("body", [b"", b"{", b'{"tags": ["a"', b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_json_is_an_error(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, body)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseJSONError):
            await items(own.registry(server.url).tags(ALPHA))


@pytest.mark.parametrize(
    "body", [b"", b"404 page not found\n", b'{"errors": [{"code": "NAME_UNKNOWN", "detail": null}]}']
)
async def test_an_unknown_repository_is_an_error_of_its_own(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(404, body)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(RepositoryNotExistError) as caught:
            await items(own.registry(server.url).tags(ALPHA))
        assert "team/alpha" in str(caught.value)


async def test_links_of_every_kind_are_followed() -> None:
    host = ""

    async def answer(exchange: Exchange) -> None:
        step = int(dict(parameters(exchange.asked)).get("step", "0"))
        links = [
            '<?step=1>; rel="next"',
            "<list?step=2>; rel=next",
            '</v2/team/alpha/tags/list?step=3>;rel="next"',
            f'<http://{host}/v2/team/alpha/tags/list?step=4>; rel="next"',
            f'<https://{host}/v2/team/alpha/tags/list?step=5>; rel="next"',
            "<https://127.0.0.1/v2/team/alpha/tags/list?step=6>",
            '<>; rel="next"',
        ]
        await exchange.reply(200, {"tags": [f"v{step}"]}, {"Link": links[step]})

    async with ScriptedServer(answer) as server, client() as own:
        host = server.host
        assert await items(own.registry(server.url).tags(ALPHA)) == [f"v{step}" for step in range(7)]


async def test_a_link_to_another_host_is_refused_after_the_page_was_given() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        link = '<https://evil.example/v2/team/alpha/tags/list?last=x>; rel="next"'
        return httpx.Response(200, json={"tags": ["v1"]}, headers={"Link": link})

    async with mocked(answer) as own:
        listing = own.registry("reg.example", BasicAuth("alice", "s3cret")).tags(ALPHA)
        assert (await anext(listing)).items == ("v1",)
        with pytest.raises(RefusedRedirectError, match=r"evil\.example"):
            await anext(listing)
    assert asked == ["reg.example"]


async def test_pages_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.client.pages.MAX_STALLED_PAGES", 20)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, {"tags": ["v1"]}, {"Link": f'<?last={len(server.asked)}>; rel="next"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseBodyError, match="no end"):
            await items(own.registry(server.url).tags(ALPHA))
        assert len(server.asked) == 21


async def test_a_circle_of_pages_ends() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, {"tags": [f"v{len(server.asked)}"]}, {"Link": '<?last=x>; rel="next"'})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ParseBodyError, match="leads back"):
            await items(own.registry(server.url).tags(ALPHA))
        assert len(server.asked) == 2


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io", "ghcr.io"])
async def test_hosts_without_a_catalog_are_known_without_a_question(host: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    async with mocked(answer) as own:
        with pytest.raises(CatalogUnsupportedError) as caught:
            await items(own.registry(host).repositories())
    assert str(caught.value) == f"{host} does not list its repositories"
    assert caught.value.remedy == "Open a repository by its name."


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
async def test_a_registry_without_a_catalog_says_so_in_one_sentence(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200 if exchange.asked.path == "/v2/" else status)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(CatalogUnsupportedError, match="does not list its repositories") as caught:
            await items(own.registry(server.url).repositories())
        assert "repository by its name" in caught.value.remedy


async def test_the_code_unsupported_is_enough() -> None:
    async def answer(exchange: Exchange) -> None:
        body = b"" if exchange.asked.path == "/v2/" else {"errors": [{"code": "UNSUPPORTED"}]}
        await exchange.reply(200 if exchange.asked.path == "/v2/" else 400, body)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(CatalogUnsupportedError):
            await items(own.registry(server.url).repositories())


async def test_a_registry_that_lets_nobody_in_asks_for_a_login_instead(storage: Storage) -> None:
    with DemoServer(storage, login=BasicLogin({"alice": "s3cret"})) as server:
        async with client() as own:
            with pytest.raises(UnauthorizedError):
                await items(own.registry(server.url).repositories())
            with pytest.raises(UnauthorizedError):
                await items(own.registry(server.url, BasicAuth("alice", "wrong")).repositories())
            found = await items(own.registry(server.url, BasicAuth("alice", "s3cret")).repositories())
            assert len(found) == MANY + 1


async def test_a_catalog_for_others_only_is_no_catalog(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin({"alice": "s3cret"}, anonymous_pull=True)) as server:
        async with client() as own:
            with pytest.raises((CatalogUnsupportedError, UnauthorizedError)) as caught:
                await items(own.registry(server.url).repositories())
            assert "log in" in caught.value.remedy.lower()
            found = await items(own.registry(server.url, BasicAuth("alice", "s3cret")).repositories())
            assert len(found) == MANY + 1


async def test_a_page_of_the_web_is_no_registry() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(404, "<html>Not found", {"Content-Type": "text/html"})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(NotOCIError):
            await items(own.registry(server.url).repositories())


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", None),
        (200, b"{}", None),
        (401, b"", UnauthorizedError),
        (403, b"", DeniedError),
        (404, b"", NotOCIError),
        (405, b"", NotOCIError),
        (204, b"", NotOCIError),
        (302, b"", NotOCIError),
        (418, b"", NotOCIError),
        (500, b"", ErrorResponse),
        (429, b"", ErrorResponse),
    ],
)
async def test_a_host_is_judged_by_its_answer_to_the_root(
    status: int, body: bytes, error: type[Exception] | None
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, body)

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        if error is None:
            await registry.verify()
        else:
            with pytest.raises(error):
                await registry.verify()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Forbidden</html>",
        b'{"errors": []}',
        b'{"errors": null}',
        b'{"errors": "x"}',
        b'{"errors": [null, 5, {"code": "DENIED", "message": "no", "detail": [1]}]}',
        b'{"errors": [{"code": 7, "message": {"a": 1}, "detail": "x"}]}',
        b'{"message": "no"}',
        b'{"error": "no", "error_description": "no"}',
        b"[1, 2]",
        b'"no"',
        b"\xff\x00",
        b"[" * 60_000,
    ],
)
async def test_the_status_decides_whatever_the_body_says(body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403, body)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(DeniedError) as caught:
            await items(own.registry(server.url).tags(ALPHA))
        assert caught.value.status == 403
        assert "403" in str(caught.value)
        assert caught.value.remedy


async def test_a_page_that_is_full_and_names_no_next_one_is_held_against_the_whole_list() -> None:
    names = [f"v{number}" for number in range(7)]
    queries: list[str] = []

    async def answer(exchange: Exchange) -> None:
        queries.append(exchange.asked.query)
        size = dict(parameters(exchange.asked)).get("n", "7")
        await exchange.reply(200, {"tags": names[: int(size)]})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        found = await pages(registry.tags(ALPHA, page_size=5))
        assert [[str(tag) for tag in page.items] for page in found] == [names]
        assert found[0].last
        assert queries == ["n=5", ""]
        queries.clear()
        assert await items(registry.tags(ALPHA, page_size=10)) == names
        assert queries == ["n=10"]


async def test_a_list_that_is_another_one_each_time_is_given_whole_and_ends() -> None:
    names = [f"team/r{number}" for number in range(7)]
    asked: list[str] = []

    async def answer(exchange: Exchange) -> None:
        asked.append(exchange.asked.query)
        size = dict(parameters(exchange.asked)).get("n")
        shuffled = names[3:] + names[:3]
        await exchange.reply(200, {"repositories": names[: int(size)] if size else shuffled})

    async with ScriptedServer(answer) as server, client() as own:
        assert sorted(await items(own.registry(server.url).repositories(page_size=5))) == names
        assert asked == ["n=5", ""]


@pytest.mark.parametrize("status", [400, 405, 500])
async def test_where_the_whole_list_is_refused_a_full_page_is_all_there_is(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        found = "n=2" in exchange.asked.query
        await (exchange.reply(200, {"tags": ["a", "b"]}) if found else exchange.reply(status))

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA, page_size=2)) == ["a", "b"]


async def test_a_server_whose_cursor_starts_over_is_never_asked_by_it() -> None:
    """As crane's: no link, and what is asked for after the last tag begins with the first one again."""
    names = ["a", "b", "c", "d"]
    cursors: list[str | None] = []

    async def answer(exchange: Exchange) -> None:
        asked = dict(parameters(exchange.asked))
        cursors.append(asked.get("last"))
        await exchange.reply(200, {"tags": names[: int(asked.get("n", "4"))]})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA, page_size=4)) == names
        assert cursors == [None, None]


async def test_googles_members_of_a_list_of_tags_do_no_harm() -> None:
    body = {
        "child": ["sub", "other"],
        "manifest": {
            "sha256:" + "a" * 64: {
                "imageSizeBytes": "1234",
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "tag": ["v1"],
                "timeCreatedMs": "1700000000000",
                "timeUploadedMs": "1700000000000",
            }
        },
        "name": "team/alpha",
        "tags": ["v1"],
    }

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, body, {"Content-Type": "application/json"})

    async with ScriptedServer(answer) as server, client() as own:
        assert await items(own.registry(server.url).tags(ALPHA)) == ["v1"]


async def test_a_server_of_files_is_no_registry_whatever_it_is_asked_for() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(404, "<html>File not found</html>", {"Content-Type": "text/html;charset=utf-8"})

    image = Image(ALPHA, Tag("v1"))
    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        asking: list[Coroutine[Any, Any, object]] = [
            items(registry.repositories()),
            items(registry.tags(ALPHA)),
            registry.get_manifest(image),
            registry.manifest_exists(image),
            registry.get_referrers(ALPHA, Digest.of(b"x")),
            registry.verify(),
        ]
        for one in asking:
            with pytest.raises(NotOCIError, match="not that of a registry"):
                await one


@pytest.mark.parametrize("root", [200, 401, 503])
async def test_a_page_in_the_place_of_a_tag_is_a_missing_tag_where_the_root_is_a_registrys(root: int) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/v2/":
            await exchange.reply(root, {})
        else:
            await exchange.reply(404, "<html>", {"Content-Type": "text/html"})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        with pytest.raises(ManifestNotExistError):
            await registry.get_manifest(Image(ALPHA, Tag("v1")))
        with pytest.raises(RepositoryNotExistError):
            await items(registry.tags(ALPHA))


async def test_the_header_of_the_first_version_of_the_api_is_not_asked_for() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).verify()


async def test_a_list_with_a_name_twice_or_too_many_values_is_an_error() -> None:
    bodies = [b'{"tags": ["a"], "tags": ["b"]}', b'{"tags": [' + b"[]," * 2_000_001 + b"[]]}"]

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, bodies[len(server.asked) - 1])

    async with ScriptedServer(answer) as server, client() as own:
        for _ in bodies:
            with pytest.raises(ParseJSONError, match=r"the list of tags (says|has more)"):
                await items(own.registry(server.url).tags(ALPHA))
