import json
import pickle
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.client import media_types
from tui.client.errors import (
    InvalidIndexError,
    InvalidManifestError,
    ParseJSONError,
    RegistryError,
    RequestLine,
    SchemaValidationError,
    UnknownMediaTypeError,
)
from tui.client.media_types import (
    DOCKER_LAYER_GZIP,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    DOCKER_SCHEMA1,
    OCI_ARTIFACT_MANIFEST,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
)
from tui.client.models import (
    Descriptor,
    HistoryStep,
    ImageConfig,
    Index,
    Manifest,
    Platform,
    attested_digest,
    is_attestation,
    layer_history,
    manifest_digest,
    parse_config,
    parse_manifest,
)
from tui.client.names import Digest

JSON = dict[str, Any]
ONE, TWO, THREE = (Digest.of(data) for data in (b"1", b"2", b"3"))
TIME = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


def descriptor(media_type: str = OCI_LAYER_GZIP, digest: str = ONE, size: int = 10, **more: Any) -> JSON:
    return {"mediaType": media_type, "digest": digest, "size": size, **more}


def an_index(*manifests: Any, **more: Any) -> JSON:
    return {"schemaVersion": 2, "manifests": list(manifests), **more}


def a_manifest(*layers: Any, **more: Any) -> JSON:
    return {"schemaVersion": 2, "config": descriptor(OCI_CONFIG, TWO, 5), "layers": list(layers), **more}


def parse(document: Any, content_type: str | None = None) -> Index | Manifest:
    return parse_manifest(json.dumps(document).encode(), content_type=content_type)


def index(document: Any, content_type: str | None = None) -> Index:
    parsed = parse(document, content_type)
    assert isinstance(parsed, Index)
    return parsed


def manifest(document: Any, content_type: str | None = None) -> Manifest:
    parsed = parse(document, content_type)
    assert isinstance(parsed, Manifest)
    return parsed


def found(parsed: Index | Manifest | ImageConfig) -> list[str]:
    return [str(problem) for problem in parsed.problems]


