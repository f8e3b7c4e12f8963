"""How long lists and an index take from a registry that is far away, beside other programs.

All speak HTTPS with one server, through a proxy that adds a round trip. What counts for others is the time of
their processes without that of as many that only tell their version; of the program it is the time of its own
calls, in a process that runs already.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from tests.benchmarks.contents import REPOSITORY, TAG, make_index
from tests.benchmarks.machine import PROGRAMS
from tests.benchmarks.processes import LONGEST_RUN, ROOT, environment, serving
from tests.benchmarks.rows import Bound, Row, compare
from tests.real.certificates import make_server_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.benchmarks.rows import Comparison

__all__ = ["MOST_ROUNDS", "measure"]

ROUND_TRIP: Final = 0.05
"""Seconds: from one country to the next."""

AHEAD: Final = Bound(1.0)
"""What is reached where more than one request is needed."""

BESIDE: Final = Bound(1.1)
"""What is reached elsewhere, beside the fastest."""

MOST_ROUNDS: Final = 5
"""Rounds that are enough, where most of the time is a distance that never changes."""

FEW: Final = 3
"""Rounds of what makes dozens of round trips."""

ONE: Final = 1
"""Rounds of what makes hundreds of them."""

Stages = list[list[list[str]]]
"""Commands: the stages one after the other, those of one stage side by side."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What another program does, and how it is told to."""

    name: str
    stages: Stages
    rounds: int | None = None
    """In how many rounds it is measured, where it takes too long for each of them."""

    @property
    def is_there(self) -> bool:
        """Whether the program is on PATH."""
        return shutil.which(self.program) is not None

    @property
    def program(self) -> str:
        """The program."""
        return self.stages[0][0][0]

    @property
    def starts(self) -> Stages:
        """The same number of processes in the same stages, that only tell their version."""
        return [[PROGRAMS[self.program]] * len(stage) for stage in self.stages]


@dataclass(frozen=True, slots=True)
class Question:
    """What is measured: of the program itself, and of others."""

    title: str
    what: str
    """As the process that asks calls it."""
    repository: str
    count: int
    """How many there are to be found."""
    peers: tuple[Peer, ...]
    bound: Bound = AHEAD


class Asker:
    """The process that asks what the browser asks.

    Args:
        pipe: Where it reads questions and writes answers.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, question: Question, *, known: bool, at_once: bool = False) -> tuple[float, float]:
        """Return the seconds until the first and until the last of what there is."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"what": question.what, "repository": question.repository, "known": known, "at_once": at_once}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        first, whole, count = json.loads(self._process.stdout.readline())
        assert count == question.count
        return float(first), float(whole)


@dataclass(frozen=True, slots=True)
class Line:
    """A server and the long way to it."""

    server: str
    """Host and port of the server itself."""
    far: str
    """Host and port of the proxy."""
    authority: Path
    surroundings: Mapping[str, str]
    asker: Asker

    def count(self) -> int:
        """Tell how many requests the server has got since this was asked last."""
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = HTTPSConnection(self.server, context=context)
        try:
            connection.request("GET", "/count")
            return int(connection.getresponse().read())
        finally:
            connection.close()


