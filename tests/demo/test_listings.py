from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.demo.clients import connect, connect_sync
from tests.demo.content import MANIFEST, NAME, OCI_INDEX, OCI_MANIFEST, error_codes, manifest, sha256
from tui.demo import DemoServer, Storage

if TYPE_CHECKING:
    from typing import Any

    import httpx

TAGS = sorted([f"v1.{number}" for number in range(25)] + ["Latest", "_x"])


async def pages(http: httpx.AsyncClient, url: str, key: str) -> list[list[Any]]:
    """Return a listing's pages, following Link."""
    found = []
    following: str | None = url
    while following is not None:
        response = await http.get(following)
        assert response.status_code == 200
        found.append(response.json()[key])
        link = response.headers.get("link")
        match = re.fullmatch(r'<([^>]+)>; rel="next"', link) if link is not None else None
        assert link is None or match is not None
        following = None if match is None else match[1]
    return found


@pytest.fixture
def storage() -> Storage:
    storage = Storage()
    storage.put_manifest(NAME, MANIFEST, tags=TAGS)
    for name in ("z", "a/b", "a-b", "m"):
        storage.create_repository(name)
    return storage


async def test_the_catalog_is_sorted(http: httpx.AsyncClient) -> None:
    response = await http.get("/v2/_catalog")
    assert response.json() == {"repositories": ["a-b", "a/b", "m", NAME, "z"]}
    assert "link" not in response.headers


async def test_the_catalog_comes_in_pages(http: httpx.AsyncClient) -> None:
    assert await pages(http, "/v2/_catalog?n=2", "repositories") == [["a-b", "a/b"], ["m", NAME], ["z"]]


async def test_tags_are_sorted_by_their_bytes(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/v2/{NAME}/tags/list")
    assert response.json() == {"name": NAME, "tags": TAGS}
    assert TAGS[:3] == ["Latest", "_x", "v1.0"]


@pytest.mark.parametrize("size", [1, 9, 26, 27])
async def test_tags_come_in_pages_without_gaps(http: httpx.AsyncClient, size: int) -> None:
    found = await pages(http, f"/v2/{NAME}/tags/list?n={size}", "tags")
    assert [tag for page in found for tag in page] == TAGS
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)
    assert found[-1]


