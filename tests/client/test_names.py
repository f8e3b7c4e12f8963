import copy
import hashlib
import pickle
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.helpers import read_as_names
from tui.client.errors import InvalidNameError, UnsupportedAlgorithmError
from tui.client.names import Digest, Image, Reference, RegistryHost, Repository, Tag, parse_reference

SHA256 = "sha256:" + "f" * 64
SHA512 = "sha512:" + "0a" * 64
IDENTIFIER = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a"

LENGTHS = {"sha256": 64, "sha512": 128, "blake3": 64}

few = settings(deadline=None, max_examples=150)


class TestRegistryHost:
    @pytest.mark.parametrize(
        ("text", "hostname", "port"),
        [
            ("docker.io", "docker.io", None),
            ("Registry.Example.COM:443", "registry.example.com", 443),
            ("localhost", "localhost", None),
            ("a", "a", None),
            ("xn--n3h.com:18080", "xn--n3h.com", 18080),
            ("127.0.0.1:5000", "127.0.0.1", 5000),
            ("[::1]", "::1", None),
            ("[2001:DB8::1]:65535", "2001:db8::1", 65535),
        ],
    )
    def test_valid_hosts(self, text: str, hostname: str, port: int | None) -> None:
        host = RegistryHost(text)
        assert host == text.lower()
        assert (host.hostname, host.port) == (hostname, port)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " docker.io",
            "docker.io\n",
            "-ab.com",
            "ab-.com",
            "a..b",
            "a.b.",
            "under_score",
            "☃.com",
            "test.com:http",
            "test.com:",
            "test.com:0",
            "test.com:65536",
            "test.com:750050",
            "test.com:٣",
            "::1",
            "fd00:1:2::3:75050",
            "[fd00:1:2::3]75050",
            "[fd00:1:2::3%eth0]:5000",
            "[fd00123123123]:5000",
            "[:::]",
            "host/path",
            "http://host",
            "a" * 300,
        ],
    )
    def test_invalid_hosts(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            RegistryHost(text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("http://127.0.0.1:5000", "127.0.0.1:5000"),
            ("HTTPS://Example.com/", "example.com"),
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("https://example.com/v2", "example.com"),
            ("http://[::1]:5000/v2/", "[::1]:5000"),
            (" example.com:5000\n", "example.com:5000"),
            ("example.com/", "example.com"),
        ],
    )
    def test_parse_takes_urls(self, text: str, expected: str) -> None:
        assert RegistryHost.parse(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "ftp://example.com",
            "https://example.com/org/repository",
            "https://example.com?a=b",
            "https://example.com/#a",
            "https://",
            "https:example.com",
            "//example.com",
            "",
        ],
    )
    def test_parse_refuses_other_urls(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            RegistryHost.parse(text)

    @pytest.mark.parametrize("text", ["https://alice:s3cret@example.com/", "alice:s3cret@example.com"])
    def test_a_login_in_a_host_is_refused_and_not_repeated(self, text: str) -> None:
        with pytest.raises(InvalidNameError) as caught:
            RegistryHost.parse(text)
        assert "login" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert "s3cret" not in repr(caught.value)
        assert "s3cret" not in repr(vars(caught.value))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("localhost", True),
            ("LOCALHOST:5000", True),
            ("registry.localhost:80", True),
            ("127.0.0.1", True),
            ("127.255.3.4:5000", True),
            ("[::1]:5000", True),
            ("[0:0:0:0:0:0:0:1]", True),
            ("[::ffff:7f00:1]", True),
            ("localhost.example.com", False),
            ("notlocalhost", False),
            ("128.0.0.1", False),
            ("127.0.0.1.example.com", False),
            ("10.0.0.1", False),
            ("[::2]", False),
            ("[::ffff:a00:1]", False),
            ("docker.io", False),
        ],
    )
    def test_loopback(self, text: str, expected: bool) -> None:  # noqa: FBT001 - the expected answer
        assert RegistryHost(text).is_loopback is expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("docker.io", "registry-1.docker.io"),
            ("index.docker.io", "registry-1.docker.io"),
            ("registry-1.docker.io", "registry-1.docker.io"),
            ("ghcr.io", "ghcr.io"),
            ("docker.io:443", "docker.io:443"),
        ],
    )
    def test_the_api_host_of_docker_hub_has_another_name(self, text: str, expected: str) -> None:
        assert RegistryHost(text).api_host == expected

    def test_docker_hub_is_known_by_all_its_names(self) -> None:
        hosts = ["docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com", "quay.io"]
        assert [RegistryHost(host).is_docker_hub for host in hosts] == [True, True, True, False, False]


