"""One chooses two images, and sees what differs between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contents.helpers import gzipped, make_tar, member, tar_of
from tests.screens.inside import APP, Held, put_layers
from tests.ui import MEDIUM, NARROW, browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.layers import noise
from tui.demo.problems import error_response
from tui.demo.recipes import OCI_CONFIG
from tui.demo.storage import OCI_INDEX, OCI_MANIFEST
from tui.screens.comparison import ComparisonScreen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.ui import Ui
    from tui.panes.differences import DifferencesPane

BASE = tar_of({"etc/": b"", "etc/hosts": b"localhost\n", "bin/": b"", "bin/tool": b"\0old tool"})
OLD = make_tar(
    [
        (member("etc/app.conf"), b"[app]\nport = 80\nname = app\n"),
        (member("etc/gone"), b"gone\n"),
        (member("etc/same"), b"alike\n"),
        (member("etc/sized"), b"abcd\n"),
    ]
)
NEW = make_tar(
    [
        (member("etc/app.conf"), b"[app]\nport = 8080\nname = app\n"),
        (member("etc/more"), b"more\n"),
        (member("etc/same"), b"alike\n"),
        (member("etc/sized"), b"abce\n"),
        (member("bin/tool"), b"\0new tool!"),
    ]
)
OLD_TOP = tar_of({"top": b"1"})


def put(
    storage: Storage,
    tag: str,
    tars: Sequence[bytes],
    *,
    run: dict[str, Any] | None = None,
    steps: Sequence[str] = (),
    architecture: str = "amd64",
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Store an image as team/app, and return what an index says of it; "" stores it under no tag."""
    document: dict[str, Any] = {
        "os": "linux",
        "architecture": architecture,
        "config": run or {},
        "rootfs": {"type": "layers"},
        "history": [{"created_by": step} for step in steps],
    }
    config = json.dumps(document).encode()
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": storage.put_blob(APP, config), "size": len(config)},
        "layers": put_layers(storage, tars),
        "annotations": annotations or {},
    }
    digest = storage.put_manifest(APP, manifest, OCI_MANIFEST, tags=[tag] if tag else [])
    return {
        "mediaType": OCI_MANIFEST,
        "digest": str(digest),
        "size": len(json.dumps(manifest)),
        "platform": {"os": "linux", "architecture": architecture},
    }


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """A registry with two versions of an image."""
    storage = Storage()
    put(
        storage,
        "1.0",
        [BASE, OLD, OLD_TOP],
        run={"Env": ["PATH=/bin", "PORT=80"], "Cmd": ["app"]},
        steps=["COPY base", "RUN build old", "COPY top"],
    )
    put(
        storage,
        "2.0",
        [BASE, NEW],
        run={"Env": ["PATH=/bin", "PORT=8080"], "User": "app", "Cmd": ["app"]},
        steps=["COPY base", "RUN build new"],
    )
    with DemoServer(storage) as server:
        yield server


def screen(ui: Ui) -> ComparisonScreen:
    """Return the screen of the comparison, whatever dialog stands above it."""
    return next(one for one in ui.app.screen_stack if isinstance(one, ComparisonScreen))


def pane(ui: Ui) -> DifferencesPane:
    """Return what differs."""
    return screen(ui).differences_pane


def rows(ui: Ui) -> list[tuple[str, str, str, str]]:
    """Return what became of what, and what both images have of it."""
    return [(row.change, row.name, row.before, row.after) for row in pane(ui).table.rows]


def shown(ui: Ui) -> str:
    """Return all lines of the details."""
    view = screen(ui).file_pane.view
    if view.document is None:
        return ""
    document, width = view.document, view._text_width
    return "\n".join(
        document.line(index, width).plain.rstrip() for index in range(document.line_count(width))
    )


async def choose(ui: Ui, tag: str) -> None:
    """Put the cursor on a tag, and press the key that chooses it."""
    names = [place.name for place in ui.tags.table.rows]
    await ui.press("home", *["down"] * names.index(tag), "c")


