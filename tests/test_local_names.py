from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui.arguments import Arguments, Place, PlaceError, parse_arguments, parse_place
from tui.client.local.local_path import LocalPath
from tui.client.names import Digest, Repository, Tag
from tui.places import LayerPlace, ManifestPlace, RegistryPlace, RepositoryPlace, crumbs, noun

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = Digest.of(b"")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a layout, some archives, and files whose names could be repositories."""
    (tmp_path / "layout").mkdir()
    (tmp_path / "alpine").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "who@home").mkdir()
    for name in ("image.tar", "IMAGE.TAR.GZ", "image.tgz", "sub/x.tar", "busybox", "odd:name.tar", "image"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def local(folder: Path, name: str, kind: str = "") -> LocalPath:
    return LocalPath.of(str(folder / name), kind)


@pytest.mark.parametrize(
    ("text", "name", "kind", "image"),
    [
        ("oci:layout", "layout", "oci", ""),
        ("oci:./layout/", "layout", "oci", ""),
        ("oci:layout:v1", "layout", "oci", "v1"),
        ("oci:layout:docker.io/library/alpine:3", "layout", "oci", "docker.io/library/alpine:3"),
        ("oci:layout:localhost:5000/app:1", "layout", "oci", "localhost:5000/app:1"),
        (f"oci:layout@{DIGEST}", "layout", "oci", f"@{DIGEST}"),
        (f"oci:layout:v1@{DIGEST}", "layout", "oci", f"@{DIGEST}"),
        ("oci-archive:image.tar:v1", "image.tar", "oci", "v1"),
        ("oci:image.tar", "image.tar", "oci", ""),
        ("oci:who@home:v1", "who@home", "oci", "v1"),
        ("docker-archive:image.tar", "image.tar", "docker-archive", ""),
        ("docker-archive:image.tar:alpine:3", "image.tar", "docker-archive", "alpine:3"),
        ("image.tar", "image.tar", "", ""),
        ("image.tar:alpine:3", "image.tar", "", "alpine:3"),
        ("IMAGE.TAR.GZ", "IMAGE.TAR.GZ", "", ""),
        ("image.tgz", "image.tgz", "", ""),
        ("sub/x.tar", "sub/x.tar", "", ""),
        ("odd:name.tar", "odd:name.tar", "", ""),
        ("oci:odd:name.tar:v1", "odd:name.tar", "oci", "v1"),
        ("./layout", "layout", "", ""),
        ("./alpine:v1", "alpine", "", "v1"),
        ("./image", "image", "", ""),
        (".", "", "", ""),
    ],
)
def test_a_layout_or_an_archive_is_meant_outright(
    folder: Path, text: str, name: str, kind: str, image: str
) -> None:
    assert parse_place(text) == Place(local(folder, name, kind), image=image)


@pytest.mark.parametrize("path", ["{folder}/layout", "~/layout", "{folder}/busybox"])
def test_an_absolute_path_and_one_in_the_home_are_paths(
    folder: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    written = path.format(folder=folder)
    assert parse_place(written).host == local(folder, path.rpartition("/")[2])
    assert parse_place(f"oci:{written}").host == local(folder, path.rpartition("/")[2], "oci")


@pytest.mark.parametrize("text", ["alpine", "busybox", "layout", "image", "alpine:3", "library/oci:1"])
@pytest.mark.usefixtures("folder")
def test_files_and_folders_do_not_hide_names_on_docker_hub(text: str) -> None:
    assert parse_place(text).host == "docker.io"


@pytest.mark.usefixtures("folder")
def test_a_repository_may_be_called_like_an_archive() -> None:
    assert parse_place("localhost:5000/x.tar").host == "localhost:5000"
    assert parse_place("https://example.tar").host == "example.tar"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("oci:absent", "there is no file or folder 'absent'"),
        ("oci:absent:v1", "there is no file or folder 'absent'"),
        ("oci:", "it is empty"),
        ("docker-archive:absent.tar", "there is no file or folder 'absent.tar'"),
        ("./absent", "there is no file or folder './absent'"),
        ("/nowhere/at/all", "there is no file or folder '/nowhere/at/all'"),
        ("absent.tar", "there is no file 'absent.tar'"),
        ("sub/absent.tar.gz", "there is no file 'sub/absent.tar.gz'"),
        ("oci:layout:@alpine:3", "'@alpine:3' is no name"),
        ("oci:layout:a b", "'a b' is no name of an image in a layout or an archive"),
        ("oci:layout:", None),
        ("oci:lay\0out", "there is no file or folder|NUL"),
        ("~nobody-is-called-so/x", "nobody knows where that home folder is"),
        ("oci://ghcr.io/org/chart", "'oci' is no scheme"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_names_nothing_is_told_in_a_sentence(text: str, told: str | None) -> None:
    if told is None:
        assert parse_place(text).image == ""
        return
    with pytest.raises(PlaceError, match=told):
        parse_place(text)


def test_the_command_line_takes_a_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_arguments(["image.tar"]) == Arguments(Place(local(folder, "image.tar")))
    with pytest.raises(SystemExit):
        parse_arguments(["--insecure-http", "image.tar"])
    assert "--insecure-http is for registries, and PLACE is on this machine" in capsys.readouterr().err


class TestPlaces:
    """What the panes call what lies on disk."""

    LAYOUT = LocalPath("oci:/srv/layout")
    ARCHIVE = LocalPath("docker-archive:/srv/image.tar")

    @pytest.mark.parametrize(
        ("host", "repository", "reference", "text"),
        [
            (LAYOUT, "layout", Tag("v1"), "oci:/srv/layout:v1"),
            (LAYOUT, "layout", DIGEST, f"oci:/srv/layout@{DIGEST}"),
            (LAYOUT, "library/alpine", Tag("3"), "oci:/srv/layout:library/alpine:3"),
            (ARCHIVE, "alpine", Tag("3"), "docker-archive:/srv/image.tar:alpine:3"),
            (LocalPath("/srv/image.tar"), "image", Tag("3"), "/srv/image.tar:3"),
        ],
    )
    def test_a_reference_is_written_as_it_can_be_opened_again(
        self, host: LocalPath, repository: str, reference: Tag | Digest, text: str
    ) -> None:
        assert ManifestPlace(host, Repository(repository), reference).text == text

    def test_a_repository_has_its_path_before_it(self) -> None:
        assert RepositoryPlace(self.LAYOUT, Repository("alpine")).text == "oci:/srv/layout:alpine"

    def test_the_path_is_the_first_of_the_names_that_lead_there(self) -> None:
        manifest = ManifestPlace(self.LAYOUT, Repository("layout"), Tag("v1"))
        assert crumbs(LayerPlace(manifest, None, number=1)) == (self.LAYOUT, "layout", "v1", "layer 1")
        assert crumbs(RegistryPlace(self.ARCHIVE)) == (self.ARCHIVE,)

    def test_each_kind_has_a_word(self) -> None:
        assert noun(self.LAYOUT) == "layout"
        assert noun(self.ARCHIVE) == "archive"
        assert noun(LocalPath("/srv/image.tar")) == "file"