class TestRepository:
    @pytest.mark.parametrize(
        "text",
        [
            "a",
            "library/alpine",
            "a/b/c/d/e",
            "dock__er/dock_er/dock.er",
            "docker---rules/x--y",
            "0/1",
            "a" * 255,
        ],
    )
    def test_valid(self, text: str) -> None:
        assert Repository(text) == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "-a",
            "a-/b",
            "_a/b",
            "a..b",
            "a_.b",
            "a.-b",
            "a___b",
            "Upper/case",
            "a b",
            "a:b",
            "a@b",
            "../a",
            "a/..",
            "ä",
            "a\n",
            "a\x1b]52;",
            "a" * 256,
        ],
    )
    def test_invalid(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            Repository(text)

    def test_capitals_are_named_as_the_reason(self) -> None:
        with pytest.raises(InvalidNameError, match="'Upper/case' is not a valid repository: capital letters"):
            Repository("Upper/case")


class TestTag:
    @pytest.mark.parametrize("text", ["latest", "3", "_", "V1.2-rc_3", "a" * 128])
    def test_valid(self, text: str) -> None:
        assert Tag(text) == text

    @pytest.mark.parametrize(
        "text", ["", ".a", "-a", "a" * 129, "a b", "a/b", "a:b", "ä", "a\n", "٣", "[/foo]"]
    )
    def test_invalid(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            Tag(text)


class TestDigest:
    @pytest.mark.parametrize(
        ("text", "algorithm"),
        [
            (SHA256, "sha256"),
            (SHA512, "sha512"),
            ("blake3:" + "a" * 64, "blake3"),
            ("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", "sha256+b64u"),
            ("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", "multihash+base58"),
        ],
    )
    def test_valid(self, text: str, algorithm: str) -> None:
        digest = Digest(text)
        assert digest == text
        assert digest.algorithm == algorithm
        assert f"{digest.algorithm}:{digest.hex}" == text
        assert digest.short == digest.hex[:12]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "sha256",
            "sha256:",
            ":" + "f" * 64,
            "sha256:" + "f" * 63,
            "sha256:" + "f" * 65,
            "sha256:" + "F" * 64,
            "sha256:" + "g" * 64,
            "SHA256:" + "f" * 64,
            "sha512:" + "f" * 64,
            "blake3:" + "f" * 63,
            SHA256 + "\n",
            " " + SHA256,
            "sha256:../../etc/passwd",
            "sha256+:" + "f" * 64,
            "x:" + "f" * 2000,
        ],
    )
    def test_invalid(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            Digest(text)

    def test_of_data(self) -> None:
        assert Digest.of(b"x") == "sha256:" + hashlib.sha256(b"x").hexdigest()
        assert Digest.of(b"x", "sha512") == "sha512:" + hashlib.sha512(b"x").hexdigest()

    @pytest.mark.parametrize("digest", [Digest(SHA256), Digest(SHA512)])
    def test_hasher_is_of_the_algorithm(self, digest: Digest) -> None:
        hasher = digest.hasher()
        hasher.update(b"data")
        assert Digest(f"{digest.algorithm}:{hasher.hexdigest()}") == Digest.of(b"data", digest.algorithm)

    def test_other_algorithms_cannot_be_computed(self) -> None:
        with pytest.raises(UnsupportedAlgorithmError, match="blake3"):
            Digest("blake3:" + "a" * 64).hasher()
        with pytest.raises(UnsupportedAlgorithmError, match="md5"):
            Digest.of(b"", "md5")


# What distribution/reference says about these.
REFERENCES = [
    ("test_com", None, "test_com", None, None),
    ("test.com:tag", None, "test.com", "tag", None),
    ("test.com:5000", None, "test.com", "5000", None),
    ("test.com/repo:tag", "test.com", "repo", "tag", None),
    ("test:5000/repo", "test:5000", "repo", None, None),
    ("test:5000/repo:tag", "test:5000", "repo", "tag", None),
    (f"test:5000/repo@{SHA256}", "test:5000", "repo", None, SHA256),
    (f"test:5000/repo:tag@{SHA256}", "test:5000", "repo", "tag", SHA256),
    (f"validname@{SHA512}", None, "validname", None, SHA512),
    ("lowercase:Uppercase", None, "lowercase", "Uppercase", None),
    ("Uppercase/lowercase:tag", "Uppercase", "lowercase", "tag", None),
    ("a/" * 127 + "a:tag-puts-this-over-max", "a", "a/" * 126 + "a", "tag-puts-this-over-max", None),
    ("library/alpine", "library", "alpine", None, None),
    ("test_com/foo", None, "test_com/foo", None, None),
    ("sub-dom1.foo.com/bar/baz/quux:t", "sub-dom1.foo.com", "bar/baz/quux", "t", None),
    ("b.gcr.io/test.example.com/my-app:t", "b.gcr.io", "test.example.com/my-app", "t", None),
    ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", None),
    ("foo_bar.com:8080", None, "foo_bar.com", "8080", None),
    ("foo/foo_bar.com:8080", "foo", "foo_bar.com", "8080", None),
    ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", "5050", None),
    ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", None, None),
    ("[2001:db8::1]:5000/repo:tag", "[2001:db8::1]:5000", "repo", "tag", None),
    (f"[2001:db8::]:5000/repo@{SHA256}", "[2001:db8::]:5000", "repo", None, SHA256),
    ("example.com/" + "a" * 255 + ":tag", "example.com", "a" * 255, "tag", None),
]
NO_REFERENCES = [
    "",
    ":justtag",
    f"@{SHA256}",
    "repo@sha256:" + "f" * 34,
    "repo@sha256:" + "F" * 64,
    "validname@invaliddigest:" + "f" * 64,
    "Uppercase:tag",
    "test:5000/Uppercase/lowercase:tag",
    "domain/" + "a" * 256 + ":tag",
    "aa/asdf$$^/aa",
    "[2001:db8::1]",
    "[2001:db8::1]:5000",
    "[2001:db8::1]:tag",
    "[fe80::1%eth0]:5000/repo",
    "[fe80::1%@invalidzone]:5000/repo",
    "a//a/a",
    "foo.com/",
    "foo.com:http/bar",
    "repo:" + "t" * 129,
    "repo:tag:tag",
    "repo\n",
    "https://example.com/repo",
    "répo",
    "a" * 5000,
]


class TestReference:
    @pytest.mark.parametrize(("text", "domain", "path", "tag", "digest"), REFERENCES)
    def test_parts(
        self, text: str, domain: str | None, path: str, tag: str | None, digest: str | None
    ) -> None:
        reference = parse_reference(text)
        assert (reference.domain, reference.path, reference.tag, reference.digest) == (
            domain,
            path,
            tag,
            digest,
        )
        assert str(reference) == text

    @pytest.mark.parametrize("text", NO_REFERENCES)
    def test_what_is_no_reference(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            parse_reference(text)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("ubuntu", "docker.io/library/ubuntu:latest"),
            ("ubuntu:24.04", "docker.io/library/ubuntu:24.04"),
            ("library/ubuntu", "docker.io/library/ubuntu:latest"),
            ("fooo/bar", "docker.io/fooo/bar:latest"),
            ("library/foo/bar", "docker.io/library/foo/bar:latest"),
            ("docker.io/foo", "docker.io/library/foo:latest"),
            ("index.docker.io/foo", "docker.io/library/foo:latest"),
            ("index.docker.io/fooo/bar", "docker.io/fooo/bar:latest"),
            (f"ubuntu@{SHA256}", f"docker.io/library/ubuntu@{SHA256}"),
            (f"ubuntu:1@{SHA256}", f"docker.io/library/ubuntu:1@{SHA256}"),
            ("localhost/fooo", "localhost/fooo:latest"),
            ("127.0.0.1:8000/privatebase", "127.0.0.1:8000/privatebase:latest"),
            ("[fc00::1]:5000/docker", "[fc00::1]:5000/docker:latest"),
            ("example.com/private/moonbase", "example.com/private/moonbase:latest"),
            ("LOCALDOMAIN/fooo", "LOCALDOMAIN/fooo:latest"),
            ("192.168.0.1:80", "docker.io/library/192.168.0.1:80"),
            (f"docker.io/{IDENTIFIER}", f"docker.io/library/{IDENTIFIER}:latest"),
        ],
    )
    def test_familiar(self, text: str, expected: str) -> None:
        assert str(Reference.familiar(text)) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "https://github.com/docker/docker",
            "docker/Docker",
            "-docker",
            "-docker.io/docker/docker",
            "docker///docker",
            "docker/",
            "docker.io/docker/Docker",
            "[fc00::1]",
            "fc00::1:5000/debian",
            "[fe80::1%eth0]:5000/debian",
            "[2001:db8:3:4::192.0.2.33]:5000/debian",
            "____/____",
            "_docker/_docker",
            "dock..er/docker",
            "under_score.example.com/debian",
            IDENTIFIER,
        ],
    )
    def test_what_is_not_familiar(self, text: str) -> None:
        with pytest.raises(InvalidNameError) as caught:
            Reference.familiar(text)
        assert repr(text) in str(caught.value)

    def test_values_for_the_client(self) -> None:
        reference = Reference.familiar("ubuntu:24.04")
        assert reference.host == RegistryHost("docker.io")
        assert reference.image == Image(Repository("library/ubuntu"), Tag("24.04"))
        assert parse_reference(f"ubuntu:24.04@{SHA256}").image == Image(Repository("ubuntu"), Digest(SHA256))
        assert parse_reference("ubuntu").image is None
        assert parse_reference("ubuntu").host is None

    def test_a_domain_need_not_be_a_host(self) -> None:
        reference = parse_reference("example.com:99999/repo")
        with pytest.raises(InvalidNameError, match="port"):
            _ = reference.host


