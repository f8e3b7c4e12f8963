"""Logins that a registry asks for: TLS with a password, and tokens."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.real.certificates import make_server_certificate
from tests.real.conftest import PASSWORD, USER, SecuredRegistry, TokenRegistry
from tests.real.token_server import Account
from tui.client import (
    BasicAuth,
    CatalogUnsupportedError,
    CertificateError,
    Client,
    DeniedError,
    IdentityToken,
    Image,
    Manifest,
    Registry,
    RegistryError,
    Repository,
    Tag,
    TokenAuth,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tui.client import LoggedRequest

SAMPLE = Image(Repository("library/sample"), Tag("amd64"))
TEAM = Image(Repository("team/platform/tools/app"), Tag("1.0"))
ALICE = BasicAuth(USER, PASSWORD)
BOB = BasicAuth("bob", "builder")


async def repositories(registry: Registry) -> list[str]:
    return [name async for page in registry.repositories() for name in page.items]


async def test_a_password_opens_a_registry_over_tls(client: Client, secured: SecuredRegistry) -> None:
    registry = client.registry(secured.server.host, ALICE, ca_file=secured.certificate.authority)
    await registry.verify()
    assert "library/sample" in await repositories(registry)
    manifest = await registry.get_manifest(SAMPLE)
    assert isinstance(manifest, Manifest)
    await registry.get_config(SAMPLE.repository, manifest)


@pytest.mark.parametrize("auth", [None, BasicAuth(USER, "wrong"), BasicAuth("mallory", PASSWORD)])
async def test_no_password_or_a_wrong_one_is_unauthorized(
    client: Client, secured: SecuredRegistry, auth: BasicAuth | None
) -> None:
    registry = client.registry(secured.server.host, auth, ca_file=secured.certificate.authority)
    with pytest.raises(UnauthorizedError) as caught:
        await registry.get_manifest(SAMPLE)
    assert caught.value.remedy
    assert PASSWORD not in str(caught.value)


async def test_an_unknown_authority_is_an_error_that_says_what_to_give(
    client: Client, secured: SecuredRegistry
) -> None:
    registry = client.registry(secured.server.host, ALICE)
    with pytest.raises(CertificateError) as caught:
        await registry.verify()
    assert "authority" in caught.value.remedy


async def test_another_authority_is_an_error(
    client: Client, secured: SecuredRegistry, tmp_path: Path
) -> None:
    other = make_server_certificate(tmp_path)
    registry = client.registry(secured.server.host, ALICE, ca_file=other.authority)
    with pytest.raises(CertificateError):
        await registry.verify()


async def test_a_certificate_of_another_name_is_an_error(client: Client, secured: SecuredRegistry) -> None:
    host = secured.server.host.replace("127.0.0.1", "127.0.0.2")
    registry = client.registry(host, ALICE, ca_file=secured.certificate.authority)
    with pytest.raises(RegistryError):
        await registry.verify()


async def test_nobody_may_read_what_is_public(client: Client, tokens: TokenRegistry) -> None:
    registry = client.registry(tokens.server.host)
    manifest = await registry.get_manifest(SAMPLE)
    assert isinstance(manifest, Manifest)
    await registry.get_config(SAMPLE.repository, manifest)
    assert {account for account, _ in tokens.issuer.issued} == {""}


async def test_a_token_serves_more_than_one_request(client: Client, tokens: TokenRegistry) -> None:
    registry = client.registry(tokens.server.host, BOB)
    for tag in ("amd64", "arm64", "arm"):
        await registry.get_manifest(Image(SAMPLE.repository, Tag(tag)))
    assert [access for _, access in tokens.issuer.issued if access] == [
        [{"type": "repository", "name": "library/sample", "actions": ["pull"]}]
    ]


async def test_nobody_may_not_read_what_is_private_and_asks_no_third_time(tokens: TokenRegistry) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        registry = client.registry(tokens.server.url)
        with pytest.raises((UnauthorizedError, DeniedError)) as caught:
            await registry.get_manifest(TEAM)
    assert caught.value.remedy
    assert len(tokens.issuing.asked) <= 2
    assert len([one for one in asked if "/manifests/" in one.request.url]) <= 2


async def test_a_login_opens_what_is_private(client: Client, tokens: TokenRegistry) -> None:
    registry = client.registry(tokens.server.host, BOB)
    assert isinstance(await registry.get_manifest(TEAM), Manifest)
    assert isinstance(await registry.get_manifest(SAMPLE), Manifest)


async def test_a_right_to_pull_is_none_to_list_repositories(client: Client, tokens: TokenRegistry) -> None:
    with pytest.raises(CatalogUnsupportedError) as caught:
        await repositories(client.registry(tokens.server.host, BOB))
    assert caught.value.remedy
    assert "team/platform/tools/app" in await repositories(client.registry(tokens.server.host, ALICE))
    right = {"type": "registry", "name": "catalog", "actions": ["*"]}
    assert [account for account, access in tokens.issuer.issued if right in access] == [USER]


async def test_the_challenge_of_the_root_names_no_right_and_is_answered(
    client: Client, tokens: TokenRegistry
) -> None:
    await client.registry(tokens.server.host, BOB).verify()
    assert tokens.issuer.issued == [("bob", [])]


async def test_a_wrong_password_is_unauthorized_at_the_token_server_too(
    client: Client, tokens: TokenRegistry
) -> None:
    registry = client.registry(tokens.server.host, BasicAuth("bob", "wrong"))
    with pytest.raises(UnauthorizedError) as caught:
        await registry.get_manifest(TEAM)
    assert "wrong" not in str(caught.value).partition(":")[0]
    assert tokens.issuer.issued == []


async def test_a_token_at_hand_is_used_as_it_is(client: Client, tokens: TokenRegistry) -> None:
    token = tokens.issuer.issue("bob", ["repository:team/platform/tools/app:pull"])
    registry = client.registry(tokens.server.host, TokenAuth(token))
    assert isinstance(await registry.get_manifest(TEAM), Manifest)
    assert tokens.issuing.asked == []


async def test_an_identity_token_is_exchanged(client: Client, tokens: TokenRegistry) -> None:
    registry = client.registry(tokens.server.host, IdentityToken("refresh of alice"))
    assert isinstance(await registry.get_manifest(TEAM), Manifest)
    assert {account for account, _ in tokens.issuer.issued} == {USER}
    assert {asked.method for asked in tokens.issuing.asked} == {"POST"}


async def test_an_identity_token_that_is_not_valid_is_unauthorized(
    client: Client, tokens: TokenRegistry
) -> None:
    registry = client.registry(tokens.server.host, IdentityToken("stale"))
    with pytest.raises(UnauthorizedError):
        await registry.get_manifest(TEAM)
    assert tokens.issuer.issued == []


async def test_a_token_server_without_post_takes_the_identity_token_as_a_password(
    client: Client, tokens: TokenRegistry
) -> None:
    tokens.issuer.takes_post = False
    tokens.issuer.accounts["<token>"] = Account("refresh", tokens.issuer.accounts["bob"].rights)
    registry = client.registry(tokens.server.host, IdentityToken("refresh"))
    assert isinstance(await registry.get_manifest(TEAM), Manifest)
    assert [asked.method for asked in tokens.issuing.asked][:2] == ["POST", "GET"]


class Recorder(httpx.AsyncHTTPTransport):
    """Keeps where each login was sent."""

    def __init__(self) -> None:
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self.logins: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "authorization" in request.headers:
            scheme, _, _ = request.headers["authorization"].partition(" ")
            self.logins.add((scheme, request.url.netloc.decode()))
        return await super().handle_async_request(request)


async def test_the_password_goes_to_the_token_server_only(tokens: TokenRegistry) -> None:
    recorder = Recorder()
    async with Client(transport=recorder) as client:
        await client.registry(tokens.server.url, BOB).get_manifest(TEAM)
    token_server = tokens.issuing.url.removeprefix("http://")
    assert recorder.logins == {("Basic", token_server), ("Bearer", tokens.server.host)}
