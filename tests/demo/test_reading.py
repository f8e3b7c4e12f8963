from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo.clients import connect, connect_sync
from tests.demo.content import BLOB, MANIFEST, NAME, OCI_MANIFEST, error_codes, sha256, sha512
from tui.demo import DemoServer
from tui.demo.bodies import PiecesResponse

if TYPE_CHECKING:
    import httpx
    from starlette.types import Message

    from tui.demo import Storage

MANIFEST_URL = f"/v2/{NAME}/manifests/{sha256(MANIFEST)}"
BLOB_URL = f"/v2/{NAME}/blobs/{sha256(BLOB)}"


async def test_the_version_check_answers_an_empty_object(http: httpx.AsyncClient) -> None:
    response = await http.get("/v2/")
    assert response.status_code == 200
    assert response.json() == {}
    assert response.headers["docker-distribution-api-version"] == "registry/2.0"


@pytest.mark.parametrize("reference", ["latest", "1.0", sha256(MANIFEST)])
async def test_a_manifest_comes_as_it_was_stored(http: httpx.AsyncClient, reference: str) -> None:
    response = await http.get(f"/v2/{NAME}/manifests/{reference}")
    assert response.status_code == 200
    assert response.content == MANIFEST
    assert response.headers["content-type"] == OCI_MANIFEST
    assert response.headers["docker-content-digest"] == sha256(MANIFEST)
    assert response.headers["content-length"] == str(len(MANIFEST))


@pytest.mark.parametrize("url", [MANIFEST_URL, BLOB_URL, f"/v2/{NAME}/manifests/latest"])
async def test_head_says_what_get_says_without_a_body(http: httpx.AsyncClient, url: str) -> None:
    head, get = await http.head(url), await http.get(url)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "docker-content-digest", "etag"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("known", [f'"{sha256(MANIFEST)}"', f'"other", W/"{sha256(MANIFEST)}"', "*"])
async def test_a_manifest_that_is_known_is_not_sent_again(http: httpx.AsyncClient, known: str) -> None:
    response = await http.get(MANIFEST_URL, headers={"If-None-Match": known})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["docker-content-digest"] == sha256(MANIFEST)


async def test_a_manifest_that_has_changed_is_sent(http: httpx.AsyncClient) -> None:
    response = await http.get(MANIFEST_URL, headers={"If-None-Match": '"sha256:other"'})
    assert response.status_code == 200


