"""Docker's own credential helpers, over a real keyring and a real password store."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.real.conftest import PASSWORD, USER, TokenRegistry
from tests.real.programs import require, run
from tests.real.secret_service import SecretService, short_folder
from tests.real.test_keyring import FIND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "registry.example.com:5000"
KEY_PASSWORD = "the password of the key"


class Kept:
    """Logins that one of Docker's helpers keeps, and Docker's file that names it."""

    def __init__(self, name: str, service: SecretService) -> None:
        self.name = name
        self.program = f"docker-credential-{name}"
        self.service = service
        self.config = service.home / "docker"
        service.environment["DOCKER_CONFIG"] = str(self.config)
        service.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

    def store(self, key: str, username: str = USER, secret: str = PASSWORD) -> None:
        """Keep a login, as `docker login` does."""
        entry = json.dumps({"ServerURL": key, "Username": username, "Secret": secret})
        done = self.service.run(self.program, "store", text=entry)
        assert done.returncode == 0, done.stdout

    def erase(self, key: str) -> None:
        """Remove a login, as `docker logout` does."""
        assert self.service.run(self.program, "erase", text=key).returncode == 0

    def write_config(self, **document: object) -> None:
        self.config.mkdir(exist_ok=True)
        (self.config / "config.json").write_text(json.dumps(document))

    def find(self, host: str, *, enter: bool = False) -> list[str]:
        """Tell who one is at a registry, and what went wrong with the helper."""
        more = ["enter"] if enter else []
        done = self.service.run(sys.executable, "-c", FIND, host, "30", *more)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if not line.startswith("KeyringUnavailableError")]


@pytest.fixture(name="folder")
def _folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture(name="passwords")
def _passwords(folder: Path) -> Iterator[Kept]:
    """The password store `pass`, with a key that needs no password."""
    with _password_store(folder, "") as kept:
        yield kept


class _password_store:  # noqa: N801 - a context manager that is used like a function
    def __init__(self, folder: Path, key_password: str) -> None:
        require("docker-credential-pass", "gpg", "pass")
        self._service = SecretService(folder)
        self._key_password = key_password

    def __enter__(self) -> Kept:
        environment = self._service.environment
        keys = self._service.home / "gnupg"
        keys.mkdir(mode=0o700)
        environment["GNUPGHOME"] = str(keys)
        environment["PASSWORD_STORE_DIR"] = str(self._service.home / "passwords")
        run(
            ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", self._key_password,
             "--quick-gen-key", "alice@example.com", "default", "default", "never"],
            environment,
        )  # fmt: skip
        run(["pass", "init", "alice@example.com"], environment)
        return Kept("pass", self._service)

    def __exit__(self, *_: object) -> None:
        run(["gpgconf", "--kill", "all"], self._service.environment)


@pytest.fixture(name="secrets")
def _secrets(folder: Path) -> Iterator[Kept]:
    """The Secret Service."""
    require("dbus-run-session", "gnome-keyring-daemon", "docker-credential-secretservice")
    with SecretService(folder) as service:
        yield Kept("secretservice", service)


@pytest.fixture(params=["passwords", "secrets"])
def kept(request: pytest.FixtureRequest) -> Kept:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Kept)
    return found


def test_a_login_that_a_helper_keeps_is_found_and_is_right(kept: Kept, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    kept.store(host)
    kept.write_config(credsStore=kept.name, auths={host: {}})
    assert kept.find(host, enter=True) == [f"{USER} ({kept.program})", "let in"]
    kept.erase(host)
    assert kept.find(host) == ["nobody"]


def test_the_match_is_exact(kept: Kept) -> None:
    kept.write_config(credsStore=kept.name)
    kept.store(HOST, "of the host")
    for other in ("registry.example.com", "registry.example.com:5001", "example.com:5000"):
        assert kept.find(other) == ["nobody"]
    assert kept.find(HOST) == [f"of the host ({kept.program})"]
    kept.store("https://other.example.com", "of the url")
    assert kept.find("other.example.com") == [f"of the url ({kept.program})"]


def test_docker_hub_has_its_own_key(kept: Kept) -> None:
    kept.write_config(credsStore=kept.name)
    kept.store("https://index.docker.io/v1/", "hubert")
    assert kept.find("docker.io") == [f"hubert ({kept.program})"]


def test_a_helper_of_one_registry_is_for_no_other(kept: Kept) -> None:
    kept.store(HOST)
    kept.write_config(credHelpers={"other.example.com": kept.name})
    assert kept.find(HOST) == ["nobody"]
    kept.write_config(credHelpers={HOST: kept.name})
    assert kept.find(HOST) == [f"{USER} ({kept.program})"]


def test_an_identity_token_is_exchanged(kept: Kept, tokens: TokenRegistry) -> None:
    host = tokens.server.host
    kept.store(host, "<token>", "refresh of alice")
    kept.write_config(credsStore=kept.name)
    assert kept.find(host, enter=True) == [f"identity token ({kept.program})", "let in"]


def test_nothing_is_written_by_looking(kept: Kept) -> None:
    kept.store(HOST)
    kept.write_config(credsStore=kept.name)
    config = kept.config / "config.json"
    before = (config.read_bytes(), config.stat().st_mtime_ns)
    listed = kept.service.run(kept.program, "list").stdout
    kept.find(HOST)
    assert (config.read_bytes(), config.stat().st_mtime_ns) == before
    assert kept.service.run(kept.program, "list").stdout == listed


def test_a_key_that_nobody_unlocks_is_told_and_the_file_is_used(folder: Path) -> None:
    with _password_store(folder, KEY_PASSWORD) as kept:
        kept.store(HOST, "kept")
        run(["gpgconf", "--kill", "all"], kept.service.environment)
        auth = b64encode(f"filed:{PASSWORD}".encode()).decode()
        kept.write_config(credsStore=kept.name, auths={HOST: {"auth": auth}})
        who, problem = kept.find(HOST)
        assert who == "filed (Docker)"
        assert problem.startswith("HelperFailedError|docker-credential-pass ended with the exit status")


def test_a_locked_keyring_whose_helper_says_that_nothing_is_there_is_as_good_as_empty(folder: Path) -> None:
    require("dbus-run-session", "gnome-keyring-daemon", "docker-credential-secretservice")
    with SecretService(folder) as unlocked:
        Kept("secretservice", unlocked).store(HOST, "kept")
    with SecretService(folder, unlocked=False) as locked:
        kept = Kept("secretservice", locked)
        auth = b64encode(f"filed:{PASSWORD}".encode()).decode()
        kept.write_config(credsStore=kept.name, auths={HOST: {"auth": auth}})
        assert kept.find(HOST) == ["filed (Docker)"]
