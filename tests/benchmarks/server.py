"""A registry that costs as little as possible: as many tags as one asks for, and blobs straight from a file.

`python -m tests.benchmarks.server` prints its host and port on the first line, and serves until it is ended.
Repositories are named by what they hold: `tags/1000` has a thousand tags, `blobs/64` an image whose only
layer has 64 MiB. Tags come page by page, in the order of their names. There are no logins, and of errors only
404.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import re
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

__all__ = ["LAYER_TYPE", "TAG", "Image", "make_image"]

TAG: Final = "tag-{:07}"
"""How tags are named: their order is that of their numbers."""

MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar"

MEBIBYTE: Final = 1024 * 1024
LONGEST_HEAD: Final = 64 * 1024
LARGEST_PAGE: Final = 10_000
KEPT_PAGES: Final = 2_000
"""Pages of tags that are made once only."""

_TAGS = re.compile(r"/v2/tags/(\d+)/tags/list")
_MANIFEST = re.compile(r"/v2/(tags|blobs)/(\d+)/manifests/\S+")
_BLOB = re.compile(r"/v2/[^/]+/\d+/blobs/(\S+)")


@dataclass(frozen=True, slots=True)
class Image:
    """An image of one layer, and where its blobs lie."""

    manifest: bytes
    blobs: dict[str, Path]
    """Files by digest: the configuration, then the layer."""
    layer: dict[str, Any]
    """The descriptor of the layer."""


def make_image(folder: Path, mebibytes: int) -> Image:
    """Write the blobs of an image whose layer has so many MiB, which nothing can compress."""
    block = random.Random(mebibytes).randbytes(MEBIBYTE)  # noqa: S311 - any bytes will do
    path = folder / f"layer-{mebibytes}"
    layer_hash = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(mebibytes):
            piece = number.to_bytes(8, "big") + block[8:]
            layer_hash.update(piece)
            file.write(piece)
    digest = f"sha256:{layer_hash.hexdigest()}"
    layer = {"mediaType": LAYER_TYPE, "digest": digest, "size": mebibytes * MEBIBYTE}
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest]},
            "history": [{"created_by": "COPY everything"}],
        }
    ).encode()
    config_digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    config_path = folder / f"config-{mebibytes}"
    config_path.write_bytes(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": config_digest, "size": len(config)},
        "layers": [layer],
    }
    return Image(json.dumps(manifest).encode(), {config_digest: config_path, digest: path}, layer)


@lru_cache(KEPT_PAGES)
def _page(total: int, start: int, count: int) -> tuple[bytes, str]:
    """Make one page of the tags of `tags/TOTAL`, and its Link header, empty at the end."""
    end = min(start + count, total)
    names = ",".join(f'"{TAG.format(number)}"' for number in range(start, end))
    body = f'{{"name":"tags/{total}","tags":[{names}]}}'.encode()
    if end == total:
        return body, ""
    target = f"/v2/tags/{total}/tags/list?n={count}&last={TAG.format(end - 1)}"
    return body, f'Link: <{target}>; rel="next"\r\n'


@dataclass
class Server:
    """Answers requests."""

    images: dict[int, Image]
    """By the MiB of their layer."""
    repositories: tuple[str, ...]
    """What the catalog lists, in order."""
    blobs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for image in self.images.values():
            self.blobs |= image.blobs

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, until it is closed or speaks something else than HTTP."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            first = await reader.read(1)
            while first.isupper():
                head = first + await reader.readuntil(b"\r\n\r\n")
                await self._answer(head.decode("latin-1"), writer)
                first = await reader.read(1)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(" ", 2)
        url = urlsplit(target)
        if (found := _BLOB.fullmatch(url.path)) and found[1] in self.blobs:
            await self._send_blob(method, head, self.blobs[found[1]], writer)
            return
        body, kind, more = self._document(url.path, parse_qs(url.query))
        status = "200 OK" if body is not None else "404 Not Found"
        body = body if body is not None else b'{"errors":[{"code":"NAME_UNKNOWN"}]}'
        if kind == MANIFEST_TYPE:
            more = f"Docker-Content-Digest: sha256:{hashlib.sha256(body).hexdigest()}\r\n"
        lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        writer.write(lines.encode() + (body if method == "GET" else b""))
        await writer.drain()

    def _document(self, path: str, query: dict[str, list[str]]) -> tuple[bytes | None, str, str]:
        """Find what lies at a path: the body, its type, and further headers."""
        if path == "/v2/":
            return b"{}", "application/json", ""
        if path == "/v2/_catalog":
            return json.dumps({"repositories": self.repositories}).encode(), "application/json", ""
        if found := _TAGS.fullmatch(path):
            count = min(int(query.get("n", [str(LARGEST_PAGE)])[0]), LARGEST_PAGE)
            last = re.search(r"\d+", query.get("last", [""])[0])
            body, link = _page(int(found[1]), int(last[0]) + 1 if last is not None else 0, count)
            return body, "application/json", link
        if found := _MANIFEST.fullmatch(path):
            image = self.images.get(int(found[2])) if found[1] == "blobs" else self.images[0]
            return (image.manifest if image is not None else None), MANIFEST_TYPE, ""
        return None, "application/json", ""

    async def _send_blob(self, method: str, head: str, path: Path, writer: asyncio.StreamWriter) -> None:
        size = path.stat().st_size
        wanted = re.search(r"\r\nrange: *bytes=(\d+)-(\d*)", head, re.IGNORECASE)
        start, end = 0, size
        if wanted is not None:
            start = int(wanted[1])
            end = min(int(wanted[2]) + 1, size) if wanted[2] else size
        status = (
            "200 OK"
            if wanted is None
            else f"206 Partial Content\r\nContent-Range: bytes {start}-{end - 1}/{size}"
        )
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\n"
            f"Content-Length: {end - start}\r\n\r\n".encode()
        )
        await writer.drain()
        if method == "GET" and end > start:
            with path.open("rb") as file:
                await asyncio.get_running_loop().sendfile(writer.transport, file, start, end - start)


async def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server")
    parser.add_argument("--blobs", type=int, nargs="*", default=[], metavar="MIB", help="sizes of layers")
    parser.add_argument(
        "--tags", type=int, nargs="*", default=[], metavar="N", help="lengths of lists of tags"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as folder:
        images = {mebibytes: make_image(Path(folder), mebibytes) for mebibytes in (0, *arguments.blobs)}
        repositories = (
            *(f"blobs/{size}" for size in arguments.blobs),
            *(f"tags/{count}" for count in arguments.tags),
        )
        server = Server(images, repositories)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        host, port = listening.sockets[0].getsockname()
        print(f"{host}:{port}", flush=True)  # noqa: T201 - who started the server reads it
        async with listening:
            await listening.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
