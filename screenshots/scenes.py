"""What the pictures show, and how one gets there by keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from screenshots.stage import HOST, staged
from tui.themes import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from screenshots.stage import Stage

WIDE: Final = (128, 34)
WIDER: Final = (164, 24)
SMALL: Final = (80, 24)

HELD_AFTER: Final = 7_340_032
"""Bytes of a large blob that have arrived when its picture is taken: somewhat more than half."""

SECONDS_UNTIL_HELD: Final = 2.0
"""How long they took, by the clock of the picture."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture."""

    name: str
    """Of its files."""
    place: str
    """What the program is started on: `REPOSITORY[:TAG]`."""
    play: Callable[[Stage], Awaitable[None]]
    """Brings the screen to where it is worth a picture."""
    size: tuple[int, int] = WIDE
    """Columns and lines of the terminal."""
    theme: str = DARK.name
    """The colours."""

    async def draw(self) -> str:
        """Run the program, and return the picture as SVG."""
        async with staged(self.place, self.size, self.theme) as stage:
            await self.play(stage)
            return await stage.picture(f"ocitui {HOST}/{self.place}")


async def _index(stage: Stage) -> None:
    await stage.until_shown(
        "v2.4.0-rc.1", "linux/arm64/v8", "2 entries · ", "7 layers · ", "uvicorn app.main:app --port 8000"
    )


async def _layers(stage: Stage) -> None:
    await stage.until_shown("2 entries · ")
    await stage.press("enter")
    await stage.until_shown("1 of 7")
    await stage.press("down", "down", "down", "down")
    await stage.until_shown("4 of 7", "Made by")


async def _manifest(stage: Stage) -> None:
    await stage.until_shown("2 entries · ", "Summary  Manifest  Config")
    await stage.press("m", "tab", "tab")
    await stage.until_shown('"architecture": "amd64"')
    await stage.press(*["down"] * 9)
    await stage.until_shown('›     ▾ "Env": [')
    await stage.press("enter", "down", "enter")
    await stage.until_shown('▸ "Env": [', '›     ▸ "Entrypoint": [')


async def _download(stage: Stage) -> None:
    stage.hold_large_blobs(HELD_AFTER)
    await stage.until_shown("1 of 5")
    await _start_download(stage)
    await stage.until(lambda: stage.session.downloads.transfers[0].done == HELD_AFTER)
    stage.clock.now += SECONDS_UNTIL_HELD
    await stage.press("down")
    await stage.until_shown("2 of 5")
    await _start_download(stage)
    await stage.until_shown("✓ verified", "3.7 MB/s", "1 s left", "t transfers")


async def _start_download(stage: Stage) -> None:
    await stage.press("d")
    await stage.until_shown("enter start")
    await stage.press("enter")
    await stage.until_shown("─ Downloads ─")


async def _light(stage: Stage) -> None:
    await stage.until_shown("linux/arm/v7", "3 entries · ", "1 layer · ", "Config  History", "created")


async def _inside(stage: Stage, layer: int) -> None:
    """Go into a layer of the first platform."""
    await stage.until_shown("2 entries · ")
    await stage.press("enter")
    await stage.until_shown("1 of 7")
    row = {1: 0, 2: 3, 5: 6, 6: 7, 7: 8}[layer]
    await stage.press(*["down"] * row, "enter")
    await stage.until_shown(f"Files · layer {layer} of 7", "fetched (stream)")


async def _find(stage: Stage, path: str) -> None:
    """Search for a path, and go where it is in the tree."""
    keys = {"/": "slash", ".": "full_stop"}
    await stage.press("slash", *(keys.get(letter, letter) for letter in path))
    await stage.until_shown(f"1 with “{path}”")
    await stage.press("enter", "right")
    await stage.until_shown(f"{path.rpartition('/')[2]} ")


async def _files(stage: Stage) -> None:
    await _inside(stage, 1)
    await _find(stage, "etc/shadow")
    await stage.until_shown("shadow", "enter fetches 812 kB")


async def _merged(stage: Stage) -> None:
    await _inside(stage, 5)
    await stage.press("t")
    await stage.until_shown("merged up to layer 5")
    await _find(stage, "bin/uvicorn")
    await stage.until_shown("+ uvicorn", "added by layer 5")


async def _file(stage: Stage) -> None:
    await _inside(stage, 6)
    await _find(stage, "app/main.py")
    await stage.press("enter")
    await stage.until_shown("from fastapi import FastAPI")


async def _comparison(stage: Stage) -> None:
    await stage.until_shown("2 entries · ", "v2.4.0-rc.1")
    await stage.press("left", "c")
    await stage.until_shown("c compares with v2.3.1")
    await stage.press("down", "c")
    await stage.until_shown("Config ", "History ", "Layers ")
    await stage.press("tab", "tab", "tab")
    await stage.until_shown("~ /app/src/app/main.py")
    await stage.press("down", "enter")
    await stage.until_shown("2 lines removed, 2 lines added")


SCENES: Final = (
    Scene("index", "team/backend/api:v2.3.1", _index),
    Scene("layers", "library/golang:1.26.8", _layers, WIDER),
    Scene("manifest", "team/backend/api:v2.3.1", _manifest),
    Scene("files", "team/backend/api:v2.3.1", _files, (128, 28)),
    Scene("merged", "team/backend/api:v2.3.1", _merged, (128, 30)),
    Scene("file", "team/backend/api:v2.3.1", _file, (128, 22)),
    Scene("comparison", "team/backend/api:v2.3.1", _comparison, (128, 28)),
    Scene("download", "artifacts/tiny-llm:latest", _download, (128, 26)),
    Scene("light-80x24", "library/debian:bookworm", _light, SMALL, LIGHT.name),
)
