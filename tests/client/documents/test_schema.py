from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.client.invalid_documents import INVALID, MEDIA_TYPE
from tests.client.valid_documents import (
    DOCUMENTS,
    EMPTY,
    JSON,
    VALID,
    config,
    descriptor,
    embedded,
    index,
    manifest,
)
from tui.client import media_types
from tui.client.documents import shapes
from tui.client.documents.image_config import parse_config
from tui.client.documents.image_manifest import Manifest, parse_manifest
from tui.client.documents.parsing import MAX_PROBLEMS
from tui.client.documents.schema import validate, violations_of, violations_of_config
from tui.client.documents.sentences import is_digest, is_time
from tui.client.errors import (
    InvalidManifestError,
    RegistryError,
    UnknownMediaTypeError,
    ValidationError,
    Violation,
)
from tui.client.limits import MAX_MANIFEST
from tui.client.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    DOCKER_SCHEMA1,
    OCI_CONFIG,
    OCI_DESCRIPTOR,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_MANIFEST,
)
from tui.demo.samples import build_samples

if TYPE_CHECKING:
    from collections.abc import Callable

DEFINITIONS: Final = shapes._definitions()
WHOLE: Final = {
    media_type: jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS},
        formats={"oci-digest": is_digest, "oci-time": is_time},
        validate_formats=True,
    )
    for media_type, name in {
        OCI_INDEX: "index",
        OCI_MANIFEST: "manifest",
        OCI_CONFIG: "config",
        OCI_DESCRIPTOR: "descriptor",
    }.items()
}
"""The schema as other programs would use it: a document in one piece."""


def found(document: Any, media_type: str) -> list[str]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return [str(violation) for violation in validate(raw, media_type)]


@pytest.mark.parametrize("media_type", sorted(VALID))
def test_a_valid_document_has_no_violations(media_type: str) -> None:
    assert found(VALID[media_type], media_type) == []


@pytest.mark.parametrize(
    "media_type", [f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST.upper(), f" {OCI_MANIFEST} "]
)
def test_case_and_parameters_of_the_type_make_no_difference(media_type: str) -> None:
    assert found(VALID[OCI_MANIFEST], media_type) == []


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        (OCI_INDEX, {"schemaVersion": 2, "manifests": []}),
        (OCI_MANIFEST, {"schemaVersion": 2, "config": descriptor(), "layers": []}),
        (OCI_MANIFEST, {"schemaVersion": 2, "config": EMPTY, "layers": [EMPTY], "artifactType": "a/b"}),
        (OCI_MANIFEST, manifest(unknown={"a": [{}]})),
        (OCI_CONFIG, {"architecture": "x", "os": "y", "rootfs": {"type": "layers", "diff_ids": []}}),
        (OCI_CONFIG, config(history=[])),
        (OCI_CONFIG, config(architecture="", os="")),  # as signatures have it
        (OCI_CONFIG, config(history=None, config=None, created=None, author=None, variant=None)),
        (OCI_CONFIG, config(config=dict.fromkeys(VALID[OCI_CONFIG]["config"]))),
        (OCI_CONFIG, config(created="2016-12-31T23:59:60.123456789+00:00")),
        (OCI_CONFIG, config(created="0001-01-01t00:00:00z")),
        (OCI_DESCRIPTOR, descriptor(digest="sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564")),
        (OCI_DESCRIPTOR, descriptor(size=0, annotations={"": ""}, urls=[])),
        (OCI_DESCRIPTOR, descriptor(annotations={"org.opencontainers.image.created": ""})),
        (OCI_DESCRIPTOR, descriptor(digest="x:y", data="", size=0)),
        (OCI_DESCRIPTOR, embedded(b"abc", algorithm="sha512")),
    ],
)
def test_what_the_specification_allows_is_no_violation(media_type: str, document: JSON) -> None:
    assert found(document, media_type) == []


