"""Draws scenes into a folder: `python -m screenshots.draw FOLDER NAME...`.

`make.py` runs it in a process of its own, whose environment holds nothing of the machine's.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from screenshots.scenes import SCENES


async def draw(folder: Path, names: list[str]) -> None:
    """Write the scenes of some names, one after the other, as SVG."""
    for scene in SCENES:
        if scene.name in names:
            svg = await scene.draw()
            (folder / f"{scene.name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), sys.argv[2:]))