def test_images_read_like_references() -> None:
    assert str(Image(Repository("a/b"), Tag("t"))) == "a/b:t"
    assert str(Image(Repository("a/b"), Digest(SHA256))) == f"a/b@{SHA256}"


@pytest.mark.parametrize(
    "name",
    [RegistryHost("[::1]:5000"), Repository("a/b"), Tag("t"), Digest(SHA256), Reference.familiar("a")],
)
def test_names_survive_copying_and_pickling(name: object) -> None:
    for copied in (copy.deepcopy(name), pickle.loads(pickle.dumps(name))):  # noqa: S301 - our own bytes
        assert copied == name
        assert type(copied) is type(name)


def test_foreign_text_in_messages_is_visible_and_short() -> None:
    with pytest.raises(InvalidNameError) as caught:
        Tag("\x1b]52;c;\u202e" + "x" * 5_000_000)
    message = str(caught.value)
    assert message.isprintable()
    assert "\\x1b]52;c;\\u202e" in message
    assert len(message) < 300
    assert len(repr(caught.value)) < 700


components = st.from_regex(r"[a-z0-9]+((?:\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True).filter(
    lambda t: len(t) < 30
)
paths = st.lists(components, min_size=1, max_size=4).map("/".join)
tags = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=128).filter(
    lambda t: t[0] not in ".-"
)
digests = st.binary(max_size=8).map(Digest.of) | st.binary(max_size=8).map(
    lambda data: Digest.of(data, "sha512")
)


