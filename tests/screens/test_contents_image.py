"""One learns what an image is: its system, and its packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contents.helpers import tar_of
from tests.screens.inside import APP, file, files, look_inside, put_image, shown
from tests.screens.test_foreign_text import EVIL, assert_clean
from tests.ui import WIDE, browse
from tui.demo import DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.layers import noise
from tui.demo.problems import error_response

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = f"{APP}:latest"

LOWER = tar_of(
    {
        "usr/lib/os-release": b'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID=3.20.1\n',
        "lib/apk/db/installed": b"P:musl\nV:1.2.5\nA:x86_64\nI:650000\nL:MIT\n\nP:busybox\nV:1.36\n\n",
        "large": noise("large", 200_000),
    }
)
UPPER = tar_of({"app/run": b"1"})


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """A registry with an image of two layers."""
    storage = Storage()
    put_image(storage, [LOWER, UPPER])
    with DemoServer(storage) as server:
        yield server


async def test_a_key_tells_system_and_packages_of_the_image(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE, size=WIDE) as ui:
        await look_inside(ui, 2)
        await ui.press("i")
        await ui.until_shown("system Alpine Linux 3.20.1", "packages 2", "managed by apk")
        assert file(ui).has_focus_within
        await ui.press("tab")
        await ui.until(lambda: "musl 1.2.5 x86_64 650 kB MIT" in shown(ui))
        await ui.press("slash")
        await ui.type("busy")
        await ui.until(lambda: file(ui).view.cursor == 0)
        await ui.press("enter", "escape")
        assert files(ui).table.has_focus


async def test_an_image_without_a_system_says_so() -> None:
    storage = Storage()
    put_image(storage, [UPPER])
    with DemoServer(storage) as server:
        async with browse(server, place=IMAGE) as ui:
            await look_inside(ui)
            await ui.press("i")
            await ui.until_shown("does not say which it is", "no database of packages")


async def test_what_cannot_be_fetched_says_why(shelf: DemoServer) -> None:
    async with browse(shelf, place=IMAGE) as ui:
        await look_inside(ui, 2)
        await ui.press("t")
        await ui.until(lambda: (inside := files(ui).inside) is not None and inside.complete)
        await ui.until(lambda: "lib" in {row.node.name for row in files(ui).table.rows})
        shelf.before.append(reply(lambda: error_response(403, "DENIED", "not for you"), path_has("/blobs/")))
        await ui.press("i")
        await ui.until(lambda: "not for you" in shown(ui))


async def test_hostile_databases_are_shown_as_text() -> None:
    storage = Storage()
    evil = EVIL.replace("\n", " ").replace("\r", " ").encode(errors="replace")
    tar = tar_of(
        {
            "etc/os-release": b'PRETTY_NAME="' + evil.replace(b'"', b"") + b'"\n',
            "var/lib/dpkg/status": b"Package: "
            + evil
            + b"\nVersion: "
            + evil
            + b"\nArchitecture: "
            + evil
            + b"\n\n",
        }
    )
    put_image(storage, [tar])
    with DemoServer(storage) as server:
        async with browse(server, place=IMAGE, size=WIDE) as ui:
            await look_inside(ui)
            await ui.press("i")
            await ui.until_shown("managed by dpkg")
            assert_clean(ui)
            await ui.press("tab")
            assert_clean(ui)
