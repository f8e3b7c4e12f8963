from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ui import WIDE, browse, requests
from tui.client.models import Manifest
from tui.demo import DemoServer, Storage
from tui.demo.faults import Gate, path_has, reply
from tui.demo.problems import error_response
from tui.demo.storage import OCI_MANIFEST

if TYPE_CHECKING:
    from tests.ui import Ui

IMAGE = "team/frontend/storefront:production"


def shown(ui: Ui) -> str:
    """Return what the details show."""
    return "\n".join(ui.rows(ui.detail))


async def test_the_details_follow_the_cursor(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: "layer 1 of 4" in shown(ui))
        await ui.press("end")
        await ui.until(lambda: "kind config" in shown(ui))
        await ui.press("left")
        await ui.until(lambda: "kind image" in shown(ui))


async def test_an_image_is_summed_up(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=WIDE) as ui:
        await ui.until_shown("platform linux/amd64", "created 2026-11-17 09:12 UTC", "1.2 MB in 1 layer")


async def test_m_goes_to_the_details_and_back(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.press("m")
        await ui.until(lambda: ui.focused() == "detail")
        await ui.press("m")
        await ui.until(lambda: ui.focused() == "layers")
        await ui.press("m", "escape")
        await ui.until(lambda: ui.focused() == "layers")


async def test_tabs_go_in_a_circle(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE) as ui:
        await ui.go_to_details()
        await ui.until_shown("Summary Manifest  Config  History")
        seen = []
        for _ in range(4):
            await ui.press("tab")
            seen.append(ui.detail.chosen)
        assert seen == ["manifest", "config", "history", "overview"]
        await ui.press("left_square_bracket")
        assert ui.detail.chosen == "history"


async def test_the_manifest_and_the_config_are_shown_as_json(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("tab")
        await ui.until(lambda: '"schemaVersion": 2' in shown(ui))
        await ui.press("tab")
        await ui.until(lambda: '"architecture": "amd64"' in shown(ui))


async def test_json_folds_and_unfolds(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("tab")
        await ui.until(lambda: '"layers"' in shown(ui))
        before = shown(ui)
        await ui.press("minus")
        await ui.until(lambda: '"config": { 3 keys },' in shown(ui) and '"layers": [ 4 items ]' in shown(ui))
        await ui.press("plus")
        await ui.until(lambda: shown(ui) == before)
        line = next(index for index, row in enumerate(ui.rows(ui.detail)) if '"config"' in row)
        await ui.press("home", *["down"] * line, "enter")
        await ui.until(lambda: '"config": { 3 keys },' in shown(ui) and "[ 4 items ]" not in shown(ui))


async def test_the_history_tells_each_step_with_its_layer(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("left_square_bracket")
        await ui.until(lambda: "ENV NGINX_VERSION=1.29.3" in shown(ui))
        assert "4 COPY assets/ /usr/share/nginx/html/assets/" in shown(ui)


async def test_the_chosen_tab_stays_when_the_cursor_moves_on(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until(lambda: len(ui.detail.tab_line._tabs) == 4)
        await ui.press("m")
        await ui.until(lambda: ui.focused() == "detail")
        await ui.press("tab", "tab", "escape")
        await ui.until(lambda: '"architecture": "amd64"' in shown(ui))
        await ui.press("down", "down")
        await ui.until(lambda: '"architecture": "arm64"' in shown(ui))


async def test_a_click_on_a_label_chooses_the_tab(demo: DemoServer) -> None:
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        place = next(
            line.index("Config") for line in ui.screen_lines() if "Summary  Manifest  Config" in line
        )
        await ui.click(ui.detail.tab_line, place - ui.detail.tab_line.region.x + 1, 0)
        await ui.until(lambda: ui.detail.chosen == "config")


async def test_an_index_has_its_own_document(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian", size=WIDE) as ui:
        await ui.until(lambda: "kind index" in shown(ui))
        await ui.press("m", "tab")
        await ui.until(lambda: '"mediaType": "application/vnd.oci.image.index.v1+json"' in shown(ui))


async def test_annotations_are_told_whole(demo: DemoServer) -> None:
    async with browse(demo, place="demo/annotated:latest", size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("end")
        await ui.until(lambda: "annotated" in shown(ui))
        for text in ("Annotations", "org.opencontainers.image.licenses", "Apache-2.0 OR MIT"):
            await ui.until(lambda text=text: text in ui.details())  # type: ignore[misc]
        assert "Grüße, Привет, こんにちは, مرحبا, 👋" in ui.details()
        assert "#24 DONE 2.4s" in ui.details()


async def test_a_helm_chart_is_told_by_the_type_of_its_config(demo: DemoServer) -> None:
    async with browse(demo, place="charts/hello:1.1.0", size=WIDE) as ui:
        await ui.go_to_details()
        await ui.until(lambda: "application/vnd.cncf.helm.config.v1+json" in ui.details())
        assert "org.opencontainers.image.version 1.1.0" in " ".join(ui.details().split())


async def test_an_artifact_is_told_by_its_type(demo: DemoServer) -> None:
    async with browse(demo, place="artifacts/tiny-llm:latest", size=WIDE) as ui:
        await ui.go_to_details()
        await ui.until(lambda: "application/vnd.cncf.model.manifest.v1+json" in ui.details())


async def test_a_time_of_zero_is_no_time(demo: DemoServer) -> None:
    async with browse(demo, place="demo/unusual:no-time", size=WIDE) as ui:
        await ui.go_to_details()
        await ui.until(lambda: "created -" in " ".join(ui.details().split()))
        assert "1970" not in ui.details()


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"schemaVersion": 3, "mediaType": OCI_MANIFEST, "layers": []}, "$.schemaVersion"),
        ({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [{"size": -1}]}, "$.layers[0]"),
        ({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [], "annotations": 7}, "$.annotations"),
    ],
)
async def test_what_is_wrong_with_a_manifest_is_told_and_the_rest_shown(
    document: dict[str, object], wrong: str
) -> None:
    storage = Storage()
    storage.put_manifest("team/app", document, tags=["latest"])
    with DemoServer(storage) as server:
        async with browse(server, place="team/app:latest", size=WIDE) as ui:
            await ui.go_to_details()
            await ui.until(lambda: "Not as the specification says" in ui.details())
            assert wrong in ui.details()
            await ui.press("tab")
            await ui.until(lambda: ui.detail.chosen == "violations")
            assert wrong in ui.details()
            await ui.press("tab")
            await ui.until(lambda: f'"mediaType": "{OCI_MANIFEST}"' in ui.details())


async def test_what_is_no_manifest_at_all_is_an_error_with_its_reason() -> None:
    storage = Storage()
    storage.put_manifest("team/app", b'{"schemaVersion": 2, "lay', tags=["latest"])
    with DemoServer(storage) as server:
        async with browse(server, place="team/app:latest") as ui:
            await ui.until_noted(ui.entries, "✗ ", "not JSON", "r  try again")


async def test_a_config_that_cannot_be_had_leaves_the_rest_and_says_why(demo: DemoServer) -> None:
    demo.before.append(reply(lambda: error_response(403, "DENIED", "not for you"), path_has("/blobs/")))
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        await ui.until(lambda: "kind image" in shown(ui))
        await ui.press("tab", "tab")
        await ui.until(lambda: "not for you" in ui.details())
        assert "Log in as somebody who may do this." in ui.details()


async def test_a_config_that_could_not_be_had_can_be_asked_for_again_from_the_details(
    demo: DemoServer,
) -> None:
    refusal = reply(lambda: error_response(403, "DENIED", "not for you"), path_has("/blobs/"))
    demo.before.append(refusal)
    async with browse(demo, place=IMAGE, size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("tab", "tab")
        await ui.until(lambda: "not for you" in ui.details())
        demo.before.remove(refusal)
        await ui.press("r")
        await ui.until(lambda: '"architecture": "amd64"' in shown(ui))


async def test_a_late_answer_for_what_the_cursor_has_left_does_not_show(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.settle()
        second = ui.entries.table.rows[2].document
        assert isinstance(second, Manifest)
        assert second.config is not None
        gate = Gate(path_has(second.config.digest))
        demo.before.append(gate)
        await ui.press("down", "down")
        await ui.wait(gate.arrived())
        await ui.press("down", "down")
        await ui.until(lambda: "platform linux/arm/v7" in shown(ui))
        gate.open()
        await ui.settle()
        assert "platform linux/arm/v7" in shown(ui)


async def test_details_that_nobody_sees_ask_for_nothing(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian:bookworm", size=(80, 24)) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("z")
        await ui.settle()
        demo.forget_requests()
        await ui.press("down", "down")
        await ui.settle()
        assert requests(demo) == []


async def test_the_raw_document_is_what_the_registry_sent(demo: DemoServer) -> None:
    stored = demo.storage.get_manifest("library/debian", "bookworm")
    assert stored is not None
    async with browse(demo, place="library/debian:bookworm", size=WIDE) as ui:
        await ui.go_to_details()
        await ui.press("escape", "left")
        await ui.until(lambda: "kind index" in shown(ui))
        await ui.press("m", "tab")
        await ui.until(lambda: "schemaVersion" in shown(ui))
        lines = [line.strip().strip("▾▸ ") for line in ui.details().splitlines()]
        assert json.loads("".join(lines)) == json.loads(stored.data)
