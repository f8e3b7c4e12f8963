"""What matters is legible in a small terminal, in a large one, on light ground, and without colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.color import ColorType
from textual.color import Color

from tests.ui import MEDIUM, NARROW, WIDE, Ui, browse
from tui.config import Settings
from tui.themes import DARK, LIGHT

if TYPE_CHECKING:
    from rich.style import Style

    from tui.demo import DemoServer

IMAGE = "team/frontend/storefront:production"

LEAST_CONTRAST = 3.0
"""Ratio of luminances that large or secondary text needs (WCAG 2.2, 1.4.3); running text needs 4.5."""


def contrast(one: Color, other: Color) -> float:
    """Return the ratio of two colours' luminances (WCAG 2.2, "contrast ratio")."""

    def luminance(color: Color) -> float:
        parts = [part / 255 for part in color.rgb]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def styles(ui: Ui) -> list[tuple[str, Style]]:
    """Return each piece of text on the screen that can be read, with how it looks."""
    strips = ui.strips()
    return [
        (segment.text, segment.style)
        for strip in strips
        for segment in strip
        if segment.style is not None and any(letter.isalnum() for letter in segment.text)
    ]


@pytest.mark.parametrize("size", [NARROW, MEDIUM, WIDE])
async def test_each_line_is_as_wide_as_the_terminal(demo: DemoServer, size: tuple[int, int]) -> None:
    async with browse(demo, place="library/debian:bookworm", size=size) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        for column, key in (("entries", "enter"), ("layers", "m"), ("detail", "m")):
            await ui.until(lambda column=column: ui.focused() == column)  # type: ignore[misc]
            strips = ui.strips()
            assert len(strips) == size[1]
            assert {cell_len(strip.text) for strip in strips} == {size[0]}
            await ui.press(key)


async def test_a_small_terminal_shows_whole_names_of_repositories_and_tags(demo: DemoServer) -> None:
    async with browse(demo, place="", size=NARROW) as ui:
        await ui.until_listed(ui.repositories)
        await ui.until_shown("library/hello-world", "team/backend/api")
        assert ui.columns() == ["repositories", "tags"]
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.until_shown("1.4.2")


async def test_a_small_terminal_shows_platforms_sizes_and_what_they_hold(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=NARROW) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_shown("linux/amd64", "linux/arm64/v8", "linux/arm/v7", "1.2 MB", "3 entries · 3.5 MB")
        assert ui.columns() == ["entries", "layers", "detail"]
        await ui.until_shown("1 layer · 1.2 MB", "kind image")


async def test_a_small_terminal_shows_layers_with_size_and_step(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE, size=NARROW) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("812 kB", "2.1 MB", "COPY assets/", "4 layers · 3.3 MB")
        assert ui.columns() == ["layers", "detail"]
        await ui.press("z")
        await ui.until(lambda: ui.columns() == ["layers"])
        await ui.until_shown("64 %", "gzip", "COPY assets/ /usr/share/")


async def test_a_large_terminal_shows_four_columns_with_digests(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        assert ui.columns() == ["tags", "entries", "layers", "detail"]
        digest = ui.entries.table.rows[0].descriptor.digest
        await ui.until_shown(digest.short, "1 layer · 1.2 MB", "platform linux/amd64")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_help_is_always_in_the_line_of_keys(demo: DemoServer, size: tuple[int, int]) -> None:
    async with browse(demo, place=IMAGE, size=size) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        assert ui.keys_shown()["?"] == "help"
        assert ui.keys_shown()["^p"] == "palette"
        line = ui.screen_lines()[-1]
        assert "? help" in line
        assert "^p palette" in line


async def test_one_border_alone_bears_the_accent(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        panes = [*ui.browser.columns.lists.values(), ui.detail]
        colours = [pane.styles.border_top[1] for pane in panes if pane.display]
        assert len(colours) == 3
        assert sorted(map(colours.count, set(colours))) == [1, 2]


async def test_state_is_never_colour_alone(demo: DemoServer) -> None:
    async with browse(demo, place="demo/missing-child:latest") as ui:
        await ui.until(lambda: "linux/s390x ✗ missing" in "\n".join(ui.rows(ui.entries)))
        assert ui.row(ui.entries).startswith("linux/amd64")
        assert any("│▸ linux/amd64" in line for line in ui.screen_lines())


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_all_text_stands_out_from_its_ground(demo: DemoServer, theme: str) -> None:
    async with browse(demo, place=IMAGE, settings=Settings(theme=theme)) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        for text, style in styles(ui):
            assert style.color is not None
            assert style.bgcolor is not None
            ratio = contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))
            assert ratio >= LEAST_CONTRAST, f"{text!r}: {ratio:.1f}"


async def test_the_light_theme_is_light(demo: DemoServer) -> None:
    async with browse(demo, settings=Settings(theme=LIGHT.name)) as ui:
        await ui.settle()
        grounds = {style.bgcolor.get_truecolor() for _, style in styles(ui) if style.bgcolor is not None}
        assert all(Color(*ground).brightness > 0.5 for ground in grounds)


async def test_without_colours_there_are_none(demo: DemoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        for _, style in styles(ui):
            for color in (style.color, style.bgcolor):
                if color is not None and color.type is not ColorType.DEFAULT:
                    red, green, blue = color.get_truecolor()
                    assert max(red, green, blue) - min(red, green, blue) <= 2
        assert ui.row(ui.layers).startswith("1 ")
        assert "▸" in ui.text()
