"""The content that the demo registry shows: realistic, and the same every time."""

from __future__ import annotations

from functools import cache

from tui.demo.samples_artifacts import add_chart, add_model, add_signed
from tui.demo.samples_library import add_debian, add_golang
from tui.demo.samples_platforms import add_busybox, add_fedora, add_hello_world
from tui.demo.samples_special import (
    add_annotated,
    add_empty,
    add_many_tags,
    add_missing_child,
    add_nested,
    add_unusual,
)
from tui.demo.samples_team import add_backend, add_long_names, add_storefront
from tui.demo.storage import Storage


def build_samples() -> Storage:
    """Return a storage with the sample repositories; every call gives one that changes on its own."""
    return _samples().copy()


@cache
def _samples() -> Storage:
    storage = Storage()
    for add in (
        add_debian,
        add_busybox,
        add_golang,
        add_fedora,
        add_hello_world,
        add_backend,
        add_storefront,
        add_long_names,
        add_chart,
        add_signed,
        add_model,
        add_nested,
        add_missing_child,
        add_many_tags,
        add_annotated,
        add_empty,
        add_unusual,
    ):
        add(storage)
    return storage
