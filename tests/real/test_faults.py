"""Servers that are not there, go away, or speak something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.real.hand import Hand
from tui.client import (
    Client,
    ConnectionFailedError,
    ConnectionLostError,
    Digest,
    Image,
    RegistryError,
    Repository,
    Tag,
)

if TYPE_CHECKING:
    from tests.real.conftest import SecuredRegistry
    from tests.real.docker_registry import DockerRegistry

LARGER_THAN_BUFFERS = 64 * 1024 * 1024
"""Bytes: more than the two ends of a connection hold between them."""

REPOSITORY = Repository("library/large")


def put_large_blob(registry: DockerRegistry) -> Digest:
    with httpx.Client(base_url=registry.url, trust_env=False) as client:
        return Digest(Hand(client).blob(str(REPOSITORY), bytes(LARGER_THAN_BUFFERS))["digest"])


async def test_a_registry_that_was_switched_off_is_not_reached(
    client: Client, own_registry: DockerRegistry
) -> None:
    registry = client.registry(own_registry.host)
    await registry.verify()
    own_registry.stop()
    with pytest.raises(ConnectionFailedError) as caught:
        await registry.get_manifest(Image(Repository("library/sample"), Tag("1.0")))
    assert own_registry.host in str(caught.value)
    assert caught.value.remedy


async def test_a_blob_that_breaks_off_is_no_blob(client: Client, own_registry: DockerRegistry) -> None:
    digest = put_large_blob(own_registry)
    registry = client.registry(own_registry.host)
    received = 0

    async def read_while_it_goes_away() -> None:
        nonlocal received
        async with registry.get_blob(REPOSITORY, digest) as stream:
            async for chunk in stream:
                if received == 0:
                    own_registry.stop()
                received += len(chunk)

    with pytest.raises(ConnectionLostError):
        await read_while_it_goes_away()
    assert 0 < received < LARGER_THAN_BUFFERS


async def test_https_to_a_port_of_http_is_an_error_with_a_remedy(
    client: Client, plain: DockerRegistry
) -> None:
    registry = client.registry(f"https://{plain.host}")
    with pytest.raises(RegistryError) as caught:
        await registry.verify()
    assert caught.value.remedy


async def test_http_to_a_port_of_tls_is_an_error_with_a_remedy(
    client: Client, secured: SecuredRegistry
) -> None:
    registry = client.registry(secured.server.host, plain_http=True)
    with pytest.raises(RegistryError, match=f"http://{secured.server.host}/v2/") as caught:
        await registry.verify()
    assert caught.value.remedy
