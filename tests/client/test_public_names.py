import ast
import inspect
from pathlib import Path

import pytest

import tui.client
from tui.client import errors, media_types, models, names

SOURCE = Path(tui.client.__file__)


def test_public_names_are_sorted() -> None:
    assert tui.client.__all__ == sorted(set(tui.client.__all__))


@pytest.mark.parametrize("module", [errors, media_types, models, names])
def test_public_names_of_modules_exist_and_are_there_once(module: object) -> None:
    listed = module.__all__  # type: ignore[attr-defined]  # each of these modules lists its names
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(module, name)] == []


@pytest.mark.parametrize("name", tui.client.__all__)
def test_each_public_name_can_be_imported_and_is_documented(name: str) -> None:
    value = getattr(tui.client, name)
    assert value.__name__ == name
    assert inspect.getdoc(value)


def test_type_checkers_see_the_public_names_where_they_are_loaded_from() -> None:
    tree = ast.parse(SOURCE.read_text("utf-8"))
    imported = {
        alias.name: statement.module
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("tui.client.")
        for alias in statement.names
    }
    loaded = {name: f"tui.client.{tui.client._ELSEWHERE.get(name, 'errors')}" for name in tui.client.__all__}
    assert imported == loaded


def test_no_public_name_is_hidden_by_a_module() -> None:
    modules = {path.stem for path in SOURCE.parent.iterdir()}
    assert modules & set(tui.client.__all__) == set()


def test_every_error_is_public() -> None:
    assert {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == errors.__name__
    } <= set(tui.client.__all__)


def test_dir_names_what_is_not_loaded_yet() -> None:
    assert set(tui.client.__all__) <= set(dir(tui.client))


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match=r"module 'tui\.client' has no attribute 'Nothing'"):
        tui.client.Nothing  # noqa: B018 - the access is what is tested
