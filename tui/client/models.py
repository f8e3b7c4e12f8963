"""Frozen values for the documents of a registry, read leniently: the public place of them all.

Parsing collects in `problems` what is wrong with a document instead of raising, keeps the raw bytes, and
fails only where a document is nothing of the kind.
"""

from __future__ import annotations

from tui.client.descriptors import Descriptor, Platform, attested_digest, is_attestation
from tui.client.errors import Violation
from tui.client.history import layer_history
from tui.client.image_config import HistoryStep, ImageConfig, parse_config
from tui.client.image_manifest import Index, Manifest, manifest_digest, parse_manifest

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
