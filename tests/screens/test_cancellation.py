"""What nobody waits for any more is cancelled down to the socket, and what comes late never shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.ui import browse, requests
from tui.demo.faults import Gate, path_has

if TYPE_CHECKING:
    from tui.demo import DemoServer

DEBIAN = "library/debian"


def gate_on(demo: DemoServer, part: str) -> Gate:
    """Hold back the requests whose path contains a text."""
    gate = Gate(path_has(part))
    demo.before.append(gate)
    return gate


async def test_the_catalog_of_a_registry_that_one_has_left_is_cancelled(demo: DemoServer) -> None:
    gate = gate_on(demo, "_catalog")
    async with browse(demo, place="") as ui:
        await ui.wait(gate.arrived())
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "registries")
        await ui.press("down")
        await ui.wait(gate.abandoned())
        gate.open()
        await ui.settle()
        assert not ui.repositories.listed


async def test_the_tags_of_a_repository_that_one_has_left_are_cancelled(demo: DemoServer) -> None:
    gate = gate_on(demo, "artifacts/signed-app/tags/list")
    async with browse(demo, place="") as ui:
        await ui.wait(gate.arrived())
        await ui.press("down", "down")
        await ui.wait(gate.abandoned())
        await ui.until(lambda: "1.1.0-rc.1" in ui.names(ui.tags))
        gate.open()
        await ui.settle()
        assert ui.names(ui.tags) == list(demo.storage.tags("charts/hello"))


async def test_the_manifest_of_a_tag_that_one_has_left_is_cancelled(demo: DemoServer) -> None:
    gate = gate_on(demo, "/manifests/12")
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("end")
        await ui.wait(gate.abandoned())
        await ui.until_listed(ui.entries, 6)
        gate.open()
        await ui.settle()
        assert ui.entries.subject.name == "trixie-20261117"
        assert "library/debian › trixie-20261117" in ui.text()


async def test_the_children_of_an_index_that_one_has_left_are_cancelled(demo: DemoServer) -> None:
    stored = demo.storage.get_manifest(DEBIAN, "bookworm")
    assert stored is not None
    gate = gate_on(demo, json.loads(stored.data)["manifests"][2]["digest"])
    async with browse(demo, place=f"{DEBIAN}:bookworm") as ui:
        await ui.wait(gate.arrived())
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "tags")
        await ui.press("home", "end")
        await ui.wait(gate.abandoned())
        gate.open()
        await ui.settle()
        assert all(row.error is None and row.document is not None for row in ui.entries.table.rows)


async def test_the_config_of_an_image_that_one_has_left_is_cancelled(demo: DemoServer) -> None:
    gate = gate_on(demo, "/blobs/")
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.wait(gate.arrived())
        await ui.until(lambda: ui.focused() == "layers")
        await ui.press("left", "left", "up")
        await ui.wait(gate.abandoned())


async def test_the_next_page_of_a_list_that_one_has_left_is_cancelled(demo: DemoServer) -> None:
    async with browse(demo, place="demo/many-tags") as ui:
        await ui.until_listed(ui.tags, 100)
        gate = gate_on(demo, "demo/many-tags/tags/list")
        await ui.press("end")
        await ui.wait(gate.arrived())
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "repositories")
        await ui.press("down")
        await ui.wait(gate.abandoned())
        gate.open()
        await ui.until(lambda: ui.names(ui.tags) == ["latest"])


async def test_reload_cancels_what_it_replaces(demo: DemoServer) -> None:
    gate = gate_on(demo, "tags/list")
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("r")
        await ui.wait(gate.abandoned())
        gate.open()
        await ui.until_counted(ui.tags, "15")
        assert len(ui.names(ui.tags)) == 15
        assert len(requests(demo, "tags/list")) == 2


async def test_leaving_the_program_cancels_what_is_under_way(demo: DemoServer) -> None:
    gate = gate_on(demo, "tags/list")
    async with browse(demo, place=DEBIAN) as ui:
        await ui.wait(gate.arrived())
        await ui.press("q")
        await ui.until(lambda: ui.app._exit)
    await ui.wait(gate.abandoned())


async def test_what_two_columns_wait_for_goes_on_while_one_of_them_does(demo: DemoServer) -> None:
    gate = gate_on(demo, "/blobs/")
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.wait(gate.arrived())
        await ui.until(lambda: ui.focused() == "layers")
        # The details turn from the manifest to a layer; the list of layers still waits for the config.
        await ui.press("left", "right")
        await ui.until(lambda: ui.focused() == "layers")
        gate.open()
        await ui.until(lambda: "COPY assets/" in "\n".join(ui.rows(ui.layers)))
        assert len(requests(demo, "/blobs/")) == 1
