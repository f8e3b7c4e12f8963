"""How fast a large blob comes to the disk, verified, and what memory that takes, beside other programs."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.benchmarks.contents import MANIFEST_TYPE, make_image
from tests.benchmarks.processes import Run, environment, run, serving
from tests.benchmarks.rows import Bound, Row, compare
from tests.real.docker_registry import DockerRegistry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.contents import Image

__all__ = ["measure"]

OWN: Final = "ocitui"
WITH_START: Final = "ocitui, with the start of Python and of the client"

WANTED: Final = {"skopeo copy": Bound(1.0, at_least=True), "crane blob": Bound(1.2, at_least=True)}
"""How many times as fast as others."""

STEADY: Final = Bound(1.1)
"""Memory at its peak for a large blob, beside that for a small one."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where blobs come from, and where they go."""

    server: str
    """What the server is called."""
    host: str
    """Where it listens."""
    folder: Path
    """Where the files of the benchmark lie."""
    surroundings: Mapping[str, str]
    """The environment of the programs."""

    def repository(self, mebibytes: int) -> str:
        """Return the name of the repository whose image has a layer of so many MiB."""
        return f"blobs/{mebibytes}"

    def programs(self, mebibytes: int) -> dict[str, list[str]]:
        """Return the commands that download a layer, of those that are on PATH.

        Those that print it have no target among their arguments.
        """
        repository = self.repository(mebibytes)
        connection = HTTPConnection(self.host)
        connection.request("GET", f"/v2/{repository}/manifests/latest", headers={"Accept": MANIFEST_TYPE})
        digest = json.load(connection.getresponse())["layers"][0]["digest"]
        connection.close()
        name = f"{self.host}/{repository}"
        target = str(self.target)
        commands = {
            OWN: [sys.executable, "-m", "tests.benchmarks.fetch", f"http://{self.host}", repository, target],
            "skopeo copy": [
                *("skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"),
                *(f"docker://{name}:latest", f"dir:{target}"),
            ],
            "crane blob": ["crane", "blob", "--insecure", f"{name}@{digest}"],
            "regctl blob get": [
                *("regctl", "--host", f"reg={self.host},tls=disabled"),
                *("blob", "get", name, digest),
            ],
            "oras blob fetch": [
                *("oras", "blob", "fetch", "--plain-http", "--no-tty"),
                *("--output", target, f"{name}@{digest}"),
            ],
        }
        return {name: command for name, command in commands.items() if shutil.which(command[0]) is not None}

    @property
    def target(self) -> Path:
        """What is downloaded into: a file, or a folder of skopeo's."""
        return self.folder / "target"

    def run(self, command: Sequence[str]) -> Run:
        """Download once, into what is not there before and not afterwards."""
        prints = not any(str(self.target) in argument for argument in command)
        try:
            return run(command, self.surroundings, into=self.target if prints else None)
        finally:
            if self.target.is_dir():
                shutil.rmtree(self.target)
            else:
                self.target.unlink(missing_ok=True)


def measure(*, rounds: int, small: int = 64, large: int = 512) -> list[Row]:
    """Measure downloads of one blob from the server of the benchmarks, and from Debian's docker-registry.

    What is no program on PATH is left out. The time of the program itself begins when the person wants the
    blob; that of the others begins with their start.

    Args:
        rounds: How often each program downloads it.
        small: Size of a small blob in MiB, for the memory that it takes.
        large: Size of the blob in MiB.
    """
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as name, ExitStack() as stack:
        folder = Path(name)
        surroundings = environment(folder)
        host = stack.enter_context(serving("--blobs", str(small), str(large)))
        fast = Bench("sendfile", host, folder, surroundings)
        rows = _throughput(fast, rounds, large) + _memory(fast, rounds, small, large)
        if shutil.which("docker-registry") is not None:
            registry = stack.enter_context(DockerRegistry(folder / "registry", folder / "storage"))
            common = Bench("docker-registry", registry.host, folder, surroundings)
            _push(registry.host, common.repository(large), make_image(folder, large))
            rows += _throughput(common, rounds, large)
    return rows


def _throughput(bench: Bench, rounds: int, mebibytes: int) -> list[Row]:
    speeds: dict[str, list[float]] = defaultdict(list)
    peaks: dict[str, list[float]] = defaultdict(list)
    programs = bench.programs(mebibytes)
    for _ in range(rounds):
        for name, command in programs.items():
            once = bench.run(command)
            speeds[name].append(mebibytes / (float(once.output) if name == OWN else once.seconds))
            peaks[name].append(once.peak)
            if name == OWN:
                speeds[WITH_START].append(mebibytes / once.seconds)
    what = f"{mebibytes} MiB from {bench.server}"
    rows: list[Row] = []
    for name, values in speeds.items():
        other = name not in {OWN, WITH_START}
        comparison = compare(speeds[OWN], values, f"ocitui over {name}", WANTED.get(name)) if other else None
        rows.append(Row("download", f"{what}: {name}", "MiB/s", tuple(values), comparison))
    rows += [
        Row("download", f"{what}: {name}, peak memory", "MiB", tuple(values))
        for name, values in peaks.items()
    ]
    return rows


def _memory(bench: Bench, rounds: int, small: int, large: int) -> list[Row]:
    peaks: dict[int, list[float]] = {small: [], large: []}
    commands = {mebibytes: bench.programs(mebibytes)[OWN] for mebibytes in peaks}
    for _ in range(rounds):
        for mebibytes, command in commands.items():
            peaks[mebibytes].append(bench.run(command).peak)
    comparison = compare(peaks[large], peaks[small], f"{small} MiB", STEADY)
    return [
        Row("download", f"ocitui, peak memory for {small} MiB", "MiB", tuple(peaks[small])),
        Row("download", f"ocitui, peak memory for {large} MiB", "MiB", tuple(peaks[large]), comparison),
    ]


def _push(host: str, repository: str, image: Image) -> None:
    """Push an image to a registry that wants no login."""
    connection = HTTPConnection(host)

    def request(method: str, path: str, kind: str, body: bytes | IO[bytes] = b"", size: int = 0) -> str:
        headers = {"Content-Type": kind, "Content-Length": str(size)}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in {201, 202}:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return answer.headers["Location"] or ""

    for digest, path in image.blobs.items():
        place = urlsplit(request("POST", f"/v2/{repository}/blobs/uploads/", "application/octet-stream"))
        with path.open("rb") as file:
            query = f"{place.query}&digest={digest}"
            request(
                "PUT", f"{place.path}?{query}", "application/octet-stream", file, size=path.stat().st_size
            )
    manifest = image.manifest
    request("PUT", f"/v2/{repository}/manifests/latest", MANIFEST_TYPE, manifest, len(manifest))
    connection.close()
