"""A client for the OCI Distribution Specification: standard library and httpx, no user interface.

    async with Client() as client:
        registry = client.registry("ghcr.io")
        manifest = await registry.get_manifest(Image(Repository("org/app"), Tag("latest")))

Public names are loaded when they are first used: errors, names and models do not import httpx.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tui.client.answers import RawResponse
    from tui.client.auth import (
        Authenticator,
        AuthProvider,
        BasicAuth,
        IdentityKeeper,
        IdentityToken,
        TokenAuth,
    )
    from tui.client.blob_stream import BlobStream
    from tui.client.challenge import Challenge, parse_challenges
    from tui.client.errors import (
        BlobNotExistError,
        BodyTooLargeError,
        CatalogUnsupportedError,
        CertificateError,
        ConnectionFailedError,
        ConnectionLostError,
        DeniedError,
        DigestMismatchError,
        ErrorInfo,
        ErrorResponse,
        InvalidIndexError,
        InvalidManifestError,
        InvalidNameError,
        ManifestNotExistError,
        NetworkError,
        NotFoundError,
        NotOCIError,
        ParseBodyError,
        ParseJSONError,
        RateLimitedError,
        RefusedRealmError,
        RefusedRedirectError,
        RegistryError,
        RepositoryNotExistError,
        RequestLine,
        SchemaValidationError,
        SizeMismatchError,
        TimeoutExceededError,
        TokenError,
        UnauthorizedError,
        UnknownMediaTypeError,
        UnsupportedAlgorithmError,
        UnsupportedError,
        ValidationError,
        Violation,
    )
    from tui.client.limits import Limits, Timeouts
    from tui.client.models import (
        Descriptor,
        HistoryStep,
        ImageConfig,
        Index,
        Manifest,
        Platform,
        attested_digest,
        is_attestation,
        layer_history,
        parse_config,
        parse_manifest,
    )
    from tui.client.names import Digest, Image, Reference, RegistryHost, Repository, Tag, parse_reference
    from tui.client.notices import RateLimit
    from tui.client.pages import Page
    from tui.client.registry import Client, Registry
    from tui.client.schema import validate
    from tui.client.sender import LoggedRequest
    from tui.client.source import Source

__all__ = [
    "AuthProvider",
    "Authenticator",
    "BasicAuth",
    "BlobNotExistError",
    "BlobStream",
    "BodyTooLargeError",
    "CatalogUnsupportedError",
    "CertificateError",
    "Challenge",
    "Client",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeniedError",
    "Descriptor",
    "Digest",
    "DigestMismatchError",
    "ErrorInfo",
    "ErrorResponse",
    "HistoryStep",
    "IdentityKeeper",
    "IdentityToken",
    "Image",
    "ImageConfig",
    "Index",
    "InvalidIndexError",
    "InvalidManifestError",
    "InvalidNameError",
    "Limits",
    "LoggedRequest",
    "Manifest",
    "ManifestNotExistError",
    "NetworkError",
    "NotFoundError",
    "NotOCIError",
    "Page",
    "ParseBodyError",
    "ParseJSONError",
    "Platform",
    "RateLimit",
    "RateLimitedError",
    "RawResponse",
    "Reference",
    "RefusedRealmError",
    "RefusedRedirectError",
    "Registry",
    "RegistryError",
    "RegistryHost",
    "Repository",
    "RepositoryNotExistError",
    "RequestLine",
    "SchemaValidationError",
    "SizeMismatchError",
    "Source",
    "Tag",
    "TimeoutExceededError",
    "Timeouts",
    "TokenAuth",
    "TokenError",
    "UnauthorizedError",
    "UnknownMediaTypeError",
    "UnsupportedAlgorithmError",
    "UnsupportedError",
    "ValidationError",
    "Violation",
    "attested_digest",
    "is_attestation",
    "layer_history",
    "parse_challenges",
    "parse_config",
    "parse_manifest",
    "parse_reference",
    "validate",
]

_ELSEWHERE: Final = {
    "AuthProvider": "auth",
    "Authenticator": "auth",
    "BasicAuth": "auth",
    "BlobStream": "blob_stream",
    "Challenge": "challenge",
    "Client": "registry",
    "Descriptor": "models",
    "Digest": "names",
    "HistoryStep": "models",
    "IdentityKeeper": "auth",
    "IdentityToken": "auth",
    "Image": "names",
    "ImageConfig": "models",
    "Index": "models",
    "Limits": "limits",
    "LoggedRequest": "sender",
    "Manifest": "models",
    "Page": "pages",
    "Platform": "models",
    "RateLimit": "notices",
    "RawResponse": "answers",
    "Reference": "names",
    "Registry": "registry",
    "RegistryHost": "names",
    "Repository": "names",
    "Source": "source",
    "Tag": "names",
    "Timeouts": "limits",
    "TokenAuth": "auth",
    "attested_digest": "models",
    "is_attestation": "models",
    "layer_history": "models",
    "parse_challenges": "challenge",
    "parse_config": "models",
    "parse_manifest": "models",
    "parse_reference": "names",
    "validate": "schema",
}
"""The module of each public name; names that are not here are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'errors')}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
