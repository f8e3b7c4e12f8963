"""Everything that reads foreign bytes, with inputs to begin with and words that mean something to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx

from tests.client.helpers import read_as_names
from tests.client.valid_documents import DIGEST, EMPTY, VALID, config, index, manifest
from tests.fuzz import exchanges, packed, sources, tars, tocs
from tui import sanitize
from tui.client import media_types
from tui.client.answers import RawResponse, parse_json, refusal
from tui.client.documents.descriptors import Descriptor
from tui.client.documents.history import layer_history
from tui.client.documents.image_config import parse_config
from tui.client.documents.image_manifest import Manifest, parse_manifest
from tui.client.documents.schema import validate, violations_of, violations_of_config
from tui.client.errors import RequestLine
from tui.client.local.layout_format import parse_image_name
from tui.client.local.layout_index import listed_names, merged_index
from tui.client.login.challenge import parse_challenges
from tui.client.login.tokens import clean_scopes, parse_token
from tui.client.names import RegistryHost, Repository
from tui.client.notices import Warnings
from tui.client.pages import next_page_url, parse_links
from tui.client.redaction import printable, quoted, redacted_url
from tui.client.wire.retry import retry_after
from tui.credentials import helpers, keyring_store
from tui.credentials.files import read_login_text
from tui.credentials.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE: Final = "https://registry.example.com/v2/team/app/tags/list?n=100"
LINE: Final = RequestLine("GET", PAGE)
CONFIG: Final = Descriptor(media_types.OCI_CONFIG, DIGEST, 10)
SIGNED: Final = (
    b'{\n   "schemaVersion": 1,\n   "fsLayers": [{"blobSum": "' + DIGEST.encode() + b'"}],\n'
    b'   "history": [{"v1Compatibility": "{\\"created\\": \\"2026-11-23T12:00:00Z\\"}"}]\n}'
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads foreign bytes."""

    name: str
    run: Callable[[bytes], object]
    """Reads them, and looks at what it made of them."""
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = (b"",)


def text_of(data: bytes) -> str:
    """Read bytes as text: as UTF-8 with half characters in it, if need be."""
    return data.decode("utf-8", "surrogateescape")


def written(document: object) -> bytes:
    """Write a document."""
    return json.dumps(document).encode()


def header_of(data: bytes) -> str:
    """Read bytes as the value of a header, as HTTP's library has it."""
    return data.decode("latin-1")


def split(data: bytes) -> tuple[str, bytes]:
    """Split an input into its first line and the rest."""
    first, _, rest = data.partition(b"\n")
    return header_of(first), rest


def _names(data: bytes) -> None:
    text = text_of(data)
    read_as_names(text)
    parse_image_name(text)


def _challenges(data: bytes) -> None:
    for challenge in parse_challenges(header_of(data).split("\n")):
        assert challenge.scheme == challenge.scheme.lower()


def _links(data: bytes) -> None:
    values = header_of(data).split("\n")
    assert len(parse_links(values)) <= len(data)
    following = next_page_url(values, PAGE)
    if following is not None:
        own, other = urlsplit(PAGE), urlsplit(following)
        assert (own.scheme, own.netloc) == (other.scheme, other.netloc)


def _answer(data: bytes, status: int = 200, after: bytes = b"") -> RawResponse:
    return RawResponse(status, httpx.Headers([(b"Retry-After", after)]), data, LINE, PAGE)


def _tokens(data: bytes) -> None:
    token = parse_token(parse_json(_answer(data), "token"), NOW, LINE)
    assert 0 < token.seconds <= 24 * 3600
    assert token.value.isprintable()


def _scopes(data: bytes) -> None:
    scopes = clean_scopes([text_of(data)])
    assert not any(set(scope) & {" ", "\n", "\t"} for scope in scopes)


def _errors(data: bytes) -> None:
    after, body = split(data)
    for status in (401, 404, 429, 500):
        error = refusal(_answer(body, status, after.encode("latin-1")))
        assert f"{error} {error.remedy} {error!r}".isprintable()


def _manifests(data: bytes) -> None:
    content_type, raw = split(data)
    document = parse_manifest(raw, content_type=content_type)
    violations_of(document)
    if isinstance(document, Manifest):
        layer_history(document, None)


def _strict(data: bytes) -> None:
    content_type, raw = split(data)
    parse_manifest(raw, content_type=content_type, strict=True)


def _configs(data: bytes) -> None:
    parsed = parse_config(data, CONFIG)
    for violation in violations_of_config(parsed):
        assert str(violation).isprintable()


