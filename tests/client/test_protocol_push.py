"""What trips clients that push to real registries, one test or more for each thing that is known to."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.client.helpers import client, mocked, parameters, pieces
from tests.client.odd_registry import OddRegistry, answering
from tests.faults import Exchange, ScriptedServer
from tui.client import (
    BasicAuth,
    Digest,
    RefusedRedirectError,
    Repository,
    Tag,
    UnauthorizedError,
    UnsupportedError,
)
from tui.client.media_types import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST
from tui.client.referrers_tag import referrers_tag
from tui.demo import DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ALPHA, BETA = Repository("team/alpha"), Repository("team/beta")
ALICE = BasicAuth("alice", "s3cret")
SMALL = b"a small blob"
LARGE = random.Random(6).randbytes(300_000)  # noqa: S311 - repeatable bytes, no secret
DIGEST = Digest.of(LARGE)
SUBJECT = Digest.of(b"subject")

both = pytest.mark.parametrize("make", [lambda: LARGE, lambda: pieces(LARGE)], ids=["bytes", "stream"])


def methods(server: ScriptedServer) -> list[str]:
    """The methods of all requests, without the one that finds out about HTTPS."""
    return [asked.method for asked in server.asked if asked.path != "/v2/"]


def document(**more: object) -> bytes:
    empty = {"mediaType": OCI_EMPTY, "digest": str(Digest.of(b"{}")), "size": 2}
    members: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": []}
    return json.dumps(members | more).encode()


@both
async def test_oci_chunk_min_length_is_kept(make: Callable[[], bytes | AsyncIterator[bytes]]) -> None:
    with DemoServer(Storage(), headers=[("OCI-Chunk-Min-Length", "120000")]) as server:
        async with client() as own:
            await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=50_000)
        sizes = [one.headers["content-length"] for one in server.requests if one.method == "PATCH"]
        assert sizes == ["120000", "120000", "60000"]


async def test_oci_chunk_min_length_holds_for_what_is_left_of_a_chunk() -> None:
    async def begin(registry: OddRegistry, exchange: Exchange) -> bool:
        await registry.begin(exchange, OCI_Chunk_Min_Length="100000")
        return True

    async def take_a_part(registry: OddRegistry, exchange: Exchange) -> bool:
        if exchange.asked.headers["content-range"] != "0-99999":
            return False
        registry.uploads[1] += exchange.asked.body[:30_000]
        await exchange.reply(202, b"", registry.progress(1))
        return True

    odd = OddRegistry(POST=begin, PATCH=take_a_part)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, pieces(LARGE), chunk_size=10)
        sizes = [len(asked.body) for asked in server.asked if asked.method == "PATCH"]
    assert sizes == [100_000, 100_000, 100_000, 70_000]
    assert odd.blobs == {DIGEST: LARGE}


@both
async def test_ecr_answers_201_to_patch_and_refuses_the_put(
    make: Callable[[], bytes | AsyncIterator[bytes]],
) -> None:
    async def keep(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.uploads[1] += exchange.asked.body
        registry.blobs[DIGEST] = bytes(registry.uploads[1])
        await exchange.reply(201, b"", registry.progress(1))
        return True

    odd = OddRegistry(PATCH=keep, PUT=answering(400))
    async with ScriptedServer(odd) as server, client() as own:
        registry = own.registry(server.url)
        descriptor = await registry.put_blob(ALPHA, make(), chunk_size=150_000, check_exists=False)
        assert descriptor.digest == DIGEST
        assert methods(server) == ["POST", "PATCH", "PATCH", "PUT", "HEAD"]


async def test_204_is_accepted_for_put() -> None:
    odd = OddRegistry(PUT=answering(204))
    async with ScriptedServer(odd) as server, client() as own:
        assert (await own.registry(server.url).put_blob(ALPHA, LARGE)).digest == DIGEST
        assert methods(server) == ["HEAD", "POST", "PUT"]


async def test_202_to_put_is_believed_only_when_the_blob_is_there() -> None:
    async def take(registry: OddRegistry, exchange: Exchange) -> bool:
        registry.blobs[DIGEST] = exchange.asked.body
        await exchange.reply(202)
        return True

    async with ScriptedServer(OddRegistry(PUT=take)) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server) == ["HEAD", "POST", "PUT", "HEAD"]


@both
@pytest.mark.parametrize("tells", [True, False], ids=["range of the 416", "range of the status"])
async def test_416_is_recovered_from(
    make: Callable[[], bytes | AsyncIterator[bytes]], *, tells: bool
) -> None:
    async def behind(registry: OddRegistry, exchange: Exchange) -> bool:
        # The first half of the second chunk has arrived, as if its answer had been lost on the way.
        if exchange.asked.headers["content-range"] != "100000-199999" or len(registry.uploads[1]) > 100_000:
            return False
        registry.uploads[1] += exchange.asked.body[:50_000]
        await exchange.reply(416, b"", registry.progress(1) if tells else {})
        return True

    odd = OddRegistry(PATCH=behind)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, make(), chunk_size=100_000)
        assert ("GET" in methods(server)) is not tells
    assert odd.blobs == {DIGEST: LARGE}


async def test_416_to_the_first_byte_is_recovered_from() -> None:
    async def has_it(registry: OddRegistry, exchange: Exchange) -> bool:
        if not registry.uploads[1]:
            registry.uploads[1] += LARGE[:1]
            await exchange.reply(416, b"", registry.progress(1))
            return True
        return False

    odd = OddRegistry(PATCH=has_it)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=100_000)
    assert odd.blobs == {DIGEST: LARGE}


@pytest.mark.parametrize("source", [None, BETA])
async def test_quay_fails_mount_without_from(source: Repository | None) -> None:
    async with ScriptedServer(OddRegistry()) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, mount_from=source)
        asked = [dict(parameters(one)) for one in server.asked if one.method == "POST"]
    assert asked == [{} if source is None else {"mount": DIGEST, "from": BETA}]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 500])
async def test_a_mount_that_is_refused_outright_falls_back_to_an_upload(status: int) -> None:
    async def no_mount(_registry: OddRegistry, exchange: Exchange) -> bool:
        if "mount=" not in exchange.asked.query:
            return False
        await exchange.reply(status)
        return True

    odd = OddRegistry(POST=no_mount)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, mount_from=BETA)
    assert odd.blobs == {DIGEST: LARGE}


async def test_a_mount_asks_for_rights_to_both_repositories_the_own_one_first() -> None:
    scopes: list[list[str]] = []

    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.path == "/token":
            scopes.append([value for name, value in parameters(asked) if name == "scope"])
            await exchange.reply(200, {"token": "t"})
        elif "authorization" not in asked.headers:
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})
        elif "mount=" in asked.query:
            await exchange.reply(201)
        else:
            await exchange.reply(404)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url, ALICE).put_blob(ALPHA, LARGE, mount_from=BETA)
    assert scopes[-1] == [f"repository:{ALPHA}:pull,push", f"repository:{BETA}:pull"]


async def test_a_token_service_that_gives_nothing_for_two_repositories_leaves_the_upload() -> None:
    odd = OddRegistry()

    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.path == "/token":
            refused = str(BETA) in asked.query
            await exchange.reply(403 if refused else 200, {"token": "t"})
        elif asked.headers.get("authorization") != "Bearer t":
            await exchange.reply(401, b"", {"WWW-Authenticate": 'Bearer realm="/token"'})
        else:
            await odd(exchange)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url, ALICE).put_blob(ALPHA, LARGE, mount_from=BETA)
    assert odd.blobs == {DIGEST: LARGE}


@pytest.mark.parametrize("status", [200, 403, 405, 500])
async def test_existence_is_asked_for_by_head_and_what_is_no_clear_answer_means_no(status: int) -> None:
    headers = {"Content_Length": "7"} if status == 200 else {}
    odd = OddRegistry(HEAD=answering(status, **headers))
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        assert methods(server)[-2:] == ["POST", "PUT"]
    assert odd.blobs == {DIGEST: LARGE}


async def test_a_single_post_that_is_ignored_goes_on_with_put_and_is_not_tried_again() -> None:
    async with ScriptedServer(OddRegistry()) as server, client() as own:
        registry = own.registry(server.url)
        for content in (SMALL, SMALL + b"!"):
            await registry.put_blob(ALPHA, content)
        posts = [asked.query for asked in server.asked if asked.method == "POST"]
        assert posts == [f"digest={Digest.of(SMALL)}", ""]
        assert methods(server) == ["HEAD", "POST", "PUT"] * 2


@pytest.mark.parametrize("status", [400, 404, 405, 411, 415, 500, 501])
async def test_a_single_post_that_is_refused_goes_on_with_post_and_put(status: int) -> None:
    async def refuse(_registry: OddRegistry, exchange: Exchange) -> bool:
        if not exchange.asked.query:
            return False
        await exchange.reply(status)
        return True

    odd = OddRegistry(POST=refuse)
    async with ScriptedServer(odd) as server, client() as own:
        registry = own.registry(server.url)
        await registry.put_blob(ALPHA, SMALL)
        assert methods(server) == ["HEAD", "POST", "POST", "PUT"]
        assert odd.blobs == {Digest.of(SMALL): SMALL}
        # What may pass by itself is tried again with the next blob, and nothing else is.
        await registry.put_blob(ALPHA, SMALL + b"!")
        assert methods(server).count("POST") == (4 if status == 500 else 3)


async def test_a_single_post_whose_connection_breaks_goes_on_with_post_and_put() -> None:
    async def cut(_registry: OddRegistry, exchange: Exchange) -> bool:
        if not exchange.asked.query:
            return False
        exchange.reset()
        return True

    odd = OddRegistry(POST=cut)
    async with ScriptedServer(odd) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, SMALL)
        assert methods(server) == ["HEAD", "POST", "POST", "PUT"]


async def test_many_registries_lack_chunks_so_that_one_piece_is_the_default() -> None:
    odd = OddRegistry(PATCH=answering(405))
    content = LARGE * 40
    async with ScriptedServer(odd) as server, client() as own:
        registry = own.registry(server.url)
        digest = Digest.of(content)
        await registry.put_blob(ALPHA, content)
        await registry.put_blob(BETA, pieces(content), digest=digest, size=len(content), check_exists=False)
        assert "PATCH" not in methods(server)


@pytest.mark.parametrize(
    "location",
    [
        "/v2/team/alpha/blobs/uploads/{}?_state=a%2Fb%3D",
        "{}?_state=a%2Fb%3D",
        "{url}/uploads/{}?_state=a%2Fb%3D",
    ],
    ids=["of the root", "relative", "absolute"],
)
async def test_the_location_of_an_upload_may_have_any_form_and_keeps_its_query(location: str) -> None:
    place = ""
    odd = OddRegistry(lambda number: place.replace("{}", str(number)))

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path.startswith("/uploads/"):
            await exchange.reply(201)
        else:
            await odd(exchange)

    async with ScriptedServer(answer) as server, client() as own:
        place = location.replace("{url}", server.url)
        await own.registry(server.url).put_blob(ALPHA, LARGE)
        put = server.asked[-1]
        assert (put.method, put.query) == ("PUT", f"_state=a%2Fb%3D&digest={DIGEST}")
        assert put.body == LARGE


async def test_an_upload_on_another_host_gets_the_content_and_no_login() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "up.example":
            return httpx.Response(201)
        if "authorization" not in request.headers:
            return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
        if request.method == "POST":
            return httpx.Response(202, headers={"Location": "https://up.example/1?signature=hush"})
        return httpx.Response(404)

    async with mocked(answer) as own:
        await own.registry("reg.example", ALICE).put_blob(ALPHA, LARGE)
    assert str(seen[-1].url) == f"https://up.example/1?signature=hush&digest={DIGEST}"
    assert "authorization" not in seen[-1].headers


@pytest.mark.parametrize(
    "location",
    [
        "http://reg.example/1",
        "http://up.example/1",
        "https://127.0.0.1/1",
        "https://169.254.169.254/1",
        "ftp://x/1",
    ],
)
async def test_an_upload_to_a_place_that_is_not_safe_is_refused_before_anything_is_sent(
    location: str,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, headers={"Location": location})
        assert request.method == "HEAD"
        return httpx.Response(404)

    async with mocked(answer) as own:
        with pytest.raises(RefusedRedirectError):
            await own.registry("reg.example").put_blob(ALPHA, LARGE)


async def test_a_server_elsewhere_cannot_have_the_login_sent_to_a_place_of_its_choice() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "cdn.example":
            return httpx.Response(
                202, headers={"Location": "https://reg.example/v2/team/beta/manifests/latest"}
            )
        if "authorization" not in request.headers:
            return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
        if request.method == "POST":
            return httpx.Response(307, headers={"Location": "https://cdn.example/up"})
        return httpx.Response(404)

    async with mocked(answer) as own:
        with pytest.raises(UnauthorizedError):
            await own.registry("reg.example", ALICE).put_blob(ALPHA, LARGE)
    puts = [request for request in seen if request.method == "PUT"]
    assert puts
    assert all("authorization" not in request.headers for request in puts)


async def test_a_server_elsewhere_does_not_get_the_login_back_in_the_middle_of_an_upload() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "cdn.example":
            return httpx.Response(202, headers={"Location": "https://reg.example/v2/team/beta/manifests/x"})
        if "authorization" not in request.headers:
            return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})
        if request.method == "POST":
            return httpx.Response(202, headers={"Location": "/v2/team/alpha/blobs/uploads/1"})
        return httpx.Response(307, headers={"Location": "https://cdn.example/up"})

    async with mocked(answer) as own:
        with pytest.raises(UnauthorizedError):
            await own.registry("reg.example", ALICE).put_blob(ALPHA, LARGE, chunk_size=100_000)
    steered = [request for request in seen if request.url.path.endswith("/manifests/x")]
    assert steered
    assert all("authorization" not in request.headers for request in steered)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
async def test_307_keeps_method_and_body(status: int, method: str) -> None:
    odd = OddRegistry()

    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        if asked.method == method and asked.path.startswith("/v2/team/alpha/"):
            query = f"?{asked.query}" if asked.query else ""
            await exchange.reply(status, b"", {"Location": asked.path.replace("alpha", "moved") + query})
        else:
            await odd(exchange)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).put_blob(ALPHA, LARGE, chunk_size=100_000)
    assert odd.blobs == {DIGEST: LARGE}


async def test_a_stream_that_has_been_sent_does_not_follow_a_redirect() -> None:
    content = LARGE * 40

    async def move(_registry: OddRegistry, exchange: Exchange) -> bool:
        await exchange.reply(307, b"", {"Location": "/v2/elsewhere"})
        return True

    async with ScriptedServer(OddRegistry(PUT=move)) as server, client() as own:
        with pytest.raises(RefusedRedirectError) as caught:
            await own.registry(server.url).put_blob(
                ALPHA, pieces(content), digest=Digest.of(content), size=len(content)
            )
        assert "cannot be sent again" in str(caught.value)
        assert methods(server)[-1] == "DELETE"


@pytest.mark.parametrize("has_api", [True, False])
async def test_oci_subject_tells_whether_the_list_of_referrers_is_to_be_kept(*, has_api: bool) -> None:
    raw = document(
        subject={"mediaType": OCI_MANIFEST, "digest": str(SUBJECT), "size": 7}, annotations={"a": "b"}
    )
    with DemoServer(Storage(), referrers=has_api) as server:
        async with client() as own:
            registry = own.registry(server.url)
            descriptor = await registry.put_manifest(ALPHA, raw)
            tag = await registry.request("GET", f"/v2/{ALPHA}/manifests/{referrers_tag(SUBJECT)}")
            (found,) = await registry.get_referrers(ALPHA, SUBJECT)
    assert found.digest == descriptor.digest
    assert found.artifact_type == OCI_EMPTY
    assert dict(found.annotations) == {"a": "b"}
    assert (tag.status == 404) is has_api
    if not has_api:
        assert json.loads(tag.body) == {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                {
                    "mediaType": OCI_MANIFEST,
                    "digest": str(descriptor.digest),
                    "size": len(raw),
                    "artifactType": OCI_EMPTY,
                    "annotations": {"a": "b"},
                }
            ],
        }


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (["a, b"], ["c"]),
        (["a", "b", "c"], []),
        ([" c ,, a"], ["b"]),
        ([], ["a", "b", "c"]),
        (["other"], ["a", "b", "c"]),
    ],
)
async def test_oci_tag_tells_which_tags_are_still_to_be_pushed(taken: list[str], expected: list[str]) -> None:
    asked: list[str] = []
    raw = document()
    digest = Digest.of(raw)

    async def answer(exchange: Exchange) -> None:
        asked.append(exchange.asked.target.rpartition("/")[2])
        headers = [("OCI-Tag", value) for value in taken] if ":" in asked[-1] else []
        await exchange.reply(404 if exchange.asked.path == "/v2/" else 201, b"", headers)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).put_manifest(ALPHA, raw, [Tag("a"), Tag("b"), Tag("c")])
    assert asked[-1 - len(expected) :] == [f"{digest}?tag=a&tag=b&tag=c", *expected]


@pytest.mark.parametrize("status", [400, 414, 431])
async def test_a_registry_that_takes_no_tags_along_gets_one_after_the_other(status: int) -> None:
    lines: list[str] = []

    async def answer(exchange: Exchange) -> None:
        lines.append(exchange.asked.target.rpartition("/")[2])
        await exchange.reply(status if exchange.asked.query else 201)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).put_manifest(ALPHA, document(), [Tag("a"), Tag("b")])
    assert lines[-2:] == ["a", "b"]


@pytest.mark.parametrize("status", [400, 405])
async def test_a_tag_that_cannot_be_deleted_alone_says_what_can_be_done(status: int) -> None:
    body = {"errors": [{"code": "UNSUPPORTED", "message": "the operation is unsupported"}]}

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, body)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnsupportedError) as caught:
            await own.registry(server.url).delete_tag(ALPHA, Tag("v1"))
    assert caught.value.status == status
    assert "by its digest" in caught.value.remedy


@pytest.mark.parametrize(
    ("granted", "wanted"),
    [
        ({"*"}, ["*"]),
        ({"delete", "pull", "push"}, ["*", "delete"]),
        ({"pull", "push"}, ["*", "delete", "push"]),
    ],
    ids=["everything", "distribution", "Quay"],
)
async def test_the_right_to_delete_has_another_name_with_each_token_service(
    granted: set[str], wanted: list[str]
) -> None:
    names: list[str] = []

    async def answer(exchange: Exchange) -> None:
        asked = exchange.asked
        challenge = {"WWW-Authenticate": 'Bearer realm="/token"'}
        if asked.path == "/token":
            scope = dict(parameters(asked)).get("scope", "")
            actions = scope.rpartition(":")[2]
            if asked.headers["authorization"] != ALICE.authorization():
                await exchange.reply(401)
            elif actions == "pull":
                await exchange.reply(200, {"token": "reader"})
            else:
                names.append(actions)
                fits = set(actions.split(",")) <= granted
                await exchange.reply(200 if fits else 403, {"token": "deleter"} if fits else b"")
        elif "authorization" not in asked.headers:
            await exchange.reply(401, b"", challenge)
        elif asked.method == "DELETE":
            is_allowed = asked.headers["authorization"] == "Bearer deleter"
            await exchange.reply(202 if is_allowed else 401, b"", {} if is_allowed else challenge)
        else:
            await exchange.reply(200, {"tags": []})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url, ALICE)
        await registry.request("GET", f"/v2/{ALPHA}/tags/list")
        await registry.delete_tag(ALPHA, Tag("v1"))
    assert [next(one for one in wanted if one in name.split(",")) for name in dict.fromkeys(names)] == wanted
