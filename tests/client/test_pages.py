from __future__ import annotations

from contextlib import aclosing
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.client import pages
from tui.client.errors import ParseBodyError, RefusedRedirectError
from tui.client.pages import Link, Loaded, Page, next_page_url, paged, parse_links, with_page_size

PAGE = "https://reg.example:5000/v2/a/b/tags/list?n=2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('</v2/a/b/tags/list?n=2&last=x>; rel="next"', "https://reg.example:5000/v2/a/b/tags/list?n=2&last=x"),
        ("</v2/a?last=x>;rel=next", "https://reg.example:5000/v2/a?last=x"),
        ("</v2/a?last=x>", "https://reg.example:5000/v2/a?last=x"),
        ('</v2/a?last=x>; rel="prev NEXT"', "https://reg.example:5000/v2/a?last=x"),
        ('</v2/p>; rel="prev", </v2/n>; title="a, <b>; c"; rel="next"', "https://reg.example:5000/v2/n"),
        ('<?next_page=gAAAA%3D%3D>; rel="next"', "https://reg.example:5000/v2/a/b/tags/list?next_page=gAAAA%3D%3D"),
        ('<list?last=x>; rel="next"', "https://reg.example:5000/v2/a/b/tags/list?last=x"),
        ('<https://reg.example:5000/v2/a?last=x>; rel="next"', "https://reg.example:5000/v2/a?last=x"),
        ('<http://reg.example/v2/a?last=x>; rel="next"', "https://reg.example:5000/v2/a?last=x"),
        ('<//REG.example/v2/a?last=x>; rel="next"', "https://reg.example:5000/v2/a?last=x"),
        ('<https://u:p@reg.example/v2/a#top>; rel="next"', "https://reg.example:5000/v2/a"),
        ('/v2/a?last=x; rel="next"', "https://reg.example:5000/v2/a?last=x"),
        ("https://reg.example/v2/a?last=x,y;rel=next", "https://reg.example:5000/v2/a?last=x,y"),
        ('/v2/a?last=x; rel="prev"', None),
        ('<>; rel="next"', None),
        ('</v2/a>; rel="prev"', None),
        ("no link at all", None),
        ("</v2/not-closed", None),
        ("", None),
    ],
)  # fmt: skip
def test_finds_the_next_page(value: str, expected: str | None) -> None:
    assert next_page_url([value], PAGE) == expected


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/v2/a?last=x",
        "//evil.example/v2/a",
        "https://reg.example.evil.example:5000/v2/a",
        "https://reg.example:5000@evil.example/v2/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[bad/v2/a",
    ],
)
def test_refuses_a_next_page_elsewhere(target: str) -> None:
    with pytest.raises(RefusedRedirectError):
        next_page_url([f'<{target}>; rel="next"'], PAGE)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/v2/a/tags/list?n=10", "/v2/a/tags/list?n=20"),
        ("/v2/a/tags/list?last=n%3D10&n=10", "/v2/a/tags/list?last=n%3D10&n=20"),
        ("https://reg.example/v2/_catalog?n=10&last=b", "https://reg.example/v2/_catalog?n=20&last=b"),
        ("/v2/a/tags/list?n=100", "/v2/a/tags/list?n=100"),
        ("/v2/a/tags/list?page=2", "/v2/a/tags/list?page=2"),
        ("/v2/a/tags/list", "/v2/a/tags/list"),
    ],
)
def test_changes_only_the_size_that_was_asked_for(url: str, expected: str) -> None:
    assert with_page_size(url, 10, 20) == expected


@pytest.mark.parametrize(
    ("url", "old", "new", "expected"),
    [
        ("/v2/a/tags/list", None, 20, "/v2/a/tags/list?n=20"),
        ("/v2/a/tags/list?last=b", None, 20, "/v2/a/tags/list?last=b&n=20"),
        ("/v2/a/tags/list?n=7&last=b", None, 20, "/v2/a/tags/list?n=20&last=b"),
        ("/v2/a/tags/list?next_page=gAAA%3D", None, 20, "/v2/a/tags/list?next_page=gAAA%3D"),
        ("/v2/a/tags/list?last=b&n=10", 10, None, "/v2/a/tags/list?last=b"),
        ("/v2/a/tags/list?n=10", 10, None, "/v2/a/tags/list"),
        ("/v2/a/tags/list?last=b&n=5", 10, None, "/v2/a/tags/list?last=b&n=5"),
        ("/v2/a/tags/list?n=5&n=6&last=b", None, 20, "/v2/a/tags/list?n=20&last=b"),
    ],
)
def test_a_size_is_added_or_taken_away_where_the_url_allows_it(
    url: str, old: int | None, new: int | None, expected: str
) -> None:
    assert with_page_size(url, old, new) == expected


def test_reads_several_headers() -> None:
    assert [link.target for link in parse_links(["</a>; rel=prev", "</b>; rel=next, </c>"])] == [
        "/a",
        "/b",
        "/c",
    ]


