from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from tests.client.helpers import client, mocked
from tests.faults import Damage, Exchange, FaultProxy, ScriptedServer
from tui.client.documents.descriptors import Descriptor
from tui.client.documents.image_manifest import Index, Manifest
from tui.client.errors import (
    BodyTooLargeError,
    DeniedError,
    DigestMismatchError,
    ErrorResponse,
    InvalidIndexError,
    InvalidManifestError,
    ManifestNotExistError,
    RegistryError,
    UnauthorizedError,
    UnknownMediaTypeError,
    UnsupportedAlgorithmError,
)
from tui.client.media_types import DOCKER_SCHEMA1_SIGNED, MANIFEST_ACCEPT, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from tui.client.names import Digest, Image, Repository, Tag
from tui.demo import DemoServer

ALPHA = Repository("team/alpha")
V1 = Image(ALPHA, Tag("v1"))


def manifest(number: int = 0, **more: Any) -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [],
        "annotations": {"number": str(number)},
    }
    return json.dumps(document | more).encode()


def entry(raw: bytes, media_type: str = OCI_MANIFEST, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(raw)), "size": len(raw)} | more


def index(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()


class Store:
    """A registry of a few manifests, by tag and digest."""

    def __init__(self, *manifests: bytes, tags: dict[str, bytes] | None = None) -> None:
        self.by_reference = {str(Digest.of(raw)): raw for raw in manifests}
        self.by_reference.update({str(Digest.of(raw, "sha512")): raw for raw in manifests})
        self.by_reference.update(tags or {})
        self.headers: dict[str, str] = {}
        self.head_status = 200
        self.head_headers: dict[str, str] | None = None

    async def __call__(self, exchange: Exchange) -> None:
        assert exchange.asked.headers["accept"] == MANIFEST_ACCEPT
        raw = self.by_reference.get(exchange.asked.path.rpartition("/")[2])
        if raw is None:
            await exchange.reply(404, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]})
        elif exchange.asked.method == "HEAD":
            headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": str(Digest.of(raw))}
            await exchange.reply(
                self.head_status, raw, headers if self.head_headers is None else self.head_headers
            )
        else:
            await exchange.reply(200, raw, self.headers)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_what_is_asked_for_by_digest_is_verified_over_its_raw_bytes(algorithm: str) -> None:
    raw = manifest()
    digest = Digest.of(raw, algorithm)
    async with ScriptedServer(Store(raw)) as server, client() as own:
        found = await own.registry(server.url).get_manifest(Image(ALPHA, digest))
        assert isinstance(found, Manifest)
        assert found.raw == raw
        assert found.descriptor == Descriptor(OCI_MANIFEST, digest, len(raw))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_something_else_is_an_error(algorithm: str) -> None:
    digest = Digest.of(manifest(1), algorithm)
    store = Store(tags={str(digest): manifest(2)})
    store.headers = {"Docker-Content-Digest": str(digest), "Content-Type": OCI_MANIFEST}
    async with ScriptedServer(store) as server, client() as own:
        with pytest.raises(DigestMismatchError) as caught:
            await own.registry(server.url).get_manifest(Image(ALPHA, digest))
        assert caught.value.expected == digest
        assert caught.value.actual == Digest.of(manifest(2), algorithm)
        assert caught.value.remedy


async def test_one_bit_on_the_line_is_enough() -> None:
    raw = manifest(note="x" * 1000)
    async with (
        ScriptedServer(Store(raw)) as server,
        FaultProxy(server.host, Damage(flip_at=600)) as proxy,
        client() as own,
    ):
        with pytest.raises(DigestMismatchError):
            await own.registry(f"http://{proxy.host}").get_manifest(Image(ALPHA, Digest.of(raw)))


async def test_an_algorithm_that_cannot_be_verified_is_not_asked_for() -> None:
    async with ScriptedServer(Store()) as server, client() as own:
        with pytest.raises(UnsupportedAlgorithmError):
            await own.registry(server.url).get_manifest(Image(ALPHA, Digest("blake3:" + "0" * 64)))
        assert server.asked == []


async def test_a_signed_schema_1_is_no_way_around_the_digest() -> None:
    raw = json.dumps({"schemaVersion": 1, "fsLayers": [], "history": []}).encode()
    digest = Digest.of(b"something else")
    store = Store(tags={str(digest): raw})
    store.headers = {"Content-Type": DOCKER_SCHEMA1_SIGNED, "Docker-Content-Digest": str(digest)}
    async with ScriptedServer(store) as server, client() as own:
        with pytest.raises(DigestMismatchError):
            await own.registry(server.url).get_manifest(Image(ALPHA, digest))