class TestType:
    """Which type a document is taken for."""

    @pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
    @pytest.mark.parametrize("header", [None, "", "text/plain; charset=utf-8", "application/json"])
    def test_an_index_that_says_what_it_is(self, media_type: str, header: str | None) -> None:
        parsed = index(an_index(mediaType=media_type), header)
        assert parsed.descriptor.media_type == media_type
        assert found(parsed) == []

    @pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
    @pytest.mark.parametrize("header", [None, "", "text/plain; charset=utf-8", "application/json"])
    def test_a_manifest_that_says_what_it_is(self, media_type: str, header: str | None) -> None:
        parsed = manifest(a_manifest(mediaType=media_type), header)
        assert parsed.descriptor.media_type == media_type
        assert found(parsed) == []

    def test_the_header_says_it_where_the_document_does_not(self) -> None:
        assert index(an_index(), f"{DOCKER_LIST}; charset=utf-8").descriptor.media_type == DOCKER_LIST
        assert manifest(a_manifest(), DOCKER_MANIFEST.upper()).descriptor.media_type == DOCKER_MANIFEST

    def test_the_members_say_it_where_nobody_else_does(self) -> None:
        assert index(an_index()).descriptor.media_type == OCI_INDEX
        assert manifest(a_manifest()).descriptor.media_type == OCI_MANIFEST
        assert manifest({"schemaVersion": 1, "fsLayers": []}).descriptor.media_type == DOCKER_SCHEMA1

    def test_the_document_is_believed_before_the_header(self) -> None:
        parsed = index(an_index(mediaType=OCI_INDEX), OCI_MANIFEST)
        assert found(parsed) == [f"$.mediaType: it is '{OCI_INDEX}', but the registry says '{OCI_MANIFEST}'"]

    @pytest.mark.parametrize("header", [OCI_MANIFEST, DOCKER_SCHEMA1, OCI_ARTIFACT_MANIFEST])
    def test_clear_members_are_believed_before_the_header(self, header: str) -> None:
        parsed = index(an_index(), header)
        assert found(parsed) == [f"$: it looks like '{OCI_INDEX}', but the registry says '{header}'"]

    @pytest.mark.parametrize("written", [3, None, "", "application/json"])
    def test_a_media_type_that_says_nothing_does_no_harm(self, written: Any) -> None:
        parsed = index(an_index(mediaType=written), DOCKER_LIST)
        assert parsed.descriptor.media_type == DOCKER_LIST

    def test_a_foreign_media_type_is_noted(self) -> None:
        parsed = manifest(a_manifest(mediaType="application/x-evil"))
        assert found(parsed) == ["$.mediaType: 'application/x-evil' is not the type of a manifest"]

    def test_members_of_two_types_are_decided_by_the_media_type(self) -> None:
        both = {**an_index(descriptor(OCI_MANIFEST)), **a_manifest(descriptor())}
        as_index = index({**both, "mediaType": OCI_INDEX}, OCI_MANIFEST)
        assert len(as_index.manifests) == 1
        assert "$.layers: it does not belong into an index, and is ignored" in found(as_index)
        assert "$.config: it does not belong into an index, and is ignored" in found(as_index)
        for as_manifest in (manifest({**both, "mediaType": OCI_MANIFEST}), manifest(both, DOCKER_MANIFEST)):
            assert len(as_manifest.layers) == 1
            assert found(as_manifest) == ["$.manifests: it does not belong into a manifest, and is ignored"]

    def test_members_of_two_types_without_a_media_type_are_shown_as_an_index(self) -> None:
        assert len(index({**an_index(descriptor(OCI_MANIFEST)), **a_manifest()}).manifests) == 1

    @pytest.mark.parametrize("document", [{}, [], 3, None, "a", {"schemaVersion": 2}, {"fsLayers": []}])
    def test_what_is_nothing_of_the_kind_has_no_known_type(self, document: Any) -> None:
        with pytest.raises(UnknownMediaTypeError):
            parse(document)
        with pytest.raises(UnknownMediaTypeError, match="text/html"):
            parse(document, "text/html")

    @pytest.mark.parametrize("document", [{}, [], 3, None, {"manifests": {}}, {"manifests": "a"}])
    def test_what_should_be_an_index_and_is_none(self, document: Any) -> None:
        with pytest.raises(InvalidIndexError):
            parse(document, OCI_INDEX)

    @pytest.mark.parametrize("header", [OCI_MANIFEST, DOCKER_MANIFEST, DOCKER_SCHEMA1, OCI_ARTIFACT_MANIFEST])
    @pytest.mark.parametrize("document", [{}, [], 3, None, {"layers": {}}, {"layers": None, "config": []}])
    def test_what_should_be_a_manifest_and_is_none(self, document: Any, header: str) -> None:
        with pytest.raises(InvalidManifestError):
            parse(document, header)

    def test_errors_say_what_was_asked(self) -> None:
        request = RequestLine("GET", "https://registry.example.com/v2/a/manifests/b")
        for raw in (b"", b"{}", b"[]"):
            with pytest.raises(RegistryError) as caught:
                parse_manifest(raw, content_type=OCI_MANIFEST, request=request)
            assert str(caught.value).startswith(f"{request}: the ")

    @pytest.mark.parametrize("raw", [b"", b"<html>", b"\xff", b"[" * 100_000])
    def test_what_is_no_json(self, raw: bytes) -> None:
        with pytest.raises(ParseJSONError):
            parse_manifest(raw, content_type=OCI_MANIFEST)


