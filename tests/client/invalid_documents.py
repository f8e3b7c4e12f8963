"""Documents that break one rule or a few, with what is to be said about each."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.client.valid_documents import (
    EMPTY,
    JSON,
    TIME,
    VALID,
    config,
    descriptor,
    index,
    manifest,
    platform,
)
from tui.client.media_types import (
    DOCKER_CONFIG,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_DESCRIPTOR,
    OCI_INDEX,
    OCI_LAYOUT_HEADER,
    OCI_MANIFEST,
)
from tui.client.names import Digest


def changed(media_type: str, **changes: Any) -> JSON:
    return {**VALID[media_type], **changes}


def without(media_type: str, key: str) -> JSON:
    return {name: value for name, value in VALID[media_type].items() if name != key}


MEDIA_TYPE: Final = (
    "it is no media type: two names of letters, digits and some signs, with a slash between them"
)
NO_TIME: Final = "it is no date and time as RFC 3339 writes them"
STRANGER: Final = "it does not belong into an index, and is ignored"

INVALID: Final[list[tuple[str, Any, list[str]]]] = [
    # What is no such document at all.
    (OCI_INDEX, b"", ["$: the document is empty"]),
    (OCI_INDEX, b"[]", ["$: it is an array, not an object"]),
    (OCI_LAYOUT_HEADER, b"null", ["$: it is null, not an object"]),
    (OCI_INDEX, b"\xff", ["$: the document is not JSON: byte 0 is not UTF-8"]),
    # JSON as the specification wants it (RFC 7493).
    (
        OCI_DESCRIPTOR,
        json.dumps(descriptor())[:-1].encode() + b', "size": 10}',
        ["$.size: it is there more than once; the last one counts"],
    ),
    (
        OCI_DESCRIPTOR,
        json.dumps(descriptor(annotations={"a": 0})).encode().replace(b"0}", b'"x", "a": "y"}'),
        ["$.annotations.a: it is there more than once; the last one counts"],
    ),
    (
        OCI_DESCRIPTOR,
        b"\xef\xbb\xbf" + json.dumps(descriptor()).encode(),
        ["$: it begins with a byte order mark"],
    ),
    (
        OCI_DESCRIPTOR,
        json.dumps(descriptor()).encode().replace(b"10", b"NaN"),
        ["$: NaN is not a JSON value", "$.size: it is a number, not an integer"],
    ),
    (
        OCI_DESCRIPTOR,
        descriptor(annotations={"a": "\ud800"}),
        ["$.annotations.a: it has half of a surrogate pair, which is no character"],
    ),
    # Indexes.
    (OCI_INDEX, without(OCI_INDEX, "schemaVersion"), ["$.schemaVersion: it is missing"]),
    (OCI_INDEX, without(OCI_INDEX, "manifests"), ["$.manifests: it is missing"]),
    (OCI_INDEX, index(schemaVersion=1), ["$.schemaVersion: it is not 2"]),
    (OCI_INDEX, index(schemaVersion="2"), ["$.schemaVersion: it is not 2"]),
    (OCI_INDEX, index(schemaVersion=2.0), ["$.schemaVersion: it is written as a fraction"]),
    (OCI_INDEX, index(mediaType=OCI_MANIFEST), [f"$.mediaType: it is '{OCI_MANIFEST}', not '{OCI_INDEX}'"]),
    (OCI_INDEX, index(mediaType=7), [f"$.mediaType: it is an integer, not '{OCI_INDEX}'"]),
    (OCI_INDEX, index(artifactType="sbom"), [f"$.artifactType: {MEDIA_TYPE}"]),
    (OCI_INDEX, index(manifests=None), ["$.manifests: it is null, not an array"]),
    (OCI_INDEX, index(manifests={}), ["$.manifests: it is an object, not an array"]),
    (OCI_INDEX, index(manifests=[descriptor(), "x"]), ["$.manifests[1]: it is a string, not an object"]),
    (OCI_INDEX, index(subject=[]), ["$.subject: it is an array, not an object"]),
    (
        OCI_INDEX,
        index(subject={}),
        [f"$.subject.{key}: it is missing" for key in ("mediaType", "digest", "size")],
    ),
    (OCI_INDEX, index(annotations=None), ["$.annotations: it is null, not an object"]),
    *[
        (OCI_INDEX, index(**{key: []}), [f"$.{key}: {STRANGER}"])
        for key in ("config", "layers", "blobs", "fsLayers")
    ],
    # Manifests.
    *[
        (OCI_MANIFEST, without(OCI_MANIFEST, key), [f"$.{key}: it is missing"])
        for key in ("config", "layers")
    ],
    (
        OCI_MANIFEST,
        manifest(layers=[{}]),
        [f"$.layers[0].{key}: it is missing" for key in ("mediaType", "digest", "size")],
    ),
    (
        OCI_MANIFEST,
        manifest(manifests=[]),
        ["$.manifests: it does not belong into a manifest, and is ignored"],
    ),
    (OCI_MANIFEST, manifest(config=EMPTY), ["$.artifactType: it is missing, and the config is empty"]),
    (OCI_MANIFEST, manifest(config=EMPTY, artifactType=""), [f"$.artifactType: {MEDIA_TYPE}"]),
    (
        OCI_MANIFEST,
        manifest(annotations={"org.opencontainers.image.created": "yesterday", "a.b": 1}),
        [
            f"$.annotations['org.opencontainers.image.created']: {NO_TIME}",
            "$.annotations['a.b']: it is an integer, not a string",
        ],
    ),
    # Descriptors.
    *[
        (OCI_DESCRIPTOR, without(OCI_DESCRIPTOR, key), [f"$.{key}: it is missing"])
        for key in ("mediaType", "digest", "size")
    ],
    *[
        (OCI_DESCRIPTOR, descriptor(text), [f"$.mediaType: {MEDIA_TYPE}"])
        for text in (
            "",
            "text",
            "a/b/c",
            "a/",
            "/b",
            "a/b; c=d",
            "a/ b",
            "-a/b",
            "a/b\n",
            "ä/b",
            f"a/{'b' * 128}",
        )
    ],
    (OCI_DESCRIPTOR, descriptor(digest=5), ["$.digest: it is an integer, not a string"]),
    (OCI_DESCRIPTOR, descriptor(size=-1), ["$.size: it is negative"]),
    (OCI_DESCRIPTOR, descriptor(size=2**63), ["$.size: it is larger than an int64"]),
    (OCI_DESCRIPTOR, descriptor(size=10.0), ["$.size: it is written as a fraction"]),
    (OCI_DESCRIPTOR, descriptor(size=10.5), ["$.size: it is a number, not an integer"]),
    (OCI_DESCRIPTOR, descriptor(size="10"), ["$.size: it is a string, not an integer"]),
    (OCI_DESCRIPTOR, descriptor(size=True), ["$.size: it is true or false, not an integer"]),
    (OCI_DESCRIPTOR, descriptor(urls="https://example.com"), ["$.urls: it is a string, not an array"]),
    *[
        (OCI_DESCRIPTOR, descriptor(urls=["urn:x", text]), ["$.urls[1]: it is no URI (RFC 3986)"])
        for text in ("", "example.com/a", "https://a b", "http://[::1", "http://a/%zz")
    ],
    (OCI_DESCRIPTOR, descriptor(urls=[None]), ["$.urls[0]: it is null, not a string"]),
    (OCI_DESCRIPTOR, descriptor(data=1), ["$.data: it is an integer, not a string"]),
    (OCI_DESCRIPTOR, descriptor(data="e30"), ["$.data: it is not Base64"]),
    (OCI_DESCRIPTOR, descriptor(data="ü"), ["$.data: it is not Base64"]),
    (OCI_DESCRIPTOR, descriptor(data="e30="), ["$.data: it has 2 bytes, not 10"]),
    (
        OCI_DESCRIPTOR,
        descriptor(data="e30=", size=2),
        [f"$.data: it has the digest {Digest.of(b'{}')}, not that of the descriptor"],
    ),
    (
        OCI_DESCRIPTOR,
        {**EMPTY, "size": 3, "data": "e30K", "digest": str(Digest.of(b"{}\n"))},
        [
            "$.size: the empty type stands for {}, which has 2 bytes",
            "$.digest: the empty type stands for {}, which has another digest",
        ],
    ),
    (OCI_DESCRIPTOR, descriptor(artifactType="x"), [f"$.artifactType: {MEDIA_TYPE}"]),
    (OCI_DESCRIPTOR, descriptor(annotations=[]), ["$.annotations: it is an array, not an object"]),
    (OCI_DESCRIPTOR, descriptor(annotations={"7": None}), ["$.annotations['7']: it is null, not a string"]),
    # Platforms.
    (
        OCI_DESCRIPTOR,
        descriptor(platform={}),
        [f"$.platform.{key}: it is missing" for key in ("architecture", "os")],
    ),
    (OCI_DESCRIPTOR, descriptor(platform=platform(os="")), ["$.platform.os: it is empty"]),
    (
        OCI_DESCRIPTOR,
        descriptor(platform=platform(variant=8)),
        ["$.platform.variant: it is an integer, not a string"],
    ),
    (
        OCI_DESCRIPTOR,
        descriptor(platform=platform(**{"os.version": [], "os.features": ["a", 1]})),
        [
            "$.platform['os.version']: it is an array, not a string",
            "$.platform['os.features'][1]: it is an integer, not a string",
        ],
    ),
    # Configs.
    *[
        (OCI_CONFIG, without(OCI_CONFIG, key), [f"$.{key}: it is missing"])
        for key in ("architecture", "os", "rootfs")
    ],
    *[
        (OCI_CONFIG, config(created=text), [f"$.created: {NO_TIME}"])
        for text in (
            "",
            "2026-11-21",
            "2026-11-21T09:12:00",
            "2026-11-21 09:12:00Z",
            "2026-02-29T09:12:00Z",
            "2026-13-01T09:12:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T09:12:00+24:00",
            f"{TIME} ",
            "٢٠٢٦-11-21T09:12:00Z",
        )
    ],
    (OCI_CONFIG, config(created=1), ["$.created: it is an integer, not a string"]),
    (OCI_CONFIG, config(rootfs={}), ["$.rootfs.type: it is missing", "$.rootfs.diff_ids: it is missing"]),
    (
        OCI_CONFIG,
        config(rootfs={"type": "x", "diff_ids": None}),
        ["$.rootfs.type: it is 'x', not 'layers'", "$.rootfs.diff_ids: it is null, not an array"],
    ),
    (OCI_CONFIG, config(config=[]), ["$.config: it is an array, not an object"]),
    *[
        (OCI_CONFIG, config(config={key: value}), [f"$.config{place}: {said}"])
        for key, value, place, said in (
            ("User", 0, ".User", "it is an integer, not a string"),
            ("ExposedPorts", ["80"], ".ExposedPorts", "it is an array, not an object"),
            ("ExposedPorts", {"80": None}, ".ExposedPorts['80']", "it is null, not an object"),
            ("ExposedPorts", {"http": {}}, ".ExposedPorts.http", "it is no port: a number, and /tcp or /udp"),
            ("Env", ["A=1", "B"], ".Env[1]", "it is no variable: a name, an equals sign and a value"),
            ("Env", ["=1"], ".Env[0]", "it is no variable: a name, an equals sign and a value"),
            ("Env", {"A": "1"}, ".Env", "it is an object, not an array"),
            ("Entrypoint", "/bin/sh", ".Entrypoint", "it is a string, not an array"),
            ("Cmd", [1], ".Cmd[0]", "it is an integer, not a string"),
            ("Volumes", {"/a": 1}, ".Volumes['/a']", "it is an integer, not an object"),
            ("WorkingDir", [], ".WorkingDir", "it is an array, not a string"),
            ("Labels", {"a": None}, ".Labels.a", "it is null, not a string"),
            ("StopSignal", 15, ".StopSignal", "it is an integer, not a string"),
            ("ArgsEscaped", "yes", ".ArgsEscaped", "it is a string, not true or false"),
        )
    ],
    (
        OCI_CONFIG,
        config(history=[{}, {}, {}]),
        ["$.history: 3 entries made a layer, but $.rootfs.diff_ids has 2 entries"],
    ),
    (
        OCI_CONFIG,
        config(history=[{}]),
        ["$.history: 1 entry made a layer, but $.rootfs.diff_ids has 2 entries"],
    ),
    (
        OCI_CONFIG,
        config(history=[{"created": "x"}, 1]),
        ["$.history[1]: it is an integer, not an object", f"$.history[0].created: {NO_TIME}"],
    ),
    (
        OCI_CONFIG,
        config(history=[{}, {"empty_layer": 1}]),
        ["$.history[1].empty_layer: it is an integer, not true or false"],
    ),
    # The header of a layout.
    (OCI_LAYOUT_HEADER, {}, ["$.imageLayoutVersion: it is missing"]),
    (
        OCI_LAYOUT_HEADER,
        {"imageLayoutVersion": 1},
        [
            "$.imageLayoutVersion: it is an integer, not a string",
            "$.imageLayoutVersion: it is an integer, not '1.0.0'",
        ],
    ),
    (
        OCI_LAYOUT_HEADER,
        {"imageLayoutVersion": "2.0.0"},
        ["$.imageLayoutVersion: it is '2.0.0', not '1.0.0'"],
    ),
    # Docker's twins.
    (DOCKER_LIST, without(DOCKER_LIST, "mediaType"), ["$.mediaType: it is missing"]),
    (DOCKER_LIST, changed(DOCKER_LIST, manifests=[descriptor()]), ["$.manifests[0].platform: it is missing"]),
    (
        DOCKER_LIST,
        changed(DOCKER_LIST, mediaType=OCI_INDEX),
        [f"$.mediaType: it is '{OCI_INDEX}', not '{DOCKER_LIST}'"],
    ),
    (DOCKER_MANIFEST, without(DOCKER_MANIFEST, "mediaType"), ["$.mediaType: it is missing"]),
    (DOCKER_MANIFEST, changed(DOCKER_MANIFEST, layers=[1]), ["$.layers[0]: it is an integer, not an object"]),
    (
        DOCKER_CONFIG,
        changed(DOCKER_CONFIG, config={"Memory": "1g"}),
        ["$.config.Memory: it is a string, not an integer"],
    ),
    (
        DOCKER_CONFIG,
        changed(DOCKER_CONFIG, config={"Healthcheck": {"Test": "x", "Timeout": 1.5}}),
        [
            "$.config.Healthcheck.Test: it is a string, not an array",
            "$.config.Healthcheck.Timeout: it is a number, not an integer",
        ],
    ),
]
