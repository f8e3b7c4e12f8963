from __future__ import annotations

import httpx
import pytest

from tui.client.errors import RefusedRealmError, RefusedRedirectError, RequestLine
from tui.client.wire.origins import (
    checked_realm,
    checked_redirect,
    is_internal_address,
    is_internal_host,
    is_upgrade,
    origin,
)

LINE = RequestLine("GET", "https://reg.example/v2/")
PUBLIC = "https://reg.example/v2/x"
INSIDE_NAMES = {"inside.corp", "127.1", "2130706433", "0x7f000001"}


async def is_internal(url: httpx.URL) -> bool:
    literal = is_internal_host(url.host)
    return url.host in INSIDE_NAMES if literal is None else literal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_only_a_network_reaches_are_internal(address: str) -> None:
    assert is_internal_address(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_addresses_of_the_internet_are_not(address: str) -> None:
    assert not is_internal_address(address)


def test_names_are_judged_as_far_as_they_go() -> None:
    assert is_internal_host("localhost")
    assert is_internal_host("LOCALHOST.")
    assert is_internal_host("reg.localhost")
    assert is_internal_host("[::1]")
    assert is_internal_host("8.8.8.8") is False
    assert is_internal_host("reg.example") is None
    assert is_internal_host("localhost.example") is None


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin(httpx.URL("https://Reg.Example/a")) == origin(httpx.URL("https://reg.example:443/b?c"))
    assert origin(httpx.URL("https://reg.example.")) == origin(httpx.URL("https://reg.example"))
    assert origin(httpx.URL("https://reg.example")) != origin(httpx.URL("http://reg.example"))
    assert origin(httpx.URL("https://reg.example")) != origin(httpx.URL("https://reg.example:444"))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("http://a.example/x", "https://a.example/y", True),
        ("http://a.example:80/x", "https://a.example:443/y", True),
        ("http://a.example/x", "https://b.example/x", False),
        ("http://a.example:5000/x", "https://a.example/x", False),
        ("http://a.example/x", "https://a.example:5000/x", False),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://a.example/x", False),
    ],
)
def test_an_upgrade_is_the_same_host_over_https(source: str, target: str, *, expected: bool) -> None:
    assert is_upgrade(httpx.URL(source), httpx.URL(target)) is expected


@pytest.mark.parametrize(
    ("source", "location", "home", "expected"),
    [
        (PUBLIC, "/v2/y?a=b%2Fc", PUBLIC, "https://reg.example/v2/y?a=b%2Fc"),
        (PUBLIC, "y", PUBLIC, "https://reg.example/v2/y"),
        (PUBLIC, "https://cdn.example/b?sig=1#top", PUBLIC, "https://cdn.example/b?sig=1"),
        (PUBLIC, "//cdn.example/b", PUBLIC, "https://cdn.example/b"),
        (PUBLIC, "https://user:pw@cdn.example/b", PUBLIC, "https://cdn.example/b"),
        ("http://reg.example/x", "https://reg.example/x", "http://reg.example/", "https://reg.example/x"),
        ("http://reg.example/x", "http://cdn.example/x", "http://reg.example/", "http://cdn.example/x"),
        ("http://10.0.0.1/x", "http://10.0.0.2/x", "http://10.0.0.1/", "http://10.0.0.2/x"),
        ("http://127.0.0.1:5000/x", "http://127.0.0.1:9000/x", "http://127.0.0.1:5000/", "http://127.0.0.1:9000/x"),
        ("https://inside.corp/x", "https://10.0.0.2/x", "https://inside.corp/", "https://10.0.0.2/x"),
        ("https://8.8.8.8/x", "https://cdn.example/x", "https://8.8.8.8/", "https://cdn.example/x"),
    ],
)  # fmt: skip
async def test_follows_what_is_harmless(source: str, location: str, home: str, expected: str) -> None:
    target = await checked_redirect(httpx.URL(source), location, httpx.URL(home), is_internal, LINE)
    assert str(target) == expected


