"""The sandbox's Bitbucket, driven by npm's @atlassian-dc-mcp/bitbucket, generated from Bitbucket's own API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenure_sandbox.atlassian import bitbucket

from .conftest import HERE, NOTHING_FORGOTTEN, PEERS, claimed, drive
from .methods import accounted

pytestmark = pytest.mark.peers
PACKAGE = PEERS / "node" / "node_modules" / "@atlassian-dc-mcp" / "bitbucket"
ABOUT = (
    "user|group|role|permission|restriction|reviewer|participant|tsv|auth|account|rate-limit|token|ssh|gpg|/keys"
    "|avatar|watch"
)
PULL_REQUESTS = "of pull requests, of which the stand-in has none"
PICTURES = "a picture that is stored or sent, which nobody checks"
LEFT_OUT = {
    ".*/tsv/.*": "the second step of a sign-in by hand, which the vendor's document of 9.2 has not",
    ".*/(authconfig|basicauth)/.*": "how one signs in, which the vendor's document of 9.2 has not",
    ".*/ssh/latest/settings": "how the server is reached by SSH",
    ".*/pull-requests.*|.*/default-reviewers/.*|.*/participants": PULL_REQUESTS,
    ".*/avatar(.png)?": PICTURES,
    ".*/watch": "what somebody hears of a commit or a repository",
    ".*/settings-restriction(/all)?": "which settings a repository may have for itself",
    ".*/secrets/.*": "keys by which the server encrypts its own configuration",
    ".*/mirroring/.*": "of mirrors of the server",
}


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
    routes = {f"{route.method} {route.path}" for route in bitbucket.ROUTES}
    assert claimed(told["sent"], routes) == routes <= set(told["operations"])


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


def test_reviewers_restrictions_and_limits(told: dict[str, Any]) -> None:
    assert told["reviewers"] == {
        "made": ["PROJECT", ["gus", "lchen"], "REPOSITORY"],
        "refused": [409, 400, 400],
        "inherited": [["all"], ["few", "all"]],
        "changed": "Everybody",
        "swapped": ["gus", "lchen"],
        "reading": ["lchen"],  # the other has no licence
        "same": ["all", "few"],
        "gone": [404, 0],
    }
    assert told["restrictions"] == {
        "made": [["read-only", ["lchen"], ["software_dev"]], ["no-deletes", ["gus"], []]],
        "refused": [400, 400, 400],
        "again": [True, [], ["helpdesk"]],
        "found": [True],
        "here": ["REPOSITORY", "gus"],
        "other": 404,
        "one": "main",
        "left": [1, 0],
    }
    assert told["limits"] == {
        "before": False,
        "after": [True, 100, 400],
        "many": [["gus", 1], ["hal", 1]],
        "free": True,
        "refused": [400, 400, 400],
        "listed": ["gus", "hal"],
        "own": [10, 404],
        "gone": [404, 0],
        "held": [0, 400],
    }


def test_nothing_about_people_and_rights_is_forgotten(told: dict[str, Any]) -> None:
    of_people = {one for one in told["operations"] if re.search(ABOUT, one)}
    found = accounted(of_people, claimed(told["sent"], told["operations"]), LEFT_OUT)
    assert found == {"driven": 124, "left out": 68, **NOTHING_FORGOTTEN}
