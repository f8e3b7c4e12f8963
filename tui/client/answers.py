"""What a server answered: bodies read raw and bounded, refusals turned into errors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.decoding import DoubtfulJSONError, decode_json
from tui.client.errors import (
    BodyTooLargeError,
    ErrorInfo,
    ErrorResponse,
    NetworkError,
    ParseBodyError,
    ParseJSONError,
    RequestLine,
    error_response,
)
from tui.client.limits import MAX_ERROR_BODY
from tui.client.reading import read_from
from tui.client.redaction import quoted
from tui.client.wire.bulk import BulkBody, Piece
from tui.client.wire.retry import retry_after
from tui.client.wire.translation import translated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable

    import httpx

__all__ = [
    "Answer",
    "RawResponse",
    "content_length",
    "error_infos",
    "parse_json",
    "read_from",
    "refusal",
    "told_length",
]

MAX_DIGITS: Final = 19
"""Digits of a length: those of the largest size that the specifications know (int64)."""

MAX_ERRORS: Final = 16
"""Errors of one body that are kept: more than that nobody reads."""


_STORAGE_CODE: Final = re.compile(rb"<Error>[^<]{0,20}<Code>([^<]{1,100})</Code>")
_STORAGE_MESSAGE: Final = re.compile(rb"<Message>([^<]{1,500})</Message>")


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer whose body has been read."""

    status: int
    """The HTTP status."""
    headers: httpx.Headers = field(repr=False)
    """The headers; names are compared without regard to case."""
    body: bytes = field(repr=False)
    """The body as it came over the line."""
    request: RequestLine
    """What was asked, of the server that answered in the end."""
    url: str = field(repr=False)
    """The URL that answered in the end, secrets included: not to be shown."""

    def raise_for_status(self) -> RawResponse:
        """Return the answer if its status is 200 to 299.

        Raises:
            ErrorResponse: The status is another one; the subclass that fits.
        """
        if not 200 <= self.status < 300:  # noqa: PLR2004 - the bounds of success are the protocol's
            raise refusal(self)
        return self


