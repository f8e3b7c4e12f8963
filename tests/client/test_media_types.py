import pytest

from tui.client import media_types
from tui.client.media_types import (
    DOCKER_CONFIG,
    DOCKER_FOREIGN_LAYER_GZIP,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    DOCKER_SCHEMA1,
    DOCKER_SCHEMA1_SIGNED,
    MANIFEST_ACCEPT,
    OCI_ARTIFACT_MANIFEST,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    OCI_NONDISTRIBUTABLE_LAYER_ZSTD,
    essence,
    short,
)

ALL = {
    value
    for name, value in vars(media_types).items()
    if name in media_types.__all__ and isinstance(value, str) and value != MANIFEST_ACCEPT
}

PREDICATES = {
    "is_index": {OCI_INDEX, DOCKER_LIST},
    "is_manifest": {
        OCI_MANIFEST,
        OCI_ARTIFACT_MANIFEST,
        DOCKER_MANIFEST,
        DOCKER_SCHEMA1,
        DOCKER_SCHEMA1_SIGNED,
    },
    "is_schema1": {DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED},
    "is_image_config": {OCI_CONFIG, DOCKER_CONFIG},
    "is_layer": {value for value in ALL if ".layer." in value or ".rootfs." in value},
    "is_nondistributable": {value for value in ALL if ".nondistributable." in value or ".foreign." in value},
}


@pytest.mark.parametrize("name", PREDICATES)
def test_predicates_hold_for_their_types_and_no_others(name: str) -> None:
    assert {value for value in ALL if getattr(media_types, name)(value)} == PREDICATES[name]


@pytest.mark.parametrize("name", PREDICATES)
def test_predicates_know_nothing_about_absent_and_foreign_types(name: str) -> None:
    predicate = getattr(media_types, name)
    assert not predicate(None)
    assert not predicate("")
    assert not predicate("application/json")


def test_predicates_ignore_case_and_parameters() -> None:
    assert media_types.is_index("Application/VND.OCI.image.index.v1+JSON; charset=utf-8")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("", ""),
        ("; charset=utf-8", ""),
        ("text/plain;charset=utf-8", "text/plain"),
        (" Application/JSON ; a=b; c=d", "application/json"),
        ("application/json, text/html", "application/json"),
    ],
)
def test_the_essence_has_neither_parameters_nor_capitals(header: str | None, expected: str) -> None:
    assert essence(header) == expected


def test_all_stored_types_are_accepted() -> None:
    accepted = MANIFEST_ACCEPT.split(", ")
    assert accepted[-1] == "*/*"
    assert set(accepted[:-1]) == PREDICATES["is_index"] | PREDICATES["is_manifest"]


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (OCI_LAYER, "tar"),
        (OCI_LAYER_GZIP, "gzip"),
        (OCI_LAYER_ZSTD, "zstd"),
        (OCI_NONDISTRIBUTABLE_LAYER_ZSTD, "zstd"),
        (DOCKER_LAYER_GZIP, "gzip"),
        (DOCKER_LAYER_ZSTD, "zstd"),
        (DOCKER_FOREIGN_LAYER_GZIP, "gzip"),
        (OCI_INDEX, "index"),
        (DOCKER_LIST, "list"),
        (DOCKER_MANIFEST, "manifest"),
        (DOCKER_SCHEMA1_SIGNED, "schema 1"),
        (OCI_CONFIG, "config"),
        (OCI_EMPTY, "empty"),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "gzip"),
        ("application/vnd.cncf.helm.config.v1+json", "helm.config.v1+json"),
        ("application/vnd.in-toto+json", "in-toto+json"),
        ("application/x-tar", "x-tar"),
        ("application/vnd.example.rootfs.tar.zst", "zstd"),
        ("application/vnd.example.rootfs.tar.gz", "gzip"),
        ("application/vnd.example.rootfs.tgz", "example.rootfs.tgz"),
        ("application/vnd.example.start.v1+json", "example.start.v1+json"),
        ("text/spdx", "spdx"),
        ("nonsense", "nonsense"),
        ("", ""),
        (None, ""),
    ],
)
def test_short_names(media_type: str | None, expected: str) -> None:
    assert short(media_type) == expected
