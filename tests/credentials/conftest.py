"""What the tests of logins share."""

from __future__ import annotations

import pytest

from tests.credentials import keyrings

keyring = pytest.fixture(keyrings.dialogs, name="keyring")