class TestIndex:
    def test_entries_in_their_order(self) -> None:
        parsed = index(
            an_index(
                descriptor(
                    OCI_MANIFEST, ONE, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}
                ),
                descriptor(OCI_INDEX, TWO),
                descriptor(OCI_MANIFEST, THREE, artifactType="a/b"),
                annotations={"a": "b"},
                subject=descriptor(OCI_MANIFEST),
                artifactType="x/y",
            )
        )
        assert [entry.digest for entry in parsed.manifests] == [ONE, TWO, THREE]
        assert parsed.manifests[0].platform == Platform("arm64", "linux", "v8")
        assert parsed.manifests[1].platform is None
        assert parsed.manifests[2].artifact_type == "a/b"
        assert parsed.annotations == {"a": "b"}
        assert parsed.subject is not None
        assert parsed.artifact_type == "x/y"
        assert found(parsed) == []

    def test_no_entries(self) -> None:
        assert index(an_index()).manifests == ()
        parsed = index({"schemaVersion": 2, "manifests": None})
        assert parsed.manifests == ()
        assert found(parsed) == ["$.manifests: it is null, not an array"]

    @pytest.mark.parametrize("version", [1, 3, "2", None])
    def test_a_wrong_version_is_noted(self, version: Any) -> None:
        assert found(index({**an_index(), "schemaVersion": version})) == ["$.schemaVersion: it is not 2"]


class TestManifest:
    def test_an_image(self) -> None:
        parsed = manifest(a_manifest(descriptor(digest=ONE), descriptor(digest=THREE, size=100)))
        assert parsed.config == Descriptor(OCI_CONFIG, TWO, 5)
        assert [layer.digest for layer in parsed.layers] == [ONE, THREE]
        assert parsed.size == 115
        assert parsed.is_image
        assert not parsed.is_schema1
        assert parsed.kind == OCI_CONFIG

    def test_an_artifact_with_an_empty_config(self) -> None:
        parsed = manifest(
            a_manifest(
                descriptor("text/spdx"),
                config=descriptor(OCI_EMPTY, Digest.of(b"{}"), 2, data="e30="),
                artifactType="application/spdx",
                subject=descriptor(OCI_MANIFEST, THREE),
            )
        )
        assert parsed.config is not None
        assert parsed.config.data == b"{}"
        assert not parsed.is_image
        assert parsed.kind == "application/spdx"
        assert parsed.subject is not None
        assert parsed.subject.digest == THREE
        assert found(parsed) == []

    def test_the_type_of_an_artifact_may_be_that_of_its_config(self) -> None:
        parsed = manifest(a_manifest(config=descriptor("application/vnd.cncf.helm.config.v1+json")))
        assert parsed.artifact_type == ""
        assert parsed.kind == "application/vnd.cncf.helm.config.v1+json"

    def test_an_artifact_manifest_has_blobs(self) -> None:
        parsed = manifest(
            {"mediaType": OCI_ARTIFACT_MANIFEST, "artifactType": "a/b", "blobs": [descriptor("text/plain")]}
        )
        assert parsed.config is None
        assert [layer.media_type for layer in parsed.layers] == ["text/plain"]
        assert found(parsed) == []

    def test_docker_manifests_are_read_alike(self) -> None:
        parsed = manifest(a_manifest(descriptor(DOCKER_LAYER_GZIP), mediaType=DOCKER_MANIFEST))
        assert parsed.layers == (Descriptor(DOCKER_LAYER_GZIP, ONE, 10),)

    def test_members_that_are_missing_are_noted(self) -> None:
        without_layers = manifest({"schemaVersion": 2, "config": descriptor(OCI_CONFIG)})
        assert found(without_layers) == ["$.layers: it is missing"]
        without_config = manifest({"schemaVersion": 2, "layers": [descriptor()]})
        assert without_config.config is None
        assert without_config.size == 10
        assert found(without_config) == ["$.config: it is missing"]

    def test_a_layer_without_a_valid_digest_is_left_out_and_noted(self) -> None:
        parsed = manifest(
            a_manifest(descriptor(digest="sha256:zz"), descriptor(digest=THREE), 3, {"size": 1})
        )
        assert [layer.digest for layer in parsed.layers] == [THREE]
        assert [problem.path for problem in parsed.problems] == [
            "$.layers[0].digest",
            "$.layers[2]",
            "$.layers[3].digest",
        ]


