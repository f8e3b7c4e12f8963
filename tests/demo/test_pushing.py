from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo.clients import connect
from tests.demo.content import (
    BLOB,
    MANIFEST,
    NAME,
    OCI_INDEX,
    OCI_MANIFEST,
    error_codes,
    manifest,
    sha256,
    sha512,
)
from tui.demo import DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from tui.demo import Storage

NEW = b"a blob that nobody has pushed yet" * 50
UPLOADS = "/v2/team/new/blobs/uploads/"


async def begun(http: httpx.AsyncClient) -> str:
    response = await http.post(UPLOADS)
    assert response.status_code == 202
    assert response.headers["range"] == "0-0"
    return response.headers["location"]


def finished(location: str, digest: str) -> str:
    return f"{location}&digest={digest}"


@pytest.mark.parametrize("digest", [sha256(NEW), sha512(NEW)])
async def test_a_blob_is_uploaded_in_one_piece(http: httpx.AsyncClient, digest: str) -> None:
    response = await http.put(finished(await begun(http), digest), content=NEW)
    assert response.status_code == 201
    assert response.headers["location"] == f"/v2/team/new/blobs/{digest}"
    assert response.headers["docker-content-digest"] == digest
    assert (await http.get(response.headers["location"])).content == NEW


async def test_a_blob_is_uploaded_with_a_single_post(http: httpx.AsyncClient) -> None:
    response = await http.post(UPLOADS, params={"digest": sha256(NEW)}, content=NEW)
    assert response.status_code == 201
    assert (await http.get(response.headers["location"])).content == NEW


async def test_a_blob_is_uploaded_in_chunks(http: httpx.AsyncClient) -> None:
    location = await begun(http)
    for start, end in ((0, 100), (100, 1000)):
        headers = {"Content-Range": f"{start}-{end - 1}"}
        response = await http.patch(location, content=NEW[start:end], headers=headers)
        assert response.status_code == 202
        assert response.headers["range"] == f"0-{end - 1}"
        location = response.headers["location"]
    status = await http.get(location)
    assert status.status_code == 204
    assert status.headers["range"] == "0-999"
    headers = {"Content-Range": f"1000-{len(NEW) - 1}"}
    response = await http.put(finished(location, sha256(NEW)), content=NEW[1000:], headers=headers)
    assert response.status_code == 201
    assert (await http.get(response.headers["location"])).content == NEW


async def test_a_blob_is_uploaded_as_a_stream(http: httpx.AsyncClient) -> None:
    response = await http.patch(await begun(http), content=NEW)
    assert response.status_code == 202
    response = await http.put(finished(response.headers["location"], sha256(NEW)))
    assert response.status_code == 201


@pytest.mark.parametrize("asked", ["5-9", "0-", "x", "3-2"])
async def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(
    http: httpx.AsyncClient, asked: str
) -> None:
    location = await begun(http)
    await http.patch(location, content=NEW[:3], headers={"Content-Range": "0-2"})
    response = await http.patch(location, content=NEW[:5], headers={"Content-Range": asked})
    assert response.status_code == 416
    assert response.headers["range"] == "0-2"
    location = (await http.get(location)).headers["location"]
    response = await http.put(finished(location, sha256(NEW)), content=NEW[3:])
    assert response.status_code == 201


async def test_a_chunk_of_another_length_than_it_says_is_refused(http: httpx.AsyncClient) -> None:
    location = await begun(http)
    response = await http.patch(location, content=NEW[:5], headers={"Content-Range": "0-9"})
    assert response.status_code == 400
    assert error_codes(response) == ["SIZE_INVALID"]
    assert (await http.get(location)).headers["range"] == "0-0"


@pytest.mark.parametrize("digest", [sha256(b"other"), "sha256:zz", f"md5:{'0' * 32}", ""])
async def test_a_blob_with_a_wrong_digest_is_refused(http: httpx.AsyncClient, digest: str) -> None:
    response = await http.put(finished(await begun(http), digest), content=NEW)
    assert response.status_code == 400
    assert error_codes(response) == ["DIGEST_INVALID"]
    response = await http.post(UPLOADS, params={"digest": digest}, content=NEW)
    assert response.status_code == 400


async def test_an_upload_is_found_only_with_its_whole_location(http: httpx.AsyncClient) -> None:
    location = await begun(http)
    for wrong in (
        location.partition("?")[0],
        location.replace("team/new", NAME),
        f"{UPLOADS}nothing?_state=x",
    ):
        response = await http.patch(wrong, content=NEW)
        assert response.status_code == 404
        assert error_codes(response) == ["BLOB_UPLOAD_UNKNOWN"]


async def test_an_upload_is_cancelled(http: httpx.AsyncClient) -> None:
    location = await begun(http)
    assert (await http.delete(location)).status_code == 204
    assert (await http.get(location)).status_code == 404