def measure(
    *, rounds: int, platforms: int = 16, names: int = 10_000, round_trip: float = ROUND_TRIP
) -> list[Row]:
    """Measure an index with the sizes of its platforms, tags, and a catalog.

    What is no program on PATH is left out.

    Args:
        rounds: How often everything is measured.
        platforms: How many an index has.
        names: How many tags and repositories there are.
        round_trip: How far away the registry is, in seconds.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as name:
        folder = Path(name)
        with _line(folder / "open", names, round_trip) as line:
            for question in (
                _index(line, platforms, "", in_a_row=True),
                _tags(line, "tags", names),
                _tags(line, "paged", names),
                _catalog(line, names),
            ):
                rows += _measured(line, question, rounds)
        with _line(folder / "tokens", names, round_trip, "--login") as line:
            rows += _measured(line, _index(line, platforms, ", with tokens"), rounds)
        with _line(folder / "http2", names, round_trip, "--http2") as line:
            rows += _measured(line, _index(line, platforms, ", over HTTP/2"), rounds)
    return rows


def _measured(line: Line, question: Question, rounds: int) -> list[Row]:
    peers = [peer for peer in question.peers if peer.is_there]
    known, first_rows, unknown = [], [], []
    found: dict[str, list[float]] = defaultdict(list)
    requests: dict[str, int] = {}
    for number in range(rounds):
        line.count()
        first, whole = line.asker.ask(question, known=True)
        first_rows.append(first)
        known.append(whole)
        requests["ocitui"] = line.count()
        unknown.append(line.asker.ask(question, known=False, at_once=True)[1])
        for peer in peers:
            if peer.rounds is None or number < peer.rounds:
                line.count()
                seconds = _run(peer.stages, line.surroundings, question.count)
                requests[peer.name] = line.count()
                found[peer.name].append(seconds - _run(peer.starts, line.surroundings))
    del requests["ocitui"]

    def row(what: str, values: Sequence[float], comparison: Comparison | None = None) -> Row:
        milliseconds = tuple(value * 1000 for value in values)
        return Row("distant", f"{question.title}: {what}", "ms", milliseconds, comparison)

    rows = [
        row("ocitui, first rows", first_rows),
        row("ocitui", known),
        row("ocitui, asking the registry for the first time", unknown),
    ]
    for peer in peers:
        values = found[peer.name]
        comparison = compare(known[: len(values)], values, f"ocitui over {peer.name}", question.bound)
        rows.append(row(f"{peer.name}, {requests[peer.name]} requests", values, comparison))
    return rows


def _index(line: Line, platforms: int, how: str, *, in_a_row: bool = False) -> Question:
    """An index and its manifests: each other program takes a process for each of them.

    Args:
        line: Where it is.
        platforms: How many it has.
        how: What the title says of the server.
        in_a_row: Whether to measure others also with one process after the other.
    """
    repository = f"index/{platforms}"
    _, manifests = make_index(platforms)
    name = f"{line.far}/{repository}"
    commands = {
        "crane manifest": ["crane", "manifest"],
        "skopeo inspect": ["skopeo", "inspect", "--raw"],
        "regctl manifest get": ["regctl", "manifest", "get", "--format", "raw-body"],
        "oras manifest fetch": ["oras", "manifest", "fetch"],
    }
    peers: list[Peer] = []
    for title, command in commands.items():
        prefix = "docker://" if title.startswith("skopeo") else ""
        index = [*command, f"{prefix}{name}:latest"]
        children = [[*command, f"{prefix}{name}@{digest}"] for digest in manifests]
        peers.append(Peer(f"{title}, side by side", [[index], children]))
        if in_a_row:
            peers.append(Peer(f"{title}, in a row", [[index], *([child] for child in children)], FEW))
    return Question(f"index of {platforms} platforms{how}", "index", repository, platforms, tuple(peers))


def _tags(line: Line, kind: str, names: int) -> Question:
    repository = f"{kind}/{names}"
    paged = kind == "paged"
    few = ONE if paged else None
    name = f"{line.far}/{repository}"
    peers = (
        Peer("crane ls", [[["crane", "ls", name]]]),
        Peer("skopeo list-tags", [[["skopeo", "list-tags", f"docker://{name}"]]], few),
        Peer("regctl tag ls", [[["regctl", "tag", "ls", name]]], few),
        Peer("oras repo tags", [[["oras", "repo", "tags", name]]], few),
    )
    title = f"{names:,} tags, " + ("a thousand at most at once" if paged else "all at once")
    return Question(title, "tags", repository, names, peers, AHEAD if paged else BESIDE)


def _catalog(line: Line, names: int) -> Question:
    """The catalog, which skopeo does not list; of one that is paged, regctl lists the first page only."""
    peers = (
        Peer("crane catalog", [[["crane", "catalog", line.far]]]),
        Peer("oras repo ls", [[["oras", "repo", "ls", line.far]]], ONE),
    )
    return Question(f"catalog of {names:,} repositories", "catalog", "any", names, peers)


def _run(stages: Stages, surroundings: Mapping[str, str], expected: int = 0) -> float:
    """Run commands; returns seconds.

    Args:
        stages: The commands.
        surroundings: Their environment.
        expected: How many names or manifests they print together; 0 for what nobody counts.

    Raises:
        RuntimeError: One of them fails, or they print something else.
    """
    outputs: list[IO[bytes]] = []
    with ExitStack() as stack:
        started = time.perf_counter()
        for stage in stages:
            processes: list[subprocess.Popen[bytes]] = []
            for command in stage:
                outputs.append(stack.enter_context(tempfile.TemporaryFile()))
                processes.append(
                    stack.enter_context(
                        subprocess.Popen(
                            command,
                            env=surroundings,
                            stdin=subprocess.DEVNULL,
                            stdout=outputs[-1],
                            stderr=subprocess.PIPE,
                        )
                    )
                )
            for process, command in zip(processes, stage, strict=True):
                _, complaint = process.communicate(timeout=LONGEST_RUN)
                if process.returncode != 0:
                    raise RuntimeError(f"{' '.join(command)} failed: {complaint.decode(errors='replace')}")
        seconds = time.perf_counter() - started
        if expected:
            _check(outputs, expected)
    return seconds


def _check(outputs: Sequence[IO[bytes]], expected: int) -> None:
    printed = b""
    for output in outputs:
        output.seek(0)
        printed += output.read()
    marks = (TAG.partition("{")[0], REPOSITORY.partition("{")[0], '"layers"')
    found = max(printed.count(mark.encode()) for mark in marks)
    if found != expected:
        raise RuntimeError(f"{found} of {expected} were printed")


@contextmanager
def _line(folder: Path, names: int, round_trip: float, *options: str) -> Iterator[Line]:
    """Start a server, the proxy before it, and the process that asks."""
    files = make_server_certificate(folder)
    surroundings = environment(folder) | {"SSL_CERT_FILE": str(files.authority)}
    with ExitStack() as stack:
        tls = ("--tls", str(files.certificate), str(files.key))
        server = stack.enter_context(serving(*tls, "--catalog", str(names), *options))
        far = stack.enter_context(serving(server, str(round_trip), module="distance"))
        command: list[Any] = [sys.executable, "-m", "tests.benchmarks.asker"]
        process = stack.enter_context(
            subprocess.Popen(
                [*command, f"https://{far}", f"https://{server}", str(files.authority)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.terminate)
        yield Line(server, far, files.authority, surroundings, Asker(process))
