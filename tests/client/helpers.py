"""What the tests of the client share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

import httpx

from tui.client.errors import InvalidNameError
from tui.client.limits import Limits, Timeouts
from tui.client.names import Digest, Reference, RegistryHost, Repository, Tag, parse_reference
from tui.client.registry import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.faults import Asked
    from tui.client.pages import Page

EAGER = Limits(backoff=0.0)
"""No waiting between attempts."""

SHORT = Timeouts(connect=5.0, pause=0.2, small=0.6, listing=0.6, refusal=0.2)
"""Time limits for servers that never answer: what runs into them has an event to wait for, or nothing."""

CURT = Timeouts(refusal=0.1)
"""Little time for bodies that explain a refusal, and enough for everything else."""

ItemT = TypeVar("ItemT")


def client(*, limits: Limits = EAGER, timeout: Timeouts | None = None) -> Client:
    """Make a client that repeats at once."""
    return Client(limits=limits, timeout=timeout or Timeouts())


def mocked(answer: Callable[[httpx.Request], httpx.Response], *, limits: Limits = EAGER) -> Client:
    """Make a client of an internet that is one function: hosts of any name, and no sockets."""
    return Client(httpx.MockTransport(answer), limits=limits)


def parameters(asked: Asked) -> list[tuple[str, str]]:
    """Give the query of a request, decoded."""
    return parse_qsl(asked.query, keep_blank_values=True)


async def items(pages: AsyncIterator[Page[ItemT]]) -> list[ItemT]:
    """Read all pages of a listing."""
    return [item async for page in pages for item in page.items]


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """Give content as a stream that can be read once."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def read_as_names(text: str) -> None:
    """Read a text as a name of each kind: it is one, and stays as it is, or an error that can be shown."""
    for parse in (
        parse_reference,
        Reference.familiar,
        RegistryHost,
        RegistryHost.parse,
        Repository,
        Tag,
        Digest,
    ):
        try:
            said = str(parse(text))
        except InvalidNameError as error:
            said = str(error)
        else:
            assert parse is not parse_reference or said == text
        assert said.isprintable(), ascii(said)
