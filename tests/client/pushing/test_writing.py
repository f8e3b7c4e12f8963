"""Manifests pushed and deleted, and the lists of referrers that clients keep."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response

from tests.client.helpers import client
from tests.faults import Exchange, ScriptedServer
from tui.client import (
    BasicAuth,
    BodyTooLargeError,
    ConflictError,
    DeniedError,
    Digest,
    DigestMismatchError,
    ErrorResponse,
    Image,
    Index,
    InvalidIndexError,
    Manifest,
    ManifestNotExistError,
    Repository,
    SchemaValidationError,
    Tag,
    UnauthorizedError,
    UnknownMediaTypeError,
    UnsupportedAlgorithmError,
    UnsupportedError,
)
from tui.client.limits import MAX_MANIFEST
from tui.client.media_types import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST
from tui.client.pushing.referrers_list import ROUNDS
from tui.client.referrers_tag import referrers_tag
from tui.demo import BasicLogin, BearerLogin, DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

    from tui.client import Registry

ALPHA = Repository("team/alpha")
SUBJECT = Digest.of(b"subject")
LIST = referrers_tag(SUBJECT)
USERS = {"alice": "s3cret"}


def document(**more: object) -> bytes:
    empty = {"mediaType": OCI_EMPTY, "digest": str(Digest.of(b"{}")), "size": 2}
    members: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": []}
    return json.dumps(members | more).encode()


def index(*entries: object, **more: object) -> bytes:
    return json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries), **more}
    ).encode()


def about(subject: Digest = SUBJECT, **more: object) -> bytes:
    return document(subject={"mediaType": OCI_MANIFEST, "digest": str(subject), "size": 7}, **more)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(Storage()) as server:
        yield server


@pytest.fixture
async def registry(server: DemoServer) -> AsyncIterator[Registry]:
    async with client() as own:
        yield own.registry(server.url)


@pytest.fixture
def old_server() -> Iterator[DemoServer]:
    """A registry without the referrers API."""
    with DemoServer(Storage(), referrers=False) as server:
        yield server


@pytest.fixture
async def old(old_server: DemoServer) -> AsyncIterator[Registry]:
    async with client() as own:
        yield own.registry(old_server.url)


def asked(server: DemoServer) -> list[str]:
    """All requests, without the one that finds out about HTTPS."""
    return [str(request) for request in server.requests if request.path != "/v2/"]


async def listed(registry: Registry) -> list[Any]:
    """The entries under the tag that stands in for the referrers API."""
    response = await registry.request("GET", f"/v2/{ALPHA}/manifests/{LIST}")
    entries: list[Any] = json.loads(response.raise_for_status().body)["manifests"]
    return entries


async def test_a_manifest_is_pushed_byte_for_byte_under_a_tag(registry: Registry, server: DemoServer) -> None:
    raw = b"\n " + document() + b"\n"
    descriptor = await registry.put_manifest(ALPHA, raw, Tag("v1"))
    assert (descriptor.media_type, descriptor.digest, descriptor.size) == (
        OCI_MANIFEST,
        Digest.of(raw),
        len(raw),
    )
    assert asked(server) == [f"PUT /v2/{ALPHA}/manifests/v1"]
    assert server.requests[-1].headers["content-type"] == OCI_MANIFEST
    assert (await registry.get_manifest(Image(ALPHA, Tag("v1")))).raw == raw


async def test_a_manifest_is_pushed_without_a_tag(registry: Registry, server: DemoServer) -> None:
    raw = document()
    digest = Digest.of(raw)
    for reference in (None, digest):
        await registry.put_manifest(ALPHA, raw, reference)
        assert asked(server)[-1] == f"PUT /v2/{ALPHA}/manifests/{digest}"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("tags", [[], ["a"], ["a", "b"], ["a", "a"]])
async def test_a_manifest_has_the_digest_that_was_asked_for(
    registry: Registry, algorithm: str, tags: list[str]
) -> None:
    raw = document()
    descriptor = await registry.put_manifest(ALPHA, raw, [Tag(tag) for tag in tags], algorithm=algorithm)
    assert descriptor.digest == Digest.of(raw, algorithm)
    assert (await registry.get_manifest(Image(ALPHA, descriptor.digest))).raw == raw
    for tag in tags:
        assert (await registry.get_manifest(Image(ALPHA, Tag(tag)))).raw == raw


async def test_several_tags_take_one_request(registry: Registry, server: DemoServer) -> None:
    raw = document()
    await registry.put_manifest(ALPHA, raw, [Tag("a"), Tag("b"), Tag("c")])
    assert asked(server) == [f"PUT /v2/{ALPHA}/manifests/{Digest.of(raw)}?tag=a&tag=b&tag=c"]


async def test_no_more_than_ten_tags_go_along_with_one_request(
    registry: Registry, server: DemoServer
) -> None:
    tags = [Tag(f"v{number}") for number in range(25)]
    await registry.put_manifest(ALPHA, document(), tags)
    assert [request.count("tag=") for request in asked(server)] == [10, 10, 5]
    assert [tag async for page in registry.tags(ALPHA) for tag in page.items] == sorted(tags)


async def test_what_was_fetched_can_be_pushed_elsewhere(registry: Registry) -> None:
    raw = index(annotations={"a": "b"})
    await registry.put_manifest(ALPHA, raw, Tag("v1"))
    found = await registry.get_manifest(Image(ALPHA, Tag("v1")))
    assert isinstance(found, Index)
    descriptor = await registry.put_manifest(Repository("other"), found, Tag("v2"))
    assert descriptor == found.descriptor


async def test_a_manifest_without_a_media_type_is_pushed_as_what_it_is_or_what_is_said(
    registry: Registry, server: DemoServer
) -> None:
    raw = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    assert (await registry.put_manifest(ALPHA, raw, Tag("v1"))).media_type == OCI_INDEX
    assert (
        await registry.put_manifest(ALPHA, raw, Tag("v1"), media_type=f"{OCI_INDEX}; charset=utf-8")
    ).media_type == OCI_INDEX
    assert {request.headers["content-type"] for request in server.requests if request.method == "PUT"} == {
        OCI_INDEX
    }


@pytest.mark.parametrize(
    ("raw", "media_type", "error"),
    [
        (b"no json", OCI_MANIFEST, Exception),
        (b"[]", OCI_MANIFEST, SchemaValidationError),
        (b"{}", "", UnknownMediaTypeError),
        (b"{}", OCI_MANIFEST, SchemaValidationError),
        (document(), OCI_INDEX, UnknownMediaTypeError),
    ],
)
async def test_what_is_no_manifest_is_not_pushed(
    registry: Registry, server: DemoServer, raw: bytes, media_type: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await registry.put_manifest(ALPHA, raw, Tag("v1"), media_type=media_type)
    assert asked(server) == []


async def test_a_manifest_that_has_another_digest_is_not_pushed(
    registry: Registry, server: DemoServer
) -> None:
    with pytest.raises(DigestMismatchError):
        await registry.put_manifest(ALPHA, document(), SUBJECT)
    with pytest.raises(UnsupportedAlgorithmError):
        await registry.put_manifest(ALPHA, document(), algorithm="md5")
    assert asked(server) == []


async def test_a_reference_is_a_tag_or_a_digest(registry: Registry) -> None:
    for reference in ("v1", ["v1"]):
        with pytest.raises(TypeError):
            await registry.put_manifest(ALPHA, document(), reference)  # type: ignore[arg-type]  # what is tested


async def test_a_manifest_of_more_than_4_mib_is_not_pushed(registry: Registry, server: DemoServer) -> None:
    raw = document(annotations={"a": "b" * MAX_MANIFEST})
    with pytest.raises(BodyTooLargeError) as caught:
        await registry.put_manifest(ALPHA, raw, Tag("v1"))
    assert "PUT" in str(caught.value)
    assert asked(server) == []


async def test_a_registry_that_takes_less_says_so() -> None:
    with DemoServer(Storage(), max_manifest=100) as server:
        async with client() as own:
            with pytest.raises(ErrorResponse) as caught:
                await own.registry(server.url).put_manifest(ALPHA, document(), Tag("v1"))
    assert caught.value.status == 413
    assert "longer than the registry takes" in str(caught.value)


async def test_a_manifest_whose_parts_are_absent_says_so() -> None:
    with DemoServer(Storage(), sparse=False) as server:
        async with client() as own:
            registry = own.registry(server.url)
            with pytest.raises(ErrorResponse) as caught:
                await registry.put_manifest(ALPHA, document(), Tag("v1"))
            assert "first" in caught.value.remedy
            await registry.put_blob(ALPHA, b"{}")
            await registry.put_manifest(ALPHA, document(), Tag("v1"))


async def test_a_digest_that_the_registry_gets_wrong_is_an_error() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(201, b"", {"Docker-Content-Digest": SUBJECT})

    async with ScriptedServer(answer) as server, client() as own:
        for references in (Tag("v1"), None, [Tag("a"), Tag("b")]):
            with pytest.raises(DigestMismatchError):
                await own.registry(server.url).put_manifest(ALPHA, document(), references)


async def test_a_push_of_a_manifest_is_repeated_where_that_helps() -> None:
    left = 2

    async def answer(exchange: Exchange) -> None:
        nonlocal left
        if exchange.asked.method != "PUT":
            await exchange.reply(404)
            return
        left -= 1
        if left == 1:
            exchange.reset()
        else:
            await exchange.reply(503 if left >= 0 else 201)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).put_manifest(ALPHA, document(), Tag("v1"))
        assert [asked.method for asked in server.asked].count("PUT") == 3


@pytest.mark.parametrize("login", [BasicLogin(USERS), BearerLogin(USERS)])
async def test_manifests_are_pushed_and_deleted_with_a_login(login: BasicLogin | BearerLogin) -> None:
    with DemoServer(Storage(), login=login, referrers=False) as server:
        async with client() as own:
            registry = own.registry(server.url, BasicAuth("alice", "s3cret"))
            await registry.put_manifest(ALPHA, document(), [Tag("a"), Tag("b")])
            descriptor = await registry.put_manifest(ALPHA, about())
            assert len(await registry.get_referrers(ALPHA, SUBJECT)) == 1
            await registry.delete_tag(ALPHA, Tag("a"))
            await registry.delete_manifest(Image(ALPHA, Tag("b")))
            await registry.delete_manifest(Image(ALPHA, descriptor.digest))
            assert await registry.get_referrers(ALPHA, SUBJECT) == ()
            stranger = own.registry(server.url)
            with pytest.raises(UnauthorizedError):
                await stranger.put_manifest(ALPHA, document(), Tag("a"))
            with pytest.raises(UnauthorizedError):
                await stranger.delete_tag(ALPHA, Tag("a"))


async def test_a_manifest_is_deleted_with_its_tags(registry: Registry) -> None:
    descriptor = await registry.put_manifest(ALPHA, document(), [Tag("a"), Tag("b")])
    await registry.delete_manifest(Image(ALPHA, Tag("a")))
    for reference in (Tag("a"), Tag("b"), descriptor.digest):
        with pytest.raises(ManifestNotExistError):
            await registry.get_manifest(Image(ALPHA, reference))
        with pytest.raises(ManifestNotExistError):
            await registry.delete_manifest(Image(ALPHA, reference))


async def test_a_tag_is_deleted_alone(registry: Registry) -> None:
    descriptor = await registry.put_manifest(ALPHA, document(), [Tag("a"), Tag("b")])
    await registry.delete_tag(ALPHA, Tag("a"))
    assert await registry.manifest_exists(Image(ALPHA, Tag("b"))) == descriptor
    with pytest.raises(ManifestNotExistError):
        await registry.delete_tag(ALPHA, Tag("a"))


async def test_a_registry_that_deletes_nothing_says_so() -> None:
    with DemoServer(Storage(), delete=False) as server:
        async with client() as own:
            registry = own.registry(server.url)
            await registry.put_manifest(ALPHA, document(), Tag("a"))
            with pytest.raises(UnsupportedError) as caught:
                await registry.delete_manifest(Image(ALPHA, Tag("a")))
    assert "the registry deletes no manifests" in str(caught.value)
    assert "switched on" in caught.value.remedy


@pytest.mark.parametrize("status", [400, 405])
async def test_400_says_that_deleting_is_switched_off_where_the_code_does(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(status, {"errors": [{"code": "UNSUPPORTED"}]})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        with pytest.raises(UnsupportedError):
            await registry.delete_blob(ALPHA, SUBJECT)
        with pytest.raises(UnsupportedError):
            await registry.delete_manifest(Image(ALPHA, SUBJECT), referrers=False)


async def test_a_deletion_that_is_denied_is_asked_for_once() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(DeniedError):
            await own.registry(server.url).delete_blob(ALPHA, SUBJECT)
        assert [asked.method for asked in server.asked].count("DELETE") == 1


async def test_a_manifest_that_cannot_be_read_can_be_deleted() -> None:
    storage = Storage()
    digest = Digest(storage.put_manifest(ALPHA, b"[]", media_type=OCI_MANIFEST))
    with DemoServer(storage, referrers=False) as server:
        async with client() as own:
            await own.registry(server.url).delete_manifest(Image(ALPHA, digest))
        assert asked(server)[-1] == f"DELETE /v2/{ALPHA}/manifests/{digest}"


async def test_a_referrer_is_listed_once_however_often_it_is_pushed(
    old: Registry, old_server: DemoServer
) -> None:
    for _ in range(2):
        await old.put_manifest(ALPHA, about(), Tag("signature"))
    assert len(await listed(old)) == 1
    assert sum(f"PUT /v2/{ALPHA}/manifests/{LIST}" in request for request in asked(old_server)) == 1


async def test_a_list_of_referrers_keeps_what_others_have_written(old: Registry) -> None:
    strange = {"mediaType": "x/y", "digest": str(Digest.of(b"1")), "size": 1, "unknown": {"member": [1.5]}}
    invalid = "no descriptor"
    raw = index(strange, invalid, strange, annotations={"by": "others"}, extra=1)
    await old.put_manifest(ALPHA, raw, LIST)
    await old.put_manifest(ALPHA, about(artifactType="x/signature"))
    first, second, third = await listed(old)
    assert (first, second) == (strange, invalid)
    assert third["artifactType"] == "x/signature"
    response = await old.request("GET", f"/v2/{ALPHA}/manifests/{LIST}")
    kept = json.loads(response.body)
    assert (kept["annotations"], kept["extra"]) == ({"by": "others"}, 1)


async def test_an_index_can_be_a_referrer(old: Registry) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": str(SUBJECT), "size": 7}
    raw = index(subject=subject, artifactType="x/index", annotations={"a": "b"})
    descriptor = await old.put_manifest(ALPHA, raw)
    assert await listed(old) == [
        {
            "mediaType": OCI_INDEX,
            "digest": str(descriptor.digest),
            "size": len(raw),
            "artifactType": "x/index",
            "annotations": {"a": "b"},
        }
    ]


async def test_a_tag_that_holds_no_list_is_left_alone(old: Registry) -> None:
    await old.put_manifest(ALPHA, document(), LIST)
    with pytest.raises(InvalidIndexError) as caught:
        await old.put_manifest(ALPHA, about())
    assert LIST in str(caught.value)
    assert (await old.get_manifest(Image(ALPHA, LIST))).raw == document()


async def test_referrers_that_are_pushed_at_the_same_time_are_all_listed(old: Registry) -> None:
    raws = [about(annotations={"number": str(number)}) for number in range(12)]
    await asyncio.gather(*(old.put_manifest(ALPHA, raw) for raw in raws))
    assert {entry["digest"] for entry in await listed(old)} == {Digest.of(raw) for raw in raws}


async def test_clients_that_do_not_know_of_each_other_lose_nothing(old_server: DemoServer) -> None:
    raws = [about(annotations={"number": str(number)}) for number in range(4)]
    async with client() as own:
        registries = [own.registry(old_server.url) for _ in raws]
        await asyncio.gather(
            *(registry.put_manifest(ALPHA, raw) for registry, raw in zip(registries, raws, strict=True))
        )
        assert {entry["digest"] for entry in await listed(registries[0])} == {Digest.of(raw) for raw in raws}


async def test_what_somebody_else_has_overwritten_is_written_again(
    old: Registry, old_server: DemoServer
) -> None:
    other = index({"mediaType": OCI_MANIFEST, "digest": str(Digest.of(b"other")), "size": 5})
    left = 2

    async def overwrite(request: Request) -> Response | None:
        nonlocal left
        if request.method == "GET" and request.url.path.endswith(LIST) and left >= 0:
            left -= 1
            if left < 1:
                old_server.storage.put_manifest(ALPHA, other, OCI_INDEX, tags=[LIST])
        return None

    old_server.before.append(overwrite)
    descriptor = await old.put_manifest(ALPHA, about())
    assert [entry["digest"] for entry in await listed(old)] == [Digest.of(b"other"), descriptor.digest]


async def test_a_list_that_others_change_all_the_time_is_given_up(
    old: Registry, old_server: DemoServer
) -> None:
    async def overwrite(request: Request) -> Response | None:
        if request.method == "GET" and request.url.path.endswith(LIST):
            old_server.storage.put_manifest(ALPHA, index(), OCI_INDEX, tags=[LIST])
        return None

    old_server.before.append(overwrite)
    with pytest.raises(ConflictError) as caught:
        await old.put_manifest(ALPHA, about())
    assert LIST in str(caught.value)
    written = sum(f"PUT /v2/{ALPHA}/manifests/{LIST}" in request for request in asked(old_server))
    assert written == ROUNDS


async def test_the_version_that_was_read_is_the_one_that_is_replaced() -> None:
    versions = {"1": index(), "2": index({"mediaType": OCI_MANIFEST, "digest": str(SUBJECT), "size": 5})}
    held, version = versions["1"], "1"
    matched: list[str | None] = []

    async def answer(exchange: Exchange) -> None:
        nonlocal held, version
        asked = exchange.asked
        if not asked.path.endswith(LIST):
            await exchange.reply(404 if asked.method == "GET" else 201)
        elif asked.method == "GET":
            await exchange.reply(200, held, {"Content-Type": OCI_INDEX, "ETag": f'"{version}"'})
        else:
            matched.append(asked.headers.get("if-match"))
            if len(matched) == 1:
                held, version = versions["2"], "2"
            if asked.headers.get("if-match") != f'"{version}"':
                await exchange.reply(412)
                return
            held, version = asked.body, "3"
            await exchange.reply(201)

    async with ScriptedServer(answer) as server, client() as own:
        descriptor = await own.registry(server.url).put_manifest(ALPHA, about())
    assert matched == ['"1"', '"2"']
    assert [entry["digest"] for entry in json.loads(held)["manifests"]] == [SUBJECT, descriptor.digest]


@pytest.mark.parametrize(("etag", "conditions"), [('W/"1"', [None]), ("", [None]), ('"1"', ['"1"', None])])
async def test_a_registry_that_compares_versions_wrongly_is_written_to_without(
    etag: str, conditions: list[str | None]
) -> None:
    held = index()
    matched: list[str | None] = []

    async def answer(exchange: Exchange) -> None:
        nonlocal held
        asked = exchange.asked
        if not asked.path.endswith(LIST):
            await exchange.reply(404 if asked.method == "GET" else 201)
        elif asked.method == "GET":
            await exchange.reply(200, held, {"Content-Type": OCI_INDEX, "ETag": etag})
        else:
            matched.append(asked.headers.get("if-match"))
            if matched[-1] is None:
                held = asked.body
            await exchange.reply(201 if matched[-1] is None else 412)

    async with ScriptedServer(answer) as server, client() as own:
        await own.registry(server.url).put_manifest(ALPHA, about())
    assert matched == conditions
    assert len(json.loads(held)["manifests"]) == 1


async def test_a_referrer_that_is_deleted_goes_from_the_list(old: Registry) -> None:
    first = await old.put_manifest(ALPHA, about(annotations={"a": "1"}))
    second = await old.put_manifest(ALPHA, about(annotations={"a": "2"}), Tag("second"))
    await old.delete_manifest(Image(ALPHA, first.digest))
    assert [entry["digest"] for entry in await listed(old)] == [second.digest]
    await old.delete_manifest(Image(ALPHA, Tag("second")))
    with pytest.raises(ManifestNotExistError):
        await old.get_manifest(Image(ALPHA, LIST))
    assert await old.get_referrers(ALPHA, SUBJECT) == ()


async def test_a_list_whose_tag_cannot_be_deleted_is_left_empty(
    old: Registry, old_server: DemoServer
) -> None:
    async def refuse(request: Request) -> Response | None:
        is_tag = request.url.path.endswith(LIST)
        return Response(status_code=400) if request.method == "DELETE" and is_tag else None

    old_server.before.append(refuse)
    descriptor = await old.put_manifest(ALPHA, about())
    await old.delete_manifest(Image(ALPHA, descriptor.digest))
    assert await listed(old) == []


async def test_with_the_api_no_list_is_kept(registry: Registry, server: DemoServer) -> None:
    descriptor = await registry.put_manifest(ALPHA, about())
    await registry.delete_manifest(Image(ALPHA, descriptor.digest))
    assert not any(LIST in request for request in asked(server))


async def test_without_a_look_at_the_subject_a_deletion_takes_one_request(
    old: Registry, old_server: DemoServer
) -> None:
    descriptor = await old.put_manifest(ALPHA, about())
    old_server.forget_requests()
    await old.delete_manifest(Image(ALPHA, descriptor.digest), referrers=False)
    assert asked(old_server) == [f"DELETE /v2/{ALPHA}/manifests/{descriptor.digest}"]
    found = await old.get_manifest(Image(ALPHA, LIST))
    assert not isinstance(found, Manifest)
