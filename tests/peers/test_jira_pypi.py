"""The sandbox's Jira, driven by the PyPI package `jira`: what others expect of a Jira must work there."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from .conftest import HERE, drive, python_of

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
        "session": "admin",
        "permissions": True,
        "projects": ["OPS"],
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
    held = state(sandbox)
    erin = next(account for account in held["accounts"] if account["name"] == "emarsh")
    assert (erin["email"], erin["active"], erin["groups"]) == ("erin.marsh@example.org", False, [])
    assert {"name": "readers", "members": READERS[1:]} in held["groups"]


def test_members_of_an_older_jira_come_in_pages(older_sandbox: str) -> None:
    told = drive([python_of("jira"), str(HERE / "jira_peer.py")], f"{older_sandbox}/jira", "members")
    assert told["groups"]["members"] == READERS
    assert told["groups"]["one left"] == len(READERS) - 1
