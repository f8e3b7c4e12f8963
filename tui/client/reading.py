"""What was asked, added to errors that know only what came."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tui.client.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.client.details import RequestLine

__all__ = ["read_from"]


@contextmanager
def read_from(line: RequestLine) -> Iterator[None]:
    """Add the request to errors that are raised inside by what reads its answer.

    Args:
        line: The request.
    """
    try:
        yield
    except RegistryError as error:
        if error.request is None:
            error.request = line
        raise