@pytest.mark.parametrize(
    ("source", "location", "home"),
    [
        (PUBLIC, "http://reg.example/v2/x", PUBLIC),
        (PUBLIC, "http://cdn.example/x", PUBLIC),
        ("https://cdn.example/x", "http://cdn.example/x", "http://reg.example/"),
        (PUBLIC, "https://127.0.0.1/x", PUBLIC),
        (PUBLIC, "https://169.254.169.254/latest/meta-data", PUBLIC),
        (PUBLIC, "https://10.0.0.1/x", PUBLIC),
        (PUBLIC, "https://[::1]/x", PUBLIC),
        (PUBLIC, "https://[::ffff:127.0.0.1]/x", PUBLIC),
        (PUBLIC, "https://localhost/x", PUBLIC),
        (PUBLIC, "https://inside.corp/x", PUBLIC),
        (PUBLIC, "https://127.1/x", PUBLIC),
        (PUBLIC, "https://2130706433/x", PUBLIC),
        ("https://cdn.example/x", "https://127.0.0.1/x", PUBLIC),
        ("http://reg.example/x", "http://127.0.0.1/x", "http://reg.example/"),
        (PUBLIC, "ftp://cdn.example/x", PUBLIC),
        (PUBLIC, "file:///etc/passwd", PUBLIC),
        (PUBLIC, "javascript:alert(1)", PUBLIC),
        (PUBLIC, "https://[bad/x", PUBLIC),
        (PUBLIC, "https://cdn.example:99999/x", PUBLIC),
        (PUBLIC, "https://cdn example/x", PUBLIC),
    ],
)
async def test_refuses_a_redirect_that_is_not(source: str, location: str, home: str) -> None:
    with pytest.raises(RefusedRedirectError):
        await checked_redirect(httpx.URL(source), location, httpx.URL(home), is_internal, LINE)


async def test_a_refusal_shows_no_secrets() -> None:
    with pytest.raises(RefusedRedirectError) as caught:
        await checked_redirect(
            httpx.URL(PUBLIC), "http://u:hush@cdn.example/x?X-Sig=hush", httpx.URL(PUBLIC), is_internal, LINE
        )
    assert "cdn.example" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("realm", "home", "expected"),
    [
        ("https://auth.example/token", "https://reg.example/", "https://auth.example/token"),
        ("/token", "https://reg.example:5000/", "https://reg.example:5000/token"),
        ("token?a=b", "https://reg.example/", "https://reg.example/token?a=b"),
        ("http://auth.example/token", "http://reg.example/", "http://auth.example/token"),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/", "http://127.0.0.1:5001/token"),
        ("https://192.168.0.9/token", "https://10.0.0.1/", "https://192.168.0.9/token"),
        ("https://auth.example/token", "http://127.0.0.1:5000/", "https://auth.example/token"),
        ("https://10.0.0.9/token", "https://inside.corp/", "https://10.0.0.9/token"),
    ],
)
async def test_sends_logins_to_harmless_realms(realm: str, home: str, expected: str) -> None:
    assert str(await checked_realm(realm, httpx.URL(home), is_internal, LINE)) == expected


@pytest.mark.parametrize(
    ("realm", "home"),
    [
        ("http://auth.example/token", "https://reg.example/"),
        ("http://reg.example/token", "https://reg.example/"),
        ("https://127.0.0.1/token", "https://reg.example/"),
        ("https://169.254.169.254/token", "https://reg.example/"),
        ("https://inside.corp/token", "https://reg.example/"),
        ("http://localhost:5001/token", "http://reg.example/"),
        ("ftp://auth.example/token", "http://reg.example/"),
        ("https://[bad/token", "https://reg.example/"),
    ],
)
async def test_refuses_a_realm_that_must_not_get_them(realm: str, home: str) -> None:
    with pytest.raises(RefusedRealmError):
        await checked_realm(realm, httpx.URL(home), is_internal, LINE)
