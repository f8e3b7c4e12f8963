"""Everything that the client raises on purpose, as one tree.

* RegistryError
  * InvalidNameError                (also a ValueError)
  * UnsupportedAlgorithmError
  * NetworkError                    no answer, or not a whole one
    * ConnectionFailedError
    * TimeoutExceededError
    * ConnectionLostError
    * CertificateError
  * ErrorResponse                   the registry said no
    * UnauthorizedError             401
    * DeniedError                   403
    * NotFoundError                 404
      * ManifestNotExistError
      * BlobNotExistError
      * RepositoryNotExistError
    * UnsupportedError              405
    * RateLimitedError              429
  * NotOCIError                     the server speaks something else
  * ParseBodyError                  an answer that cannot be read
    * ParseJSONError
  * BodyTooLargeError
  * UnknownMediaTypeError
  * SchemaValidationError           a document that is not what its specification says
    * InvalidIndexError
    * InvalidManifestError
    * ValidationError
  * DigestMismatchError
  * SizeMismatchError
  * RangesUnsupportedError          other bytes than those that were asked for
  * RefusedRedirectError
  * RefusedRealmError
  * TokenError
  * CatalogUnsupportedError
  * ConflictError
  * UnreadableSourceError           a layout or an archive on disk that is absent or damaged

`str()` of each is one sentence without a full stop: what was asked, then what came back. Foreign text in it
is printable and short, and URLs carry neither users nor secrets. `remedy` is one more sentence: what a person
can try.
"""

from __future__ import annotations

import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tui.client.details import MAX_DETAIL, ErrorInfo, RequestLine, Violation, short_repr
from tui.client.redaction import printable, quoted, redacted_url

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BlobNotExistError",
    "BodyTooLargeError",
    "CatalogUnsupportedError",
    "CertificateError",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeniedError",
    "DigestMismatchError",
    "ErrorInfo",
    "ErrorResponse",
    "InvalidIndexError",
    "InvalidManifestError",
    "InvalidNameError",
    "ManifestNotExistError",
    "NetworkError",
    "NotFoundError",
    "NotOCIError",
    "ParseBodyError",
    "ParseJSONError",
    "RangesUnsupportedError",
    "RateLimitedError",
    "RefusedRealmError",
    "RefusedRedirectError",
    "RegistryError",
    "RepositoryNotExistError",
    "RequestLine",
    "SchemaValidationError",
    "SizeMismatchError",
    "TimeoutExceededError",
    "TokenError",
    "UnauthorizedError",
    "UnknownMediaTypeError",
    "UnreadableSourceError",
    "UnsupportedAlgorithmError",
    "UnsupportedError",
    "ValidationError",
    "Violation",
    "error_response",
]


class RegistryError(Exception):
    """The root of the tree: anything that went wrong between this client and a registry.

    Args:
        message: What came back, as a phrase; made printable and cut to a bounded length.
        request: What was asked; stands before the message in `str()`.
        remedy: What a person can try, as a sentence; the class's own where it is left out.
    """

    default_remedy: ClassVar[str] = ""
    """What a person can try when the one who raised the error knew nothing better."""

    message: str
    """What came back, without the request."""
    request: RequestLine | None
    """What was asked, if the error belongs to a request."""
    remedy: str
    """One short sentence about what a person can try, or nothing."""
    document: bytes | None = None
    """The document that the error is about, as it came, where it was read as a manifest or a config."""

    def __init__(
        self, message: str, *, request: RequestLine | None = None, remedy: str | None = None
    ) -> None:
        self.message = printable(message)
        self.request = request
        self.remedy = self.default_remedy if remedy is None else printable(remedy)
        super().__init__(str(self))

    def __str__(self) -> str:
        return self.message if self.request is None else f"{self.request}: {self.message}"

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={short_repr(value)}"
            for name, value in vars(self).items()
            if name not in {"message", "request", "remedy", "document"} and not name.startswith("_")
        )
        return f"{type(self).__name__}({str(self)!r}{', ' if shown else ''}{shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Signatures differ from class to class: a copy gets the attributes back without a second __init__.
        return _restored, (type(self), self.args), vars(self).copy()


class InvalidNameError(RegistryError, ValueError):
    """A host, repository, tag, digest or reference that its grammar does not allow.

    Args:
        kind: What the text should have been, such as ``tag``.
        text: The text as it was given; a URL is kept without its secrets.
        reason: What is wrong with it, as a phrase.
    """

    def __init__(self, kind: str, text: str, reason: str, *, remedy: str | None = None) -> None:
        self.kind = kind
        self.text = redacted_url(text) if "://" in text else text
        self.reason = printable(reason)
        super().__init__(f"{quoted(self.text)} is not a valid {kind}: {self.reason}", remedy=remedy)


