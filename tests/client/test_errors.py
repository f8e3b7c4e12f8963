import copy
import inspect
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.client import errors
from tui.client.errors import (
    BlobNotExistError,
    BodyTooLargeError,
    CatalogUnsupportedError,
    CertificateError,
    ConflictError,
    ConnectionFailedError,
    ConnectionLostError,
    DeniedError,
    DigestMismatchError,
    ErrorInfo,
    ErrorResponse,
    InvalidIndexError,
    InvalidManifestError,
    InvalidNameError,
    ManifestNotExistError,
    NetworkError,
    NotFoundError,
    NotOCIError,
    ParseBodyError,
    ParseJSONError,
    RangesUnsupportedError,
    RateLimitedError,
    RefusedRealmError,
    RefusedRedirectError,
    RegistryError,
    RepositoryNotExistError,
    RequestLine,
    SchemaValidationError,
    SizeMismatchError,
    TimeoutExceededError,
    TokenError,
    UnauthorizedError,
    UnknownMediaTypeError,
    UnreadableSourceError,
    UnsupportedAlgorithmError,
    UnsupportedError,
    ValidationError,
    Violation,
    error_response,
)
from tui.client.names import Digest
from tui.client.redaction import redacted_url

REQUEST = RequestLine("GET", "https://registry.example.com/v2/a/manifests/t")
INFO = ErrorInfo("MANIFEST_UNKNOWN", "manifest unknown", {"tag": ["t", None]})
EVIL = "\x1b]52;c;x\x07\u202e\x9b\x00\ud800[/foo]" + "z" * 100_000

EVERY: list[RegistryError] = [
    RegistryError("it failed"),
    InvalidNameError("tag", "-t", "it begins with '-'"),
    UnsupportedAlgorithmError("blake3"),
    NetworkError("nothing came", request=REQUEST),
    ConnectionFailedError("connection refused", request=REQUEST),
    TimeoutExceededError("no answer for 30 s", request=REQUEST),
    ConnectionLostError("the connection was reset", request=REQUEST),
    CertificateError("unknown authority", request=REQUEST, remedy="Give its file."),
    ErrorResponse([INFO], 500, REQUEST),
    UnauthorizedError([], 401, REQUEST),
    DeniedError([], 403, REQUEST),
    NotFoundError([], 404, REQUEST),
    ManifestNotExistError([INFO], 404, REQUEST, message="there is no manifest 't' in 'a'"),
    BlobNotExistError([], 404, REQUEST),
    RepositoryNotExistError([], 404, REQUEST),
    UnsupportedError([], 405, REQUEST),
    RateLimitedError([], 429, REQUEST, retry_after=2.5),
    NotOCIError("it answers HTML", request=REQUEST),
    ParseBodyError("the body is cut off", request=REQUEST),
    ParseJSONError("the document is empty", request=REQUEST),
    BodyTooLargeError(4096, what="token", request=REQUEST),
    UnknownMediaTypeError("text/html", request=REQUEST),
    SchemaValidationError("the config is an array, not an object"),
    InvalidIndexError("the index has no list of manifests"),
    InvalidManifestError("the manifest has neither a config nor a list of layers"),
    ValidationError([Violation("$.layers[2].digest", "it is missing"), Violation("$", "it is odd")]),
    DigestMismatchError(Digest.of(b"a"), Digest.of(b"b"), request=REQUEST),
    SizeMismatchError(1000, 7, request=REQUEST),
    RangesUnsupportedError(200, request=REQUEST),
    RefusedRedirectError("a redirect from https to http", request=REQUEST),
    RefusedRealmError("the realm is on a private address", request=REQUEST),
    TokenError("the token service answered without a token", request=REQUEST),
    CatalogUnsupportedError("Docker Hub does not list its repositories", request=REQUEST),
    UnreadableSourceError("the layout has no index.json", request=RequestLine("READ", "/srv/layout")),
    ConflictError("others changed the list each time that it was written", request=REQUEST),
]


def everything(error: RegistryError) -> tuple[Any, ...]:
    return type(error), error.args, str(error), repr(error), vars(error)


