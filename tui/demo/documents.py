"""Documents that come with images: SBOMs, provenance, signatures."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tui.demo.grammar import digest_of
from tui.demo.layers import noise
from tui.demo.recipes import Json, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

SLSA_PROVENANCE = "https://slsa.dev/provenance/v1"
SPDX_DOCUMENT = "https://spdx.dev/Document"


def spdx(name: str, packages: Mapping[str, str], machine: str = "amd64") -> Json:
    """Return an SBOM in SPDX 2.3.

    Args:
        name: What it describes.
        packages: Versions of Debian packages by name.
        machine: Architecture of the packages.
    """
    listed = [
        {
            "name": package,
            "SPDXID": f"SPDXRef-Package-deb-{package.replace('_', '-')}",
            "versionInfo": version,
            "supplier": "Organization: Debian",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "GPL-2.0-or-later",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:deb/debian/{package}@{version}?arch={machine}",
                }
            ],
        }
        for package, version in packages.items()
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://sbom.example.com/{name}",
        "creationInfo": {
            "created": stamp(),
            "creators": ["Organization: Example", "Tool: buildkit-scanner-1.9.0"],
            "licenseListVersion": "3.27",
        },
        "packages": listed,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": one["SPDXID"],
            }
            for one in listed
        ],
    }


def provenance(source: str, revision: str, platform: str = "linux/amd64") -> Json:
    """Return what BuildKit says about a build, as SLSA provenance 1.0.

    Args:
        source: Git repository that was built.
        revision: Its commit.
        platform: What was built for.
    """
    return {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"uri": f"{source}#refs/heads/main", "digest": {"sha1": revision}},
                "request": {
                    "frontend": "gateway.v0",
                    "args": {"build-arg:VERSION": revision[:7], "source": "docker/dockerfile:1"},
                },
            },
            "internalParameters": {"builderPlatform": platform},
            "resolvedDependencies": [
                {
                    "uri": f"pkg:docker/debian@bookworm-slim?platform={platform.replace('/', '%2F')}",
                    "digest": {"sha256": digest_of(platform.encode()).removeprefix("sha256:")},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://ci.example.com/runners/17"},
            "metadata": {
                "invocationId": f"build-{revision[:12]}",
                "startedOn": stamp(0.01),
                "finishedOn": stamp(),
                "buildkit_completeness": {"request": True, "resolvedDependencies": True},
                "buildkit_reproducible": False,
            },
        },
    }


def signature_payload(repository: str, digest: str) -> bytes:
    """Return what a simple signature signs: that an image has a name."""
    payload = {
        "critical": {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": {"creator": "release@example.com", "timestamp": 1_795_252_320},
    }
    return json.dumps(payload, separators=(",", ":")).encode()


def signature(payload: bytes) -> str:
    """Return text that looks like a signature of a payload, and is none."""
    return base64.b64encode(noise(digest_of(payload), 71)).decode()


def sarif(name: str) -> Json:
    """Return a scanner's report in SARIF 2.1 with two findings."""
    findings = {
        "CVE-2023-45853": ("zlib1g", "integer overflow in minizip's zipOpenNewFileInZip4_64", "error"),
        "CVE-2024-22365": ("libpam-modules", "local denial of service through a FIFO", "warning"),
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "example-scanner", "version": "4.2.0"}},
                "artifacts": [{"location": {"uri": name}}],
                "results": [
                    {
                        "ruleId": rule,
                        "level": level,
                        "message": {"text": f"{package}: {text}"},
                        "locations": [{"logicalLocations": [{"name": package}]}],
                    }
                    for rule, (package, text, level) in findings.items()
                ],
            }
        ],
    }