async def test_an_algorithm_that_is_not_supported_is_refused_at_once(http: httpx.AsyncClient) -> None:
    assert (await http.post(UPLOADS, params={"digest-algorithm": "sha512"})).status_code == 202
    response = await http.post(UPLOADS, params={"digest-algorithm": "md5"})
    assert response.status_code == 400
    assert error_codes(response) == ["DIGEST_INVALID"]


@pytest.mark.parametrize("source", [{"from": NAME}, {}])
async def test_a_blob_is_mounted(http: httpx.AsyncClient, source: dict[str, str]) -> None:
    response = await http.post(UPLOADS, params={"mount": sha256(BLOB)} | source)
    assert response.status_code == 201
    assert (await http.get(f"/v2/team/new/blobs/{sha256(BLOB)}")).content == BLOB


@pytest.mark.parametrize(("digest", "source"), [(sha256(b"other"), NAME), (sha256(BLOB), "no/such")])
async def test_where_nothing_can_be_mounted_an_upload_begins(
    http: httpx.AsyncClient, digest: str, source: str
) -> None:
    response = await http.post(UPLOADS, params={"mount": digest, "from": source})
    assert response.status_code == 202
    assert "location" in response.headers


async def test_only_so_many_uploads_are_under_way(storage: Storage) -> None:
    with DemoServer(storage, max_uploads=2) as server:
        async with connect(server) as http:
            locations = [await begun(http) for _ in range(3)]
            statuses = [(await http.get(location)).status_code for location in locations]
    assert statuses == [404, 204, 204]


async def test_bodies_are_limited(storage: Storage) -> None:
    with DemoServer(storage, max_blob=100, max_manifest=1_000) as server:
        async with connect(server) as http:

            async def stream() -> AsyncIterator[bytes]:
                for _ in range(3):
                    yield b"x" * 40

            location = await begun(http)
            for response in (
                await http.post(UPLOADS, params={"digest": sha256(NEW)}, content=NEW),
                await http.patch(location, content=NEW),
                await http.patch(location, content=stream()),
                await http.put(f"/v2/{NAME}/manifests/big", content=manifest(annotations={"x": "y" * 1_000})),
            ):
                assert response.status_code == 413
                assert error_codes(response) == ["SIZE_INVALID"]
            assert (await http.get(location)).headers["range"] == "0-0"


async def put(
    http: httpx.AsyncClient, reference: str, data: bytes, media_type: str = OCI_MANIFEST
) -> httpx.Response:
    url = f"/v2/{NAME}/manifests/{reference}"
    return await http.put(url, content=data, headers={"Content-Type": media_type})


async def test_a_manifest_is_pushed_byte_for_byte(http: httpx.AsyncClient) -> None:
    data = b"\n  " + manifest(annotations={"a": "b"}) + b"\n"
    response = await put(http, "2.0", data)
    assert response.status_code == 201
    assert response.headers["docker-content-digest"] == sha256(data)
    assert response.headers["location"] == f"/v2/{NAME}/manifests/{sha256(data)}"
    assert (await http.get(f"/v2/{NAME}/manifests/2.0")).content == data


async def test_a_tag_moves_to_what_is_pushed_last(http: httpx.AsyncClient) -> None:
    data = manifest(annotations={"a": "b"})
    await put(http, "latest", data)
    assert (await http.get(f"/v2/{NAME}/manifests/latest")).content == data
    assert (await http.get(f"/v2/{NAME}/manifests/1.0")).content == MANIFEST


@pytest.mark.parametrize("hashed", [sha256, sha512])
async def test_a_manifest_is_pushed_by_digest_with_tags(
    http: httpx.AsyncClient, hashed: Callable[[bytes], str]
) -> None:
    data = manifest(annotations={"a": "b"})
    response = await put(http, f"{hashed(data)}?tag=a&tag=b", data)
    assert response.status_code == 201
    assert response.headers["oci-tag"] == "a, b"
    for tag in ("a", "b"):
        head = await http.head(f"/v2/{NAME}/manifests/{tag}")
        assert head.headers["docker-content-digest"] == hashed(data)


async def test_the_media_type_loses_its_parameters(http: httpx.AsyncClient) -> None:
    await put(http, "2.0", manifest(), f"{OCI_MANIFEST}; charset=utf-8")
    assert (await http.get(f"/v2/{NAME}/manifests/2.0")).headers["content-type"] == OCI_MANIFEST


