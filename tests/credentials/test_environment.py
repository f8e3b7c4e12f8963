"""Logins in environment variables."""

from __future__ import annotations

import json
import os
from base64 import b64encode

import pytest

from tui.client.login.auth import BasicAuth, IdentityToken
from tui.client.names import RegistryHost, Repository
from tui.credentials import KnownHost, take_environment

HOST = RegistryHost("registry.example.com")
WORD = "hunter2"


def own(host: str = HOST, username: str = "alice", password: str = WORD) -> dict[str, str]:
    return {"OCITUI_REGISTRY": host, "OCITUI_USERNAME": username, "OCITUI_PASSWORD": password}


def docker(*hosts: str, username: str = "bob") -> dict[str, str]:
    auth = b64encode(f"{username}:{WORD}".encode()).decode()
    return {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {host: {"auth": auth} for host in hosts}})}


def test_a_login_is_for_the_registry_that_is_named_and_for_no_other() -> None:
    logins = take_environment(own())
    login = logins.find(HOST)
    assert login is not None
    assert login.auth == BasicAuth("alice", WORD)
    assert login.label == "alice (environment)"
    for other in ("registry.example.com:5000", "example.com", "docker.io"):
        assert logins.find(RegistryHost(other)) is None
    assert logins.hosts == (KnownHost(HOST, "environment"),)
    assert logins.warnings == ()


@pytest.mark.parametrize("host", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_may_be_named_in_every_way(host: str) -> None:
    logins = take_environment(own(host))
    assert logins.find(RegistryHost("docker.io")) is not None
    assert logins.find(RegistryHost("index.docker.io")) is not None


def test_an_identity_token_is_marked_by_its_user_name() -> None:
    login = take_environment(own(username="<token>")).find(HOST)
    assert login is not None
    assert login.auth == IdentityToken(WORD)


def test_without_variables_there_is_nothing() -> None:
    logins = take_environment({})
    assert logins.hosts == ()
    assert logins.warnings == ()
    assert logins.find(HOST) is None


def test_a_registry_and_a_user_without_a_password_are_no_login_and_no_fault() -> None:
    logins = take_environment(own(password=""))
    assert logins.find(HOST) is None
    assert logins.warnings == ()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (own(host=""), "does not say for which registry"),
        (own(host="not a host"), "names no registry"),
        (own(host=f"https://a:{WORD}@b"), "names no registry"),
        (own(username=""), "the user name is empty"),
        (own(username="a:b"), "colon"),
        (own(password=f"{WORD}\n"), "line end"),
        (own(password=f"{WORD}\udcff"), "cannot be sent"),
        ({"DOCKER_AUTH_CONFIG": WORD}, "not valid JSON"),
        ({"DOCKER_AUTH_CONFIG": f'["{WORD}"]'}, "not a JSON object"),
        ({"DOCKER_AUTH_CONFIG": json.dumps({"auths": {WORD + " ": {}}})}, "names no registry"),
        ({"DOCKER_AUTH_CONFIG": " " * 2_000_000}, "too long"),
    ],
)
def test_what_cannot_be_used_is_told_without_its_content(variables: dict[str, str], words: str) -> None:
    logins = take_environment(dict(variables))
    (warning,) = logins.warnings
    assert words in warning
    assert warning.startswith(("OCITUI_", "DOCKER_AUTH_CONFIG"))
    assert WORD not in warning
    assert logins.find(HOST) is None


def test_dockers_variable_holds_logins_by_registry() -> None:
    logins = take_environment(
        {**docker("a.example.com", "https://index.docker.io/v1/", "b.example.com/team")}
    )
    for host in ("a.example.com", "docker.io"):
        login = logins.find(RegistryHost(host))
        assert login is not None
        assert login.label == "bob (DOCKER_AUTH_CONFIG)"
    assert logins.find(RegistryHost("b.example.com")) is None
    assert logins.find(RegistryHost("b.example.com"), Repository("team/app")) is not None
    assert logins.find(HOST) is None


def test_dockers_variable_names_no_helpers() -> None:
    document = {
        "credsStore": "pass",
        "credHelpers": {"a.example.com": "pass"},
        "auths": {"b.example.com": {}},
    }
    logins = take_environment({"DOCKER_AUTH_CONFIG": json.dumps(document)})
    assert logins.hosts == ()
    assert logins.docker.helper(RegistryHost("a.example.com")) == ""


def test_the_programs_own_variables_come_first() -> None:
    login = take_environment({**own(), **docker(HOST)}).find(HOST)
    assert login is not None
    assert login.username == "alice"


def test_secrets_are_taken_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**own(), **docker(HOST)}.items():
        monkeypatch.setenv(name, value)
    logins = take_environment()
    assert logins.find(HOST) is not None
    assert "OCITUI_PASSWORD" not in os.environ
    assert "DOCKER_AUTH_CONFIG" not in os.environ
    assert os.environ["OCITUI_USERNAME"] == "alice"


def test_nothing_that_is_read_shows_a_secret() -> None:
    logins = take_environment({**own(), **docker("a.example.com")})
    shown = f"{logins!r}{logins.hosts!r}"
    assert WORD not in shown
    assert b64encode(f"bob:{WORD}".encode()).decode() not in shown