def test_the_list_above_has_every_error() -> None:
    classes = {
        value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert {type(error) for error in EVERY} == classes


def test_the_docstring_draws_the_tree() -> None:
    drawn: list[tuple[int, str]] = []
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if not line.lstrip().startswith("* "):
            continue
        depth, name = len(line) - len(line.lstrip()), line.split()[1]
        while drawn and drawn[-1][0] >= depth:
            drawn.pop()
        parents[name] = drawn[-1][1] if drawn else "Exception"
        drawn.append((depth, name))
    assert parents == {type(error).__name__: type(error).__mro__[1].__name__ for error in EVERY}


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
class TestEvery:
    def test_is_one_sentence(self, error: RegistryError) -> None:
        assert str(error)
        assert str(error).isprintable()
        assert not str(error).endswith(".")

    def test_tells_what_was_asked(self, error: RegistryError) -> None:
        assert str(error) == (f"{error.request}: {error.message}" if error.request else error.message)

    def test_has_a_sentence_for_a_remedy_or_none(self, error: RegistryError) -> None:
        assert error.remedy == "" or error.remedy.endswith(".")

    def test_has_a_telling_repr(self, error: RegistryError) -> None:
        assert repr(error).startswith(f"{type(error).__name__}({str(error)!r}")

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_survives_pickling(self, error: RegistryError, protocol: int) -> None:
        copied = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
        assert everything(copied) == everything(error)

    def test_survives_copying(self, error: RegistryError) -> None:
        assert everything(copy.deepcopy(error)) == everything(error)
        assert everything(copy.copy(error)) == everything(error)


def test_notes_survive_pickling() -> None:
    error = RegistryError("it failed")
    error.add_note("while listing")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while listing"]  # noqa: S301 - our own bytes


def test_an_invalid_name_is_a_value_error() -> None:
    assert issubclass(InvalidNameError, ValueError)


class TestErrorResponse:
    def test_no_status_is_told_where_nothing_was_asked_over_http(self) -> None:
        line = RequestLine("READ", "/srv/layout:v1")
        error = ManifestNotExistError([], 0, line, message="there is no such tag")
        assert str(error) == "READ /srv/layout:v1: there is no such tag"

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, ErrorResponse),
            (401, UnauthorizedError),
            (403, DeniedError),
            (404, NotFoundError),
            (405, UnsupportedError),
            (429, RateLimitedError),
            (500, ErrorResponse),
            (599, ErrorResponse),
        ],
    )
    def test_the_status_decides(self, status: int, expected: type[ErrorResponse]) -> None:
        error = error_response([ErrorInfo("DENIED")], status, REQUEST)
        assert type(error) is expected
        assert (error.status, error.request, error.codes) == (status, REQUEST, ("DENIED",))

    @pytest.mark.parametrize(
        ("errors", "status", "said"),
        [
            ([], 404, "the registry answered 404 Not Found"),
            ([], 599, "the registry answered 599"),
            ([INFO], 404, "the registry answered 404 Not Found: MANIFEST_UNKNOWN: manifest unknown"),
            ([ErrorInfo("", "no")], 400, "the registry answered 400 Bad Request: no"),
            (
                [ErrorInfo("A"), ErrorInfo("", ""), ErrorInfo("B")],
                400,
                "the registry answered 400 Bad Request: A; B",
            ),
        ],
    )
    def test_the_sentence(self, errors: list[ErrorInfo], status: int, said: str) -> None:
        assert str(error_response(errors, status, REQUEST)) == f"{REQUEST}: {said}"

    def test_a_message_of_its_own_keeps_what_the_registry_said(self) -> None:
        said = "there is no manifest 't' in 'a'"
        error = ManifestNotExistError([INFO], 404, REQUEST, message=said)
        assert str(error) == f"{REQUEST}: {said} (404, MANIFEST_UNKNOWN: manifest unknown)"
        assert str(ManifestNotExistError([], 404, REQUEST, message=said)) == f"{REQUEST}: {said} (404)"

    @pytest.mark.parametrize("status", [401, 403])
    def test_what_is_refused_may_not_exist(self, status: int) -> None:
        missing = "Some registries say the same of what does not exist."
        for path in ("manifests/v1", "tags/list", "blobs/x", "referrers/x"):
            line = RequestLine("GET", f"https://reg.example/v2/a/b/{path}")
            assert error_response([], status, line).remedy.endswith(missing)
        assert missing not in error_response([], status, RequestLine("GET", "https://reg.example/v2/")).remedy

    def test_problems_of_the_registry_pass(self) -> None:
        assert "later" in error_response([], 503, REQUEST).remedy
        assert error_response([], 400, REQUEST).remedy == ""

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [(30, "in 30 s"), (1.2, "in 2 s"), (0, "in 1 s"), (-5, "in 1 s"), (float("inf"), "Wait")],
    )
    def test_the_rate_limit_says_when_to_ask_again(self, seconds: float, shown: str) -> None:
        error = error_response([], 429, REQUEST, retry_after=seconds)
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == seconds
        assert shown in error.remedy

    def test_a_hundred_errors_make_no_long_sentence(self) -> None:
        error = error_response([ErrorInfo(EVIL, EVIL, EVIL)] * 100, 400, REQUEST)
        assert len(error.errors) == 100
        assert len(str(error)) < 1500
        assert len(repr(error)) < 3000


