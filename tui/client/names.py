"""Names of the distribution protocol, parsed once: hosts, repositories, tags, digests, references.

The grammar is that of the distribution specification ("Pulling manifests"), of the image specification
("Digests") and, for references, of distribution/reference. Each name is a `str`, so that it can be put into a
URL, a message or a dictionary as it is; text that its grammar does not allow raises `InvalidNameError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from tui.client.errors import InvalidNameError, UnsupportedAlgorithmError
from tui.client.hosts import DOCKER_HUB, HOST_GRAMMAR, HUB_NAMES, RegistryHost

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = [
    "DOCKER_HUB",
    "Digest",
    "Image",
    "Reference",
    "RegistryHost",
    "Repository",
    "Tag",
    "parse_reference",
]

MAX_REPOSITORY: Final = 255
"""Characters of a repository's name, as in distribution/reference."""

MAX_DIGEST: Final = 1024
"""Characters of a digest: no known algorithm needs a fifth of it."""

MAX_REFERENCE: Final = 4096
"""Characters of a reference; longer text is not worth matching."""

_HUB_OFFICIAL: Final = "library/"
_DEFAULT_TAG: Final = "latest"
_HEX_LENGTHS: Final = {"sha256": 64, "sha512": 128, "blake3": 64}
"""The registered algorithms (image specification, "Registered algorithms") and the hex digits of each."""

_COMPUTABLE: Final = frozenset({"sha256", "sha512"})

# The same expressions as in distribution/reference, spelled without ambiguity. `\w` there is ASCII.
_DOMAIN = rf"{HOST_GRAMMAR}(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_REFERENCE_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"

_PATH_PATTERN = re.compile(_PATH)
_TAG_PATTERN = re.compile(_TAG)
_DIGEST_PATTERN = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[A-Za-z0-9=_-]+)")
_NAME_PATTERN = re.compile(rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH})")
_REFERENCE_PATTERN = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_REFERENCE_DIGEST}))?"
)
_IDENTIFIER_PATTERN = re.compile(r"[a-f0-9]{64}")


class Repository(str):
    """The name of a repository within its registry: ``library/alpine``.

    Args:
        text: Components of lower-case letters and digits, separated by slashes; inside of them one period,
            one or two underscores, or dashes between letters. At most 255 characters.

    Raises:
        InvalidNameError: The text is something else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the repository."""
        if len(text) > MAX_REPOSITORY:
            raise InvalidNameError("repository", text, f"it has more than {MAX_REPOSITORY} characters")
        if not _PATH_PATTERN.fullmatch(text):
            raise InvalidNameError("repository", text, _repository_fault(text))
        return super().__new__(cls, text)


class Tag(str):
    """A tag: a letter, digit or underscore, then up to 127 of these, periods and dashes.

    Args:
        text: The tag, without a colon before it.

    Raises:
        InvalidNameError: The text is something else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the tag."""
        if not _TAG_PATTERN.fullmatch(text):
            raise InvalidNameError(
                "tag",
                text,
                "a tag has 1 to 128 letters, digits, '_', '.' and '-', and begins with neither '.' nor '-'",
            )
        return super().__new__(cls, text)


