"""Settings: read strictly, written with everything else left as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui import config
from tui.client.names import RegistryHost
from tui.config import (
    RegistrySettings,
    Settings,
    SettingsError,
    forget_registry,
    load_settings,
    save_download_folder,
    save_registry,
    save_theme,
    settings_path,
)

HUB = RegistryHost("docker.io")
LOCAL = RegistryHost("127.0.0.1:5000")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_a_file_that_is_not_there_gives_the_defaults(path: Path) -> None:
    settings = load_settings(path)
    assert settings == Settings()
    assert settings.theme is None
    assert settings.download_folder is None
    assert settings.registry(HUB) == RegistrySettings(insecure_http=False, ca_file=None)


def test_everything_in_the_file_is_read(path: Path) -> None:
    path.write_text(
        'theme = "nord"\ndownload_folder = "/srv/images"\n'
        '[registries."registry.example.com:5000"]\ninsecure_http = true\n'
        '[registries."https://index.docker.io/v1/"]\nca_file = "/etc/ca.pem"\n'
        '[registries.localhost]\n[keys]\n"browser.reload" = "f5"\n'
    )
    settings = load_settings(path)
    assert settings.theme == "nord"
    assert settings.download_folder == Path("/srv/images")
    assert list(settings.registries) == ["registry.example.com:5000", "docker.io", "localhost"]
    assert settings.registry(RegistryHost("registry.example.com:5000")) == RegistrySettings(
        insecure_http=True
    )
    assert settings.registry(RegistryHost("registry-1.docker.io")).ca_file == Path("/etc/ca.pem")
    assert settings.keys == {"browser.reload": "f5"}


def test_paths_start_at_home_or_at_the_settings(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setenv("USERPROFILE", "/home/alice")
    path.write_text('download_folder = "~/Downloads"\n[registries.localhost]\nca_file = "ca.pem"\n')
    settings = load_settings(path)
    assert settings.download_folder == Path("/home/alice/Downloads")
    assert settings.registry(RegistryHost("localhost")).ca_file == path.parent / "ca.pem"


def test_a_client_certificate_is_read_and_written_with_its_key(path: Path) -> None:
    path.write_text(
        '[registries.one]\nclient_certificate = "me.crt"\nclient_key = "/keys/me.key"\n'
        '[registries.two]\nclient_certificate = "both.pem"\n'
    )
    settings = load_settings(path)
    one = settings.registry(RegistryHost("one"))
    assert (one.client_certificate, one.client_key) == (path.parent / "me.crt", Path("/keys/me.key"))
    assert settings.registry(RegistryHost("two")).client_key is None
    save_registry(RegistryHost("three"), one, path)
    assert load_settings(path).registry(RegistryHost("three")) == one


def test_mirrors_are_read_and_written_in_their_order(path: Path) -> None:
    path.write_text('[registries."docker.io"]\nmirrors = ["b.example:5000", "http://a.example/hub"] # mine\n')
    hub = load_settings(path).registry(HUB)
    assert hub.mirrors == ("b.example:5000", "http://a.example/hub")
    save_registry(HUB, hub, path)
    save_registry(RegistryHost("other"), hub, path)
    settings = load_settings(path)
    assert settings.registry(RegistryHost("other")) == settings.registry(HUB) == hub
    save_registry(RegistryHost("other"), RegistrySettings(), path)
    assert load_settings(path).registry(RegistryHost("other")).mirrors == ()


def test_the_environment_names_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCITUI_CONFIG", str(path))
    assert settings_path() == path
    path.write_text('theme = "nord"\n')
    assert load_settings().theme == "nord"
    save_theme("gruvbox")
    assert path.read_text() == 'theme = "gruvbox"\n'
    monkeypatch.delenv("OCITUI_CONFIG")
    assert settings_path().parts[-2:] == ("ocitui", "settings.toml")


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("theme = 5", 1, "theme", "text between quotation marks"),
        ('theme = ""', 1, "theme", "not empty"),
        ("\n\ntheme = [\n1,\n2,\n]\n", 3, "theme", "text"),
        ('# mine\nthme = "nord"', 2, "thme", "did you mean theme?"),
        ("registries = 1", 1, "registries", "a table"),
        ("[registries]\nlocalhost = 1", 2, "registries.localhost", "a table"),
        ('[registries."a b"]', 1, "registries.'a b'", "no registry's host"),
        ("[registries.localhost]\n[registries.LOCALHOST]", 2, "registries.LOCALHOST", "twice"),
        (
            "[registries.localhost]\n\ninsecure_http = 1",
            3,
            "registries.localhost.insecure_http",
            "true or false",
        ),
        ("[registries.localhost]\nca_file = false", 2, "registries.localhost.ca_file", "text"),
        ('[registries.localhost]\nca_file = "\\u0000"', 2, "registries.localhost.ca_file", "NUL"),
        ("[registries.x]\nclient_certificate = 1", 2, "registries.x.client_certificate", "text"),
        ('[registries.x]\nclient_key = "a"', 2, "registries.x.client_key", "client_certificate beside it"),
        ('[registries.x]\nmirrors = "m.example"', 2, "registries.x.mirrors", "a list"),
        ("[registries.x]\nmirrors = [1]", 2, "registries.x.mirrors", "text"),
        ('[registries.x]\nmirrors = [\n"ok.example",\n"ftp://m"]', 2, "registries.x.mirrors", "no mirror"),
        ('[keys]\na = """\n\n"""\nb = 1', 2, "keys.a", "not empty"),
        ('[keys]\na = """\nx\n"""\n[registries.x]\ny = """\n"""\n', 6, "registries.x.y", "no such key"),
        ("theme = ", 1, "", "not valid TOML"),
        ('theme = "a"\n\ntheme = "b"\n\n', 3, "", "not valid TOML"),
        ('theme = "a"\n= 3\n', 2, "", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(
    path: Path, text: str, line: int, key: str, words: str
) -> None:
    path.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(path)
    assert caught.value.path == path
    assert (caught.value.line, caught.value.key) == (line, key)
    assert str(caught.value).startswith(f"{path}, line {line}{', ' if key else ''}{key}: ")


def test_the_line_is_found_in_a_long_file(path: Path) -> None:
    lines = [f'[registries."host{number}.example.com"]\ninsecure_http = true\n' for number in range(2000)]
    lines[1234] = '[registries."host1234.example.com"]\ninsecure_http = "true"\n'
    path.write_text("".join(lines))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert caught.value.line == 2 * 1234 + 2


def test_a_value_is_never_repeated(path: Path) -> None:
    for text in (
        '[registries.localhost]\npassword = "hunter2"\n',
        'theme = ["hunter2"]\n',
        '[registries.localhost]\nca_file = {a = "hunter2"}\n',
    ):
        path.write_text(text)
        with pytest.raises(SettingsError) as caught:
            load_settings(path)
        assert "hunter2" not in repr(caught.value)


def test_escape_sequences_of_a_key_are_shown_and_not_sent(path: Path) -> None:
    path.write_text('"\\u001b[2J" = 1\n')
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(caught.value).isprintable()


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    path.write_bytes(b'theme = "a"\n# \xff\n')
    with pytest.raises(SettingsError, match=r"line 2: it is not text in UTF-8"):
        load_settings(path)
    path.write_bytes(b"#" * (config.MAX_SETTINGS + 1))
    with pytest.raises(SettingsError, match="larger than 1 MiB"):
        load_settings(path)
    path.write_bytes(b"a = " + b"[" * 100_000)
    with pytest.raises(SettingsError, match=r"nested too deeply|not valid TOML"):
        load_settings(path)
    with pytest.raises(SettingsError, match="folder"):
        load_settings(path.parent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name exist on POSIX")
def test_a_pipe_in_the_place_of_the_file_keeps_nobody_waiting(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(SettingsError, match="no regular file"):
        load_settings(path)


def test_a_byte_order_mark_is_no_mistake(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbftheme = "nord"\n')
    assert load_settings(path).theme == "nord"


COMMENTED = """\
# my settings
theme = "nord"   # at night

