"""The command lines of `ocitui login` and `ocitui logout`.

Neither Textual nor httpx is imported from here, so that help and complaints come at once.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.client.errors import InvalidNameError
from tui.client.names import DOCKER_HUB, RegistryHost
from tui.parser import Parser, add_ca_file, check_ca_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LoginArguments", "LogoutArguments", "parse_login_arguments", "parse_logout_arguments"]

LOGIN_DESCRIPTION: Final = """\
Check a login at a registry, and keep it in the keyring of the operating system.

User name and password are asked for on the terminal, unless options give them."""

LOGIN_EPILOG: Final = """\
The password is never written to a file. The user name '<token>' says that the password
is an identity token.

  ocitui login registry.example.com
  ocitui login registry.example.com --username alice --password-stdin < password.txt

exit codes:
  0 the login is right and kept, or the registry lets in everybody and it is kept unchecked
  1 the registry refuses it, or the keyring does not take it
  2 wrong arguments   130 interrupted"""

LOGOUT_DESCRIPTION: Final = """\
Remove the login for a registry from the keyring of the operating system.

Logins of Docker and Podman stay: their own 'logout' removes them."""


@dataclass(frozen=True, slots=True)
class LoginArguments:
    """What the command line of `ocitui login` says."""

    host: RegistryHost
    """The registry; Docker Hub is `docker.io`."""
    username: str = ""
    """The user name; empty where it is to be asked for."""
    password_stdin: bool = False
    """Whether the password comes from the standard input, and nothing is asked for."""
    insecure_http: bool = False
    """Whether plain http is spoken with the registry: by the option or the host's scheme."""
    ca_file: Path | None = None
    """A PEM file of certificate authorities to trust besides the system's."""


@dataclass(frozen=True, slots=True)
class LogoutArguments:
    """What the command line of `ocitui logout` says."""

    host: RegistryHost
    """The registry; Docker Hub is `docker.io`."""


def parse_login_arguments(argv: Sequence[str]) -> LoginArguments:
    """Read what stands behind `ocitui login`.

    Raises:
        SystemExit: The help was asked for (`ExitCode.FINE`), or the arguments are wrong (`ExitCode.USAGE`);
            what there is to say has been written.
    """
    parser = _parser("login", LOGIN_DESCRIPTION, LOGIN_EPILOG)
    parser.add_argument("--username", metavar="NAME", default="", help="who you are there")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the standard input, without the line end that may follow it",
    )
    add_ca_file(parser)
    parser.add_argument(
        "--insecure-http",
        action="store_true",
        help="speak plain http: everybody in between can read the password",
    )
    given = parser.parse_args(argv)
    host, scheme = _host(parser, given.host)
    if given.insecure_http and scheme == "https":
        parser.error("--insecure-http contradicts the https:// of HOST")
    if given.password_stdin and not given.username:
        parser.error("--password-stdin needs --username")
    ca_file: Path | None = given.ca_file
    check_ca_file(parser, ca_file)
    return LoginArguments(
        host=host,
        username=given.username,
        password_stdin=given.password_stdin,
        insecure_http=given.insecure_http or scheme == "http",
        ca_file=ca_file,
    )


def parse_logout_arguments(argv: Sequence[str]) -> LogoutArguments:
    """Read what stands behind `ocitui logout`.

    Raises:
        SystemExit: As with `parse_login_arguments`.
    """
    parser = _parser("logout", LOGOUT_DESCRIPTION, "")
    return LogoutArguments(_host(parser, parser.parse_args(argv).host)[0])


def _parser(command: str, description: str, epilog: str) -> Parser:
    parser = Parser(
        prog=f"ocitui {command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("host", metavar="HOST", help="the registry: registry.example.com, localhost:5000")
    parser.add_argument("-h", "--help", action="help", help="show this help, and exit")
    return parser


def _host(parser: Parser, text: str) -> tuple[RegistryHost, str]:
    """Read a host and the scheme that may stand before it."""
    try:
        host = RegistryHost.parse(text)
    except InvalidNameError as error:
        parser.error(str(error))
    scheme = text.strip().partition("://")[0].lower() if "://" in text else ""
    return (RegistryHost(DOCKER_HUB) if host.is_docker_hub else host), scheme