@pytest.mark.parametrize(("media_type", "document", "said"), INVALID)
def test_every_violation_is_named_with_its_place(media_type: str, document: Any, said: list[str]) -> None:
    assert sorted(found(document, media_type)) == sorted(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a digest is an algorithm, a colon and an encoded hash"),
        ("sha256", "a digest is an algorithm, a colon and an encoded hash"),
        ("sha256:abc", "sha256 has 64 hex digits, with letters in lower case"),
        ("sha256:" + "A" * 64, "sha256 has 64 hex digits, with letters in lower case"),
        ("sha512:" + "a" * 64, "sha512 has 128 hex digits, with letters in lower case"),
        ("blake3:" + "a" * 65, "blake3 has 64 hex digits, with letters in lower case"),
    ],
)
def test_digests_are_of_the_length_of_their_algorithm(text: str, said: str) -> None:
    (violation,) = validate(json.dumps(descriptor(digest=text)).encode(), OCI_DESCRIPTOR)
    assert violation.path == "$.digest"
    assert violation.message.endswith(f" is not a valid digest: {said}")


@pytest.mark.parametrize("media_type", ["", "text/plain", DOCKER_SCHEMA1, media_types.OCI_ARTIFACT_MANIFEST])
def test_other_types_are_not_known(media_type: str) -> None:
    with pytest.raises(UnknownMediaTypeError) as caught:
        validate(b"{}", media_type)
    assert caught.value.media_type == media_type


def test_a_foreign_type_is_printable_in_the_error() -> None:
    with pytest.raises(UnknownMediaTypeError) as caught:
        validate(b"{}", "\x1b[2J" + "x" * 100_000)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1_000


# The schema itself.


def test_every_definition_is_json_schema_and_is_used() -> None:
    jsonschema_rs.meta.validate({"$defs": DEFINITIONS})
    text = json.dumps(DEFINITIONS)
    documents = {
        "index",
        "manifest",
        "config",
        "dockerList",
        "dockerManifest",
        "dockerConfig",
        "layoutHeader",
    }
    unused = {name for name in DEFINITIONS if f'"#/$defs/{name}"' not in text}
    assert unused == documents


def test_every_rule_that_needs_a_sentence_has_one() -> None:
    plain = {"type", "required", "properties", "items", "additionalProperties", "propertyNames"}
    told = {"const", "enum", "minimum", "maximum", "format", "if", "then", "minLength", "description", "$ref"}

    def look(rules: JSON) -> None:
        assert set(rules) <= plain | told | {"pattern", "not"}
        if {"pattern", "not"} & set(rules):
            assert rules["description"]
        for key, inner in rules.items():
            if key == "properties":
                for one in inner.values():
                    look(one)
            elif isinstance(inner, dict) and key != "not":
                look(inner)

    for rules in DEFINITIONS.values():
        look(rules)


