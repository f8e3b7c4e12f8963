"""Pictures as PNG, drawn by a browser from SVG; each remembers which SVG it was made from."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCALE: Final = 2
"""Pixels of a unit: sharp on screens with small pixels."""

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

KEYWORD: Final = b"SVG-SHA256"
"""Of the text in a PNG that tells the SHA-256 of its SVG."""

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")

FONTS: Final = ("Fira Code", "Noto Sans Symbols2", "Noto Sans Math")
"""Without them the picture would show other letters."""

DEADLINE: Final = 120
"""Seconds for one picture; a browser that starts for the first time takes several."""

_SIZE: Final = re.compile(r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
_OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--default-background-color=00000000",
    f"--force-device-scale-factor={SCALE}",
)


class RenderingError(Exception):
    """A picture could not be rendered; the text says what to do."""


def render(svg: Path, png: Path) -> None:
    """Render an SVG, and note in the PNG which one it was.

    Raises:
        RenderingError: the browser or a font is missing, or the browser made nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or _missing_fonts():
        raise RenderingError(
            "PNGs need chromium and fonts: apt install chromium fonts-firacode fonts-noto-core"
        )
    drawing = svg.read_bytes()
    width, height = pixels(drawing)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            browser,
            *_OPTIONS,
            f"--user-data-dir={folder}",
            f"--window-size={width // SCALE},{height // SCALE}",
            f"--screenshot={png.resolve()}",
            svg.resolve().as_uri(),
        ]
        finished = subprocess.run(command, capture_output=True, timeout=DEADLINE, check=False)  # noqa: S603  # found on PATH, and all arguments are ours
    if finished.returncode or not png.exists():
        raise RenderingError(f"{browser} made no picture: {finished.stderr.decode(errors='replace')}")
    png.write_bytes(with_text(png.read_bytes(), hashlib.sha256(drawing).hexdigest()))


def pixels(svg: bytes) -> tuple[int, int]:
    """Return the width and the height that the PNG of an SVG has."""
    match = _SIZE.search(svg.decode())
    if match is None:
        raise RenderingError("the SVG does not say how large it is")
    return SCALE * ceil(float(match["width"])), SCALE * ceil(float(match["height"]))


def with_text(png: bytes, text: str) -> bytes:
    """Return a PNG with a text in a chunk of its own, right after its header."""
    body = KEYWORD + b"\0" + text.encode("latin-1")
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    end = len(SIGNATURE) + 12 + 13
    return png[:end] + chunk + png[end:]


def text(png: bytes) -> str | None:
    """Return the text that `with_text` has put into a PNG, None where there is none."""
    for kind, body in chunks(png):
        keyword, _, value = body.partition(b"\0")
        if kind == b"tEXt" and keyword == KEYWORD:
            return value.decode("latin-1")
    return None


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Take a PNG apart into chunks: each with its kind and its bytes.

    Raises:
        ValueError: it is no PNG.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError("this is no PNG")
    place = len(SIGNATURE)
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def _missing_fonts() -> list[str]:
    """List the fonts that fontconfig would replace by others."""
    lister = shutil.which("fc-list")
    if lister is None:
        return list(FONTS)
    listed = subprocess.run([lister, ":", "family"], capture_output=True, check=True, text=True)  # noqa: S603  # found on PATH
    families = {family.strip() for line in listed.stdout.splitlines() for family in line.split(",")}
    return [font for font in FONTS if font not in families]
