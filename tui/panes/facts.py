"""What there is to say about a place, as labels and values in sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.client.local.local_path import LocalPath
from tui.client.models import Index, is_attestation
from tui.figures import age, counted, share, size
from tui.panes.layers import step_summary
from tui.places import noun
from tui.widgets.text_document import Field, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tui.client import Descriptor, ImageConfig, Manifest
    from tui.client.models import Violation
    from tui.library import Verdict
    from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace

NOT_VALID = "Not as the specification says"

CONFIG_NOT_VALID = "The config, not as the specification says"

PROBLEMS_SHOWN = 5
"""Violations that a summary tells; a tab of its own tells them all."""


def registry_facts(place: RegistryPlace, login: str) -> list[Section]:
    """Describe a registry, without asking it anything, or a layout or an archive, without reading it."""
    if isinstance(place.host, LocalPath):
        kind = {"oci": "OCI image layout", "docker-archive": "archive of docker save"}
        told = [("path", str(place.host.path)), ("kind", kind.get(place.host.kind, ""))]
        return _sections(("", [*told, ("in the list", place.origin)]))
    facts = [("registry", str(place.host)), ("in the list", place.origin), ("login", login or "none known")]
    return _sections(("", facts))


def repository_facts(place: RepositoryPlace) -> list[Section]:
    """Describe a repository."""
    return _sections(
        (
            "",
            [
                ("repository", str(place.repository)),
                (noun(place.host), str(place.host)),
                ("name", place.text),
            ],
        )
    )


def violation_facts(verdict: Verdict) -> list[Section]:
    """List everything that is wrong with a manifest or an index and its config, each with its place."""
    return _sections((NOT_VALID, _problems(verdict.document)), (CONFIG_NOT_VALID, _problems(verdict.config)))


def index_facts(place: ManifestPlace, index: Index, verdict: Verdict) -> list[Section]:
    """Describe an index."""
    platforms = [entry for entry in index.manifests if not is_attestation(entry)]
    attestations = len(index.manifests) - len(platforms)
    holds = counted(len(platforms), "entry", "entries")
    facts = [
        ("kind", "index"),
        ("holds", f"{holds}, {counted(attestations, 'attestation')}" if attestations else holds),
        ("artifact type", index.artifact_type),
        ("digest", index.descriptor.digest),
        ("subject", index.subject.digest if index.subject is not None else ""),
    ]
    return _sections(
        ("", facts),
        (NOT_VALID, _first_problems(verdict.document)),
        _entry(place.entry),
        _annotations(index.annotations),
        _document(place, index.descriptor),
    )


def manifest_facts(
    place: ManifestPlace, manifest: Manifest, config: ImageConfig | None, verdict: Verdict, now: datetime
) -> list[Section]:
    """Describe a manifest, and the image where it is one."""
    facts = [
        ("kind", _kind(manifest)),
        ("platform", _platform(config)),
        ("created", "" if config is None else moment(config.created, now)),
        ("size", _whole_size(manifest)),
        ("digest", manifest.descriptor.digest),
        ("config type", "" if manifest.config is None or manifest.is_image else manifest.config.media_type),
        ("subject", manifest.subject.digest if manifest.subject is not None else ""),
    ]
    return _sections(
        ("", facts),
        (NOT_VALID, _first_problems(verdict.document)),
        (CONFIG_NOT_VALID, _first_problems(verdict.config)),
        ("Container", container_facts(config.config, config.author) if config is not None else []),
        ("Labels", label_facts(config.config) if config is not None else []),
        _entry(place.entry),
        _annotations(manifest.annotations),
        _document(place, manifest.descriptor, manifest.config),
    )


def container_facts(config: Mapping[str, object], author: str) -> list[tuple[str, str]]:
    """Describe how a container of an image is started; what has another shape than it should is left out."""
    facts = [
        ("entrypoint", _words(config.get("Entrypoint"))),
        ("command", _words(config.get("Cmd"))),
        ("user", _text(config.get("User"))),
        ("directory", _text(config.get("WorkingDir"))),
        ("ports", _keys(config.get("ExposedPorts"))),
        ("volumes", _keys(config.get("Volumes"))),
        ("stop signal", _text(config.get("StopSignal"))),
        ("author", author),
    ]
    environment = config.get("Env")
    if isinstance(environment, list):
        facts.extend(("env" if not index else "", _text(line)) for index, line in enumerate(environment))
    return facts


def label_facts(config: Mapping[str, object]) -> list[tuple[str, str]]:
    """List the labels of an image."""
    labels = config.get("Labels")
    return [(key, _text(value)) for key, value in sorted(labels.items())] if isinstance(labels, dict) else []


def layer_facts(place: LayerPlace, now: datetime) -> list[Section]:
    """Describe a layer, a step of the history that made none, or a config."""
    facts: list[tuple[str, str]] = []
    descriptor = place.descriptor
    if place.number:
        facts.append(("layer", f"{place.number} of {place.count}"))
    elif descriptor is not None:
        facts.append(("kind", "config"))
    else:
        facts.append(("kind", "step without a layer"))
    if descriptor is not None:
        facts.extend(
            [
                ("size", _exact_size(descriptor.size)),
                ("share", f"{share(descriptor.size, place.whole)} of all layers" if place.whole else ""),
                ("media type", descriptor.media_type or "not said"),
                ("digest", descriptor.digest),
                ("diff id", place.diff_id),
                *(("also at", url) for url in descriptor.urls),
            ]
        )
    sections = [("", facts)]
    if place.step is not None:
        step = place.step
        sections.append(
            (
                "Made by",
                [
                    ("step", step_summary(step)),
                    ("created", moment(step.created, now)),
                    ("comment", step.comment),
                    ("author", step.author),
                ],
            )
        )
    if descriptor is not None:
        sections.append(_annotations(descriptor.annotations))
    return _sections(*sections)


def moment(value: datetime | None, now: datetime) -> str:
    """Tell a moment and how long ago it was; "-" where there is none, as in reproducible builds."""
    return f"{value:%Y-%m-%d %H:%M} UTC ({age(value, now)})" if value is not None else "-"


def _kind(manifest: Manifest) -> str:
    if manifest.is_schema1:
        return "image (Docker schema 1)"
    return "image" if manifest.is_image else manifest.kind or "artifact"


def _whole_size(manifest: Manifest) -> str:
    layers = counted(len(manifest.layers), "layer")
    return f"{size(manifest.size)} in {layers}" if manifest.size else layers


def _exact_size(octets: int) -> str:
    """Tell a size to the byte; Docker's first schema gives none."""
    return f"{size(octets)} ({octets:,} bytes)" if octets else "not said"


