"""Each benchmark runs, with sizes so small that its figures mean nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import distant, downloads, inside, keys, listing, memory
from tests.benchmarks.layers import make_layer
from tests.benchmarks.processes import ROOT, serving
from tests.benchmarks.rows import Bound, Row, compare, percentile, table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what comes late for what a figure is about: the figures mean nothing here."""
    monkeypatch.setattr("tests.benchmarks.terminal.CALM", 0.08)


def named(rows: list[Row]) -> dict[str, Row]:
    found = {row.what: row for row in rows}
    assert len(found) == len(rows)
    assert all(value > 0 for row in rows for value in row.values if row.bound is None)
    assert table(rows).count("\n") == len(rows) + 1
    return found


def test_a_server_that_is_ended_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving("--blobs", "1") as host:
        assert host
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_lists_are_measured() -> None:
    rows = named(listing.measure(rounds=1, counts=(20, 300)))
    assert rows["Enter to the first of 300 tags"].comparison is not None
    assert "s: 300 tags that are there, newest version first" in rows


def test_keys_are_measured() -> None:
    rows = named(keys.measure(rounds=1, keys=2, mebibytes=0))
    assert rows["ocitui, idle, p99"].comparison is not None


def test_a_registry_far_away_is_measured() -> None:
    rows = named(distant.measure(rounds=1, platforms=2, names=250, round_trip=0.001))
    for question in ("index of 2 platforms", "250 tags, all at once", "catalog of 250 repositories"):
        assert f"{question}: ocitui" in rows
    for name in ("skopeo inspect", "crane ls", "regctl tag ls", "oras repo ls"):
        assert any(name in what for what in rows) == (shutil.which(name.split()[0]) is not None)


def test_downloads_are_measured() -> None:
    rows = named(downloads.measure(rounds=1, small=1, large=2))
    assert "2 MiB from sendfile: ocitui" in rows
    for name in ("skopeo", "docker-registry"):
        assert any(name in what for what in rows) == (shutil.which(name) is not None)


def test_what_is_in_a_layer_is_measured() -> None:
    rows = named(inside.measure(rounds=1, files=200, mebibytes=8))
    assert "another file: ocitui, moved" in rows
    for name in ("skopeo copy, tar tz", "crane blob", "dive", "zstd:chunked"):
        program = {"zstd:chunked": "skopeo"}.get(name, name.split()[0])
        assert any(name in what for what in rows) == (shutil.which(program) is not None)


def test_a_layer_is_the_same_every_time_and_has_the_files_that_are_opened(tmp_path: Path) -> None:
    made, again = (make_layer(tmp_path, files=100, mebibytes=4) for _ in range(2))
    assert made == again
    layer = made.image.blobs[made.image.layer["digest"]]
    assert 2 < made.unpacked / layer.stat().st_size < 3.5
    with tarfile.open(layer) as archive:
        assert len(archive.getmembers()) == made.entries
        for sample in made.samples:
            file = archive.extractfile(sample.path)
            assert file is not None
            assert hashlib.sha256(file.read()).hexdigest() == sample.digest


def test_memory_is_measured() -> None:
    rows = named(memory.measure(rounds=1, tags=300))
    assert rows["300 tags over the start"].bound is not None


def test_the_command_prints_a_table_and_writes_it_as_json(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.benchmarks", "start", "--rounds", "1", "--json", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, text=True)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert "| start " in done.stdout
    assert found["machine"]["rounds"] == 1
    figures = {row["what"]: row for row in found["rows"]}
    assert figures["ocitui, first frame"]["ratio"]["beside"] == "bare application"
    assert figures["ocitui, first frame"]["to_reach"] == "≤ 1.25"


def test_ratios_are_those_of_a_round() -> None:
    beside = compare([2.0, 9.0], [1.0, 3.0], "others", Bound(2.5))
    assert beside.ratios == (2.0, 3.0)
    assert Row("b", "w", "s", (2.0, 9.0), beside).reached is True
    assert compare([2.0], [1.0], "others", Bound(1.2, at_least=True), inverse=True).ratios == (0.5,)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(1, 101)], percent) == expected
