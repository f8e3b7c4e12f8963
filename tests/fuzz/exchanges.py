"""Whole conversations: a registry that answers what an input says, to a client that has a password."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Final

import httpx

from tests.client.valid_documents import DIGEST, VALID, embedded
from tests.fuzz.oracle import PASSWORD, loop
from tui.client import BasicAuth, Client, Digest, Image, Limits, Repository, Tag
from tui.client.login.challenge import parse_challenges
from tui.client.media_types import OCI_INDEX, OCI_MANIFEST
from tui.client.models import Descriptor, Manifest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tui.client import Registry

HOST: Final = "registry.example.com"
APP: Final = Repository("team/app")
LIMITS: Final = Limits(retries=1, backoff=0.0, max_retry_after=0.0)
SUBJECT: Final = json.dumps(VALID[OCI_MANIFEST]).encode()
"""A manifest that is about another one."""

BETWEEN: Final = b"\n====\n"
"""Stands between two answers."""

PAGES: Final = 4
"""Pages of a listing that are read."""


async def _read(pages: AsyncIterator[object]) -> None:
    for _ in range(PAGES):
        if await anext(pages, None) is None:
            return


async def _image(registry: Registry) -> None:
    _, manifests = await registry.get_manifests(Image(APP, Tag("1.0")))
    for one in manifests:
        await registry.get_config(APP, one)


async def _strict(registry: Registry) -> None:
    document = await registry.get_manifest(Image(APP, Tag("1.0")), strict=True)
    assert not isinstance(document, Manifest) or not document.problems


async def _blob(registry: Registry) -> None:
    async with registry.get_blob(APP, Digest(DIGEST), offset=1) as stream:
        async for _ in stream:
            pass


OPERATIONS: Final[tuple[Callable[[Registry], Awaitable[object]], ...]] = (
    lambda registry: _read(registry.tags(APP)),
    lambda registry: _read(registry.repositories()),
    lambda registry: registry.verify(),
    lambda registry: registry.verify_login(),
    lambda registry: registry.get_manifest(Image(APP, Tag("1.0"))),
    lambda registry: registry.get_manifest(Image(APP, Digest(DIGEST))),
    lambda registry: registry.manifest_exists(Image(APP, Tag("1.0"))),
    lambda registry: registry.get_referrers(APP, Digest(DIGEST)),
    lambda registry: registry.verify_blob(APP, Digest(DIGEST)),
    lambda registry: registry.get_blob_bytes(APP, Descriptor("a/b", Digest(DIGEST), 1)),
    lambda registry: registry.get_blob_range(APP, Digest(DIGEST), 1, 2),
    _image,
    _strict,
    _blob,
    lambda registry: registry.put_blob(APP, b"1"),
    lambda registry: registry.put_blob(APP, b"123", chunk_size=1, mount_from=Repository("team/base")),
    lambda registry: registry.mount_blob(APP, Digest(DIGEST), Repository("team/base")),
    lambda registry: registry.put_manifest(APP, SUBJECT, Tag("1.0")),
    lambda registry: registry.delete_manifest(Image(APP, Tag("1.0"))),
    lambda registry: registry.delete_tag(APP, Tag("1.0")),
    lambda registry: registry.delete_blob(APP, Digest(DIGEST)),
)


def run(data: bytes) -> None:
    """Let an input be the answers to what its first byte says that is asked."""
    loop().run(
        _converse(OPERATIONS[data[0] % len(OPERATIONS)], data[1:].split(BETWEEN)) if data else _nothing()
    )


async def _nothing() -> None:
    await asyncio.sleep(0)


def _realms(response: httpx.Response) -> set[str]:
    """Give the hosts to which a registry may send those who want a token."""
    hosts = set()
    for challenge in parse_challenges(response.headers.get_list("WWW-Authenticate")):
        with contextlib.suppress(httpx.InvalidURL):
            hosts.add(httpx.URL(challenge.parameters.get("realm", "")).host)
    return hosts


async def _converse(operation: Callable[[Registry], Awaitable[object]], answers: list[bytes]) -> None:
    waiting = iter(answers)
    trusted = {HOST}

    def answer(request: httpx.Request) -> httpx.Response:
        login = request.headers.get("Authorization", "")
        assert not login or request.url.scheme == "https", "a login was sent in the clear"
        assert not login or request.url.host in trusted, "a login was sent to somebody else"
        response = _response(next(waiting, b"404"))
        if request.url.host == HOST:
            trusted.update(_realms(response))
        return response

    async with Client(httpx.MockTransport(answer), limits=LIMITS) as client:
        await operation(client.registry(f"https://{HOST}", BasicAuth("alice", PASSWORD)))


def _response(text: bytes) -> httpx.Response:
    head, _, body = text.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    status = int(first[:3]) if first[:3].isdigit() else 200
    headers = [
        (name.strip() or b"X", value.strip(b" \r\n\0"))
        for name, colon, value in (line.partition(b":") for line in lines)
        if colon
    ]
    return httpx.Response(max(status, 200), headers=headers, stream=_Body(body))


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def _json(document: object, status: int = 200, *headers: str) -> bytes:
    return "\n".join([str(status), *headers, "", json.dumps(document)]).encode()


CHALLENGE: Final = b'401\nWWW-Authenticate: Bearer realm="https://auth.example.com/token",service="s"\n\n{}'
TOKEN: Final = _json({"token": "abc", "expires_in": 300})
NEXT: Final = 'Link: </v2/team/app/tags/list?last=b>; rel="next"'

SEEDS: Final = (
    b"\x00" + BETWEEN.join([CHALLENGE, TOKEN, _json({"tags": ["a", "b"]}, 200, NEXT), _json({"tags": None})]),
    b"\x00" + BETWEEN.join([b'429\nRetry-After: 0\nWarning: 299 - "slow"\n\n', _json({"tags": ["a"]})]),
    b"\x01" + BETWEEN.join([b'401\nWWW-Authenticate: Basic realm="x"\n\n', _json({"repositories": ["a/b"]})]),
    b"\x02"
    + CHALLENGE
    + BETWEEN
    + TOKEN
    + BETWEEN
    + b"200\nDocker-Distribution-Api-Version: registry/2.0\n\n{}",
    b"\x03" + BETWEEN.join([CHALLENGE, CHALLENGE, TOKEN, b"200\n\n{}"]),
    b"\x04" + _json(VALID[OCI_INDEX], 200, f"Content-Type: {OCI_INDEX}"),
    b"\x05"
    + _json(VALID[OCI_MANIFEST], 200, f"Content-Type: {OCI_MANIFEST}", f"Docker-Content-Digest: {DIGEST}"),
    b"\x06"
    + f"200\nContent-Type: {OCI_MANIFEST}\nContent-Length: 500\nDocker-Content-Digest: {DIGEST}\n\n".encode(),
    b"\x07" + _json(VALID[OCI_INDEX], 200, f"Content-Type: {OCI_INDEX}", "OCI-Filters-Applied: artifactType"),
    b"\x07404\n\n" + BETWEEN + _json(VALID[OCI_INDEX]),
    b"\x08206\nContent-Range: bytes 0-0/1\nContent-Length: 1\n\n1",
    b"\x09307\nLocation: https://storage.example.com/blob?X-Amz-Signature=abc\n\n"
    + BETWEEN
    + b"200\nContent-Length: 1\n\n1",
    b"\x0a"
    + _json(
        {**VALID[OCI_INDEX], "manifests": [embedded(json.dumps(VALID[OCI_MANIFEST]).encode(), OCI_MANIFEST)]}
    ),
    b"\x0b" + _json(VALID[OCI_MANIFEST]),
    b"\x0c206\nContent-Range: bytes 1-1/2\n\n1" + BETWEEN + b"200\n\n1",
    b"\x0d404" + BETWEEN + b"202\nLocation: /v2/team/app/blobs/uploads/1?state=a\n\n" + BETWEEN + b"201\n\n",
    b"\x0e404"
    + BETWEEN
    + b"202\nLocation: /u/1\nOCI-Chunk-Min-Length: 1\n\n"
    + BETWEEN.join(
        [b"", b"202\nLocation: /u/2\nRange: 0-0\n\n", b"416\nRange: 0-1\n\n", b"204\nRange: 0-2\n\n", b"201"]
    ),
    b"\x0f201\nLocation: /v2/x\n\n",
    b"\x10201\nOCI-Subject: " + DIGEST.encode() + b"\n\n",
    b"\x10201\n\n"
    + BETWEEN
    + b"404"
    + BETWEEN
    + b"404"
    + BETWEEN
    + _json(VALID[OCI_INDEX])
    + BETWEEN
    + b"201",
    b"\x11"
    + _json(VALID[OCI_MANIFEST])
    + BETWEEN
    + b"202"
    + BETWEEN
    + _json(VALID[OCI_INDEX])
    + BETWEEN
    + b"201",
    b"\x12405\n\n" + _json({"errors": [{"code": "UNSUPPORTED"}]})[5:],
    b"\x13202\n\n",
)

WORDS: Final = (
    BETWEEN,
    b"\n\n",
    b"\nLocation: ",
    b"\nLink: ",
    b"\nContent-Range: bytes ",
    b"\nContent-Length: ",
    b"\nWWW-Authenticate: ",
    b"\nContent-Type: ",
    b"\nContent-Encoding: gzip",
    b"\nRetry-After: 0",
    b"\nRange: 0-",
    b"\nOCI-Chunk-Min-Length: ",
    b"\nOCI-Subject: ",
    b"\xb2",
    b"\nDocker-Content-Digest: ",
    b"http://169.254.169.254/",
    b"https://",
    b"//",
    b"401",
    b"301",
    b"307",
    b"206",
    b"416",
    b"404",
    b"500",
    b"Bearer realm=",
    b"Basic",
    b"\x1b[2J",
    b"\xe9",
)
