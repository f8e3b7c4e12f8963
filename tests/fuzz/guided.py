"""One target under atheris: `python -m tests.fuzz.guided NAME CORPUS OPTIONS`; started by `engine`."""

from __future__ import annotations

import importlib
import logging
import random
import sys

from tests.fuzz.reshaping import reshaped

atheris = importlib.import_module("atheris")  # of the extra `fuzz`, which most environments lack

SHARE_OF_DOCUMENTS = 0.5
"""How often an input is taken for a document."""

with atheris.instrument_imports(include=["tui"]):
    from tests.fuzz.oracle import check
    from tests.fuzz.targets import TARGETS


def _change(data: bytes, longest: int, seed: int) -> bytes:
    """Change an input byte by byte, or as the document that it is."""
    random_ = random.Random(seed)  # noqa: S311 - repeatable, not secret
    document = reshaped(data, random_) if random_.random() < SHARE_OF_DOCUMENTS else None
    if document is not None and len(document) <= longest:
        return document
    changed: bytes = atheris.Mutate(data, longest)
    return changed


def main() -> None:
    """Run a target until the options say that it is enough."""
    logging.disable()
    run = TARGETS[sys.argv[1]].run
    atheris.Setup([sys.argv[0], *sys.argv[2:]], lambda data: check(run, data), custom_mutator=_change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
