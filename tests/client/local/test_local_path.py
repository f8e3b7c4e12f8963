from pathlib import Path

import pytest

from tui.client.errors import InvalidNameError
from tui.client.local.local_path import LocalPath


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("", "/a/b.tar"),
        ("oci", "oci:/a/b.tar"),
        ("oci-archive", "oci:/a/b.tar"),
        ("docker-archive", "docker-archive:/a/b.tar"),
    ],
)
def test_a_path_is_written_as_other_tools_write_it(kind: str, expected: str) -> None:
    path = LocalPath.of("/a/b.tar", kind)
    assert path == expected
    assert path.path == Path("/a/b.tar")
    assert LocalPath(str(path)) == path


def test_a_path_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert LocalPath.of("x/../layout", "oci") == f"oci:{tmp_path}/layout"
    assert LocalPath.of("~/layout") == "/home/somebody/layout"


def test_a_path_may_contain_colons() -> None:
    path = LocalPath.of("/a/b:c", "oci")
    assert (path.kind, path.path) == ("oci", Path("/a/b:c"))


@pytest.mark.parametrize(
    "text", ["", "oci:", "layout", "oci:layout", "docker://alpine", "/a\0b", "/a\ud800", "/" + "x" * 5000]
)
def test_other_text_is_no_path(text: str) -> None:
    with pytest.raises(InvalidNameError):
        LocalPath(text)


@pytest.mark.parametrize("text", ["", "a\0b", "~nobody-is-called-so/x"])
def test_what_is_typed_may_be_no_path(text: str) -> None:
    with pytest.raises(InvalidNameError):
        LocalPath.of(text)
