"""Text of programs gets colours, from a process that can be ended."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tui.lexing import tokens
from tui.widgets import highlighting
from tui.widgets.highlighting import LONGEST_TEXT, coloured

if TYPE_CHECKING:
    from pathlib import Path

    from textual.content import Content

PYTHON = ['"""Two', 'lines."""', "", "def f():", "    return 'x', 1  # why", "END = None"]


def styled(line: Content) -> list[tuple[str, str]]:
    return [
        (line.plain[span.start : span.end], str(span.style).removeprefix(".line-view--"))
        for span in line.spans
    ]


async def test_words_get_the_styles_of_the_view() -> None:
    lines = await coloured("a.py", PYTHON)
    assert lines is not None
    assert [line.plain for line in lines] == PYTHON
    assert ("return", "key") in styled(lines[4])
    assert "".join(part for part, word in styled(lines[4]) if word == "string") == "'x'"
    assert ("1", "number") in styled(lines[4])
    assert ("# why", "muted") in styled(lines[4])
    assert ("None", "constant") in styled(lines[5])


async def test_what_stretches_over_lines_has_its_style_in_each() -> None:
    lines = await coloured("a.py", PYTHON)
    assert lines is not None
    assert styled(lines[0]) == [('"""Two', "string")]
    assert styled(lines[1])[0] == ('lines."""', "string")
    assert styled(lines[2]) == []


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("entrypoint", "#!/bin/sh"),
        ("entrypoint", "#!/usr/bin/env python3"),
        ("os-release", 'NAME="Debian"'),
        ("nginx.conf", "user nginx;"),
        ("Dockerfile", "FROM scratch"),
        (".bashrc", "export A=1"),
        ("a.yaml", "a: 1"),
    ],
)
def test_the_language_is_known_by_the_name_or_the_first_line(name: str, first: str) -> None:
    assert any(word for _, word in tokens(name, f"{first}\n# a comment\n"))


@pytest.mark.parametrize(
    ("name", "text"), [("README", "some words"), ("x", "#!/opt/unheard-of\n"), ("x", "#!"), ("", "")]
)
def test_a_language_that_is_not_known_has_no_parts(name: str, text: str) -> None:
    assert list(tokens(name, text)) == []


async def test_unknown_and_endless_text_stays_as_it_is() -> None:
    assert await coloured("README", ["words"]) is None
    assert await coloured("a.py", ["x" * LONGEST_TEXT, ""]) is None


async def test_text_may_hold_anything() -> None:
    text = ["'\udcff\x1b[31m", "\u202e日本語 = 1", "\r\x00"]
    lines = await coloured("a.py", text)
    assert lines is not None
    assert [line.plain for line in lines] == text


def test_a_process_of_its_own_is_asked() -> None:
    assert highlighting.COMMAND[-1] == "tui.lexing"


async def test_a_process_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlighting, "COMMAND", ("-c", "import time; time.sleep(600)"))
    monkeypatch.setattr(highlighting, "PATIENCE_SECONDS", 0.5)
    assert await coloured("a.py", PYTHON) is None


async def test_a_process_that_nobody_waits_for_any_more_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    os.mkfifo(started)
    program = (
        f"import os, pathlib, time; pathlib.Path({str(started)!r}).write_text(str(os.getpid()));"
        "time.sleep(600)"
    )
    monkeypatch.setattr(highlighting, "COMMAND", ("-c", program))
    task = asyncio.create_task(coloured("a.py", PYTHON))
    process = int(await asyncio.to_thread(started.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_a_process_that_fails_leaves_the_text_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlighting, "COMMAND", ("-c", "import sys; print('[[1, \"key\"]]'); sys.exit(1)"))
    assert await coloured("a.py", PYTHON) is None
    monkeypatch.setattr(sys, "executable", "")
    assert await coloured("a.py", PYTHON) is None