@given(st.text(alphabet='<>;, rel="next\\/v2\né', max_size=50))
def test_ends_with_any_text(value: str) -> None:
    parse_links([value])


TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="<>"), max_size=30)
RELATIONS = st.lists(st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True), max_size=3)
TITLES = st.text(st.characters(codec="latin-1", exclude_characters='"\\\r\n'), max_size=10)


@settings(deadline=None)
@given(st.lists(st.tuples(TARGETS, RELATIONS, TITLES), max_size=4), st.sampled_from([", ", ",", " ,  "]))
def test_what_the_grammar_writes_is_read_back(links: list[tuple[str, list[str], str]], comma: str) -> None:
    written = [
        f'<{target}>; title="{title}"' + (f'; rel="{" ".join(relations)}"' if relations else "")
        for target, relations, title in links
    ]
    expected = [Link(target, frozenset(relations)) for target, relations, _ in links]
    assert parse_links([comma.join(written)]) == expected
    assert parse_links(written) == expected


@settings(deadline=None)
@given(
    TARGETS
    | st.builds(
        "{}//{}{}".format,
        st.sampled_from(["", "http:", "https:", "ftp:"]),
        st.sampled_from(
            ["reg.example", "reg.example:1", "u:p@reg.example", "evil.example", "reg.example@evil"]
        ),
        TARGETS,
    )
)
def test_the_next_page_is_of_the_same_origin_or_refused(target: str) -> None:
    try:
        url = next_page_url([f'<{target}>; rel="next"'], PAGE)
    except RefusedRedirectError:
        return
    assert url is None or urlsplit(url)[:2] == urlsplit(PAGE)[:2]


def test_a_long_header_is_read_in_linear_time() -> None:
    assert len(parse_links(["</a>," * 50_000])) == 50_000
    assert parse_links(["<" * 100_000]) == []
    assert len(parse_links(["</a>" + "; rel" * 50_000])) == 1


def after(url: str, following: str | None, *items: str) -> Loaded[str]:
    return Loaded(items, 0, [f"<{following}>"] if following else [], url)


async def test_asks_for_a_page_only_when_it_is_wanted() -> None:
    asked: list[str] = []

    async def load(url: str) -> Loaded[str]:
        asked.append(url)
        return after(url, {"http://h/1": "/2", "http://h/2": None}[url], url)

    async with aclosing(paged("http://h/1", load)) as found:
        assert asked == []
        assert await anext(found) == Page(("http://h/1",), 0, last=False)
        assert asked == ["http://h/1"]
        assert await anext(found) == Page(("http://h/2",), 0, last=True)
        with pytest.raises(StopAsyncIteration):
            await anext(found)


async def test_pages_in_a_circle_end_with_an_error_after_the_last_new_one() -> None:
    async def load(url: str) -> Loaded[str]:
        return after(url, {"http://h/1": "/2", "http://h/2": "/1"}[url], url)

    found = paged("http://h/1", load)
    assert [(await anext(found)).items for _ in range(2)] == [("http://h/1",), ("http://h/2",)]
    with pytest.raises(ParseBodyError, match="leads back"):
        await anext(found)


async def test_a_page_whose_link_is_refused_is_given_first() -> None:
    async def load(url: str) -> Loaded[str]:
        return after(url, "http://evil.example/2", "a")

    found = paged("http://h/1", load)
    assert await anext(found) == Page(("a",), 0, last=False)
    with pytest.raises(RefusedRedirectError):
        await anext(found)


async def test_pages_without_end_and_without_news_end_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_STALLED_PAGES", 5)

    async def load(url: str) -> Loaded[str]:
        return after(url, url + "x", "same")

    with pytest.raises(ParseBodyError, match="no end"):
        async for _ in paged("http://h/1", load):
            pass


async def test_pages_without_end_end_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 5)

    async def load(url: str) -> Loaded[str]:
        return after(url, url + "x", url)

    with pytest.raises(ParseBodyError, match="no end"):
        async for _ in paged("http://h/1", load):
            pass


@pytest.mark.parametrize("last", [None, "/more"])
async def test_more_names_than_anybody_has_end_with_an_error_unless_they_end_by_themselves(
    monkeypatch: pytest.MonkeyPatch, last: str | None
) -> None:
    monkeypatch.setattr(pages, "MAX_ITEMS", 3)

    async def load(url: str) -> Loaded[str]:
        return after(url, "/2" if url == "http://h/1" else last, url, url + "x")

    listing = paged("http://h/1", load)
    if last is None:
        assert len([page async for page in listing]) == 2
    else:
        with pytest.raises(ParseBodyError, match="no end: 4 entries on 2 pages"):
            _ = [page async for page in listing]


async def test_empty_pages_in_the_middle_are_no_end() -> None:
    async def load(url: str) -> Loaded[str]:
        return {
            "http://h/1": after(url, "/2", "a"),
            "http://h/2": after(url, "/3"),
            "http://h/3": after(url, None, "b"),
        }[url]

    assert [page.items async for page in paged("http://h/1", load)] == [("a",), (), ("b",)]
