"""The way to a path over symbolic links that do not lead out of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.client.redaction import quoted
from tui.contents.entries import Kind
from tui.contents.errors import NotInLayerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.contents.nodes import Node

__all__ = ["MOST_FOLLOWED", "DeadEndError", "locate"]

MOST_FOLLOWED: Final = 10_000_000
"""Characters of the targets of symbolic links that are followed for the entries of one layer: two or three
seconds, where a layer that a tool has made needs none or some thousand."""

MOST_LINKS: Final = 40
"""Symbolic links that lead to one path at most, as Linux has it: more are taken for a circle."""

LONGEST_TARGET: Final = 4096
"""Characters of a target that is followed; Linux makes no symbolic link with a longer one."""


class DeadEndError(NotInLayerError):
    """Symbolic links lead in a circle, or nowhere."""

    def __init__(self, message: str, followed: int) -> None:
        """Say where.

        Args:
            message: A sentence for a person.
            followed: How many characters the targets have that were followed.
        """
        super().__init__(message)
        self.followed = followed


def locate(
    root: Node, parts: Iterable[str], *, follow_last: bool = True, strict: bool = False
) -> tuple[Node, list[str], int]:
    """Find the way to a path, over symbolic links that are read as if the root were that of a system.

    Args:
        root: Where absolute targets begin, and what ``..`` does not leave.
        parts: Those of the path.
        follow_last: Whether a symbolic link at the end of the path is followed too.
        strict: Whether everything behind what is not there, or is no directory, is not there, even ``..``.

    Returns:
        The last node on the way that is there, the parts behind it that are not, and how many characters
        the targets have that were followed.

    Raises:
        DeadEndError: The links lead in a circle, or nowhere.
    """
    waiting = [*parts][::-1]
    node, missing = root, list[str]()
    links = followed = 0
    while waiting:
        part = waiting.pop()
        if strict and (missing or not node.is_directory):
            missing.append(part)
        elif part == "..":
            if missing:
                missing.pop()
            else:
                node = node.parent or node
        elif part not in {"", "."}:
            child = None if missing else node.children.get(part)
            if child is None or not child.is_there:
                missing.append(part)
            elif child.kind is Kind.SYMLINK and (waiting or follow_last):
                target = _target(child, followed)
                links += 1
                followed += len(target)
                if links > MOST_LINKS:
                    raise DeadEndError(
                        f"{quoted(child.path)} leads over more than {MOST_LINKS} symbolic links.", followed
                    )
                node = root if target.startswith("/") else node
                waiting.extend(reversed(target.split("/")))
            else:
                node = child
    return node, missing, followed


def _target(node: Node, followed: int) -> str:
    """Read where a symbolic link leads to."""
    content = node.content
    target = "" if content is None else content[1].target
    if not target or len(target) > LONGEST_TARGET:
        raise DeadEndError(f"{quoted(node.path)} is a symbolic link whose target can be none.", followed)
    return target