class Answer:
    """An answer whose headers have arrived; its body is read once, and closing it ends the request.

    Args:
        response: What the transport gave.
        url: The URL that was asked.
        line: The request, for errors.
        release: Called once, when the answer is read or closed.
    """

    def __init__(
        self, response: httpx.Response, url: httpx.URL, line: RequestLine, release: Callable[[], None]
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.url = url
        self.line = line
        self._response = response
        self._release: Callable[[], None] | None = release
        self._kept: bytes | None = None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Read the body as it comes over the line, without decoding it.

        Raises:
            NetworkError: The body broke off, or the server went silent.
        """
        if self._kept is not None:
            yield self._kept
            return
        stream: AsyncIterable[bytes] = self._response.stream  # type: ignore[assignment] # of an async transport
        with translated(self.line):
            async for chunk in stream:
                if chunk:
                    yield chunk

    @property
    def is_bulk(self) -> bool:
        """Whether the body can be pumped."""
        return isinstance(self._response.stream, BulkBody)

    async def pump(
        self,
        write: Callable[[Piece], object],
        then: Callable[[Piece], object],
        told: Callable[[int], object] | None,
    ) -> None:
        """Hand the body over on threads, as it comes over the line, without decoding it.

        Args:
            write: Takes each piece first, on a thread; what it raises ends the request.
            then: Takes each piece that `write` has taken, on another thread, whatever ends the request.
            told: Called on the event loop, now and then, with the number of bytes handed over since.

        Raises:
            NetworkError: The body broke off, or the server went silent.
            TypeError: The answer came over a connection of another kind.
        """
        if not isinstance(self._response.stream, BulkBody):
            raise TypeError("the answer is not read on threads")
        await self._response.stream.pump(write, then, told, lambda: translated(self.line))

    async def read(self, limit: int, what: str) -> RawResponse:
        """Read the whole body and close the answer.

        Args:
            limit: The most bytes that are read.
            what: What the body is, for errors.

        Raises:
            BodyTooLargeError: The body is longer.
            NetworkError: The body broke off, or the server went silent.
            ParseBodyError: The body is compressed, which was not asked for.
        """
        if self.line.method != "HEAD":
            if self._encoding is not None:
                raise ParseBodyError(
                    f"the {what} came compressed ({quoted(self._encoding)}), which was not asked for",
                    request=self.line,
                )
            if (length := content_length(self.headers)) is not None and length > limit:
                raise BodyTooLargeError(limit, what=what, request=self.line)
        body = bytearray()
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > limit:
                    raise BodyTooLargeError(limit, what=what, request=self.line)
        await self.aclose()
        return self._raw(bytes(body))

    async def read_refusal(self, seconds: float) -> RawResponse:
        """Read what explains a refusal, as far as it goes, and close the answer: the status is what counts.

        Args:
            seconds: How long to read.
        """
        if self._kept is None:
            body = bytearray()
            # Half an explanation is still one.
            with contextlib.suppress(NetworkError, TimeoutError):
                async with asyncio.timeout(seconds), aclosing(self.chunks()) as chunks:
                    async for chunk in chunks:
                        body += chunk[: MAX_ERROR_BODY - len(body)]
                        if len(body) >= MAX_ERROR_BODY:
                            break
            self._kept = b"" if self._encoding is not None else bytes(body)
            await self.aclose()
        return self._raw(self._kept)

    def release(self) -> None:
        """Give back the place among the requests under way, while the body is still to be read."""
        release, self._release = self._release, None
        if release is not None:
            release()

    async def aclose(self) -> None:
        """End the request, down to the connection where the body has not been read to its end."""
        try:
            with translated(self.line):
                await self._response.aclose()
        finally:
            self.release()

    @property
    def _encoding(self) -> str | None:
        """The body's compression; None where there is none, as was asked for."""
        encoding: str = self.headers.get("Content-Encoding", "").strip().lower()
        return None if encoding in {"", "identity"} else encoding

    def _raw(self, body: bytes) -> RawResponse:
        return RawResponse(self.status, self.headers, body, self.line, str(self.url))


def parse_json(response: RawResponse, what: str) -> Any:
    """Decode a body as JSON, whatever its content type says.

    Args:
        response: The answer.
        what: What the body is, for errors.

    Raises:
        ParseJSONError: It is no JSON, is nested too deeply, has too many values, or one name twice.
    """
    try:
        return decode_json(response.body)
    except DoubtfulJSONError as error:
        raise ParseJSONError(f"the {what} {error}", request=response.request) from error
    except (ValueError, RecursionError) as error:
        content_type = response.headers.get("Content-Type", "")
        kind = f"a page of the type {quoted(content_type)}" if "html" in content_type.lower() else "no JSON"
        raise ParseJSONError(f"instead of the {what} came {kind}", request=response.request) from error


def content_length(headers: httpx.Headers) -> int | None:
    """Read how long a body says that it is; None where it says nothing that is a number.

    Python counts more signs among the digits than HTTP does, and cannot read all of them as numbers.
    """
    length = headers.get("Content-Length", "")
    return int(length[:MAX_DIGITS]) if length.isascii() and length.isdigit() else None


def told_length(headers: httpx.Headers) -> int | None:
    """Read how long a body is that was not sent (HEAD); None where that is not told.

    The length of a compressed body, which some proxies tell, is not that of the content.
    """
    encoding = headers.get("Content-Encoding", "").strip().lower()
    return content_length(headers) if encoding in {"", "identity"} else None


def error_infos(body: bytes) -> tuple[ErrorInfo, ...]:
    """Read the errors of a refusal's body.

    It is the specification's JSON, one error as an object of its own, or the XML of storage services.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _storage_error(body)
    if not isinstance(document, dict):
        return ()
    errors = document.get("errors")
    entries = errors if isinstance(errors, list) else [document]
    found = [_error_info(entry) for entry in entries[:MAX_ERRORS] if isinstance(entry, dict)]
    return tuple(info for info in found if info.code or info.message)


def refusal(
    response: RawResponse,
    as_type: type[ErrorResponse] | None = None,
    message: str = "",
    *,
    remedy: str | None = None,
) -> ErrorResponse:
    """Make the error for a status that is no success.

    Args:
        response: The answer.
        as_type: A class that fits better than the one of the status.
        message: For such a class: what the status means for this request, as a phrase.
        remedy: For such a class: what a person can try.
    """
    errors = error_infos(response.body)
    if as_type is not None:
        return as_type(errors, response.status, response.request, message=message, remedy=remedy)
    seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return error_response(errors, response.status, response.request, retry_after=seconds)


def _error_info(entry: dict[str, Any]) -> ErrorInfo:
    code = entry.get("code") or entry.get("error") or ""
    message = entry.get("message") or entry.get("error_description") or ""
    return ErrorInfo(_as_text(code), _as_text(message), entry.get("detail"))


def _as_text(value: Any) -> str:
    try:
        return value if isinstance(value, str) else json.dumps(value)
    except RecursionError:
        return ""


def _storage_error(body: bytes) -> tuple[ErrorInfo, ...]:
    """Read the error of S3 and those like it, to which blobs are redirected."""
    code, message = _STORAGE_CODE.search(body), _STORAGE_MESSAGE.search(body)
    if code is None:
        return ()
    texts = [match[1].decode("utf-8", "replace") if match else "" for match in (code, message)]
    return (ErrorInfo(texts[0], texts[1]),)
