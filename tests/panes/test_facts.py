from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tui.client.media_types import OCI_CONFIG, OCI_MANIFEST
from tui.client.models import (
    Descriptor,
    HistoryStep,
    Manifest,
    Platform,
    Violation,
    parse_config,
    parse_manifest,
)
from tui.client.names import Digest, RegistryHost, Repository, Tag
from tui.library import Verdict
from tui.panes import facts
from tui.places import LayerPlace, ManifestPlace

if TYPE_CHECKING:
    from tui.widgets.text_document import Section

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACE = ManifestPlace(RegistryHost("registry.example.com"), Repository("team/app"), Tag("1.0"))
DIGEST = Digest.of(b"x")


def told(sections: list[Section]) -> dict[str, dict[str, str]]:
    return {
        section.title: {field.label: str(field.value) for field in section.fields} for section in sections
    }


def manifest(**changes: Any) -> Manifest:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": DIGEST, "size": 10},
        "layers": [],
        **changes,
    }
    parsed = parse_manifest(json.dumps(document).encode(), content_type=OCI_MANIFEST)
    assert isinstance(parsed, Manifest)
    return parsed


def test_an_image_is_told_with_its_age_and_how_it_is_started() -> None:
    image = manifest()
    assert image.config is not None
    config = parse_config(
        json.dumps(
            {
                "architecture": "arm64",
                "variant": "v8",
                "os": "linux",
                "created": "2026-11-20T12:00:00Z",
                "config": {
                    "Entrypoint": ["/app", "--serve"],
                    "Cmd": "x",
                    "User": 7,
                    "Env": ["A=1", "B=2", 3],
                    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
                    "Labels": {"b": "2", "a": "1"},
                },
            }
        ).encode(),
        image.config,
    )
    shown = told(facts.manifest_facts(PLACE, image, config, Verdict(), NOW))
    assert shown[""]["created"] == "2026-11-20 12:00 UTC (3 d)"
    assert shown[""]["platform"] == "linux/arm64/v8"
    container = shown["Container"]
    assert container["entrypoint"] == "/app --serve"
    assert container["env"] == "A=1"
    assert container[""] == "B=2"
    assert container["ports"] == "443/tcp  80/tcp"
    assert shown["Labels"] == {"a": "1", "b": "2"}
    assert "user" not in container


def test_a_date_that_means_nothing_is_a_dash() -> None:
    assert facts.moment(None, NOW) == "-"


def test_an_artifact_is_told_for_what_it_is() -> None:
    chart = "application/vnd.cncf.helm.config.v1+json"
    shown = told(
        facts.manifest_facts(
            PLACE, manifest(config={"mediaType": chart, "digest": DIGEST, "size": 2}), None, Verdict(), NOW
        )
    )
    assert shown[""]["kind"] == chart
    assert shown[""]["config type"] == chart
    assert "created" not in shown[""]


def test_what_is_wrong_with_a_document_is_told_with_its_place() -> None:
    broken = manifest(layers=[{"mediaType": "x", "digest": "sha256:zz", "size": 1}])
    shown = told(facts.manifest_facts(PLACE, broken, None, Verdict(broken.problems), NOW))
    assert "$.layers[0].digest" in shown["Not as the specification says"]


def test_a_document_with_endless_problems_is_told_how_many_there_are() -> None:
    broken = manifest(layers=[{"mediaType": "x", "digest": "sha256:zz", "size": 1}] * 60)
    problems = told(facts.manifest_facts(PLACE, broken, None, Verdict(broken.problems), NOW))[
        "Not as the specification says"
    ]
    assert len(problems) == facts.PROBLEMS_SHOWN + 1
    assert problems["…"] == "55 more in the tab Violations"


def test_all_violations_are_told_those_of_the_config_apart() -> None:
    verdict = Verdict((Violation("$.a", "it is odd"),) * 60, (Violation("$.b", "it is even"),))
    document, config = facts.violation_facts(verdict)
    assert len(document.fields) == 60
    assert told([config]) == {"The config, not as the specification says": {"$.b": "it is even"}}
    assert facts.violation_facts(Verdict()) == []


def test_what_an_index_says_of_an_entry_is_told_with_it() -> None:
    entry = Descriptor(
        OCI_MANIFEST,
        DIGEST,
        1,
        annotations={"k": "v"},
        platform=Platform("amd64", "windows", os_version="10.0"),
    )
    place = ManifestPlace(PLACE.host, PLACE.repository, DIGEST, parent=PLACE, entry=entry)
    shown = told(facts.manifest_facts(place, manifest(), None, Verdict(), NOW))
    assert shown["In the index"] == {"os version": "10.0", "k": "v"}


@pytest.mark.parametrize(
    ("place", "label", "value"),
    [
        (LayerPlace(PLACE, Descriptor("t", DIGEST, 500), 2, 3, 1000), "layer", "2 of 3"),
        (
            LayerPlace(PLACE, Descriptor("t", DIGEST, 500), 2, 3, 1000),
            "size",
            "500 B (500 bytes)",
        ),
        (LayerPlace(PLACE, Descriptor("t", DIGEST, 500), 2, 3, 1000), "share", "50 % of all layers"),
        (LayerPlace(PLACE, Descriptor("", DIGEST, 500)), "kind", "config"),
        (LayerPlace(PLACE, Descriptor("", DIGEST, 500)), "media type", "not said"),
        (
            LayerPlace(PLACE, None, step=HistoryStep(None, "ENV A", "", "", empty_layer=True)),
            "kind",
            "step without a layer",
        ),
    ],
)
def test_layers_configs_and_steps(place: LayerPlace, label: str, value: str) -> None:
    assert told(facts.layer_facts(place, NOW))[""][label] == value