async def test_a_page_begins_after_last_whether_or_not_that_exists(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/v2/{NAME}/tags/list", params={"last": "v1.1", "n": 2})
    assert response.json()["tags"] == ["v1.10", "v1.11"]
    response = await http.get(f"/v2/{NAME}/tags/list", params={"last": "v1.100", "n": 1})
    assert response.json()["tags"] == ["v1.11"]
    response = await http.get(f"/v2/{NAME}/tags/list", params={"last": "zzz"})
    assert response.json()["tags"] == []


async def test_a_page_of_nothing_is_empty_and_the_last(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/v2/{NAME}/tags/list?n=0")
    assert response.json()["tags"] == []
    assert "link" not in response.headers


@pytest.mark.parametrize("size", ["-1", "many", "1.5", "", "9" * 30])
async def test_what_is_no_number_of_entries_is_refused(http: httpx.AsyncClient, size: str) -> None:
    response = await http.get("/v2/_catalog", params={"n": size})
    assert response.status_code == 400
    assert error_codes(response) == ["PAGINATION_NUMBER_INVALID"]


async def test_the_registry_can_limit_its_pages(storage: Storage) -> None:
    with DemoServer(storage, page_size=10) as server:
        async with connect(server) as http:
            for url in (f"/v2/{NAME}/tags/list", f"/v2/{NAME}/tags/list?n=1000"):
                assert [len(page) for page in await pages(http, url, "tags")] == [10, 10, 7]


async def test_a_repository_without_tags_lists_none(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v2/m/tags/list")).json() == {"name": "m", "tags": []}


async def test_a_changed_repository_is_listed_as_it_is_now(http: httpx.AsyncClient, storage: Storage) -> None:
    storage.put_tag("m", "new", sha256(MANIFEST))
    assert (await http.get("/v2/m/tags/list")).json()["tags"] == ["new"]
    assert storage.delete_tag("m", "new")
    assert (await http.get("/v2/m/tags/list")).json()["tags"] == []
    storage.delete_repository("m")
    assert "m" not in (await http.get("/v2/_catalog")).json()["repositories"]
    assert (await http.get("/v2/m/tags/list")).status_code == 404


async def test_a_registry_may_have_no_catalog(storage: Storage) -> None:
    with DemoServer(storage, catalog=False) as server, connect_sync(server) as http:
        response = http.get("/v2/_catalog")
    assert response.status_code == 404
    assert error_codes(response) == ["UNSUPPORTED"]


def subject(data: bytes) -> dict[str, Any]:
    return {"mediaType": OCI_MANIFEST, "digest": sha256(data), "size": len(data)}


async def test_referrers_are_described(http: httpx.AsyncClient, storage: Storage) -> None:
    notes = {"org.example.note": "signed"}
    signature = manifest(subject=subject(MANIFEST), artifactType="application/x-signature", annotations=notes)
    plain = manifest(subject=subject(MANIFEST))
    index = b'{"schemaVersion": 2, "mediaType": "%b", "manifests": [], "subject": {"digest": "%b"}}' % (
        OCI_INDEX.encode(),
        sha256(MANIFEST).encode(),
    )
    for one in (signature, plain, index):
        storage.put_manifest(NAME, one)
    response = await http.get(f"/v2/{NAME}/referrers/{sha256(MANIFEST)}")
    assert response.headers["content-type"] == OCI_INDEX
    document = response.json()
    assert document["schemaVersion"] == 2
    assert document["mediaType"] == OCI_INDEX
    found = {one["digest"]: one for one in document["manifests"]}
    assert found[sha256(signature)] == {
        "mediaType": OCI_MANIFEST,
        "digest": sha256(signature),
        "size": len(signature),
        "artifactType": "application/x-signature",
        "annotations": notes,
    }
    assert found[sha256(plain)]["artifactType"] == "application/vnd.oci.image.config.v1+json"
    assert "artifactType" not in found[sha256(index)]
    assert "oci-filters-applied" not in response.headers


async def test_referrers_are_filtered_by_type_in_pages(storage: Storage) -> None:
    kinds = {"application/x-a": 5, "application/x-b": 2}
    for kind, count in kinds.items():
        for number in range(count):
            text = {"org.example.number": str(number)}
            storage.put_manifest(
                NAME, manifest(subject=subject(MANIFEST), artifactType=kind, annotations=text)
            )
    with DemoServer(storage, page_size=2) as server:
        async with connect(server) as http:
            url = f"/v2/{NAME}/referrers/{sha256(MANIFEST)}"
            assert [len(page) for page in await pages(http, url, "manifests")] == [2, 2, 2, 1]
            filtered = f"{url}?artifactType={quote('application/x-a', safe='')}"
            found = await pages(http, filtered, "manifests")
            assert [len(page) for page in found] == [2, 2, 1]
            assert {one["artifactType"] for page in found for one in page} == {"application/x-a"}
            assert (await http.get(filtered)).headers["oci-filters-applied"] == "artifactType"


@pytest.mark.parametrize("name", [NAME, "no/such"])
async def test_where_nothing_refers_the_list_is_empty(http: httpx.AsyncClient, name: str) -> None:
    response = await http.get(f"/v2/{name}/referrers/{sha256(b'other')}")
    assert response.status_code == 200
    assert response.json()["manifests"] == []


async def test_a_registry_may_have_no_referrers(storage: Storage) -> None:
    with DemoServer(storage, referrers=False) as server, connect_sync(server) as http:
        assert http.get(f"/v2/{NAME}/referrers/{sha256(MANIFEST)}").status_code == 404
        pushed = http.put(f"/v2/{NAME}/manifests/new", content=manifest(subject=subject(MANIFEST)))
        assert pushed.status_code == 201
        assert "oci-subject" not in pushed.headers
