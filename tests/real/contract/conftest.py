"""The servers of the contract, each with the same content; each starts when the first test asks for it."""

from __future__ import annotations

import itertools
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.client.helpers import EAGER
from tests.real.certificates import make_server_certificate
from tests.real.conftest import (
    PASSWORD,
    USER,
    serving_over_tls,
    serving_with_redirects,
    serving_with_tokens,
)
from tests.real.contract import content
from tests.real.contract.traits import TRAITS, Traits
from tests.real.docker_registry import DockerRegistry
from tests.real.hand import Hand
from tests.real.listening import ListeningProcess
from tests.real.programs import clean_environment, require
from tests.real.token_server import Account
from tui.client import BasicAuth, Client, Registry, Repository
from tui.demo import BasicLogin, BearerLogin, DemoServer, Storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tui.demo.access import Login

ALICE = BasicAuth(USER, PASSWORD)

SMALL_PAGES = 3
"""Entries of a page of the catalog of a server that gives no more."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that holds the content."""

    url: str
    auth: BasicAuth | None = None
    """A login that may do everything, where it wants one."""
    ca_file: Path | None = None
    """The authority of its certificate."""
    client_certificate: Path | None = None
    """What it wants to be shown, where it wants that."""
    client_key: Path | None = None
    """The key of that."""

    def seen_by(self, client: Client, auth: BasicAuth | None) -> Registry:
        """The server under a login."""
        return client.registry(
            self.url,
            auth,
            ca_file=self.ca_file,
            client_certificate=self.client_certificate,
            client_key=self.client_key,
        )

    def opened_by(self, client: Client) -> Registry:
        """The server under the login that may do everything."""
        return self.seen_by(client, self.auth)


def seeded(url: str) -> None:
    """Put the content into a server that holds nothing yet, and asks nobody for a name."""
    with httpx.Client(base_url=url, trust_env=False) as http:
        hand = Hand(http)
        content.put(hand)
        subject = content.DOCUMENTS["artifact"].descriptor["digest"]
        if http.get(f"/v2/{content.SIGNED}/referrers/{subject}").status_code != httpx.codes.OK:
            content.put_referrers_tag(hand)


@contextmanager
def serving_demo(login: Login | None, **options: Any) -> Iterator[Server]:
    """Serve a demo registry, seeded before anybody has to log in."""
    storage = Storage()
    with DemoServer(storage, **options) as open_to_all:
        seeded(open_to_all.url)
    with DemoServer(storage, login=login, **options) as server:
        yield Server(server.url, ALICE if login else None)


@pytest.fixture(scope="session")
def demo_plain() -> Iterator[Server]:
    with serving_demo(None) as server:
        yield server


@pytest.fixture(scope="session")
def demo_basic() -> Iterator[Server]:
    with serving_demo(BasicLogin({USER: PASSWORD})) as server:
        yield server


@pytest.fixture(scope="session")
def demo_bearer() -> Iterator[Server]:
    with serving_demo(BearerLogin({USER: PASSWORD})) as server:
        yield server


@pytest.fixture(scope="session")
def demo_modest() -> Iterator[Server]:
    """A demo registry that offers little, and cuts all pages short."""
    with serving_demo(None, referrers=False, ranges=False, page_size=SMALL_PAGES) as server:
        yield server


@pytest.fixture(scope="session")
def stored_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content as docker-registry stores it."""
    require("docker-registry")
    folder = tmp_path_factory.mktemp("content")
    with DockerRegistry(folder / "server", folder / "storage") as server:
        seeded(server.url)
    return folder / "storage"


@pytest.fixture(scope="session")
def own_copy(stored_content: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a folder for one server, with a copy of the content in `storage` below it."""

    def copy() -> Path:
        folder = tmp_path_factory.mktemp("server")
        shutil.copytree(stored_content, folder / "storage")
        return folder

    return copy


@pytest.fixture(scope="session")
def debian(own_copy: Callable[[], Path]) -> Callable[..., DockerRegistry]:
    """Makes a server with a copy of the content, and further sections of its configuration."""

    def make(**sections: dict[str, Any]) -> DockerRegistry:
        folder = own_copy()
        return DockerRegistry(folder / "server", folder / "storage", sections)

    return make


@pytest.fixture(scope="session")
def debian_plain(debian: Callable[..., DockerRegistry]) -> Iterator[Server]:
    with debian() as server:
        yield Server(server.url)


@pytest.fixture(scope="session")
def debian_read_only(debian: Callable[..., DockerRegistry]) -> Iterator[Server]:
    with debian(storage={"maintenance": {"readonly": {"enabled": True}}}) as server:
        yield Server(server.url)


