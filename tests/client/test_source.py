import inspect
from collections.abc import Callable

import pytest

from tests.client.helpers import client
from tui.client.local.docker_archive import DockerArchive
from tui.client.local.layout import Layout
from tui.client.registry import Registry
from tui.client.source import Source

SOURCES = (Registry, Layout, DockerArchive)
SHARED = {"get_child", "get_config", "get_manifests"}
MEMBERS = sorted(name for name in vars(Source) if not name.startswith("_"))


def parameters(method: Callable[..., object]) -> list[tuple[str, object, object]]:
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


async def test_a_registry_is_a_source_that_is_called_after_its_host() -> None:
    async with client() as own:
        registry = own.registry("https://Registry.example:5000")
        assert isinstance(registry, Source)
        assert registry.name == "registry.example:5000"
        assert type(registry.name) is str


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("name", MEMBERS)
def test_a_source_has_all_that_the_protocol_has_with_the_same_parameters(
    kind: type[Source], name: str
) -> None:
    declared = getattr(Source, name)
    if isinstance(declared, property):
        assert isinstance(getattr(kind, name), property)
    else:
        assert parameters(getattr(kind, name)) == parameters(declared)
    assert inspect.getdoc(getattr(kind, name))


@pytest.mark.parametrize("kind", SOURCES)
def test_what_all_sources_share_is_written_once(kind: type[Source]) -> None:
    for name in MEMBERS:
        assert (getattr(kind, name) is getattr(Source, name)) == (name in SHARED)
