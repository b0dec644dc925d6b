"""The sandbox's Jira, driven by the PyPI package `jira`: what others expect of a Jira must work there."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from .conftest import HERE, NOTHING_FORGOTTEN, drive, python_of

pytestmark = pytest.mark.peers
READERS = [f"reader{number:02}" for number in range(60)]


def state(sandbox: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{sandbox}/_state/jira", timeout=10) as answer:
        return json.load(answer)


def test_jira_10(sandbox: str) -> None:
    told = drive([python_of("jira"), str(HERE / "jira_peer.py")], f"{sandbox}/jira", "no-members")
    assert told["site"] == {
        "server": ["Server", "10.3.24"],
        "myself": "admin",
        "signed in": "admin",
        "session": "admin",
        "permissions": True,
        "projects": ["OPS"],
        "ended": [204, 204],
    }
    assert told["wrong password"] == [401]
    people, groups = told["people"], told["groups"]
    assert people["twice"][0] == 400
    assert "A user with that username already exists." in people["twice"][1]
    assert people["twice, ignored"] is True
    assert people["made"] == ["erin", "erin@example.org", "Erin Moss", True]
    assert people["found"] == [["erin", "Erin Marsh", True]]
    assert people["renamed"] == ["emarsh", True]
    assert people["old name"] == [404]
    assert people["hidden"] == []
    assert people["shown"] == ["emarsh"]
    assert people["deleted"] is True
    assert people["gone"] == [404]
    assert groups["twice"] == groups["joined twice"] == groups["left twice"] == [400]
    assert groups["groups"] == ["readers"]
    assert groups["groups of one"] == ["readers"]
    assert groups["none"] == []
    assert told["rights"] == {
        "known": True,
        "added": ["helpdesk", "mwolf", "software_dev", "tbecker"],
        "set": ["software_dev", "tbecker"],
        "scheme": "Default Permission Scheme",
        "schemes": ["Default Permission Scheme"],
        "in use": [400],
        "assignable": ["mwolf"],
        "to an issue": ["mwolf"],
        "seeing": ["tbecker"],
    }
    assert told["pictures"] == {"chosen": True, "shown": True, "none": [400]}
    assert told["calls"] == {"driven": 28, "left out": 11, **NOTHING_FORGOTTEN}
    held = state(sandbox)
    erin = next(account for account in held["accounts"] if account["name"] == "emarsh")
    assert (erin["email"], erin["active"], erin["groups"]) == ("erin.marsh@example.org", False, [])
    assert {"name": "readers", "members": READERS[1:]} in held["groups"]


def test_members_of_an_older_jira_come_in_pages(older_sandbox: str) -> None:
    told = drive([python_of("jira"), str(HERE / "jira_peer.py")], f"{older_sandbox}/jira", "members")
    assert told["groups"]["members"] == READERS
    assert told["groups"]["one left"] == len(READERS) - 1
    assert told["groups"]["group"] == "readers"
    assert told["calls"] == {"driven": 30, "left out": 9, **NOTHING_FORGOTTEN}


def test_the_other_client(sandbox: str) -> None:
    script = [python_of("crowd"), str(HERE / "jira_atlassian_peer.py")]
    told = drive(script, f"{sandbox}/jira", environment={"PYTHONPATH": ""})
    assert told["wrong password"] == 401
    assert told["people"] == {
        "made": ["erin", True],
        "me": "admin",
        "twice": 400,
        "changed": ["emarsh", "e.moss@example.org", "Erin Marsh"],
        "found": ["emarsh"],
        "property": {"floor": 3},
        "no property": 404,
        "pictures": ["10122"],
        "in two": [{"count": 0}, {}],
        "in two, asked again": {},
        "gone": 404,
    }
    assert told["groups"] == {
        "twice": 400,
        "members": [[], ["tbecker"]],
        "picked": [["readers"], []],
        "roles": [["jira-core", "jira-software"], ["jira-software-users"]],
        "shut out": [],
        "let in": True,
        "then": ["Jira Software"],
        "gone": 404,
    }
    assert told["roles"] == {
        "same": True,
        "before": ["software_dev", "tbecker"],
        "added": ["helpdesk", "mwolf", "software_dev", "tbecker"],
        "after": ["software_dev", "tbecker"],
        "leads": [["OPS", "lchen"]],
        "component": "mwolf",
    }
    assert told["schemes"] == {
        "listed": ["Default Permission Scheme", "Narrow"],
        "grants": ["ASSIGNABLE_USER", "BROWSE_PROJECTS"],
        "renamed": "Narrower",
        "assigned": "Narrower",
        "of the project": "Narrower",
        "assignable": [["admin", "gus"], ["mwolf"]],
        "sees": ["hdiaz"],
        "mine": True,
        "known": "GLOBAL",
    }
    assert told["calls"] == {"driven": 46, "left out": 13, **NOTHING_FORGOTTEN}
