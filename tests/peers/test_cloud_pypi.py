"""The sandbox's Atlassian Cloud, driven by the PyPI package `atlassian-python-api`."""

from __future__ import annotations

import pytest

from tenure_sandbox.atlassian.cloud import DIRECTORY, ORGANISATION

from .conftest import HERE, NOTHING_FORGOTTEN, drive, python_of

pytestmark = pytest.mark.peers


def test_a_directory_and_the_accounts_behind_it(sandbox: str) -> None:
    command = [python_of("crowd"), str(HERE / "cloud_peer.py")]
    told = drive(command, f"{sandbox}/cloud", DIRECTORY, "sandbox", ORGANISATION)
    assert told["people"] == {
        "made": ["erin", True],
        "twice": 409,
        "not verified": 400,
        "found": [1, True],
        "two filters": 400,
        "shut": False,
        "kept": "Erin M",
        "group": {
            "twice": 409,
            "members": [True],
            "renamed": 400,
            "nobody": 400,
            "listed": ["readers"],
            "gone": 404,
        },
        "gone": 404,
        "again": [False, True],
    }
    assert told["discovery"] == [True, "/Users", True, 4]
    assert told["accounts"] == {"may": True, "switched": [None, None], "nobody": 404}
    assert told["wrong keys"] == [401, 401]
    assert told["calls"] == {"driven": 16, "left out": 32, **NOTHING_FORGOTTEN}
