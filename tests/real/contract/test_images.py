"""An image that buildah built and skopeo pushed, over every server that takes one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.real.contract.traits import TRAITS
from tests.real.images import ARCHITECTURES, LAYERS_PER_IMAGE
from tests.real.programs import clean_environment, run
from tui.client import Digest, Image, Registry, Repository, Tag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.contract.conftest import Server
    from tests.real.docker_registry import DockerRegistry

IMAGE = Image(Repository("library/sample"), Tag("1.0"))

pytestmark = pytest.mark.parametrize(
    "named_server", [name for name, traits in TRAITS.items() if traits.writes], indirect=True
)


@pytest.fixture
def pushed(plain: DockerRegistry, server: Server, tmp_path: Path) -> None:
    """An index of three platforms, copied from the registry that it was built for."""
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--all"]
    command += ["--src-tls-verify=false", "--dest-tls-verify=false"]
    if server.auth is not None:
        command += ["--dest-creds", f"{server.auth.username}:{server.auth.password}"]
    target = f"docker://{urlsplit(server.url).netloc}/written/{IMAGE.repository}:{IMAGE.reference}"
    run(
        [*command, f"docker://{plain.host}/{IMAGE.repository}:{IMAGE.reference}", target],
        clean_environment(tmp_path / "skopeo"),
    )


@pytest.mark.usefixtures("pushed")
async def test_an_image_that_skopeo_pushed_is_read_to_its_last_byte(
    registry: Registry,
) -> None:
    repository = Repository(f"written/{IMAGE.repository}")
    index, manifests = await registry.get_manifests(Image(repository, IMAGE.reference))
    assert index is not None
    assert [str(entry.platform) for entry in index.manifests] == list(ARCHITECTURES.values())
    assert [manifest.descriptor.digest for manifest in manifests] == [
        entry.digest for entry in index.manifests
    ]
    for manifest in manifests:
        config = await registry.get_config(repository, manifest)
        assert len(config.diff_ids) == len(manifest.layers) == LAYERS_PER_IMAGE
        for layer in manifest.layers:
            async with registry.get_blob(repository, layer) as stream:
                assert Digest.of(b"".join([chunk async for chunk in stream])) == layer.digest