class TestDigest:
    def test_it_is_computed_from_the_raw_bytes(self) -> None:
        raw = b' {"layers": [ ], "schemaVersion": 2.0}\n'
        parsed = parse_manifest(raw, content_type=None)
        assert parsed.raw == raw
        assert parsed.descriptor.digest == Digest.of(raw) == manifest_digest(raw)
        assert parsed.descriptor.size == len(raw)
        assert manifest_digest(raw, "sha512") == Digest.of(raw, "sha512")

    def test_it_is_kept_where_it_is_known(self) -> None:
        parsed = parse_manifest(b'{"layers": []}', content_type=None, digest=THREE)
        assert parsed.descriptor.digest == THREE


class TestDescriptor:
    def read(self, **more: Any) -> tuple[Descriptor, list[str]]:
        parsed = index(an_index(descriptor(**more)))
        return parsed.manifests[0], [
            str(problem).removeprefix("$.manifests[0].") for problem in parsed.problems
        ]

    def test_everything_that_can_be_said(self) -> None:
        read, problems = self.read(
            annotations={"a": "b"}, urls=["https://example.com/a"], data=b64encode(b"x" * 10).decode()
        )
        assert read.annotations == {"a": "b"}
        assert read.urls == ("https://example.com/a",)
        assert read.data == b"x" * 10
        assert problems == []

    def test_annotations_that_are_null(self) -> None:
        assert self.read(annotations=None)[1] == ["annotations: it is null, not an object"]
        read, problems = self.read(annotations={"a": None, "b": "c", "d": 3})
        assert read.annotations == {"b": "c"}
        assert problems == [
            "annotations.a: it is null, not a string",
            "annotations.d: it is an integer, not a string",
        ]

    @pytest.mark.parametrize(
        ("size", "problem"),
        [
            (-1, "size: it is negative"),
            (2**64, "size: it is larger than an int64"),
            ("10", "size: it is a string, not an integer"),
            (None, "size: it is null, not an integer"),
        ],
    )
    def test_a_size_that_cannot_be(self, size: Any, problem: str) -> None:
        read, problems = self.read(size=size)
        assert read.size == 0
        assert problems == [problem]

    def test_what_is_missing(self) -> None:
        parsed = index(an_index({"digest": ONE}))
        assert parsed.manifests == (Descriptor("", ONE, 0),)
        assert sorted(found(parsed)) == [
            "$.manifests[0].mediaType: it is missing",
            "$.manifests[0].size: it is missing",
        ]

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            ("%%", "data: it is not Base64"),
            ("e30=", "data: it has 2 bytes, not 10"),
            (3, "data: it is an integer"),
        ],
    )
    def test_embedded_content_that_cannot_be(self, data: Any, problem: str) -> None:
        read, problems = self.read(data=data)
        assert read.data is None
        assert [said.startswith(problem) for said in problems] == [True]

    @pytest.mark.parametrize(
        ("platform", "shown"),
        [
            ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
            ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
            ({"os": "windows", "architecture": "amd64", "os.version": "10.0.1"}, "windows/amd64"),
            ({"os": "unknown", "architecture": "unknown"}, "unknown/unknown"),
            ({"architecture": "amd64"}, "unknown/amd64"),
            ({}, "unknown/unknown"),
        ],
    )
    def test_platforms(self, platform: JSON, shown: str) -> None:
        assert str(self.read(platform=platform)[0].platform) == shown

    def test_a_platform_of_windows(self) -> None:
        platform = {
            "os": "windows",
            "architecture": "amd64",
            "os.version": "10.0.1",
            "os.features": ["win32k"],
        }
        assert self.read(platform=platform)[0].platform == Platform(
            "amd64", "windows", "", "10.0.1", ("win32k",)
        )

    def test_a_platform_that_is_none(self) -> None:
        read, problems = self.read(platform="linux/amd64")
        assert read.platform is None
        assert problems == ["platform: it is a string, not an object"]

    def test_attestations(self) -> None:
        annotations = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": TWO,
        }
        attestation = self.read(annotations=annotations)[0]
        assert is_attestation(attestation)
        assert attested_digest(attestation) == TWO
        assert attested_digest(replace(attestation, annotations={"vnd.docker.reference.digest": "x"})) is None
        plain = self.read()[0]
        assert not is_attestation(plain)
        assert attested_digest(plain) is None