class UnsupportedAlgorithmError(RegistryError):
    """A digest whose algorithm this client cannot compute, so that nothing can be verified against it."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        super().__init__(f"digests of the algorithm {quoted(algorithm)} cannot be verified")


class NetworkError(RegistryError):
    """No answer came, or it broke off."""

    request: RequestLine
    default_remedy = "Check the network and try again."

    def __init__(self, message: str, *, request: RequestLine, remedy: str | None = None) -> None:
        super().__init__(message, request=request, remedy=remedy)


class ConnectionFailedError(NetworkError):
    """No connection could be made: unknown name, closed port, no route, refused by a proxy."""

    default_remedy = "Check the name of the host, its port, and the network."


class TimeoutExceededError(NetworkError):
    """The server said nothing for longer than the time limit allows."""

    default_remedy = "Try again, or allow more time."


class ConnectionLostError(NetworkError):
    """The connection broke, or what came over it was not HTTP, before the answer was complete."""

    default_remedy = "Try again."


class CertificateError(NetworkError):
    """The server's certificate is not trusted, or TLS failed for another reason."""

    default_remedy = (
        "Check the name of the host, or give the file of the authority that signed its certificate."
    )


class ErrorResponse(RegistryError):  # noqa: N818 - the name is that of the specification's document
    """The registry answered, and said no (distribution specification, "Error Codes").

    Args:
        errors: What the body said; empty where it said nothing or was not the specification's JSON.
        status: The HTTP status; 0 where nothing was asked over HTTP, as of a layout on disk.
        request: What was asked.
        message: What the status means for this request, as a phrase; its reason phrase where it is left out.
        remedy: What a person can try.
    """

    request: RequestLine

    def __init__(
        self,
        errors: Iterable[ErrorInfo],
        status: int,
        request: RequestLine,
        *,
        message: str = "",
        remedy: str | None = None,
    ) -> None:
        self.errors = tuple(errors)
        self.status = status
        says = "; ".join(shown for info in self.errors[:3] if (shown := str(info)))
        if message and not status:
            answer = message
        elif message:
            answer = f"{message} ({status}{', ' if says else ''}{says})"
        else:
            answer = f"the registry answered {_status_line(status)}{': ' if says else ''}{says}"
        if remedy is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            remedy = "The registry has a problem of its own: try again later."
        super().__init__(answer, request=request, remedy=remedy)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the errors, in the order of the body."""
        return tuple(info.code for info in self.errors)


class UnauthorizedError(ErrorResponse):
    """401: the registry wants a login, or did not accept the one that it got."""

    default_remedy = "Log in, or check the user name and the password."


class DeniedError(ErrorResponse):
    """403: the registry knows who asks and refuses."""

    default_remedy = "Log in as somebody who may do this."


class NotFoundError(ErrorResponse):
    """404: there is no such thing, or the registry hides it from who asks."""

    default_remedy = "Check the name; what is private can look absent to those who are not logged in."


class ManifestNotExistError(NotFoundError):
    """There is no manifest of this tag or digest."""


class BlobNotExistError(NotFoundError):
    """There is no blob of this digest in the repository."""


class RepositoryNotExistError(NotFoundError):
    """There is no repository of this name."""


class UnsupportedError(ErrorResponse):
    """The registry does not offer this operation, or has it switched off: 405 mostly."""

    default_remedy = "The registry does not offer this."


class RateLimitedError(ErrorResponse):
    """429: too many requests.

    Args:
        retry_after: Seconds after which the registry wants to be asked again, where it said so.
    """

    default_remedy = "Wait a while; those who are logged in may often ask more."

    def __init__(
        self,
        errors: Iterable[ErrorInfo],
        status: int,
        request: RequestLine,
        *,
        message: str = "",
        remedy: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        if remedy is None and retry_after is not None and math.isfinite(retry_after):
            seconds = max(math.ceil(retry_after), 1)
            remedy = f"Try again in {seconds} s; those who are logged in may often ask more."
        super().__init__(errors, status, request, message=message, remedy=remedy)


class NotOCIError(RegistryError):
    """The server does not speak the distribution API under ``/v2/``."""

    default_remedy = "Check the name of the host and its port."


class ParseBodyError(RegistryError):
    """The body of an answer cannot be read: an unexpected encoding, cut off, or not what was asked for."""


class ParseJSONError(ParseBodyError):
    """A body or document that is not JSON, or not a JSON that can be read."""


class BodyTooLargeError(RegistryError):
    """A body that is longer than anything of its kind should be.

    Args:
        limit: The limit that it passed, in bytes.
        what: What the body is, such as ``manifest``.
    """

    def __init__(
        self,
        limit: int,
        *,
        what: str = "answer",
        request: RequestLine | None = None,
        remedy: str | None = None,
    ) -> None:
        self.limit = limit
        super().__init__(f"the {what} is longer than {limit:,} bytes", request=request, remedy=remedy)


class UnknownMediaTypeError(RegistryError):
    """A document of a type that is not known here, or not the one that is needed.

    Args:
        media_type: The type as it was given; empty where there was none.
        message: What does not fit, as a phrase; a general one where it is left out.
    """

    def __init__(
        self,
        media_type: str,
        message: str = "",
        *,
        request: RequestLine | None = None,
        remedy: str | None = None,
    ) -> None:
        self.media_type = media_type
        general = (
            f"the document has the unknown media type {quoted(media_type)}"
            if media_type
            else "the document has no media type"
        )
        super().__init__(message or general, request=request, remedy=remedy)


class SchemaValidationError(RegistryError):
    """A document that is not what its specification says."""


class InvalidIndexError(SchemaValidationError):
    """A document that should be an index and is none."""


class InvalidManifestError(SchemaValidationError):
    """A document that should be a manifest and is none."""


class ValidationError(SchemaValidationError):
    """A document with violations.

    Args:
        violations: Each violation, with its place; the message tells the first and how many there are.
    """

    def __init__(
        self,
        violations: Iterable[Violation],
        *,
        request: RequestLine | None = None,
        remedy: str | None = None,
    ) -> None:
        self.violations = tuple(violations)
        more = len(self.violations) - 1
        first = str(self.violations[0]) if self.violations else "the document is not valid"
        super().__init__(
            first + (f" (and {more:,} more)" if more > 0 else ""), request=request, remedy=remedy
        )


class DigestMismatchError(RegistryError):
    """Content whose digest is not the one that it was asked for by: damaged, or exchanged.

    Args:
        expected: The digest that was asked for.
        actual: The digest of what came.
    """

    default_remedy = "Do not use the content; try again, and tell those who run the registry."

    def __init__(
        self, expected: str, actual: str, *, request: RequestLine | None = None, remedy: str | None = None
    ) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the content should have the digest {printable(expected, MAX_DETAIL)} "
            f"but has {printable(actual, MAX_DETAIL)}",
            request=request,
            remedy=remedy,
        )


class SizeMismatchError(RegistryError):
    """Content that is shorter or longer than it should be.

    Args:
        expected: The size that was announced, in bytes.
        actual: The size of what came, in bytes; at least this many where reading stopped early.
    """

    default_remedy = "Try again."

    def __init__(
        self, expected: int, actual: int, *, request: RequestLine | None = None, remedy: str | None = None
    ) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the content should have {expected:,} bytes but has {actual:,}", request=request, remedy=remedy
        )


class RangesUnsupportedError(RegistryError):
    """The server does not give some bytes of a blob alone.

    Args:
        status: What it answered: 200 for the whole blob, 206 for another part of it.
    """

    default_remedy = "The blob has to be read from its beginning."

    def __init__(self, status: int, *, request: RequestLine | None = None, remedy: str | None = None) -> None:
        self.status = status
        super().__init__(
            f"some bytes alone are not to be had (the answer was {_status_line(status)})",
            request=request,
            remedy=remedy,
        )


class RefusedRedirectError(RegistryError):
    """The server redirects to a place that is not safe to go to, or in a circle."""

    default_remedy = "Tell those who run the registry."


class RefusedRealmError(RegistryError):
    """The registry sends logins to a place that must not get them."""

    default_remedy = "Tell those who run the registry."


class TokenError(RegistryError):
    """The token service did not give a token that can be used."""

    default_remedy = "Check the user name and the password, and try again."


class CatalogUnsupportedError(RegistryError):
    """The registry does not list its repositories, or not to who asks."""

    default_remedy = "Open a repository by its name."


class UnreadableSourceError(RegistryError):
    """A layout or an archive on disk that is absent, damaged, something else, or closed to who reads it."""

    default_remedy = "Check the path; what is damaged has to be written anew."


class ConflictError(RegistryError):
    """Others change what is to be changed, again and again."""

    default_remedy = "Try again when nobody else changes it."


_IN_REPOSITORY: Final = re.compile(r"/v2/.+/(?:manifests|blobs|tags|referrers)/")

_BY_STATUS: Final[dict[int, type[ErrorResponse]]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: DeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.METHOD_NOT_ALLOWED: UnsupportedError,
}


def error_response(
    errors: Iterable[ErrorInfo], status: int, request: RequestLine, *, retry_after: float | None = None
) -> ErrorResponse:
    """Make the error that fits a status: the status decides, since codes differ between registries.

    Args:
        errors: What the body said.
        status: The HTTP status.
        request: What was asked.
        retry_after: Seconds that the registry wants to be left alone, for 429.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitedError(errors, status, request, retry_after=retry_after)
    kind = _BY_STATUS.get(status, ErrorResponse)
    remedy = None
    if kind in {UnauthorizedError, DeniedError} and _IN_REPOSITORY.search(request.url):
        remedy = f"{kind.default_remedy} Some registries say the same of what does not exist."
    return kind(errors, status, request, remedy=remedy)


def _restored(cls: type[RegistryError], args: tuple[Any, ...]) -> RegistryError:
    return cls.__new__(cls, *args)


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
