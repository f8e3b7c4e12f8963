"""A registry that costs as little as possible: as many names as one asks for, and blobs straight from a file.

`python -m tests.benchmarks.server` prints its host and port on the first line, and serves until it is ended.
Repositories are named by what they hold:

- `tags/1000` has a thousand tags. Up to ten thousand of them come at once, where no number is named, too, as
  many registries give them.
- `paged/1000` has a thousand tags, too. A hundred come where no number is named, a thousand at most; more is
  refused, as ECR does. The catalog is of this kind, as that of distribution is.
- `blobs/64` holds an image whose only layer has 64 MiB.
- `index/16` holds an index of 16 platforms.
- `made/0` holds the first image of those that were made before, in folders that the arguments name.

Of errors there are only 404, those of pages that are too large, and 401 where a token is wanted, which
anybody gets.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import signal
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.contents import (
    INDEX_TYPE,
    MANIFEST_TYPE,
    REPOSITORY,
    TAG,
    Image,
    digest_of,
    make_image,
    make_index,
    make_page,
)
from tests.benchmarks.http2 import serve_http2
from tests.benchmarks.layers import read_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.benchmarks.http2 import Reply

LONGEST_HEAD: Final = 64 * 1024
BACKLOG: Final = 1024
"""Connections that may come at once."""

LARGEST_PAGE: Final = 10_000
"""Names that come at once from lists that are not paged."""

USUAL_PAGE: Final = 100
LARGEST_USUAL_PAGE: Final = 1_000
"""Names of lists that are paged: where no number is named, and at most."""

TOKEN: Final = "anybody's"

JSON: Final = "application/json"

_TAGS = re.compile(r"/v2/(tags|paged)/(\d+)/tags/list")
_INDEX_TAGS = re.compile(r"/v2/index/\d+/tags/list")
_MANIFEST = re.compile(r"/v2/(tags|paged|blobs|index|made)/(\d+)/manifests/(\S+)")
_BLOB = re.compile(r"/v2/[^/]+/\d+/blobs/(\S+)")

_indexes = lru_cache(make_index)


@dataclass(frozen=True, slots=True)
class Document:
    """What answers a request, but for a blob."""

    body: bytes
    kind: str = JSON
    headers: str = ""
    """Further ones, with the ends of their lines."""
    status: str = "200 OK"


MISSING: Final = Document(b'{"errors":[{"code":"NAME_UNKNOWN"}]}', status="404 Not Found")
TOO_MANY: Final = Document(b'{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}', status="400 Bad Request")


@dataclass
class Server:
    """Answers requests."""

    images: dict[int, Image]
    """By the MiB of their layer."""
    repositories: tuple[str, ...]
    """What the catalog lists, in order."""
    catalog: int = 0
    """How many repositories the catalog lists instead."""
    login: bool = False
    """Whether it wants a token."""
    made: tuple[Image, ...] = ()
    """Images that were made before."""
    blobs: dict[str, Path] = field(default_factory=dict)
    asked: int = 0
    """Requests since they were counted."""

    def __post_init__(self) -> None:
        for image in (*self.images.values(), *self.made):
            self.blobs |= image.blobs

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, until it is closed or speaks something else than HTTP."""
        tls = writer.get_extra_info("ssl_object")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            if tls is not None and tls.selected_alpn_protocol() == "h2":
                await serve_http2(reader, writer, self._reply)
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
        one = self._document(head, url.path, parse_qs(url.query))
        lines = (
            f"HTTP/1.1 {one.status}\r\nContent-Type: {one.kind}\r\n{one.headers}"
            f"Content-Length: {len(one.body)}\r\n\r\n"
        )
        writer.write(lines.encode() + (one.body if method == "GET" else b""))
        await writer.drain()

    def _reply(self, headers: Mapping[str, str]) -> Reply:
        """Answer a request over HTTP/2; there are no blobs."""
        head = f"\r\nhost: {headers[':authority']}\r\nauthorization: {headers.get('authorization', '')}\r\n"
        url = urlsplit(headers[":path"])
        one = self._document(head, url.path, parse_qs(url.query))
        lines = (line.partition(": ") for line in one.headers.splitlines())
        return [
            (":status", one.status.split()[0]),
            ("content-type", one.kind),
            ("content-length", str(len(one.body))),
            *((name.lower(), value) for name, _, value in lines),
        ], one.body

    def _document(self, head: str, path: str, query: dict[str, list[str]]) -> Document:
        """Find what answers a request, and count it."""
        if path == "/count":
            asked, self.asked = self.asked, 0
            return Document(str(asked).encode())
        self.asked += 1
        if path == "/token":
            return Document(json.dumps({"token": TOKEN}).encode())
        if self.login and f"Bearer {TOKEN}" not in head:
            return _challenge(head, path)
        if found := _MANIFEST.fullmatch(path):
            return self._manifest(found[1], int(found[2]), found[3])
        return self._list(path, query)

    def _list(self, path: str, query: dict[str, list[str]]) -> Document:
        if path == "/v2/":
            return Document(b"{}")
        if path == "/v2/_catalog":
            if self.catalog:
                return _names(path, query, "repositories", REPOSITORY, self.catalog)
            return Document(json.dumps({"repositories": self.repositories}).encode())
        if found := _TAGS.fullmatch(path):
            return _names(path, query, "tags", TAG, int(found[2]), at_once=found[1] == "tags")
        return Document(b'{"tags":["latest"]}') if _INDEX_TAGS.fullmatch(path) else MISSING

    def _manifest(self, kind: str, number: int, reference: str) -> Document:
        if kind == "index":
            index, manifests = _indexes(number)
            if reference == "latest" or reference == digest_of(index):
                return Document(index, INDEX_TYPE, _digest(index))
            body = manifests.get(reference)
            return Document(body, MANIFEST_TYPE, _digest(body)) if body is not None else MISSING
        if kind == "made":
            image = self.made[number] if number < len(self.made) else None
        else:
            image = self.images.get(number) if kind == "blobs" else self.images[0]
        if image is None:
            return MISSING
        return Document(image.manifest, MANIFEST_TYPE, _digest(image.manifest))

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


