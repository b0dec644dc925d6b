"""The sandbox's Bitbucket, driven by npm's @atlassian-dc-mcp/bitbucket, generated from Bitbucket's own API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenure_sandbox.atlassian import bitbucket

from .conftest import HERE, PEERS, drive

pytestmark = pytest.mark.peers
PACKAGE = PEERS / "node" / "node_modules" / "@atlassian-dc-mcp" / "bitbucket"


@pytest.fixture
def told(sandbox: str) -> dict[str, Any]:
    assert PACKAGE.exists(), f"there is no {PACKAGE}: run make test-peers, which installs the peers"
    return drive(["node", str(HERE / "bitbucket_peer.mjs")], str(PACKAGE), f"{sandbox}/bitbucket")


def test_every_operation_that_the_sandbox_has(told: dict[str, Any]) -> None:
    assert told["refused"] == 401
    assert told["token"] == [200, 401], "a token sees people and administers nothing"
    assert told["people"] == {
        "made": ["fay", True, True, "number"],
        "twice": 409,
        "bySlug": True,
        "noSlug": 404,
        "found": ["fay"],
        "licensed": [],
        "inGroup": ["lchen", "pkowal", "tbecker"],
        "updated": ["Fay R. Ross", "f.ross@example.org", True],
        "deactivated": 400,
        "renamed": ["fross", True],
        "oldName": 404,
        "notErasable": 409,
        "deleted": True,
        "gone": 404,
        "erasable": 200,
        "erased": True,
        "forgotten": 404,
    }
    assert told["groups"] == {
        "made": "walkers",
        "twice": 409,
        "pages": [25, 25, 10],
        "of": ["runners", "walkers"],
        "notOf": ["helpdesk"],
        "notIn": ["mwolf"],
        "left": 0,
        "unknown": 404,
        "all": ["runners", "stash-users", "walkers"],
        "names": ["runners", "stash-users", "walkers"],
        "removed": "runners",
    }
    assert told["site"] == {
        "version": "9.2.0",
        "counted": 8,
        "unlimited": True,
        "directories": 2,
        "changed": "The Administrator",
        "password": 400,
    }
    assert driven(told) == {f"{route.method} {route.path}" for route in bitbucket.ROUTES}


def test_permissions_keys_and_tokens(told: dict[str, Any]) -> None:
    assert told["permissions"] == {
        "users": [["gus", "PROJECT_CREATE"]],
        "groups": [["helpdesk", "LICENSED_USER"]],
        "none": [],
        "noGroup": ["software_dev"],
        "wrong": 400,
        "left": [[], []],
        "own": 409,
        "project": {
            "name": "Operations",
            "users": [["gus", "PROJECT_WRITE"]],
            "groups": [["helpdesk", "PROJECT_READ"]],
            "none": 0,
            "noGroup": 0,
            "searched": [["gus", "PROJECT_WRITE"]],
            "left": [],
            "toAll": [False, True, False, False],
            "unsaid": 400,
            "unknown": 400,
        },
        "repository": {
            "slug": "deploy",
            "users": [["gus", "REPO_WRITE"]],
            "groups": [["software_dev", "REPO_READ"]],
            "none": 0,
            "noGroup": 0,
            "searched": [["software_dev", "REPO_READ"]],
            "left": [],
        },
    }
    assert told["keys"] == {
        "ssh": ["desk", True],
        "taken": 409,
        "listed": 1,
        "own": 0,
        "sshLeft": 0,
        "gpg": True,
        "gpgLeft": 0,
        "token": ["build", "string", True],
        "changed": "ci",
        "tokens": 1,
        "noToken": 404,
    }
    assert told["placeTokens"] == {
        "made": ["build", "string", True],
        "notHere": 400,
        "apart": [1, 1],
        "changed": "ci",
        "wider": ["REPO_WRITE"],
        "wrong": 400,
        "gone": [404, 0],
    }
    assert told["accessKeys"] == {
        "twice": 400,
        "ruling": 400,
        "same": True,
        "personal": 409,
        "wider": ["PROJECT_WRITE", "REPO_WRITE"],
        "listed": ["PROJECT_WRITE"],
        "effective": [1, 2],
        "opens": [1, 1],
        "closed": [404, "PROJECT_WRITE"],
        "forgotten": 404,
        "nowhere": [404, 0],
    }
    assert told["settings"] == [{"diff.tabs": 4, "keys": False}, 404]


def driven(told: dict[str, Any]) -> set[str]:
    """The sandbox's operations that are among what was sent and what the client was generated with."""
    found, paths = set(), [route for route in bitbucket.ROUTES if f"{route.method} {route.path}" in told["operations"]]
    literal = {f"{route.method} {route.path}" for route in paths if "{" not in route.path}
    for route in paths:
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", f"{route.method} {route.path}"))
        if any(pattern.fullmatch(one) and (one not in literal or "{" not in route.path) for one in told["sent"]):
            found.add(f"{route.method} {route.path}")
    return found
