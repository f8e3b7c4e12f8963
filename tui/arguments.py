"""The command line: what a person types behind `ocitui`, read and checked before anything is loaded.

Neither Textual nor httpx is imported from here, so that `--help`, `--version` and a complaint come at once.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tui import __version__
from tui.client.errors import InvalidNameError
from tui.client.local.local_path import LocalPath
from tui.client.names import DOCKER_HUB, Digest, RegistryHost, Repository, Tag
from tui.client.redaction import quoted, redacted_url
from tui.local_names import LocalNameError, looks_like_archive, parse_local
from tui.login_arguments import (
    LoginArguments,
    LogoutArguments,
    parse_login_arguments,
    parse_logout_arguments,
)
from tui.parser import ExitCode, Parser, add_ca_file, check_ca_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui.client.local.local_path import SourceName

__all__ = [
    "Arguments",
    "ExitCode",
    "Place",
    "PlaceError",
    "parse_arguments",
    "parse_command",
    "parse_demo_place",
    "parse_place",
]

Scheme = Literal["", "http", "https"]

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_OFFICIAL: Final = "library/"
_API_PATHS: Final = frozenset({"v1", "v2"})

DESCRIPTION: Final = """\
Browse container registries in the terminal: repositories, tags, platforms, layers.

Without PLACE it opens on the registries that you have: those of the settings,
those that Docker and Podman are logged in to, and well-known public ones."""

EPILOG: Final = """\
PLACE, as people write it:
  registry.example.com                  a registry: a host has a dot or a port,
  localhost:5000                        or is called localhost
  registry.example.com/team/app         a repository
  registry.example.com/team/app:1.2     a tag
  registry.example.com/team/app@sha256:...
                                        a manifest or an index, by digest
  alpine, alpine:3, org/app             a name on Docker Hub
  http://registry.example.com/team/app  a registry that speaks plain http
  oci:PATH, oci:PATH:TAG                an OCI image layout: a folder, or a tar of one
  docker-archive:PATH                   what docker save and podman save write
  image.tar, ./PATH                     either of them
With --demo, PLACE is REPOSITORY[:TAG] on the demo registry: library/debian:bookworm

commands:
  ocitui login HOST     check a login and keep it in the keyring (see its --help)
  ocitui logout HOST    remove it from there
  A repository of Docker Hub that is called like a command: library/login

environment:
  OCITUI_CONFIG        the file of the settings, instead of the usual one
  OCITUI_STATE         the file in which the program remembers names by itself
  OCITUI_REGISTRY, OCITUI_USERNAME, OCITUI_PASSWORD
                       a login, for this registry and for no other
  DOCKER_AUTH_CONFIG   logins, as Docker's config.json has them
  DOCKER_CONFIG        the folder of Docker's config.json, whose logins are used
  REGISTRY_AUTH_FILE   Podman's file of logins, instead of the usual ones
  TMPDIR               where packed archives are unpacked while they are open
  NO_COLOR             if set, no colours: state is shown by signs and weight

exit codes:
  0 fine   1 the registry or a file said no   2 wrong arguments   130 interrupted"""


class PlaceError(ValueError):
    """Text that names no place; the message is a sentence without a full stop, safe to show."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to open: a registry, a repository in it, or a tag or digest in that."""

    host: SourceName | None
    """The registry, or the path of a layout or an archive; None is the demo registry, whose host is known
    when it is started."""
    repository: Repository | None = None
    """The repository; None opens the registry."""
    reference: Tag | Digest | None = None
    """The tag or digest, the digest where both were written; None opens the repository."""
    scheme: Scheme = ""
    """The scheme that was written before the host, or nothing."""
    image: str = ""
    """What was written behind the path of a layout or an archive: which image that is, its content tells."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line says."""

    place: Place | None = None
    """Where to open; None opens the list of registries."""
    demo: bool = False
    """Whether to start the demo registry and to open on it."""
    insecure_http: bool = False
    """Whether plain http is spoken with the place's host, and with no other: by the option or its scheme."""
    ca_file: Path | None = None
    """A PEM file of certificate authorities to trust besides the system's, for every registry of this run."""


