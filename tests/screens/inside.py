"""What tests of the inside of layers share: images of given files, layers that arrive slowly, the screen."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from tests.contents.helpers import gzipped
from tui.demo.recipes import OCI_CONFIG
from tui.demo.storage import OCI_MANIFEST
from tui.screens.contents import ContentsScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from tests.ui import Ui
    from tui.demo import Storage
    from tui.panes.file import FilePane
    from tui.panes.files import FilesPane

APP = "team/app"
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


def put_image(
    storage: Storage, tars: Sequence[bytes], *, tag: str = "latest", packed: bool = True
) -> list[str]:
    """Store an image of layers as team/app; return the digests of these.

    Args:
        storage: Where.
        tars: What is in the layers.
        tag: Of the image.
        packed: Whether they are to be packed with gzip.
    """
    layers = put_layers(storage, tars, packed=packed)
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers"}}).encode()
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": storage.put_blob(APP, config), "size": len(config)},
        "layers": layers,
    }
    storage.put_manifest(APP, document, OCI_MANIFEST, tags=[tag])
    return [layer["digest"] for layer in layers]


def put_layers(storage: Storage, tars: Sequence[bytes], *, packed: bool = True) -> list[dict[str, Any]]:
    """Store layers in team/app; return what a manifest says of them.

    Args:
        storage: Where.
        tars: What is in the layers.
        packed: Whether they are to be packed with gzip.
    """
    blobs = [gzipped(tar) if packed else tar for tar in tars]
    return [{"mediaType": GZIP, "digest": storage.put_blob(APP, blob), "size": len(blob)} for blob in blobs]


class Held:
    """A hook that gives a blob as far as a place, and the rest when it is let go.

    Args:
        data: The blob.
        digest: Its digest.
        after: Bytes that come at once.
    """

    def __init__(self, data: bytes, digest: str, after: int) -> None:
        self.left = asyncio.Event()
        """Set when whom it was sent to has gone."""
        self.released = asyncio.Event()
        """Set it, and the rest follows."""
        self._loop = asyncio.get_running_loop()
        self._data, self._digest, self._after = data, digest, after

    async def __call__(self, request: Request) -> Response | None:
        """Answer what asks for the blob."""
        if not request.url.path.endswith(self._digest):
            return None
        headers = {"Content-Length": str(len(self._data))}
        return StreamingResponse(self._pieces(), headers=headers, media_type="application/octet-stream")

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield self._data[: self._after]
        try:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.released.wait(), self._loop))
        except asyncio.CancelledError:
            self._loop.call_soon_threadsafe(self.left.set)
            raise
        yield self._data[self._after :]


def screen(ui: Ui) -> ContentsScreen:
    """Return the screen of what is inside, whatever dialog stands above it."""
    found = next((one for one in ui.app.screen_stack if isinstance(one, ContentsScreen)), None)
    assert found is not None
    return found


def files(ui: Ui) -> FilesPane:
    """Return the files."""
    return screen(ui).files_pane


def file(ui: Ui) -> FilePane:
    """Return what shows on the right."""
    return screen(ui).file_pane


def names(ui: Ui) -> list[str]:
    """Return the names of the rows, set in by their depth; in a list their paths."""
    return [
        "  " * row.depth + (f"/{row.called}" if row.called else row.node.name or "/")
        for row in files(ui).table.rows
    ]


async def look_inside(ui: Ui, layer: int = 1, *, wait: bool = True) -> None:
    """Go from the layers of an image into one of them.

    Args:
        ui: The program, on an image without an index.
        layer: Its number.
        wait: Whether to wait until all of it is listed.
    """
    await ui.until(lambda: ui.focused() == "layers")
    await ui.until(lambda: any(place.number == layer for place in ui.layers.listed))
    index = next(number for number, place in enumerate(ui.layers.table.rows) if place.number == layer)
    await ui.press("home", *["down"] * index, "enter")
    await ui.until(lambda: isinstance(ui.app.screen, ContentsScreen) and files(ui).inside is not None)
    if wait:
        await until_listed(ui)


async def until_listed(ui: Ui) -> None:
    """Wait until all that there is inside has been listed and shows."""
    await ui.until(lambda: (inside := files(ui).inside) is not None and inside.complete)
    await ui.until(
        lambda: not [one for one in ui.app.workers if not one.is_finished and one.node is files(ui)]
    )


async def go_to(ui: Ui, path: str) -> None:
    """Put the cursor on a path of the tree, as one does by unfolding what it is in."""
    inside = files(ui).inside
    assert inside is not None
    node = inside.root.find(path)
    assert node is not None
    files(ui).reveal(node)
    await ui.until(lambda: files(ui).path == path)


def shown(ui: Ui) -> str:
    """Return all lines of what shows on the right, those out of view, too, in one."""
    view = file(ui).view
    if view.document is None:
        return ""
    document, width = view.document, view._text_width
    lines = (document.line(index, width).plain for index in range(document.line_count(width)))
    return " ".join(" ".join(lines).split())
