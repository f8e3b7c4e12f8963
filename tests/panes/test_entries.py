from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ui import browse, requests
from tui.client.models import Manifest
from tui.demo import DemoServer, Storage
from tui.demo.faults import Gate, path_has, reply
from tui.demo.problems import error_response
from tui.demo.storage import OCI_INDEX, OCI_MANIFEST
from tui.library import Library
from tui.panes.entries import AT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.client.names import RegistryHost, Repository, Tag

DEBIAN = "library/debian:bookworm"
NESTED = "demo/nested:latest"


def index_of(*manifests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests), **more}


def entry(digest: str, **more: Any) -> dict[str, Any]:
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 2, **more}


@pytest.fixture
def shelf() -> Iterator[DemoServer]:
    """An empty registry, for an index of the test."""
    with DemoServer(Storage()) as server:
        yield server


async def test_platforms_are_listed_with_size_and_digest(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_shown("3 entries · 3.5 MB")
        await ui.settle()
        platforms = [row for row in ui.rows(ui.entries) if "linux/" in row]
        assert [row.split()[:3] for row in platforms] == [
            ["linux/amd64", "1.2", "MB"],
            ["linux/arm64/v8", "1.2", "MB"],
            ["linux/arm/v7", "1.2", "MB"],
        ]
        digests = [row.descriptor.digest for row in ui.entries.table.rows]
        assert all(digest.short in row for digest, row in zip(digests, ui.rows(ui.entries), strict=True))
        assert "─ Entries ─" in ui.text()


async def test_attestations_stand_under_the_platform_that_they_attest(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_shown("3 entries")
        labels = [row.split()[:2] for row in ui.rows(ui.entries)]
        assert labels[1::2] == [["⊕", "attestation"]] * 3
        for image, attestation in zip(ui.entries.table.rows[::2], ui.entries.table.rows[1::2], strict=True):
            attested = attestation.descriptor.annotations["vnd.docker.reference.digest"]
            assert attested == image.descriptor.digest


async def test_nothing_is_called_unknown(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN, size=(200, 50)) as ui:
        await ui.until_shown("3 entries · 3.5 MB")
        assert "unknown" not in ui.text()
        await ui.press("down")
        await ui.until_shown("layers · 15", "attestation")
        await ui.settle()
        assert "unknown" not in ui.text()


async def test_sizes_come_as_the_manifests_arrive(demo: DemoServer) -> None:
    first = demo.storage.get_manifest("library/debian", "bookworm")
    assert first is not None
    held = json.loads(first.data)["manifests"][1]["digest"]
    gate = Gate(path_has(held))
    demo.before.append(gate)
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until(lambda: [row.size for row in ui.entries.table.rows].count("…") == 1)
        assert "linux/arm64/v8 …" in "\n".join(ui.rows(ui.entries))
        await ui.until_noted(ui.entries, "loading …")
        gate.open()
        await ui.until(lambda: "…" not in [row.size for row in ui.entries.table.rows])
        await ui.until_shown("3 entries · 3.5 MB")


async def test_of_many_entries_those_that_show_are_asked_for_first_and_sixteen_at_a_time(
    shelf: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = range(90)
    made = [{"schemaVersion": 2, "layers": [], "annotations": {"n": str(number)}} for number in numbers]
    digests = [shelf.storage.put_manifest("team/app", one, OCI_MANIFEST) for one in made]
    entries = [
        entry(digest, platform={"os": "linux", "architecture": f"a{number:02}"})
        for digest, number in zip(digests, numbers, strict=True)
    ]
    shelf.storage.put_manifest("team/app", index_of(*entries), tags=["latest"])
    gate = Gate(path_has("/manifests/sha256:"))
    shelf.before.append(gate)
    asked: dict[str, None] = {}
    load = Library.manifest

    async def note(library: Library, host: RegistryHost, repository: Repository, reference: Tag) -> Any:
        if reference in digests:
            asked[reference] = None
        return await load(library, host, repository, reference)

    monkeypatch.setattr(Library, "manifest", note)
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until(lambda: len(requests(shelf, "/manifests/sha256:")) == AT_A_TIME)
        await ui.press("end")
        await ui.until(lambda: ui.entries.table.is_vertical_scroll_end)
        assert list(asked)[:AT_A_TIME] == digests[:AT_A_TIME]
        gate.open()
        await ui.until(lambda: "…" not in [row.size for row in ui.entries.table.rows])
        # As many rows as show at least, of those at the end.
        assert set(list(asked)[AT_A_TIME:][:10]) < set(digests[50:])
        assert sorted(asked) == sorted(digests)
        assert len(requests(shelf, "/manifests/sha256:")) == len(digests)


async def test_the_size_of_an_entry_is_that_of_its_config_and_layers(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_shown("3 entries · 3.5 MB")
        row = ui.entries.table.rows[0]
        stored = demo.storage.get_manifest("library/debian", row.descriptor.digest)
        assert stored is not None
        document = json.loads(stored.data)
        whole = document["config"]["size"] + sum(layer["size"] for layer in document["layers"])
        assert isinstance(row.document, Manifest)
        assert row.document.size == whole


async def test_a_nested_index_opens_in_the_same_list_and_goes_back_to_the_same_row(demo: DemoServer) -> None:
    async with browse(demo, place=NESTED) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_shown("all flavours ▸", "2 entries")
        await ui.press("enter")
        await ui.until(lambda: len(ui.entries.table.rows) == 2 and ui.entries.table.rows[0].is_index)
        await ui.press("down", "enter")
        await ui.until_shown("linux/arm64/v8")
        await ui.press("escape")
        await ui.until(lambda: ui.row(ui.entries).startswith("debug ▸"))
        await ui.press("escape")
        await ui.until_shown("linux/amd64")
        await ui.until(lambda: ui.row(ui.entries).startswith("all flavours ▸"))
        assert ui.focused() == "entries"
        await ui.press("escape")
        await ui.until(lambda: ui.focused() == "tags")


async def test_the_top_line_names_every_index_on_the_way(demo: DemoServer) -> None:
    async with browse(demo, place=NESTED) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_shown("demo/nested › latest › all flavours")
        await ui.press("enter")
        await ui.until_shown("demo/nested › latest › all flavours › release")


async def test_an_index_has_no_layers_and_says_how_it_is_opened(demo: DemoServer) -> None:
    async with browse(demo, place=NESTED) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.until_noted(ui.layers, "enter  open this index")


async def test_a_missing_child_is_shown_as_missing(demo: DemoServer) -> None:
    async with browse(demo, place="demo/missing-child:latest") as ui:
        await ui.until(lambda: "linux/s390x ✗ missing" in "\n".join(ui.rows(ui.entries)))
        await ui.until(lambda: "linux/arm64/v8 ✗ missing" in "\n".join(ui.rows(ui.entries)))
        assert ui.rows(ui.entries)[0].startswith("linux/amd64 ")
        assert "missing" not in ui.rows(ui.entries)[0]


async def test_a_missing_child_cannot_be_opened_and_the_program_says_so(demo: DemoServer) -> None:
    async with browse(demo, place="demo/missing-child:latest") as ui:
        await ui.until(lambda: ui.focused() == "entries" and "linux/s390x ✗" in ui.text())
        await ui.press("end")
        await ui.until(lambda: ui.row(ui.entries).startswith("linux/s390x ✗"))
        await ui.press("enter")
        await ui.until(lambda: any("does not have" in notice for notice in ui.notices()))
        assert ui.focused() == "entries"


async def test_a_child_that_fails_is_told_from_one_that_is_missing(demo: DemoServer) -> None:
    index = demo.storage.get_manifest("library/debian", "bookworm")
    assert index is not None
    child = json.loads(index.data)["manifests"][2]["digest"]
    demo.before.append(reply(lambda: error_response(403, "DENIED", "not for you"), path_has(child)))
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until(lambda: "linux/arm/v7 failed" in "\n".join(ui.rows(ui.entries)))
        assert ui.rows(ui.entries)[0].startswith("linux/amd64 1.2 MB")


async def test_an_index_without_entries_says_so(demo: DemoServer) -> None:
    async with browse(demo, place="demo/unusual:empty-index") as ui:
        await ui.until_noted(ui.entries, "This index has no entries.")


async def test_an_entry_without_a_platform_is_called_by_what_it_is(shelf: DemoServer) -> None:
    digest = shelf.storage.put_manifest("team/app", b"{}", OCI_MANIFEST)
    entries = [
        entry(digest, artifactType="application/vnd.example.thing"),
        entry(digest, annotations={"org.opencontainers.image.ref.name": "edge"}),
        entry(digest, annotations={"org.opencontainers.image.title": "docs"}),
        entry(digest),
        entry(digest, platform={"os": "windows", "architecture": "amd64", "os.version": "10.0.20348.1"}),
    ]
    shelf.storage.put_manifest("team/app", index_of(*entries), tags=["latest"])
    async with browse(shelf, place="team/app:latest", size=(200, 50)) as ui:
        await ui.until_listed(ui.entries, 4)
        labels = [row.place.label for row in ui.entries.table.rows]
        assert labels == [
            "application/vnd.example.thing",
            "edge",
            "docs",
            "no platform",
            "windows/amd64 10.0.20348.1",
        ]


async def test_an_attestation_of_something_else_stands_at_the_end(shelf: DemoServer) -> None:
    digest = shelf.storage.put_manifest("team/app", b"{}", OCI_MANIFEST)
    about = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": f"sha256:{7:064}",
    }
    unknown = {"os": "unknown", "architecture": "unknown"}
    entries = [
        entry(digest, annotations=about, platform=unknown),
        entry(digest, platform={"os": "linux", "architecture": "amd64"}),
    ]
    shelf.storage.put_manifest("team/app", index_of(*entries), tags=["latest"])
    async with browse(shelf, place="team/app:latest") as ui:
        await ui.until_listed(ui.entries, 2)
        assert [row.place.label for row in ui.entries.table.rows] == ["linux/amd64", "attestation"]


async def test_annotations_of_entries_show_where_there_is_room(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN, size=(230, 50)) as ui:
        await ui.until(lambda: ui.focused() == "entries")
        await ui.press("z")
        await ui.until(lambda: "com.docker.official-images.bashbrew.arch=amd64" in ui.rows(ui.entries)[0])


async def test_the_filter_finds_platforms_digests_and_annotations(demo: DemoServer) -> None:
    async with browse(demo, place=DEBIAN) as ui:
        await ui.until_listed(ui.entries, 6)
        digest = ui.entries.table.rows[2].descriptor.digest
        for text, count in (("arm64", 1), (digest.short, 2), ("attestation", 3), ("bashbrew", 3)):
            await ui.press("slash")
            await ui.type(text)
            await ui.until(lambda count=count: len(ui.entries.table.rows) == count)  # type: ignore[misc]
            await ui.press("escape")


async def test_two_tags_of_the_same_index_ask_for_its_children_once(demo: DemoServer) -> None:
    async with browse(demo, place="library/debian") as ui:
        await ui.until(lambda: len(ui.entries.table.rows) == 6 and "…" not in ui.text().splitlines()[2])
        await ui.settle()
        await ui.press("down", "down")
        await ui.until(lambda: ui.entries.subject.name == "12.12" and len(ui.entries.table.rows) == 6)
        await ui.settle()
        children = requests(demo, "/manifests/sha256:")
        assert len(children) == len(set(children))
