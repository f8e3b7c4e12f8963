"""How fast a layer shows what is in it, what is moved for that, and the memory it takes, beside others."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.contents import Image
from tests.benchmarks.layers import make_layer, write_image
from tests.benchmarks.processes import MEBIBYTE, environment, run, serving
from tests.benchmarks.rows import Bound, Row, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.layers import Made, Sample
    from tests.benchmarks.processes import Run

__all__ = ["measure"]

FASTER: Final = Bound(3.0, at_least=True)
"""How many times as fast the whole list is there."""

ARRIVED: Final = Bound(1.0)
"""Percent of the layer that may have come before the first rows show."""

LISTING: Final = Bound(150.0)
"""MB of memory at most for a list of 60,000 entries."""

BUILDING: Final = Bound(400.0)
"""MB of memory at most while restart points are built."""

ANOTHER: Final = Bound(5.0)
"""MB that may be moved for a file once there are restart points."""

NOTHING: Final = Bound(0.0)
"""MB that may be moved for a list that is known from an earlier run."""

TABLE: Final = Bound(2.0)
"""Percent of a layer that its table of contents may take."""

MEGABYTE: Final = 1_000_000

LEVEL: Final = "1"
"""How hard skopeo packs a layer of zstd:chunked: by itself it takes three times as long, for a tenth less."""

SLOW: Final = 900.0
"""Seconds after which skopeo is stuck while it packs."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A server that has the layer, and where files go."""

    host: str
    folder: Path
    surroundings: Mapping[str, str]
    made: Made

    @property
    def copied(self) -> Path:
        """Where other programs copy to: a file or a folder."""
        return self.folder / "copied"

    def others(self) -> dict[str, list[str]]:
        """Return the commands that list the layer, of the programs that are on PATH."""
        layer = self.made.image.layer["digest"]
        name = f"{self.host}/made/0"
        skopeo = f"skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://{name}:latest"
        hexadecimal = layer.partition(":")[2]
        commands = {
            "crane export | tar t": f"crane export --insecure {name}:latest - | tar t",
            "crane blob | tar tz": f"crane blob --insecure {name}@{layer} | tar tz",
            "skopeo copy, tar tz": f"{skopeo} dir:{self.copied} && tar tzf {self.copied}/{hexadecimal}",
            "skopeo copy, dive": (
                f"{skopeo} docker-archive:{self.copied}"
                f" && dive --ci --lowestEfficiency 0 --source docker-archive {self.copied}"
            ),
        }
        return {
            what: ["bash", "-o", "pipefail", "-c", command]
            for what, command in commands.items()
            if all(shutil.which(program) for program in ("crane", "skopeo", "dive") if program in what)
        }

    def run_other(self, what: str, command: Sequence[str]) -> Run:
        """Let another program list the layer, and look whether it has listed all of it."""
        try:
            once = run(command, self.surroundings)
        finally:
            if self.copied.is_dir():
                shutil.rmtree(self.copied)
            self.copied.unlink(missing_ok=True)
        if "tar t" in what and once.output.count("\n") != self.made.entries:
            raise RuntimeError(f"{what} does not list {self.made.entries} entries")
        return once

    def inspect(
        self, samples: Sequence[Sample] = (), *, image: int = 0, store: Path | None = None
    ) -> tuple[dict[str, Any], Run]:
        """List a layer as the program does, and open files, in a process of its own.

        Args:
            samples: What is opened.
            image: Which image of the server's.
            store: Where listings and restart points are kept.
        """
        command = [sys.executable, "-m", "tests.benchmarks.inspector"]
        command += ["--store", str(store)] if store is not None else []
        command += [f"http://{self.host}", f"made/{image}", *(sample.path for sample in samples)]
        once = run(command, self.surroundings)
        found: dict[str, Any] = json.loads(once.output)
        contents = [opened["digest"] for opened in found["opened"]]
        if found["entries"] != self.made.entries or contents != [sample.digest for sample in samples]:
            raise RuntimeError("the layer that was listed is another one than was made")
        return found, once


