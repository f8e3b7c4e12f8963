"""Layers with a table of contents, made as the formats describe them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import struct
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.contents.helpers import gzipped, make_tar, member, zstd_of

if TYPE_CHECKING:
    from collections.abc import Mapping

TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest"
CHUNKED = "io.github.containers.zstd-chunked"
TIME = "2023-11-14T22:13:20Z"
SKIPPED = b"\x50\x2a\x4d\x18"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Made:
    """A layer, and what a registry would say of it."""

    data: bytes
    annotations: dict[str, str] = field(default_factory=dict)


def noise(size: int) -> bytes:
    """Give bytes that do not pack, always the same ones."""
    return random.Random(size).randbytes(size)  # noqa: S311 - repeatable bytes, no secret


def footer_of(at: int, *, legacy: bool = False) -> bytes:
    place = b"%016xSTARGZ" % at
    extra = place if legacy else b"SG" + struct.pack("<H", len(place)) + place
    head = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    return head + b"\x01\0\0\xff\xff" + bytes(8)


def index_of(entries: object) -> bytes:
    return json.dumps({"version": 1, "entries": entries}, indent="\t").encode()


def estargz_of(body: bytes, index: bytes, *, legacy: bool = False, name: str = "stargz.index.json") -> Made:
    """Put the JSON of a table behind the packed files of a layer."""
    table = gzipped(make_tar([(member(name), index)]))
    data = body + table + footer_of(len(body), legacy=legacy)
    return Made(data, {TOC_DIGEST: sha256(index)})


def chunked_of(body: bytes, index: bytes, *, magic: bytes = b"GNUlInUx", footer: int = 64) -> Made:
    """Put the JSON of a table behind the packed files of a layer, in frames that are skipped."""
    table = zstd_of(index)
    at = len(body) + 8
    numbers = struct.pack("<QQQQ", at, len(table), len(index), 1)
    last = numbers.ljust(footer - 8, b"\0") + magic
    data = body + b"".join(SKIPPED + struct.pack("<I", len(part)) + part for part in (table, last))
    position = f"{at}:{len(table)}:{len(index)}:1"
    return Made(
        data,
        {f"{CHUNKED}.manifest-position": position, f"{CHUNKED}.manifest-checksum": sha256(table)},
    )


def packed_files(
    files: Mapping[str, bytes], *, chunk: int, zstd: bool = False
) -> tuple[bytes, list[dict[str, Any]]]:
    """Pack files, each part of which can be unpacked alone, and say where the parts are."""
    pack = zstd_of if zstd else gzipped
    body = b""
    entries: list[dict[str, Any]] = []
    waiting = b""
    for name, data in files.items():
        tar = make_tar([(member(name), data)])
        body += pack(waiting + tar[:512])
        parts = [data[at : at + chunk] for at in range(0, len(data), chunk)]
        entry = {"type": "reg", "name": name, "size": len(data), "mode": 0o644, "modtime": TIME}
        entry |= {"digest": sha256(data)} if data else {}
        entries.append(entry)
        for number, part in enumerate(parts):
            if number:
                entries.append({"type": "chunk", "name": name})
            if len(parts) > 1:
                entries[-1] |= {
                    "chunkOffset": number * chunk,
                    "chunkSize": len(part),
                    "chunkDigest": sha256(part),
                }
            entries[-1]["offset"] = len(body)
            body += pack(part)
        if parts and zstd:
            entry["endOffset"] = len(body)
        waiting = bytes(-len(data) % 512)
    return body + pack(waiting + bytes(1024)), entries


def sample(*, zstd: bool, files: Mapping[str, bytes], chunk: int = 1_000) -> Made:
    """Make a layer of some files with a table of contents."""
    body, entries = packed_files(files, chunk=chunk, zstd=zstd)
    return (chunked_of if zstd else estargz_of)(body, index_of(entries))


def tar_in(made: Made) -> bytes:
    """Unpack a layer of gzip by other means."""
    return gzip.decompress(made.data)


def names_in(tar: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return archive.getnames()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()
