"""A registry that wants a client certificate: over HTTP/2, HTTP/1.1, and on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import Damage, FaultProxy
from tests.real.certificates import (
    ClientCertificate,
    ServerCertificate,
    make_client_certificate,
    make_server_certificate,
)
from tests.real.docker_registry import DockerRegistry
from tui.client import CertificateError, Client, Digest, Image, Limits, Manifest, Repository, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.images import Samples
    from tui.client import Registry

SAMPLE = Image(Repository("library/sample"), Tag("amd64"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def mine(certificate: ServerCertificate, tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    return make_client_certificate(certificate, tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def mutual(
    samples: Samples, certificate: ServerCertificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerRegistry]:
    """A registry that lets in only whom its authority has signed a certificate for."""
    server = DockerRegistry(
        tmp_path_factory.mktemp("mutual"),
        samples.storage,
        certificate=(certificate.certificate, certificate.key),
        client_authority=certificate.authority,
    )
    with server:
        yield server


async def read(registry: Registry) -> None:
    """Read by each of the three ways: a manifest, a stream, and a stream on threads."""
    manifest = await registry.get_manifest(SAMPLE)
    assert isinstance(manifest, Manifest)
    layer = manifest.layers[0]
    for bulk in (False, True):
        pieces = bytearray()
        async with registry.get_blob(SAMPLE.repository, layer.digest, bulk=bulk) as stream:
            await stream.pump(pieces.extend, None)
        assert Digest.of(bytes(pieces)) == layer.digest


async def test_one_who_shows_a_certificate_is_let_in(
    client: Client, mutual: DockerRegistry, certificate: ServerCertificate, mine: ClientCertificate
) -> None:
    await read(
        client.registry(
            mutual.host,
            ca_file=certificate.authority,
            client_certificate=mine.certificate,
            client_key=mine.key,
        )
    )


async def test_the_layout_of_certs_d_is_enough(
    mutual: DockerRegistry, certificate: ServerCertificate, mine: ClientCertificate, tmp_path: Path
) -> None:
    place = tmp_path / mutual.host
    place.mkdir()
    (place / "ca.crt").write_bytes(certificate.authority.read_bytes())
    (place / "client.cert").write_bytes(mine.certificate.read_bytes())
    (place / "client.key").write_bytes(mine.key.read_bytes())
    async with Client(certs_folders=[tmp_path]) as client:
        await read(client.registry(mutual.host))


async def ask(registry: Registry, way: str) -> None:
    """Make one request by one of the ways that there are."""
    if way == "http2":
        await registry.verify()
    elif way == "http1":
        await registry.request("DELETE", "/v2/")
    else:
        async with registry.get_blob(SAMPLE.repository, Digest.of(b""), bulk=way == "threads"):
            pass


@pytest.mark.parametrize("way", ["http2", "http1", "stream", "threads"])
async def test_one_who_shows_none_is_told_to(
    mutual: DockerRegistry, certificate: ServerCertificate, way: str
) -> None:
    async with Client(limits=Limits(retries=0)) as client:
        registry = client.registry(mutual.url, ca_file=certificate.authority)
        with pytest.raises(CertificateError, match="wants a client certificate") as caught:
            await ask(registry, way)
        assert caught.value.remedy


async def test_one_whose_certificate_is_of_another_authority_is_told_so(
    client: Client, mutual: DockerRegistry, certificate: ServerCertificate, tmp_path: Path
) -> None:
    stranger = make_client_certificate(make_server_certificate(tmp_path / "other"), tmp_path)
    registry = client.registry(
        mutual.url,
        ca_file=certificate.authority,
        client_certificate=stranger.certificate,
        client_key=stranger.key,
    )
    with pytest.raises(CertificateError, match="does not accept the client certificate"):
        await registry.verify()


async def test_small_requests_to_a_registry_behind_tls_share_a_connection(
    client: Client, mutual: DockerRegistry, certificate: ServerCertificate, mine: ClientCertificate
) -> None:
    async with FaultProxy(mutual.host, Damage()) as proxy:
        registry = client.registry(
            f"https://{proxy.host}",
            ca_file=certificate.authority,
            client_certificate=mine.certificate,
            client_key=mine.key,
        )
        index, manifests = await registry.get_manifests(Image(SAMPLE.repository, Tag("1.0")))
        assert index is not None
        assert len(manifests) > 1
        assert proxy.connections == 1
