"""Logins, over every server that wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.helpers import items
from tests.real.conftest import PASSWORD, USER
from tests.real.contract import content
from tests.real.contract.traits import TRAITS
from tests.real.hand import encoded
from tui.client import BasicAuth, Client, Digest, Image, Registry, Repository, Tag, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.real.contract.conftest import Server

APP = Repository(content.APP)
WRITTEN = Repository("written/by-alice")
WRONG = "not the password"

pytestmark = pytest.mark.parametrize(
    "named_server", [name for name, traits in TRAITS.items() if traits.login], indirect=True
)

CALLS: dict[str, Callable[[Registry], Awaitable[object]]] = {
    "verify": lambda registry: registry.verify(),
    "verify_login": lambda registry: registry.verify_login(),
    "tags": lambda registry: items(registry.tags(APP)),
    "get_manifest": lambda registry: registry.get_manifest(Image(APP, Tag("1.0"))),
    "manifest_exists": lambda registry: registry.manifest_exists(Image(APP, Tag("1.0"))),
    "get_manifests": lambda registry: registry.get_manifests(Image(APP, Tag("1.0"))),
    "verify_blob": lambda registry: registry.verify_blob(APP, Digest.of(content.LAYER)),
    "put_blob": lambda registry: registry.put_blob(WRITTEN, b"by alice"),
    "put_manifest": lambda registry: registry.put_manifest(APP, encoded(content.AMD64), Tag("amd64")),
}


@pytest.mark.parametrize(
    "auth",
    [None, BasicAuth(USER, WRONG), BasicAuth("mallory", PASSWORD)],
    ids=["nobody", "wrong password", "unknown user"],
)
@pytest.mark.parametrize("call", CALLS)
async def test_without_the_right_login_nobody_gets_in(
    client: Client, server: Server, auth: BasicAuth | None, call: str
) -> None:
    registry = server.seen_by(client, auth)
    with pytest.raises(UnauthorizedError) as caught:
        await CALLS[call](registry)
    assert caught.value.remedy
    told = f"{caught.value!s} {caught.value!r} {caught.value.remedy}"
    assert PASSWORD not in told
    assert WRONG not in told


@pytest.mark.parametrize("call", CALLS)
async def test_with_the_right_login_one_does(client: Client, server: Server, call: str) -> None:
    registry = server.opened_by(client)
    await CALLS[call](registry)
