"""Frozen values for the documents of a registry, read leniently: the public place of them all.

Parsing collects in `problems` what is wrong with a document instead of raising, keeps the raw bytes, and
fails only where a document is nothing of the kind.
"""

from __future__ import annotations

from tui.client.documents.descriptors import Descriptor, Platform, attested_digest, is_attestation
from tui.client.documents.history import layer_history
from tui.client.documents.image_config import HistoryStep, ImageConfig, parse_config
from tui.client.documents.image_manifest import Index, Manifest, manifest_digest, parse_manifest
from tui.client.errors import Violation

__all__ = [
    "Descriptor",
    "HistoryStep",
    "ImageConfig",
    "Index",
    "Manifest",
    "Platform",
    "Violation",
    "attested_digest",
    "is_attestation",
    "layer_history",
    "manifest_digest",
    "parse_config",
    "parse_manifest",
]