def _validation(data: bytes) -> None:
    media_type, raw = split(data)
    violations = validate(raw, media_type)
    assert len(violations) <= 101
    for violation in violations:
        assert str(violation).isprintable(), ascii(str(violation))


def _notices(data: bytes) -> None:
    lines = header_of(data).split("\n")
    names = ("Warning", "RateLimit-Limit", "RateLimit-Remaining")
    headers = [(names[number % 3].encode(), line.encode("latin-1")) for number, line in enumerate(lines)]
    warnings = Warnings()
    warnings.note(httpx.Headers(headers))
    assert len(warnings.texts) <= 100


def _retries(data: bytes) -> None:
    seconds = retry_after(text_of(data), NOW)
    assert seconds is None or seconds >= 0


def _logins(data: bytes) -> None:
    text = text_of(data)
    read = read_login_text(Secret(text), "the file", "Docker")
    host = RegistryHost("registry.example.com")
    read.find(host, Repository("team/app"))
    read.helper(host)
    for warning in read.warnings:
        assert warning.isprintable(), ascii(warning)


def _kept_logins(data: bytes) -> None:
    """Read what a credential helper answers, well or badly, and what the keyring keeps."""
    said = Secret(text_of(data[1:]))
    status = data[0] % 2 if data else 0
    keyring_store._parsed(said)
    with patch.object(helpers, "_converse", return_value=(status, said)):
        helpers._ask("docker-credential-pass", "registry.example.com", 1.0)


def _layout_index(data: bytes) -> None:
    listed_names(data)
    entry = VALID[media_types.OCI_INDEX]["manifests"][0]
    merged = merged_index(data, entry)
    assert listed_names(merged) is not None


def _shown(data: bytes) -> None:
    text = text_of(data)
    for made in (sanitize.visible(text), sanitize.one_line(text)):
        assert made.isprintable(), ascii(made)
    assert all(line.isprintable() for line in sanitize.multi_line(text).split("\n"))
    name = sanitize.safe_file_name(text, "fallback")
    assert name
    assert "/" not in name
    assert name.isprintable()
    for told in (printable(text), quoted(text), redacted_url(text)):
        assert told.isprintable(), ascii(told)


JSON_WORDS: Final = (
    b"{}",
    b"[]",
    b'""',
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 50,
    b'"\\ud800"',
    b'"\\u001b"',
    b'"size":',
    b'"digest":',
    b'"mediaType":',
    b'"data":"e30="',
    b'"platform":',
    b'"annotations":',
    b'"urls":',
    b'"config":',
    b'"layers":',
    b'"manifests":',
    b'"subject":',
    b'"schemaVersion":1',
    b'"fsLayers":',
    b'"history":',
    b'"signatures":',
    b'"rootfs":',
    b'"diff_ids":',
    b'"created":',
    DIGEST.encode(),
    b"sha512:",
    b"\xff",
    b"[" * 500,
)
TYPED: Final = tuple(f"{media_type}\n".encode() + written(document) for media_type, document in VALID.items())
SCHEMA1: Final = (
    f"{media_types.DOCKER_SCHEMA1_SIGNED}\n".encode() + SIGNED,
    f"{media_types.DOCKER_SCHEMA1_SIGNED}\n".encode()
    + SIGNED[:-2]
    + b',\n   "signatures": [{"protected": "eyJmb3JtYXRMZW5ndGgiOjE5NywiZm9ybWF0VGFpbCI6IkNuMCJ9"}]\n}',
)
HOSTS: Final = (
    b"localhost",
    b"127.0.0.1:5000",
    b"[::1]:5000",
    b"docker.io",
    b"://",
    b"@",
    b":",
    b"/",
    b"%",
    b"..",
    b"__",
)