@pytest.mark.parametrize(
    "content_type", [OCI_MANIFEST + "; charset=utf-8", "text/plain", "application/json", ""]
)
async def test_the_digest_of_a_tag_is_computed_whatever_the_headers_say(content_type: str) -> None:
    raw = manifest()
    store = Store(tags={"v1": raw})
    store.headers = {"Content-Type": content_type, "Docker-Content-Digest": str(Digest.of(b"wrong"))}
    async with ScriptedServer(store) as server, client() as own:
        found = await own.registry(server.url).get_manifest(V1)
        assert found.descriptor.digest == Digest.of(raw)
        assert found.descriptor.media_type == OCI_MANIFEST


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", RegistryError),
        (b"<html>", RegistryError),
        (b"[]", (InvalidManifestError, UnknownMediaTypeError)),
        (b"{}", UnknownMediaTypeError),
    ],
)
async def test_what_is_no_manifest_is_an_error(body: bytes, error: type[RegistryError]) -> None:
    async with ScriptedServer(Store(tags={"v1": body})) as server, client() as own:
        with pytest.raises(error, match="GET http"):
            await own.registry(server.url).get_manifest(V1)


async def test_a_manifest_that_does_not_exist_is_an_error_of_its_own() -> None:
    async with ScriptedServer(Store()) as server, client() as own:
        registry = own.registry(server.url)
        for ask in (registry.get_manifest, registry.get_manifests, registry.manifest_exists):
            with pytest.raises(ManifestNotExistError) as caught:
                await ask(V1)
            assert "manifests/v1" in str(caught.value)


async def test_head_describes_a_manifest() -> None:
    raw = manifest()
    async with ScriptedServer(Store(raw, tags={"v1": raw})) as server, client() as own:
        registry = own.registry(server.url)
        described = Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw))
        assert await registry.manifest_exists(V1) == described
        assert await registry.manifest_exists(Image(ALPHA, Digest.of(raw))) == described
        assert {asked.method for asked in server.asked} == {"HEAD"}


