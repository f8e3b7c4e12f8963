"""Single changes: one PUT of a manifest, one DELETE of a manifest, a tag or a blob."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tui.client.answers import error_infos, refusal
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    DeniedError,
    ErrorResponse,
    ManifestNotExistError,
    NotFoundError,
    UnauthorizedError,
    UnsupportedError,
)
from tui.client.limits import MAX_ERROR_BODY, MAX_MANIFEST
from tui.client.login.tokens import delete_scopes, push_scope
from tui.client.pushing.upload_session import is_success
from tui.client.session import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.client.answers import RawResponse
    from tui.client.names import Digest, Repository, Tag
    from tui.client.session import Session

__all__ = ["delete_blob", "delete_by_digest", "delete_tag", "put_document", "put_refusal"]

_PARTS_FIRST: Final = "Push the blobs and manifests that it names first."
_SWITCHED_OFF: Final = "Ask those who run the registry whether deleting can be switched on."
_BY_DIGEST: Final = (
    "Delete the manifest by its digest, which takes all its tags away, or push something else there."
)


async def put_document(
    session: Session,
    repository: Repository,
    reference: Tag | Digest,
    raw: bytes,
    media_type: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> RawResponse:
    """Push a manifest as it is (end-7); returns the answer, whatever its status.

    Args:
        session: The registry.
        repository: The repository.
        reference: The tag or the digest.
        raw: The document.
        media_type: Its type.
        query: Further parameters, encoded.
        headers: Further headers.

    Raises:
        BodyTooLargeError: The document is longer than 4 MiB.
        RegistryError: The registry is out of reach.
    """
    target = f"/v2/{repository}/manifests/{reference}{'?' if query else ''}{query}"
    content_type = {"Content-Type": media_type}
    call = Call(
        "PUT", target, {**content_type, **(headers or {})}, (push_scope(repository),), raw, again=True
    )
    if len(raw) > MAX_MANIFEST:
        raise BodyTooLargeError(
            MAX_MANIFEST,
            what="manifest",
            request=session.line(call),
            remedy="Registries take no manifest that is longer: name less in it.",
        )
    return await session.fetch(call, limit=MAX_ERROR_BODY, what="answer")


def put_refusal(response: RawResponse) -> ErrorResponse:
    """Make the error for a manifest that was not taken."""
    if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        message = "the manifest is longer than the registry takes"
        return refusal(response, ErrorResponse, message, remedy="Name less in it.")
    if any(info.code == "MANIFEST_BLOB_UNKNOWN" for info in error_infos(response.body)):
        message = "the manifest names what the registry does not have"
        return refusal(response, ErrorResponse, message, remedy=_PARTS_FIRST)
    return refusal(response)


async def delete_by_digest(session: Session, repository: Repository, digest: Digest) -> None:
    """Delete a manifest, and with it all tags that point at it (end-9, "Deleting Manifests").

    Raises:
        ManifestNotExistError: There is none.
        UnsupportedError: The registry deletes no manifests.
        RegistryError: The registry is out of reach, or says no.
    """
    response = await _delete(session, repository, f"manifests/{digest}")
    _check_deleted(response, ManifestNotExistError, "the registry deletes no manifests")


async def delete_tag(session: Session, repository: Repository, tag: Tag) -> None:
    """Delete a tag and nothing else (end-9, "Deleting tags").

    Raises:
        ManifestNotExistError: There is no such tag.
        UnsupportedError: The registry deletes no tags alone, as docker-registry before version 3.
        RegistryError: The registry is out of reach, or says no.
    """
    response = await _delete(session, repository, f"manifests/{tag}")
    if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED}:
        raise refusal(response, UnsupportedError, "the registry deletes no tags alone", remedy=_BY_DIGEST)
    _check_deleted(response, ManifestNotExistError, "")


async def delete_blob(session: Session, repository: Repository, digest: Digest) -> None:
    """Delete a blob from a repository (end-10).

    Raises:
        BlobNotExistError: There is none.
        UnsupportedError: The registry deletes no blobs.
        RegistryError: The registry is out of reach, or says no.
    """
    response = await _delete(session, repository, f"blobs/{digest}")
    _check_deleted(response, BlobNotExistError, "the registry deletes no blobs")


async def _delete(session: Session, repository: Repository, what: str) -> RawResponse:
    """Send the request, with the right to it by one name after the other until one does."""
    *names, last = (
        Call("DELETE", f"/v2/{repository}/{what}", scopes=(scope,)) for scope in delete_scopes(repository)
    )
    for call in names:
        try:
            response = await session.fetch(call, limit=MAX_ERROR_BODY, what="answer")
        except (UnauthorizedError, DeniedError):
            # The token service does not know the right by this name, or not the one who asks.
            continue
        if not _wants_another_token(response):
            return response
    return await session.fetch(last, limit=MAX_ERROR_BODY, what="answer")


def _wants_another_token(response: RawResponse) -> bool:
    refused = response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return refused and "bearer" in response.headers.get("WWW-Authenticate", "").lower()


def _check_deleted(response: RawResponse, missing: type[NotFoundError], switched_off: str) -> None:
    if is_success(response):
        return
    if response.status == HTTPStatus.NOT_FOUND:
        raise refusal(response, missing)
    says_so = any(info.code == "UNSUPPORTED" for info in error_infos(response.body))
    if response.status == HTTPStatus.METHOD_NOT_ALLOWED or says_so:
        raise refusal(response, UnsupportedError, switched_off, remedy=_SWITCHED_OFF)
    raise refusal(response)
