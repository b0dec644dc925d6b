"""The sandbox's Bitbucket, driven by the PyPI package `atlassian-python-api`, which was written against Bitbucket 7."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import COMMANDS, HERE, NOTHING_FORGOTTEN, drive, python_of, running

pytestmark = pytest.mark.peers
PROJECT = [[["oivanov", "PROJECT_ADMIN"]], [["software_dev", "PROJECT_WRITE"]]]
REPOSITORY = [[["lchen", "REPO_ADMIN"]], [["helpdesk", "REPO_READ"]]]


@pytest.mark.parametrize("version", ["7.21.0", "8.19.5", "9.2.0"])
def test_it_finds_what_it_expects(version: str, tmp_path: Path) -> None:
    command = [str(COMMANDS / "tenure-sandbox"), "--port", "0", "--bitbucket-version", version]
    with running(command, tmp_path / "sandbox.log") as sandbox:
        # The package has an environment of its own, with another client of the same authors' applications in it.
        script = [python_of("crowd"), str(HERE / "bitbucket_peer.py")]
        told = drive(script, f"{sandbox}/bitbucket", environment={"PYTHONPATH": ""})
    assert told["refused"] == 401
    assert told["site"] == {
        "people": [10, 10],
        "found": ["Maria Wolf"],
        "seen": ["pkowal"],
        "groups": ["bitbucket-administrators", "helpdesk", "software_dev", "stash-users"],
        "members": ["hdiaz", "jroy", "oivanov", "skim"],
        "everywhere": [["OPS", ["Oskar Ivanov"]]],
        "counted": 8,
        "projects": ["OPS"],
        "repositories": ["deploy", "runbooks"],
        "there": [True, False],
    }
    assert told["places"] == {
        "project": [
            [["mwolf", "PROJECT_READ"], *PROJECT[0]],
            [["helpdesk", "PROJECT_ADMIN"], *PROJECT[1]],
        ],
        "administrators": ["hdiaz", "jroy", "oivanov", "oivanov", "skim"],  # it names twice who is so twice
        "by group": ["helpdesk"],
        "of the repository": [["helpdesk"], ["hdiaz", "jroy", "lchen", "oivanov", "skim"]],
        "left": PROJECT,
        "repository": [[*REPOSITORY[0], ["mwolf", "REPO_WRITE"]], [*REPOSITORY[1], ["software_dev", "REPO_READ"]]],
        "repository left": REPOSITORY,
        "wrong": 400,
        "nobody": 404,
    }
    assert (told["defaults"], told["keys"]) == ([False, True, False], [[], ["deploy"]])
    assert told["branches"] == ["read-only", ["lchen"], ["software_dev"], 0]
    assert told["calls"] == {"driven": 30, "left out": 11, **NOTHING_FORGOTTEN}
    assert told["everywhere"] == {
        "users": [["mwolf", "PROJECT_CREATE", True], ["svc-backup", "PROJECT_CREATE", True]],
        "groups": [["helpdesk", "LICENSED_USER"]],
        "none": [],
        "left": [[], []],
        "own": 409,
    }
