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


SCENES: Final = (
    Scene("index", "team/backend/api:v2.3.1", _index),
    Scene("layers", "library/golang:1.26.8", _layers, WIDER),
    Scene("manifest", "team/backend/api:v2.3.1", _manifest),
    Scene("download", "artifacts/tiny-llm:latest", _download, (128, 26)),
    Scene("light-80x24", "library/debian:bookworm", _light, SMALL, LIGHT.name),
)
