"""Content of known digests, and what the specification says about errors."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tui.demo import Storage

if TYPE_CHECKING:
    import httpx

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"

NAME = "team/app"
BLOB = bytes(range(256)) * 40
CONFIG = b"{}"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sha512(data: bytes) -> str:
    return f"sha512:{hashlib.sha512(data).hexdigest()}"


def manifest(**more: Any) -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": sha256(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": sha256(BLOB),
                "size": len(BLOB),
            }
        ],
    }
    return json.dumps(document | more).encode()


MANIFEST = manifest()


def small_storage() -> Storage:
    storage = Storage()
    storage.put_blob(NAME, BLOB)
    storage.put_blob(NAME, CONFIG)
    storage.put_manifest(NAME, MANIFEST, tags=["latest", "1.0"])
    storage.create_repository("team/empty")
    return storage


def error_codes(response: httpx.Response) -> list[str]:
    """Return the codes of an error's body, which must have the form of the specification."""
    body = response.json()
    assert set(body) == {"errors"}
    assert all(isinstance(error["message"], str) for error in body["errors"])
    return [error["code"] for error in body["errors"]]