def measure(*, rounds: int, files: int = 60_000, mebibytes: int = 1_400) -> list[Row]:
    """Measure the list of a large layer of gzip, files out of it, and the same of a layer of zstd:chunked.

    What is no program on PATH is left out, and zstd:chunked without skopeo, which makes it. The time of the
    program itself begins when the person wants to see the layer; that of the others begins with their start.

    Args:
        rounds: How often everything is measured.
        files: How many files the layer has.
        mebibytes: Bytes of them, unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as name, ExitStack() as stack:
        folder = Path(name)
        surroundings = environment(folder)
        plain, chunked = folder / "plain", folder / "chunked"
        for each in (plain, chunked):
            each.mkdir()
        made = make_layer(plain, files=files, mebibytes=mebibytes)
        write_image(made.image, plain)
        folders = [plain]
        if shutil.which("skopeo") is not None:
            with serving("--made", str(plain)) as host:
                write_image(_chunked(host, folder, surroundings), chunked)
            folders.append(chunked)
        host = stack.enter_context(serving("--made", *map(str, folders)))
        bench = Bench(host, folder, surroundings, made)
        rows = _list(bench, rounds) + _files(bench, rounds)
        return rows + (_table(bench, rounds) if len(folders) > 1 else [])


def _list(bench: Bench, rounds: int) -> list[Row]:
    others = bench.others()
    found: dict[str, list[float]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        one, once = bench.inspect()
        found["first"].append(one["first"] * 1000)
        found["arrived"].append(100 * one["arrived"] / one["size"])
        found["whole"].append(one["whole"])
        found["run"].append(once.seconds)
        found["peak"].append(_megabytes(once))
        for what, command in others.items():
            times[what].append(bench.run_other(what, command).seconds)
    made, whole = bench.made, found["whole"]
    size = made.image.layer["size"] / MEGABYTE
    what = f"{size:.0f} MB of gzip, {made.entries:,} entries"
    return [
        _row(f"{what}: ocitui, first rows", "ms", found["first"]),
        _row(f"{what}: ocitui, arrived by the first rows", "%", found["arrived"], ARRIVED),
        _row(f"{what}: ocitui, whole list", "s", whole),
        _row(f"{what}: ocitui, with the start of Python and of the client", "s", found["run"]),
        *(
            Row("contents", f"{what}: {name}", "s", tuple(values), compare(values, whole, "ocitui", FASTER))
            for name, values in times.items()
        ),
        _row(f"{what}: ocitui, peak memory", "MB", found["peak"], LISTING),
    ]


def _files(bench: Bench, rounds: int) -> list[Row]:
    """Measure files that are opened: the first, another, and others in a later run."""
    found: dict[str, list[float]] = defaultdict(list)
    first, another, later = bench.made.samples
    for number in range(rounds):
        store = bench.folder / f"store-{number}"
        one, once = bench.inspect([first, another], store=store)
        found["building"].append(_megabytes(once))
        again, once = bench.inspect([later], store=store)
        found["again"].append(again["whole"] * 1000)
        found["again, moved"].append(again["moved"] / MEGABYTE)
        found["again, peak"].append(_megabytes(once))
        for name, opened in zip(("first", "another", "later"), one["opened"] + again["opened"], strict=True):
            found[name].append(opened["seconds"] * 1000)
            found[f"{name}, moved"].append(opened["moved"] / MEGABYTE)
        shutil.rmtree(store)
    return [
        _row("the first file: ocitui", "ms", found["first"]),
        _row("the first file: ocitui, moved", "MB", found["first, moved"]),
        _row("list and files: ocitui, peak memory of its largest process", "MB", found["building"], BUILDING),
        _row("another file: ocitui", "ms", found["another"]),
        _row("another file: ocitui, moved", "MB", found["another, moved"], ANOTHER),
        _row("the list in a later run: ocitui", "ms", found["again"]),
        _row("the list in a later run: ocitui, moved", "MB", found["again, moved"], NOTHING),
        _row("a file in a later run: ocitui", "ms", found["later"]),
        _row("a file in a later run: ocitui, moved", "MB", found["later, moved"], ANOTHER),
        _row("list and file in a later run: ocitui, peak memory", "MB", found["again, peak"], LISTING),
    ]


def _table(bench: Bench, rounds: int) -> list[Row]:
    """Measure a layer that has a table of contents."""
    found: dict[str, list[float]] = defaultdict(list)
    sample = bench.made.samples[0]
    for _ in range(rounds):
        one, once = bench.inspect([sample], image=1)
        if one["format"] != "zstd:chunked":
            raise RuntimeError(f"the layer is taken for one of {one['format']}")
        (opened,) = one["opened"]
        found["list"].append(one["whole"] * 1000)
        found["moved"].append(one["moved"] / MEGABYTE)
        found["share"].append(100 * one["moved"] / one["size"])
        found["peak"].append(_megabytes(once))
        found["file"].append(opened["seconds"] * 1000)
        found["file, moved"].append(opened["moved"] / MEGABYTE)
    what = f"{one['size'] / MEGABYTE:.0f} MB of zstd:chunked, {bench.made.entries:,} entries"
    return [
        _row(f"{what}: ocitui, whole list", "ms", found["list"]),
        _row(f"{what}: ocitui, moved for it", "MB", found["moved"]),
        _row(f"{what}: ocitui, moved of the layer", "%", found["share"], TABLE),
        _row(f"{what}: ocitui, peak memory", "MB", found["peak"], LISTING),
        _row(f"{what}: ocitui, a file", "ms", found["file"]),
        _row(f"{what}: ocitui, moved for a file", "MB", found["file, moved"], ANOTHER),
    ]


def _chunked(host: str, folder: Path, surroundings: Mapping[str, str]) -> Image:
    """Let skopeo pack the layer as zstd:chunked, into a layout."""
    layout = folder / "layout"
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"]
    command += ["--dest-compress-format", "zstd:chunked", "--dest-compress-level", LEVEL]
    run([*command, f"docker://{host}/made/0:latest", f"oci:{layout}:latest"], surroundings, limit=SLOW)

    def blob(digest: str) -> Path:
        return layout / "blobs" / digest.replace(":", "/")

    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    manifest = blob(index["manifests"][0]["digest"]).read_bytes()
    document = json.loads(manifest)
    (layer,) = document["layers"]
    digests = (document["config"]["digest"], layer["digest"])
    return Image(manifest, {digest: blob(digest) for digest in digests}, layer)


def _row(what: str, unit: str, values: Sequence[float], bound: Bound | None = None) -> Row:
    return Row("contents", what, unit, tuple(values), bound=bound)


def _megabytes(once: Run) -> float:
    return once.peak * MEBIBYTE / MEGABYTE
