"""The pictures show the program as it is, and nothing of the machine that they were made on."""

from __future__ import annotations

import hashlib
import re
import struct
import tempfile
import zlib
from difflib import unified_diff
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from screenshots import png
from screenshots.make import FOLDER, NAMES, draw
from screenshots.svg import FONTS, clean, screen_lines

RENEW: Final = "python -m screenshots.make"

SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"

PROBE: Final = "\n".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(256)).encode()
"""Something that compressors pack each in their own way."""

DEBIANS_ZLIB: Final = "1.2.13"

COMPRESSES_AS_DEBIAN: Final = (
    hashlib.sha256(zlib.compress(PROBE, 6)).hexdigest()
    == "a552b97337eeb192471c20ded3881858b3d3d069948e0dd7de687a3c1883e3b0"
)
"""Whether layers of the demo registry have the digests and sizes that they have in the pictures."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw all scenes anew, and return the folder that they are in."""
    folder = tmp_path_factory.mktemp("pictures")
    draw(folder)
    return folder


def without_figures(svg: str) -> str:
    """Leave out what depends on how layers were compressed: digests, sizes, bars, and how long they are."""
    svg = re.sub(r"[0-9a-f]{10,}", "<digest>", svg)
    svg = re.sub(r'<rect class="[^"]*" x="[^"]*" y="[^"]*" width="[^"]*"[^>]*/>\n', "", svg)
    svg = re.sub(r' (?:x|textLength)="[^"]*"', "", svg)
    return re.sub(r"(?:&#160;)*[0-9][0-9.,]*(?:&#160;(?:B|kB|MB|%|bytes))?", "<figure>", svg)


def test_debians_zlib_gives_the_digests_of_the_pictures() -> None:
    if zlib.ZLIB_RUNTIME_VERSION == DEBIANS_ZLIB:
        assert COMPRESSES_AS_DEBIAN


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_the_program_as_it_is(name: str, drawn: Path) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    now = (drawn / f"{name}.svg").read_text(encoding="utf-8")
    compared = (kept, now) if COMPRESSES_AS_DEBIAN else (without_figures(kept), without_figures(now))
    if compared[0] != compared[1]:
        difference = list(
            unified_diff(screen_lines(kept), screen_lines(now), "the picture", "the program", lineterm="")
        )
        pytest.fail(
            f"The picture screenshots/{name}.svg is out of date; renew it with: {RENEW} {name}\n"
            f"(drawn by textual {version('textual')} and rich {version('rich')})\n"
            + "\n".join(difference or ["The text is the same; colours or places differ."]),
            pytrace=False,
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_png_was_made_from_its_svg(name: str) -> None:
    drawing = (FOLDER / f"{name}.svg").read_bytes()
    rendered = (FOLDER / f"{name}.png").read_bytes()
    assert png.text(rendered) == hashlib.sha256(drawing).hexdigest(), f"renew it with: {RENEW} {name}"
    header = next(body for kind, body in png.chunks(rendered) if kind == b"IHDR")
    assert struct.unpack(">II", header[:8]) == png.pixels(drawing)


def test_there_are_no_pictures_but_those_of_scenes() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.suffix in {".svg", ".png"}}
    assert files == {f"{name}{suffix}" for name in NAMES for suffix in (".svg", ".png")}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_refers_to_nothing_outside_of_it(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    styles = svg[: svg.index("</style>")]
    assert re.findall(r"https?://[^\s\"]+", styles) == [SVG_NAMESPACE]
    assert set(re.findall(r"font-family: ([^;]*);", svg)) == {FONTS}
    assert not re.search(r"@import|@font-face|href=|src=|<image|<script|url\((?!#)", svg)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_tells_nothing_of_the_machine(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    for trace in ("127.0.0.1", "localhost", tempfile.gettempdir(), str(Path.home())):
        assert trace not in svg


def test_what_a_screen_shows_is_read_off_its_picture() -> None:
    text = '<text class="a-r1" x="{}" y="{}" textLength="9" clip-path="url(#a-line-0)">{}</text>'
    svg = text.format(12.2, 20, "a&amp;b") + text.format(61, 20, "&#160;c") + text.format(0, 68.8, "d")
    assert screen_lines(svg) == [" a&b  c", "", "d"]


def test_glyphs_stand_in_their_cells_whatever_font_they_come_from() -> None:
    line = 'clip-path="url(#{}-line-0)"'
    drawn = f'<text class="terminal-7-r1" x="0" y="20" textLength="73.2" {line.format("terminal-7")}>'
    place = line.format("ocitui")
    assert clean(f"{drawn}▸&#160;a█▌</text>", title="", background="#000000").splitlines() == [
        f'<text class="ocitui-r1" x="6.1" y="20" text-anchor="middle" {place}>▸</text>',
        f'<text class="ocitui-r1" x="12.2" y="20" textLength="24.4" {place}>&#160;a</text>',
        '<rect class="ocitui-r1" x="36.6" y="1.5" width="18.3" height="24.4" shape-rendering="crispEdges"/>',
    ]


def test_a_png_keeps_the_text_that_it_was_given() -> None:
    header = b"\0\0\0\x0dIHDR" + bytes(13) + struct.pack(">I", zlib.crc32(b"IHDR" + bytes(13)))
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    plain = png.SIGNATURE + header + end
    assert png.text(plain) is None
    told = png.with_text(plain, "abc")
    assert png.text(told) == "abc"
    assert [kind for kind, _ in png.chunks(told)] == [b"IHDR", b"tEXt", b"IEND"]
    with pytest.raises(ValueError, match="no PNG"):
        list(png.chunks(b"GIF89a"))
