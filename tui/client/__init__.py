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
    from tui.client.pages import Page

__all__ = [
    "BlobNotExistError",
    "BodyTooLargeError",
    "CatalogUnsupportedError",
    "CertificateError",
    "Challenge",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeniedError",
    "Descriptor",
    "Digest",
    "DigestMismatchError",
    "ErrorInfo",
    "ErrorResponse",
    "HistoryStep",
    "Image",
    "ImageConfig",
    "Index",
    "InvalidIndexError",
    "InvalidManifestError",
    "InvalidNameError",
    "Limits",
    "Manifest",
    "ManifestNotExistError",
    "NetworkError",
    "NotFoundError",
    "NotOCIError",
    "Page",
    "ParseBodyError",
    "ParseJSONError",
    "Platform",
    "RateLimitedError",
    "Reference",
    "RefusedRealmError",
    "RefusedRedirectError",
    "RegistryError",
    "RegistryHost",
    "Repository",
    "RepositoryNotExistError",
    "RequestLine",
    "SchemaValidationError",
    "SizeMismatchError",
    "Tag",
    "TimeoutExceededError",
    "Timeouts",
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
]

_ELSEWHERE: Final = {
    "Challenge": "challenge",
    "Descriptor": "models",
    "Digest": "names",
    "HistoryStep": "models",
    "Image": "names",
    "ImageConfig": "models",
    "Index": "models",
    "Limits": "limits",
    "Manifest": "models",
    "Page": "pages",
    "Platform": "models",
    "Reference": "names",
    "RegistryHost": "names",
    "Repository": "names",
    "Tag": "names",
    "Timeouts": "limits",
    "attested_digest": "models",
    "is_attestation": "models",
    "layer_history": "models",
    "parse_challenges": "challenge",
    "parse_config": "models",
    "parse_manifest": "models",
    "parse_reference": "names",
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
