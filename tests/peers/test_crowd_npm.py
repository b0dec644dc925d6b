"""The sandbox's Crowd, driven by npm's atlassian-crowd-client in what its own integration tests do to a real one."""

from __future__ import annotations

from typing import Any

import pytest

from tenure_sandbox.atlassian import crowd

from .conftest import HERE, PEERS, claimed, drive

pytestmark = pytest.mark.peers
PACKAGE = PEERS / "node" / "node_modules" / "atlassian-crowd-client"
API = "/rest/usermanagement/1"
# The sandbox has them, and the client does not.
NOT_IN_THE_CLIENT = {
    f"DELETE {API}/user/password",
    f"POST {API}/search",
    f"POST {API}/authentication/notify",
    f"GET {API}/event",
    f"GET {API}/event/{{token}}",
}


@pytest.fixture
def told(sandbox: str) -> dict[str, Any]:
    assert PACKAGE.exists(), f"there is no {PACKAGE}: run make test-peers, which installs the peers"
    return drive(["node", str(HERE / "crowd_peer.mjs")], str(PACKAGE), f"{sandbox}/crowd")


def test_every_operation_that_both_know(told: dict[str, Any]) -> None:
    assert told["denied"] == "APPLICATION_ACCESS_DENIED"
    assert told["cookie"] == {"secure": False, "name": "crowd.token_key"}
    assert told["users"] == {
        "made": ["fay", "Fay Ross", True],
        "twice": "INVALID_USER",
        "changed": ["Marsh", "Fay Marsh"],
        "attributes": [
            {"foo": "Foo", "bar": ["Bar", "Baz"], "obj": {"a": "A"}},
            {"foo": "FOO", "bar": ["Bar"], "obj": {"a": "A"}},
        ],
        "tooLong": "Error: Attribute foo is too large. Values can be no larger than 255 characters.",
        "left": ["bar", "foo"],
        "listed": ["bar", "foo"],
        "signedIn": ["fay", "Fay", "Marsh", "Fay Marsh", "fay@example.org", True],
        "wrong": "INVALID_USER_AUTHENTICATION",
        "renamed": "fay@example.org",
        "oldName": "USER_NOT_FOUND",
        "gone": "USER_NOT_FOUND",
    }
    assert told["search"] == {
        "names": ["mwolf"],
        "expanded": [["mwolf", "maria.wolf@example.com"]],
        "group": ["helpdesk"],
        "groups": ["jira-administrators", "jira-software-users"],
        "page": ["gus", "hal"],
        "unreadable": "ILLEGAL_ARGUMENT",
    }
    assert told["sessions"] == {
        "lasts": 600_000,
        "user": ["jo", "Jo", "Test", "Jo Test", "jo@example.org", True],
        "again": True,
        "validated": True,
        "unvalidated": "INVALID_SSO_TOKEN",
        "elsewhere": "INVALID_SSO_TOKEN",
        "plain": True,
        "wrong": "INVALID_USER_AUTHENTICATION",
        "excluded": ["INVALID_SSO_TOKEN", None],
        "gone": "INVALID_SSO_TOKEN",
    }
    routes = {f"{route.method} {route.path}" for route in crowd.ROUTES}
    assert claimed(told["sent"], routes) == routes - NOT_IN_THE_CLIENT


def test_groups_and_groups_in_groups(told: dict[str, Any]) -> None:
    within = '<membership group="team"><users><user name="gus"></user><user name="hal"></user></users>'
    assert told["groups"] == {
        "made": ["team", "A team"],
        "twice": "INVALID_GROUP",
        "changed": "The team",
        "renamed": "ILLEGAL_ARGUMENT",
        "attributes": [
            {"floor": 3, "old": 1, "rooms": ["a", "b"]},
            {"floor": {"no": 4}, "old": 1, "rooms": ["a", "b"]},
        ],
        "expanded": [{"name": "floor", "values": ['{"no":4}']}],
        "listed": {"floor": {"no": 4}},
        "joinedTwice": "MEMBERSHIP_ALREADY_EXISTS",
        "noUser": "USER_NOT_FOUND",
        "noGroup": "GROUP_NOT_FOUND",
        "members": ["gus", "hal"],
        "expandedMembers": ["gus@example.org"],
        "member": ["gus", "MEMBERSHIP_NOT_FOUND"],
        "of": [["team"], "team"],
        "notOf": "MEMBERSHIP_NOT_FOUND",
        "circle": "INVALID_MEMBERSHIP",
        "parents": [["team"], ["above", "team"]],
        "parent": ["above", "above"],
        "children": [["team"], ["below", "team"]],
        "child": ["below", "below"],
        "direct": [],
        "nested": ["gus", "hal", "ida"],
        "nestedMember": "ida",
        "nestedOf": [["above", "below", "team"], "above"],
        "memberships": f'{within}<groups><group name="below"></group></groups></membership>',
        "both": [["above", "aside"], ["below", "inside"]],
        "without": [],
        "empty": [],
        "gone": "GROUP_NOT_FOUND",
    }
