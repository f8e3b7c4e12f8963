import platform
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.contents.release import MAX_RELEASE, MOST_VALUES, Release, read_release, values_of


@pytest.mark.skipif(not Path("/etc/os-release").exists(), reason="this system says nothing of itself")
def test_this_system_is_read_as_the_standard_library_reads_it() -> None:
    expected = platform.freedesktop_os_release()
    read = values_of(Path("/etc/os-release").read_bytes())
    assert {**expected, **read} == expected
    release = read_release(Path("/etc/os-release").read_bytes())
    assert (release.id, release.pretty_name) == (expected["ID"], expected["PRETTY_NAME"])
    assert release.title == expected["PRETTY_NAME"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0", exclude_categories=["Cs"])))
def test_what_a_shell_would_quote_is_read_back(value: str) -> None:
    quoted = "".join("\\" + letter if letter in '"$`\\' else letter for letter in value)
    assert values_of(f'NAME="{quoted}"\n'.encode()) == {"NAME": value}


@given(st.text("ab '\"\\", max_size=12))
def test_quotes_mean_what_they_mean_to_a_shell(written: str) -> None:
    value = f"'{written.replace(chr(39), '')}'{written.replace(' ', '')}x"
    command = ["sh", "-c", f'NAME={value}\nprintf %s "$NAME"']
    shell = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = {} if shell.returncode else {"NAME": shell.stdout}
    assert values_of(f"NAME={value}".encode()) == expected


def test_comments_and_lines_that_are_no_assignments_are_left_out() -> None:
    data = b'# ID=no\nID=alpine\nwhat is this\n NAME = x\nVERSION_ID="3.20\n'
    data += b"PRETTY_NAME='Alpine \"x\"' # comment\r\n"
    assert values_of(data) == {"ID": "alpine", "PRETTY_NAME": 'Alpine "x"'}


def test_the_last_value_of_a_name_counts() -> None:
    assert read_release(b"ID=a\nID=b\nID_LIKE='x  y'") == Release(id="b", like=("x", "y"))


def test_a_title_is_made_of_what_there_is() -> None:
    assert read_release(b"NAME=Wolfi\nVERSION_ID=20230201").title == "Wolfi 20230201"
    assert read_release(b"ID=void").title == "void"
    assert read_release(b"").title == ""


def test_much_is_read_no_further_than_the_limits() -> None:
    many = b"".join(b"K%d=v\n" % number for number in range(MOST_VALUES * 2)) + b"K1=last\n"
    values = values_of(many)
    assert len(values) == MOST_VALUES
    assert values["K1"] == "last"
    assert values_of(b"A=" + b"x" * MAX_RELEASE * 2) == {"A": "x" * (MAX_RELEASE - 2)}


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read(data: bytes) -> None:
    read_release(data)
