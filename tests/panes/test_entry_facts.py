"""What a layer says of an entry is told as people know it from other tools."""

from __future__ import annotations

import pytest

from tui.contents.entries import Entry, Kind
from tui.panes.entry_facts import (
    entry_section,
    link_text,
    mode_text,
    owner_text,
    problem_section,
    size_text,
    time_text,
)


def facts(entry: Entry) -> dict[str, object]:
    return {field.label: field.value for field in entry_section(entry).fields}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (Entry("a", mode=0o644), "-rw-r--r--"),
        (Entry("a", Kind.DIRECTORY, mode=0o1777), "drwxrwxrwt"),
        (Entry("a", Kind.SYMLINK, mode=0o777), "lrwxrwxrwx"),
        (Entry("a", Kind.HARDLINK, mode=0o4755), "-rwsr-xr-x"),
        (Entry("a", Kind.CHARACTER, mode=0o666), "crw-rw-rw-"),
        (Entry("a", Kind.BLOCK), "b---------"),
        (Entry("a", Kind.FIFO), "p---------"),
    ],
)
def test_kind_and_permissions_are_told_as_ls_does(entry: Entry, text: str) -> None:
    assert mode_text(entry) == text


def test_owners_are_told_by_name_where_there_is_one() -> None:
    assert owner_text(Entry("a")) == "0"
    assert owner_text(Entry("a", owner="root", group="root")) == "root"
    assert owner_text(Entry("a", uid=7, owner="www", gid=8)) == "www:8"


def test_links_and_devices_tell_where_they_lead() -> None:
    assert link_text(Entry("a", Kind.SYMLINK, target="../b")) == "→ ../b"
    assert link_text(Entry("a", Kind.HARDLINK, target="usr/b")) == "= /usr/b"
    assert link_text(Entry("a")) == ""
    assert size_text(Entry("null", Kind.CHARACTER, device=(1, 3))) == "1, 3"
    assert size_text(Entry("a", size=12_400)) == "12.4 kB"
    assert size_text(Entry("a", Kind.DIRECTORY)) == ""


@pytest.mark.parametrize("moment", [None, 1e300, -1e300, float("nan"), float("inf"), 2.0**62])
def test_a_time_that_is_none_is_not_told(moment: float | None) -> None:
    assert time_text(Entry("a", mtime=moment)) == ""
    assert facts(Entry("a", mtime=moment))["changed"] == "not said"


def test_times_are_told_to_the_minute_and_in_full() -> None:
    entry = Entry("a", mtime=1_700_000_000.5)
    assert time_text(entry) == "2023-11-14 22:13"
    assert facts(entry)["changed"] == "2023-11-14 22:13:20 UTC"


def test_all_that_the_layer_says_is_told_in_full() -> None:
    entry = Entry(
        "usr/bin/ping",
        size=70_000,
        mode=0o755,
        owner="root",
        attributes={"security.capability": b"\x01\0", "user.note": b"x" * 100, "user.word": b"word"},
        sparse=((0, 10), (60_000, 10)),
        digest="sha256:00",
    )
    assert facts(entry) == {
        "path": "/usr/bin/ping",
        "kind": "file",
        "size": "70.0 kB (70,000 bytes)",
        "stored": "20 B: it has holes",
        "mode": "-rwxr-xr-x (0755)",
        "owner": "root (0)",
        "group": "0",
        "changed": "not said",
        "digest": "sha256:00",
        "security.capability": "01 00",
        "user.note": "x" * 64 + " …",
        "user.word": "word",
    }


def test_a_flood_of_attributes_is_counted() -> None:
    entry = Entry("a", attributes={f"user.{number}": b"" for number in range(1_000)})
    assert facts(entry)["attributes"] == "950 more"


def test_what_is_wrong_is_told() -> None:
    assert [field.value for field in problem_section(Entry("a", problems=("odd", "even"))).fields] == [
        "odd",
        "even",
    ]
    assert problem_section(Entry("a")).fields == []