def _names(
    path: str, query: dict[str, list[str]], key: str, name: str, total: int, *, at_once: bool = False
) -> Document:
    usual, largest = (LARGEST_PAGE, LARGEST_PAGE) if at_once else (USUAL_PAGE, LARGEST_USUAL_PAGE)
    count = int(query["n"][0]) if "n" in query else usual
    if count > largest and not at_once:
        return TOO_MANY
    last = re.search(r"\d+", query.get("last", [""])[0])
    start = int(last[0]) + 1 if last is not None else 0
    body, link = make_page(path, key, name, total, range(start, min(start + min(count, largest), total)))
    return Document(body, headers=link)


def _challenge(head: str, path: str) -> Document:
    """Want a token: from the host that was asked, whatever stands between; logins are for HTTPS."""
    host = re.search(r"\r\nhost: *(\S+)", head, re.IGNORECASE)
    repository = re.match(r"/v2/(.+)/(?:manifests|tags)/", path)
    scope = f',scope="repository:{repository[1]}:pull"' if repository is not None else ""
    realm = f'realm="https://{host[1] if host is not None else ""}/token",service="benchmark"{scope}'
    return Document(
        b'{"errors":[{"code":"UNAUTHORIZED"}]}',
        headers=f"WWW-Authenticate: Bearer {realm}\r\n",
        status="401 Unauthorized",
    )


def _digest(body: bytes) -> str:
    return f"Docker-Content-Digest: {digest_of(body)}\r\n"


async def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server")
    parser.add_argument("--blobs", type=int, nargs="*", default=[], metavar="MIB", help="sizes of layers")
    parser.add_argument(
        "--tags", type=int, nargs="*", default=[], metavar="N", help="lengths of lists of tags"
    )
    parser.add_argument("--catalog", type=int, default=0, metavar="N", help="length of the catalog")
    parser.add_argument("--made", type=Path, nargs="*", default=[], metavar="FOLDER", help="of images")
    parser.add_argument("--login", action="store_true", help="want a token")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak HTTPS")
    parser.add_argument("--http2", action="store_true", help="offer HTTP/2 over that")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocitui-benchmarks-") as folder:
        images = {mebibytes: make_image(Path(folder), mebibytes) for mebibytes in (0, *arguments.blobs)}
        repositories = (
            *(f"blobs/{size}" for size in arguments.blobs),
            *(f"tags/{count}" for count in arguments.tags),
        )
        context = None
        if arguments.tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*arguments.tls)
            context.set_alpn_protocols(["h2", "http/1.1"] if arguments.http2 else ["http/1.1"])
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, ended.set)
        made = tuple(read_image(path) for path in arguments.made)
        server = Server(images, repositories, arguments.catalog, arguments.login, made)
        listening = await asyncio.start_server(
            server.serve, "127.0.0.1", 0, limit=LONGEST_HEAD, backlog=BACKLOG, ssl=context
        )
        host, port = listening.sockets[0].getsockname()
        print(f"{host}:{port}", flush=True)  # noqa: T201 - who started the server reads it
        await ended.wait()
        # Who is connected still is cut off, which is nothing to tell of.
        loop.set_exception_handler(lambda _loop, _context: None)


if __name__ == "__main__":
    # Ended by either signal, it leaves no gigabytes behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
