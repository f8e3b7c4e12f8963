"""The tag that stands in for the referrers API, kept up to date by those who push and delete.

Two clients can change it at the same time. What was written is therefore read again, and written again where
somebody else has replaced it; where the registry names versions of it, only the one that was read goes.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tui.client.answers import read_from
from tui.client.documents.image_manifest import Index, Manifest, parse_manifest
from tui.client.errors import ConflictError, ErrorResponse, InvalidIndexError
from tui.client.limits import MAX_MANIFEST
from tui.client.login.tokens import push_scope
from tui.client.media_types import MANIFEST_ACCEPT, OCI_INDEX
from tui.client.pushing.changes import delete_tag, put_document, put_refusal
from tui.client.pushing.upload_session import is_success
from tui.client.referrers_tag import referrers_tag
from tui.client.session import Call
from tui.client.wire.retry import backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.client.names import Digest, Repository, Tag
    from tui.client.session import Session

__all__ = ["add_referrer", "remove_referrer"]

ROUNDS: Final = 8
"""How often the list is written before others are to blame: so many clients at once have their turn."""

Entries = list[Any]
"""The entries of a list as they stand in its document, those that are invalid, too."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A list as the registry has it."""

    document: dict[str, Any]
    version: str
    """What the registry calls this version of it; empty where it says nothing, or has no list."""

    @property
    def entries(self) -> Entries:
        found = self.document.get("manifests")
        return found if isinstance(found, list) else []


async def add_referrer(session: Session, repository: Repository, manifest: Index | Manifest) -> None:
    """List a manifest among the referrers of its subject ("Pushing Manifests with Subject").

    Args:
        session: The registry.
        repository: The repository.
        manifest: The manifest; nothing is done where it has no subject.

    Raises:
        InvalidIndexError: The tag holds something else than a list.
        ConflictError: Others change the list all the time.
        RegistryError: The registry is out of reach, or says no.
    """
    if manifest.subject is None:
        return
    entry = _entry(manifest)

    def added(entries: Entries) -> Entries | None:
        unique = _unique(entries)
        if any(_digest(one) == entry["digest"] for one in unique):
            return None
        return [*unique, entry]

    await _update(session, repository, manifest.subject.digest, added)


async def remove_referrer(session: Session, repository: Repository, subject: Digest, digest: Digest) -> None:
    """Take a manifest off the referrers of its subject ("Deleting Manifests").

    Args:
        session: The registry.
        repository: The repository.
        subject: What the manifest was about.
        digest: The manifest.

    Raises:
        InvalidIndexError: The tag holds something else than a list.
        ConflictError: Others change the list all the time.
        RegistryError: The registry is out of reach, or says no.
    """

    def removed(entries: Entries) -> Entries | None:
        left = [one for one in _unique(entries) if _digest(one) != digest]
        return None if all(_digest(one) != digest for one in entries) else left

    await _update(session, repository, subject, removed)


async def _update(
    session: Session,
    repository: Repository,
    subject: Digest,
    change: Callable[[Entries], Entries | None],
) -> None:
    """Read a list, write it with a change, and look whether it has stayed.

    Args:
        session: The registry.
        repository: The repository.
        subject: Whose referrers are listed.
        change: Gives the entries as they should be; None where they are.
    """
    tag = referrers_tag(subject)
    refused = ""
    async with session.lock(f"{repository}:{tag}"):
        for attempt in range(1, ROUNDS + 1):
            stored = await _read(session, repository, tag)
            wanted = change(stored.entries)
            if wanted is None:
                return
            if attempt > 1:
                await asyncio.sleep(backoff(attempt - 1, session.sender.limits))
            # A version that was refused and is still the current one says that the registry compares wrongly.
            version = "" if stored.version == refused else stored.version
            if not await _write(session, repository, tag, {**stored.document, "manifests": wanted}, version):
                refused = version
        if change((await _read(session, repository, tag)).entries) is None:
            return
    raise ConflictError(
        f"others changed the list of referrers {tag} each time that it was written",
        request=session.line(_call(repository, tag)),
    )


async def _read(session: Session, repository: Repository, tag: Tag) -> _Stored:
    response = await session.fetch(_call(repository, tag), limit=MAX_MANIFEST, what="list of referrers")
    if response.status == HTTPStatus.NOT_FOUND:
        return _Stored({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}, "")
    response.raise_for_status()
    with read_from(response.request):
        index = parse_manifest(response.body, content_type=response.headers.get("Content-Type"))
        if not isinstance(index, Index):
            raise InvalidIndexError(
                f"the tag {tag} should hold a list of referrers, and holds a manifest",
                remedy="Give the manifest another tag, and delete this one.",
            )
    return _Stored(json.loads(index.raw), _version(response.headers.get("ETag", "")))


def _version(etag: str) -> str:
    """Tell by what name a version can be replaced: a weak one, as compressing proxies give, is of no use."""
    return etag if etag.startswith('"') else ""


async def _write(
    session: Session, repository: Repository, tag: Tag, document: dict[str, Any], version: str
) -> bool:
    """Replace a list, or one version of it alone; false where there is another version by now."""
    if not document["manifests"]:
        try:
            await delete_tag(session, repository, tag)
        except ErrorResponse:
            # Many registries delete no tags: an empty list says the same.
            pass
        else:
            return True
    raw = json.dumps(document, separators=(",", ":")).encode()
    headers = {"If-Match": version} if version else {}
    response = await put_document(session, repository, tag, raw, OCI_INDEX, headers=headers)
    if version and response.status == HTTPStatus.PRECONDITION_FAILED:
        return False
    if not is_success(response):
        raise put_refusal(response)
    return True


def _call(repository: Repository, tag: Tag) -> Call:
    target = f"/v2/{repository}/manifests/{tag}"
    return Call("GET", target, {"Accept": MANIFEST_ACCEPT}, (push_scope(repository),))


def _entry(manifest: Index | Manifest) -> dict[str, Any]:
    """Describe a referrer: with its annotations, and the type of its config where it names none itself."""
    kind = manifest.kind if isinstance(manifest, Manifest) else manifest.artifact_type
    described = manifest.descriptor
    return {
        "mediaType": described.media_type,
        "digest": str(described.digest),
        "size": described.size,
        **({"artifactType": kind} if kind else {}),
        **({"annotations": dict(manifest.annotations)} if manifest.annotations else {}),
    }


def _unique(entries: Entries) -> Entries:
    """Leave out entries whose digest was there before."""
    seen: set[str] = set()
    kept: Entries = []
    for one in entries:
        digest = _digest(one)
        if digest is None or digest not in seen:
            kept.append(one)
        if digest is not None:
            seen.add(digest)
    return kept


def _digest(entry: Any) -> str | None:
    digest = entry.get("digest") if isinstance(entry, dict) else None
    return digest if isinstance(digest, str) else None
