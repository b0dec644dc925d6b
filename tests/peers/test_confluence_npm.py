"""The sandbox's Confluence, driven by npm's @atlassian-dc-mcp/confluence, generated from Confluence's own API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenure_sandbox.atlassian import confluence

from .conftest import HERE, NOTHING_FORGOTTEN, PEERS, claimed, drive
from .methods import accounted

pytestmark = pytest.mark.peers
PACKAGE = PEERS / "node" / "node_modules" / "@atlassian-dc-mcp" / "confluence"
# The sandbox has them, and the client does not: the first two it leaves out, the others are no part of the REST API.
NOT_GENERATED = {
    "GET /rest/api/group/{groupName}/groupancestor",
    "GET /rest/api/group/{groupName}/groupparent",
    "GET /rest/applinks/1.0/manifest",
    "GET /rest/license/1.0/license/maxUsers",
    "GET /rest/license/1.0/license/remainingSeats",
    "GET /rest/license/1.0/license/userCount",
}
ABOUT = "user|group|role|permission|restriction|personal|watch|accessmode|member"
LEFT_OUT = {
    ".*/content/{id}/restriction(/.*)?": "who may see one page, of which the stand-in has none",
    ".*/watch(ers|/.*)": "what somebody hears of a page or a space",
    "POST .*/space/personal(/.*)?": "makes a space",
}


@pytest.fixture
def told(sandbox: str) -> dict[str, Any]:
    assert PACKAGE.exists(), f"there is no {PACKAGE}: run make test-peers, which installs the peers"
    return drive(["node", str(HERE / "confluence_peer.mjs")], str(PACKAGE), f"{sandbox}/confluence")


def test_every_operation_that_both_know(told: dict[str, Any]) -> None:
    assert (told["refused"], told["nobody"]) == (401, 401)
    assert told["people"] == {
        "made": ["fay", True, "fay Test", "current", False],
        "by": "fay",
        "groups": ["confluence-users"],
        "twice": 409,
        "refused": [400, 400],
        "notified": 200,
        "changed": "Fay Ross",
        "own": {"name": "fay", "anonymous": "anonymous", "changed": "Fay R. Ross", "members": 403},
        "listed": 1,
        "disabled": "deactivated",
        "shut": 401,
        "active": False,
        "enabled": "current",
    }
    assert told["deletion"] == {
        "result": "string",
        "before": 200,
        "done": True,
        "tasks": [True],
        "after": 404,
        "nobody": 404,
    }
    assert told["site"] == {
        "access": "READ_WRITE",
        "spaces": ["LAB", "OPS"],
        "space": "Development",
        "version": "10.0.3",
        "metrics": 4,
    }
    routes = {f"{route.method} {route.path}" for route in confluence.ROUTES}
    assert driven(told) == routes - NOT_GENERATED
    assert NOT_GENERATED.isdisjoint(told["operations"])


def test_groups_and_permissions(told: dict[str, Any]) -> None:
    usual = ["confluence-administrators", "confluence-users", "helpdesk", "software_dev"]
    assert told["groups"] == {
        "made": ["group", "walkers"],
        "twice": 409,
        "joinedTwice": 200,
        "members": {"count": 230, "pages": [200, 30]},
        "leftTwice": [200, 200],
        "noGroup": 404,
        "noUser": 404,
        "left": 229,
        "one": "walkers",
        "inside": [],
        "listed": [*usual, "walkers"],
        "gone": [404, 404],
        "last": 400,
    }
    assert told["global"] == {
        "all": 7,
        "user": ["application use", "space create"],
        "revoked": ["application use"],
        "group": ["application use", "space create"],
        "nothing": [],
        "anonymous": ["application use"],
        "unlicensed": ["user read"],
        "set": [["application use"], []],
        "unknown": [404, 400],
    }
    assert told["spaces"] == {
        "all": 3,
        "user": ["page create", "space read"],
        "revoked": ["space read"],
        "group": ["space read"],
        "anonymous": ["space read"],
        "set": ["page create"],
        "nowhere": 404,
    }


def test_nothing_about_people_and_rights_is_forgotten(told: dict[str, Any]) -> None:
    of_people = {one for one in told["operations"] if re.search(ABOUT, one)}
    found = accounted(of_people, claimed(told["sent"], told["operations"]), LEFT_OUT)
    assert found == {"driven": 48, "left out": 14, **NOTHING_FORGOTTEN}


def driven(told: dict[str, Any]) -> set[str]:
    """The sandbox's operations that are among what was sent; those without a name in their path claim theirs first."""
    found, left = set(), set(told["sent"])
    for route in sorted(confluence.ROUTES, key=lambda route: route.path.count("{")):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", f"{route.method} {route.path}"))
        if claimed := {one for one in left if pattern.fullmatch(one)}:
            found.add(f"{route.method} {route.path}")
            left -= claimed
    assert left == set()
    return found
