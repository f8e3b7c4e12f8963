"""A layer as large ones are: tens of thousands of files of text and programs, the same ones every time."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.benchmarks.contents import MEBIBYTE, Image, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GZIP_TYPE", "Made", "Sample", "make_layer", "read_image", "write_image"]

GZIP_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"

LEVEL: Final = 6
"""What gzip and most builders of images compress with."""

POOL: Final = 8 * MEBIBYTE
"""Bytes of text, and of what stands for programs, that files are cut out of: more than gzip looks back."""

BIAS: Final = 3
"""How evenly words are used; with it, text is packed to a third of its size, and programs to two fifths."""

FILES_OF_FOLDER: Final = 14
FILES_OF_LINK: Final = 20

SPREAD: Final = 1.8
"""Of the logarithm of the sizes: half have a fifth of the mean, and a few have hundreds of times it."""

SAMPLES: Final = (0.25, 0.6, 0.9)
"""How far behind the beginning the files are that are opened."""

SAMPLE_SIZES: Final = range(16 * 1024, 64 * 1024)
"""Bytes of such a file: a page or two of text."""

TIME: Final = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that is opened."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Made:
    """A layer that was made."""

    image: Image
    """An image of this layer alone."""
    entries: int
    unpacked: int
    """Bytes of the tar."""
    samples: tuple[Sample, ...]
    """Files to open, in the layer's order."""


def make_layer(folder: Path, *, files: int, mebibytes: int) -> Made:
    """Write a layer packed with gzip, and the config of an image of it.

    Args:
        folder: Where the blobs go.
        files: How many files it has; folders and links come on top.
        mebibytes: Bytes of all files, unpacked.
    """
    path = folder / "layer.tar.gz"
    whole, packed = hashlib.sha256(), hashlib.sha256()
    packer = zlib.compressobj(LEVEL, wbits=zlib.MAX_WBITS | 16)
    entries = unpacked = 0
    wanted = [int(files * part) for part in SAMPLES]
    samples: list[Sample] = []
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            packed.update(data)
            file.write(data)

        for number, (info, content) in enumerate(_members(files, mebibytes)):
            head = info.tobuf(tarfile.PAX_FORMAT)
            member = head + content + bytes(-len(content) % tarfile.BLOCKSIZE)
            whole.update(member)
            write(packer.compress(member))
            entries, unpacked = number + 1, unpacked + len(member)
            if len(samples) < len(wanted) and number >= wanted[len(samples)] and len(content) in SAMPLE_SIZES:
                samples.append(Sample(info.name, hashlib.sha256(content).hexdigest()))
        end = bytes(2 * tarfile.BLOCKSIZE)
        whole.update(end)
        write(packer.compress(end) + packer.flush())
    layer = {"mediaType": GZIP_TYPE, "digest": f"sha256:{packed.hexdigest()}", "size": path.stat().st_size}
    image = image_of(folder, path, layer, f"sha256:{whole.hexdigest()}")
    return Made(image, entries, unpacked + len(end), tuple(samples))


def write_image(image: Image, folder: Path) -> None:
    """Write down where the blobs of an image lie, for the server to read."""
    document = {"blobs": {digest: str(path) for digest, path in image.blobs.items()}, "layer": image.layer}
    (folder / "image.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "manifest.json").write_bytes(image.manifest)


def read_image(folder: Path) -> Image:
    """Read what was written down of an image."""
    document: dict[str, Any] = json.loads((folder / "image.json").read_text(encoding="utf-8"))
    blobs = {digest: Path(path) for digest, path in document["blobs"].items()}
    return Image((folder / "manifest.json").read_bytes(), blobs, document["layer"])


def _members(files: int, mebibytes: int) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Give the members of the tar: folders before what is in them."""
    chance = random.Random(files)  # noqa: S311 - it has to be the same every time
    pools = [_words(chance, b" ", 2000, _letters), _words(chance, b"", 1000, random.Random.randbytes)]
    weights = [chance.lognormvariate(0, SPREAD) for _ in range(files)]
    scale = mebibytes * MEBIBYTE / sum(weights)
    folder = ""
    for number, weight in enumerate(weights):
        if number % FILES_OF_FOLDER == 0:
            place = chance.choice(("bin", "lib/x86_64-linux-gnu", "share/doc", "share/locale", "lib/python3"))
            package = f"package-{number // FILES_OF_FOLDER:05}"
            folder = f"usr/{place}/{package}"
            yield _info(folder, tarfile.DIRTYPE, 0o755), b""
        size = int(weight * scale)
        content = _cut(pools[number % len(pools)], chance, size)
        info = _info(f"{folder}/file-{number:06}.{('txt', 'so')[number % 2]}", tarfile.REGTYPE, 0o644)
        info.size = size
        yield info, content
        if number % FILES_OF_LINK == 0:
            link = _info(f"{folder}/link-{number:06}", tarfile.SYMTYPE, 0o777)
            link.linkname = f"file-{number:06}"
            yield link, b""


def _info(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, TIME
    info.uname = info.gname = "root"
    return info


def _cut(pool: bytes, chance: random.Random, size: int) -> bytes:
    """Cut some bytes out of a pool, which begins anew at its end."""
    start = chance.randrange(len(pool))
    found = pool[start : start + size]
    while len(found) < size:
        found += pool[: size - len(found)]
    return found


def _words(chance: random.Random, between: bytes, count: int, word: Any) -> bytes:
    """Make a pool of words of which some are far more frequent than others."""
    words = [word(chance, chance.randint(2, 9)) for _ in range(count)]
    weights = [1 / (rank + BIAS) for rank in range(count)]
    length = sum(map(len, words)) // count
    return between.join(chance.choices(words, weights, k=POOL // (length + len(between))))


def _letters(chance: random.Random, size: int) -> bytes:
    return bytes(chance.choices(b"etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1), k=size))
