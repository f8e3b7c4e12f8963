"""The examples of the client's README run, one after the other, and print what stands there."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import re
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Final

import pytest

import tui.client
from tui.demo import DemoServer
from tui.demo.login import BearerLogin

if TYPE_CHECKING:
    from collections.abc import Iterator

README: Final = Path(tui.client.__path__[0]) / "README.md"

_EXAMPLE: Final = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<printed>.*?)```)?", re.DOTALL)

FIXED: Final = frozenset(
    {"delete_blob", "get_blob", "get_manifests", "manifest_exists", "parse_challenges", "parse_reference"}
    | {"put_blob", "request", "validate", "verify", "verify_blob"}
    | {"Authenticator", "BasicAuth", "Client", "Image", "Reference", "TokenAuth"}
    | {"BlobNotExistError", "ErrorInfo", "ErrorResponse", "InvalidIndexError", "InvalidManifestError"}
    | {"ManifestNotExistError", "NotOCIError", "ParseBodyError", "ParseJSONError", "RegistryError"}
    | {"SchemaValidationError", "UnknownMediaTypeError", "ValidationError"}
)
"""What programs rely on, and the examples therefore show."""


@pytest.fixture
def hosts() -> Iterator[dict[str, str]]:
    """The registries of the page, by the hosts that stand there."""
    with DemoServer() as everybody, DemoServer(login=BearerLogin({"demo": "demo"})) as known:
        yield {"localhost:5000": everybody.host, "localhost:5001": known.host}


def examples() -> list[tuple[str, str]]:
    """Each example, and what it prints."""
    found = _EXAMPLE.finditer(README.read_text(encoding="utf-8"))
    return [(match["code"], match["printed"] or "") for match in found]


async def test_every_example_prints_what_stands_below_it(hosts: dict[str, str]) -> None:
    names: dict[str, object] = {}
    for code, printed in examples():
        for written, real in hosts.items():
            code, printed = code.replace(written, real), printed.replace(written, real)  # noqa: PLW2901  # the same, with the servers of this run
        output = io.StringIO()
        compiled = compile(code, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert isinstance(compiled, CodeType)
        with contextlib.redirect_stdout(output):
            result = eval(compiled, names)  # noqa: S307  # our own page
            if inspect.isawaitable(result):
                await result
        assert output.getvalue() == printed, code


def test_the_examples_show_what_programs_rely_on() -> None:
    code = "\n".join(code for code, _ in examples())
    assert {name for name in FIXED if not re.search(rf"\b{name}\b", code)} == set()


def test_every_example_has_its_place_in_the_contents() -> None:
    text = README.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"^- \[.+\]\(#(.+)\)$", text, re.MULTILINE) == anchors
