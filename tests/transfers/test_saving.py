"""Images saved as a whole: every blob verified and fetched once, and gone on with where it stopped."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tarfile
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.images import AMD64, ARM64, CHUNK, Images
from tui.client import (
    BlobNotExistError,
    ConnectionLostError,
    Digest,
    DigestMismatchError,
    LayoutInvalidError,
    LayoutWriter,
    NameTakenError,
    NotLoadableError,
    Platform,
    Repository,
    Tag,
    gather_parts,
)
from tui.transfers import (
    DiskFullError,
    Downloads,
    FolderDeniedError,
    FolderError,
    FolderMissingError,
    Form,
    PartBlockedError,
    PartInUseError,
    Progress,
    Retries,
    State,
    TargetExistsError,
    Transfer,
    image_name,
    save_image,
)
from tui.transfers.locking import lock
from tui.transfers.part import part_path
from tui.transfers.small import fetch_small

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tui.client import ImageParts

REPOSITORY = Repository("team/app")
NAME = "registry.example.com/team/app:1.2"
IMPATIENT = Retries(tries=0, first_wait=0)
PROMPT = Retries(tries=3, first_wait=0)
BASE, TOP = (hashlib.shake_256(name).digest(1_000_000) for name in (b"base", b"top"))
INTEL = Platform("amd64", "linux")

BOTH = pytest.mark.parametrize("form", list(Form))


@pytest.fixture
def images() -> Images:
    return Images()


async def gather(images: Images, descriptor: dict[str, Any] | None = None, tag: str = "1.2") -> ImageParts:
    root = images.read(descriptor or images.image(BASE, TOP))
    name = f"registry.example.com/team/app:{tag}"
    return await gather_parts(images, REPOSITORY, root, name=name, tag=Tag(tag))


def target_of(folder: Path, form: Form) -> Path:
    return folder / ("app.tar" if form is Form.ARCHIVE else "app")


async def save(images: Images, parts: ImageParts, folder: Path, form: Form, **more: Any) -> Path:
    target = target_of(folder, form)
    named = {"retries": IMPATIENT, "platform": INTEL, **more}
    await save_image(images, REPOSITORY, parts, target, form=form, **named)
    return target


async def interrupt(images: Images, parts: ImageParts, folder: Path, form: Form) -> None:
    """Save an image, up to the middle of its last layer."""
    images.breaks[Digest.of(TOP)] = [700_000]
    with pytest.raises(ConnectionLostError):
        await save(images, parts, folder, form)


def blobs(target: Path) -> dict[str, bytes]:
    """Return what a layout, or an archive, has under its digests, and check each of them."""
    if target.is_dir():
        found = {path.name: path.read_bytes() for path in (target / "blobs/sha256").iterdir()}
    else:
        with tarfile.open(target) as tar:
            found = {
                member.name.rpartition("/")[2]: file.read()
                for member in tar
                if member.name.startswith("blobs/sha256/") and (file := tar.extractfile(member)) is not None
            }
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in found.items())
    return found


def everything(images: Images) -> dict[str, bytes]:
    return {Digest(digest).hex: data for digest, data in {**images.blobs, **images.documents}.items()}


def paths(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def fetched(images: Images, data: bytes) -> list[int]:
    """Return the offsets at which a blob was asked for."""
    return [offset for digest, offset in images.offsets if digest == Digest.of(data)]


@BOTH
async def test_all_of_an_image_is_there_when_it_has_its_name(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    target = await save(images, parts, tmp_path, form)
    assert blobs(target) == everything(images)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert not any(path.endswith((".part", ".new")) for path in paths(tmp_path))


@BOTH
async def test_shared_layers_are_fetched_once(images: Images, tmp_path: Path, form: Form) -> None:
    first = {**images.image(BASE, b"one"), "platform": AMD64}
    second = {**images.image(BASE, b"two", config=b"{ }"), "platform": ARM64}
    parts = await gather(images, images.index(first, second))
    target = await save(images, parts, tmp_path, form)
    assert blobs(target) == everything(images)
    assert fetched(images, BASE) == [0]
    assert len(images.offsets) == 5


@BOTH
async def test_what_a_lost_connection_has_left_is_gone_on_from(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    await interrupt(images, parts, tmp_path, form)
    assert not (tmp_path / "app.tar").exists()
    images.offsets.clear()
    target = await save(images, parts, tmp_path, form)
    assert blobs(target) == everything(images)
    assert [offset for offset in fetched(images, BASE) if offset != len(BASE)] == []
    assert fetched(images, TOP) == [700_000]


@BOTH
async def test_it_tries_again_by_itself(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images)
    images.breaks = {Digest.of(BASE): [300_000, 600_000], Digest.of(TOP): [500_000]}
    states: list[Progress] = []
    target = await save(images, parts, tmp_path, form, retries=PROMPT, progress=states.append)
    assert blobs(target) == everything(images)
    assert fetched(images, BASE) == [0, 300_000, 600_000]
    assert State.WAITING in {one.state for one in states}


@BOTH
async def test_a_source_without_ranges_begins_a_blob_again_and_only_that(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    images.ranges = False
    images.breaks[Digest.of(TOP)] = [700_000]
    states: list[Progress] = []
    target = await save(images, parts, tmp_path, form, retries=PROMPT, progress=states.append)
    assert blobs(target) == everything(images)
    assert fetched(images, BASE) == [0]
    assert "begun again" in states[-1].notice
    assert states[-1].done == states[-1].total


@BOTH
async def test_progress_is_that_of_the_whole(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images)
    states: list[Progress] = []
    target = await save(images, parts, tmp_path, form, progress=states.append)
    whole = target.stat().st_size if form is Form.ARCHIVE else parts.size
    assert {one.total for one in states} == {whole}
    done = [one.done for one in states]
    assert done == sorted(done)
    assert done[-1] == whole
    assert states[-1].state is State.DONE
    assert [one.state for one in states[:-1]] == [State.RUNNING] * (len(states) - 1)


@BOTH
async def test_what_is_there_is_checked_before_it_is_counted_on(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    await interrupt(images, parts, tmp_path, form)
    states: list[Progress] = []
    await save(images, parts, tmp_path, form, progress=states.append)
    checked = [one.done for one in states if one.state is State.CHECKING]
    assert checked == sorted(checked)
    assert max(checked) > len(BASE)
    assert states[-1].done == states[-1].total


@BOTH
async def test_a_damaged_blob_is_fetched_again(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images)
    await interrupt(images, parts, tmp_path, form)
    if form is Form.LAYOUT:
        damaged = tmp_path / "app/blobs/sha256" / Digest.of(BASE).hex
    else:
        damaged = part_path(tmp_path / "app.tar", parts.root.descriptor.digest)
    content = bytearray(damaged.read_bytes())
    content[content.index(BASE[500_000:500_100])] ^= 1
    damaged.write_bytes(content)
    states: list[Progress] = []
    target = await save(images, parts, tmp_path, form, progress=states.append)
    assert blobs(target) == everything(images)
    assert "again" in states[-1].notice
    assert states[-1].done == states[-1].total


@BOTH
async def test_what_was_cut_short_or_filled_with_zeros_is_gone_on_from(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    await interrupt(images, parts, tmp_path, form)
    (part,) = tmp_path.rglob("*.part")
    size = part.stat().st_size
    content = part.read_bytes()
    part.write_bytes(content[: size - 100_000] + bytes(50_000))
    images.offsets.clear()
    target = await save(images, parts, tmp_path, form)
    assert blobs(target) == everything(images)
    assert fetched(images, TOP) == [600_000]


@BOTH
async def test_a_wrong_blob_leaves_no_image(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images)
    images.blobs[Digest.of(TOP)] = TOP[:-1] + b"x"
    with pytest.raises(DigestMismatchError):
        await save(images, parts, tmp_path, form)
    target = target_of(tmp_path, form)
    assert LayoutWriter(target).is_empty() if form is Form.LAYOUT else not target.exists()
    images.blobs[Digest.of(TOP)] = TOP
    images.offsets.clear()
    assert blobs(await save(images, parts, tmp_path, form)) == everything(images)
    assert 0 not in fetched(images, BASE)


@BOTH
async def test_a_blob_that_is_not_there_is_told(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images)
    del images.blobs[Digest.of(TOP)]
    with pytest.raises(BlobNotExistError):
        await save(images, parts, tmp_path, form)


@BOTH
async def test_a_failure_before_the_first_byte_leaves_nothing(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    images.blobs.clear()
    with pytest.raises(BlobNotExistError):
        await save(images, parts, tmp_path, form)
    left = {path.name for path in tmp_path.iterdir()}
    # The known beginning of an archive is worth keeping, an empty layout is not.
    assert left == (set() if form is Form.LAYOUT else {f"app.tar.{parts.root.descriptor.digest.short}.part"})


@BOTH
async def test_embedded_content_is_gone_on_from_like_any_other(
    images: Images, tmp_path: Path, form: Form
) -> None:
    image = images.read(images.image(BASE, TOP))
    document = json.loads(image.raw)
    document["config"]["data"] = "e30="
    parts = await gather(images, images.document(document))
    await interrupt(images, parts, tmp_path, form)
    images.offsets.clear()
    await save(images, parts, tmp_path, form)
    assert fetched(images, TOP) == [700_000]


@BOTH
async def test_nothing_is_fetched_where_there_is_no_room(
    images: Images, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = await gather(images)
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(1_999_999))
    with pytest.raises(DiskFullError, match="are to come, and 1,999,999 are free"):
        await save(images, parts, tmp_path, form)
    assert images.offsets == []
    assert list(tmp_path.iterdir()) == []


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@BOTH
async def test_a_disk_that_fills_up_keeps_what_fits_and_the_rest_comes_when_there_is_room(
    images: Images, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = await gather(images)
    true_write = os.write
    room = 1_500_000

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        written = true_write(descriptor, data[:room])
        room -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(DiskFullError):
            await save(images, parts, tmp_path, form)
    images.offsets.clear()
    target = await save(images, parts, tmp_path, form)
    assert blobs(target) == everything(images)
    assert 0 not in fetched(images, BASE) + fetched(images, TOP)


async def test_an_index_that_finds_no_room_keeps_all_blobs(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = await gather(images)

    def failing(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(LayoutWriter, "add", failing)
        with pytest.raises(DiskFullError):
            await save(images, parts, tmp_path, Form.LAYOUT)
    assert LayoutWriter(tmp_path / "app").is_empty()
    images.offsets.clear()
    assert blobs(await save(images, parts, tmp_path, Form.LAYOUT)) == everything(images)
    assert images.offsets == []


@BOTH
async def test_a_folder_that_cannot_be_used_is_told(
    images: Images, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = await gather(images)
    with pytest.raises(FolderMissingError):
        await save(images, parts, tmp_path / "missing", form)

    def refusing(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("os.open" if form is Form.ARCHIVE else "os.mkdir", refusing)
        with pytest.raises(FolderDeniedError):
            await save(images, parts, tmp_path, form)
    assert images.offsets == []


async def test_an_archive_that_is_there_is_replaced_only_when_that_is_wanted(
    images: Images, tmp_path: Path
) -> None:
    parts = await gather(images)
    (tmp_path / "app.tar").write_bytes(b"mine")
    with pytest.raises(TargetExistsError):
        await save(images, parts, tmp_path, Form.ARCHIVE)
    assert (tmp_path / "app.tar").read_bytes() == b"mine"
    await save(images, parts, tmp_path, Form.ARCHIVE, overwrite=True)
    assert blobs(tmp_path / "app.tar") == everything(images)


async def test_the_same_image_makes_the_same_archive_whatever_interrupts_it(
    images: Images, tmp_path: Path
) -> None:
    parts = await gather(images)
    (tmp_path / "again").mkdir()
    straight = (await save(images, parts, tmp_path / "again", Form.ARCHIVE)).read_bytes()
    images.breaks = {Digest.of(BASE): [1, 999_999], Digest.of(TOP): [CHUNK]}
    for _ in range(3):
        with pytest.raises(ConnectionLostError):
            await save(images, parts, tmp_path, Form.ARCHIVE)
    assert (await save(images, parts, tmp_path, Form.ARCHIVE)).read_bytes() == straight


async def test_an_archive_of_another_choice_of_the_same_index_begins_where_they_differ(
    images: Images, tmp_path: Path
) -> None:
    first = {**images.image(BASE), "platform": AMD64}
    second = {**images.image(TOP, config=b"{ }"), "platform": ARM64}
    parts = await gather(images, images.index(first, second))
    images.breaks[Digest.of(TOP)] = [10]
    with pytest.raises(ConnectionLostError):
        await save(images, parts, tmp_path, Form.ARCHIVE)
    target = await save(images, parts, tmp_path, Form.ARCHIVE, platform=Platform("arm64", "linux"))
    with tarfile.open(target) as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        assert json.loads(file.read())[0]["Layers"] == [f"blobs/sha256/{Digest.of(TOP).hex}"]
    assert blobs(target) == everything(images)


async def test_what_docker_load_cannot_take_is_no_archive_but_a_layout(
    images: Images, tmp_path: Path
) -> None:
    artifact = images.document(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": images.blob(b"{}", "application/vnd.cncf.helm.config.v1+json"),
            "layers": [images.blob(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")],
        }
    )
    parts = await gather(images, artifact)
    with pytest.raises(NotLoadableError):
        await save(images, parts, tmp_path, Form.ARCHIVE)
    assert list(tmp_path.iterdir()) == []
    assert blobs(await save(images, parts, tmp_path, Form.LAYOUT)) == everything(images)


@BOTH
async def test_small_blobs_are_fetched_side_by_side(images: Images, tmp_path: Path, form: Form) -> None:
    small = [images.image(bytes([number]), config=b"{%s}" % (b" " * number)) for number in range(1, 4)]
    parts = await gather(images, images.index(*small))
    images.gates = {str(blob.digest): asyncio.Event() for blob in parts.blobs}
    saving = asyncio.create_task(save(images, parts, tmp_path, form))
    while len(images.offsets) < len(parts.blobs):
        await images.waiting.wait()
        images.waiting.clear()
    for gate in images.gates.values():
        gate.set()
    assert blobs(await saving) == everything(images)
    assert sorted(images.offsets) == sorted((blob.digest, 0) for blob in parts.blobs)


@BOTH
async def test_a_small_blob_that_does_not_come_at_first_is_asked_for_in_its_turn(
    images: Images, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images, images.image(b"one", BASE))
    images.breaks[Digest.of(b"one")] = [1]
    assert blobs(await save(images, parts, tmp_path, form)) == everything(images)
    assert fetched(images, b"one") == [0, 0]


@BOTH
async def test_what_is_there_is_not_fetched_side_by_side(images: Images, tmp_path: Path, form: Form) -> None:
    parts = await gather(images, images.image(b"one", BASE, b"two"))
    images.breaks[Digest.of(BASE)] = [10]
    with pytest.raises(ConnectionLostError):
        await save(images, parts, tmp_path, form)
    images.offsets.clear()
    await save(images, parts, tmp_path, form)
    assert 0 not in fetched(images, b"one")


async def test_as_many_small_blobs_are_fetched_as_may_be_held(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = await gather(images, images.image(*(bytes([number]) * 10 for number in range(20))))
    monkeypatch.setattr("tui.transfers.small.TOGETHER", 102)
    held = await fetch_small(images, REPOSITORY, parts.blobs)
    assert sum(len(blob.data or b"") for blob in held.values()) == 102
    assert all(blob.data == images.blobs[digest] for digest, blob in held.items())
    monkeypatch.setattr("tui.transfers.small.MOST", 3)
    assert len(await fetch_small(images, REPOSITORY, parts.blobs)) == 3


# A layout that is there already.


async def test_an_image_is_added_to_a_layout_and_what_it_has_is_used(images: Images, tmp_path: Path) -> None:
    first = await gather(images, images.image(BASE, b"one"), "1")
    await save(images, first, tmp_path, Form.LAYOUT)
    images.offsets.clear()
    second = await gather(images, images.image(BASE, b"two", config=b"{ }"), "2")
    target = await save(images, second, tmp_path, Form.LAYOUT)
    assert LayoutWriter(target).names() == {
        "1": first.root.descriptor.digest,
        "2": second.root.descriptor.digest,
    }
    assert fetched(images, BASE) == []
    assert blobs(target) == everything(images)


async def test_a_name_that_another_image_has_asks_first(images: Images, tmp_path: Path) -> None:
    first = await gather(images, images.image(BASE))
    await save(images, first, tmp_path, Form.LAYOUT)
    second = await gather(images, images.image(TOP))
    images.offsets.clear()
    with pytest.raises(NameTakenError):
        await save(images, second, tmp_path, Form.LAYOUT)
    assert images.offsets == []
    target = await save(images, second, tmp_path, Form.LAYOUT, overwrite=True)
    assert LayoutWriter(target).names() == {"1.2": second.root.descriptor.digest}


async def test_the_same_image_again_fetches_nothing(images: Images, tmp_path: Path) -> None:
    parts = await gather(images)
    target = await save(images, parts, tmp_path, Form.LAYOUT)
    index = (target / "index.json").read_bytes()
    images.offsets.clear()
    await save(images, parts, tmp_path, Form.LAYOUT)
    assert images.offsets == []
    assert (target / "index.json").read_bytes() == index


async def test_what_is_no_layout_is_left_alone(images: Images, tmp_path: Path) -> None:
    parts = await gather(images)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "mine").write_bytes(b"")
    with pytest.raises(LayoutInvalidError):
        await save(images, parts, tmp_path, Form.LAYOUT)
    assert paths(tmp_path) == {"app/mine"}
    (tmp_path / "app" / "mine").unlink()
    (tmp_path / "app").rmdir()
    (tmp_path / "app").write_bytes(b"mine")
    with pytest.raises(FolderError, match="is no folder"):
        await save(images, parts, tmp_path, Form.LAYOUT)
    assert (tmp_path / "app").read_bytes() == b"mine"


async def test_one_program_at_a_time_saves_into_a_layout(images: Images, tmp_path: Path) -> None:
    parts = await gather(images)
    target = tmp_path / "app"
    LayoutWriter(target).create()
    held = lock(target / "oci-layout")
    assert held is not None
    with pytest.raises(PartInUseError):
        await save(images, parts, tmp_path, Form.LAYOUT)
    assert paths(target) == {"oci-layout", "index.json"}
    os.close(held)
    assert blobs(await save(images, parts, tmp_path, Form.LAYOUT)) == everything(images)


def test_what_is_no_file_is_not_locked(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PartBlockedError, match="no regular file"):
        lock(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        lock(tmp_path / "missing")


async def test_a_file_system_without_locks_takes_a_layout_too(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_descriptor: int, _operation: int) -> None:
        raise OSError(95, "Operation not supported")

    parts = await gather(images)
    monkeypatch.setattr("fcntl.flock", unsupported)
    assert blobs(await save(images, parts, tmp_path, Form.LAYOUT)) == everything(images)


# In the queue.


@pytest.fixture
async def downloads() -> AsyncIterator[Downloads]:
    owner = Downloads(retries=PROMPT)
    yield owner
    await owner.aclose()


def start(downloads: Downloads, images: Images, parts: ImageParts, folder: Path, form: Form) -> Transfer:
    return downloads.start_image(
        images, REPOSITORY, parts, folder, form=form, name=target_of(folder, form).name
    )


async def in_the_middle(
    downloads: Downloads, images: Images, parts: ImageParts, folder: Path, form: Form
) -> tuple[Transfer, Callable[[], None]]:
    """Start to save an image, up to the middle of its last layer; returns what lets it go on, too."""
    gate = images.gates[Digest.of(TOP)] = asyncio.Event()
    images.waiting.clear()
    transfer = start(downloads, images, parts, folder, form)
    await images.waiting.wait()
    return transfer, gate.set


@BOTH
async def test_a_pause_keeps_what_has_come(
    images: Images, downloads: Downloads, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    transfer, go_on = await in_the_middle(downloads, images, parts, tmp_path, form)
    assert transfer.total == (parts.size if form is Form.LAYOUT else transfer.job.size)
    assert transfer.label == NAME
    transfer.pause()
    assert await transfer.wait() is State.PAUSED
    assert transfer.kept > len(BASE)
    images.offsets.clear()
    go_on()
    transfer.resume()
    assert await transfer.wait() is State.DONE
    assert blobs(transfer.target) == everything(images)
    assert 0 not in fetched(images, BASE) + fetched(images, TOP)


@BOTH
@pytest.mark.parametrize("paused", [False, True])
async def test_a_stop_leaves_nothing(
    images: Images, downloads: Downloads, tmp_path: Path, form: Form, *, paused: bool
) -> None:
    parts = await gather(images)
    transfer, _ = await in_the_middle(downloads, images, parts, tmp_path, form)
    if paused:
        transfer.pause()
        await transfer.wait()
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    assert list(tmp_path.iterdir()) == []


@BOTH
async def test_a_stop_removes_what_an_earlier_run_left_too(
    images: Images, downloads: Downloads, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    images.breaks[Digest.of(TOP)] = [10]
    with pytest.raises(ConnectionLostError):
        await save(images, parts, tmp_path, form)
    transfer, _ = await in_the_middle(downloads, images, parts, tmp_path, form)
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    assert paths(tmp_path) <= {"app/oci-layout", "app/index.json"}


async def test_a_stop_leaves_what_a_layout_had(images: Images, downloads: Downloads, tmp_path: Path) -> None:
    first = await gather(images, images.image(BASE, b"one"), "1")
    await save(images, first, tmp_path, Form.LAYOUT)
    before = paths(tmp_path)
    second = await gather(images, images.image(BASE, b"new", TOP), "2")
    transfer, _ = await in_the_middle(downloads, images, second, tmp_path, Form.LAYOUT)
    assert paths(tmp_path) > before
    transfer.cancel()
    assert await transfer.wait() is State.CANCELLED
    assert paths(tmp_path) == before
    assert LayoutWriter(tmp_path / "app").names() == {"1": first.root.descriptor.digest}


@BOTH
async def test_of_two_to_the_same_place_the_second_is_refused_and_can_be_tried_again(
    images: Images, downloads: Downloads, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    first, go_on = await in_the_middle(downloads, images, parts, tmp_path, form)
    second = start(downloads, images, parts, tmp_path, form)
    assert await second.wait() is State.FAILED
    assert isinstance(second.error, PartInUseError)
    go_on()
    assert await first.wait() is State.DONE
    again = downloads.retry(second, overwrite=True)
    assert await again.wait() is State.DONE


@BOTH
async def test_a_failure_can_be_tried_again(
    images: Images, downloads: Downloads, tmp_path: Path, form: Form
) -> None:
    parts = await gather(images)
    missing = images.blobs.pop(Digest.of(TOP))
    transfer = start(downloads, images, parts, tmp_path, form)
    assert await transfer.wait() is State.FAILED
    assert transfer.kept >= len(BASE)
    images.blobs[Digest.of(TOP)] = missing
    again = downloads.retry(transfer)
    assert await again.wait() is State.DONE
    assert blobs(again.target) == everything(images)


@BOTH
async def test_memory_does_not_grow_with_the_image(images: Images, tmp_path: Path, form: Form) -> None:
    layer = bytes(range(256)) * 250_000
    parts = await gather(images, images.image(layer))
    tracemalloc.start()
    try:
        await save(images, parts, tmp_path, form)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(layer) / 8


# What it is called.


def test_the_name_says_image_tag_and_platform() -> None:
    digest = Digest.of(b"")
    platform = Platform("arm64", "linux", "v8")
    assert image_name(REPOSITORY, Tag("1.2"), None, Form.LAYOUT) == "app-1.2"
    assert image_name(REPOSITORY, Tag("1.2"), None, Form.ARCHIVE) == "app-1.2.tar"
    named = image_name(Repository("x"), digest, platform, Form.ARCHIVE)
    assert named == f"x-{digest.short}-linux-arm64-v8.tar"


def test_a_hostile_platform_stays_in_the_folder() -> None:
    named = image_name(REPOSITORY, Tag("1.2"), Platform("../..", "\x1b[2J\0" + "a" * 300), Form.ARCHIVE)
    assert not {"/", "\x1b", "\0"} & set(named)
    assert len(named.encode()) <= 200
    assert named.endswith(".tar")
