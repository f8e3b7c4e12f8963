from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from tui.ordering import natural_key, newest_first_key, parse_version


def shuffled(names: list[str]) -> list[str]:
    """Put names into another order, the same one each time."""
    return sorted(names, key=lambda name: sha256(name.encode()).digest())


@pytest.mark.parametrize(
    "names",
    [
        ["v1.9", "v1.10", "v1.11"],
        ["2", "10", "10a", "010b", "a1", "a2", "a10"],
        ["app-9-rc1", "app-10-rc1", "app-10-rc2", "app-10-rc10"],
    ],
)
def test_numbers_inside_of_names_compare_by_their_value(names: list[str]) -> None:
    assert sorted(shuffled(names), key=natural_key) == names


def test_the_newest_version_comes_first_a_release_before_its_pre_releases_and_other_tags_last() -> None:
    names = [
        "v2.0.0",
        "2.0.0-rc.2",
        "2.0.0-rc.1",
        "2.0.0-beta.11",
        "2.0.0-beta.2",
        "2.0.0-beta",
        "2.0.0-alpha.beta",
        "2.0.0-alpha.1",
        "2.0.0-alpha",
        "2.0.0-1",
        "1.10",
        "1.9.3",
        "1",
        "bookworm",
        "latest",
    ]
    assert sorted(shuffled(names), key=newest_first_key) == names


VERSIONS = st.builds(
    lambda major, minor, patch, pre: f"{major}.{minor}.{patch}" + (f"-{pre}" if pre else ""),
    *[st.integers(0, 30)] * 3,
    st.sampled_from(["", "a", "a.1", "a.2", "a.10", "a.b", "b", "rc", "rc1", "1", "2.x", "ab", "x-y"]),
)


@given(VERSIONS, VERSIONS)
def test_versions_are_ordered_as_semantic_versioning_says(one: str, other: str) -> None:
    comparison = Version.parse(one).compare(other)
    keys = newest_first_key(one), newest_first_key(other)
    if comparison:
        assert (keys[0] < keys[1]) is (comparison > 0)
    else:
        assert one == other


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_names_have_an_order(one: str, other: str) -> None:
    assert (natural_key(one) == natural_key(other)) is (one == other)
    assert newest_first_key(one) <= newest_first_key(other) or newest_first_key(other) <= newest_first_key(
        one
    )


@pytest.mark.parametrize("tag", ["latest", "1.2.3.4", "01.2", "v", "1.2-", "sha256-ab", ""])
def test_what_is_no_version(tag: str) -> None:
    assert parse_version(tag) is None


def test_a_number_of_many_digits_has_an_order_too() -> None:
    assert natural_key("9" * 500) > natural_key("8" * 500)
