from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input, Static

from tests.ui import browse
from tui.config import Settings
from tui.demo import DemoServer
from tui.screens.download import DownloadScreen
from tui.transfers import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.ui import Ui
    from tui.places import LayerPlace

NAME = "team/frontend/storefront"
IMAGE = f"{NAME}:production"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for what is downloaded."""
    empty = tmp_path / "downloads"
    empty.mkdir()
    return empty


@asynccontextmanager
async def on_layers(server: DemoServer, folder: Path, place: str = IMAGE) -> AsyncIterator[Ui]:
    """Start the program on the layers of an image, with a folder for downloads in the settings."""
    async with browse(server, place=place, settings=Settings(download_folder=folder)) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        yield ui


async def ask(ui: Ui) -> DownloadScreen:
    """Open the dialog."""
    await ui.press("d")
    await ui.until(lambda: isinstance(ui.app.screen, DownloadScreen))
    screen = ui.app.screen
    assert isinstance(screen, DownloadScreen)
    return screen


async def until_ended(ui: Ui, *states: State) -> None:
    """Wait until all downloads have ended, and assert how."""
    downloads = ui.session.downloads
    await ui.until(lambda: len(downloads.transfers) == len(states) and not downloads.active)
    assert [transfer.state for transfer in downloads.transfers] == list(states)


def layer(ui: Ui, index: int = 0) -> Any:
    """Return the descriptor of a row of the layers."""
    place: LayerPlace = ui.layers.table.rows[index]
    return place.descriptor


def complaint(ui: Ui) -> str:
    """Return what the dialog complains of."""
    problem = ui.app.screen.query_one(".problem")
    return str(problem.render()) if problem.display else ""


def explanation(ui: Ui) -> str:
    """Return what stands under the downloads."""
    return str(ui.browser.transfers_pane.query_one(Static).render())


async def test_the_dialog_tells_what_is_downloaded_and_where_to(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        screen = await ask(ui)
        await ui.until_shown("─ Download ─", f"layer 1 of 4 of {NAME} › production", "812 kB")
        digest = layer(ui).digest
        assert screen.query_one("#folder", Input).value == str(folder)
        assert screen.query_one("#name", Input).value == f"{digest.short}.tar.gz"
        assert digest.short in ui.text()


async def test_a_layer_becomes_a_file_of_its_digest(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        digest = layer(ui).digest
        await ask(ui)
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        (file,) = folder.iterdir()
        assert file.name == f"{digest.short}.tar.gz"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest.hex
        await ui.until_shown("─ Downloads ─", f"{digest.short}.tar.gz", "✓ verified")
        assert ui.focused() == "layers"


async def test_a_config_is_downloaded_as_it_is(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        await ui.press("end")
        digest = layer(ui, -1).digest
        await ask(ui)
        await ui.until_shown("the config of")
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert (folder / f"{digest.short}.json").read_bytes() == demo.storage.get_blob(NAME, digest)


async def test_a_manifest_is_downloaded_as_the_registry_sent_it(demo: DemoServer, folder: Path) -> None:
    stored = demo.storage.get_manifest(NAME, "production")
    assert stored is not None
    async with on_layers(demo, folder) as ui:
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "tags")
        await ask(ui)
        await ui.until_shown("the manifest of")
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        (file,) = folder.iterdir()
        assert file.read_bytes() == stored.data
        assert file.suffix == ".json"


async def test_an_index_and_its_entries_are_downloaded_too(demo: DemoServer, folder: Path) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    settings = Settings(download_folder=folder)
    async with browse(demo, place="library/debian:bookworm", settings=settings) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        await ask(ui)
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "tags")
        await ask(ui)
        await ui.press("enter")
        await until_ended(ui, State.DONE, State.DONE)
        assert stored.data in [file.read_bytes() for file in folder.iterdir()]


async def test_files_of_artifacts_keep_their_titles(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder, "artifacts/tiny-llm:latest") as ui:
        await ui.press("down")
        await ask(ui)
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert [file.name for file in folder.iterdir()] == ["tokenizer.json"]


async def test_another_name_is_reduced_to_a_plain_one(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        screen = await ask(ui)
        screen.query_one("#name", Input).value = "../../../evil.tar.gz"
        await ui.press("enter")
        await until_ended(ui, State.DONE)
        assert [file.name for file in folder.iterdir()] == ["evil.tar.gz"]


async def test_escape_downloads_nothing(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        await ask(ui)
        await ui.press("escape")
        await ui.until(lambda: ui.app.screen is ui.browser)
        assert ui.session.downloads.transfers == ()
        assert not list(folder.iterdir())


async def test_a_file_that_exists_is_replaced_only_when_asked(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        file = folder / f"{layer(ui).digest.short}.tar.gz"
        file.write_text("mine")
        await ask(ui)
        await ui.press("enter")
        await ui.until_shown("exists already", "Choose another", "Replace it")
        await ui.press("enter")
        await ui.until(lambda: "exists already. Replace it, or choose another" in complaint(ui))
        assert file.read_text() == "mine"
        await ui.press("enter")
        await ui.until_shown("Choose another", "Replace it")
        await ui.press("right", "enter")
        await until_ended(ui, State.DONE)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == layer(ui).digest.hex


async def test_a_folder_in_the_place_of_the_file_is_never_replaced(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        (folder / f"{layer(ui).digest.short}.tar.gz").mkdir()
        await ask(ui)
        await ui.press("enter")
        await ui.until(lambda: "is a folder. Choose another folder or name." in complaint(ui))


async def test_a_missing_folder_is_created_when_asked(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder / "new" / "er") as ui:
        await ask(ui)
        await ui.press("enter")
        await ui.until_shown("does not exist", "Create the folder")
        await ui.press("escape")
        await ui.until(lambda: isinstance(ui.app.screen, DownloadScreen))
        assert not (folder / "new").exists()
        await ui.press("enter")
        await ui.until_shown("Create the folder")
        await ui.press("right", "enter")
        await until_ended(ui, State.DONE)
        assert len(list((folder / "new" / "er").iterdir())) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file", "is no folder"),
        ("file/below", "is no folder"),
        ("~nobody-of-this-name/x", "The folder cannot be used"),
    ],
)
async def test_a_folder_that_is_none_is_complained_of_in_place(
    demo: DemoServer, folder: Path, path: str, said: str
) -> None:
    (folder / "file").write_text("a file is in the way")
    async with on_layers(demo, folder) as ui:
        screen = await ask(ui)
        screen.query_one("#folder", Input).value = path if path.startswith("~") else str(folder / path)
        await ui.press("enter")
        await ui.until(lambda: said in complaint(ui))
        screen.query_one("#folder", Input).value = str(folder)
        await ui.until(lambda: complaint(ui) == "")
        await ui.press("enter")
        await until_ended(ui, State.DONE)


async def test_a_folder_that_may_not_be_written_to_is_an_error_and_can_be_tried_again(
    demo: DemoServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_open = os.open

    def refusing(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if str(path).startswith(str(folder)) and flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return true_open(path, flags, *more, **named)

    async with on_layers(demo, folder) as ui:
        await ask(ui)
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refusing)
            await ui.press("enter")
            await until_ended(ui, State.FAILED)
        await ui.until_shown("✗ failed")
        await ui.until(lambda: "denied. Choose a folder that you may write to." in explanation(ui))
        assert not list(folder.iterdir())
        await ui.press("t", "r")
        await until_ended(ui, State.DONE)


async def test_a_wrong_digest_leaves_no_file(demo: DemoServer, folder: Path) -> None:
    storage = demo.storage.copy()
    with DemoServer(storage) as server:
        async with on_layers(server, folder) as ui:
            descriptor = layer(ui)
            storage.put_blob(NAME, b"x" * descriptor.size, digest=descriptor.digest)
            await ask(ui)
            await ui.press("enter")
            await until_ended(ui, State.FAILED)
            await ui.until_shown("✗ failed")
            await ui.until(lambda: "Do not use the content; try again" in explanation(ui))
            assert "the content should have the digest" in explanation(ui)
            assert [file for file in folder.iterdir() if not file.name.endswith(".part")] == []


async def test_the_folder_is_offered_again_next_time(demo: DemoServer, folder: Path) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        screen = await ask(ui)
        screen.query_one("#folder", Input).value = str(folder)
        await ui.press("enter")
        await until_ended(ui, State.DONE)
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        screen = await ask(ui)
        assert screen.query_one("#folder", Input).value == str(folder)


async def test_the_path_of_a_folder_is_completed(demo: DemoServer, folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "plain-file").write_text("")
    async with on_layers(demo, folder) as ui:
        screen = await ask(ui)
        entry = screen.query_one("#folder", Input)
        await ui.until(lambda: entry.has_focus)
        entry.value = f"{folder}/"
        await ui.press("end", "p")
        await ui.until(lambda: entry._suggestion == f"{folder}/pictures")
        await ui.press("right")
        await ui.until(lambda: entry.value == f"{folder}/pictures")


async def test_downloading_is_offered_only_where_there_is_something(demo: DemoServer, folder: Path) -> None:
    async with on_layers(demo, folder) as ui:
        await ui.until(lambda: "d" in ui.keys_shown())
        await ui.press("down")
        await ui.until(lambda: "d" not in ui.keys_shown())
        await ui.press("d")
        await ui.settle()
        assert ui.app.screen is ui.browser
    async with browse(demo, place="demo/missing-child:latest") as ui:
        await ui.until(lambda: ui.focused() == "entries" and "missing" in ui.text())
        await ui.until(lambda: "d" in ui.keys_shown())
        await ui.press("down")
        await ui.until(lambda: "d" not in ui.keys_shown())
