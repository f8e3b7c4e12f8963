import inspect
import subprocess
import sys

import pytest

import tui.contents
from tui.contents import errors


def test_public_names_are_sorted() -> None:
    assert tui.contents.__all__ == sorted(set(tui.contents.__all__))


@pytest.mark.parametrize("name", tui.contents.__all__)
def test_each_public_name_can_be_imported_and_is_documented(name: str) -> None:
    value = getattr(tui.contents, name)
    assert value.__name__ == name
    assert inspect.getdoc(value)


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(tui.contents.__all__)


def test_dir_names_what_is_not_loaded_yet() -> None:
    assert set(tui.contents.__all__) <= set(dir(tui.contents))


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match=r"module 'tui\.contents' has no attribute 'Nothing'"):
        tui.contents.Nothing  # noqa: B018 - the access is what is tested


def test_what_unpacks_is_loaded_when_a_layer_needs_it() -> None:
    names = sorted(set(tui.contents.__all__) - {"LayerStore"})  # it packs what it keeps
    program = f"import sys\nfrom tui.contents import {', '.join(names)}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not {"isal", "rapidgzip", "zstandard", "httpx", "textual"} & set(loaded.stdout.split())
