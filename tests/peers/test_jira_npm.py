"""The sandbox's Jira, driven by the client in npm's @atlassian-dc-mcp/jira, which is generated from Jira's own API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenure_sandbox.atlassian import jira

from .conftest import HERE, NOTHING_FORGOTTEN, PEERS, claimed, drive
from .methods import accounted

pytestmark = pytest.mark.peers
PACKAGE = PEERS / "node" / "node_modules" / "@atlassian-dc-mcp" / "jira"
# The sandbox has them, and the client does not: the first is newer than its source, the others older or no REST API.
NOT_GENERATED = {"GET /rest/api/2/user/list", "GET /rest/api/2/group", "GET /rest/applinks/1.0/manifest"}
COLUMNS = "PUT /rest/api/2/user/columns"
ABOUT = (
    "user|group|role|permission|actor|avatar|session|websudo|myself|preference|password|security|notificationscheme"
    "|watcher|vote|assignee|share"
)
OF_ISSUES = "of issues, of which the stand-in has none"
LEFT_OUT = {
    COLUMNS: "wrong: sends a body of several parts, where Jira documents a form",
    "POST .*/user/avatar(/temporary)?|DELETE .*/user/avatar/{id}": "a picture that is stored, which nobody checks",
    ".*/avatar/{type}/temporary(Crop)?|.*/universal_avatar/.*": "as above",
    ".*/(project|issuetype)/.*/avatars?(/.*)?": "pictures of projects and of types of issues",
    ".*/filter/.*": "who may see one filter, of which the stand-in has none",
    ".*/issue/.*|.*(issuesecurity|securitylevel|notificationscheme).*": OF_ISSUES,
}


@pytest.fixture
def told(sandbox: str) -> dict[str, Any]:
    assert PACKAGE.exists(), f"there is no {PACKAGE}: run make test-peers, which installs the peers"
    return drive(["node", str(HERE / "jira_peer.mjs")], str(PACKAGE), f"{sandbox}/jira")


def test_every_operation_that_both_know(told: dict[str, Any]) -> None:
    assert told["refused"] == 401
    assert told["site"] == {
        "server": "10.3.24",
        "myself": "admin",
        "session": "admin",
        "permission": True,
        "roles": ["jira-core", "jira-software"],
        "role": True,
        "policy": [],
        "rules": [],
        "change": [],
        "stranger": 404,
        "changed": "The Administrator",
    }
    assert told["people"] == {
        "made": ["fay", True],
        "twice": 400,
        "found": ["fay"],
        "renamed": ["fross", True, "fay.ross@example.org"],
        "oldName": 404,
        "inactive": False,
        "hidden": 0,
        "shown": 1,
        "gone": 404,
    }
    assert told["properties"] == {"keys": ["desk", "phone"], "phone": {"work": "+1 555 0100"}, "gone": 404}
    assert told["groups"] == {
        "twice": 400,
        "joinedTwice": 400,
        "active": {"count": 119, "pages": [50, 50, 19]},
        "all": {"count": 120, "pages": [50, 50, 20]},
        "leftTwice": 400,
        "picked": ["walkers"],
        "none": 0,
    }
    assert told["rights"] == {
        "granted": ["jira-software-users", "software_dev"],
        "sameRole": True,
        "actors": ["software_dev", "tbecker"],
        "twoDirectories": [0, {}],
    }
    assert told["roles"] == {
        "twice": 409,
        "kept": ["Reviewers", "They test"],
        "half": 400,
        "both": 400,
        "defaults": ["software_dev", "tbecker"],
        "left": ["software_dev"],
        "added": ["software_dev", "tbecker"],
        "nobody": 410,
        "notThere": 404,
        "one": ["tbecker"],
        "set": ["admin", "jira-software-users"],
        "unknown": 404,
        "used": 409,
        "swapped": "Developers",
        "gone": 404,
    }
    assert told["schemes"] == {
        "twice": 400,
        "grant": ["BROWSE_PROJECTS", "software_dev"],
        "grantedTwice": 400,
        "noPermission": 400,
        "noGroup": 400,
        "same": True,
        "grantGone": 404,
        "grants": ["ASSIGNABLE_USER"],
        "after": ["Narrower", "For fewer", 1],
        "noAttribute": 404,
        "attribute": "by hand",
        "assigned": "Narrower",
        "inUse": 400,
        "gone": 404,
        "types": ["GLOBAL", "PROJECT"],
    }
    assert told["applications"] == {
        "before": 0,
        "closed": 400,
        "stranger": 400,
        "set": ["Jira Core", ["helpers"], ["helpers"], 0],
        "outdated": [412, 412],
        "entered": [1, 2],
        "left": 0,
        "unknown": 400,
        "all": [["jira-core", []]],
        "others": ["jira-software-users"],
    }
    assert told["searches"] == {
        "picked": [["tbecker"], 1, True],
        "excluded": 0,
        "together": [True, ["walkers"]],
        "none": 0,
        "assignable": ["tbecker"],
        "everywhere": ["tbecker"],
        "nowhere": 404,
        "both": ["tbecker"],
        "unknown": 400,
        "sees": ["tbecker"],
        "unnamed": 0,
    }
    assert told["looks"] == {
        "chosen": True,
        "shown": [True],
        "refused": [400, 404],
        "columns": ["issuetype", "issuekey"],
        "noColumns": 404,
        "settings": [False],
        "before": 404,
        "preference": "html",
        "after": [404, 404],
    }
    assert told["sessions"] == {"wrong": 401, "who": "ida", "guessed": 400, "out": 401, "old": 401, "ended": 401}
    assert told["anonymization"] == {
        "none": 404,
        "unnamed": 400,
        "allowed": True,
        "second": 409,
        "left": [True, False, False],
        "oldName": 404,
        "again": [True, "hal"],
        "busy": 409,
        "rerun": [True, "hal", {}],
        "unlocked": 400,
    }
    assert told["leads"]["project"] == told["leads"]["component"] == "admin" != told["leads"]["before"]
    routes = {f"{route.method} {route.path}" for route in jira.ROUTES}
    assert claimed(told["sent"], routes) == routes - NOT_GENERATED - {COLUMNS}
    assert NOT_GENERATED.isdisjoint(told["operations"])


def test_nothing_about_people_and_rights_is_forgotten(told: dict[str, Any]) -> None:
    of_people = {one for one in told["operations"] if re.search(ABOUT, one)}
    found = accounted(of_people, claimed(told["sent"], told["operations"]), LEFT_OUT)
    assert found == {"driven": 85, "left out": 36, **NOTHING_FORGOTTEN}
