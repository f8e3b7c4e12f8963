from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.client.helpers import client, parameters
from tests.faults import Exchange, ScriptedServer
from tui.client.errors import ParseBodyError, RegistryError, RepositoryNotExistError
from tui.client.limits import Limits
from tui.client.media_types import OCI_INDEX, OCI_MANIFEST
from tui.client.names import Digest, Repository, Tag
from tui.client.referrers_tag import referrers_tag
from tui.demo import DemoServer, Storage

ALPHA = Repository("team/alpha")
SUBJECT = Digest.of(b"subject")
SIGNATURE, SBOM = "application/vnd.example.signature", "application/spdx+json"


def entry(name: str, artifact_type: str = SIGNATURE) -> dict[str, Any]:
    digest = str(Digest.of(name.encode()))
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 5, "artifactType": artifact_type}


def index(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}


def digests(*names: str) -> list[Digest]:
    return [Digest.of(name.encode()) for name in names]


class Registry:
    """Answers to the referrers API with one thing, and to the tag that stands in for it with another."""

    def __init__(
        self, status: int = 404, body: object = b"", tag: dict[str, Any] | None = None, **headers: str
    ) -> None:
        self.status, self.body, self.tag, self.headers = status, body, tag, headers

    async def __call__(self, exchange: Exchange) -> None:
        if "/referrers/" in exchange.asked.path:
            headers = {name.replace("_", "-"): value for name, value in self.headers.items()}
            await exchange.reply(self.status, self.body, headers)
        elif (
            exchange.asked.path == f"/v2/{ALPHA}/manifests/{referrers_tag(SUBJECT)}" and self.tag is not None
        ):
            await exchange.reply(200, self.tag, {"Content-Type": OCI_INDEX})
        else:
            await exchange.reply(404, {"errors": [{"code": "MANIFEST_UNKNOWN"}]})


@pytest.mark.parametrize(
    ("digest", "tag"),
    [
        ("sha256:" + "a" * 64, "sha256-" + "a" * 64),
        ("sha512:" + "a" * 128, "sha512-" + "a" * 64),
        ("blake3:" + "b" * 64, "blake3-" + "b" * 64),
        ("sha256+b64u:" + "A_-=" * 20, "sha256-b64u-" + "A_--" * 16),
        ("x" * 40 + ":" + "c" * 64, "x" * 32 + "-" + "c" * 64),
    ],
)
def test_the_tag_that_stands_in_for_the_api(digest: str, tag: str) -> None:
    assert referrers_tag(Digest(digest)) == Tag(tag)


async def test_the_api_lists_them() -> None:
    storage = Storage()
    subject = Digest(storage.put_manifest(ALPHA, json.dumps(index()).encode(), media_type=OCI_INDEX))
    for number, kind in enumerate((SIGNATURE, SBOM, SIGNATURE)):
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": kind,
            "config": {
                "mediaType": "application/vnd.oci.empty.v1+json",
                "digest": str(Digest.of(b"{}")),
                "size": 2,
            },
            "layers": [],
            "subject": {"mediaType": OCI_INDEX, "digest": str(subject), "size": 1},
            "annotations": {"number": str(number)},
        }
        storage.put_manifest(ALPHA, json.dumps(document).encode(), media_type=OCI_MANIFEST)
    with DemoServer(storage, page_size=2) as server:
        async with client() as own:
            registry = own.registry(server.url)
            assert len(await registry.get_referrers(ALPHA, subject)) == 3
            found = await registry.get_referrers(ALPHA, subject, SIGNATURE)
            assert [one.artifact_type for one in found] == [SIGNATURE, SIGNATURE]
            assert await registry.get_referrers(ALPHA, Digest.of(b"other")) == ()


async def test_what_the_registry_did_not_filter_is_filtered_here() -> None:
    body = index(entry("a"), entry("b", SBOM), entry("a"))
    async with ScriptedServer(Registry(200, body, Content_Type=OCI_INDEX)) as server, client() as own:
        registry = own.registry(server.url)
        assert [one.digest for one in await registry.get_referrers(ALPHA, SUBJECT)] == digests("a", "b")
        assert [one.digest for one in await registry.get_referrers(ALPHA, SUBJECT, SBOM)] == digests("b")
        assert parameters(server.asked[1]) == [("artifactType", SBOM)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 501])
async def test_without_the_api_the_tag_lists_them(status: int) -> None:
    registry = Registry(status, b"no such page", tag=index(entry("a"), entry("b", SBOM)))
    async with ScriptedServer(registry) as server, client() as own:
        found = await own.registry(server.url).get_referrers(ALPHA, SUBJECT, SBOM)
        assert [one.digest for one in found] == digests("b")


async def test_without_api_and_tag_there_are_none() -> None:
    async with ScriptedServer(Registry(404)) as server, client() as own:
        assert await own.registry(server.url).get_referrers(ALPHA, SUBJECT) == ()


async def test_a_page_of_the_web_is_no_api() -> None:
    registry = Registry(200, "<html>", index(entry("a")), Content_Type="text/html")
    async with ScriptedServer(registry) as server, client() as own:
        assert len(await own.registry(server.url).get_referrers(ALPHA, SUBJECT)) == 1