async def compare(ui: Ui, before: str, after: str) -> None:
    """Compare two tags of the repository that is shown."""
    await ui.until(lambda: ui.focused() == "tags")
    await ui.until(lambda: {before, after} <= {place.name for place in ui.tags.listed})
    await choose(ui, before)
    await choose(ui, after)
    await ui.until(lambda: isinstance(ui.app.screen, ComparisonScreen))
    await ui.until(lambda: not (note := pane(ui).table.note) or "loading" not in note.plain)


async def see(ui: Ui, name: str) -> None:
    """Look at one respect."""
    for _ in range(4):
        respect = pane(ui).respect
        if respect is not None and respect.name == name:
            break
        await ui.press("tab")
    await ui.until(lambda: (one := pane(ui).respect) is not None and one.name == name)
    if name == "files":
        await ui.until(lambda: (one := pane(ui).respect) is not None and (one.known or one.failed))


async def open_row(ui: Ui, name: str) -> None:
    """Open the row of a name."""
    names = [row.name for row in pane(ui).table.rows]
    await ui.press("home", *["down"] * names.index(name), "enter")
    await ui.until(lambda: screen(ui).file_pane.has_focus_within)


async def test_the_first_image_is_held_until_a_second_one_is_chosen(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await ui.until(lambda: ui.focused() == "tags" and len(ui.tags.listed) > 1)
        await choose(ui, "1.0")
        await ui.until_shown("c compares with 1.0 esc lets go")
        await choose(ui, "2.0")
        await ui.until(lambda: isinstance(ui.app.screen, ComparisonScreen))
        await ui.until_shown(f"− {shelf.host}/{APP}:1.0", f"+ {shelf.host}/{APP}:2.0")
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        await ui.until_gone("c compares with")


async def test_escape_lets_go_and_only_then_goes_back(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await ui.until(lambda: ui.focused() == "tags" and len(ui.tags.listed) > 1)
        await choose(ui, "1.0")
        await ui.until_shown("c compares with 1.0")
        await ui.press("escape")
        await ui.until_gone("c compares with")
        assert ui.focused() == "tags"
        await ui.press("escape")
        await ui.until(lambda: ui.focused() == "repositories")


async def test_an_image_is_not_compared_with_itself(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await ui.until(lambda: ui.focused() == "tags" and len(ui.tags.listed) > 1)
        await ui.settle()
        await ui.press("c", "c")
        await ui.until_gone("c compares with")
        assert ui.app.screen is ui.browser


async def test_configs_are_compared_value_by_value(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await ui.until(lambda: rows(ui))
        assert rows(ui) == [
            ("changed", "config › Env › PORT", "80", "8080"),
            ("added", "config › User", "", "app"),
        ]
        await ui.until_shown("Config 2", "~ config › Env › PORT", "+ config › User")


async def test_histories_are_compared_step_by_step(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "history")
        assert rows(ui) == [
            ("same", "COPY base", "1", "1"),
            ("removed", "RUN build old", "2", ""),
            ("removed", "COPY top", "3", ""),
            ("added", "RUN build new", "", "2"),
        ]


async def test_layers_are_shared_moved_new_or_gone() -> None:
    storage = Storage()
    put(storage, "1.0", [BASE, OLD, OLD_TOP])
    put(storage, "2.0", [OLD, NEW, BASE])
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await see(ui, "layers")
            assert sorted(word for word, *_ in rows(ui)) == ["gone", "moved", "new", "shared"]
            await ui.until_shown("Layers 3")


async def test_files_are_listed_when_they_are_looked_at(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "layers")
        assert not requests(shelf, "/blobs/sha256:")[2:]
        await see(ui, "files")
        assert rows(ui) == [
            ("changed", "/bin/tool", "9 B", "10 B"),
            ("changed", "/etc/app.conf", "27 B", "29 B"),
            ("removed", "/etc/gone", "5 B", ""),
            ("added", "/etc/more", "", "5 B"),
            ("removed", "/top", "1 B", ""),
            ("unsure", "/etc/same", "6 B", "6 B"),
            ("unsure", "/etc/sized", "5 B", "5 B"),
        ]
        await ui.until_shown("Files 5", "? 2 files of the same size in other layers", "− 7 files")


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("a", ["/etc/more"]),
        ("tilde", ["/bin/tool", "/etc/app.conf"]),
        ("minus", ["/etc/gone", "/top"]),
    ],
)
async def test_a_key_shows_only_one_kind_of_change_and_all_again(
    shelf: DemoServer, key: str, names: list[str]
) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await ui.press(key)
        assert [name for _, name, *_ in rows(ui)] == names
        await ui.press(key)
        assert len(rows(ui)) == 7


async def test_a_text_is_searched_for_among_the_paths(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await ui.press("slash")
        await ui.type("conf")
        await ui.press("enter")
        assert [name for _, name, *_ in rows(ui)] == ["/etc/app.conf"]


async def test_the_difference_of_a_text_is_shown_with_signs(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP, size=NARROW) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await open_row(ui, "/etc/app.conf")
        await ui.until(lambda: "@@" in shown(ui))
        assert shown(ui).splitlines()[-5:] == [
            "@@ -1,3 +1,3 @@",
            "  [app]",
            "− port = 80",
            "+ port = 8080",
            "  name = app",
        ]
        await ui.until_shown("− port = 80", "+ port = 8080", "1 line removed, 1 line added")
        await ui.press("escape")
        await ui.until(lambda: pane(ui).has_focus_within)


async def test_of_files_that_are_no_texts_the_first_byte_that_differs_is_told(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await open_row(ui, "/bin/tool")
        await ui.until(lambda: "differs is at 1 (0x1)." in " ".join(shown(ui).split()))


async def test_what_was_added_is_shown_as_it_is(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await open_row(ui, "/etc/more")
        await ui.until(lambda: "more" in shown(ui).split())


@pytest.mark.parametrize(("name", "word"), [("/etc/same", "same"), ("/etc/sized", "changed")])
async def test_reading_both_tells_whether_files_of_one_size_differ(
    shelf: DemoServer, name: str, word: str
) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await open_row(ui, name)
        await ui.until(lambda: (word, name) in [row[:2] for row in rows(ui)])


async def test_values_are_shown_whole_when_they_are_opened(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await open_row(ui, "config › Env › PORT")
        await ui.until(lambda: "8080" in shown(ui) and "changed" in shown(ui))


async def test_images_of_one_digest_are_the_same_and_nothing_is_fetched() -> None:
    storage = Storage()
    put(storage, "1.0", [BASE])
    put(storage, "same", [BASE])
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "same")
            await ui.until_shown("These images are the same.")


async def test_images_that_differ_in_an_annotation_alone_say_so() -> None:
    storage = Storage()
    put(storage, "1.0", [BASE])
    put(storage, "2.0", [BASE], annotations={"org.example": "two"})
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await ui.until(lambda: rows(ui) == [("added", "annotations › org.example", "", "two")])
            await see(ui, "layers")
            await ui.until_shown("The layers are the same.")
            await see(ui, "files")
            await ui.until_shown("The files are the same.")


async def test_of_indexes_a_platform_is_taken_that_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    storage = Storage()
    for tag, layer in (("1.0", OLD), ("2.0", NEW)):
        entries = [put(storage, "", [BASE, layer], architecture=one) for one in ("amd64", "arm64")]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        storage.put_manifest(APP, index, OCI_INDEX, tags=[tag])
    with DemoServer(storage) as server:
        async with browse(server, place=APP, size=(160, 30)) as ui:
            await compare(ui, "1.0", "2.0")
            await ui.until_shown("linux/arm64 of both", "1.0 linux/arm64", "2.0 linux/arm64")


async def test_indexes_without_a_common_platform_are_told_so() -> None:
    storage = Storage()
    for tag, one in (("1.0", "amd64"), ("2.0", "arm64")):
        index = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [put(storage, "", [], architecture=one)],
        }
        storage.put_manifest(APP, index, OCI_INDEX, tags=[tag])
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await ui.until_shown("1.0 and 2.0 have no platform in common")


async def test_hostile_names_and_values_are_text() -> None:
    storage = Storage()
    evil = "\x1b]52;c;AAAA\x07[/b][red]\u202e"
    name = b"etc/\x1b[2J[/foo]\xe2\x80\xae"
    put(storage, "1.0", [tar_of({"etc/x": b"a\n"})], run={"User": "me"}, steps=["RUN one"])
    put(
        storage,
        "2.0",
        [make_tar([(member(name.decode()), b"b\n"), (member("etc/x"), f"a\n{evil}\n".encode())])],
        run={"User": evil, "Labels": {evil: evil}},
        steps=[evil],
    )
    with DemoServer(storage) as server:
        async with browse(server, place=APP, size=MEDIUM) as ui:
            await compare(ui, "1.0", "2.0")
            for respect in ("config", "history", "files"):
                await see(ui, respect)
                await ui.until_shown("␛")
                assert not {"\x1b", "\x07", "\u202e"} & set(ui.text())
            await open_row(ui, "/etc/x")
            await ui.until(lambda: "␛" in shown(ui))
            await ui.until_shown("[/b][red]")
            assert not {"\x1b", "\x07", "\u202e"} & set(ui.text())


async def test_an_absent_layer_is_told_in_place_and_can_be_asked_for_again() -> None:
    storage = Storage()
    put(storage, "1.0", [BASE])
    put(storage, "2.0", [NEW])
    digest = storage.put_blob(APP, gzipped(NEW))
    with DemoServer(storage) as server:
        missing = reply(lambda: error_response(404, "BLOB_UNKNOWN", "no such layer"), path_has(digest))
        server.before.append(missing)
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await see(ui, "files")
            await ui.until_shown("✗", "r try again")
            server.before.remove(missing)
            await ui.press("r")
            await ui.until(lambda: len(rows(ui)) > 1)


async def test_escape_ends_the_transfers_and_leaving_goes_back() -> None:
    storage = Storage()
    large = tar_of({"a": b"a", "large": noise("large", 600_000)})
    put(storage, "1.0", [large])
    put(storage, "2.0", [BASE])
    blob = gzipped(large)
    digest = storage.put_blob(APP, blob)
    with DemoServer(storage) as server:
        hook = Held(blob, str(digest), 200_000)
        server.before.append(hook)
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await ui.press("tab", "tab", "tab")
            await ui.until_shown("layer 1 of 1", "esc stop")
            await ui.press("escape")
            await ui.wait(hook.left.wait())
            await ui.until_shown("stopped before all files were listed")
            hook.released.set()
            await ui.press("r")
            await ui.until(lambda: len(rows(ui)) > 1)
            await ui.press("escape")
            await ui.until(lambda: ui.app.screen is ui.browser)


async def test_what_is_wrong_with_a_layer_is_told_below_its_files() -> None:
    storage = Storage()
    put(storage, "1.0", [BASE])
    put(storage, "2.0", [NEW[: len(NEW) // 2 + 100]])
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await see(ui, "files")
            await ui.until_shown("✗ + layer 1:")


@pytest.mark.parametrize("size", [NARROW, MEDIUM])
async def test_each_line_is_as_wide_as_the_terminal_and_ends_with_keys(
    shelf: DemoServer, size: tuple[int, int]
) -> None:
    async with browse(shelf, place=APP, size=size) as ui:
        await compare(ui, "1.0", "2.0")
        for name in ("config", "history", "layers", "files"):
            await see(ui, name)
            assert {strip.cell_length for strip in ui.strips()} == {size[0]}
            await ui.until_shown("? help")
        await open_row(ui, "/etc/app.conf")
        await ui.until(lambda: "@@" in shown(ui))
        assert {strip.cell_length for strip in ui.strips()} == {size[0]}


async def test_help_lists_the_keys_of_the_comparison(shelf: DemoServer) -> None:
    async with browse(shelf, place=APP) as ui:
        await compare(ui, "1.0", "2.0")
        await see(ui, "files")
        await ui.press("question_mark")
        await ui.until_shown("Show only what was added, or all again", "Go back to what differs")


async def test_images_without_layers_have_no_files_that_differ() -> None:
    storage = Storage()
    put(storage, "1.0", [], run={"User": "a"})
    put(storage, "2.0", [], run={"User": "b"})
    with DemoServer(storage) as server:
        async with browse(server, place=APP) as ui:
            await compare(ui, "1.0", "2.0")
            await see(ui, "files")
            await ui.until_shown("The files are the same.", "− no layers", "+ no layers")
