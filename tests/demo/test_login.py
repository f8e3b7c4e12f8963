from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.clients import connect
from tests.demo.content import BLOB, MANIFEST, NAME, error_codes, sha256
from tui.demo import BasicLogin, BearerLogin, DemoServer
from tui.demo.access import Access, parse_scopes, repository_access, scopes

if TYPE_CHECKING:
    import httpx

    from tui.demo import Storage

USERS = {"alice": "s3cret:with colon", "bob": "hunter2"}
ALICE = ("alice", "s3cret:with colon")
TAGS = f"/v2/{NAME}/tags/list"
PULL = f"repository:{NAME}:pull"


def only_alice_pushes(user: str, access: Access) -> bool:
    return user == "alice" or access.action == "pull"


def challenge(response: httpx.Response) -> tuple[str, dict[str, str]]:
    assert response.status_code == 401
    assert error_codes(response) == ["UNAUTHORIZED"]
    scheme, _space, rest = response.headers["www-authenticate"].partition(" ")
    return scheme, dict(re.findall(r'(\w+)="([^"]*)"', rest))


async def test_basic_asks_for_a_login(storage: Storage) -> None:
    with DemoServer(storage, login=BasicLogin(USERS)) as server:
        async with connect(server) as http:
            for path in ("/v2/", "/v2/_catalog", TAGS):
                assert challenge(await http.get(path)) == ("Basic", {"realm": "demo registry"})
                assert (await http.get(path, auth=ALICE)).status_code == 200
                assert challenge(await http.get(path, auth=("alice", "wrong")))[0] == "Basic"
                assert challenge(await http.get(path, auth=("carol", "wrong")))[0] == "Basic"


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YWxpY2U=", "Bearer x", "Basic /w=="])
async def test_basic_refuses_what_is_no_login(storage: Storage, header: str) -> None:
    with DemoServer(storage, login=BasicLogin(USERS)) as server:
        async with connect(server) as http:
            assert challenge(await http.get("/v2/", headers={"Authorization": header}))[0] == "Basic"


async def test_basic_may_let_everybody_pull(storage: Storage) -> None:
    with DemoServer(storage, login=BasicLogin(USERS, anonymous_pull=True)) as server:
        async with connect(server) as http:
            assert (await http.get("/v2/")).status_code == 200
            assert (await http.get(TAGS)).status_code == 200
            challenge(await http.get("/v2/_catalog"))
            challenge(await http.post(f"/v2/{NAME}/blobs/uploads/"))
            challenge(await http.delete(f"/v2/{NAME}/manifests/latest"))


async def test_basic_denies_what_a_user_may_not(storage: Storage) -> None:
    with DemoServer(storage, login=BasicLogin(USERS, allows=only_alice_pushes)) as server:
        async with connect(server) as http:
            uploads = f"/v2/{NAME}/blobs/uploads/"
            assert (await http.post(uploads, auth=ALICE)).status_code == 202
            response = await http.post(uploads, auth=("bob", "hunter2"))
            assert response.status_code == 403
            assert error_codes(response) == ["DENIED"]


async def test_a_password_can_change_while_the_registry_serves(storage: Storage) -> None:
    users = dict(USERS)
    with DemoServer(storage, login=BasicLogin(users)) as server:
        async with connect(server) as http:
            users["bob"] = "new"
            assert (await http.get("/v2/", auth=("bob", "hunter2"))).status_code == 401
            assert (await http.get("/v2/", auth=("bob", "new"))).status_code == 200


async def token(http: httpx.AsyncClient, scope: str, auth: tuple[str, str] | None = ALICE) -> dict[str, str]:
    response = await http.get("/token", params={"service": "demo-registry", "scope": scope}, auth=auth)
    assert response.status_code == 200
    return {"Authorization": f"Bearer {response.json()['token']}"}


