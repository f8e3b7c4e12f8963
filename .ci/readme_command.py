# ruff: noqa: INP001 - scripts beside each other are no package
"""Print a command of the README as it stands there.

The command is the fenced block after the comment `<!-- NAME -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def main() -> None:
    """Print the command that the first argument names."""
    (name,) = sys.argv[1:]
    blocks = re.findall(
        rf"^<!-- {re.escape(name)} -->\n+```\w*\n(.*?)^```$",
        README.read_text(encoding="utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    if len(blocks) != 1:
        sys.exit(f"README.md has {len(blocks)} blocks marked <!-- {name} -->, where one belongs")
    sys.stdout.write(blocks[0])


if __name__ == "__main__":
    main()