[registries."Index.docker.io"]
# behind the proxy
ca_file = 'old.pem'

[keys]
"browser.reload" = "f5"
"""


def test_writing_changes_one_thing_and_keeps_comments_order_and_layout(path: Path) -> None:
    path.write_text(COMMENTED)
    save_theme("gruvbox", path)
    assert path.read_text() == COMMENTED.replace("nord", "gruvbox")
    save_registry(HUB, RegistrySettings(ca_file=Path("/new.pem")), path)
    assert path.read_text() == COMMENTED.replace("nord", "gruvbox").replace("'old.pem'", '"/new.pem"')
    save_download_folder(Path("/srv"), path)
    settings = load_settings(path)
    assert settings.download_folder == Path("/srv")
    assert settings.theme == "gruvbox"
    assert settings.keys == {"browser.reload": "f5"}


def test_a_registry_is_added_and_forgotten(path: Path) -> None:
    path.write_text(COMMENTED)
    save_registry(LOCAL, RegistrySettings(insecure_http=True), path)
    assert '\n\n[registries."127.0.0.1:5000"]\ninsecure_http = true\n\n[keys]\n' in path.read_text()
    assert list(load_settings(path).registries) == [HUB, LOCAL]
    save_registry(LOCAL, RegistrySettings(), path)
    assert load_settings(path).registries[LOCAL] == RegistrySettings()
    forget_registry(HUB, path)
    forget_registry(HUB, path)
    assert list(load_settings(path).registries) == [LOCAL]


def test_a_new_file_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "settings.toml"
    save_registry(LOCAL, RegistrySettings(insecure_http=True), path)
    save_theme("nord", path)
    assert load_settings(path) == Settings(
        theme="nord", registries={LOCAL: RegistrySettings(insecure_http=True)}
    )
    save_theme(None, path)
    assert load_settings(path).theme is None
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_a_broken_file_is_not_written_over(path: Path) -> None:
    path.write_text("theme = ")
    with pytest.raises(SettingsError):
        save_theme("nord", path)
    assert path.read_text() == "theme = "


def test_nothing_is_written_that_could_not_be_read_again(path: Path) -> None:
    path.write_text(COMMENTED)
    with pytest.raises(SettingsError, match="not empty"):
        save_theme(" ", path)
    assert path.read_text() == COMMENTED


def test_a_link_and_a_mode_survive(tmp_path: Path, path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(COMMENTED)
    real.chmod(0o640)
    path.symlink_to(real)
    save_theme("gruvbox", path)
    assert path.is_symlink()
    assert load_settings(real).theme == "gruvbox"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_folder_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        save_theme("nord", blocked / "settings.toml")

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path), len(data))

    monkeypatch.setattr(config, "write_whole_file", refuse)
    with pytest.raises(SettingsError, match="permission denied") as caught:
        save_theme("nord", tmp_path / "settings.toml")
    assert str(caught.value).startswith(f"{tmp_path / 'settings.toml'}: ")


def test_reading_needs_neither_tomlkit_nor_httpx(path: Path) -> None:
    path.write_text(COMMENTED)
    script = (
        "import sys, tui.config, pathlib\n"
        f"tui.config.load_settings(pathlib.Path({str(path)!r}))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'httpx', 'textual', 'tomlkit'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
