"""The sandbox's Confluence, driven by the PyPI package `atlassian-python-api`, as far as its calls are right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import COMMANDS, HERE, NOTHING_FORGOTTEN, drive, python_of, running

pytestmark = pytest.mark.peers
SEATS = 200


@pytest.fixture
def crowded_sandbox(tmp_path: Path) -> Iterator[str]:
    """A fresh sandbox with more people than fit on a page of this client."""
    command = [str(COMMANDS / "tenure-sandbox"), "--port", "0", "--users", "130", "--seats", str(SEATS)]
    with running(command, tmp_path / "sandbox.log") as address:
        yield address


def test_the_client_finds_what_it_expects(crowded_sandbox: str) -> None:
    # It is installed beside the clients of Crowd. PYTHONPATH would put this repository's own packages before it.
    script, environment = str(HERE / "confluence_peer.py"), {"PYTHONPATH": ""}
    told = drive([python_of("crowd"), script], f"{crowded_sandbox}/confluence", environment=environment)
    desk = told["people"].pop("desk")
    assert {"hdiaz", "oivanov", "skim"} < set(desk)
    members, used = told["people"]["members"], told["licence"][0]["count"]
    assert members[0] == members[1] > 130
    assert told["people"] == {
        "myself": "admin",
        "anonymous": "anonymous",
        "by its name": True,
        "by its key": "mwolf",
        "page": True,
        "by name": ["Maria Wolf", "current"],
        "by key": "mwolf",
        "nobody": 404,
        "members": members,
    }
    assert told["groups"] == {
        "made": "readers",
        "twice": 409,
        "listed": ["confluence-administrators", "confluence-users", "helpdesk", "readers", "software_dev"],
        "the same": True,
        "gone": 404,
    }
    assert told["calls"] == {"driven": 19, "left out": 31, **NOTHING_FORGOTTEN}
    assert told["permissions"] == {
        "all": 3,
        "group": ["page create", "space read"],
        "user": ["space administer", "space read"],
        "anonymous": [],
        "nowhere": 404,
    }
    assert 100 < used < SEATS
    assert told["licence"] == [{"count": used}, {"count": SEATS - used}, {"count": SEATS}]
    assert told["wrong password"] == 401
