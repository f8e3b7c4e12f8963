"""Client certificates: who sees them, and what is said of those that cannot be used."""

from __future__ import annotations

import ssl
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.helpers import EAGER, client
from tests.faults import Exchange, ScriptedServer
from tests.real.certificates import (
    ClientCertificate,
    ServerCertificate,
    make_client_certificate,
    make_server_certificate,
)
from tui.client.errors import CertificateError
from tui.client.login.auth import BasicAuth
from tui.client.names import Digest, Repository
from tui.client.registry import Client

if TYPE_CHECKING:
    from pathlib import Path

    from tui.client.registry import Registry

ALPHA = Repository("team/alpha")
ALICE = BasicAuth("alice", "s3cret")
SECRET = "correct horse"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return make_server_certificate(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def mine(certificate: ServerCertificate, tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    return make_client_certificate(certificate, tmp_path_factory.mktemp("client"))


def wanting(certificate: ServerCertificate, mode: ssl.VerifyMode = ssl.CERT_OPTIONAL) -> ssl.SSLContext:
    """Make the context of a server that asks for a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    context.load_verify_locations(certificate.authority)
    context.verify_mode = mode
    return context


def shown(exchange: Exchange) -> bool:
    """Tell whether the client has shown a certificate."""
    peer: dict[str, Any] | None = exchange._transport.get_extra_info("peercert")
    return bool(peer)


def registry_of(own: Client, url: str, certificate: ServerCertificate, mine: ClientCertificate) -> Registry:
    return own.registry(
        url,
        ALICE,
        ca_file=certificate.authority,
        client_certificate=mine.certificate,
        client_key=mine.key,
    )


@pytest.mark.parametrize("bulk", [False, True])
async def test_the_registry_sees_the_certificate_and_nobody_that_it_sends_one_to(
    certificate: ServerCertificate, mine: ClientCertificate, *, bulk: bool
) -> None:
    content = b"x" * 2_000_000
    saw: dict[str, list[bool]] = {"registry": [], "storage": []}

    async def store(exchange: Exchange) -> None:
        saw["storage"].append(shown(exchange))
        await exchange.reply(200, content)

    async def answer(exchange: Exchange) -> None:
        saw["registry"].append(shown(exchange))
        await exchange.reply(307, b"", {"Location": f"{storage.url}/blob"})

    async with (
        ScriptedServer(store, tls=wanting(certificate)) as storage,
        ScriptedServer(answer, tls=wanting(certificate)) as server,
        client() as own,
    ):
        registry = registry_of(own, server.url, certificate, mine)
        async with registry.get_blob(ALPHA, Digest.of(content), bulk=bulk) as stream:
            read = [chunk async for chunk in stream]
    assert b"".join(read) == content
    assert saw == {"registry": [True], "storage": [False]}


@pytest.mark.parametrize("own_realm", [False, True])
async def test_a_token_service_sees_the_certificate_only_where_it_is_the_registry_itself(
    certificate: ServerCertificate, mine: ClientCertificate, *, own_realm: bool
) -> None:
    saw: list[bool] = []

    async def issue(exchange: Exchange) -> None:
        saw.append(shown(exchange))
        await exchange.reply(200, {"token": "t0ken"})

    async def answer(exchange: Exchange) -> None:
        if exchange.asked.path == "/token":
            await issue(exchange)
        elif exchange.asked.headers.get("authorization") == "Bearer t0ken":
            await exchange.reply(200, {})
        else:
            realm = f"{(server if own_realm else service).url}/token"
            await exchange.reply(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})

    async with (
        ScriptedServer(issue, tls=wanting(certificate)) as service,
        ScriptedServer(answer, tls=wanting(certificate)) as server,
        client() as own,
    ):
        await registry_of(own, server.url, certificate, mine).verify()
    assert saw == [own_realm]


async def test_what_a_plain_registry_redirects_to_is_held_against_its_authorities(
    certificate: ServerCertificate,
) -> None:
    content = b"layer"

    async def store(exchange: Exchange) -> None:
        await exchange.reply(200, content)

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(307, b"", {"Location": f"{storage.url}/blob"})

    async with (
        ScriptedServer(store, tls=wanting(certificate)) as storage,
        ScriptedServer(answer) as server,
        client() as own,
    ):
        registry = own.registry(server.url, ca_file=certificate.authority)
        async with registry.get_blob(ALPHA, Digest.of(content)) as stream:
            assert b"".join([chunk async for chunk in stream]) == content


async def test_a_client_that_has_none_shows_none_beside_one_that_does(
    certificate: ServerCertificate, mine: ClientCertificate
) -> None:
    saw: list[bool] = []

    async def answer(exchange: Exchange) -> None:
        saw.append(shown(exchange))
        await exchange.reply(200, {})

    async with ScriptedServer(answer, tls=wanting(certificate)) as server, client() as own:
        await registry_of(own, server.url, certificate, mine).verify()
        await own.registry(server.url, ca_file=certificate.authority).verify()
    assert saw == [True, False]


async def test_certificates_are_found_in_a_folder_by_host(
    certificate: ServerCertificate, mine: ClientCertificate, tmp_path: Path
) -> None:
    saw: list[bool] = []

    async def answer(exchange: Exchange) -> None:
        saw.append(shown(exchange))
        await exchange.reply(200, {})

    async with ScriptedServer(answer, tls=wanting(certificate, ssl.CERT_REQUIRED)) as server:
        place = tmp_path / server.host
        async with Client(limits=EAGER, certs_folders=[tmp_path]) as own:
            registry = own.registry(server.url)
            place.mkdir()
            (place / "authority.crt").write_bytes(certificate.authority.read_bytes())
            (place / "client.cert").write_bytes(mine.certificate.read_bytes())
            (place / "client.key").write_bytes(mine.key.read_bytes())
            # They are looked for with the first request, and not again.
            await registry.verify()
            (place / "client.key").unlink()
            await registry.verify()
    assert saw == [True, True]


async def test_a_certificate_and_its_key_may_be_in_one_file(
    certificate: ServerCertificate, mine: ClientCertificate, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(mine.certificate.read_bytes() + mine.key.read_bytes())

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200 if shown(exchange) else 403, {})

    async with ScriptedServer(answer, tls=wanting(certificate)) as server, client() as own:
        registry = own.registry(server.url, ca_file=certificate.authority, client_certificate=both)
        await registry.verify()


@pytest.mark.parametrize("show", [False, True])
@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("No required SSL certificate was sent", ["wants a client", "wants a client"]),
        ("The SSL certificate error", ["wants a client", "does not accept"]),
    ],
)
async def test_the_page_of_nginx_about_a_certificate_is_told_as_what_it_is(
    certificate: ServerCertificate, mine: ClientCertificate, phrase: str, says: list[str], *, show: bool
) -> None:
    async def answer(exchange: Exchange) -> None:
        page = f"<html><head><title>400 {phrase}</title></head><body></body></html>"
        await exchange.reply(400, page, {"Content-Type": "text/html"})

    async with ScriptedServer(answer, tls=wanting(certificate)) as server, client() as own:
        registry = own.registry(
            server.url,
            ca_file=certificate.authority,
            client_certificate=mine.certificate if show else None,
            client_key=mine.key if show else None,
        )
        with pytest.raises(CertificateError, match=says[show]):
            await registry.verify()
        assert len(server.asked) == 1


def test_a_key_without_a_certificate_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="certificate"):
        Client().registry("reg.example", client_key=tmp_path / "key")


@pytest.fixture
def spoilt(
    request: pytest.FixtureRequest, certificate: ServerCertificate, tmp_path: Path
) -> ClientCertificate:
    """A certificate and a key that cannot be used, in one of many ways."""
    files = make_client_certificate(
        certificate, tmp_path / "mine", SECRET if request.param == "passphrase" else ""
    )
    other = make_client_certificate(certificate, tmp_path / "other")
    match request.param:
        case "another key":
            files.key.write_bytes(other.key.read_bytes())
        case "no key":
            files.key.unlink()
        case "no certificate":
            files.certificate.unlink()
        case "not pem":
            files.key.write_bytes(b"\x00\xff" * 50)
        case "empty":
            files.certificate.write_bytes(b"")
        case "a folder":
            files.key.unlink()
            files.key.mkdir()
        case "cut":
            files.key.write_bytes(files.key.read_bytes()[:-60])
    return files


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ("passphrase", "passphrase"),
        ("another key", "does not belong"),
        ("no key", "cannot be read: no such file"),
        ("no certificate", "cannot be read: no such file"),
        ("not pem", "cannot be read"),
        ("empty", "cannot be read"),
        ("a folder", "cannot be read"),
        ("cut", "cannot be read"),
    ],
    indirect=["spoilt"],
)
@pytest.mark.parametrize("bulk", [False, True])
async def test_what_cannot_be_used_is_told_and_nothing_is_sent(
    spoilt: ClientCertificate, says: str, certificate: ServerCertificate, *, bulk: bool
) -> None:
    material = spoilt.key.read_bytes() if spoilt.key.is_file() else b""

    async def answer(exchange: Exchange) -> None:
        await exchange.reply(200, {})

    async with ScriptedServer(answer, tls=wanting(certificate)) as server, client() as own:
        registry = registry_of(own, server.url, certificate, spoilt)
        with pytest.raises(CertificateError, match=says) as caught:
            async with registry.get_blob(ALPHA, Digest.of(b""), bulk=bulk):
                pass
        assert server.asked == []
    assert "client." in str(caught.value)
    assert caught.value.remedy
    told = "".join(traceback.format_exception(caught.value))
    assert not any(line in told for line in material.decode("latin-1").split() if len(line) > 20)
