"""The sandbox's Crowd, driven by the PyPI packages `crowd` and `atlassian-python-api`."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import HERE, NOTHING_FORGOTTEN, drive, python_of

pytestmark = pytest.mark.peers
DESK = ["hdiaz", "jroy", "oivanov", "skim"]


@pytest.fixture
def told(sandbox: str) -> dict[str, Any]:
    # PYTHONPATH would put this repository's own packages before the peers'.
    return drive([python_of("crowd"), str(HERE / "crowd_peer.py")], f"{sandbox}/crowd", environment={"PYTHONPATH": ""})


def test_both_clients_find_what_they_expect(told: dict[str, Any]) -> None:
    assert told["older"] == {
        "ping": [True, False],
        "cookie": "crowd.token_key",
        "made": [True, False, True],
        "signed in": [True, None],
        "attribute": True,
        "shut": [True, False, None],
        "opened": [True, "Erin Moss"],
        "kept": [["7"]],
        "password": [True, True],
        "mail": True,
        "session": ["erin", True],
        "elsewhere": None,
        "ended": [True, None],
        "groups": [None, None, "Group <inner> exists already"],  # it gives nothing when all is well
        "changed": None,
        "nested": [None, "<outer> cannot be put into <inner>: that would be a circle"],
        "joined": [True, False],
        "of": [["inner"], ["inner", "outer"], ["erin"]],
        "memberships": {"inner": {"users": ["erin"], "groups": []}, "outer": {"users": [], "groups": ["inner"]}},
        "found": ["erin"],
        "found groups": ["inner"],
        "left": [True, None],
        "removed": [None, None, "Group <outer> does not exist"],
    }
    assert told["calls"]["older"] == {"driven": 25, "left out": 0, **NOTHING_FORGOTTEN}
    assert told["calls"]["newer"] == {"driven": 42, "left out": 60, **NOTHING_FORGOTTEN}
    assert told["newer"] == {
        "cookie": "crowd.token_key",
        "made": ["finn", 400],
        "shut": [False, "finn@example.org"],
        "blanked": "",
        "signed in": ["finn", 400],
        "notified": "finn",
        "no password": 400,
        "mail": [None, 400],
        "renamed": "finley",
        "group": "All",
        "children": ["crew"],
        "parents": ["ship"],
        "children again": [["crew"], ["ship"]],
        "members": [DESK, DESK],
        "in group": [True, False],
        "of": [["helpdesk"], ["helpdesk"]],
        "left": [],
        "memberships": DESK[1:],
        "attributes": ["lastAuthenticated"],
        "no attributes": [],
        "group attributes": [["floor", ["3"]]],
        "query": ["finley"],
        "everybody": True,
        "session": "erin",
        "validated": True,
        "excluded": True,
        "ended": 404,
        "gone": [404, 404],
    }
