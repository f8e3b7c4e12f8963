from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tui.arguments import Place, parse_place
from tui.client.errors import ManifestNotExistError
from tui.client.names import Image, RegistryHost, Repository, Tag
from tui.config import RegistrySettings, Settings, load_settings
from tui.session import DEMO, WELL_KNOWN, Session
from tui.state import StateError, load_state

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = RegistryHost("registry.example.com")


def origins(session: Session) -> Mapping[str, str]:
    """Return why each registry is in the list, in its order."""
    return {str(place.host): place.origin for place in session.registries()}


def log_in(home: Path, *hosts: str) -> None:
    """Write a file of Docker's logins."""
    folder = home / ".docker"
    folder.mkdir(parents=True)
    auths = {host: {"auth": "YWxpY2U6c2VjcmV0"} for host in hosts}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))


async def test_a_person_who_has_nothing_sees_well_known_registries() -> None:
    assert list(origins(Session(Settings()))) == list(WELL_KNOWN)


async def test_registries_come_from_the_nearest_to_the_furthest_each_once(home: Path) -> None:
    log_in(home, "ghcr.io", "login.example.com")
    Session(Settings()).remember(parse_place("opened.example.com/team/app"))
    saved = {
        RegistryHost("saved.example.com"): RegistrySettings(),
        RegistryHost("quay.io"): RegistrySettings(),
    }
    session = Session(Settings(registries=saved))
    session.add_registry(RegistryHost("127.0.0.1:5000"), DEMO)
    assert list(origins(session).items())[:6] == [
        ("127.0.0.1:5000", "demo"),
        ("saved.example.com", "saved"),
        ("quay.io", "saved"),
        ("opened.example.com", "opened by name"),
        ("ghcr.io", "Docker's logins"),
        ("login.example.com", "Docker's logins"),
    ]
    assert len(origins(session)) == 6 + len(WELL_KNOWN) - 2


async def test_docker_hub_is_one_registry_under_all_its_names(home: Path) -> None:
    log_in(home, "https://index.docker.io/v1/")
    assert origins(Session(Settings()))["docker.io"] == "Docker's logins"
    assert sum("docker.io" in host for host in origins(Session(Settings()))) == 1


async def test_what_is_opened_by_name_is_remembered_the_latest_first() -> None:
    session = Session(Settings())
    for name in ("team/app", "team/other", "team/app"):
        session.remember(Place(HOST, Repository(name)))
    assert session.opened_by_name(HOST) == ("team/app", "team/other")
    assert Session(Settings()).opened_by_name(HOST) == ("team/app", "team/other")


async def test_a_registry_that_is_in_the_list_anyway_is_not_remembered() -> None:
    session = Session(Settings(registries={HOST: RegistrySettings()}))
    session.remember(Place(HOST, Repository("team/app")))
    session.remember(parse_place("ghcr.io/org/app"))
    assert load_state().registries == ()
    assert session.opened_by_name(RegistryHost("ghcr.io")) == ("org/app",)


async def test_nothing_of_the_demo_registry_is_remembered() -> None:
    session = Session(Settings())
    session.add_registry(RegistryHost("127.0.0.1:5000"), DEMO)
    session.remember(parse_place("127.0.0.1:5000/library/debian"))
    assert load_state().repositories == {}
    assert load_state().registries == ()


async def test_what_cannot_be_remembered_is_an_error(home: Path) -> None:
    home.mkdir()
    (home / ".local").write_text("a file is in the way")
    with pytest.raises(StateError, match="cannot be written"):
        Session(Settings()).remember(Place(HOST, Repository("team/app")))


async def test_downloads_go_where_the_settings_say_else_to_the_last_folder_else_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(Settings())
    assert session.download_folder == tmp_path
    session.remember_folder(Path("/srv/last"))
    assert session.download_folder == Path("/srv/last")
    assert Session(Settings()).download_folder == Path("/srv/last")
    assert Session(Settings(download_folder=Path("/srv/set"))).download_folder == Path("/srv/set")


async def test_a_theme_goes_into_the_settings() -> None:
    Session(Settings()).choose_theme("ocitui-light")
    assert load_settings().theme == "ocitui-light"


async def test_who_one_is_at_a_registry_is_told_without_the_secret(home: Path) -> None:
    log_in(home, str(HOST))
    session = Session(Settings())
    assert session.library.login_label(HOST) == "alice (Docker)"
    assert session.library.login_label(RegistryHost("other.example.com")) == ""
    assert "secret" not in repr(session.logins.peek(HOST))


async def test_mirrors_are_asked_under_logins_and_settings_of_their_own(home: Path) -> None:
    log_in(home, str(HOST))
    asked: list[tuple[str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), "Authorization" in request.headers))
        if "Authorization" not in request.headers and request.url.host != "plain.example":
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        return httpx.Response(404)

    plain = RegistryHost("plain.example:5000")
    settings = Settings(
        registries={
            HOST: RegistrySettings(mirrors=("other.example/hub", str(plain))),
            plain: RegistrySettings(insecure_http=True),
        }
    )
    session = Session(settings, transport=httpx.MockTransport(answer))
    image = Image(Repository("app"), Tag("1"))
    with pytest.raises(ManifestNotExistError, match=str(HOST)):
        await session.connections.registry(HOST).get_manifest(image)
    await session.aclose()
    assert asked == [
        (f"https://other.example/v2/hub/app/manifests/1?ns={HOST}", False),
        (f"http://plain.example:5000/v2/app/manifests/1?ns={HOST}", False),
        (f"https://{HOST}/v2/app/manifests/1", False),
        (f"https://{HOST}/v2/app/manifests/1", True),
    ]


async def test_plain_http_is_spoken_only_where_the_person_allowed_it() -> None:
    other = RegistryHost("other.example.com")
    settings = Settings(registries={HOST: RegistrySettings(insecure_http=True)})
    session = Session(settings)
    assert session.connections.speaks_plain_http(HOST)
    assert not session.connections.speaks_plain_http(other)
    session.connections.allow_plain_http(other)
    assert session.connections.speaks_plain_http(other)
