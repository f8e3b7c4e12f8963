"""What must hold for any input."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tui.client.errors import RegistryError
from tui.credentials.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TOLD: Final = 4_000
"""Characters of what an error says, together with its request and its remedy."""

PASSWORD: Final = "open-sesame-4711"
"""What nothing may ever repeat."""


def check(run: Callable[[bytes], object], data: bytes) -> None:
    """Give an input to a target.

    Raises:
        AssertionError: An error says what it must not.
        Exception: Anything else that escaped from the target.
    """
    try:
        run(data)
    except (RegistryError, CredentialsError) as error:
        failed = error
    else:
        return
    told = f"{failed} {failed.remedy}"
    assert told.isprintable(), ascii(told)
    assert len(told) <= MAX_TOLD, told
    assert PASSWORD not in f"{told} {failed!r}"


_runners: list[asyncio.Runner] = []


def loop() -> asyncio.Runner:
    """Give the event loop of this process: making one for each input takes longer than most inputs."""
    if not _runners:
        _runners.append(asyncio.Runner())
    return _runners[0]


def close_loop() -> None:
    """Close the event loop of this process."""
    while _runners:
        _runners.pop().close()