async def test_bearer_says_where_to_fetch_a_token_and_for_what(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            where = {"realm": f"{server.url}/token", "service": "demo-registry"}
            assert challenge(await http.get("/v2/")) == ("Bearer", where)
            for method, path, scope in (
                ("GET", "/v2/_catalog", "registry:catalog:*"),
                ("GET", TAGS, PULL),
                ("GET", f"/v2/{NAME}/blobs/{sha256(BLOB)}", PULL),
                ("HEAD", f"/v2/{NAME}/manifests/latest", PULL),
                ("POST", f"/v2/{NAME}/blobs/uploads/", f"{PULL},push"),
                ("PUT", f"/v2/{NAME}/manifests/new", f"{PULL},push"),
                ("DELETE", f"/v2/{NAME}/manifests/latest", f"repository:{NAME}:delete"),
            ):
                response = await http.request(method, path)
                assert response.status_code == 401
                assert f'scope="{scope}"' in response.headers["www-authenticate"]


async def test_a_token_opens_what_it_was_given_for(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            headers = await token(http, PULL)
            assert (await http.get("/v2/", headers=headers)).status_code == 200
            assert (await http.get(TAGS, headers=headers)).status_code == 200
            for path in ("/v2/_catalog", "/v2/team/empty/tags/list"):
                _scheme, parameters = challenge(await http.get(path, headers=headers))
                assert parameters["error"] == "insufficient_scope"
            headers = await token(http, f"registry:catalog:* repository:{NAME}:*")
            assert (await http.get("/v2/_catalog", headers=headers)).status_code == 200
            assert (await http.delete(f"/v2/{NAME}/manifests/latest", headers=headers)).status_code == 202


async def test_an_expired_or_unknown_token_is_refused(storage: Storage) -> None:
    login = BearerLogin(USERS)
    with DemoServer(storage, login=login) as server:
        async with connect(server) as http:
            headers = await token(http, PULL)
            login.desk.expire()
            for one in (headers, {"Authorization": "Bearer made-up"}):
                _scheme, parameters = challenge(await http.get(TAGS, headers=one))
                assert parameters["error"] == "invalid_token"


async def test_tokens_expire_by_themselves(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS, lifetime=0)) as server:
        async with connect(server) as http:
            headers = await token(http, PULL)
            assert challenge(await http.get(TAGS, headers=headers))[1]["error"] == "invalid_token"


async def test_the_answer_of_the_token_endpoint_is_complete(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS, lifetime=90)) as server:
        async with connect(server) as http:
            query = {"scope": PULL, "offline_token": "true"}
            answer = (await http.get("/token", params=query, auth=ALICE)).json()
    assert answer["token"] == answer["access_token"]
    assert answer["expires_in"] == 90
    assert answer["scope"] == PULL
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["issued_at"])
    assert answer["refresh_token"]


async def test_a_token_needs_a_login_unless_everybody_may_pull(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            for auth in (None, ("alice", "wrong")):
                response = await http.get("/token", params={"scope": PULL}, auth=auth)
                assert challenge(response)[0] == "Basic"
    with DemoServer(storage, login=BearerLogin(USERS, anonymous_pull=True)) as server:
        async with connect(server) as http:
            challenge(await http.get(TAGS))
            headers = await token(http, f"{PULL},push registry:catalog:*", auth=None)
            assert (await http.get(TAGS, headers=headers)).status_code == 200
            challenge(await http.get("/v2/_catalog", headers=headers))
            challenge(await http.post(f"/v2/{NAME}/blobs/uploads/", headers=headers))


async def test_a_token_holds_only_what_its_user_may(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS, allows=only_alice_pushes)) as server:
        async with connect(server) as http:
            wanted = {"scope": f"{PULL},push"}
            for auth, scope in ((ALICE, f"{PULL},push"), (("bob", "hunter2"), PULL), (None, PULL)):
                assert (await http.get("/token", params=wanted, auth=auth)).json()["scope"] == scope


