"""Whether a server is a registry, and whether it accepts a login."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import error_infos, refusal
from tui.client.errors import NotOCIError, RegistryError
from tui.client.limits import MAX_LISTING
from tui.client.media_types import essence
from tui.client.session import Call

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.errors import NotFoundError
    from tui.client.session import Session

__all__ = ["not_found", "verify", "verify_login"]

_REFUSALS: Final = frozenset({401, 403, 408, 429})
"""What only says that a registry does not let one in now."""


async def verify(session: Session) -> None:
    """Check that the host speaks the distribution API (distribution specification, "Determining Support").

    Raises:
        NotOCIError: It answers something else.
        UnauthorizedError: It wants a login, or another one.
        RegistryError: It is out of reach, or refuses for another reason.
    """
    response = await session.fetch(Call("GET", "/v2/"), limit=MAX_LISTING, what="answer")
    if response.status == HTTPStatus.OK and not _is_page(response):
        return
    if response.status in _REFUSALS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise refusal(response)
    remedy = None
    if response.request.url.startswith("http:") and response.status == HTTPStatus.BAD_REQUEST:
        remedy = "The port may want HTTPS, and was asked over plain HTTP."
    raise NotOCIError(
        f"the answer ({response.status}) is not that of a registry", request=response.request, remedy=remedy
    )


async def verify_login(session: Session) -> bool:
    """Check that the registry accepts the login, and tell whether it wanted one at all.

    Raises:
        NotOCIError: It is no registry.
        UnauthorizedError: It, or its token service, refuses the login.
        RegistryError: It is out of reach, or refuses for another reason.
    """
    await verify(session)
    without = await session.fetch(Call("GET", "/v2/", anonymous=True), limit=MAX_LISTING, what="answer")
    return without.status == HTTPStatus.UNAUTHORIZED


async def not_found(session: Session, response: RawResponse, as_type: type[NotFoundError]) -> RegistryError:
    """Make the error for a 404: the thing is absent, or the server, which sent a page, is no registry.

    Args:
        session: The registry.
        response: The answer.
        as_type: The error for a thing that is absent.
    """
    absent = refusal(response, as_type)
    if not _is_page(response) or error_infos(response.body):
        return absent
    try:
        await verify(session)
    except NotOCIError as error:
        return error
    except RegistryError:
        # What else is wrong with its root says nothing about the thing.
        return absent
    return absent


def _is_page(response: RawResponse) -> bool:
    return essence(response.headers.get("Content-Type")) == "text/html"
