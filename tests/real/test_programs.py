"""What happens where a program is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