async def test_mounting_needs_the_right_to_pull_from_the_source(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            target = "repository:team/new:pull,push"
            for scope, status in ((target, 202), (f"{target} {PULL}", 201)):
                headers = await token(http, scope)
                for source in ({}, {"from": NAME}):
                    server.storage.delete_repository("team/new")
                    query = {"mount": sha256(BLOB)} | source
                    response = await http.post("/v2/team/new/blobs/uploads/", params=query, headers=headers)
                    assert response.status_code == status


async def exchange(http: httpx.AsyncClient, **form: str) -> tuple[int, dict[str, Any]]:
    response = await http.post("/token", data={"service": "demo-registry", "scope": PULL} | form)
    return response.status_code, response.json()


async def test_tokens_are_exchanged_as_oauth2_has_it(storage: Storage) -> None:
    login = BearerLogin(USERS)
    with DemoServer(storage, login=login) as server:
        async with connect(server) as http:
            form = {"grant_type": "password", "username": ALICE[0], "password": ALICE[1]}
            status, answer = await exchange(http, access_type="offline", **form)
            assert status == 200
            assert answer["scope"] == PULL
            status, renewed = await exchange(
                http, grant_type="refresh_token", refresh_token=answer["refresh_token"]
            )
            assert status == 200
            for one in (answer, renewed):
                headers = {"Authorization": f"Bearer {one['access_token']}"}
                assert (await http.get(TAGS, headers=headers)).status_code == 200
            login.desk.revoke_identities()
            status, refused = await exchange(
                http, grant_type="refresh_token", refresh_token=answer["refresh_token"]
            )
            assert (status, refused["error"]) == (401, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "username": "alice", "password": "wrong"}, 401, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, 401, "invalid_grant"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        (
            {"grant_type": "password", "username": "bob", "password": "hunter2", "service": "another"},
            400,
            "invalid_request",
        ),
    ],
)
async def test_a_wrong_exchange_is_refused(
    storage: Storage, form: dict[str, str], status: int, error: str
) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            answered, answer = await exchange(http, **form)
    assert (answered, answer["error"]) == (status, error)


async def test_the_exchange_can_be_switched_off_and_the_realm_moved(storage: Storage) -> None:
    login = BearerLogin(USERS, oauth2=False, realm="https://auth.example.com/token", service="other")
    with DemoServer(storage, login=login) as server:
        async with connect(server) as http:
            assert (await http.post("/token", data={"grant_type": "password"})).status_code == 405
            assert challenge(await http.get("/v2/"))[1] == {
                "realm": "https://auth.example.com/token",
                "service": "other",
            }
            response = await http.get("/token", params={"service": "demo-registry"}, auth=ALICE)
            assert response.status_code == 400


async def test_a_form_is_limited(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            response = await http.post("/token", data={"scope": "x" * 70_000})
    assert response.status_code == 413


def test_scopes_are_read_and_written() -> None:
    text = "repository:a/b:pull,push registry:catalog:*"
    accesses = [*repository_access("a/b", "pull", "push"), Access("registry", "catalog", "*")]
    assert parse_scopes([text]) == accesses
    assert parse_scopes(text.split()) == accesses
    assert scopes(accesses) == text
    assert parse_scopes(["repository:localhost:5000/a:pull"]) == [
        Access("repository", "localhost:5000/a", "pull")
    ]
    assert parse_scopes(["", "nonsense", "a:b", "repository:a:"]) == []


async def test_a_manifest_that_is_pushed_with_a_token_is_there(storage: Storage) -> None:
    with DemoServer(storage, login=BearerLogin(USERS)) as server:
        async with connect(server) as http:
            headers = await token(http, "repository:team/new:pull,push")
            url = "/v2/team/new/manifests/1"
            assert (await http.put(url, content=MANIFEST, headers=headers)).status_code == 201
            assert (await http.get(url, headers=headers)).content == MANIFEST