async def test_sha512_names_manifests_and_blobs(http: httpx.AsyncClient, storage: Storage) -> None:
    storage.put_blob(NAME, BLOB, digest=sha512(BLOB))
    storage.put_manifest(NAME, MANIFEST, digest=sha512(MANIFEST))
    assert (await http.get(f"/v2/{NAME}/blobs/{sha512(BLOB)}")).content == BLOB
    response = await http.get(f"/v2/{NAME}/manifests/{sha512(MANIFEST)}")
    assert response.content == MANIFEST
    assert response.headers["docker-content-digest"] == sha512(MANIFEST)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/no/such/manifests/latest", 404, "NAME_UNKNOWN"),
        ("/v2/no/such/tags/list", 404, "NAME_UNKNOWN"),
        (f"/v2/no/such/blobs/{sha256(BLOB)}", 404, "NAME_UNKNOWN"),
        (f"/v2/{NAME}/manifests/2.0", 404, "MANIFEST_UNKNOWN"),
        (f"/v2/{NAME}/manifests/{sha256(b'other')}", 404, "MANIFEST_UNKNOWN"),
        (f"/v2/{NAME}/blobs/{sha256(b'other')}", 404, "BLOB_UNKNOWN"),
        ("/v2/Team/App/tags/list", 400, "NAME_INVALID"),
        (f"/v2/{'a' * 256}/tags/list", 400, "NAME_INVALID"),
        (f"/v2/{NAME}/manifests/sha256:zz", 400, "DIGEST_INVALID"),
        (f"/v2/{NAME}/manifests/-tag", 400, "MANIFEST_INVALID"),
        (f"/v2/{NAME}/blobs/sha256:zz", 400, "DIGEST_INVALID"),
        (f"/v2/{NAME}/blobs/md5:{'0' * 32}", 400, "DIGEST_INVALID"),
        (f"/v2/{NAME}/referrers/sha256:zz", 400, "DIGEST_INVALID"),
        ("/nowhere", 404, "NOT_FOUND"),
    ],
)
async def test_errors_have_the_specifications_codes(
    http: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    response = await http.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert error_codes(response) == [code]


async def test_a_blob_belongs_to_its_repository(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/v2/team/empty/blobs/{sha256(BLOB)}")
    assert error_codes(response) == ["BLOB_UNKNOWN"]


async def test_a_method_that_does_not_exist_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post(BLOB_URL)
    assert response.status_code == 405
    assert error_codes(response) == ["UNSUPPORTED"]


async def test_a_blob_comes_whole(http: httpx.AsyncClient) -> None:
    response = await http.get(BLOB_URL)
    assert response.status_code == 200
    assert response.content == BLOB
    assert response.headers["accept-ranges"] == "bytes"


SIZE = len(BLOB)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=500-1499", 500, 1500),
        ("bytes=500-", 500, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=100-{SIZE * 2}", 100, SIZE),
        (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
    ],
)
async def test_a_range_of_a_blob_comes_alone(
    http: httpx.AsyncClient, asked: str, start: int, end: int
) -> None:
    response = await http.get(BLOB_URL, headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == BLOB[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=9-0", "bytes=-0", f"bytes={SIZE * 2}-{SIZE * 3}"])
async def test_a_range_outside_of_a_blob_is_refused(http: httpx.AsyncClient, asked: str) -> None:
    response = await http.get(BLOB_URL, headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=-", "bytes=a-b", "lines=0-1"])
async def test_what_is_no_single_range_of_bytes_is_ignored(http: httpx.AsyncClient, asked: str) -> None:
    response = await http.get(BLOB_URL, headers={"Range": asked})
    assert response.status_code == 200
    assert response.content == BLOB


async def test_a_range_of_something_else_is_ignored(http: httpx.AsyncClient) -> None:
    headers = {"Range": "bytes=5-", "If-Range": '"sha256:other"'}
    assert (await http.get(BLOB_URL, headers=headers)).status_code == 200
    headers["If-Range"] = (await http.head(BLOB_URL)).headers["etag"]
    assert (await http.get(BLOB_URL, headers=headers)).status_code == 206


async def test_an_empty_blob_can_be_read(http: httpx.AsyncClient, storage: Storage) -> None:
    digest = storage.put_blob(NAME, b"")
    response = await http.get(f"/v2/{NAME}/blobs/{digest}")
    assert response.status_code == 200
    assert response.headers["content-length"] == "0"


async def test_ranges_can_be_switched_off(storage: Storage) -> None:
    with DemoServer(storage, ranges=False) as server:
        async with connect(server) as http:
            response = await http.get(BLOB_URL, headers={"Range": "bytes=0-9"})
    assert response.status_code == 200
    assert response.content == BLOB
    assert "accept-ranges" not in response.headers


async def test_blobs_can_live_at_another_origin(storage: Storage) -> None:
    with (
        DemoServer(storage) as other,
        DemoServer(storage, redirect_blobs=other.url) as server,
        connect_sync(server) as http,
    ):
        response = http.get(BLOB_URL)
        assert response.status_code == 307
        assert response.headers["location"].startswith(f"{other.url}{BLOB_URL}?signature=")
        assert http.get(BLOB_URL, follow_redirects=True).content == BLOB
        assert [str(one.method) for one in other.requests] == ["GET"]


async def test_headers_can_be_added_and_hidden(storage: Storage) -> None:
    warning = '299 - "This image is deprecated."'
    with (
        DemoServer(
            storage,
            headers=[("Warning", warning), ("Warning", '299 - "So is this registry."')],
            hidden_headers=["docker-content-digest"],
        ) as server,
        connect_sync(server) as http,
    ):
        response = http.get(MANIFEST_URL)
        assert response.headers.get_list("warning") == [warning, '299 - "So is this registry."']
        assert "docker-content-digest" not in response.headers
        assert response.content == MANIFEST


async def test_a_blob_can_be_sent_slowly() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("a blob is sent without asking for anything")

    response = PiecesResponse(memoryview(BLOB), bytes_per_second=len(BLOB) * 5)
    await response({"type": "http", "method": "GET"}, receive, send)
    pieces = [message["body"] for message in sent if message["type"] == "http.response.body"]
    assert b"".join(pieces) == BLOB
    assert [len(piece) for piece in pieces] == [len(BLOB) // 4] * 4 + [0]
    assert [message.get("more_body") for message in sent[1:]] == [True] * 4 + [False]
