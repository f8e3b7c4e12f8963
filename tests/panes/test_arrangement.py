"""How entries, layers and histories are put in order, without a screen."""

from __future__ import annotations

import json

import pytest

from tui.client.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from tui.client.models import Descriptor, HistoryStep, Manifest, Platform, parse_config, parse_manifest
from tui.client.names import Digest, RegistryHost, Repository, Tag
from tui.panes import entries, layers
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace, crumbs

PLACE = ManifestPlace(RegistryHost("registry.example.com"), Repository("team/app"), Tag("1.0"))
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(text: str) -> Digest:
    return Digest.of(text.encode())


def entry(name: str, platform: Platform | None = None, **annotations: str) -> Descriptor:
    return Descriptor(OCI_MANIFEST, digest(name), 7, annotations=annotations, platform=platform)


def attestation(name: str, of: Descriptor | None) -> Descriptor:
    annotations = {"vnd.docker.reference.type": "attestation-manifest"}
    if of is not None:
        annotations["vnd.docker.reference.digest"] = of.digest
    return Descriptor(
        OCI_MANIFEST, digest(name), 7, annotations=annotations, platform=Platform("unknown", "unknown")
    )


def step(created_by: str = "", *, empty: bool = False, comment: str = "") -> HistoryStep:
    return HistoryStep(None, created_by, comment, "", empty)


def test_attestations_stand_under_what_they_attest_and_strays_at_the_end() -> None:
    amd64, arm64 = entry("a", Platform("amd64", "linux")), entry("b", Platform("arm64", "linux", "v8"))
    stray = attestation("s", None)
    listed = entries.arrange(PLACE, [stray, attestation("x", arm64), amd64, arm64, attestation("y", amd64)])
    assert [(row.place.label, row.under) for row in listed] == [
        ("linux/amd64", False),
        ("attestation", True),
        ("linux/arm64/v8", False),
        ("attestation", True),
        ("attestation", False),
    ]
    assert listed[-1].descriptor is stray


@pytest.mark.parametrize(
    ("descriptor", "label"),
    [
        (entry("a", Platform("amd64", "windows", os_version="10.0.1")), "windows/amd64 10.0.1"),
        (entry("a", Platform("unknown", "unknown")), "no platform"),
        (entry("a"), "no platform"),
        (Descriptor(OCI_INDEX, digest("i"), 1), "index"),
        (Descriptor(OCI_MANIFEST, digest("i"), 1, artifact_type="application/x"), "application/x"),
    ],
)
def test_an_entry_is_called_by_its_platform_or_by_what_it_is(descriptor: Descriptor, label: str) -> None:
    assert entries.entry_label(descriptor) == label


@pytest.mark.parametrize(
    ("created_by", "summary"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("RUN |1 A=1 /bin/sh -c true # buildkit", "RUN |1 A=1 /bin/sh -c true"),
    ],
)
def test_steps_read_like_lines_of_a_dockerfile(created_by: str, summary: str) -> None:
    assert layers.step_summary(step(created_by)) == summary


def test_a_step_without_a_command_is_told_by_its_comment() -> None:
    assert layers.step_summary(step(comment="imported")) == "imported"


def manifest_of(*names: str) -> Manifest:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": digest("config"), "size": 10},
        "layers": [{"mediaType": LAYER, "digest": digest(name), "size": 100} for name in names],
    }
    manifest = parse_manifest(json.dumps(document).encode(), content_type=OCI_MANIFEST)
    assert isinstance(manifest, Manifest)
    return manifest


def listed(manifest: Manifest, history: list[dict[str, object]], diff_ids: int) -> list[LayerPlace]:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [digest(str(number)) for number in range(diff_ids)]},
        "history": history,
    }
    assert manifest.config is not None
    config = parse_config(json.dumps(document).encode(), manifest.config)
    return layers.arrange(PLACE, manifest, config)


def test_steps_without_a_layer_stand_between_the_layers_and_the_config_at_the_end() -> None:
    history: list[dict[str, object]] = [
        {"created_by": "ADD"},
        {"created_by": "ENV", "empty_layer": True},
        {"created_by": "RUN"},
    ]
    rows = listed(manifest_of("a", "b"), history, 2)
    assert [(row.number, layers.place_name(row)) for row in rows] == [
        (1, "ADD"),
        (0, "ENV"),
        (2, "RUN"),
        (0, f"config  {OCI_CONFIG}"),
    ]
    assert [row.whole for row in rows[:1]] == [200]
    assert rows[0].diff_id == digest("0")


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_history_that_does_not_fit_the_layers_leaves_them_without_steps(steps: int) -> None:
    rows = listed(manifest_of("a", "b"), [{"created_by": f"RUN {number}"} for number in range(steps)], 2)
    assert [row.number for row in rows] == [1, 2, 0]
    assert all(row.step is None for row in rows)


def test_a_manifest_without_layers_lists_its_config() -> None:
    rows = listed(manifest_of(), [{"created_by": "ENV", "empty_layer": True}], 0)
    assert [layers.place_name(row) for row in rows] == ["ENV", f"config  {OCI_CONFIG}"]


def test_crumbs_lead_from_the_registry_to_the_layer() -> None:
    nested = ManifestPlace(PLACE.host, PLACE.repository, digest("n"), label="linux/amd64", parent=PLACE)
    layer = LayerPlace(nested, entry("l"), number=2, count=3)
    assert crumbs(layer) == ("registry.example.com", "team/app", "1.0", "linux/amd64", "layer 2")
    assert crumbs(RepositoryPlace(PLACE.host, PLACE.repository)) == ("registry.example.com", "team/app")
    assert crumbs(RegistryPlace(PLACE.host)) == ("registry.example.com",)
    assert crumbs(None) == ()


def test_a_digest_is_named_short_and_written_in_full() -> None:
    place = ManifestPlace(PLACE.host, PLACE.repository, digest("x"))
    assert place.name == f"@{digest('x').short}"
    assert place.text == f"registry.example.com/team/app@{digest('x')}"
    assert PLACE.text == "registry.example.com/team/app:1.0"
