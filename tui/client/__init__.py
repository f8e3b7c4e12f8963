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
    from tui.client.blob_stream import BlobStream
    from tui.client.documents.schema import validate
    from tui.client.errors import (
        BlobNotExistError,
        BodyTooLargeError,
        CatalogUnsupportedError,
        CertificateError,
        ConflictError,
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
        RangesUnsupportedError,
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
        UnreadableSourceError,
        UnsupportedAlgorithmError,
        UnsupportedError,
        ValidationError,
        Violation,
    )
    from tui.client.limits import Limits, Timeouts
    from tui.client.local.archive_writer import archive_pieces, archive_size, write_archive
    from tui.client.local.docker_archive import DockerArchive
    from tui.client.local.image_parts import ImageParts, gather_parts
    from tui.client.local.layout import Layout
    from tui.client.local.layout_writer import LayoutWriter
    from tui.client.local.loadable import is_loadable, loadable_image, machine_platform, nearest_platform
    from tui.client.local.local_path import LocalPath
    from tui.client.local.local_source import LocalSource
    from tui.client.local.opening import open_local
    from tui.client.local.saving_errors import (
        AbsentManifestsError,
        LayoutInvalidError,
        NameTakenError,
        NotLoadableError,
        SavingError,
        UnsavableError,
    )
    from tui.client.login.auth import (
        Authenticator,
        AuthProvider,
        BasicAuth,
        IdentityKeeper,
        IdentityToken,
        RepositoryAuthProvider,
        TokenAuth,
    )
    from tui.client.login.challenge import Challenge, parse_challenges
    from tui.client.mirrors import Mirror
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
    from tui.client.source import Source
    from tui.client.wire.certs import certs_folders
    from tui.client.wire.sender import LoggedRequest

__all__ = [
    "AbsentManifestsError",
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
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeniedError",
    "Descriptor",
    "Digest",
    "DigestMismatchError",
    "DockerArchive",
    "ErrorInfo",
    "ErrorResponse",
    "HistoryStep",
    "IdentityKeeper",
    "IdentityToken",
    "Image",
    "ImageConfig",
    "ImageParts",
    "Index",
    "InvalidIndexError",
    "InvalidManifestError",
    "InvalidNameError",
    "Layout",
    "LayoutInvalidError",
    "LayoutWriter",
    "Limits",
    "LocalPath",
    "LocalSource",
    "LoggedRequest",
    "Manifest",
    "ManifestNotExistError",
    "Mirror",
    "NameTakenError",
    "NetworkError",
    "NotFoundError",
    "NotLoadableError",
    "NotOCIError",
    "Page",
    "ParseBodyError",
    "ParseJSONError",
    "Platform",
    "RangesUnsupportedError",
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
    "RepositoryAuthProvider",
    "RepositoryNotExistError",
    "RequestLine",
    "SavingError",
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
    "UnreadableSourceError",
    "UnsavableError",
    "UnsupportedAlgorithmError",
    "UnsupportedError",
    "ValidationError",
    "Violation",
    "archive_pieces",
    "archive_size",
    "attested_digest",
    "certs_folders",
    "gather_parts",
    "is_attestation",
    "is_loadable",
    "layer_history",
    "loadable_image",
    "machine_platform",
    "nearest_platform",
    "open_local",
    "parse_challenges",
    "parse_config",
    "parse_manifest",
    "parse_reference",
    "validate",
    "write_archive",
]

_ELSEWHERE: Final = {
    "AbsentManifestsError": "local.saving_errors",
    "AuthProvider": "login.auth",
    "Authenticator": "login.auth",
    "BasicAuth": "login.auth",
    "BlobStream": "blob_stream",
    "Challenge": "login.challenge",
    "Client": "registry",
    "Descriptor": "models",
    "Digest": "names",
    "DockerArchive": "local.docker_archive",
    "HistoryStep": "models",
    "IdentityKeeper": "login.auth",
    "IdentityToken": "login.auth",
    "Image": "names",
    "ImageConfig": "models",
    "ImageParts": "local.image_parts",
    "Index": "models",
    "LayoutInvalidError": "local.saving_errors",
    "LayoutWriter": "local.layout_writer",
    "Layout": "local.layout",
    "Limits": "limits",
    "LocalPath": "local.local_path",
    "LocalSource": "local.local_source",
    "LoggedRequest": "wire.sender",
    "Manifest": "models",
    "Mirror": "mirrors",
    "NameTakenError": "local.saving_errors",
    "NotLoadableError": "local.saving_errors",
    "Page": "pages",
    "Platform": "models",
    "RateLimit": "notices",
    "RawResponse": "answers",
    "Reference": "names",
    "Registry": "registry",
    "RegistryHost": "names",
    "Repository": "names",
    "RepositoryAuthProvider": "login.auth",
    "SavingError": "local.saving_errors",
    "Source": "source",
    "Tag": "names",
    "Timeouts": "limits",
    "TokenAuth": "login.auth",
    "UnsavableError": "local.saving_errors",
    "archive_pieces": "local.archive_writer",
    "archive_size": "local.archive_writer",
    "attested_digest": "models",
    "certs_folders": "wire.certs",
    "gather_parts": "local.image_parts",
    "is_attestation": "models",
    "is_loadable": "local.loadable",
    "layer_history": "models",
    "loadable_image": "local.loadable",
    "machine_platform": "local.loadable",
    "nearest_platform": "local.loadable",
    "open_local": "local.opening",
    "parse_challenges": "login.challenge",
    "parse_config": "models",
    "parse_manifest": "models",
    "parse_reference": "names",
    "validate": "documents.schema",
    "write_archive": "local.archive_writer",
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
