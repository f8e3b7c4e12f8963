"""Configs of images and their history (image specification, "OCI Image Configuration")."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tui.client.documents.descriptors import Descriptor, Platform, read_platform
from tui.client.documents.parsing import Fields, Problems, kind_of, read_json
from tui.client.errors import RegistryError, SchemaValidationError, ValidationError, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.client.errors import RequestLine

_MEANINGFUL: Final = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=1)
"""Reproducible builds say the epoch, or a second later, and mean nothing; Go's zero time is of year 1."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One step of a build; texts are empty where nothing was said."""

    created: datetime | None
    """When, in UTC; None where it was not said or is the epoch of reproducible builds."""
    created_by: str
    """The command or instruction."""
    comment: str
    author: str
    empty_layer: bool
    """Whether the step changed settings only and made no layer."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The config of an image, read leniently."""

    descriptor: Descriptor
    raw: bytes = field(repr=False)
    """The document as it came."""
    created: datetime | None
    """When, in UTC; None where it was not said or is the epoch of reproducible builds."""
    platform: Platform | None
    """What the image runs on; None where neither system nor architecture were said."""
    author: str
    history: tuple[HistoryStep, ...]
    """Every step, the oldest first; a step that cannot be read is an empty one."""
    diff_ids: tuple[str, ...]
    """The digests of the uncompressed layers, the lowest first; empty for one that cannot be read."""
    config: Mapping[str, Any] = field(hash=False)
    """How a container is started: ``Env``, ``Cmd``, ``Labels`` and so on, any JSON, not checked."""
    problems: tuple[Violation, ...]


def parse_config(
    raw: bytes, descriptor: Descriptor, *, request: RequestLine | None = None, strict: bool = False
) -> ImageConfig:
    """Read the config of an image.

    Args:
        raw: The blob. Only one whose media type is that of an image's config may be read as one.
        descriptor: The manifest's descriptor of it.
        request: What was asked, for the message of an error.
        strict: Whether every violation of the specification is an error (see `validate`).

    Raises:
        ParseJSONError: The blob is not JSON.
        SchemaValidationError: It is not an object.
        ValidationError: It has violations, and `strict` was asked for.
    """
    try:
        config = _parse(raw, descriptor)
        if strict:
            _refuse_violations(config)
    except RegistryError as error:
        error.request = request
        error.document = raw
        raise
    return config


def _refuse_violations(config: ImageConfig) -> None:
    from tui.client.documents.schema import violations_of_config  # noqa: PLC0415 - few readers are strict

    if found := violations_of_config(config):
        raise ValidationError(found)


def _parse(raw: bytes, descriptor: Descriptor) -> ImageConfig:
    problems = Problems()
    document = read_json(raw, problems)
    if not isinstance(document, dict):
        raise SchemaValidationError(f"the config is {kind_of(document)}, not an object")
    fields = Fields(document, "$", problems)
    rootfs = fields.object("rootfs", required=True)
    config = fields.object("config") if fields.members.get("config") is not None else None
    return ImageConfig(
        descriptor=descriptor,
        raw=raw,
        created=read_time(fields, "created"),
        platform=read_platform(fields) if {"architecture", "os"} & fields.members.keys() else None,
        author=fields.text("author"),
        history=tuple(_read_step(value, path, problems) for path, value in fields.array("history")),
        diff_ids=tuple(_read_text(value, path, problems) for path, value in rootfs.array("diff_ids"))
        if rootfs
        else (),
        config=config.members if config else {},
        problems=problems.collected(),
    )


def read_time(fields: Fields, key: str) -> datetime | None:
    """Read a time (RFC 3339, section 5.6), in UTC; None where it is absent or means nothing."""
    if fields.members.get(key) is None:
        return None
    text = fields.text(key)
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        fields.note(key, "it is not a time")
        return None
    if time.tzinfo is None:
        fields.note(key, "it has no time zone")
        time = time.replace(tzinfo=UTC)
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        return None
    return time if time >= _MEANINGFUL else None


def _read_step(value: Any, path: str, problems: Problems) -> HistoryStep:
    fields = Fields.of(value, path, problems) or Fields({}, path, problems)
    return HistoryStep(
        created=read_time(fields, "created"),
        created_by=fields.text("created_by"),
        comment=fields.text("comment"),
        author=fields.text("author"),
        empty_layer=fields.flag("empty_layer"),
    )


def _read_text(value: Any, path: str, problems: Problems) -> str:
    if isinstance(value, str):
        return value
    problems.add(path, f"it is {kind_of(value)}, not a string")
    return ""
