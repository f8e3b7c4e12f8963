"""A registry with a little content, and a client that knows nothing of registries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo.clients import connect
from tests.demo.content import small_storage
from tui.demo import DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from tui.demo import Storage


@pytest.fixture
def storage() -> Storage:
    return small_storage()


@pytest.fixture
def server(storage: Storage) -> Iterator[DemoServer]:
    with DemoServer(storage) as server:
        yield server


@pytest.fixture
async def http(server: DemoServer) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(server) as client:
        yield client
