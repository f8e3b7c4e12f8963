import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from tui.client import media_types
from tui.client.documents.schema1 import signed_payload
from tui.client.models import HistoryStep, Manifest, layer_history, manifest_digest, parse_manifest
from tui.client.names import Digest

# What docker-registry 2.8.2 gave for an image that skopeo had copied there with `--format v2s1`.
SIGNED = (
    rb'{"name":"s1","tag":"t","architecture":"amd64","fsLayers":[{"blobSum":"sha256:0cca59e30ed119701f4'
    rb'02ddfbfd514731504ba029091008f26ab0a356ae9db40"},{"blobSum":"sha256:a3ed95caeb02ffe68cdd9fd844066'
    rb'80ae93d633cb16422d00e8a7c22955b46d4"},{"blobSum":"sha256:e54ead9e5b623b81564df1531d0d1b535b91aa2'
    rb'190cce6e490bd717c693f536f"}],"history":[{"v1Compatibility":"{\"architecture\":\"amd64\",\"config'
    rb"\":{},\"id\":\"7284fe19c43838204da202d21078780068bc022391cd9d92c5b6cc9d5d4540d6\",\"os\":\"linux"
    rb'\",\"parent\":\"b835d7db3527f4434a2f5ea6ef3f76effe1a2db5107ea9c536984c58ba87579e\"}"},{"v1Compat'
    rb'ibility":"{\"id\":\"b835d7db3527f4434a2f5ea6ef3f76effe1a2db5107ea9c536984c58ba87579e\",\"parent'
    rb"\":\"47c71fb91363c4e64bbaa3fd65c880480f7d380623b245fc17d500e3b7032e9a\",\"created\":\"2026-11-21"
    rb'T09:12:00Z\",\"container_config\":{\"Cmd\":[\"ENV X=1\"]},\"throwaway\":true}"},{"v1Compatibilit'
    rb'y":"{\"id\":\"47c71fb91363c4e64bbaa3fd65c880480f7d380623b245fc17d500e3b7032e9a\",\"created\":\"2'
    rb'026-11-21T09:12:00Z\",\"container_config\":{\"Cmd\":[\"ADD a\"]}}"}],"schemaVersion":1,"signatur'
    rb'es":[{"header":{"jwk":{"crv":"P-256","kid":"3G3M:2OR3:Z35F:NEKV:I32Y:PXVD:EIB3:QU43:O5IR:NHSJ:HY'
    rb'M3:NT5C","kty":"EC","x":"n0ZsRHpVDbjsfi48LZ6Eq2BbUHt0u8aWhyiurdxyGa4","y":"Ox0ntrk1BwpNettiYYGcw'
    rb'X7HS7ckkWvNgdHp-5mSb6c"},"alg":"ES256"},"signature":"dIRVI0f2vg-YVT8cztuNEurao24FP_L5iY5CCPK4-o1'
    rb's9rEjviOsIUvUzhbrj-auuB9eoXnXjXJz8yx6g3zA9w","protected":"eyJmb3JtYXRMZW5ndGgiOjEwNDUsImZvcm1hdF'
    rb'RhaWwiOiJmUSIsInRpbWUiOiIyMDI2LTExLTIzVDE2OjA4OjEzWiJ9"}]}'
)
DIGEST = Digest("sha256:71be796ac0a349bfcda3a529c983799058ec2060d01b0c3508b18d95afc20891")
LAYERS = (
    "sha256:e54ead9e5b623b81564df1531d0d1b535b91aa2190cce6e490bd717c693f536f",
    "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4",
    "sha256:0cca59e30ed119701f402ddfbfd514731504ba029091008f26ab0a356ae9db40",
)
TIME = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


def encoded(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).decode().rstrip("=")


def signed(payload: bytes, *, inside: bytes = b"", protected: Any = None) -> bytes:
    """Put a signature into the payload, and maybe something that it does not cover."""
    head, tail = payload[:-1], payload[-1:]
    protected = protected or {"formatLength": len(head), "formatTail": encoded(tail)}
    signatures = json.dumps([{"protected": encoded(protected)}]).encode()
    return head + inside + b',"signatures":' + signatures + tail


def read(raw: bytes, content_type: str | None = None, digest: Digest | None = None) -> Manifest:
    manifest = parse_manifest(raw, content_type=content_type, digest=digest)
    assert isinstance(manifest, Manifest)
    return manifest


