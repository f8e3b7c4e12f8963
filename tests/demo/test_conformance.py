"""The demo registry is a true one, by the specification's own measure."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.demo.conformance import run_suite
from tests.real.programs import require

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = 1000
"""At least so many are made; fewer would mean that the suite did not get far."""


@pytest.mark.parametrize("login", [False, True])
def test_the_demo_registry_passes_the_conformance_suite(tmp_path: Path, *, login: bool) -> None:
    require("conformance")
    program = shutil.which("conformance")
    assert program is not None
    result = run_suite(program, tmp_path, login=login)
    assert (result.figures["FAIL"], result.figures["Error"]) == (0, 0), result.report
    assert result.figures["Pass"] >= CHECKS
    assert result.status == 0
