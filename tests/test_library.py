from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.ui import LIMIT, requests
from tui import library as judging
from tui.client import ManifestNotExistError, UnknownMediaTypeError
from tui.client.models import Index, Manifest
from tui.client.names import Digest, RegistryHost, Repository, Tag
from tui.config import Settings
from tui.demo import DemoServer
from tui.demo.faults import Gate, path_has, reply
from tui.demo.problems import error_response
from tui.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tui.demo import DemoServer as Server
    from tui.library import Library

DEBIAN = Repository("library/debian")
APP = Repository("team/frontend/storefront")


@pytest.fixture
async def library() -> AsyncIterator[Library]:
    session = Session(Settings())
    yield session.library
    await session.aclose()


async def manifest(library: Library, server: Server, repository: Repository = APP) -> Manifest:
    """Load the manifest of a tag."""
    document = await library.manifest(RegistryHost(server.host), repository, Tag("production"))
    assert isinstance(document, Manifest)
    return document


async def test_a_tag_is_asked_for_anew_each_time(library: Library, demo: Server) -> None:
    host = RegistryHost(demo.host)
    for _ in range(2):
        assert isinstance(await library.manifest(host, DEBIAN, Tag("bookworm")), Index)
    assert len(requests(demo, "/manifests/bookworm")) == 2


async def test_a_digest_is_asked_for_once(library: Library, demo: Server) -> None:
    host = RegistryHost(demo.host)
    index = await library.manifest(host, DEBIAN, Tag("bookworm"))
    assert isinstance(index, Index)
    child = index.manifests[0].digest
    first = await library.manifest(host, DEBIAN, child)
    assert await library.manifest(host, DEBIAN, child) is first
    assert len(requests(demo, f"/manifests/{child}")) == 1


async def test_what_a_tag_named_is_known_by_its_digest_without_asking(library: Library, demo: Server) -> None:
    host = RegistryHost(demo.host)
    index = await library.manifest(host, DEBIAN, Tag("bookworm"))
    demo.forget_requests()
    assert await library.manifest(host, DEBIAN, index.descriptor.digest) is index
    assert library.known_manifest(host, DEBIAN, index.descriptor.digest) is index
    assert requests(demo) == []


async def test_only_what_was_loaded_is_known(library: Library, demo: Server) -> None:
    digest = Digest(f"sha256:{1:064}")
    assert library.known_manifest(RegistryHost(demo.host), DEBIAN, digest) is None
    assert library.known_manifest(RegistryHost(demo.host), DEBIAN, Tag("bookworm")) is None


async def test_who_asks_at_the_same_time_shares_one_request(library: Library, demo: Server) -> None:
    gate = Gate(path_has("/manifests/"))
    demo.before.append(gate)
    host = RegistryHost(demo.host)
    loads = [asyncio.create_task(library.manifest(host, DEBIAN, Tag("bookworm"))) for _ in range(3)]
    async with asyncio.timeout(LIMIT):
        await gate.arrived()
        gate.open()
        documents = await asyncio.gather(*loads)
    assert documents[0] is documents[1] is documents[2]
    assert len(requests(demo, "/manifests/")) == 1


async def test_a_load_is_cancelled_down_to_the_socket_when_the_last_one_has_gone(
    library: Library, demo: Server
) -> None:
    gate = Gate(path_has("/manifests/"))
    demo.before.append(gate)
    host = RegistryHost(demo.host)
    loads = [asyncio.create_task(library.manifest(host, DEBIAN, Tag("bookworm"))) for _ in range(2)]
    async with asyncio.timeout(LIMIT):
        await gate.arrived()
        loads[0].cancel()
        await asyncio.wait({loads[0]})
        assert not loads[1].done()
        loads[1].cancel()
        await gate.abandoned()


async def test_a_config_is_asked_for_once(library: Library, demo: Server) -> None:
    document = await manifest(library, demo)
    host = RegistryHost(demo.host)
    first = await library.config(host, APP, document)
    assert await library.config(host, APP, document) is first
    assert first.platform is not None
    assert str(first.platform) == "linux/amd64"
    assert len(requests(demo, "/blobs/")) == 1


async def test_what_failed_is_asked_for_again(library: Library, demo: Server) -> None:
    demo.before.append(
        reply(lambda: error_response(404, "MANIFEST_UNKNOWN", "gone"), path_has("/manifests/"), times=1)
    )
    with pytest.raises(ManifestNotExistError):
        await manifest(library, demo)
    assert (await manifest(library, demo)).layers


async def test_a_config_that_is_none_of_an_image_is_not_asked_for(library: Library, demo: Server) -> None:
    host, chart = RegistryHost(demo.host), Repository("charts/hello")
    document = await library.manifest(host, chart, Tag("1.1.0"))
    assert isinstance(document, Manifest)
    with pytest.raises(UnknownMediaTypeError):
        await library.config(host, chart, document)
    assert requests(demo, "/blobs/") == []


async def test_the_same_digest_on_two_registries_is_two_things(library: Library, demo: Server) -> None:
    with DemoServer(demo.storage) as other:
        ours = await manifest(library, demo)
        digest = ours.descriptor.digest
        assert library.known_manifest(RegistryHost(other.host), APP, digest) is None
        await library.manifest(RegistryHost(other.host), APP, digest)
        assert len(requests(other, str(digest))) == 1


async def test_warnings_are_told_once(library: Library) -> None:
    with DemoServer(headers=[("Warning", '299 - "this registry goes away"')]) as server:
        host = RegistryHost(server.host)
        assert library.new_warnings(host) == ()
        await manifest(library, server)
        assert library.new_warnings(host) == ("this registry goes away",)
        await manifest(library, server)
        assert library.new_warnings(host) == ()


async def test_the_registry_of_a_host_is_the_same_one_each_time(library: Library) -> None:
    host = RegistryHost("registry.example.com")
    assert library.registry(host) is library.registry(host)
    assert library.login_label(host) == ""


async def test_what_is_wrong_with_a_document_is_found_out_once(
    library: Library, demo: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, unusual = RegistryHost(demo.host), Repository("demo/unusual")
    invalid = await library.manifest(host, unusual, Tag("invalid"))
    assert isinstance(invalid, Manifest)
    config = await library.config(host, unusual, invalid)
    verdict = await library.verdict(invalid, config)
    assert [one.path for one in verdict.document] == [
        "$.artifactType",
        "$.annotations['org.opencontainers.image.created']",
        "$.annotations['com.example.build']",
    ]
    assert "$.config.Env[1]" in [one.path for one in verdict.config]
    assert verdict.count == len(verdict.document) + len(verdict.config)
    monkeypatch.setattr(judging, "_judge", None)
    assert await library.verdict(invalid, config) is verdict


async def test_a_config_is_held_against_the_layers_of_its_manifest(library: Library, demo: Server) -> None:
    host = RegistryHost(demo.host)
    image = await manifest(library, demo)
    config = await library.config(host, APP, image)
    assert (await library.verdict(image, config)).count == 0
    shorter = replace(
        image, layers=image.layers[1:], descriptor=replace(image.descriptor, digest=config.descriptor.digest)
    )
    (violation,) = (await library.verdict(shorter, config)).config
    assert str(violation) == "$.rootfs.diff_ids: it has 4 entries, but the manifest has 3 layers"
