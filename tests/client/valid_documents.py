"""Valid documents of every type that can be validated, and a strategy that makes more of them."""

from __future__ import annotations

import base64
from typing import Any, Final

from hypothesis import strategies as st

from tui.client.media_types import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_DESCRIPTOR,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_LAYOUT_HEADER,
    OCI_MANIFEST,
)
from tui.client.names import Digest

JSON = dict[str, Any]

DIGEST: Final = Digest.of(b"1")
TIME: Final = "2026-11-21T09:12:00Z"


def descriptor(media_type: str = OCI_LAYER_GZIP, **more: Any) -> JSON:
    return {"mediaType": media_type, "digest": str(DIGEST), "size": 10, **more}


def embedded(data: bytes, media_type: str = "application/json", algorithm: str = "sha256") -> JSON:
    text = base64.b64encode(data).decode()
    digest = str(Digest.of(data, algorithm))
    return descriptor(media_type, digest=digest, size=len(data), data=text)


def platform(**more: Any) -> JSON:
    return {"architecture": "amd64", "os": "linux", **more}


def config(**more: Any) -> JSON:
    return {
        "created": TIME,
        "author": "Alice Example",
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
        "config": {
            "User": "alice",
            "ExposedPorts": {"8080/tcp": {}, "53": {}, "53/udp": {}},
            "Env": ["PATH=/usr/bin:/bin", "EMPTY="],
            "Entrypoint": ["/bin/app"],
            "Cmd": None,
            "Volumes": {"/var/lib/app": {}},
            "WorkingDir": "/srv",
            "Labels": {"org.example.name": "app", "0": ""},
            "StopSignal": "SIGTERM",
        },
        "rootfs": {"type": "layers", "diff_ids": [str(DIGEST), str(Digest.of(b"2", "sha512"))]},
        "history": [
            {"created": TIME, "created_by": "COPY . /", "comment": "", "author": "Alice"},
            {"created_by": "ENV A=1", "empty_layer": True},
            {"created": None},
        ],
        **more,
    }


def manifest(**more: Any) -> JSON:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG),
        "layers": [descriptor(), descriptor(urls=["https://example.com/a"], annotations={"a": "b"})],
        "subject": descriptor(OCI_MANIFEST),
        "annotations": {"org.opencontainers.image.created": TIME, "empty": ""},
        **more,
    }


def index(**more: Any) -> JSON:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            descriptor(OCI_MANIFEST, platform=platform(variant="v2")),
            descriptor(OCI_INDEX, artifactType="application/vnd.example+type"),
            descriptor(
                OCI_MANIFEST,
                platform=platform(os="windows", **{"os.version": "10.0.14393", "os.features": ["win32k"]}),
            ),
            embedded(b"[]"),
        ],
        "annotations": {},
        **more,
    }


VALID: Final[dict[str, JSON]] = {
    OCI_INDEX: index(),
    OCI_MANIFEST: manifest(),
    OCI_CONFIG: config(),
    OCI_DESCRIPTOR: descriptor(OCI_MANIFEST, artifactType="text/x", platform=platform()),
    OCI_LAYOUT_HEADER: {"imageLayoutVersion": "1.0.0", "more": 1},
    DOCKER_LIST: {
        "schemaVersion": 2,
        "mediaType": DOCKER_LIST,
        "manifests": [descriptor(DOCKER_MANIFEST, platform=platform())],
    },
    DOCKER_MANIFEST: {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": descriptor(DOCKER_CONFIG),
        "layers": [descriptor(DOCKER_LAYER_GZIP)],
    },
    DOCKER_CONFIG: {
        **config(),
        "docker_version": "20.10",
        "container_config": {"Hostname": "x"},
        "config": {"Memory": 0, "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1, "Retries": 3}},
    },
}
"""One document of each type, with everything in it that may be there."""

EMPTY: Final = {
    "mediaType": OCI_EMPTY,
    "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "size": 2,
    "data": "e30=",
}


# Strategies of valid documents.

NAMES: Final = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}", fullmatch=True)
MEDIA_TYPES: Final = st.builds("{}/{}".format, NAMES, NAMES) | st.sampled_from(sorted(VALID))
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAPS: Final = st.dictionaries(TEXTS, TEXTS, max_size=4)
DIGESTS: Final = st.builds(
    lambda data, algorithm: str(Digest.of(data, algorithm)),
    st.binary(),
    st.sampled_from(["sha256", "sha512"]),
) | st.from_regex(r"multihash\+base58:[A-Za-z0-9]{1,60}", fullmatch=True)
SIZES: Final = st.integers(0, 2**63 - 1)
TIMES: Final = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
PLATFORMS: Final = st.fixed_dictionaries(
    {"architecture": st.sampled_from(["amd64", "arm"]), "os": st.sampled_from(["linux", "windows"])},
    optional={"variant": TEXTS, "os.version": TEXTS, "os.features": st.lists(TEXTS, max_size=2)},
)
STRANGERS: Final = st.dictionaries(
    TEXTS.map("x-{}".format), st.none() | st.booleans() | st.integers() | MAPS, max_size=2
)

DESCRIPTORS: Final = st.fixed_dictionaries(
    {"mediaType": MEDIA_TYPES, "digest": DIGESTS, "size": SIZES},
    optional={
        "urls": st.lists(st.sampled_from(["https://example.com/a?b=c#d", "urn:x", "http://[::1]:8/"])),
        "annotations": MAPS,
        "artifactType": MEDIA_TYPES,
        "platform": PLATFORMS,
    },
) | st.builds(embedded, st.binary(), MEDIA_TYPES, st.sampled_from(["sha256", "sha512"]))


def _with_strangers(documents: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    return st.builds(lambda document, more: {**more, **document}, documents, STRANGERS)


ABOUT: Final = {"artifactType": MEDIA_TYPES, "subject": DESCRIPTORS, "annotations": MAPS}

INDEXES: Final = st.fixed_dictionaries(
    {"schemaVersion": st.just(2), "manifests": st.lists(DESCRIPTORS, max_size=4)},
    optional={"mediaType": st.just(OCI_INDEX), **ABOUT},
)
MANIFESTS: Final = st.fixed_dictionaries(
    {
        "schemaVersion": st.just(2),
        "config": DESCRIPTORS,
        "layers": st.lists(DESCRIPTORS, max_size=4),
    },
    optional={"mediaType": st.just(OCI_MANIFEST), **ABOUT},
)
CONFIGS: Final = st.builds(
    lambda platform, steps, more: {
        **platform,
        "rootfs": {
            "type": "layers",
            "diff_ids": [str(Digest.of(bytes([number]))) for number in range(len(steps))],
        },
        "history": steps,
        **more,
    },
    PLATFORMS,
    st.lists(
        st.fixed_dictionaries({}, optional={"created": TIMES | st.none(), "created_by": TEXTS}), max_size=4
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "created": TIMES | st.none(),
            "author": TEXTS | st.none(),
            "config": st.none()
            | st.fixed_dictionaries({}, optional={"Labels": MAPS, "Cmd": st.lists(TEXTS), "User": TEXTS}),
        },
    ),
)
DOCUMENTS: Final = st.one_of(
    st.tuples(st.just(OCI_INDEX), _with_strangers(INDEXES)),
    st.tuples(st.just(OCI_MANIFEST), _with_strangers(MANIFESTS)),
    st.tuples(st.just(OCI_CONFIG), _with_strangers(CONFIGS)),
    st.tuples(st.just(OCI_DESCRIPTOR), _with_strangers(DESCRIPTORS)),
)
"""Types, each with a valid document of it."""
