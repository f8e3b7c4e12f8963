from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui import WIDE, browse, requests
from tui.demo import DemoServer, Storage
from tui.demo.faults import path_has, reply
from tui.demo.problems import error_response
from tui.demo.recipes import OCI_CONFIG
from tui.demo.storage import OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """An empty registry, for a manifest of the test."""
    with DemoServer(Storage()) as server:
        yield server


def put_image(storage: Storage, sizes: list[int], history: list[dict[str, Any]] | None, **more: Any) -> None:
    """Store an image of layers of some sizes as team/app:latest; what the layers hold nobody looks at."""
    layers = [
        {"mediaType": GZIP, "digest": f"sha256:{number:064}", "size": size}
        for number, size in enumerate(sizes, start=1)
    ]
    config: dict[str, Any] = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers"}}
    if history is not None:
        config["history"] = history
    data = json.dumps(config).encode()
    digest = storage.put_blob("team/app", data)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": digest, "size": len(data)},
        "layers": layers,
    }
    storage.put_manifest("team/app", document | more, tags=["latest"])


async def test_a_single_platform_image_shows_its_layers_directly(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        assert not ui.entries.display
        assert "─ Layers ─" in ui.text()
        await ui.press("left")
        await ui.until(lambda: ui.focused() == "tags")


async def test_layers_show_number_size_share_type_step_and_digest(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production", size=WIDE) as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.press("z")
        await ui.until(lambda: "COPY assets/" in "\n".join(ui.rows(ui.layers)))
        stored = demo.storage.get_manifest("team/frontend/storefront", "production")
        assert stored is not None
        layer = json.loads(stored.data)["layers"][3]
        row = next(row for row in ui.rows(ui.layers) if "COPY assets/" in row)
        number, bar, *rest = row.split()
        assert number == "4"
        assert set(bar) <= set("▏▎▍▌▋▊▉█")
        assert " ".join(rest[:4]) == "2.1 MB 64 %"
        assert rest[4] == "gzip"
        assert rest[-1] == layer["digest"].removeprefix("sha256:")[:12]


async def test_the_border_tells_how_many_layers_there_are_and_their_size(shelf: DemoServer) -> None:
    put_image(shelf.storage, [3_000_000, 600, 1_000], None)
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until_counted(ui.layers, "3 layers · 3.0 MB")


async def test_steps_without_a_layer_stand_between_those_that_made_one(shelf: DemoServer) -> None:
    history: list[dict[str, Any]] = [
        {"created_by": "FROM scratch"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN make"},
        {"created_by": 'CMD ["app"]', "empty_layer": True},
    ]
    put_image(shelf.storage, [75, 25], history)
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until_listed(ui.layers, 5)
        first, env, second, cmd, config = ui.rows(ui.layers)
        assert first.startswith("1 ")
        assert "FROM scratch" in first
        assert env == "· ENV A=1"
        assert second.startswith("2 ")
        assert "RUN make" in second
        assert cmd == '· CMD ["app"]'
        assert "config" in config


async def test_a_history_that_does_not_match_is_not_put_beside_the_layers(shelf: DemoServer) -> None:
    history: list[dict[str, Any]] = [{"created_by": "RUN one"}, {"created_by": "RUN two"}] * 2
    put_image(shelf.storage, [75, 25], history)
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until_listed(ui.layers, 3)
        assert "RUN" not in "\n".join(ui.rows(ui.layers))
        assert [row.split()[0] for row in ui.rows(ui.layers)[:2]] == ["1", "2"]


async def test_an_image_without_a_history_shows_its_layers(demo: DemoServer) -> None:
    async with browse(demo, place="demo/unusual:no-history") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("1 layer", "application/vnd.oci.image")


async def test_zstd_layers_are_told_from_gzip_ones(demo: DemoServer) -> None:
    async with browse(demo, place="library/fedora", size=WIDE) as ui:
        await ui.until_listed(ui.tags)
        await ui.press("enter")
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("enter", "z")
        await ui.until(lambda: "zstd" in "\n".join(ui.rows(ui.layers)))


async def test_a_helm_chart_shows_its_parts(demo: DemoServer) -> None:
    async with browse(demo, place="charts/hello:1.1.0") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers, 3)
        types = [row.descriptor.media_type for row in ui.layers.table.rows if row.descriptor is not None]
        assert types == [
            "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            "application/vnd.cncf.helm.chart.provenance.v1.prov",
            "application/vnd.cncf.helm.config.v1+json",
        ]
        assert requests(demo, "/blobs/") == []


async def test_layers_of_artifacts_are_called_by_their_titles(demo: DemoServer) -> None:
    async with browse(demo, place="artifacts/tiny-llm:latest") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_shown("model.safetensors", "tokenizer.json", "README.md")
        await ui.until_counted(ui.layers, "5 layers · 12.1 MB")


async def test_docker_schema_1_shows_layers_without_sizes(demo: DemoServer) -> None:
    async with browse(demo, place="demo/unusual:schema1") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.until_listed(ui.layers)
        assert ui.row(ui.layers).split()[:2] == ["1", "-"]
        assert ui.figures(ui.layers) == "1 layer"
        await ui.until_shown("size not said")
        await ui.press("left")
        await ui.until_shown("image (Docker schema 1)", "size 1 layer")


async def test_a_manifest_without_layers_says_so(shelf: DemoServer) -> None:
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}
    shelf.storage.put_manifest("team/app", document, tags=["latest"])
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until_noted(ui.layers, "This manifest has no layers.")


async def test_layers_show_though_their_config_cannot_be_read(demo: DemoServer) -> None:
    refusal = reply(lambda: error_response(403, "DENIED", "not for you"), path_has("/blobs/"))
    demo.before.append(refusal)
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.until_noted(ui.layers, "✗ ", "GET http", "not for you", "r  try again")
        assert [row.number for row in ui.layers.table.rows] == [1, 2, 3, 4, 0]
        demo.before.remove(refusal)
        await ui.press("r")
        await ui.until(lambda: "COPY assets/" in "\n".join(ui.rows(ui.layers)))
        assert ui.note(ui.layers) == ""


async def test_layers_that_lie_elsewhere_are_listed(demo: DemoServer) -> None:
    async with browse(demo, place="demo/unusual:foreign-layer") as ui:
        await ui.until_counted(ui.layers, "2 layers · 1.7 GB")


async def test_no_layer_is_fetched_to_show_them(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.until(lambda: ui.focused() == "layers")
        await ui.settle()
        config = ui.layers.table.rows[-1].descriptor
        assert config is not None
        assert requests(demo, "/blobs/") == [f"GET /v2/team/frontend/storefront/blobs/{config.digest}"]


async def test_the_top_line_names_the_layer(demo: DemoServer) -> None:
    async with browse(demo, place="team/frontend/storefront:production") as ui:
        await ui.until_shown("team/frontend/storefront › production › layer 1")
        await ui.press("end")
        await ui.until_shown("production › config")