# Documents of any kind.


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_valid_documents_have_no_violations(typed: tuple[str, JSON]) -> None:
    media_type, document = typed
    assume(OCI_EMPTY not in json.dumps(document))
    assert found(document, media_type) == []
    assert WHOLE[media_type].is_valid(document)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Give the places of all that is inside of a document, by keys and numbers."""
    if not isinstance(value, dict | list):
        return []
    members = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, member in members for place in ((*path, key), *places(member, (*path, key)))]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    DOCUMENTS,
    st.data(),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.just([])
    | st.just({}),
)
@example((OCI_DESCRIPTOR, descriptor()), None, 1.0)
def test_piece_by_piece_the_schema_says_what_it_says_of_the_whole(
    typed: tuple[str, JSON], data: st.DataObject | None, value: Any
) -> None:
    media_type, document = copy.deepcopy(typed)
    place = data.draw(st.sampled_from(places(document))) if data is not None else ("size",)
    holder: Any = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    try:
        valid = WHOLE[media_type].is_valid(document)
    except UnicodeEncodeError:
        valid = False
    assert valid or found(document, media_type)


MUTATIONS: Final[list[tuple[str, Callable[[JSON], object], str]]] = [
    ("no digest", lambda one: one.pop("digest"), ".digest: it is missing"),
    ("no size", lambda one: one.pop("size"), ".size: it is missing"),
    ("no type", lambda one: one.pop("mediaType"), ".mediaType: it is missing"),
    ("a negative size", lambda one: one.update(size=-5), ".size: it is negative"),
    ("a huge size", lambda one: one.update(size=2**63), ".size: it is larger than an int64"),
    ("a type without a slash", lambda one: one.update(mediaType="gzip"), f".mediaType: {MEDIA_TYPE}"),
    (
        "annotations that are a list",
        lambda one: one.update(annotations=[]),
        ".annotations: it is an array, not an object",
    ),
    (
        "an annotation that is a number",
        lambda one: one.update(annotations={"a": 1}),
        ".annotations.a: it is an integer, not a string",
    ),
    ("a place that is none", lambda one: one.update(urls=["x"]), ".urls[0]: it is no URI (RFC 3986)"),
    (
        "half a platform",
        lambda one: one.update(platform={"os": "a"}),
        ".platform.architecture: it is missing",
    ),
    ("data that is no Base64", lambda one: one.update(data="?"), ".data: it is not Base64"),
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.data(), st.sampled_from(MUTATIONS))
def test_each_mutation_of_a_descriptor_has_the_violation_that_it_should(
    typed: tuple[str, JSON], data: st.DataObject, mutation: tuple[str, Callable[[JSON], object], str]
) -> None:
    media_type, document = copy.deepcopy(typed)
    descriptors = {
        OCI_INDEX: [
            (f"$.manifests[{number}]", one) for number, one in enumerate(document.get("manifests", []))
        ],
        OCI_MANIFEST: [
            ("$.config", document.get("config")),
            *((f"$.layers[{number}]", one) for number, one in enumerate(document.get("layers", []))),
        ],
        OCI_DESCRIPTOR: [("$", document)],
    }.get(media_type)
    assume(descriptors)
    path, mutated = data.draw(st.sampled_from(descriptors or []))
    mutation[1](mutated)
    assert f"{path}{mutation[2]}" in found(document, media_type)


# Documents that want to do harm.


@pytest.mark.parametrize(
    ("raw", "most"),
    [
        (b'{"schemaVersion":2,"manifests":[' + b",".join([b"{}"] * 600_000) + b"]}", "at least 9,"),
        (b'{"schemaVersion":2,"manifests":[' + b",".join([b"1"] * 1_900_000) + b"]}", "at least 10,"),
        (
            b'{"schemaVersion":2,"manifests":[],"annotations":{%s}}'
            % b",".join(b'"%d":1' % one for one in range(350_000)),
            "at least 10,",
        ),
        (
            b'{"schemaVersion":2,"manifests":[],"annotations":{%s}}' % b",".join([b'"a":1'] * 600_000),
            "at least 599,",
        ),
        (b'{"schemaVersion":2,"manifests":[%s]}' % b",".join([b'{"a":1,"a":2}'] * 290_000), "at least 2"),
        (
            b'{"schemaVersion":2,"manifests":[{"urls":[%s]}]}' % b",".join([b'"x"'] * 1_000_000),
            "at least 9,",
        ),
        (json.dumps(index(manifests=[descriptor(size=-1)] * 150)).encode(), "50 more problems"),
    ],
    ids=["nothings", "numbers", "annotations", "one key", "pairs of keys", "places", "few"],
)
def test_very_many_violations_are_counted_and_not_told(raw: bytes, most: str) -> None:
    assert len(raw) <= MAX_MANIFEST
    violations = validate(raw, OCI_INDEX)
    assert len(violations) == MAX_PROBLEMS + 1
    assert violations[-1].path == "$"
    assert violations[-1].message.startswith(most)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * MAX_MANIFEST,
        b'{"a":' * (MAX_MANIFEST // 5),
        b" " * (MAX_MANIFEST + 1),
        b'{"schemaVersion":' + b"9" * 4_000_000 + b"}",
        json.dumps(index(mediaType="x" * 4_000_000)).encode(),
        json.dumps(index(manifests=[descriptor("x" * 1_000_000, digest="y" * 1_000_000)])).encode(),
        json.dumps(index(annotations={"k" * 2_000_000: 1})).encode(),
        json.dumps(descriptor(data="A" * 4_000_000)).encode(),
        json.dumps(index(manifests=[{"a": json.loads("[" * 500 + "]" * 500)}])).encode(),
    ],
    ids=["arrays", "objects", "long", "number", "type", "digest", "key", "data", "unknown"],
)
def test_what_is_gigantic_or_deep_ends_in_few_short_sentences(raw: bytes) -> None:
    violations = validate(raw, OCI_INDEX)
    assert 1 <= len(violations) <= 10
    assert all(len(str(violation)) < 1_000 and str(violation).isprintable() for violation in violations)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=200) | st.text().map(str.encode), st.sampled_from(sorted(VALID)))
def test_any_bytes_are_valid_or_not(raw: bytes, media_type: str) -> None:
    for violation in validate(raw, media_type):
        assert str(violation).isprintable()


# Reading strictly.


def test_strict_reading_refuses_what_lenient_reading_notes() -> None:
    raw = json.dumps(manifest(layers=[descriptor(size=-1)])).encode()
    lenient = parse_manifest(raw)
    assert [str(problem) for problem in lenient.problems] == ["$.layers[0].size: it is negative"]
    with pytest.raises(ValidationError, match=r"\$\.layers\[0\]\.size: it is negative") as caught:
        parse_manifest(raw, strict=True)
    assert caught.value.violations == (Violation("$.layers[0].size", "it is negative"),)


@pytest.mark.parametrize("document", [index(), manifest(), VALID[DOCKER_LIST], VALID[DOCKER_MANIFEST]])
def test_strict_reading_accepts_what_is_valid(document: JSON) -> None:
    raw = json.dumps(document).encode()
    assert parse_manifest(raw, strict=True).raw == raw


def test_strict_reading_refuses_a_config_with_violations() -> None:
    read = parse_manifest(json.dumps(manifest()).encode())
    assert isinstance(read, Manifest)
    assert read.config is not None
    good, bad = json.dumps(config()).encode(), json.dumps(config(os=7)).encode()
    assert parse_config(good, read.config, strict=True).problems == ()
    assert parse_config(bad, read.config).platform is not None
    with pytest.raises(ValidationError, match=r"\$\.os: it is an integer, not a string"):
        parse_config(bad, read.config, strict=True)


def test_what_is_nothing_of_the_kind_stays_an_error_of_its_own() -> None:
    with pytest.raises(InvalidManifestError):
        parse_manifest(b'{"schemaVersion": 2}', content_type=OCI_MANIFEST, strict=True)


def test_what_cannot_be_read_stands_in_the_error_as_it_came_and_not_in_its_text() -> None:
    for raw in (b"secret", b'{"schemaVersion": 2, "a": "secret"}'):
        with pytest.raises(RegistryError) as caught:
            parse_manifest(raw, content_type=OCI_MANIFEST)
        assert caught.value.document == raw
        assert "secret" not in f"{caught.value} {caught.value!r}"


def test_what_a_header_contradicts_is_a_violation_when_reading_strictly() -> None:
    raw = json.dumps(manifest()).encode()
    with pytest.raises(ValidationError, match="but the registry says"):
        parse_manifest(raw, content_type=OCI_INDEX, strict=True)


def test_documents_of_types_without_a_schema_have_the_problems_of_reading() -> None:
    raw = json.dumps({"schemaVersion": 1, "fsLayers": [{"blobSum": "x"}]}).encode()
    read = parse_manifest(raw, content_type=DOCKER_SCHEMA1)
    assert violations_of(read) == read.problems != ()
    with pytest.raises(ValidationError):
        parse_manifest(raw, content_type=DOCKER_SCHEMA1, strict=True)


def test_a_config_is_held_against_the_layers_of_its_manifest() -> None:
    read = parse_manifest(json.dumps(manifest(layers=[descriptor()])).encode())
    assert isinstance(read, Manifest)
    assert read.config is not None
    parsed = parse_config(json.dumps(config()).encode(), read.config)
    assert violations_of_config(parsed) == ()
    said = "it has 2 entries, but the manifest has 1 layer"
    assert violations_of_config(parsed, read) == (Violation("$.rootfs.diff_ids", said),)


# Documents as programs make them.


def test_the_documents_of_the_demo_registry_are_valid() -> None:
    storage = build_samples()
    invalid = set()
    for name in storage.repositories():
        for tag in storage.tags(name):
            stored = storage.get_manifest(name, tag)
            assert stored is not None
            try:
                read = parse_manifest(stored.data, content_type=stored.media_type)
            except RegistryError:
                invalid.add(f"{name}:{tag}")
                continue
            if violations_of(read):
                invalid.add(f"{name}:{tag}")
    assert invalid == {"demo/unusual:invalid", "demo/unusual:invalid-index"}
