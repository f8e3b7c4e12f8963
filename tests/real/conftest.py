"""Registries for the tests of this folder; each starts when the first test asks for it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from tests.real.certificates import ServerCertificate, make_server_certificate, make_signing_key
from tests.real.docker_registry import DockerRegistry
from tests.real.file_server import BlobFiles
from tests.real.http_server import HttpServer
from tests.real.images import Samples, make_samples
from tests.real.programs import clean_environment, require, run
from tests.real.token_server import ANONYMOUS, ISSUER, SERVICE, Account, TokenIssuer
from tui.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

USER, PASSWORD = "alice", "correct horse: battery"
"""A login of the registries that want one; the password holds a colon and a space."""


@dataclass(frozen=True, slots=True)
class SecuredRegistry:
    """A registry that speaks TLS and wants a password."""

    server: DockerRegistry
    certificate: ServerCertificate


@dataclass(frozen=True, slots=True)
class TokenRegistry:
    """A registry that wants a token, and the server that issues it."""

    server: DockerRegistry
    issuer: TokenIssuer
    issuing: HttpServer


@dataclass(frozen=True, slots=True)
class RedirectingRegistry:
    """A registry that wants a password and sends those who ask for a blob to another origin."""

    server: DockerRegistry
    files: BlobFiles
    serving: HttpServer


@pytest.fixture(scope="session")
def no_authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty file, in the place of the authorities that the operating system trusts."""
    file = tmp_path_factory.mktemp("trust") / "authorities.pem"
    file.touch()
    return file


@pytest.fixture(autouse=True)
def _trusts_nobody(no_authorities: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each client the reading of a hundred and fifty authorities that no test here needs."""
    monkeypatch.setenv("SSL_CERT_FILE", str(no_authorities))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client with everything at its defaults."""
    async with Client() as opened:
        yield opened


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The images, built and pushed once."""
    require("buildah", "docker-registry", "skopeo")
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="session")
def password_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A htpasswd file with one person in it."""
    require("htpasswd")
    folder = tmp_path_factory.mktemp("password")
    line = run(["htpasswd", "-niB", "-C", "5", USER], clean_environment(folder / "home"), text=PASSWORD)
    file = folder / "htpasswd"
    file.write_bytes(line)
    return file


@pytest.fixture(scope="session")
def plain(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """A registry over plain http that asks nobody for a name; tests only read from it."""
    with DockerRegistry(tmp_path_factory.mktemp("plain"), samples.storage) as server:
        yield server


@pytest.fixture
def own_registry(samples: Samples, tmp_path: Path) -> Iterator[DockerRegistry]:
    """As `plain`, with images of its own: a test may delete from it, and switch it off."""
    storage = tmp_path / "storage"
    shutil.copytree(samples.storage, storage)
    with DockerRegistry(tmp_path / "server", storage) as server:
        yield server


@contextmanager
def serving_over_tls(folder: Path, storage: Path, password_file: Path) -> Iterator[SecuredRegistry]:
    """Serve a storage over TLS, with a certificate of an authority that nobody knows, and a password."""
    certificate = make_server_certificate(folder / "certificates")
    sections = {"auth": {"htpasswd": {"realm": "secured", "path": str(password_file)}}}
    server = DockerRegistry(folder, storage, sections, (certificate.certificate, certificate.key))
    with server:
        yield SecuredRegistry(server, certificate)


@pytest.fixture(scope="session")
def secured(
    samples: Samples, password_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecuredRegistry]:
    """A registry over TLS that wants a password; tests only read from it."""
    folder = tmp_path_factory.mktemp("secured")
    with serving_over_tls(folder, samples.storage, password_file) as serving:
        yield serving


@contextmanager
def serving_with_tokens(folder: Path, storage: Path, accounts: dict[str, Account]) -> Iterator[TokenRegistry]:
    """Serve a storage to those who bring a token that grants what they want."""
    issuer = TokenIssuer(make_signing_key(), accounts)
    bundle = folder / "token.crt"
    bundle.write_bytes(issuer.signing.certificate.public_bytes(serialization.Encoding.PEM))
    with HttpServer(issuer) as issuing:
        login = {
            "realm": f"{issuing.url}/token",
            "service": SERVICE,
            "issuer": ISSUER,
            "rootcertbundle": str(bundle),
        }
        server = DockerRegistry(folder / "server", storage, {"auth": {"token": login}})
        with server:
            yield TokenRegistry(server, issuer, issuing)


@pytest.fixture
def tokens(samples: Samples, tmp_path: Path) -> Iterator[TokenRegistry]:
    """A registry with token login; nobody, bob and alice have more rights each than the one before."""
    pull = frozenset({"pull"})
    bob = {"repository:library/": pull, "repository:team/": pull}
    accounts = {
        ANONYMOUS: Account("", {"repository:library/": pull}),
        "bob": Account("builder", bob),
        USER: Account(PASSWORD, {**bob, "registry:catalog": frozenset({"*"})}, "refresh of alice"),
    }
    with serving_with_tokens(tmp_path, samples.storage, accounts) as serving:
        yield serving


@contextmanager
def serving_with_redirects(folder: Path, storage: Path, password_file: Path) -> Iterator[RedirectingRegistry]:
    """Serve a storage to those with a password, and its blobs from another origin."""
    files = BlobFiles(storage)
    with HttpServer(files) as serving:
        sections = {
            "auth": {"htpasswd": {"realm": "redirecting", "path": str(password_file)}},
            "middleware": {"storage": [{"name": "redirect", "options": {"baseurl": f"{serving.url}/"}}]},
        }
        with DockerRegistry(folder / "server", storage, sections) as server:
            yield RedirectingRegistry(server, files, serving)


@pytest.fixture
def redirecting(samples: Samples, password_file: Path, tmp_path: Path) -> Iterator[RedirectingRegistry]:
    """A registry with a password whose blobs lie on another origin."""
    with serving_with_redirects(tmp_path, samples.storage, password_file) as serving:
        yield serving
