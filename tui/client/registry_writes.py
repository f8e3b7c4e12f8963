"""What a registry takes: blobs and manifests, and what is deleted again; the writing half of its face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.pushing import changes, uploads, writing
from tui.client.pushing.upload_session import OCTETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.documents.descriptors import Descriptor
    from tui.client.documents.image_manifest import Index, Manifest
    from tui.client.names import Digest, Image, Repository, Tag
    from tui.client.pushing.content import Content
    from tui.client.pushing.writing import References
    from tui.client.session import Session

__all__ = ["RegistryWrites"]


class RegistryWrites:
    """The part of `tui.client.Registry` that changes what the registry holds.

    Args:
        session: The requests to the registry.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put_blob(
        self,
        repository: Repository,
        content: Content,
        *,
        digest: Digest | None = None,
        size: int | None = None,
        algorithm: str = "sha256",
        media_type: str = OCTETS,
        mount_from: Repository | None = None,
        chunk_size: int | None = None,
        check_exists: bool = True,
        progress: Callable[[int], object] | None = None,
    ) -> Descriptor:
        """Push a blob, in one piece or in chunks (distribution specification, "Pushing blobs").

        Bytes and files are hashed first, and sent again, or from where the registry stands, where something
        goes wrong on the way. A stream is hashed on its way: up to 8 MiB of it are held, so that short ones
        are as good as bytes. A longer one goes in one piece if its size and its digest are known, which
        cannot be sent again, and else in chunks. An upload that fails is cancelled.

        Args:
            repository: The repository.
            content: Bytes, a path, a binary file from where it stands, or an asynchronous iterable of bytes.
            digest: Its digest, where it is known: it is verified before the upload is closed.
            size: Its bytes, where they are known: they are verified, too.
            algorithm: The algorithm of the digest where none is given: ``sha256`` or ``sha512``.
            media_type: The type that the descriptor is to have; registries know no types of blobs.
            mount_from: A repository of the same registry that may have the blob: it is taken from there if
                the registry can do that and lets who asks.
            chunk_size: Bytes of a chunk, or more where the registry wants more; where it is left out, content
                is sent in one piece if that can be.
            check_exists: Whether to ask first if the repository has the blob, and to send nothing then.
            progress: Called with the bytes that have been sent, also when they become fewer because
                something is sent again; at the end with all of them.

        Returns:
            The blob's descriptor.

        Raises:
            DigestMismatchError: The content has another digest, or the registry has stored something else.
            SizeMismatchError: The content has another size, or has become shorter while it was read.
            UnsupportedAlgorithmError: The algorithm of the digest cannot be computed.
            UnauthorizedError: The registry wants a login, or another one.
            DeniedError: Who asks may not push to the repository.
            RefusedRedirectError: The registry wants the content at a place that must not get it.
            RegistryError: The registry is out of reach, or says no for another reason.
            OSError: The file cannot be read. What an iterable raises is raised as it is.
        """
        return await uploads.put_blob(
            self._session,
            repository,
            content,
            digest=digest,
            size=size,
            algorithm=algorithm,
            media_type=media_type,
            mount_from=mount_from,
            chunk_size=chunk_size,
            check_exists=check_exists,
            progress=progress,
        )

    async def mount_blob(self, repository: Repository, digest: Digest, source: Repository) -> bool:
        """Take over a blob from another repository of the registry, if that can be.

        See the distribution specification, "Mounting a blob from another repository".

        Args:
            repository: Where the blob should be.
            digest: The blob.
            source: Where it is.

        Returns:
            Whether the repository has it now; if not, it is to be pushed.

        Raises:
            RegistryError: The registry is out of reach.
        """
        return await uploads.mount_blob(self._session, repository, digest, source)

    async def put_manifest(
        self,
        repository: Repository,
        document: bytes | Index | Manifest,
        references: References = None,
        *,
        media_type: str = "",
        algorithm: str = "sha256",
    ) -> Descriptor:
        """Push a manifest or an index, byte for byte (distribution specification, "Pushing Manifests").

        Where it has a subject and the registry has no referrers API, it is put on the list that stands in for
        that, under a tag ("Referrers Tag Schema").

        Args:
            repository: The repository.
            document: The document, or one that was fetched.
            references: The tag or the tags that it gets, or its digest, which is verified; where it is left
                out, it is pushed by its digest alone.
            media_type: Its type; what the document says itself where it is left out.
            algorithm: The algorithm of its digest where none is given: ``sha256`` or ``sha512``.

        Returns:
            The manifest's descriptor.

        Raises:
            BodyTooLargeError: The document is longer than 4 MiB.
            DigestMismatchError: The document has another digest, or the registry says that it has.
            UnknownMediaTypeError: The document does not say what it is, or says something else.
            SchemaValidationError: It is no manifest.
            ConflictError: The list of referrers could not be kept: others change it all the time.
            RegistryError: The registry is out of reach, or says no.
        """
        return await writing.put_manifest(
            self._session, repository, document, references, media_type=media_type, algorithm=algorithm
        )

    async def delete_manifest(self, image: Image, *, referrers: bool = True) -> None:
        """Delete a manifest, and with it all tags that point at it ("Deleting Manifests").

        Args:
            image: The manifest; of a tag, the one that it points at now.
            referrers: Whether to look first for the manifest's subject, so that it can be taken off the list
                of referrers that stands in for the API where the registry has none.

        Raises:
            ManifestNotExistError: There is none.
            UnsupportedError: The registry deletes no manifests.
            ConflictError: It is deleted, but still on a list of referrers that others change all the time.
            RegistryError: The registry is out of reach, or says no.
        """
        await writing.delete_manifest(self._session, image.repository, image.reference, referrers=referrers)

    async def delete_tag(self, repository: Repository, tag: Tag) -> None:
        """Delete a tag and nothing else (distribution specification, "Deleting tags").

        Raises:
            ManifestNotExistError: There is no such tag.
            UnsupportedError: The registry deletes no tags alone; `remedy` says what to do instead.
            RegistryError: The registry is out of reach, or says no.
        """
        await changes.delete_tag(self._session, repository, tag)

    async def delete_blob(self, repository: Repository, digest: Digest) -> None:
        """Delete a blob from a repository (distribution specification, "Deleting Blobs").

        Raises:
            BlobNotExistError: There is none.
            UnsupportedError: The registry deletes no blobs.
            RegistryError: The registry is out of reach, or says no.
        """
        await changes.delete_blob(self._session, repository, digest)