@pytest.fixture(scope="session")
def debian_undeletable(debian: Callable[..., DockerRegistry]) -> Iterator[Server]:
    with debian(storage={"delete": {"enabled": False}}) as server:
        yield Server(server.url)


@pytest.fixture(scope="session")
def debian_small_pages(debian: Callable[..., DockerRegistry]) -> Iterator[Server]:
    """A server that refuses longer pages of the catalog."""
    with debian(catalog={"maxentries": SMALL_PAGES}) as server:
        yield Server(server.url)


@pytest.fixture(scope="session")
def debian_cache(debian_plain: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has nothing of its own and fetches what is asked for from another one."""
    folder = tmp_path_factory.mktemp("cache")
    sections = {"proxy": {"remoteurl": debian_plain.url}}
    with DockerRegistry(folder / "server", folder / "storage", sections) as server:
        yield Server(server.url)


@pytest.fixture(scope="session")
def debian_tls(own_copy: Callable[[], Path], password_file: Path) -> Iterator[Server]:
    folder = own_copy()
    with serving_over_tls(folder, folder / "storage", password_file) as serving:
        yield Server(serving.server.url, ALICE, serving.certificate.authority)


@pytest.fixture(scope="session")
def debian_mutual_tls(own_copy: Callable[[], Path]) -> Iterator[Server]:
    """A server that speaks with nobody who shows no certificate of its authority."""
    folder = own_copy()
    made = make_server_certificate(folder / "certificates")
    server = DockerRegistry(
        folder / "server",
        folder / "storage",
        certificate=(made.certificate, made.key),
        client_authority=made.authority,
    )
    with server:
        # A certificate that names no use is good for both ends.
        yield Server(server.url, None, made.authority, made.certificate, made.key)


@pytest.fixture(scope="session")
def debian_redirects(own_copy: Callable[[], Path], password_file: Path) -> Iterator[Server]:
    folder = own_copy()
    with serving_with_redirects(folder, folder / "storage", password_file) as serving:
        yield Server(serving.server.url, ALICE)


@pytest.fixture(scope="session")
def debian_tokens(own_copy: Callable[[], Path]) -> Iterator[Server]:
    folder = own_copy()
    rights = {
        "repository:": frozenset({"pull", "push", "delete"}),
        "registry:catalog": frozenset({"*"}),
    }
    accounts = {USER: Account(PASSWORD, rights)}
    with serving_with_tokens(folder, folder / "storage", accounts) as serving:
        yield Server(serving.server.url, ALICE)


@pytest.fixture(scope="session")
def distribution_3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require("distribution")
    folder = tmp_path_factory.mktemp("distribution")
    with DockerRegistry(folder / "server", folder / "storage", program="distribution") as server:
        seeded(server.url)
        yield Server(server.url)


@contextmanager
def serving_from_memory(folder: Path, command: list[str], says: str) -> Iterator[Server]:
    """Serve a registry that forgets everything when it ends."""
    require(command[0])
    with ListeningProcess(command, clean_environment(folder), says) as process:
        url = f"http://{process.host}"
        seeded(url)
        yield Server(url)


@pytest.fixture(scope="session")
def crane_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = ["crane", "registry", "serve", "--address", "127.0.0.1:0"]
    with serving_from_memory(tmp_path_factory.mktemp("crane"), command, r"serving on port (\d+)") as server:
        yield server


@pytest.fixture(scope="session")
def ggcr_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("ggcr")
    with serving_from_memory(folder, ["ggcr"], r"listening on 127\.0\.0\.1:(\d+)") as server:
        yield server


@pytest.fixture(scope="session")
def ocimem_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("ocimem")
    with serving_from_memory(folder, ["ocimem"], r"listening on 127\.0\.0\.1:(\d+)") as server:
        yield server


@pytest.fixture(scope="session", params=TRAITS)
def named_server(request: pytest.FixtureRequest) -> tuple[str, Server]:
    """Each server, with its name."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, Server)
    return request.param, server


@pytest.fixture(scope="session")
def server(named_server: tuple[str, Server]) -> Server:
    """Each server."""
    return named_server[1]


@pytest.fixture(scope="session")
def traits(named_server: tuple[str, Server]) -> Traits:
    """What to expect of it."""
    return TRAITS[named_server[0]]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that repeats at once what failed."""
    async with Client(limits=EAGER) as opened:
        yield opened


_NUMBERS = itertools.count()


@pytest.fixture
def repository() -> Repository:
    """A repository that no other test writes to."""
    return Repository(f"written/{next(_NUMBERS)}")


@pytest.fixture
def registry(client: Client, server: Server) -> Registry:
    """The server as the client sees it, under a login that may do everything."""
    return server.opened_by(client)
