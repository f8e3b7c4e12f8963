"""Makes the pictures anew: `python -m screenshots.make [NAME...]`, all of them where no name is given."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from screenshots.png import RenderingError, render
from screenshots.scenes import SCENES
from screenshots.stage import furnish

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER: Final = Path(__file__).parent
"""Where the pictures are."""

NAMES: Final = tuple(scene.name for scene in SCENES)

DEADLINE: Final = 300
"""Seconds for all scenes; they take about two each."""

_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")
"""Variables without which Python would not start on some machine."""


def draw(folder: Path, names: Iterable[str] = NAMES) -> None:
    """Write scenes into a folder as SVG, from a fresh process with an empty home.

    Raises:
        subprocess.CalledProcessError: a scene did not go as it should; the process has said how.
    """
    with tempfile.TemporaryDirectory() as home:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        subprocess.run(  # noqa: S603  # this very package
            [sys.executable, "-m", "screenshots.draw", str(folder.resolve()), *names],
            check=True,
            cwd=FOLDER.parent,
            env=kept | furnish(Path(home)),
            timeout=DEADLINE,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make pictures; tell what came out of it as an exit code."""
    parser = argparse.ArgumentParser(prog="python -m screenshots.make", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of a picture: {', '.join(NAMES)}")
    names = parser.parse_args(arguments).names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    try:
        draw(FOLDER, names)
        for name in names:
            render(FOLDER / f"{name}.svg", FOLDER / f"{name}.png")
    except (RenderingError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)  # noqa: T201  # the command's own complaint
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
