"""Errors as the distribution specification has them: a status, a code, a message ("Error Codes")."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response


class ProblemError(Exception):
    """A request that the registry refuses.

    Args:
        status: Status of the answer.
        code: One of the specification's error codes.
        message: A sentence for people.
        detail: Any JSON value.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = headers

    def response(self) -> Response:
        """Return the answer that reports the problem."""
        return error_response(self.status, self.code, self.message, detail=self.detail, headers=self.headers)


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    detail: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer with one error in the form of the specification."""
    error: dict[str, Any] = {"code": code, "message": message}
    if detail is not None:
        error["detail"] = detail
    return JSONResponse({"errors": [error]}, status, headers)


async def answer_problem(_request: Request, problem: Exception) -> Response:
    """Turn a `ProblemError` into its answer; Starlette calls it."""
    if not isinstance(problem, ProblemError):
        raise problem
    return problem.response()


async def answer_unrouted(_request: Request, error: Exception) -> Response:
    """Turn Starlette's own 404 and 405 into answers of the specification's form; Starlette calls it."""
    if not isinstance(error, HTTPException):
        raise error
    code = "UNSUPPORTED" if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else "NOT_FOUND"
    return error_response(error.status_code, code, error.detail, headers=error.headers)


def name_invalid(name: str) -> ProblemError:
    """Return the refusal of a name that the grammar does not allow."""
    return ProblemError(400, "NAME_INVALID", "invalid repository name", detail={"name": name})


def name_unknown(name: str) -> ProblemError:
    """Return the refusal of a repository that does not exist."""
    return ProblemError(404, "NAME_UNKNOWN", "repository name not known to registry", detail={"name": name})


def digest_invalid(digest: str, message: str = "invalid or unsupported digest") -> ProblemError:
    """Return the refusal of a digest that is malformed, unsupported or wrong."""
    return ProblemError(400, "DIGEST_INVALID", message, detail={"digest": digest})


def manifest_unknown(name: str, reference: str) -> ProblemError:
    """Return the refusal of a manifest that does not exist."""
    detail = {"name": name, "reference": reference}
    return ProblemError(404, "MANIFEST_UNKNOWN", "manifest unknown to registry", detail=detail)


def blob_unknown(digest: str) -> ProblemError:
    """Return the refusal of a blob that does not exist."""
    return ProblemError(404, "BLOB_UNKNOWN", "blob unknown to registry", detail={"digest": digest})


def unsupported(message: str) -> ProblemError:
    """Return the refusal of an operation that is switched off."""
    return ProblemError(405, "UNSUPPORTED", message)
