from __future__ import annotations

import traceback

import httpx
import pytest

from tui.client import Client, ConnectionFailedError
from tui.client.proxies import proxy_for

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_there_is_none_by_default() -> None:
    assert proxy_for(httpx.URL("https://reg.example/")) is None


@pytest.mark.parametrize(
    ("variable", "url", "expected"),
    [
        ("HTTPS_PROXY", "https://reg.example/", "http://proxy.example:3128"),
        ("https_proxy", "https://reg.example/", "http://proxy.example:3128"),
        ("HTTPS_PROXY", "http://reg.example/", None),
        ("http_proxy", "http://reg.example/", "http://proxy.example:3128"),
        ("ALL_PROXY", "https://reg.example/", "http://proxy.example:3128"),
        ("ALL_PROXY", "http://127.0.0.1:5000/", None),
        ("ALL_PROXY", "http://localhost:5000/", None),
        ("ALL_PROXY", "http://[::1]:5000/", None),
    ],
)
def test_takes_the_proxy_of_the_scheme(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, expected: str | None
) -> None:
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    assert proxy_for(httpx.URL(url)) == expected


def test_a_proxy_without_a_scheme_is_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert proxy_for(httpx.URL("https://reg.example/")) == "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("reg.example", "https://reg.example/", True),
        (".example", "https://reg.example/", True),
        ("example", "https://reg.example/", True),
        ("other.example", "https://reg.example/", False),
        ("*", "https://reg.example/", True),
        ("reg.example:5000", "https://reg.example:5000/", True),
        ("reg.example:5000", "https://reg.example/", False),
        ("10.0.0.0/8", "https://10.1.2.3:5000/", True),
        ("nonsense, 10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("fd00::/8", "https://[fd00::1]/", True),
    ],
)
def test_leaves_out_what_no_proxy_names(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, *, direct: bool
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_for(httpx.URL(url)) is None) is direct


async def test_a_proxy_that_cannot_be_used_keeps_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://alice:s3cret@proxy.example.com:1")
    async with Client() as client:
        with pytest.raises(ConnectionFailedError, match="proxy") as caught:
            await client.registry("registry.example.com").verify()
    shown = "".join(traceback.format_exception(caught.value))
    assert "proxy.example.com" in shown
    assert "s3cret" not in shown