@pytest.mark.parametrize(
    ("reference", "data", "media_type", "code"),
    [
        ("x", b"no json", OCI_MANIFEST, "MANIFEST_INVALID"),
        ("x", b"[]", OCI_MANIFEST, "MANIFEST_INVALID"),
        ("x", b"[" * 100_000, OCI_MANIFEST, "MANIFEST_INVALID"),
        ("x", MANIFEST, OCI_INDEX, "MANIFEST_INVALID"),
        (sha256(b"other"), MANIFEST, OCI_MANIFEST, "DIGEST_INVALID"),
        ("sha256:zz", MANIFEST, OCI_MANIFEST, "DIGEST_INVALID"),
        (f"{sha256(MANIFEST)}?tag=-", MANIFEST, OCI_MANIFEST, "MANIFEST_INVALID"),
        ("x?digest-algorithm=md5", MANIFEST, OCI_MANIFEST, "DIGEST_INVALID"),
    ],
)
async def test_a_wrong_manifest_is_refused(
    http: httpx.AsyncClient, reference: str, data: bytes, media_type: str, code: str
) -> None:
    response = await put(http, reference, data, media_type)
    assert response.status_code == 400
    assert error_codes(response) == [code]
    assert (await http.get(f"/v2/{NAME}/manifests/x")).status_code == 404


async def test_the_subject_of_a_manifest_is_confirmed(http: httpx.AsyncClient) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": sha256(b"absent"), "size": 6}
    response = await put(http, "2.0", manifest(subject=subject))
    assert response.headers["oci-subject"] == sha256(b"absent")
    listed = (await http.get(f"/v2/{NAME}/referrers/{sha256(b'absent')}")).json()["manifests"]
    assert [one["digest"] for one in listed] == [response.headers["docker-content-digest"]]


async def test_a_manifest_with_absent_parts_can_be_refused(storage: Storage) -> None:
    absent = {"mediaType": "application/octet-stream", "digest": sha256(b"absent"), "size": 6}
    elsewhere = absent | {"urls": ["https://example.com/blob"]}
    index = b'{"mediaType": "%b", "manifests": [{"digest": "%b"}]}'
    with DemoServer(storage, sparse=False) as server:
        async with connect(server) as http:
            for data, media_type in (
                (manifest(layers=[absent]), OCI_MANIFEST),
                (index % (OCI_INDEX.encode(), sha256(b"absent").encode()), OCI_INDEX),
            ):
                response = await put(http, "2.0", data, media_type)
                assert response.status_code == 400
                assert error_codes(response) == ["MANIFEST_BLOB_UNKNOWN"]
            for data, media_type in (
                (manifest(), OCI_MANIFEST),
                (manifest(layers=[elsewhere]), OCI_MANIFEST),
                (manifest(layers=None, config=[]), OCI_MANIFEST),
                (index % (OCI_INDEX.encode(), sha256(MANIFEST).encode()), OCI_INDEX),
            ):
                assert (await put(http, "2.0", data, media_type)).status_code == 201


async def test_deleting_a_tag_keeps_its_manifest(http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"/v2/{NAME}/manifests/1.0")).status_code == 202
    assert (await http.get(f"/v2/{NAME}/manifests/1.0")).status_code == 404
    assert (await http.get(f"/v2/{NAME}/manifests/latest")).status_code == 200
    assert error_codes(await http.delete(f"/v2/{NAME}/manifests/1.0")) == ["MANIFEST_UNKNOWN"]


async def test_deleting_a_manifest_takes_its_tags_along(http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"/v2/{NAME}/manifests/{sha256(MANIFEST)}")).status_code == 202
    assert (await http.get(f"/v2/{NAME}/manifests/{sha256(MANIFEST)}")).status_code == 404
    assert (await http.get(f"/v2/{NAME}/tags/list")).json()["tags"] == []


async def test_a_blob_is_deleted_from_one_repository(http: httpx.AsyncClient) -> None:
    await http.post(UPLOADS, params={"mount": sha256(BLOB), "from": NAME})
    assert (await http.delete(f"/v2/{NAME}/blobs/{sha256(BLOB)}")).status_code == 202
    assert (await http.get(f"/v2/{NAME}/blobs/{sha256(BLOB)}")).status_code == 404
    assert (await http.get(f"/v2/team/new/blobs/{sha256(BLOB)}")).status_code == 200
    assert (await http.delete(f"/v2/{NAME}/blobs/{sha256(BLOB)}")).status_code == 404


async def test_pushing_and_deleting_can_be_switched_off(storage: Storage) -> None:
    with DemoServer(storage, push=False, delete=False) as server:
        async with connect(server) as http:
            for response in (
                await http.post(UPLOADS),
                await put(http, "2.0", MANIFEST),
                await http.delete(f"/v2/{NAME}/manifests/latest"),
                await http.delete(f"/v2/{NAME}/blobs/{sha256(BLOB)}"),
            ):
                assert response.status_code == 405
                assert error_codes(response) == ["UNSUPPORTED"]
