"""What happens where a program is missing."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.real.go_programs import GO_PROGRAMS, SOURCES, GoProgram, build
from tests.real.programs import require

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("ci", [None, "", "false", "0"])
def test_a_test_is_skipped_with_what_to_install(monkeypatch: pytest.MonkeyPatch, ci: str | None) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match=r"apt-get install .* apache2-utils skopeo"):
        require("skopeo", "htpasswd")


@pytest.mark.parametrize("ci", ["true", "1"])
def test_under_ci_nothing_is_skipped(monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match=r"apt-get install .* skopeo"):
        require("skopeo")


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_go_the_tests_of_its_programs_are_skipped(monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match=r"go_programs FOLDER builds crane distribution with Go"):
        require("distribution", "crane")


def test_under_ci_nothing_is_skipped_that_go_can_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "go").touch(mode=0o755)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"go_programs FOLDER builds crane with Go"):
        require("crane")


def test_under_ci_a_debian_package_is_missed_beside_a_program_in_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"apt-get install .* skopeo; .* builds crane"):
        require("crane", "skopeo")


FAKE_GO = """\
#!/bin/sh
echo "$@" >>"{log}"
{before}
case "$1" in
    version) echo "go version {version}" ;;
    install) echo "$2" >"$GOBIN/program" ;;
    build) echo "$6" >"$5/program" ;;
esac
"""


class FakeGo:
    """A `go` on PATH that writes down what it is told, and makes a file for each program."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "go"
        self._log = folder / "go.log"
        self.become("go1.26.0")

    def become(self, version: str, *, broken: bool = False) -> None:
        before = "[ $1 = version ] || exit 1" if broken else ""
        script = FAKE_GO.format(log=self._log, version=version, before=before)
        self._program.write_text(script, encoding="utf-8")
        self._program.chmod(0o755)

    def builds(self) -> list[str]:
        """What it was told to build since it was last asked."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        self._log.unlink()
        return [line.split()[-1].partition("@")[0] for line in lines if line != "version"]


@pytest.fixture
def go(tmp_path: Path) -> FakeGo:
    return FakeGo(tmp_path)


PACKAGES_IN_GO = [program.package for program in GO_PROGRAMS.values()]


def test_programs_in_go_are_built_once(go: FakeGo, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert build(folder) == list(GO_PROGRAMS)
    assert go.builds() == PACKAGES_IN_GO
    for name, program in GO_PROGRAMS.items():
        assert (folder / name).read_text(encoding="utf-8").startswith(program.package)
    assert build(folder) == []
    assert go.builds() == []


def test_a_program_in_go_is_built_again_when_it_is_another_one(
    go: FakeGo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    build(folder)
    go.builds()
    (folder / "crane").unlink()
    monkeypatch.setitem(GO_PROGRAMS, "conformance", GoProgram("example.com/conformance", "v9.9.9"))
    assert build(folder) == ["conformance", "crane"]
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES, sources)
    with (sources / "ocimem" / "main.go").open("a", encoding="utf-8") as file:
        file.write("// another one\n")
    monkeypatch.setattr("tests.real.go_programs.SOURCES", sources)
    assert build(folder) == ["ocimem"]


def test_another_toolchain_builds_everything_again(go: FakeGo, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    build(folder)
    go.become("go1.27.0")
    assert build(folder) == list(GO_PROGRAMS)


def test_a_build_that_fails_leaves_what_was_there(go: FakeGo, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    build(folder)
    there = {path.name for path in folder.iterdir()}
    go.become("go1.27.0", broken=True)
    with pytest.raises(subprocess.CalledProcessError):
        build(folder)
    assert {path.name for path in folder.iterdir()} == there
    go.become("go1.26.0")
    assert build(folder) == []
