"""Manifests: read, pushed, deleted, by tag and by digest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from tui.demo.bodies import read_body
from tui.demo.grammar import ALGORITHMS, digest_of, is_digest, is_tag
from tui.demo.problems import (
    ProblemError,
    digest_invalid,
    manifest_unknown,
    name_unknown,
    unsupported,
)
from tui.demo.storage import OCI_MANIFEST

if TYPE_CHECKING:
    from starlette.requests import Request

    from tui.demo.options import Options
    from tui.demo.storage import Storage


class Manifests:
    """Endpoints under `/v2/<name>/manifests/`.

    Args:
        storage: Where manifests are kept.
        options: What is allowed.
    """

    def __init__(self, storage: Storage, options: Options) -> None:
        self._storage = storage
        self._options = options

    async def read(self, request: Request, name: str) -> Response:
        """Answer GET and HEAD (end-3), with 304 when `If-None-Match` names the manifest."""
        reference = _reference(request)
        if not self._storage.has_repository(name):
            raise name_unknown(name)
        manifest = self._storage.get_manifest(name, reference)
        if manifest is None:
            raise manifest_unknown(name, reference)
        headers = {"Docker-Content-Digest": manifest.digest, "ETag": f'"{manifest.digest}"'}
        known = {one.strip().removeprefix("W/").strip('"') for one in _if_none_match(request)}
        if manifest.digest in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(manifest.data, headers=headers | {"Content-Type": manifest.media_type})

    async def push(self, request: Request, name: str) -> Response:
        """Answer PUT (end-7): verified against the digest, if one is given, and stored byte for byte."""
        if not self._options.push:
            raise unsupported("this registry is read-only")
        reference = _reference(request)
        data = await read_body(request, self._options.max_manifest)
        media_type = _check_document(data, request.headers.get("content-type", ""))
        tags = [] if is_digest(reference) else [reference]
        if is_digest(reference):
            digest = digest_of(data, reference.partition(":")[0])
            if digest != reference:
                raise digest_invalid(reference, "provided digest did not match uploaded content")
            tags = request.query_params.getlist("tag")
            if not all(is_tag(tag) for tag in tags):
                raise ProblemError(400, "MANIFEST_INVALID", "invalid tag", detail={"tags": tags})
        else:
            algorithm = request.query_params.get("digest-algorithm", ALGORITHMS[0])
            if algorithm not in ALGORITHMS:
                raise digest_invalid(algorithm)
            digest = digest_of(data, algorithm)
        if not self._options.sparse:
            self._check_references(name, data)
        self._storage.put_manifest(name, data, media_type, tags=tags, digest=digest)
        headers = {
            "Location": f"/v2/{name}/manifests/{digest}",
            "Docker-Content-Digest": digest,
        }
        stored = self._storage.get_manifest(name, digest)
        if stored is not None and stored.subject and self._options.referrers:
            headers["OCI-Subject"] = stored.subject
        if is_digest(reference) and tags:
            headers["OCI-Tag"] = ", ".join(tags)
        return Response(status_code=201, headers=headers)

    def _check_references(self, name: str, data: bytes) -> None:
        """Check that a repository has all that a manifest names.

        Raises:
            ProblemError: Something is absent.
        """
        document = json.loads(data)
        blobs = [*_named([document.get("config")]), *_named(document.get("layers"))]
        children = _named(document.get("manifests"))
        absent = [one for one in blobs if self._storage.get_blob(name, one) is None]
        absent += [one for one in children if self._storage.get_manifest(name, one) is None]
        if absent:
            message = "manifest references a manifest or blob unknown to registry"
            raise ProblemError(400, "MANIFEST_BLOB_UNKNOWN", message, detail={"digests": absent})

    async def delete(self, request: Request, name: str) -> Response:
        """Answer DELETE (end-9): a tag alone, or a manifest with all tags that point to it."""
        if not self._options.delete:
            raise unsupported("this registry deletes nothing")
        reference = _reference(request)
        if not self._storage.has_repository(name):
            raise name_unknown(name)
        remove = self._storage.delete_manifest if is_digest(reference) else self._storage.delete_tag
        if not remove(name, reference):
            raise manifest_unknown(name, reference)
        return Response(status_code=202)


def _reference(request: Request) -> str:
    """Return the tag or digest that a path ends with.

    Raises:
        ProblemError: It is neither.
    """
    reference: str = request.path_params["reference"]
    if is_digest(reference) or is_tag(reference):
        return reference
    if ":" in reference:
        raise digest_invalid(reference)
    raise ProblemError(400, "MANIFEST_INVALID", "invalid tag", detail={"tag": reference})


def _named(descriptors: Any) -> list[str]:
    """Return the digests of descriptors, without those that are to be fetched elsewhere (`urls`)."""
    if not isinstance(descriptors, list):
        return []
    named = (one for one in descriptors if isinstance(one, dict) and not one.get("urls"))
    return [one["digest"] for one in named if isinstance(one.get("digest"), str)]


def _if_none_match(request: Request) -> list[str]:
    return ",".join(request.headers.getlist("if-none-match")).split(",")


def _check_document(data: bytes, content_type: str) -> str:
    """Check that bytes are a manifest of the type that is claimed, and return the type.

    Raises:
        ProblemError: They are no JSON object, or say that they are of another type.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "MANIFEST_INVALID", f"manifest is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise ProblemError(400, "MANIFEST_INVALID", "manifest is no JSON object")
    claimed = content_type.partition(";")[0].strip()
    declared = document.get("mediaType")
    if claimed and declared and claimed != declared:
        detail = {"Content-Type": claimed, "mediaType": declared}
        message = "media type of the manifest differs from its Content-Type"
        raise ProblemError(400, "MANIFEST_INVALID", message, detail=detail)
    return claimed or (declared if isinstance(declared, str) else "") or OCI_MANIFEST