WRONG = str(Digest.of(b"wrong"))
RIGHT = str(Digest.of(manifest()))


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {}),
        (200, {"Content-Type": OCI_MANIFEST}),
        (200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": "nonsense"}),
        (200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": WRONG}),
        (200, {"Content-Type": "text/html", "Docker-Content-Digest": RIGHT}),
        (200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": RIGHT, "Content-Length": "0"}),
        (200, {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": RIGHT, "Content-Encoding": "gzip"}),
        (400, {}),
        (403, {}),
        (405, {}),
        (501, {}),
    ],
)  # fmt: skip
async def test_a_head_that_lies_or_is_refused_is_no_obstacle(status: int, headers: dict[str, str]) -> None:
    raw = manifest()
    store = Store(raw)
    store.head_status, store.head_headers = status, headers
    async with ScriptedServer(store) as server, client() as own:
        found = await own.registry(server.url).manifest_exists(Image(ALPHA, Digest.of(raw)))
        assert (found.digest, found.size) == (Digest.of(raw), len(raw))


async def test_a_refusal_of_both_is_told() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(403, {"errors": [{"code": "DENIED"}]})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(DeniedError) as caught:
            await own.registry(server.url).manifest_exists(V1)
        assert caught.value.codes == ("DENIED",)


async def test_who_is_not_logged_in_is_not_asked_twice() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(401, b"", {"WWW-Authenticate": "Basic realm=x"})

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(UnauthorizedError):
            await own.registry(server.url).manifest_exists(V1)
        assert len(server.asked) == 1


async def test_an_index_comes_with_all_its_manifests_side_by_side() -> None:
    children = [manifest(number) for number in range(16)]
    root = index(*(entry(child) for child in children))
    store = Store(*children, tags={"v1": root})
    waiting = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if "sha256" in exchange.asked.path:
            if len(server.asked) == 1 + len(children):
                waiting.set()
            await waiting.wait()
        await store(exchange)

    async with ScriptedServer(answer) as server, client() as own:
        found, manifests = await own.registry(server.url).get_manifests(V1)
        assert isinstance(found, Index)
        assert [one.raw for one in manifests] == children


async def test_one_manifest_comes_without_an_index() -> None:
    async with ScriptedServer(Store(tags={"v1": manifest()})) as server, client() as own:
        found, manifests = await own.registry(server.url).get_manifests(V1)
        assert found is None
        assert [one.raw for one in manifests] == [manifest()]


async def test_absent_children_are_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    there, absent = manifest(1), manifest(2)
    store = Store(there, tags={"v1": index(entry(absent), entry(there))})
    async with ScriptedServer(store) as server, client() as own:
        found, manifests = await own.registry(server.url).get_manifests(V1)
        assert isinstance(found, Index)
        assert len(found.manifests) == 2
        assert [one.raw for one in manifests] == [there]
    assert str(Digest.of(absent)) in caplog.text


async def test_another_error_of_a_child_is_an_error_and_ends_its_siblings() -> None:
    bad, good = manifest(1), manifest(2)
    store = Store(tags={"v1": index(entry(bad), entry(good))})
    gone = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path.endswith(Digest.of(bad)):
            await server.has_been_asked(3)
            await exchange.reply(410)
        elif exchange.asked.path.endswith(Digest.of(good)):
            await exchange.gone.wait()
            gone.set()
        else:
            await store(exchange)

    async with ScriptedServer(answer) as server, client() as own:
        with pytest.raises(ErrorResponse):
            await own.registry(server.url).get_manifests(V1)
        await gone.wait()


async def test_nested_indexes_are_followed_and_nothing_is_fetched_twice() -> None:
    one, two = manifest(1), manifest(2)
    inner = index(entry(one), entry(two))
    root = index(entry(inner, OCI_INDEX), entry(two), entry(two))
    store = Store(one, two, inner, tags={"v1": root})
    async with ScriptedServer(store) as server, client() as own:
        found, manifests = await own.registry(server.url).get_manifests(V1)
        assert isinstance(found, Index)
        assert {manifest.raw for manifest in manifests} == {one, two}
        assert len(server.asked) == 4


async def test_indexes_that_list_without_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    children = [manifest(number) for number in range(8)]
    inner = index(*(entry(child) for child in children[3:]))
    store = Store(*children, inner, tags={"v1": index(*map(entry, children[:3]), entry(inner, OCI_INDEX))})
    async with ScriptedServer(store) as server, client() as own:
        registry = own.registry(server.url)
        assert len((await registry.get_manifests(V1))[1]) == 8
        monkeypatch.setattr("tui.client.source.MAX_TOGETHER", 9)
        before = len(server.asked)
        with pytest.raises(InvalidIndexError, match="more than 9 manifests"):
            await registry.get_manifests(V1)
        assert len(server.asked) == before + 5


async def test_what_an_index_lists_has_a_size_together(monkeypatch: pytest.MonkeyPatch) -> None:
    children = [manifest(number) for number in range(4)]
    size = sum(map(len, children))
    store = Store(*children, tags={"v1": index(*map(entry, children))})
    async with ScriptedServer(store) as server, client() as own:
        registry = own.registry(server.url)
        monkeypatch.setattr("tui.client.source.MAX_BYTES_TOGETHER", size)
        assert len((await registry.get_manifests(V1))[1]) == 4
        monkeypatch.setattr("tui.client.source.MAX_BYTES_TOGETHER", size - 1)
        with pytest.raises(BodyTooLargeError, match="all that it lists"):
            await registry.get_manifests(V1)


async def test_a_child_that_the_entry_itself_holds_needs_no_request() -> None:
    raw = manifest()
    held = entry(raw, data=base64.b64encode(raw).decode())
    async with ScriptedServer(Store(tags={"v1": index(held)})) as server, client() as own:
        _, manifests = await own.registry(server.url).get_manifests(V1)
        assert [one.raw for one in manifests] == [raw]
        assert len(server.asked) == 1


async def test_a_child_that_the_entry_holds_wrongly_is_asked_for() -> None:
    raw = manifest()
    descriptor = Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw), data=b"x" * len(raw))
    async with ScriptedServer(Store(raw)) as server, client() as own:
        found = await own.registry(server.url).get_child(ALPHA, descriptor)
        assert found.raw == raw


async def test_the_samples_are_read_whole() -> None:
    with DemoServer() as server:
        async with client() as own:
            registry = own.registry(server.url)
            image = Image(Repository("library/debian"), Tag("latest"))
            found, manifests = await registry.get_manifests(image)
            assert isinstance(found, Index)
            assert {one.descriptor.digest for one in manifests} == {one.digest for one in found.manifests}
            for one in manifests:
                if one.is_image:
                    config = await registry.get_config(image.repository, one)
                    assert config.platform is not None


async def test_a_config_is_only_read_as_one_if_it_is_one() -> None:
    raw = manifest(config=entry(b"{}", "application/vnd.cncf.helm.config.v1+json"))
    async with ScriptedServer(Store(tags={"v1": raw})) as server, client() as own:
        registry = own.registry(server.url)
        found = await registry.get_manifest(V1)
        assert isinstance(found, Manifest)
        with pytest.raises(UnknownMediaTypeError, match="helm"):
            await registry.get_config(ALPHA, found)
        assert len(server.asked) == 1


async def test_a_head_that_a_storage_refuses_is_no_obstacle() -> None:
    raw = manifest()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "reg.example":
            return httpx.Response(307, headers={"Location": "https://storage.example/m?sig=1"})
        if request.method == "HEAD":
            return httpx.Response(403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>")
        return httpx.Response(200, content=raw, headers={"Content-Type": "binary/octet-stream"})

    async with mocked(answer) as own:
        found = await own.registry("reg.example").manifest_exists(V1)
        assert found == Descriptor(OCI_MANIFEST, Digest.of(raw), len(raw))


@pytest.mark.parametrize("excess", [0, 1])
async def test_a_manifest_has_at_most_four_mebibytes(excess: int) -> None:
    raw = manifest()
    raw += b" " * (4 * 1024 * 1024 - len(raw) + excess)
    async with ScriptedServer(Store(tags={"v1": raw})) as server, client() as own:
        registry = own.registry(server.url)
        if excess:
            with pytest.raises(BodyTooLargeError):
                await registry.get_manifest(V1)
        else:
            assert (await registry.get_manifest(V1)).descriptor.size == len(raw)
