"""Referrers, by the API or by the tag that stands in for it, over every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.contract import content
from tests.real.contract.content import SBOM, SIGNATURE
from tests.real.hand import OCI_EMPTY, encoded
from tui.client import Client, Digest, Manifest, Registry, Repository

if TYPE_CHECKING:
    from tests.real.contract.conftest import Server
    from tests.real.contract.traits import Traits
    from tui.client import LoggedRequest

SIGNED = Repository(content.SIGNED)
SUBJECT = Digest.of(encoded(content.SUBJECT))


@pytest.mark.parametrize("artifact_type", [None, SIGNATURE, SBOM, "application/vnd.example.other"])
async def test_referrers_are_found_with_their_types(
    registry: Registry, traits: Traits, artifact_type: str | None
) -> None:
    found = await registry.get_referrers(SIGNED, SUBJECT, artifact_type)
    listed = {
        Digest.of(encoded(document)): document["artifactType"] if traits.referrer_types else OCI_EMPTY
        for document in content.REFERRERS
    }
    assert {entry.digest: entry.artifact_type for entry in found} == {
        digest: kind for digest, kind in listed.items() if artifact_type in {None, kind}
    }


async def test_the_tag_is_looked_at_only_where_the_api_is_missing(server: Server, traits: Traits) -> None:
    asked: list[LoggedRequest] = []
    async with Client(log=asked.append) as client:
        registry = server.opened_by(client)
        await registry.get_referrers(SIGNED, SUBJECT)
    by_tag = any(f"/manifests/{SUBJECT.algorithm}-{SUBJECT.hex}" in one.request.url for one in asked)
    assert by_tag != traits.referrers


async def test_a_referrer_leads_back_to_its_subject(registry: Registry) -> None:
    for entry in await registry.get_referrers(SIGNED, SUBJECT):
        manifest = await registry.get_child(SIGNED, entry)
        assert isinstance(manifest, Manifest)
        assert manifest.subject is not None
        assert manifest.subject.digest == SUBJECT


@pytest.mark.parametrize(
    ("repository", "digest"),
    [
        (content.APP, Digest.of(encoded(content.AMD64))),
        (content.APP, Digest.of(b"never put")),
        (content.APP, Digest.of(b"never put", "sha512")),
    ],
    ids=["of a manifest", "of nothing", "of nothing by another algorithm"],
)
async def test_what_nobody_refers_to_has_no_referrers(
    registry: Registry, repository: str, digest: Digest
) -> None:
    assert await registry.get_referrers(Repository(repository), digest) == ()
