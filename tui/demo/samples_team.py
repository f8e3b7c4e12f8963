"""Sample images of the kind that a team builds for itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tui.demo.documents import SLSA_PROVENANCE, SPDX_DOCUMENT, provenance, spdx
from tui.demo.layers import Tree
from tui.demo.recipes import AMD64, ARM64, Json, Shelf, Step, stamp
from tui.demo.samples_library import bookworm_slim
from tui.demo.trees import DEBIAN_PACKAGES

if TYPE_CHECKING:
    from tui.demo.layers import Layer
    from tui.demo.storage import Storage

_PACKAGES = {
    "anyio": "4.11.0",
    "certifi": "2026.10.5",
    "click": "8.3.1",
    "fastapi": "0.121.2",
    "h11": "0.16.0",
    "idna": "3.11",
    "pydantic": "2.12.4",
    "pydantic_core": "2.41.5",
    "sqlalchemy": "2.0.44",
    "starlette": "0.49.3",
    "typing_extensions": "4.15.0",
    "uvicorn": "0.38.0",
}

_SITE_PACKAGES = "usr/local/lib/python3.13/site-packages"

_MAIN = '''\
"""The API's entry point, version {version}."""

from fastapi import FastAPI

from app.routes import orders, users

app = FastAPI(title="backend", version="{version}")
app.include_router(users.router, prefix="/users")
app.include_router(orders.router, prefix="/orders")
'''


@cache
def _python(machine: str) -> Layer:
    tree = Tree().program("usr/local/bin/python3.13", 28_000, machine=machine)
    tree.link("usr/local/bin/python3", "python3.13").link("usr/local/bin/python", "python3")
    tree.program("usr/local/lib/libpython3.13.so.1.0", 2_300_000, machine=machine)
    tree.link("usr/local/lib/libpython3.13.so", "libpython3.13.so.1.0")
    for module in (
        "abc",
        "argparse",
        "ast",
        "base64",
        "copy",
        "csv",
        "enum",
        "glob",
        "heapq",
        "io",
        "json/decoder",
        "re/_parser",
    ):
        tree.file(
            f"usr/local/lib/python3.13/{module}.py",
            f'"""The module {module.replace("/", ".")}."""\n\nimport sys\n' * 30,
        )
    return tree.removed("var/lib/dpkg/status-old").removed("usr/share/man").pack()


def _dependencies() -> Layer:
    tree = Tree()
    for package, version in _PACKAGES.items():
        metadata = f"Metadata-Version: 2.4\nName: {package}\nVersion: {version}\nRequires-Python: >=3.10\n"
        tree.file(f"{_SITE_PACKAGES}/{package}-{version}.dist-info/METADATA", metadata)
        tree.file(f"{_SITE_PACKAGES}/{package}-{version}.dist-info/INSTALLER", "pip\n")
        for module in ("__init__", "_compat", "_types", "config", "errors", "main", "utils"):
            text = f'"""{package}.{module}"""\n\nimport typing\n\n__version__ = "{version}"\n'
            tree.file(f"{_SITE_PACKAGES}/{package}/{module}.py", text * 6)
    tree.program(f"{_SITE_PACKAGES}/pydantic_core/_pydantic_core.cpython-313-x86_64-linux-gnu.so", 480_000)
    return tree.program("usr/local/bin/uvicorn", 212).pack()


def _sources(version: str) -> Layer:
    tree = Tree().file(
        "app/pyproject.toml", f'[project]\nname = "backend"\nversion = "{version}"\n', uid=10001
    )
    tree.file("app/src/app/__init__.py", "", uid=10001).file(
        "app/src/app/main.py", _MAIN.format(version=version), uid=10001
    )
    for module in ("orders", "users", "health"):
        text = f'"""Routes below /{module}."""\n\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n'
        tree.file(f"app/src/app/routes/{module}.py", text, uid=10001)
    return tree.file(
        "app/migrations/0001_initial.sql", "CREATE TABLE users (id BIGINT PRIMARY KEY);\n", uid=10001
    ).pack()


def add_backend(storage: Storage) -> None:
    """Add a Python service: versions, branches and commits as tags, attested builds for two platforms."""
    shelf = Shelf(storage, "team/backend/api")
    source = "https://git.example.com/team/backend"
    dependencies = _dependencies()
    workdir = Tree().directory("app", uid=10001).pack()
    requirements = (
        Tree()
        .file("app/requirements.txt", "".join(f"{one}=={number}\n" for one, number in _PACKAGES.items()))
        .pack()
    )
    cleaned = (
        Tree()
        .removed("usr/share/doc")
        .removed("usr/share/locale")
        .opaque("var/cache/apt")
        .removed("etc/issue")
        .pack()
    )
    builds = (
        ("2.3.0", "b7e1f3d09c5a4e62a1d08f6b3c2957e4d1a0c8f3", 31, ("v2.3.0",)),
        ("2.3.1", "4f2a91c6d7e8035b1c9a2f4e6d8b0a7c5e3f1d29", 6, ("v2.3.1", "v2.3", "latest", "sha-4f2a91c")),
        (
            "2.4.0-rc.1",
            "9d0c4b8a7f6e5d3c2b1a0f9e8d7c6b5a4f3e2d1c",
            0,
            ("v2.4.0-rc.1", "main", "sha-9d0c4b8", "pr-481"),
        ),
    )
    for version, revision, days_ago, tags in builds:
        sources = _sources(version)
        images: list[Json] = []
        attestations: list[Json] = []
        for platform in (AMD64, ARM64):
            machine = platform.architecture
            steps = [
                bookworm_slim(machine),
                Step("ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"),
                Step("ENV PYTHON_VERSION=3.13.9"),
                Step(
                    "RUN /bin/sh -c set -eux; wget -O python.tar.xz …; ./configure; make install # buildkit",
                    _python(machine),
                ),
                Step("WORKDIR /app", workdir),
                Step("COPY requirements.txt ./ # buildkit", requirements),
                Step(
                    "RUN /bin/sh -c pip install --no-cache-dir -r requirements.txt # buildkit", dependencies
                ),
                Step("COPY --chown=10001:10001 . . # buildkit", sources),
                Step(
                    "RUN /bin/sh -c rm -rf /usr/share/doc /usr/share/locale /var/cache/apt # buildkit",
                    cleaned,
                ),
                Step("USER 10001:10001"),
                Step("EXPOSE [8000/tcp]"),
                Step('HEALTHCHECK {Test:["CMD","python","-m","app.healthcheck"] Interval:30s}'),
                Step('ENTRYPOINT ["uvicorn" "app.main:app" "--port" "8000"]'),
            ]
            run = {
                "User": "10001:10001",
                "ExposedPorts": {"8000/tcp": {}},
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHON_VERSION=3.13.9", "PYTHONUNBUFFERED=1"],
                "Entrypoint": ["uvicorn", "app.main:app", "--port", "8000"],
                "WorkingDir": "/app",
                "Labels": {
                    "org.opencontainers.image.licenses": "Apache-2.0",
                    "org.opencontainers.image.revision": revision,
                    "org.opencontainers.image.source": source,
                    "org.opencontainers.image.title": "backend",
                    "org.opencontainers.image.version": version,
                },
            }
            image = shelf.image(steps, platform, run=run, days_ago=days_ago)
            statements = {
                SPDX_DOCUMENT: spdx(f"backend-{version}", DEBIAN_PACKAGES, machine),
                SLSA_PROVENANCE: provenance(source, revision, f"linux/{machine}"),
            }
            images.append(image)
            attestations.append(shelf.attestation(image, statements))
        annotations = {
            "org.opencontainers.image.created": stamp(days_ago),
            "org.opencontainers.image.revision": revision,
            "org.opencontainers.image.source": source,
            "org.opencontainers.image.version": version,
        }
        shelf.index([*images, *attestations], tags=tags, annotations=annotations)


def add_storefront(storage: Storage) -> None:
    """Add a website: long and foreign file names, deep folders, one platform."""
    shelf = Shelf(storage, "team/frontend/storefront")
    nginx = Tree().program("usr/sbin/nginx", 380_000).file("etc/nginx/nginx.conf", "worker_processes auto;\n")
    nginx.link("var/log/nginx/access.log", "/dev/stdout").link("var/log/nginx/error.log", "/dev/stderr")
    nginx.file("docker-entrypoint.sh", '#!/bin/sh\nset -e\nexec "$@"\n', 0o755)
    site = "usr/share/nginx/html"
    pages = Tree().file(f"{site}/index.html", "<!doctype html>\n<title>Storefront</title>\n")
    for name in ("Übersicht.html", "каталог-товаров.html", "製品一覧.html", "with blank.html", "☃.svg"):
        pages.file(f"{site}/{name}", f"<title>{name}</title>\n")
    pages.file(f"{site}/{'very-' * 30}long-name.js", "export default {};\n")
    pages.file("/".join([site, *(f"level-{number}" for number in range(1, 16)), "deep.txt"]), "down here\n")
    assets = Tree()
    for number in range(24):
        assets.raw(f"{site}/assets/photo-{number:02}.webp", b"RIFF" + bytes(8) * number * 700 + b"WEBP" * 900)
    assets.program(f"{site}/assets/hero.mp4", 900_000, machine="video")
    steps = [
        bookworm_slim("amd64"),
        Step("LABEL maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>"),
        Step("ENV NGINX_VERSION=1.29.3"),
        Step(
            "RUN /bin/sh -c set -x && apt-get install -y nginx=${NGINX_VERSION} # buildkit",
            nginx.pack(),
        ),
        Step('ENTRYPOINT ["/docker-entrypoint.sh"]'),
        Step("EXPOSE map[80/tcp:{}]"),
        Step("STOPSIGNAL SIGQUIT"),
        Step('CMD ["nginx" "-g" "daemon off;"]'),
        Step("COPY dist/ /usr/share/nginx/html/ # buildkit", pages.pack()),
        Step("COPY assets/ /usr/share/nginx/html/assets/ # buildkit", assets.pack()),
    ]
    run = {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "StopSignal": "SIGQUIT",
    }
    shelf.image(steps, tags=("2026.47", "2026.47.1", "production", "staging"), run=run, days_ago=2)


def add_long_names(storage: Storage) -> None:
    """Add a repository whose name and tags are as long as real ones get."""
    shelf = Shelf(storage, "team/data-platform/warehouse/ingestion/clickstream-events-to-parquet-converter")
    jar = Tree().program(
        "opt/converter/lib/converter-assembly-11.4.0-SNAPSHOT-jar-with-dependencies.jar", 1_200_000
    )
    branch = "feature-DP-20417-partition-by-event-time-instead-of-arrival-time-and-compact-small-files-"
    tags = (
        "11.4.0-SNAPSHOT",
        f"{branch}{'0123456789abcdef' * 3}"[:128],
        "nightly-2026-11-21T02-30-00Z-linux-amd64-jdk25",
    )
    steps = [
        bookworm_slim("amd64"),
        Step(
            "COPY target/converter-assembly-11.4.0-SNAPSHOT-jar-with-dependencies.jar /opt/converter/lib/",
            jar.pack(),
        ),
        Step('ENTRYPOINT ["java" "-XX:MaxRAMPercentage=75" "-jar" "/opt/converter/lib/converter.jar"]'),
    ]
    shelf.image(steps, tags=tags, days_ago=0.3)