def _platform(config: ImageConfig | None) -> str:
    """Tell what an image runs on; nothing for an attestation, whose platform is called unknown."""
    platform = config.platform if config is not None else None
    return str(platform) if platform is not None and platform.os != "unknown" else ""


def _document(
    place: ManifestPlace, descriptor: Descriptor, config: Descriptor | None = None
) -> tuple[str, list[tuple[str, str]]]:
    """Describe a manifest or an index as the document that it is."""
    return "Document", [
        ("media type", descriptor.media_type or "not said"),
        ("size", size(descriptor.size)),
        ("config", config.digest if config is not None else ""),
        ("reference", place.text),
    ]


def _entry(entry: Descriptor | None) -> tuple[str, list[tuple[str, str]]]:
    """Describe what an index says of an entry."""
    facts: list[tuple[str, str]] = []
    if entry is not None:
        if entry.platform is not None:
            facts.append(("os version", entry.platform.os_version))
            facts.append(("os features", "  ".join(entry.platform.os_features)))
        facts.append(("artifact type", entry.artifact_type))
        facts.extend(sorted(entry.annotations.items()))
    return "In the index", facts


def _annotations(annotations: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    return "Annotations", sorted(annotations.items())


def _problems(problems: Sequence[Violation]) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in problems]


def _first_problems(problems: Sequence[Violation]) -> list[tuple[str, str]]:
    more = len(problems) - PROBLEMS_SHOWN
    facts = _problems(problems[:PROBLEMS_SHOWN])
    return [*facts, ("…", f"{more} more in the tab Violations")] if more > 0 else facts


def _sections(*sections: tuple[str, list[tuple[str, str]]]) -> list[Section]:
    """Leave out what has no value, and sections without facts."""
    kept = ((title, [Field(label, value) for label, value in facts if value]) for title, facts in sections)
    return [Section(title, fields) for title, fields in kept if fields]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> str:
    return " ".join(_text(word) for word in value) if isinstance(value, list) else _text(value)


def _keys(value: object) -> str:
    return "  ".join(sorted(map(str, value))) if isinstance(value, dict) else ""
