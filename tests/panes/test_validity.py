"""Documents that are not as their specification says are shown all the same, with a mark and the reasons."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui import MEDIUM, NARROW, WIDE, browse
from tui import library
from tui.demo import DemoServer, Storage
from tui.demo.recipes import OCI_CONFIG
from tui.demo.storage import OCI_MANIFEST

if TYPE_CHECKING:
    from tests.ui import Ui

INVALID = "demo/unusual:invalid"
INVALID_INDEX = "demo/unusual:invalid-index"
VALID = "team/frontend/storefront:production"


async def go_to_violations(ui: Ui) -> None:
    """Go to the details of a manifest, and there to what is wrong with it."""
    await ui.go_to_details()
    await ui.press("tab")
    await ui.until(lambda: ui.detail.chosen == "violations")


def told(ui: Ui) -> str:
    """Return all that the details say, with single blanks."""
    return " ".join(ui.details().split())


@pytest.mark.parametrize("size", [NARROW, MEDIUM, WIDE])
async def test_every_violation_is_told_with_its_place(demo: DemoServer, size: tuple[int, int]) -> None:
    async with browse(demo, place=INVALID, size=size) as ui:
        await go_to_violations(ui)
        for text in (
            "$.artifactType it is no media type",
            "$.annotations['com.example.build'] it is an integer, not a string",
            "$.annotations['org.opencontainers.image.created'] it is no date and time",
            "The config, not as the specification says",
            "$.created it is no date and time",
            "$.config.Env[1] it is no variable",
            "$.config.ExposedPorts.http it is no port",
            "$.config.Labels.tier it is an integer, not a string",
        ):
            assert text in told(ui)
        assert "─ Details · invalid ─" in ui.text()


async def test_the_layers_of_an_invalid_image_are_listed_under_a_mark(demo: DemoServer) -> None:
    async with browse(demo, place=INVALID, size=NARROW) as ui:
        await ui.until_shown("─ Layers · invalid ─")
        await ui.until_shown("1 layer")


async def test_the_summary_tells_the_first_violations_and_the_rest_of_the_document(demo: DemoServer) -> None:
    async with browse(demo, place=INVALID, size=WIDE) as ui:
        await go_to_violations(ui)
        await ui.press("left_square_bracket")
        await ui.until(lambda: "kind image" in told(ui))
        assert "Not as the specification says" in told(ui)
        assert "env PATH=/usr/bin" in told(ui)


async def test_an_entry_that_is_invalid_has_a_sign_and_is_counted(demo: DemoServer) -> None:
    async with browse(demo, place=INVALID_INDEX, size=WIDE) as ui:
        await ui.until_shown("2 entries · ", "1 invalid", "─ Entries · invalid ─")
        marked = [row.split() for row in ui.rows(ui.entries) if " ! " in row]
        assert [row[0] for row in marked] == ["linux/unknown"]


async def test_what_is_valid_has_no_mark(demo: DemoServer) -> None:
    async with browse(demo, place=VALID, size=WIDE) as ui:
        await ui.until_shown("layer 1 of 4")
        await ui.settle()
        await ui.press("left")
        await ui.until(lambda: len(ui.detail._views) > 1)
        assert [view.name for view in ui.detail._views] == ["overview", "manifest", "config", "history"]
        assert "invalid" not in ui.text()


async def test_the_mark_goes_when_the_cursor_goes_on(demo: DemoServer) -> None:
    async with browse(demo, place=INVALID, size=WIDE) as ui:
        await ui.until_shown("─ Layers · invalid ─")
        await ui.press("left")
        await ui.until_shown("─ Details · invalid ─")
        await ui.press("left")
        await ui.until_gone("invalid ─")


async def test_keys_are_answered_while_a_document_is_validated(
    demo: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()
    judge = library._judge

    def slow(*arguments: Any) -> library.Verdict:
        started.set()
        go_on.wait()
        return judge(*arguments)

    monkeypatch.setattr(library, "_judge", slow)
    try:
        async with browse(demo, place=INVALID, size=WIDE) as ui:
            await ui.until(started.is_set)
            await ui.until(lambda: ui.focused() == "layers")
            await ui.press("left")
            await ui.until(lambda: ui.focused() == "tags")
            await ui.press("slash")
            await ui.type("invalid")
            await ui.until(lambda: set(ui.names(ui.tags)) == {"invalid", "invalid-index"})
            go_on.set()
            await ui.until_shown("─ Details · invalid ─")
    finally:
        go_on.set()


async def test_foreign_text_in_a_violation_is_made_safe() -> None:
    storage = Storage()
    evil = "\x1b]52;c;ZXZpbA==\x07[/bold]"
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": evil, "digest": evil, "size": evil},
        "layers": [],
        "annotations": {evil: 1},
    }
    storage.put_manifest("team/app", document, tags=["latest"])
    with DemoServer(storage) as server:
        async with browse(server, place="team/app:latest", size=WIDE) as ui:
            await go_to_violations(ui)
            assert "$.annotations['\\x1b]52;c;ZXZpbA==\\x07[/bold]']" in told(ui)
            assert "\x1b" not in "".join(strip.text for strip in ui.strips())


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"schemaVersion": 2, "what is": "this', "not JSON"),
        (b'{"schemaVersion": 2, "what is": "this"}', "neither a config nor a list of layers"),
    ],
)
async def test_what_is_no_manifest_at_all_is_shown_as_it_came(raw: bytes, why: str) -> None:
    storage = Storage()
    storage.put_manifest("team/app", raw, OCI_MANIFEST, tags=["latest"])
    with DemoServer(storage) as server:
        async with browse(server, place="team/app:latest", size=WIDE) as ui:
            await ui.until_noted(ui.entries, "✗ ", why)
            await ui.press("m")
            await ui.until(lambda: ui.focused() == "detail" and len(ui.detail._views) > 1)
            assert why in told(ui)
            await ui.press("tab")
            await ui.until(lambda: '"what is": "this' in told(ui))
            assert "─ Details · invalid ─" in ui.text()


async def test_a_config_that_cannot_be_read_is_shown_as_it_came() -> None:
    storage = Storage()
    raw = b"no config"
    config = {"mediaType": OCI_CONFIG, "digest": storage.put_blob("team/app", raw), "size": len(raw)}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    storage.put_manifest("team/app", document, tags=["latest"])
    with DemoServer(storage) as server:
        async with browse(server, place="team/app:latest", size=WIDE) as ui:
            await ui.until(lambda: ui.focused() == "layers")
            await ui.press("left", "m")
            await ui.until(lambda: ui.focused() == "detail" and len(ui.detail._views) == 4)
            assert "kind image" in told(ui)
            await ui.press("left_square_bracket")
            await ui.until(lambda: "no config" in told(ui))
            assert "─ Details · invalid ─" in ui.text()
