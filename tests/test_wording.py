from __future__ import annotations

import pytest

from tui.client.errors import NetworkError, RegistryError, RequestLine
from tui.wording import failure_lines, sentence, told


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("nothing listens on this port", "Nothing listens on this port."),
        ("Is it there?", "Is it there?"),
        ("loading …", "Loading …"),
        (" x ", "X."),
        ("", ""),
        ("docker.io is far", "docker.io is far."),
        ("~/x exists", "~/x exists."),
    ],
)
def test_phrases_become_sentences(phrase: str, text: str) -> None:
    assert sentence(phrase) == text


def test_the_reason_comes_first_and_what_was_asked_last() -> None:
    error = NetworkError("it hung up", request=RequestLine("GET", "https://x/v2/"), remedy="Try again.")
    assert failure_lines(error) == ["✗ It hung up.", "Try again.", "GET https://x/v2/"]


def test_what_is_not_known_takes_no_line() -> None:
    assert failure_lines(RegistryError("odd")) == ["✗ Odd."]


def test_an_error_is_told_with_its_remedy() -> None:
    assert told(RegistryError("it is odd", remedy="Look.")) == "It is odd. Look."
    assert told(RegistryError("it is odd")) == "It is odd."
