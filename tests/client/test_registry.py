from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client.helpers import items, pieces
from tui.client import (
    BasicAuth,
    Client,
    Descriptor,
    Digest,
    Image,
    InvalidNameError,
    Limits,
    Manifest,
    RegistryError,
    RegistryHost,
    Repository,
    Tag,
    TokenAuth,
)
from tui.client.media_types import DOCKER_LIST, DOCKER_SCHEMA1_SIGNED, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.client import Registry

ALPHA = Repository("team/alpha")
DIGEST = Digest.of(b"{}")
ONCE = Limits(retries=0, backoff=0)
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": str(DIGEST), "size": 2}
REFERRER = json.dumps(
    {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": SUBJECT}
).encode()

KEYS = """
    tags repositories manifests layers config digest size mediaType schemaVersion annotations platform subject
    data urls fsLayers history signatures protected formatLength formatTail errors code message detail token
    expires_in
"""
keys = st.sampled_from(KEYS.split())
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just(str(DIGEST))
    | st.just(2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())
types = st.sampled_from(
    [
        OCI_INDEX,
        OCI_MANIFEST,
        DOCKER_LIST,
        DOCKER_SCHEMA1_SIGNED,
        OCI_CONFIG,
        "text/html",
        "application/json",
        ";",
        "",
    ]
)
headers = st.fixed_dictionaries(
    {"Content-Type": types},
    optional={
        "Link": st.sampled_from(
            ['<?a>; rel="next"', "<//evil.example/>", "<http://[", "<", '</v2/x>; rel="prev']
        ),
        "Location": st.sampled_from(
            ["/v2/x", "https://cdn.example/", "http://x", "//", "https://10.0.0.1", "http://[", ""]
        ),
        "WWW-Authenticate": st.sampled_from(
            [
                'Basic realm="x"',
                'Bearer realm="/token",scope="a b"',
                'Bearer realm="http://x"',
                "Bearer realm=//[",
                "=",
            ]
        ),
        "Docker-Content-Digest": st.sampled_from([str(DIGEST), "sha256:0", "x"]),
        "Content-Range": st.sampled_from(["bytes 0-0/2", "bytes 1-1/2", "bytes x", "bytes 9-1/0"]),
        "Retry-After": st.sampled_from(["0", "x", "99999999999", "Sat, 21 Nov 2026 09:13:00 GMT"]),
        "OCI-Tag": st.sampled_from(["v1", "v1, v2", ",,"]),
        "OCI-Subject": st.sampled_from([str(DIGEST), "x"]),
        "OCI-Chunk-Min-Length": st.sampled_from(["1", "50000", "9" * 19, "-1"]),
        "Range": st.sampled_from(["0-0", "0-39999", "0-49999", "0-999999", "5-9", "x"]),
        "ETag": st.sampled_from(['"1"', 'W/"1"', "x"]),
        "Warning": st.sampled_from(['299 - "x"', "299"]),
        "Content-Encoding": st.sampled_from(["gzip", "identity", "x"]),
    },
)
statuses = st.sampled_from(
    [
        200,
        200,
        200,
        201,
        201,
        202,
        202,
        204,
        206,
        301,
        304,
        307,
        400,
        401,
        403,
        404,
        405,
        412,
        416,
        429,
        500,
        503,
    ]
)
answers = st.lists(st.tuples(statuses, headers, bodies), min_size=1, max_size=6)


async def read_blob(registry: Registry) -> None:
    async with registry.get_blob(ALPHA, Descriptor("x", DIGEST, 2), offset=1) as stream:
        async for _ in stream:
            pass


async def read_config(registry: Registry) -> None:
    found = await registry.get_manifest(Image(ALPHA, Tag("v1")))
    if isinstance(found, Manifest):
        await registry.get_config(ALPHA, found)


QUESTIONS: list[Callable[[Registry], Awaitable[Any]]] = [
    lambda registry: registry.verify(),
    lambda registry: items(registry.repositories()),
    lambda registry: items(registry.tags(ALPHA)),
    lambda registry: registry.get_manifests(Image(ALPHA, Tag("v1"))),
    lambda registry: registry.get_manifest(Image(ALPHA, DIGEST)),
    lambda registry: registry.manifest_exists(Image(ALPHA, DIGEST)),
    lambda registry: registry.verify_blob(ALPHA, DIGEST),
    lambda registry: registry.get_referrers(ALPHA, DIGEST, "x"),
    read_config,
    read_blob,
    lambda registry: registry.put_blob(ALPHA, b"{}", mount_from=Repository("team/beta")),
    lambda registry: registry.put_blob(ALPHA, bytes(100_000), chunk_size=40_000),
    lambda registry: registry.put_blob(ALPHA, pieces(bytes(100_000)), chunk_size=40_000),
    lambda registry: registry.mount_blob(ALPHA, DIGEST, Repository("team/beta")),
    lambda registry: registry.put_manifest(ALPHA, REFERRER, [Tag("v1"), Tag("v2")]),
    lambda registry: registry.delete_manifest(Image(ALPHA, Tag("v1"))),
    lambda registry: registry.delete_tag(ALPHA, Tag("v1")),
    lambda registry: registry.delete_blob(ALPHA, DIGEST),
]


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=answers)
async def test_whatever_a_server_answers_ends_well_or_with_an_error_of_the_tree(
    question: Callable[[Registry], Awaitable[Any]], script: list[tuple[int, dict[str, str], bytes]]
) -> None:
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        assert "Authorization" not in request.headers or request.url.host == "reg.example"
        status, fields, body = script[asked % len(script)]
        asked += 1
        stream = httpx.ByteStream(b"" if request.method == "HEAD" else body)
        return httpx.Response(status, headers=fields, stream=stream)

    async with Client(httpx.MockTransport(answer), limits=ONCE) as own:
        told = ""
        try:
            await question(own.registry("reg.example", BasicAuth("alice", "s3cret")))
        except RegistryError as error:
            told = str(error)
        assert "s3cret" not in told
        assert "\n" not in told


async def test_a_registry_knows_its_host_and_login_and_hides_the_secret() -> None:
    async with Client() as own:
        registry = own.registry("https://Reg.Example:5000/v2/", TokenAuth("s3cret"))
        assert registry.host == RegistryHost("reg.example:5000")
        assert registry.auth == TokenAuth("s3cret")
        assert registry.warnings == ()
        assert registry.rate_limit is None
        assert "reg.example:5000" in repr(registry)
        assert "s3cret" not in repr(registry)


@pytest.mark.parametrize(
    "host", ["", "a b", "reg.example/path", "ftp://reg.example", "https://user:pw@reg.example"]
)
async def test_what_is_no_host_is_an_error_at_once(host: str) -> None:
    async with Client() as own:
        with pytest.raises(InvalidNameError):
            own.registry(host)