TARGETS: Final = {
    target.name: target
    for target in (
        Target(
            "names",
            _names,
            (
                b"registry.example.com:5000/team/app:1.0@" + DIGEST.encode(),
                b"alpine",
                b"https://u:p@h/",
                DIGEST.encode(),
            ),
            (*HOSTS, b"sha256:", b"sha512:" + b"a" * 128, b"library/", b"\x1b", "é".encode()),
        ),
        Target(
            "challenges",
            _challenges,
            (
                b'Bearer realm="https://a.example/t",service="s",scope="repository:a/b:pull"\nBasic realm=x',
                b"Negotiate YQ==",
            ),
            (b"Bearer", b"Basic ", b'realm="', b'\\"', b",", b"=", b'error="insufficient_scope"'),
        ),
        Target(
            "links",
            _links,
            (
                b'</v2/team/app/tags/list?last=b>; rel="next"',
                b"<https://registry.example.com/v2/>;rel=next, <?n=1>",
                b"/v2/a?b",
            ),
            (
                b"<",
                b">",
                b";",
                b'rel="next"',
                b"https://",
                b"//evil.example",
                b"\\",
                b"@",
                b"#",
                b"[",
                *HOSTS,
            ),
        ),
        Target(
            "tokens",
            _tokens,
            (
                b'{"token": "abc", "expires_in": 300, "issued_at": "2026-11-23T12:00:00Z"}',
                b'{"access_token": "abc", "expires_in": "1e9", "issued_at": "0001-01-01T00:00:00-23:59"}',
            ),
            (b'"token":', b'"issued_at":', b'"expires_in":', b'"refresh_token":', *JSON_WORDS[:12]),
        ),
        Target(
            "scopes",
            _scopes,
            (b"repository:a/b:pull,push registry:catalog:*",),
            (b":", b",", b"*", b" ", b"::"),
        ),
        Target(
            "errors",
            _errors,
            (
                b'120\n{"errors": [{"code": "DENIED", "message": "no", "detail": {"a": [1]}}]}',
                b"Wed, 21 Oct 2026 07:28:00 GMT\n<Error><Code>Denied</Code><Message>no</Message></Error>",
                b'\n{"error": "invalid_grant", "error_description": "x"}',
            ),
            (b'"code":', b'"message":', b'"detail":', b"<Code>", b"</Code>", b"\x1b[2J", *JSON_WORDS[:12]),
        ),
        Target(
            "manifests", _manifests, (*TYPED, *SCHEMA1, b"\n" + written(manifest(config=EMPTY))), JSON_WORDS
        ),
        Target("strict", _strict, TYPED, JSON_WORDS),
        Target("configs", _configs, (written(config()), written(config(history=[]))), JSON_WORDS),
        Target("validation", _validation, TYPED, JSON_WORDS),
        Target(
            "notices",
            _notices,
            (b'299 - "be careful"\n100;w=21600\n76;w=21600', b'299 - "a \\" b", 299 - "c"'),
            (b"299 - ", b'"', b"\\", b";w=", b"\xb2", b"9" * 30),
        ),
        Target(
            "retries",
            _retries,
            (b"120", b"Wed, 21 Oct 2026 07:28:00 GMT", b"Sat, 31 Dec 9999 23:59:59 -2359"),
            (b"GMT", b"-9999", b"99999999", b"Wed,", b"\xc2\xb2"),
        ),
        Target(
            "logins",
            _logins,
            (
                b'{"auths": {"registry.example.com": {"auth": "YTpi"}, "https://index.docker.io/v1/": {}}}',
                b'{"credsStore": "pass", "credHelpers": {"registry.example.com": "secretservice"}}',
                b'{"auths": {"registry.example.com/team": {"username": "a", "identitytoken": "c"}}}',
            ),
            (b'"auth":', b'"auths":', b'"identitytoken":', b'"registrytoken":', *HOSTS, *JSON_WORDS[:12]),
        ),
        Target(
            "kept-logins",
            _kept_logins,
            (
                b'\0{"ServerURL": "registry.example.com", "Username": "<token>", "Secret": "a"}',
                b'\0{"username": "a", "secret": "b", "kind": "password"}',
                b"\1credentials not found in native keychain",
            ),
            (b'"Secret":', b'"Username":', b'"secret":', b'"kind":', b"\x1b]52;", *JSON_WORDS[:12]),
        ),
        Target("layout-index", _layout_index, (written(index()), b'{"manifests": []}'), JSON_WORDS),
        Target(
            "shown",
            _shown,
            ("a\x1b[2J\u202eb\r\n\tc".encode(), b"https://u:p@h/p?token=x#f", b"../con.txt"),
            (b"\xcc\x81", b"\xf0\x9f\x91\x8b", b"\xe2\x80\xae", b"\x1b]52;", b"?a=b&c", *HOSTS),
        ),
        Target("exchanges", exchanges.run, exchanges.SEEDS, (*exchanges.WORDS, *JSON_WORDS)),
        Target("packed", packed.run, packed.SEEDS, packed.WORDS),
        Target("archives", sources.run, sources.SEEDS, (*sources.WORDS, *JSON_WORDS)),
        Target("tars", tars.run, tars.SEEDS, tars.WORDS),
        Target("tables", tocs.run, tocs.SEEDS, tocs.WORDS),
    )
}