async def test_an_unknown_repository_is_told_as_such() -> None:
    registry = Registry(404, {"errors": [{"code": "NAME_UNKNOWN"}]}, tag=index(entry("a")))
    async with ScriptedServer(registry) as server, client() as own:
        with pytest.raises(RepositoryNotExistError):
            await own.registry(server.url).get_referrers(ALPHA, SUBJECT)


@pytest.mark.parametrize("body", [{"schemaVersion": 2, "manifests": None}, {"manifests": []}, index()])
async def test_an_empty_list_is_written_in_many_ways(body: dict[str, Any]) -> None:
    async with ScriptedServer(Registry(200, body)) as server, client() as own:
        assert await own.registry(server.url).get_referrers(ALPHA, SUBJECT) == ()


@pytest.mark.parametrize(("status", "body"), [(200, b"{"), (200, b""), (500, b""), (200, b"[]")])
async def test_what_cannot_be_read_is_an_error(status: int, body: bytes) -> None:
    async with ScriptedServer(Registry(status, body)) as server, client() as own:
        with pytest.raises(RegistryError, match="GET http"):
            await own.registry(server.url).get_referrers(ALPHA, SUBJECT)


async def test_pages_are_followed_and_end() -> None:
    async def answer(exchange: Exchange) -> None:
        page = dict(parameters(exchange.asked)).get("page", "0")
        following = {"0": "1", "1": "2", "2": None}[page]
        headers = {"Link": f'<?page={following}>; rel="next"'} if following else {}
        await exchange.reply(200, index(entry(page)), headers)

    async with ScriptedServer(answer) as server, client() as own:
        found = await own.registry(server.url).get_referrers(ALPHA, SUBJECT)
        assert [one.digest for one in found] == digests("0", "1", "2")


async def test_a_circle_of_pages_is_an_error() -> None:
    async with (
        ScriptedServer(Registry(200, index(entry("a")), Link='<?page=1>; rel="next"')) as server,
        client() as own,
    ):
        with pytest.raises(ParseBodyError):
            await own.registry(server.url).get_referrers(ALPHA, SUBJECT)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"errors": []}', b"404 page not found", b"<html>", b'{"layers": []}']
)
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/html; charset=utf-8"])
async def test_a_success_of_another_type_that_is_no_index_is_no_api(body: bytes, content_type: str) -> None:
    registry = Registry(200, body, index(entry("a")), Content_Type=content_type)
    async with ScriptedServer(registry) as server, client() as own:
        found = await own.registry(server.url).get_referrers(ALPHA, SUBJECT)
        assert [one.digest for one in found] == digests("a")


async def test_an_index_of_another_type_is_one_all_the_same() -> None:
    registry = Registry(200, index(entry("a")), index(entry("b")), Content_Type="text/plain")
    async with ScriptedServer(registry) as server, client() as own:
        found = await own.registry(server.url).get_referrers(ALPHA, SUBJECT)
        assert [one.digest for one in found] == digests("a")


@pytest.mark.parametrize("status", [400, 401, 404, 405, 406, 501])
async def test_that_there_is_no_api_is_found_out_once_for_each_repository(status: int) -> None:
    tags = {"a": index(entry("a"))}

    async def answer(exchange: Exchange) -> None:
        if "/referrers/" in exchange.asked.path:
            await exchange.reply(status)
        else:
            await exchange.reply(200, tags["a"], {"Content-Type": OCI_INDEX})

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        for subject in (SUBJECT, SUBJECT, Digest.of(b"other")):
            assert len(await registry.get_referrers(ALPHA, subject)) == 1
        assert sum("/referrers/" in line for line in server.lines) == 1
        await registry.get_referrers(Repository("team/beta"), SUBJECT)
        assert sum("/referrers/" in line for line in server.lines) == 2


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, b"", {}),
        (401, b"", {"WWW-Authenticate": 'Basic realm="r"'}),
        (404, {"errors": [{"code": "NAME_UNKNOWN"}]}, {}),
    ],
)
async def test_what_may_be_a_matter_of_the_login_is_asked_again(
    status: int, body: object, headers: dict[str, str]
) -> None:
    async def answer(exchange: Exchange) -> None:
        if "/referrers/" in exchange.asked.path:
            await exchange.reply(status, body, headers)
        else:
            await exchange.reply(404)

    async with ScriptedServer(answer) as server, client() as own:
        registry = own.registry(server.url)
        for _ in range(2):
            try:
                await registry.get_referrers(ALPHA, SUBJECT)
            except RepositoryNotExistError:
                assert status == 404
        assert sum("/referrers/" in line for line in server.lines) == 2


async def test_a_registry_without_the_api_is_not_left_alone_for_that() -> None:
    waits = Limits(backoff=3600.0, max_backoff=3600.0)
    async with (
        ScriptedServer(Registry(406, tag=index(entry("a")))) as server,
        client(limits=waits) as own,
        asyncio.timeout(30),
    ):
        assert len(await own.registry(server.url).get_referrers(ALPHA, SUBJECT)) == 1
