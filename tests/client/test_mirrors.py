"""Mirrors: who is asked, in which order, under which login, and who never is."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import EAGER, items, mocked
from tests.faults import Exchange, ScriptedServer
from tui.client.documents.descriptors import Descriptor
from tui.client.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    DigestMismatchError,
    InvalidNameError,
    ManifestNotExistError,
    RequestLine,
)
from tui.client.limits import Timeouts
from tui.client.login.auth import BasicAuth
from tui.client.media_types import OCI_MANIFEST
from tui.client.mirror_location import MirrorLocation
from tui.client.mirrors import Mirror
from tui.client.names import Digest, Image, RegistryHost, Repository, Tag
from tui.client.registry import Client

if TYPE_CHECKING:
    from tui.client.registry import Registry
    from tui.client.wire.sender import LoggedRequest

ALPHA = Repository("team/alpha")
TAGGED = Image(ALPHA, Tag("v1"))
CONFIG = b"{}"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": str(Digest.of(CONFIG)),
            "size": len(CONFIG),
        },
        "layers": [],
    }
).encode()
BY_DIGEST = Image(ALPHA, Digest.of(MANIFEST))
LAYER = b"layer" * 100

Answerer = Callable[[httpx.Request], httpx.Response]


def has_all(request: httpx.Request) -> httpx.Response:
    """Answer as a registry that has the manifest, the config and the layer."""
    path = request.url.path
    if "/manifests/" in path:
        return httpx.Response(200, content=MANIFEST, headers={"Content-Type": OCI_MANIFEST})
    for content in (CONFIG, LAYER):
        if path.endswith(f"/blobs/{Digest.of(content)}"):
            return httpx.Response(200, content=content)
    if path.endswith("/tags/list"):
        return httpx.Response(200, json={"name": "x", "tags": ["v1"]})
    if "/referrers/" in path:
        return httpx.Response(200, json={"schemaVersion": 2, "manifests": []})
    return httpx.Response(200, json={})


def status(code: int) -> Answerer:
    return lambda _: httpx.Response(code)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


class Internet:
    """Hosts by name, and what each was asked."""

    def __init__(self, **answerers: Answerer) -> None:
        self.asked: list[str] = []
        self.logins: dict[str, set[str]] = {}
        self._answerers = answerers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".example")
        self.asked.append(f"{name} {request.method} {request.url.raw_path.decode()}")
        if (login := request.headers.get("Authorization")) is not None:
            self.logins.setdefault(name, set()).add(login)
        return self._answerers[name](request)

    @property
    def names(self) -> list[str]:
        return [line.partition(" ")[0] for line in self.asked]


def registry_of(own: Client, *mirrors: str | Mirror) -> Registry:
    return own.registry("reg.example", BasicAuth("alice", "s3cret"), mirrors=mirrors or ["m1.example"])


@pytest.mark.parametrize("image", [TAGGED, BY_DIGEST])
async def test_a_manifest_comes_from_the_first_mirror_that_has_it(image: Image) -> None:
    internet = Internet(m1=status(404), m2=has_all, m3=has_all, reg=has_all)
    async with mocked(internet) as own:
        registry = registry_of(own, "m1.example", "m2.example", "m3.example")
        manifest = await registry.get_manifest(image)
    assert manifest.descriptor.digest == Digest.of(MANIFEST)
    path = f"/v2/team/alpha/manifests/{image.reference}?ns=reg.example"
    assert internet.asked == [f"m1 GET {path}", f"m2 GET {path}"]


@pytest.mark.parametrize(
    "answerer",
    [
        status(404),
        status(401),
        status(403),
        status(429),
        status(500),
        status(503),
        unreachable,
        lambda _: httpx.Response(200, content=b"<html>", headers={"Content-Type": "text/html"}),
        lambda _: httpx.Response(200, content=b"{}", headers={"Content-Type": OCI_MANIFEST}),
        lambda _: httpx.Response(307, headers={"Location": "http://plain.example/"}),
    ],
)
async def test_whatever_a_mirror_does_the_registry_has_the_last_word(answerer: Answerer) -> None:
    internet = Internet(m1=answerer, reg=has_all)
    async with mocked(internet) as own:
        manifest = await registry_of(own).get_manifest(BY_DIGEST)
        assert manifest.descriptor.digest == Digest.of(MANIFEST)
    assert internet.names[-1] == "reg"
    assert "?" not in internet.asked[-1]


async def test_what_nobody_has_is_absent_in_the_words_of_the_registry() -> None:
    internet = Internet(m1=status(404), reg=status(404))
    async with mocked(internet) as own:
        with pytest.raises(ManifestNotExistError, match=r"https://reg\.example"):
            await registry_of(own).get_manifest(TAGGED)
    assert internet.names == ["m1", "reg"]


async def test_a_mirror_is_asked_once_where_a_registry_is_asked_again() -> None:
    internet = Internet(m1=status(503), reg=status(503))
    async with mocked(internet) as own:
        response = await registry_of(own).request("GET", "/v2/a")
        assert response.status == 503
        with pytest.raises(Exception, match="503"):
            await registry_of(own).get_manifest(TAGGED)
    assert internet.names.count("m1") == 1
    assert internet.names.count("reg") == 2 * (1 + EAGER.retries)


async def test_a_mirror_that_is_out_of_reach_rests_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("tui.client.mirrors.time.monotonic", lambda: now)
    internet = Internet(m1=unreachable, reg=has_all)
    async with mocked(internet) as own:
        registry = registry_of(own)
        for _ in range(3):
            await registry.get_manifest(TAGGED)
        assert internet.names == ["m1", "reg", "reg", "reg"]
        now += 61.0
        await registry.get_manifest(TAGGED)
        assert internet.names[-2:] == ["m1", "reg"]


async def test_a_mirror_that_sent_something_else_is_not_asked_again() -> None:
    internet = Internet(m1=lambda _: httpx.Response(200, content=b"{}"), reg=has_all)
    async with mocked(internet) as own:
        registry = registry_of(own)
        for _ in range(3):
            await registry.get_manifest(BY_DIGEST)
    assert internet.names == ["m1", "reg", "reg", "reg"]


async def test_a_blob_that_a_mirror_falsified_is_an_error_and_comes_from_the_registry_next_time() -> None:
    internet = Internet(m1=lambda _: httpx.Response(200, content=b"x" * len(LAYER)), reg=has_all)
    blob = Descriptor("application/octet-stream", Digest.of(LAYER), len(LAYER))
    async with mocked(internet) as own:
        registry = registry_of(own)
        with pytest.raises(DigestMismatchError, match=r"m1\.example"):
            async with registry.get_blob(ALPHA, blob) as stream:
                _ = [chunk async for chunk in stream]
        async with registry.get_blob(ALPHA, blob) as stream:
            assert b"".join([chunk async for chunk in stream]) == LAYER
    assert internet.names == ["m1", "reg"]


async def test_a_blob_that_breaks_off_at_a_mirror_goes_on_at_the_registry() -> None:
    async def break_off(exchange: Exchange) -> None:
        await exchange.reply(200, LAYER[:100], length=len(LAYER))
        exchange.close()

    async def answer(exchange: Exchange) -> None:
        assert exchange.asked.headers["range"] == "bytes=100-"
        headers = {"Content-Range": f"bytes 100-{len(LAYER) - 1}/{len(LAYER)}"}
        await exchange.reply(206, LAYER[100:], headers)

    blob = Descriptor("application/octet-stream", Digest.of(LAYER), len(LAYER))
    hasher = hashlib.sha256()

    async def begin() -> None:
        async with registry.get_blob(ALPHA, blob) as stream:
            async for chunk in stream:
                hasher.update(chunk)

    async with (
        ScriptedServer(break_off) as mirror,
        ScriptedServer(answer) as server,
        Client(limits=EAGER) as own,
    ):
        registry = own.registry(server.url, mirrors=[mirror.url])
        with pytest.raises(ConnectionLostError):
            await begin()
        async with registry.get_blob(ALPHA, blob, offset=100, hasher=hasher) as stream:
            assert b"".join([chunk async for chunk in stream]) == LAYER[100:]
        assert (len(mirror.asked), len(server.asked)) == (1, 1)


async def test_an_error_about_something_else_is_not_held_against_the_mirror() -> None:
    internet = Internet(m1=has_all, reg=has_all)
    blob = Descriptor("application/octet-stream", Digest.of(LAYER), len(LAYER))

    async def fail() -> None:
        async with registry.get_blob(ALPHA, blob):
            raise ConnectionLostError("lost", request=RequestLine("PUT", "https://other.example/"))

    async with mocked(internet) as own:
        registry = registry_of(own)
        with pytest.raises(ConnectionLostError, match="other"):
            await fail()
        await registry.get_manifest(TAGGED)
    assert internet.names == ["m1", "m1"]


async def test_blobs_and_what_exists_are_asked_of_mirrors_too() -> None:
    internet = Internet(m1=has_all, reg=has_all)
    seen: list[LoggedRequest] = []
    blob = Descriptor("application/octet-stream", Digest.of(LAYER), len(LAYER))
    async with Client(httpx.MockTransport(internet), limits=EAGER, log=seen.append) as own:
        registry = registry_of(own)
        assert (await registry.manifest_exists(BY_DIGEST)).digest == Digest.of(MANIFEST)
        assert (await registry.verify_blob(ALPHA, blob.digest)).size == len(LAYER)
        assert await registry.get_blob_bytes(ALPHA, blob) == LAYER
        async with registry.get_blob(ALPHA, blob, bulk=True) as stream:
            assert b"".join([chunk async for chunk in stream]) == LAYER
            assert stream.line.url.startswith("https://m1.example/v2/team/alpha/blobs/")
    assert set(internet.names) == {"m1"}
    assert all(logged.request.url.startswith("https://m1.example/") for logged in seen)


async def test_other_places_of_a_blob_are_tried_after_the_registry() -> None:
    internet = Internet(m1=status(404), reg=status(404), cdn=lambda _: httpx.Response(200, content=LAYER))
    blob = Descriptor("x", Digest.of(LAYER), len(LAYER), urls=("https://cdn.example/layer",))
    async with mocked(internet) as own, registry_of(own).get_blob(ALPHA, blob) as stream:
        assert b"".join([chunk async for chunk in stream]) == LAYER
    assert internet.names == ["m1", "reg", "cdn"]


async def test_a_mirror_has_a_login_of_its_own_and_never_that_of_the_registry() -> None:
    def wants_login(request: httpx.Request) -> httpx.Response:
        if "Authorization" not in request.headers:
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        return has_all(request)

    def refuses(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="r"'})

    internet = Internet(m1=refuses, m2=refuses, reg=wants_login)
    async with mocked(internet) as own:
        mirrors: list[str | Mirror] = ["m1.example", Mirror("m2.example", BasicAuth("bob", "b0b"))]
        await registry_of(own, *mirrors).get_manifest(TAGGED)
    assert internet.logins == {
        "m2": {f"Basic {b64encode(b'bob:b0b').decode()}"},
        "reg": {f"Basic {b64encode(b'alice:s3cret').decode()}"},
    }
    assert "b0b" not in repr(mirrors)


async def test_a_prefix_stands_before_the_repository_also_in_the_rights_that_are_asked_for() -> None:
    def cache(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"token": "t0ken"})
        if "Authorization" not in request.headers:
            challenge = 'Bearer realm="https://m1.example/token",service="s"'
            return httpx.Response(401, headers={"WWW-Authenticate": challenge})
        return has_all(request)

    internet = Internet(m1=cache, reg=has_all)
    async with mocked(internet) as own:
        await registry_of(own, "https://m1.example/hub/proxy").get_manifest(TAGGED)
    path = "/v2/hub/proxy/team/alpha/manifests/v1?ns=reg.example"
    assert internet.asked == [
        f"m1 GET {path}",
        "m1 GET /token?service=s&scope=repository:hub/proxy/team/alpha:pull",
        f"m1 GET {path}",
    ]


async def test_listings_and_all_that_writes_go_to_the_registry_alone() -> None:
    def registry_answers(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(404)
        if request.method == "POST":
            return httpx.Response(202, headers={"Location": "/v2/team/alpha/blobs/uploads/1"})
        if request.method == "PUT":
            return httpx.Response(201, headers={"Location": "/v2/x"})
        if request.method == "DELETE":
            return httpx.Response(202)
        return has_all(request)

    internet = Internet(m1=has_all, reg=registry_answers)
    async with mocked(internet) as own:
        registry = registry_of(own)
        await registry.verify()
        assert await items(registry.tags(ALPHA)) == ["v1"]
        await registry.get_referrers(ALPHA, Digest.of(MANIFEST))
        await registry.request("GET", "/v2/team/alpha/manifests/v1")
        await registry.put_blob(ALPHA, LAYER)
        await registry.put_manifest(ALPHA, MANIFEST, Tag("v1"))
        await registry.delete_blob(ALPHA, Digest.of(LAYER))
    assert set(internet.names) == {"reg"}


async def test_a_mirror_that_hangs_costs_its_own_time_and_not_that_of_the_registry() -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.gone.wait()

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, MANIFEST, {"Content-Type": OCI_MANIFEST})

    async with (
        ScriptedServer(hang) as mirror,
        ScriptedServer(answer) as server,
        Client(timeout=Timeouts(mirror=0.2), limits=EAGER) as own,
    ):
        registry = own.registry(server.url, mirrors=[mirror.url])
        for _ in range(3):
            await registry.get_manifest(TAGGED)
        assert len(mirror.asked) <= 1
        assert len(server.asked) == 3


async def test_where_nobody_is_in_reach_the_error_tells_of_the_mirror_too() -> None:
    internet = Internet(m1=status(404), reg=unreachable)
    async with mocked(internet) as own:
        with pytest.raises(ConnectionFailedError, match=r"reg\.example") as caught:
            await registry_of(own).get_manifest(TAGGED)
    assert "m1.example" in caught.value.remedy
    assert "404" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mirror.example.com", MirrorLocation(RegistryHost("mirror.example.com"))),
        (" Mirror.example.com:5000/ ", MirrorLocation(RegistryHost("mirror.example.com:5000"))),
        ("http://10.0.0.5:5000", MirrorLocation(RegistryHost("10.0.0.5:5000"), "http")),
        ("HTTPS://[::1]:5000/v2/", MirrorLocation(RegistryHost("[::1]:5000"), "https")),
        ("harbor.example/hub", MirrorLocation(RegistryHost("harbor.example"), None, Repository("hub"))),
        (
            "https://harbor.example/v2/hub/x/",
            MirrorLocation(RegistryHost("harbor.example"), "https", Repository("hub/x")),
        ),
        ("harbor.example/v2x", MirrorLocation(RegistryHost("harbor.example"), None, Repository("v2x"))),
    ],
)
def test_the_place_of_a_mirror_is_a_host_or_a_url_with_or_without_a_prefix(
    text: str, expected: MirrorLocation
) -> None:
    assert MirrorLocation.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "ftp://m.example",
        "https://alice:s3cret@m.example",
        "m.example?x=1",
        "m.example/UP",
        "a b",
        "m/a//b",
    ],
)
def test_what_is_no_place_of_a_mirror_is_an_error_without_the_login_in_it(text: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        Client().registry("reg.example", mirrors=[text])
    assert "s3cret" not in str(caught.value)