def parse_command(argv: Sequence[str] | None = None) -> Arguments | LoginArguments | LogoutArguments:
    """Read a whole command line: that of the browser, or `login` or `logout` and what stands behind it.

    Args:
        argv: The arguments without the program's name; those of the process where it is left out.

    Raises:
        SystemExit: As with `parse_arguments`.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    match given:
        case ["login", *rest]:
            return parse_login_arguments(rest)
        case ["logout", *rest]:
            return parse_logout_arguments(rest)
        case _:
            return parse_arguments(given)


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """Read the command line.

    Args:
        argv: The arguments without the program's name; those of the process where it is left out.

    Raises:
        SystemExit: `--help` or `--version` was asked for (`ExitCode.FINE`), or the arguments are wrong
            (`ExitCode.USAGE`); what there is to say has been written.
    """
    parser = _parser()
    given = parser.parse_args(argv)
    demo: bool = given.demo
    insecure_http: bool = given.insecure_http
    ca_file: Path | None = given.ca_file
    place: Place | None = None
    if given.place is not None:
        try:
            place = parse_demo_place(given.place) if demo else parse_place(given.place)
        except PlaceError as error:
            parser.error(str(error))
    if insecure_http and not demo:
        if place is None:
            parser.error("--insecure-http is for one registry: say which, as PLACE")
        if isinstance(place.host, LocalPath):
            parser.error("--insecure-http is for registries, and PLACE is on this machine")
        if place.scheme == "https":
            parser.error("--insecure-http contradicts the https:// of PLACE")
    check_ca_file(parser, ca_file)
    return Arguments(
        place=place,
        demo=demo,
        insecure_http=insecure_http or (place is not None and place.scheme == "http"),
        ca_file=ca_file,
    )


def parse_place(text: str) -> Place:
    """Read a place as people write it: `HOST`, `HOST/REPOSITORY[:TAG][@DIGEST]`, or a name on Docker Hub.

    The first part is a host if it is `localhost`, contains a dot, is an address in brackets, or has a port
    and a slash behind it; a scheme before it (`http://`, `https://`) says so outright. Anything else is a
    repository of Docker Hub, in `library/` where it has one part. A layout or an archive is said outright,
    too: by what stands before its path (`oci:`, `docker-archive:`), by the path's beginning (`/`, `./`), or
    by the name of an archive that exists.

    Raises:
        PlaceError: The text is something else.
    """
    if not text:
        raise PlaceError("PLACE is empty")
    try:
        local = parse_local(text)
    except LocalNameError as error:
        raise PlaceError(str(error)) from error
    if local is not None:
        return Place(local[0], image=local[1])
    scheme, rest = _scheme(text)
    head, slash, path = rest.partition("/")
    if slash and "@" in head:
        # A digest stands at the end, so this is a login; what may hold a password is not repeated.
        raise PlaceError("a login does not belong into PLACE: leave out what stands before the '@'")
    if not scheme and looks_like_archive(text) and not (slash and _is_host(head, followed=True)):
        raise PlaceError(f"there is no file {quoted(text, 200)}")
    if not (scheme or _is_host(head, followed=bool(slash))):
        return _hub_place(rest)
    try:
        written = RegistryHost(head)
    except InvalidNameError as error:
        raise PlaceError(str(error)) from error
    host = RegistryHost(DOCKER_HUB) if written.is_docker_hub else written
    if not path or (scheme and path.rstrip("/") in _API_PATHS):
        return Place(host, scheme=scheme)
    repository, reference = _repository(path, official=host.is_docker_hub)
    return Place(host, repository, reference, scheme)


def parse_demo_place(text: str) -> Place:
    """Read a place of the demo registry: `REPOSITORY[:TAG][@DIGEST]`.

    Raises:
        PlaceError: The text is something else.
    """
    repository, reference = _repository(text, official=False)
    return Place(None, repository, reference)


def _parser() -> Parser:
    parser = Parser(
        prog="ocitui",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument(
        "place",
        metavar="PLACE",
        nargs="?",
        help="what to open: a registry, a repository, a tag, a digest, or a file",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="start a small registry with sample images on this machine, and open on it",
    )
    parser.add_argument(
        "--insecure-http",
        action="store_true",
        help="speak plain http with the registry of PLACE: everybody in between can read and change "
        "what is sent, the login too (registries on this machine need no option)",
    )
    add_ca_file(parser)
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}", help="show the version, and exit"
    )
    parser.add_argument("-h", "--help", action="help", help="show this help, and exit")
    return parser


def _scheme(text: str) -> tuple[Scheme, str]:
    match = _URL.fullmatch(text)
    if match is None:
        return "", text
    scheme = match["scheme"].lower()
    rest = match["rest"]
    if scheme not in {"http", "https"}:
        raise PlaceError(f"{quoted(scheme)} is no scheme that can be opened: http:// and https:// are")
    if "?" in rest or "#" in rest:
        raise PlaceError(f"{quoted(redacted_url(text), 200)} has a query or a fragment: leave it out")
    return ("http" if scheme == "http" else "https"), rest.rstrip("/") + "/"


def _is_host(head: str, *, followed: bool) -> bool:
    name, colon, _ = head.partition("@")[0].partition(":")
    return name == "localhost" or "." in name or head.startswith("[") or bool(colon and followed)


def _hub_place(text: str) -> Place:
    repository, reference = _repository(text, official=True)
    return Place(RegistryHost(DOCKER_HUB), repository, reference)


def _repository(text: str, *, official: bool) -> tuple[Repository, Tag | Digest | None]:
    """Take `REPOSITORY[:TAG][@DIGEST]` apart; `official` puts a name of one part into `library/`."""
    named, at, digest = text.rstrip("/").partition("@")
    path, colon, tag = named.partition(":")
    try:
        by_digest = Digest(digest) if at else None
        repository = Repository(path)
        by_tag = Tag(tag) if colon else None
        if official and "/" not in repository:
            repository = Repository(_OFFICIAL + repository)
    except InvalidNameError as error:
        raise PlaceError(str(error)) from error
    return repository, by_digest or by_tag
