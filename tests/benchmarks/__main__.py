"""The command `python -m tests.benchmarks`: measures, prints a table, and writes it as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks import distant, downloads, inside, keys, listing, machine, memory, starting
from tests.benchmarks.rows import table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.rows import Row

ROUNDS: Final = 9
"""Odd, so that one of the figures is the median."""

QUICK_ROUNDS: Final = 3

BENCHMARKS: Final[dict[str, Callable[[int, bool], list[Row]]]] = {
    "start": lambda rounds, _: starting.measure(rounds=rounds),
    "listing": lambda rounds, _: listing.measure(rounds=rounds),
    "keys": lambda rounds, quick: keys.measure(rounds=rounds, mebibytes=2048 if quick else 4096),
    "distant": lambda rounds, _: distant.measure(rounds=min(rounds, distant.MOST_ROUNDS)),
    "downloads": lambda rounds, quick: downloads.measure(rounds=rounds, large=256 if quick else 512),
    "contents": lambda rounds, quick: inside.measure(rounds=rounds, mebibytes=400 if quick else 1_400),
    "memory": lambda rounds, _: memory.measure(rounds=rounds),
}
"""Each measures in so many rounds, with less to do where it should be quick."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks that the arguments name, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=f"of {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--rounds", type=int, help=f"how often everything is measured; {ROUNDS} by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller blobs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures into a file")
    arguments = parser.parse_args(argv)
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    about = machine.describe() | {"rounds": rounds, "load before": machine.load()}
    rows: list[Row] = []
    for name in arguments.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)  # noqa: T201 - it takes minutes
        rows += BENCHMARKS[name](rounds, arguments.quick)
    about["load after"] = machine.load()
    print("\n".join(f"{key}: {value}" for key, value in about.items()), table(rows), sep="\n\n")  # noqa: T201 - its result
    if arguments.json is not None:
        found = {"machine": about, "rows": [row.as_json() for row in rows]}
        arguments.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
