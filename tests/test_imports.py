"""What is loaded by what, seen from fresh processes."""

import json
import subprocess
import sys

import pytest

import tui.client

HEAVY = ("httpx", "textual", "truststore", "starlette", "uvicorn", "rich", "keyring", "jsonschema_rs")
ABOVE_THE_CLIENT = ("tui.app", "tui.panes", "tui.screens", "tui.widgets", "tui.transfers", "tui.demo")


def modules_after(statement: str) -> set[str]:
    """Give the names of the modules that a fresh interpreter holds after one statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return set(json.loads(finished.stdout))


def loaded(modules: set[str], packages: tuple[str, ...]) -> set[str]:
    """Give those modules that are one of the packages or inside of one."""
    return {
        module
        for module in modules
        if module.startswith(tuple(f"{p}." for p in packages)) or module in packages
    }


def test_the_package_loads_nothing() -> None:
    modules = modules_after("import tui")
    assert loaded(modules, ("tui",)) == {"tui"}
    assert not loaded(modules, HEAVY)


def test_the_client_loads_neither_textual_nor_httpx() -> None:
    modules = modules_after("import tui.client")
    assert loaded(modules, ("tui",)) == {"tui", "tui.client"}
    assert not loaded(modules, HEAVY)


@pytest.mark.parametrize("module", ["errors", "names", "media_types", "models", "login.challenge", "limits"])
def test_errors_names_and_models_load_no_httpx(module: str) -> None:
    modules = modules_after(f"import tui.client.{module}")
    assert not loaded(modules, HEAVY)
    assert not loaded(modules, ABOVE_THE_CLIENT)


def test_errors_names_and_models_load_no_httpx_through_the_package() -> None:
    modules = modules_after("from tui.client import Digest, Manifest, RegistryError, parse_manifest")
    assert not loaded(modules, HEAVY)


def test_the_whole_client_loads_no_user_interface() -> None:
    modules = modules_after(f"from tui.client import {', '.join(tui.client.__all__)}")
    assert not loaded(modules, ABOVE_THE_CLIENT)
    assert not loaded(modules, ("textual", "starlette", "uvicorn"))
