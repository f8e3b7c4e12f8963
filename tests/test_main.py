from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ui import LIMIT
from tui import __main__ as command
from tui import __version__
from tui.arguments import Arguments, ExitCode, Place, parse_place
from tui.client.names import RegistryHost, Repository, Tag
from tui.config import Settings, settings_path
from tui.session import DEMO, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.app import OcituiApp
    from tui.demo import DemoServer

HEAVY = {"httpx", "textual", "rich", "starlette", "uvicorn", "truststore", "tomlkit", "keyring"}


class FakeTerminal(io.StringIO):
    """What a terminal looks like to those who only ask whether it is one."""

    def isatty(self) -> bool:
        return True


def in_a_terminal(*arguments: str) -> int:
    """Run the command as if there were a terminal, and return how it ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", FakeTerminal())
        patch.setattr(sys, "stdout", FakeTerminal())
        return command.main(arguments)


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch) -> list[OcituiApp]:
    """Keep the applications that would be run, and run none."""
    found: list[OcituiApp] = []

    def keep(app: OcituiApp) -> None:
        found.append(app)

    monkeypatch.setattr("tui.app.OcituiApp.run", keep)
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal, in a process of its own."""
    line = [sys.executable, "-m", "tui", *arguments]
    return subprocess.run(
        line, capture_output=True, text=True, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL
    )


def loaded_by(*arguments: str) -> set[str]:
    """Return the heavy packages that a fresh process has loaded when the command ends."""
    program = (
        "import json, sys\nfrom tui.__main__ import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=LIMIT
    )
    return HEAVY & set(json.loads(done.stderr.splitlines()[-1]))


def test_without_a_terminal_the_browser_says_so_and_refuses() -> None:
    done = run()
    assert done.returncode == 2
    assert done.stderr == "ocitui: this is a program for a terminal, and here is none\n"
    assert done.stdout == ""


@pytest.mark.parametrize(("option", "said"), [("--version", __version__), ("--help", "PLACE")])
def test_version_and_help_answer_without_a_terminal_and_load_nothing_heavy(option: str, said: str) -> None:
    done = run(option)
    assert done.returncode == 0
    assert said in done.stdout
    assert done.stderr == ""
    assert loaded_by(option) == set()


def test_wrong_arguments_are_complained_of_at_once() -> None:
    done = run("--no-such-option")
    assert done.returncode == ExitCode.USAGE
    assert "--no-such-option" in done.stderr
    assert loaded_by("Not A Place") == set()


@pytest.mark.parametrize("text", ["theme = ", "thema = 'x'", "theme = 7", "[keys]\nx = 1"])
def test_broken_settings_are_told_in_a_sentence(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(text)
    assert in_a_terminal() == 1
    said = capsys.readouterr().err
    assert said.startswith("ocitui: ")
    assert "settings.toml, line " in said
    assert said.count("\n") == 1


def test_settings_that_cannot_be_read_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    settings_path().mkdir(parents=True)
    assert in_a_terminal() == ExitCode.REFUSED
    assert "settings.toml: it is a folder" in capsys.readouterr().err


def test_an_interrupt_ends_with_the_status_that_shells_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_app: OcituiApp) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.app.OcituiApp.run", interrupt)
    assert in_a_terminal() == 130


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ([], None),
        (["registry.example.com"], Place(RegistryHost("registry.example.com"))),
        (["alpine"], Place(RegistryHost("docker.io"), Repository("library/alpine"))),
        (
            ["localhost:5000/team/app:1"],
            Place(RegistryHost("localhost:5000"), Repository("team/app"), Tag("1")),
        ),
    ],
)
async def test_what_the_command_line_names_is_what_is_opened(
    apps: list[OcituiApp], arguments: Sequence[str], place: Place | None
) -> None:
    assert in_a_terminal(*arguments) == ExitCode.FINE
    (app,) = apps
    assert await app._opening() == place
    await app.session.aclose()


async def test_plain_http_is_allowed_for_the_named_host_alone(apps: list[OcituiApp]) -> None:
    in_a_terminal("--insecure-http", "registry.example.com/team/app")
    (app,) = apps
    await app._opening()
    connections = app.session.connections
    assert connections.speaks_plain_http(RegistryHost("registry.example.com"))
    assert not connections.speaks_plain_http(RegistryHost("other.example.com"))
    await app.session.aclose()


async def test_settings_and_themes_reach_the_application(apps: list[OcituiApp]) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text('theme = "ocitui-light"\n[registries."a.example.com"]\n')
    in_a_terminal()
    (app,) = apps
    assert app.theme == "ocitui-light"
    assert app.session.registries()[0].host == "a.example.com"
    await app.session.aclose()


async def test_the_demo_registry_is_started_aside_and_stands_at_the_top() -> None:
    session = Session(Settings())
    servers: list[DemoServer] = []
    try:
        place = await command._open_demo(session, Place(None, Repository("library/debian")), servers)()
        (server,) = servers
        assert place == Place(RegistryHost(server.host), Repository("library/debian"))
        assert session.registries()[0].host == server.host
        assert session.registries()[0].origin == DEMO
    finally:
        for server in servers:
            server.stop()


def test_the_client_is_loaded_before_it_is_needed() -> None:
    program = (
        "import asyncio, sys\nfrom tui.__main__ import _open_place\nfrom tui.arguments import Arguments\n"
        "from tui.config import Settings\nfrom tui.session import Session\n"
        "start = _open_place(Session(Settings()), Arguments())\n"
        "assert 'httpx' not in sys.modules\nasyncio.run(start())\nassert 'httpx' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LIMIT, env=dict(os.environ))


async def test_a_place_of_the_command_line_is_a_place_of_the_dialog() -> None:
    place = parse_place("ghcr.io/org/app:1")
    session = Session(Settings())
    assert await command._open_place(session, Arguments(place=place))() == place
    await session.aclose()
