from __future__ import annotations

import httpx
import pytest

from tui.client.answers import RawResponse
from tui.client.details import RequestLine
from tui.client.errors import ParseBodyError, RefusedRedirectError
from tui.client.names import Digest
from tui.client.pushing.locations import minimum_chunk, next_location, received, with_digest

HOME = httpx.URL("https://reg.example/")
ASKED = "https://reg.example/v2/a/blobs/uploads/"
DIGEST = Digest.of(b"x")


async def is_internal(url: httpx.URL) -> bool:
    return url.host.startswith(("10.", "127.", "intranet"))


def answer(location: str | None, url: str = ASKED) -> RawResponse:
    headers = httpx.Headers({} if location is None else {"Location": location})
    return RawResponse(202, headers, b"", RequestLine("POST", url), url)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/v2/a/blobs/uploads/1", "https://reg.example/v2/a/blobs/uploads/1"),
        ("1", "https://reg.example/v2/a/blobs/uploads/1"),
        ("../1?x=y", "https://reg.example/v2/a/blobs/1?x=y"),
        ("?state=1", "https://reg.example/v2/a/blobs/uploads/?state=1"),
        ("//other.example/1", "https://other.example/1"),
        ("https://reg.example:443/1", "https://reg.example/1"),
        ("https://other.example/up?a=b%2Fc%3D%3D&d", "https://other.example/up?a=b%2Fc%3D%3D&d"),
        ("https://other.example/up?a=b+c/d=", "https://other.example/up?a=b+c/d="),
        ("https://alice:secret@other.example/1#part", "https://other.example/1"),
        (" /1 ", "https://reg.example/1"),
    ],
)
async def test_a_location_may_have_any_form(location: str, expected: str) -> None:
    assert await next_location(answer(location), HOME, is_internal) == httpx.URL(expected)


async def test_a_location_is_relative_to_what_answered() -> None:
    elsewhere = answer("/up/2?x=1", "https://up.example/up/1")
    assert await next_location(elsewhere, HOME, is_internal) == httpx.URL("https://up.example/up/2?x=1")


@pytest.mark.parametrize(
    "location",
    [
        "http://reg.example/1",
        "http://other.example/1",
        "https://10.0.0.1/1",
        "https://intranet.example/1",
        "ftp://other.example/1",
        "file:///etc/passwd",
        "http://[",
        "https://x y/",
    ],
)
async def test_a_location_that_is_not_safe_is_refused(location: str) -> None:
    with pytest.raises(RefusedRedirectError):
        await next_location(answer(location), HOME, is_internal)


async def test_a_location_may_be_internal_for_a_registry_that_is() -> None:
    home = httpx.URL("https://intranet.example/")
    found = await next_location(answer("https://10.0.0.1/1", str(home)), home, is_internal)
    assert found == httpx.URL("https://10.0.0.1/1")


@pytest.mark.parametrize("location", [None, "", "  "])
async def test_without_a_location_an_upload_stays_where_it_is(location: str | None) -> None:
    before = httpx.URL("https://reg.example/1?x=y")
    assert await next_location(answer(location), HOME, is_internal, before=before) == before
    with pytest.raises(ParseBodyError):
        await next_location(answer(location), HOME, is_internal)


@pytest.mark.parametrize(
    ("location", "query"),
    [
        ("https://r.example/1", f"digest={DIGEST}"),
        ("https://r.example/1?", f"digest={DIGEST}"),
        ("https://r.example/1?_state=a%3D%2Fb==&c=d+e", f"_state=a%3D%2Fb==&c=d+e&digest={DIGEST}"),
        ("https://r.example/1?flag", f"flag&digest={DIGEST}"),
        ("https://r.example/1?digest=sha256:other&a=b", f"a=b&digest={DIGEST}"),
        (f"https://r.example/1?digest={DIGEST}", f"digest={DIGEST}"),
        ("https://r.example/1?xdigest=1&digests=2", f"xdigest=1&digests=2&digest={DIGEST}"),
    ],
)
def test_the_digest_is_joined_to_the_query_once(location: str, query: str) -> None:
    made = with_digest(httpx.URL(location), DIGEST)
    assert made.query.decode() == query
    assert made.path == "/1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-0", 0),
        ("0-99", 100),
        ("bytes=0-99", 100),
        ("bytes 0-99", 100),
        (" 0-99 ", 100),
        ("0-" + "9" * 19, 10**19),
        ("0-" + "9" * 20, None),
        ("5-99", None),
        ("0--1", None),
        ("0-x", None),
        ("", None),
        ("99", None),
    ],
)
def test_the_range_of_an_upload_tells_how_much_of_it_is_there(text: str, expected: int | None) -> None:
    assert received(httpx.Headers({"Range": text})) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("1024", 1024), (" 7 ", 7), ("-1", 0), ("1e3", 0), ("many", 0), ("9" * 30, 0), ("٣", 0)],
)
def test_the_least_length_of_a_chunk_is_read_leniently(text: str, expected: int) -> None:
    headers = httpx.Headers([(b"OCI-Chunk-Min-Length", text.encode())])
    assert minimum_chunk(headers) == expected