@pytest.mark.parametrize(
    "error",
    [
        RegistryError(EVIL, request=RequestLine(EVIL, EVIL), remedy=EVIL),
        InvalidNameError("tag", EVIL, EVIL),
        InvalidNameError("registry URL", f"https://{EVIL}", EVIL),
        UnsupportedAlgorithmError(EVIL),
        NetworkError(EVIL, request=RequestLine("GET", f"https://{EVIL}/?{EVIL}={EVIL}&n={EVIL}")),
        ErrorResponse([ErrorInfo(EVIL, EVIL, EVIL)], 400, REQUEST, message=EVIL),
        UnknownMediaTypeError(EVIL),
        ValidationError([Violation("$", "x"), Violation(EVIL, EVIL)]),
        ValidationError([Violation(EVIL, EVIL)]),
        DigestMismatchError(EVIL, EVIL),
        BodyTooLargeError(1, what=EVIL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_foreign_text_is_visible_and_short(error: RegistryError) -> None:
    for shown in (str(error), repr(error), error.remedy):
        assert shown.isprintable()
        assert len(shown) < 12_000
    assert str(error).encode()  # no lone surrogates


def test_a_detail_may_be_any_json() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for detail in (None, "text", 3, ["a"], {"a": {"b": None}}, deep):
        info = ErrorInfo("CODE", "message", detail)
        assert str(info) == "CODE: message"
        assert repr(info).startswith("ErrorInfo('CODE', 'message', ")
        assert hash(info) == hash(ErrorInfo("CODE", "message"))
    while deep:  # freeing it at once would recurse as deeply
        deep = deep.pop()


class TestRequestLine:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://host/v2/", "https://host/v2/"),
            (
                "https://host:5000/v2/a/tags/list?n=100&last=v1",
                "https://host:5000/v2/a/tags/list?n=100&last=v1",
            ),
            ("https://alice:s3cret@host/v2/", "https://host/v2/"),
            ("https://alice:p@ss@host/v2/", "https://host/v2/"),
            ("https://s3cret@[::1]:5000/v2/", "https://[::1]:5000/v2/"),
            ("//alice:s3cret@host/v2/", "//host/v2/"),
            ("HTTPS://alice:s3cret@host", "HTTPS://host"),
            (
                "https://auth/token?scope=repository:a:pull&service=s&account=alice",
                "https://auth/token?scope=repository:a:pull&service=s&account=***",
            ),
            (
                "https://cdn/b?X-Amz-Signature=s3cret&X-Amz-Date=1",
                "https://cdn/b?X-Amz-Signature=***&X-Amz-Date=***",
            ),
            ("https://cdn/b?s3cret", "https://cdn/b?***"),
            ("https://cdn/b?n&&a=", "https://cdn/b?***&&a=***"),
            ("https://cdn/b?n=1?token=s3cret", "https://cdn/b?n=***"),
            ("https://cdn/b?n=1;token=s3cret", "https://cdn/b?n=***"),
            (
                "https://host/up?_state=s3cret&digest=sha256:ab#s3cret",
                "https://host/up?_state=***&digest=sha256:ab",
            ),
            ("https://host/#s3cret?n=1", "https://host/"),
            ("https://[broken/v2/\x1b[2J", "https://[broken/v2/\\x1b[2J"),
            ("", ""),
        ],
    )
    def test_urls_lose_their_secrets(self, url: str, shown: str) -> None:
        assert str(RequestLine("GET", url)) == f"GET {shown}"

    def test_is_a_value(self) -> None:
        line = RequestLine("GET", "https://alice:s3cret@host/?token=s3cret")
        assert line == RequestLine("GET", "https://host/?token=***")
        assert "s3cret" not in repr(line)
        assert pickle.loads(pickle.dumps(line)) == line  # noqa: S301 - our own bytes


words = st.text("abcXYZ019%._~-", min_size=4)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["https", "http"]),
    st.text("abc:@%._~-!$&'()*+,;=", max_size=20),
    st.lists(st.tuples(words, words), max_size=5),
)
def test_no_secret_survives_in_a_url(scheme: str, user: str, parameters: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}=SECRET{value}" for name, value in parameters)
    shown = redacted_url(f"{scheme}://{user}SECRET@registry.example.com/v2/?{query}#SECRET")
    assert "SECRET" not in shown
    assert shown.startswith(f"{scheme}://registry.example.com/v2/?")


@settings(deadline=None, max_examples=150)
@given(st.text())
def test_any_text_can_be_asked_to_be_a_url(url: str) -> None:
    assert str(RequestLine(url, url)).isprintable()
