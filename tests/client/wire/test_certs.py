from __future__ import annotations

from pathlib import Path

import pytest

from tui.client.errors import CertificateError
from tui.client.names import RegistryHost
from tui.client.wire.certs import SYSTEM_FOLDERS, CertsFolders, certs_folders
from tui.client.wire.tls import NO_TLS, KeyPair, Tls

HOST = RegistryHost("reg.example:5000")


def fill(folder: Path, *names: str) -> Path:
    """Make the folder of the host in a folder of certificates."""
    place = folder / HOST
    place.mkdir(parents=True)
    for name in names:
        (place / name).write_text(name)
    return place


def test_authorities_and_pairs_are_found_by_host_and_port(tmp_path: Path) -> None:
    place = fill(tmp_path, "b.crt", "a.crt", "me.cert", "me.key", "notes.txt")
    folders = CertsFolders((tmp_path,))
    assert folders.tls(HOST) == Tls(
        (place / "a.crt", place / "b.crt"), (KeyPair(place / "me.cert", place / "me.key"),)
    )
    assert folders.tls(RegistryHost("reg.example")) == NO_TLS
    assert folders.tls(RegistryHost("reg.example:443")) == NO_TLS


def test_the_first_folder_that_knows_the_host_counts(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    first = fill(tmp_path / "first", "a.crt")
    fill(tmp_path / "second", "b.crt", "me.cert", "me.key")
    folders = CertsFolders((tmp_path / "absent", tmp_path / "none", tmp_path / "first", tmp_path / "second"))
    assert folders.tls(HOST) == Tls((first / "a.crt",))


def test_a_folder_of_a_host_that_is_empty_counts_too(tmp_path: Path) -> None:
    fill(tmp_path / "first")
    fill(tmp_path / "second", "b.crt")
    assert CertsFolders((tmp_path / "first", tmp_path / "second")).tls(HOST) == NO_TLS


@pytest.mark.parametrize("error", [PermissionError(13, "no"), NotADirectoryError(20, "no")])
def test_a_folder_that_one_may_not_look_into_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    fill(tmp_path / "closed", "a.crt")
    place = fill(tmp_path / "open", "b.crt")
    iterdir = Path.iterdir

    def look(path: Path) -> object:
        if "closed" in path.parts:
            raise error
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", look)
    assert CertsFolders((tmp_path / "closed", tmp_path / "open")).tls(HOST) == Tls((place / "b.crt",))


@pytest.mark.parametrize(("name", "other"), [("me.cert", "me.key"), ("me.key", "me.cert")])
def test_a_certificate_without_its_key_is_told_and_so_is_a_key_without_its_certificate(
    tmp_path: Path, name: str, other: str
) -> None:
    fill(tmp_path, name, "other.crt")
    with pytest.raises(CertificateError, match=r"me\.") as caught:
        CertsFolders((tmp_path,)).tls(HOST)
    assert str(HOST) in str(caught.value)
    assert other in caught.value.remedy


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.crt")

    def fail(_: Path) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(CertificateError, match="cannot be read"):
        CertsFolders((tmp_path,)).tls(HOST)


def test_ones_own_folders_come_before_those_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/alice")
    assert certs_folders() == (
        Path("/home/alice/.config/containers/certs.d"),
        Path("/home/alice/.docker/certs.d"),
        *SYSTEM_FOLDERS,
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", "/configuration")
    monkeypatch.setenv("DOCKER_CONFIG", "/docker")
    assert certs_folders() == (
        Path("/configuration/containers/certs.d"),
        Path("/docker/certs.d"),
        *SYSTEM_FOLDERS,
    )


def test_a_home_that_nobody_knows_leaves_the_folders_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def nowhere() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nowhere)
    assert certs_folders() == SYSTEM_FOLDERS
