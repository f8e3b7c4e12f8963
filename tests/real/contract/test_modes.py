"""What single modes of docker-registry do: refuse to write, cache, convert, want certificates."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.helpers import items
from tests.real.certificates import make_server_certificate
from tests.real.contract import content
from tests.real.contract.conftest import SMALL_PAGES
from tests.real.docker_registry import DockerRegistry
from tests.real.hand import encoded
from tui.client import (
    CertificateError,
    Client,
    ConnectionLostError,
    Digest,
    ErrorResponse,
    Image,
    Manifest,
    NetworkError,
    Registry,
    Repository,
    Tag,
    UnsupportedError,
    media_types,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.real.contract.conftest import Server

APP = Repository(content.APP)
ATTEMPTS = 20
"""How often to ask who closes a connection so soon that what it says of that can be overtaken by the end."""

LONGEST_KEEPING = 20.0
"""Seconds within which a cache has written what it fetched, on a machine that is busy with other things."""

AMD64 = Digest.of(encoded(content.AMD64))
LAYER = Digest.of(content.LAYER)


DELETES: dict[str, Callable[[Registry], Awaitable[object]]] = {
    "delete_manifest": lambda registry: registry.delete_manifest(Image(APP, AMD64)),
    "delete_blob": lambda registry: registry.delete_blob(APP, LAYER),
    "delete_tag": lambda registry: registry.delete_tag(APP, Tag("1.0")),
}
PUTS: dict[str, Callable[[Registry], Awaitable[object]]] = {
    "put_blob": lambda registry: registry.put_blob(APP, b"not there yet"),
    "put_blob in chunks": lambda registry: registry.put_blob(APP, bytes(1000), chunk_size=100),
    "put_manifest": lambda registry: registry.put_manifest(APP, encoded(content.AMD64), Tag("new")),
}


@pytest.mark.parametrize(
    ("name", "call"),
    [
        *(("debian_read_only", call) for call in (PUTS | DELETES).values()),
        *(("debian_undeletable", call) for call in DELETES.values()),
        *(("debian_cache", call) for call in (PUTS | DELETES).values()),
    ],
    ids=[
        *(f"read only, {name}" for name in (PUTS | DELETES)),
        *(f"undeletable, {name}" for name in DELETES),
        *(f"cache, {name}" for name in (PUTS | DELETES)),
    ],
)
async def test_what_must_not_be_changed_is_told_as_unsupported(
    request: pytest.FixtureRequest,
    client: Client,
    name: str,
    call: Callable[[Registry], Awaitable[object]],
) -> None:
    registry = client.registry(request.getfixturevalue(name).url)
    with pytest.raises(UnsupportedError) as caught:
        await call(registry)
    assert caught.value.remedy
    assert (await registry.get_manifest(Image(APP, Tag("1.0")))).raw == encoded(content.INDEX)
    assert (await registry.get_manifest(Image(APP, AMD64))).raw == encoded(content.AMD64)


@pytest.mark.parametrize(
    ("name", "codes"), [("debian_read_only", ()), ("debian_undeletable", ("UNSUPPORTED",))]
)
async def test_what_is_refused_as_unsupported_has_the_code_that_the_registry_gives_or_none(
    request: pytest.FixtureRequest, client: Client, name: str, codes: tuple[str, ...]
) -> None:
    registry = client.registry(request.getfixturevalue(name).url)
    with pytest.raises(UnsupportedError) as caught:
        await registry.delete_manifest(Image(APP, AMD64))
    assert caught.value.codes == codes
    assert caught.value.status == httpx.codes.METHOD_NOT_ALLOWED


async def test_pages_that_are_too_long_are_asked_for_in_the_length_that_the_registry_gives(
    client: Client, debian_small_pages: Server
) -> None:
    registry = client.registry(debian_small_pages.url)
    answer = await registry.request("GET", "/v2/_catalog", params={"n": "100"})
    with pytest.raises(ErrorResponse) as caught:
        answer.raise_for_status()
    assert caught.value.codes == ("PAGINATION_NUMBER_INVALID",)
    pages = [page async for page in registry.repositories(page_size=100)]
    assert len(pages[0].items) == SMALL_PAGES
    assert {name for page in pages for name in page.items} >= set(content.REPOSITORIES)


async def test_a_cache_lists_only_what_somebody_has_asked_for(
    client: Client, debian_plain: Server, tmp_path: Path
) -> None:
    sections = {"proxy": {"remoteurl": debian_plain.url}}
    with DockerRegistry(tmp_path / "server", tmp_path / "storage", sections) as cache:
        registry = client.registry(cache.url)
        assert await items(registry.repositories()) == []
        manifest = await registry.get_manifest(Image(APP, Tag("amd64")))
        assert isinstance(manifest, Manifest)
        assert manifest.raw == encoded(content.AMD64)
        await registry.get_config(APP, manifest)
        # It keeps a blob in its own time.
        deadline = time.monotonic() + LONGEST_KEEPING
        while not (listed := await items(registry.repositories())):
            assert time.monotonic() < deadline
        assert listed == [APP]
        # Tags are those of the registry behind it.
        assert sorted(await items(registry.tags(Repository(content.TAGS)))) == sorted(content.MANY_TAGS)


@pytest.mark.parametrize("tag", ["docker", "docker-list"])
async def test_what_is_converted_for_others_comes_as_it_is_stored(
    client: Client, debian_plain: Server, tag: str
) -> None:
    registry = client.registry(debian_plain.url)
    converted = await registry.request("GET", f"/v2/{APP}/manifests/{tag}", headers={"Accept": "*/*"})
    assert "v1+prettyjws" in converted.headers["Content-Type"]
    stored = next(one for one in content.DOCUMENTS.values() if one.tag == tag)
    manifest = await registry.get_manifest(Image(APP, Tag(tag)))
    assert manifest.raw == stored.raw
    assert manifest.descriptor.digest != converted.headers["Docker-Content-Digest"]


async def test_what_is_not_accepted_is_refused_and_accepted_by_default(
    client: Client, debian_plain: Server
) -> None:
    registry = client.registry(debian_plain.url)
    path = f"/v2/{APP}/manifests/1.0"
    answer = await registry.request("GET", path, headers={"Accept": media_types.OCI_MANIFEST})
    with pytest.raises(ErrorResponse) as caught:
        answer.raise_for_status()
    assert caught.value.codes == ("MANIFEST_UNKNOWN",)
    assert (await registry.get_manifest(Image(APP, Tag("1.0")))).raw == encoded(content.INDEX)


@pytest.mark.parametrize("shows", ["none", "another"])
async def test_who_does_not_show_the_certificate_that_is_wanted_is_told_so(
    client: Client, debian_mutual_tls: Server, tmp_path: Path, shows: str
) -> None:
    other = make_server_certificate(tmp_path)
    registry = client.registry(
        debian_mutual_tls.url,
        ca_file=debian_mutual_tls.ca_file,
        client_certificate=other.certificate if shows == "another" else None,
        client_key=other.key if shows == "another" else None,
    )
    told: NetworkError | None = None
    for _ in range(ATTEMPTS):
        with pytest.raises((CertificateError, ConnectionLostError)) as caught:
            await registry.verify()
        told = caught.value
        if isinstance(told, CertificateError):
            break
    assert isinstance(told, CertificateError)
    assert "certificate" in told.remedy
