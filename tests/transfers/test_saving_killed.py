"""Images whose saving is killed outright, at any moment, are gone on with from what is there."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.transfers import victim
from tests.transfers.sources import REPOSITORY
from tests.transfers.test_killed import wait_for
from tui.client.local.layout_writer import LayoutWriter
from tui.demo import DemoServer, Storage
from tui.transfers import Form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

KILLS = 40
SPEED = 40_000_000
"""Bytes a second: slow enough to be met in the middle."""

OCI = "application/vnd.oci.image"
LAYERS = [hashlib.shake_256(bytes([number])).digest(3_000_000 + number) for number in range(4)]
CONFIGS = [b'{"architecture":"amd64"}', b'{"architecture":"arm64"}']


def fill(storage: Storage) -> dict[str, bytes]:
    """Put an index of two images that share a layer; returns all content by digest."""
    content: dict[str, bytes] = {}

    def blob(data: bytes, kind: str) -> dict[str, object]:
        digest = storage.put_blob(REPOSITORY, data)
        content[digest.partition(":")[2]] = data
        return {"mediaType": f"{OCI}.{kind}", "digest": digest, "size": len(data)}

    def manifest(document: dict[str, object], kind: str, tag: str | None = None) -> dict[str, object]:
        media_type = f"{OCI}.{kind}.v1+json"
        raw = json.dumps({"schemaVersion": 2, "mediaType": media_type, **document}).encode()
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        storage.put_manifest(REPOSITORY, raw, media_type, tags=[tag] if tag else [])
        content[digest.partition(":")[2]] = raw
        return {"mediaType": media_type, "digest": digest, "size": len(raw)}

    images = [
        manifest(
            {
                "config": blob(config, "config.v1+json"),
                "layers": [blob(layer, "layer.v1.tar+gzip") for layer in (LAYERS[0], *own)],
            },
            "manifest",
        )
        for config, own in zip(CONFIGS, (LAYERS[1:2], LAYERS[2:]), strict=True)
    ]
    manifest({"manifests": images}, "index", "1")
    return content


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def content(storage: Storage) -> dict[str, bytes]:
    return fill(storage)


@pytest.fixture
def server(storage: Storage, content: dict[str, bytes]) -> Iterator[DemoServer]:
    assert content
    with DemoServer(storage, bytes_per_second=SPEED) as running:
        yield running


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes from one that has loaded everything, so that they come quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([victim.__name__])
    return context


def saved(target: Path) -> dict[str, bytes]:
    """Return what a layout or an archive has under its digests."""
    if target.is_dir():
        return {path.name: path.read_bytes() for path in (target / "blobs/sha256").iterdir()}
    with tarfile.open(target) as tar:
        return {
            member.name.rpartition("/")[2]: file.read()
            for member in tar
            if member.name.startswith("blobs/sha256/") and (file := tar.extractfile(member)) is not None
        }


def is_whole(target: Path, form: Form) -> bool:
    """Tell whether an image has been saved."""
    if form is Form.ARCHIVE:
        return target.exists()
    return (target / "index.json").exists() and not LayoutWriter(target).is_empty()


@pytest.mark.parametrize("form", list(Form))
def test_an_image_whose_saving_is_killed_again_and_again_has_the_right_bytes_in_the_end(
    server: DemoServer,
    processes: ForkServerContext,
    content: dict[str, bytes],
    tmp_path: Path,
    form: Form,
) -> None:
    moments = random.Random(20261125)  # noqa: S311 - the same moments each time, as far as the machine allows
    target = tmp_path / ("app" if form is Form.LAYOUT else "app.tar")
    kept: set[int] = set()
    first: bytes | None = None
    kills = 0

    def grown() -> int:
        return sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())

    whole = sum(map(len, content.values()))
    while kills < KILLS or not is_whole(target, form):
        process = processes.Process(
            target=victim.save, args=(server.url, REPOSITORY, "1", form.value, str(target))
        )
        process.start()
        if kills < KILLS:
            wait_for(process, grown, whole, moments)
        else:
            process.join()
        if process.exitcode is None:
            process.kill()
            kills += 1
        process.join()
        assert process.exitcode != victim.REFUSED
        process.close()
        kept.add(grown())
        if not is_whole(target, form):
            continue
        assert saved(target) == content
        assert not list(tmp_path.rglob("*.part"))
        if form is Form.ARCHIVE:
            first = first or target.read_bytes()
            assert target.read_bytes() == first
        if kills < KILLS:
            shutil.rmtree(target) if form is Form.LAYOUT else target.unlink()
    # They were killed in the middle, and not always at the same point.
    assert len([size for size in kept if 0 < size < whole]) > KILLS / 4
    asked = [request.path for request in server.requests if "/blobs/" in request.path]
    assert any(request.headers.get("range") for request in server.requests)
    assert len(asked) > KILLS / 4


@pytest.mark.parametrize("form", list(Form))
def test_of_several_programs_one_saves_at_a_time(
    server: DemoServer,
    processes: ForkServerContext,
    content: dict[str, bytes],
    tmp_path: Path,
    form: Form,
) -> None:
    target = tmp_path / ("app" if form is Form.LAYOUT else "app.tar")
    arguments = (server.url, REPOSITORY, "1", form.value, str(target))
    started = [processes.Process(target=victim.save, args=arguments) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    codes = [process.exitcode for process in started]
    assert 0 in codes
    assert set(codes) <= {0, victim.REFUSED}
    assert saved(target) == content