def test_models_are_values() -> None:
    one, two = (manifest(a_manifest(descriptor(annotations={"a": "b"}))) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes
    assert "raw" not in repr(one)
    with pytest.raises(FrozenInstanceError):
        one.layers = ()  # type: ignore[misc]  # what is tested


CONFIG = Descriptor(OCI_CONFIG, ONE, 5)


def config(document: Any) -> ImageConfig:
    return parse_config(json.dumps(document).encode(), CONFIG)


class TestConfig:
    def test_everything_that_can_be_said(self) -> None:
        parsed = config(
            {
                "created": "2026-11-21T10:12:00.000000000+01:00",
                "author": "A",
                "architecture": "arm",
                "os": "linux",
                "variant": "v7",
                "config": {"Env": ["A=b"], "Cmd": None},
                "rootfs": {"type": "layers", "diff_ids": [ONE, TWO]},
                "history": [
                    {"created": "2026-11-21T09:12:00Z", "created_by": "ADD x", "comment": "c", "author": "a"},
                    {"created_by": "ENV x", "empty_layer": True},
                ],
            }
        )
        assert parsed.created == TIME
        assert parsed.author == "A"
        assert parsed.platform == Platform("arm", "linux", "v7")
        assert parsed.config == {"Env": ["A=b"], "Cmd": None}
        assert parsed.diff_ids == (ONE, TWO)
        assert parsed.history == (
            HistoryStep(TIME, "ADD x", "c", "a", empty_layer=False),
            HistoryStep(None, "ENV x", "", "", empty_layer=True),
        )
        assert parsed.descriptor == CONFIG
        assert found(parsed) == []

    def test_nothing_said(self) -> None:
        parsed = config({})
        assert (parsed.created, parsed.platform, parsed.history, parsed.diff_ids) == (None, None, (), ())
        assert parsed.config == {}
        assert found(parsed) == ["$.rootfs: it is missing"]

    @pytest.mark.parametrize(
        ("written", "created"),
        [
            ("2026-11-21T09:12:00Z", TIME),
            ("2026-11-21T09:12:00.123456789Z", TIME.replace(microsecond=123456)),
            ("2026-11-21T09:12:00-00:00", TIME),
            ("2026-11-20T23:12:00-10:00", TIME),
            ("1970-01-01T00:00:00Z", None),
            ("1970-01-01T00:00:01Z", None),
            ("0001-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00+10:00", None),
            ("", None),
            (None, None),
        ],
    )
    def test_times(self, written: str | None, created: datetime | None) -> None:
        parsed = config({"created": written, "rootfs": {}})
        assert parsed.created == created
        assert parsed.problems == ()

    @pytest.mark.parametrize(
        ("written", "problem"),
        [
            ("yesterday", "it is not a time"),
            ("2026-13-01T00:00:00Z", "it is not a time"),
            ("9999-12-31T23:59:60Z", "it is not a time"),
            ("2026-11-21T09:12:00", "it has no time zone"),
            (1_700_000_000, "it is an integer, not a string"),
        ],
    )
    def test_times_that_are_none(self, written: Any, problem: str) -> None:
        assert found(config({"created": written, "rootfs": {}})) == [f"$.created: {problem}"]

    def test_steps_and_layers_keep_their_places(self) -> None:
        parsed = config({"rootfs": {"diff_ids": [ONE, None, TWO]}, "history": [{"created_by": "a"}, 3, {}]})
        assert parsed.diff_ids == (ONE, "", TWO)
        assert [step.created_by for step in parsed.history] == ["a", "", ""]
        assert [problem.path for problem in parsed.problems] == ["$.history[1]", "$.rootfs.diff_ids[1]"]

    @pytest.mark.parametrize("document", [[], 3, None, "a"])
    def test_what_is_no_config(self, document: Any) -> None:
        with pytest.raises(SchemaValidationError):
            config(document)

    def test_what_is_no_json(self) -> None:
        with pytest.raises(ParseJSONError):
            parse_config(b"PK\x03\x04", CONFIG)


class TestLayerHistory:
    def pair(self, layers: int, steps: Sequence[JSON], diff_ids: int | None = None) -> list[str | None]:
        image = manifest(a_manifest(*[descriptor(digest=Digest.of(bytes([i]))) for i in range(layers)]))
        ids = [str(ONE)] * (layers if diff_ids is None else diff_ids)
        history = layer_history(image, config({"rootfs": {"diff_ids": ids}, "history": steps}))
        assert len(history) == layers
        return [step.created_by if step else None for step in history]

    def test_steps_without_a_layer_are_passed_over(self) -> None:
        steps: list[JSON] = [
            {"created_by": "a"},
            {"created_by": "b", "empty_layer": True},
            {"created_by": "c"},
        ]
        assert self.pair(2, steps) == ["a", "c"]

    @pytest.mark.parametrize("steps", [0, 1, 3])
    def test_other_numbers_tell_nothing(self, steps: int) -> None:
        step: JSON = {"created_by": "a"}
        assert self.pair(2, [step] * steps) == [None, None]

    def test_other_numbers_of_diff_ids_tell_nothing(self) -> None:
        assert self.pair(2, [{"created_by": "a"}] * 2, diff_ids=3) == [None, None]
        assert self.pair(2, [{"created_by": "a"}] * 2, diff_ids=0) == ["a", "a"]

    def test_without_a_config_nothing_is_known(self) -> None:
        assert layer_history(manifest(a_manifest(descriptor())), None) == (None,)

    def test_no_layers(self) -> None:
        assert self.pair(0, []) == []


KEYS = st.sampled_from(
    [
        "schemaVersion",
        "mediaType",
        "manifests",
        "layers",
        "config",
        "blobs",
        "fsLayers",
        "signatures",
        "history",
        "annotations",
        "subject",
        "digest",
        "size",
        "data",
        "urls",
        "platform",
        "os",
        "architecture",
        "os.version",
        "os.features",
        "artifactType",
        "created",
        "created_by",
        "empty_layer",
        "rootfs",
        "diff_ids",
        "blobSum",
        "v1Compatibility",
        "protected",
        "formatLength",
        "formatTail",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            1,
            2,
            ONE,
            TWO,
            "e30=",
            "{}",
            "2026-11-21T09:12:00Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
        ]
        + [
            value
            for value in vars(media_types).values()
            if isinstance(value, str) and value.startswith("app")
        ]
    )
)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
        max_leaves=20,
    ),
    max_size=8,
)
HEADERS = (
    st.none() | st.text(max_size=10) | st.sampled_from([OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_SCHEMA1])
)


def accepts(parse: Callable[[], object]) -> None:
    """Fail if parsing raises anything but an error of the client, or makes something that cannot be shown."""
    try:
        shown = repr(parse())
    except RegistryError as error:
        shown = str(error)
    assert shown.isprintable()


@settings(deadline=None, max_examples=300)
@given(DOCUMENTS, HEADERS)
def test_any_document_is_read_or_refused(document: JSON, header: str | None) -> None:
    raw = json.dumps(document).encode()
    accepts(lambda: parse_manifest(raw, content_type=header))
    accepts(lambda: parse_config(raw, CONFIG))


@settings(deadline=None, max_examples=150)
@given(st.binary(), HEADERS)
def test_any_bytes_are_read_or_refused(raw: bytes, header: str | None) -> None:
    accepts(lambda: parse_manifest(raw, content_type=header))
    accepts(lambda: parse_config(raw, CONFIG))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(
        json.dumps(a_manifest(descriptor(annotations={"a": "b"}), mediaType=OCI_MANIFEST)).encode()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    accepts(lambda: parse_manifest(bytes(raw), content_type=OCI_MANIFEST))
