"""Whatever registries, images and files of logins say: none of it reaches the terminal as more than text."""

from __future__ import annotations

import base64
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from starlette.responses import Response

from tests.faults import ScriptedServer
from tests.ui import NARROW, WIDE, Ui, browse
from tui.config import Settings
from tui.demo import BasicLogin, DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.storage import OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults import Exchange
    from tui.demo import DemoServer as Server
    from tui.demo.application import Hook

EVIL = (
    "[/foo][bold]x[/bold][@click=app.quit]y[/] "
    "\x1b]52;c;ZXZpbA==\x07\x1b[31m\x1b[2J\x9b31m\x90q\x9c\x00\x7f\r\n\t"
    "\u202egnp.exe\u202c\u2066\u2069\u200b\u2028\ufeff\ud83d "
    "e" + "\u0301" * 40 + " 日本語 👩‍👩‍👧 ﷽ end"
)
"""Markup, escape sequences, controls, line breaks, directions, floods of marks, wide letters, half a one."""

LONG = "wide 語 and [/foo] " * 150_000
"""Some megabytes, which fit into a document that a client takes."""

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that have no business on a screen: controls, formats, surrogates, separators."""

APP = "team/app"


def hostile_descriptor(text: str, digest: str, size: int, media_type: str = "") -> dict[str, Any]:
    """Return a descriptor in which everything that may be text is hostile."""
    return {
        "mediaType": media_type or f"application/{text}",
        "digest": digest,
        "size": size,
        "artifactType": text,
        "urls": [text, f"https://example.com/{text}"],
        "annotations": {text: text, "org.opencontainers.image.title": text, "b": text},
    }


def hostile_storage(text: str) -> Storage:
    """Return an index, an image and an artifact in which everything that may be text is hostile."""
    storage = Storage()
    step = {"created_by": text, "comment": text, "author": text, "created": text}
    config = {
        "architecture": text,
        "os": text,
        "variant": text,
        "os.version": text,
        "author": text,
        "created": text,
        "config": {
            "Env": [text, f"A={text}"],
            "Cmd": [text],
            "Entrypoint": text,
            "User": text,
            "WorkingDir": text,
            "Labels": {text: text},
            "ExposedPorts": {text: {}},
            "Volumes": {text: {}},
            "StopSignal": text,
        },
        "rootfs": {"type": text, "diff_ids": [text]},
        "history": [step, {**step, "empty_layer": True}, step],
        text: {text: [text]},
    }
    data = json.dumps(config).encode()
    digest = storage.put_blob(APP, data)
    layer = storage.put_blob(APP, b"layer")
    image = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": text,
        "config": {
            **hostile_descriptor(text, digest, len(data)),
            "mediaType": "application/vnd.oci.image.config.v1+json",
        },
        "layers": [hostile_descriptor(text, layer, 5)] * 2,
        "annotations": {text: text, "a": text},
        text: text,
    }
    child = storage.put_manifest(APP, image, OCI_MANIFEST, tags=["image"])
    artifact = {**image, "config": hostile_descriptor(text, layer, 5), "subject": {"mediaType": text}}
    storage.put_manifest(APP, artifact, OCI_MANIFEST, tags=["artifact"])
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "artifactType": text,
        "manifests": [
            {
                **hostile_descriptor(text, child, 2, OCI_MANIFEST),
                "platform": {
                    "architecture": text,
                    "os": text,
                    "variant": text,
                    "os.version": text,
                    "os.features": [text],
                },
            },
            hostile_descriptor(text, child, 2, OCI_MANIFEST),
            hostile_descriptor(text, f"sha256:{1:064}", 2, OCI_MANIFEST),
        ],
        "annotations": {text: text},
    }
    storage.put_manifest(APP, index, OCI_INDEX, tags=["index"])
    return storage


@pytest.fixture(scope="module")
def hostile() -> Iterator[Server]:
    with DemoServer(hostile_storage(EVIL)) as server:
        yield server


@pytest.fixture(scope="module")
def endless() -> Iterator[Server]:
    """A registry whose documents are as large as texts in them can make them."""
    storage = Storage()
    text = LONG[:3_000_000]
    for tag, more in (("annotation", {"annotations": {"a": text}}), ("type", {"artifactType": text})):
        storage.put_manifest(APP, {"schemaVersion": 2, "layers": [], **more}, OCI_MANIFEST, tags=[tag])
    data = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Env": [text]}}).encode()
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": storage.put_blob(APP, data),
        "size": len(data),
    }
    document = {"schemaVersion": 2, "config": config, "layers": []}
    storage.put_manifest(APP, document, OCI_MANIFEST, tags=["variable"])
    with DemoServer(storage) as server:
        yield server


def refusal(status: int, text: str, part: str) -> Hook:
    """Return a hook that refuses requests, in words that are hostile in every place."""
    error = {"code": text, "message": text, "detail": {text: [text]}}
    body = json.dumps({"errors": [error, error], text: text})
    return reply(lambda: Response(body, status, media_type="application/json"), path_has(part))


def is_harmless(character: str) -> bool:
    return character.isascii() or unicodedata.category(character) not in FORBIDDEN


def assert_clean(ui: Ui) -> None:
    """Assert that the whole screen is text: no control character, and each line exactly as wide as it is."""
    width = ui.app.size.width
    for y, strip in enumerate(ui.strips()):
        for segment in strip:
            assert not segment.control, f"line {y} holds a control sequence"
        text = strip.text
        wrong = [character for character in text if not (character.isprintable() and is_harmless(character))]
        assert not wrong, f"line {y} holds {wrong!r}: {text!r}"
        assert cell_len(text) == width, f"line {y} is {cell_len(text)} cells wide: {text!r}"


async def look_everywhere(ui: Ui) -> None:
    """Go over all rows of the lists from here on to the right, and over all tabs of the details."""
    for _ in range(4):
        await ui.settle()
        assert_clean(ui)
        await ui.press("down")
    await ui.press("home", "z")
    await ui.settle()
    assert_clean(ui)
    await ui.press("z", "m")
    await ui.until(lambda: ui.focused() == "detail")
    for _ in range(4):
        await ui.settle()
        assert_clean(ui)
        await ui.press("end")
        assert_clean(ui)
        await ui.press("home", "tab")
    await ui.press("z")
    await ui.settle()
    assert_clean(ui)
    await ui.press("z", "escape")


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("tag", ["image", "artifact", "index"])
async def test_documents_are_shown_as_text(hostile: Server, tag: str, size: tuple[int, int]) -> None:
    async with browse(hostile, place=f"{APP}:{tag}", size=size) as ui:
        await ui.until(lambda: ui.focused() in {"layers", "entries"})
        await look_everywhere(ui)
        if tag == "index":
            await ui.press("enter")
            await ui.until(lambda: ui.focused() == "layers")
            await look_everywhere(ui)


async def test_markup_is_shown_letter_by_letter(hostile: Server) -> None:
    async with browse(hostile, place=f"{APP}:image", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("[/foo][bold]x[/bold][@click=app.quit]y[/]")
        await ui.until_shown("␛]52;c;ZXZpbA==␇␛[31m")


@pytest.mark.parametrize("tag", ["annotation", "type", "variable"])
async def test_megabytes_are_cut(endless: Server, tag: str) -> None:
    async with browse(endless, place=f"{APP}:{tag}", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await look_everywhere(ui)


async def test_errors_of_the_registry_are_shown_as_text(demo: Server) -> None:
    demo.before.append(refusal(403, EVIL, "/tags/list"))
    async with browse(demo, place="library/debian") as ui:
        await ui.until_noted(ui.tags, "403", "[/foo]")
        assert_clean(ui)


async def test_errors_about_manifests_and_configs_are_shown_as_text(demo: Server) -> None:
    demo.before.append(refusal(403, EVIL, "/blobs/"))
    async with browse(demo, place="team/frontend/storefront:production", size=WIDE) as ui:
        await ui.until_noted(ui.layers, "403", "[/foo]")
        assert_clean(ui)
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.press("m", "tab", "tab")
        await ui.until_shown("[/foo]")
        assert_clean(ui)
    demo.before[:] = [refusal(404, EVIL, "/manifests/")]
    async with browse(demo, place="library/debian:bookworm") as ui:
        await ui.until_noted(ui.entries, "404", "[/foo]")
        assert_clean(ui)


async def test_an_error_of_megabytes_is_cut(demo: Server) -> None:
    demo.before.append(refusal(403, LONG, "/tags/list"))
    async with browse(demo, place="library/debian") as ui:
        await ui.until_noted(ui.tags, "403")
        assert_clean(ui)


async def test_warnings_of_the_registry_are_shown_as_text() -> None:
    warning = '299 - "\x9b31m[/foo] [bold]goes away[/bold] \x85"'
    with DemoServer(headers=[("Warning", warning)]) as server:
        async with browse(server, place="library/debian") as ui:
            await ui.until(lambda: any("[/foo] [bold]goes away[/bold]" in one for one in ui.notices()))
            await ui.until_shown("[/foo] [bold]goes away")
            assert_clean(ui)


async def test_who_one_is_is_shown_as_text(demo: Server, home: Path) -> None:
    folder = home / ".docker"
    folder.mkdir(parents=True)
    name = EVIL.replace("\ud83d", "").replace(":", "")
    auth = base64.b64encode(f"{name}:secret".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {demo.host: {"auth": auth}}}))
    async with browse(demo, place="library/debian", size=WIDE) as ui:
        await ui.until_listed(ui.tags)
        await ui.until_shown("[/foo][bold]x[/bold]")
        assert_clean(ui)
        await ui.press("left", "left")
        await ui.until_shown("login [/foo]")
        assert_clean(ui)
        assert "secret" not in ui.text()


async def test_the_realm_of_a_login_is_shown_as_text_if_at_all() -> None:
    realm = "[/foo] \x9b31m \xff"
    with DemoServer(login=BasicLogin({"alice": "secret"}, realm=realm)) as server:
        async with browse(server, place="library/debian") as ui:
            await ui.until_noted(ui.tags, "401")
            assert_clean(ui)

    async def challenge(exchange: Exchange) -> None:
        headers = {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/[/foo]\x9b31m",service="[/foo]"'}
        await exchange.reply(401, b"", headers)

    async with ScriptedServer(challenge) as scripted, browse(scripted, place="library/debian") as ui:
        await ui.until_noted(ui.tags, "✗ ")
        assert_clean(ui)


async def test_an_answer_with_escape_sequences_in_its_headers_is_shown_as_text() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 \x1b]0;evil\x07\r\nX: \x1b[31m\r\nContent-Length: 0\r\n\r\n")

    async with ScriptedServer(answer) as server, browse(server, place="library/debian") as ui:
        await ui.until_noted(ui.tags, "✗ ")
        assert_clean(ui)


async def test_names_that_are_none_are_left_out_of_lists() -> None:
    async def answer(exchange: Exchange) -> None:
        tags = [EVIL, "ok", None, 7, "x" * 500, LONG]
        await exchange.reply(200, {"name": EVIL, "tags": tags, "repositories": ["team/app", *tags]})

    async with ScriptedServer(answer) as server, browse(server, place=APP) as ui:
        await ui.until(lambda: ui.names(ui.tags) == ["ok"])
        await ui.press("left")
        await ui.until(lambda: ui.names(ui.repositories) == ["ok", "team/app"])
        assert_clean(ui)


async def test_what_is_pasted_into_fields_is_shown_as_text(demo: Server) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until_listed(ui.tags)
        await ui.press("slash")
        ui.tags.filter_input.value = EVIL
        await ui.until_noted(ui.tags, "nothing matches")
        assert_clean(ui)
        await ui.press("escape", "o")
        await ui.until(lambda: ui.app.screen is not ui.browser)
        ui.app.screen.query_one("Input").value = EVIL  # type: ignore[attr-defined]  # Input's
        await ui.press("enter")
        await ui.until_shown("is not a valid")
        assert_clean(ui)


async def test_titles_are_shown_as_text_and_saved_under_plain_names(hostile: Server, tmp_path: Path) -> None:
    settings = Settings(download_folder=tmp_path)
    async with browse(hostile, place=f"{APP}:artifact", settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        await ui.press("d")
        await ui.until(lambda: ui.app.screen is not ui.browser)
        assert_clean(ui)
        await ui.press("enter")
        downloads = ui.session.downloads
        await ui.until(lambda: downloads.transfers and not downloads.active)
        await ui.until_shown("✓ verified")
        assert_clean(ui)
        (file,) = [each for each in tmp_path.iterdir() if each.is_file()]
        assert file.name.isprintable()
        assert file.read_bytes() == b"layer"