@few
@given(
    st.none() | st.sampled_from(["localhost:1", "Example.com", "[::1]:5"]),
    paths,
    st.none() | tags,
    st.none() | digests,
)
def test_references_are_put_together_and_taken_apart(
    domain: str | None, path: str, tag: str | None, digest: str | None
) -> None:
    text = "".join(
        [f"{domain}/" if domain else "", path, f":{tag}" if tag else "", f"@{digest}" if digest else ""]
    )
    reference = parse_reference(text)
    assert str(reference) == text
    assert (reference.tag, reference.digest) == (tag, digest)
    if domain:
        assert (reference.domain, reference.path) == (domain, path)


@few
@given(st.text() | st.text("aA0:@/._-[]f\n", max_size=80))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    read_as_names(text)


@few
@given(
    st.from_regex(r"[a-z0-9]{1,8}([+._-][a-z0-9]{1,8}){0,2}", fullmatch=True).filter(
        lambda algorithm: algorithm not in LENGTHS
    ),
    st.from_regex(r"[A-Za-z0-9=_-]{1,80}", fullmatch=True),
)
def test_digests_of_unknown_algorithms_follow_the_grammar_and_cannot_be_verified(
    algorithm: str, encoded: str
) -> None:
    digest = Digest(f"{algorithm}:{encoded}")
    assert (digest.algorithm, digest.hex) == (algorithm, encoded)
    with pytest.raises(UnsupportedAlgorithmError):
        digest.hasher()


@few
@given(st.sampled_from(sorted(LENGTHS)), st.text("0123456789abcdef", max_size=130))
def test_digests_of_known_algorithms_have_the_length_of_these(algorithm: str, encoded: str) -> None:
    text = f"{algorithm}:{encoded}"
    if len(encoded) == LENGTHS[algorithm]:
        assert Digest(text) == text
    else:
        with pytest.raises(InvalidNameError):
            Digest(text)
    for wrong in (encoded.upper(), encoded + "g", f"{encoded}\n"):
        if wrong != encoded:
            with pytest.raises(InvalidNameError):
                Digest(f"{algorithm}:{wrong}")


@few
@given(st.binary())
def test_digests_of_any_data_are_digests(data: bytes) -> None:
    digest = Digest.of(data)
    hasher = digest.hasher()
    hasher.update(data)
    assert hasher.hexdigest() == digest.hex
