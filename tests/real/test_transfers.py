"""Downloads from real registries: killed, interrupted, redirected, and onto a disk that is full."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import random
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.real.conftest import PASSWORD, USER, RedirectingRegistry, SecuredRegistry
from tests.real.docker_registry import DockerRegistry
from tests.real.hand import Hand
from tests.real.programs import require
from tests.transfers import victim
from tui.client import BasicAuth, Client, Image, Manifest, Registry, Repository, Tag
from tui.client.models import Descriptor
from tui.client.names import Digest
from tui.transfers import DiskFullError, Downloads, Retries, State, Transfer
from tui.transfers.download import NO_RANGES
from tui.transfers.part import part_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = hashlib.shake_256(b"large").digest(64 * 1024 * 1024)
LARGE_BLOB = Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", Digest.of(LARGE), len(LARGE))
REPOSITORY = Repository("library/large")
SAMPLE = Repository("library/sample")
KEPT = 1_000_000
"""Bytes of a layer of 1.5 MB that an earlier download has left."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """A registry with one large blob."""
    require("docker-registry")
    folder = tmp_path_factory.mktemp("large")
    with DockerRegistry(folder / "server", folder / "storage") as server:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            Hand(client).blob(str(REPOSITORY), LARGE)
        yield server


async def data_layer(registry: Registry) -> Descriptor:
    """The layer that is some 1.5 MB long."""
    manifest = await registry.get_manifest(Image(SAMPLE, Tag("amd64")))
    assert isinstance(manifest, Manifest)
    return manifest.layers[-1]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def leave_a_part(registry: Registry, layer: Descriptor, folder: Path) -> bytes:
    """Leave what an interrupted download would; returns the whole layer."""
    async with registry.get_blob(SAMPLE, layer) as stream:
        whole = b"".join([chunk async for chunk in stream])
    part_path(folder / "layer", layer.digest).write_bytes(whole[:KEPT])
    return whole


def test_a_download_that_is_killed_goes_on_until_it_is_whole(large: DockerRegistry, tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([victim.__name__])
    moments = random.Random(1)  # noqa: S311 - the same moments each time, as far as the machine allows
    target = tmp_path / "layer"
    part = part_path(target, LARGE_BLOB.digest)
    for _ in range(20):
        process = processes.Process(
            target=victim.run, args=(large.url, REPOSITORY, LARGE_BLOB.digest, len(LARGE), str(target))
        )
        process.start()
        before = part.stat().st_size if part.exists() else 0
        goal = moments.randint(before, before + len(LARGE) // 10)
        while process.exitcode is None and not (part.exists() and part.stat().st_size > goal):
            process.join(0.001)
        process.kill()
        process.join()
        process.close()
        if part.exists():
            assert LARGE.startswith(part.read_bytes())
    process = processes.Process(
        target=victim.run, args=(large.url, REPOSITORY, LARGE_BLOB.digest, len(LARGE), str(target))
    )
    process.start()
    process.join()
    # The last one may have been killed when all was done.
    assert process.exitcode in {0, victim.REFUSED}
    assert contents(tmp_path) == {"layer": LARGE}


async def test_a_registry_that_is_started_again_is_waited_for(
    client: Client, large: DockerRegistry, tmp_path: Path
) -> None:
    lost = asyncio.Event()

    def look(transfer: Transfer) -> None:
        if transfer.state is State.RUNNING and transfer.done > 0:
            first.stop()
        elif transfer.state is State.WAITING:
            lost.set()

    downloads = Downloads(retries=Retries(tries=20, first_wait=0.05, longest_wait=0.2), on_change=look)
    first = DockerRegistry(tmp_path / "server", large.storage)
    folder = tmp_path / "folder"
    folder.mkdir()
    with first:
        host = first.host
        transfer = downloads.start(client.registry(first.url), REPOSITORY, LARGE_BLOB, folder)
        await lost.wait()
    again = {"http": {"addr": host, "secret": "any"}}
    with DockerRegistry(tmp_path / "again", large.storage, again):
        assert await transfer.wait() is State.DONE
    assert contents(folder) == {transfer.name: LARGE}
    assert transfer.notice == ""


async def test_a_pause_and_what_follows_over_tls_and_with_a_password(
    client: Client, secured: SecuredRegistry, tmp_path: Path
) -> None:
    registry = client.registry(
        secured.server.url, BasicAuth(USER, PASSWORD), ca_file=secured.certificate.authority
    )
    layer = await data_layer(registry)
    whole = await leave_a_part(registry, layer, tmp_path)
    downloads = Downloads()
    transfer = downloads.start(registry, SAMPLE, layer, tmp_path, name="layer")
    transfer.pause()
    assert await transfer.wait() is State.PAUSED
    transfer.resume()
    assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {"layer": whole}


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_storage_elsewhere_is_asked_for_the_rest_without_the_login(
    client: Client, redirecting: RedirectingRegistry, tmp_path: Path, *, ranges: bool
) -> None:
    redirecting.files.ranges = ranges
    registry = client.registry(redirecting.server.url, BasicAuth(USER, PASSWORD))
    layer = await data_layer(registry)
    whole = await leave_a_part(registry, layer, tmp_path)
    transfer = Downloads().start(registry, SAMPLE, layer, tmp_path, name="layer")
    assert await transfer.wait() is State.DONE
    assert contents(tmp_path) == {"layer": whole}
    asked = redirecting.serving.asked[-1]
    assert asked.headers["range"] == f"bytes={KEPT}-"
    assert "authorization" not in asked.headers
    assert transfer.notice == ("" if ranges else NO_RANGES)


FILL = """
    import asyncio, subprocess, sys
    from pathlib import Path
    from tests.transfers.victim import _download
    from tui.client.models import Descriptor
    from tui.client.names import Digest, Repository
    from tui.transfers import DiskFullError, kept_size
    url, repository, digest, folder = sys.argv[1:]
    target = Path(folder, "layer")
    # A size that nobody knows is not looked for on the disk beforehand.
    wanted = (url, Repository(repository), Descriptor("", Digest(digest), 0), target)
    try:
        asyncio.run(_download(*wanted))
    except DiskFullError as error:
        print(error.remedy)
    print(kept_size(target, Digest(digest)))
    subprocess.run(["mount", "-o", "remount,size=128m", folder], check=True)
    asyncio.run(_download(*wanted))
    print(Digest.of(target.read_bytes()), *(path.name for path in target.parent.iterdir()))
"""


def test_a_disk_that_is_full_keeps_what_fits_and_the_rest_comes_when_there_is_room(
    large: DockerRegistry, tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=8m none {folder}"
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-m", "sh", "-c", mount], capture_output=True, check=False).returncode
    ):
        pytest.skip("a file system of one's own takes rights that this account has not")
    command = [unshare, "-m", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c"]
    arguments = [textwrap.dedent(FILL), large.url, REPOSITORY, LARGE_BLOB.digest, str(folder)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    remedy, kept, last = done.stdout.splitlines()
    assert remedy == DiskFullError.default_remedy
    assert 7_000_000 < int(kept) <= 8 * 1024 * 1024
    assert last == f"{LARGE_BLOB.digest} layer"