def test_the_digest_covers_the_payload() -> None:
    assert manifest_digest(SIGNED) == DIGEST
    assert Digest.of(SIGNED) != DIGEST


@pytest.mark.parametrize("content_type", [media_types.DOCKER_SCHEMA1_SIGNED, "application/json", None])
def test_a_signed_manifest(content_type: str | None) -> None:
    manifest = read(SIGNED, content_type)
    assert manifest.descriptor.digest == DIGEST
    assert manifest.descriptor.size == len(SIGNED)
    assert manifest.descriptor.media_type == media_types.DOCKER_SCHEMA1_SIGNED
    assert manifest.raw == SIGNED
    assert manifest.is_schema1
    assert manifest.is_image
    assert manifest.config is None
    assert manifest.problems == ()


def test_layers_come_lowest_first_and_without_sizes() -> None:
    manifest = read(SIGNED)
    assert tuple(layer.digest for layer in manifest.layers) == LAYERS
    assert manifest.size == 0


def test_the_history_is_inside() -> None:
    assert layer_history(read(SIGNED), None) == (
        HistoryStep(TIME, "ADD a", "", "", empty_layer=False),
        HistoryStep(TIME, "ENV X=1", "", "", empty_layer=True),
        HistoryStep(None, "", "", "", empty_layer=False),
    )


def test_what_the_signature_does_not_cover_is_not_read() -> None:
    payload = b'{"schemaVersion":1,"fsLayers":[],"name":"a"}'
    raw = signed(payload, inside=b',"fsLayers":[{"blobSum":"%s"}]' % LAYERS[0].encode())
    assert signed_payload(raw) == payload
    assert read(raw).layers == ()
    assert read(raw).descriptor.digest == Digest.of(payload)


def test_no_other_manifest_can_claim_to_be_signed() -> None:
    payload = b'{"schemaVersion":2,"fsLayers":[],"layers":[]}'
    raw = signed(payload, inside=b',"schemaVersion":1')
    assert json.loads(raw)["schemaVersion"] == 1
    assert signed_payload(raw) is None
    assert manifest_digest(raw) == Digest.of(raw)


@pytest.mark.parametrize(
    "protected",
    [
        {"formatLength": -1, "formatTail": "fQ"},
        {"formatLength": 10**30, "formatTail": "fQ"},
        {"formatLength": "10", "formatTail": "fQ"},
        {"formatLength": 10},
        {"formatTail": "fQ"},
        [1],
        b"\xff\xfe",
        b"not JSON",
    ],
)
def test_a_signature_that_cannot_be_read_signs_nothing(protected: Any) -> None:
    raw = signed(b'{"schemaVersion":1,"fsLayers":[]}', protected=protected)
    assert signed_payload(raw) is None
    assert read(raw).descriptor.digest == Digest.of(raw)


@pytest.mark.parametrize(
    "signatures", ["{}", "[]", "[1]", "[{}]", '[{"protected": 1}]', '[{"protected": "ä"}]', "null"]
)
def test_signatures_that_are_none(signatures: str) -> None:
    raw = f'{{"schemaVersion":1,"fsLayers":[],"signatures":{signatures}}}'.encode()
    assert signed_payload(raw) is None
    assert read(raw).is_schema1


def test_an_unsigned_manifest() -> None:
    raw = json.dumps(
        {"schemaVersion": 1, "fsLayers": [{"blobSum": "sha256:zz"}, 3], "history": [{}, 4]}
    ).encode()
    manifest = read(raw)
    assert manifest.descriptor.media_type == media_types.DOCKER_SCHEMA1
    assert manifest.descriptor.digest == Digest.of(raw)
    assert [problem.path for problem in manifest.problems] == ["$.fsLayers[0].blobSum", "$.fsLayers[1]"]
    assert layer_history(manifest, None) == ()


@pytest.mark.parametrize(
    "step", ["", "[]", "{", '{"container_config": {"Cmd": "x"}, "created": 3}', "\ud800"]
)
def test_a_step_that_cannot_be_read_is_an_empty_one(step: str) -> None:
    raw = json.dumps(
        {"schemaVersion": 1, "fsLayers": [{"blobSum": LAYERS[0]}], "history": [{"v1Compatibility": step}]}
    ).encode()
    assert layer_history(read(raw), None) == (HistoryStep(None, "", "", "", empty_layer=False),)


def test_the_known_digest_is_kept() -> None:
    assert read(SIGNED, digest=Digest.of(b"other")).descriptor.digest == Digest.of(b"other")