class Digest(str):
    """A digest: ``sha256:`` and 64 hex digits, ``sha512:`` and 128 (image specification, "Digests").

    Digests of other algorithms are accepted where they follow the grammar; they cannot be verified here.

    Args:
        text: The algorithm, a colon, and the encoded hash; hex digits in lower case.

    Raises:
        InvalidNameError: The text is something else.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the digest."""
        match = _DIGEST_PATTERN.fullmatch(text) if len(text) <= MAX_DIGEST else None
        if match is None:
            raise InvalidNameError("digest", text, "a digest is an algorithm, a colon and an encoded hash")
        length = _HEX_LENGTHS.get(match["algorithm"])
        if length is not None and not re.fullmatch(rf"[a-f0-9]{{{length}}}", match["encoded"]):
            raise InvalidNameError(
                "digest", text, f"{match['algorithm']} has {length} hex digits, with letters in lower case"
            )
        return super().__new__(cls, text)

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Self:
        """Compute the digest of `data`.

        Raises:
            UnsupportedAlgorithmError: The algorithm is neither sha256 nor sha512.
        """
        hasher = cls.hasher_of(algorithm)
        hasher.update(data)
        return cls(f"{algorithm}:{hasher.hexdigest()}")

    @staticmethod
    def hasher_of(algorithm: str) -> _Hash:
        """Begin a hash of an algorithm.

        Raises:
            UnsupportedAlgorithmError: The algorithm is neither sha256 nor sha512.
        """
        if algorithm not in _COMPUTABLE:
            raise UnsupportedAlgorithmError(algorithm)
        import hashlib  # noqa: PLC0415 - OpenSSL takes a while to load, and names need it rarely

        return hashlib.new(algorithm)

    @property
    def algorithm(self) -> str:
        """What stands before the colon."""
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        """What stands behind the colon: hex digits, for every registered algorithm."""
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first twelve hex digits, to be read by people."""
        return self.hex[:12]

    def hasher(self) -> _Hash:
        """Begin a hash of the digest's algorithm.

        Raises:
            UnsupportedAlgorithmError: The algorithm is neither sha256 nor sha512.
        """
        return self.hasher_of(self.algorithm)


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest in a repository, by tag or by digest."""

    repository: Repository
    reference: Tag | Digest

    def __str__(self) -> str:
        separator = "@" if isinstance(self.reference, Digest) else ":"
        return f"{self.repository}{separator}{self.reference}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, taken apart: ``[domain/]path[:tag][@digest]``; `str()` puts it together again."""

    domain: str | None
    """The host as it was written, if there was one."""
    path: str
    """The repository."""
    tag: Tag | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        domain = f"{self.domain}/" if self.domain else ""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{domain}{self.path}{tag}{digest}"

    @classmethod
    def familiar(cls, text: str) -> Reference:
        """Read a reference as people write it: Docker Hub, ``library/`` and ``latest`` go without saying.

        A first component is a host if it is ``localhost``, has a period, a colon or a capital letter. The tag
        ``latest`` is added where there is neither a tag nor a digest.

        Raises:
            InvalidNameError: The text is no reference, or looks like the identifier of an image.
        """
        if _IDENTIFIER_PATTERN.fullmatch(text):
            raise InvalidNameError("reference", text, "64 hex digits are the identifier of an image")
        first, slash, rest = text.partition("/")
        if not slash or not (first == "localhost" or "." in first or ":" in first or first.lower() != first):
            domain, remote = DOCKER_HUB, text
        else:
            domain, remote = (DOCKER_HUB if first in HUB_NAMES else first), rest
        if domain == DOCKER_HUB and "/" not in remote:
            remote = _HUB_OFFICIAL + remote
        parsed = _parse(f"{domain}/{remote}", text)
        if parsed.domain != domain:
            raise InvalidNameError("reference", text, f"{first!r:.80} is no host")
        if parsed.tag or parsed.digest:
            return parsed
        return cls(parsed.domain, parsed.path, Tag(_DEFAULT_TAG))

    @property
    def host(self) -> RegistryHost | None:
        """The domain as a registry's host.

        Raises:
            InvalidNameError: The grammar of references allows the domain, but no host is called so.
        """
        return RegistryHost(self.domain) if self.domain else None

    @property
    def repository(self) -> Repository:
        """The path as a repository."""
        return Repository(self.path)

    @property
    def image(self) -> Image | None:
        """What the reference points at: by its digest, or else by its tag; nothing where it has neither."""
        reference = self.digest or self.tag
        return Image(self.repository, reference) if reference else None


def parse_reference(text: str) -> Reference:
    """Read a reference by the grammar of distribution/reference, which adds nothing to it.

    A domain is there only where the grammar sees one, which includes the ``library`` of ``library/alpine``;
    see `Reference.familiar` for names as people write them. Digests are of a registered algorithm.

    Raises:
        InvalidNameError: The text is no reference.
    """
    return _parse(text, text)


def _parse(text: str, shown: str) -> Reference:
    match = _REFERENCE_PATTERN.fullmatch(text) if len(text) <= MAX_REFERENCE else None
    if match is None:
        raise InvalidNameError("reference", shown, _reference_fault(shown))
    name = _NAME_PATTERN.fullmatch(match["name"])
    if name is None:  # pragma: no cover - the second expression is a part of the first
        raise InvalidNameError("reference", shown, "it has no name")
    digest = Digest(match["digest"]) if match["digest"] else None
    if digest is not None and digest.algorithm not in _HEX_LENGTHS:
        raise InvalidNameError(
            "reference", shown, f"the algorithm {digest.algorithm!r:.80} is not registered"
        )
    return Reference(
        domain=name["domain"],
        path=Repository(name["path"]),
        tag=Tag(match["tag"]) if match["tag"] else None,
        digest=digest,
    )


def _repository_fault(text: str) -> str:
    if not text:
        return "it is empty"
    if text != text.lower() and _PATH_PATTERN.fullmatch(text.lower()):
        return "capital letters are not allowed"
    return "it is lower-case letters and digits, with single '.', '_', '__', '-' or '/' between them"


def _reference_fault(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > MAX_REFERENCE:
        return f"it has more than {MAX_REFERENCE:,} characters"
    if text != text.lower() and _REFERENCE_PATTERN.fullmatch(text.lower()):
        return "capital letters are not allowed in the repository"
    return "a reference is [host/]repository[:tag][@digest]"
