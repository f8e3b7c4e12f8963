"""A short run of the fuzzer, and what longer ones found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.__main__ import main
from tests.fuzz.engine import Report, has_atheris, run_changed, run_guided
from tests.fuzz.findings import FINDINGS
from tests.fuzz.oracle import check, close_loop
from tests.fuzz.targets import TARGETS, Target
from tui.client.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXECUTIONS = 150
"""Inputs of each target; enough to see that it runs, and most of what is careless."""


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    yield
    close_loop()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_what_is_made_of_them_break_no_rule(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        check(target.run, seed)
    report = run_changed(target, 60, seed=0, most=EXECUTIONS)
    assert report == Report(name, EXECUTIONS, ())


@pytest.mark.parametrize(("name", "data"), FINDINGS)
def test_what_once_broke_a_rule_breaks_it_no_more(name: str, data: bytes) -> None:
    check(TARGETS[name].run, data)


def test_what_escapes_is_found_with_its_input() -> None:
    def read(data: bytes) -> None:
        if b"!" in data:
            raise KeyError("unexpected")

    report = run_changed(Target("x", read, (b"a",), (b"!",)), 60, seed=0)
    ((data, reason),) = report.findings
    assert b"!" in data
    assert reason == "KeyError: 'unexpected'"


def test_an_error_that_says_what_it_must_not_is_found() -> None:
    def read(_data: bytes) -> None:
        error = RegistryError("fine")
        error.message = "\x1b[2J"
        raise error

    with pytest.raises(AssertionError):
        check(read, b"")


@pytest.mark.skipif(not has_atheris(), reason="needs the extra `fuzz`")
def test_atheris_runs_a_target_and_counts() -> None:
    report = run_guided(TARGETS["retries"], 2, None)
    assert report.findings == ()
    assert report.executions > 0
    assert report.coverage > 0


def test_a_target_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["nothing"])
    assert caught.value.code == 2
    assert "there is no target nothing" in capsys.readouterr().err


def test_the_command_tells_figures_and_findings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_data: bytes) -> None:
        raise KeyError("unexpected")

    monkeypatch.setattr(command, "has_atheris", lambda: False)
    monkeypatch.setattr(command, "TARGETS", {"x": Target("x", read, (b"a",))})
    assert main(["x", "--seconds", "1"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[1] == "x: 1 executions, 1 findings"
    assert told[2].strip() == "KeyError: 'unexpected'"
    assert told[-1] == "1 executions, 1 findings"
