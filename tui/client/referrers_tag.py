"""The tag that stands in for a registry's list of referrers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tui.client.names import Tag

if TYPE_CHECKING:
    from tui.client.names import Digest

__all__ = ["referrers_tag"]

_NOT_IN_A_TAG: Final = re.compile(r"[^A-Za-z0-9_.-]")


def referrers_tag(digest: Digest) -> Tag:
    """Make the tag under which clients list the referrers of a digest where the API is missing.

    The algorithm is cut to 32 characters, the hash to 64 (distribution specification, "Referrers Tag").
    """
    return Tag(_NOT_IN_A_TAG.sub("-", f"{digest.algorithm[:32]}-{digest.hex[:64]}"))
