"""A CSV file is read strictly: each problem by line and column with what to write, and one takes the whole away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.sources.conftest import Files
from typer.testing import CliRunner

from tenure.cli.main import app
from tenure.estate.loading import load
from tenure.model.event import GroupSeen, IdentitySeen, MemberSeen, ReadComplete
from tenure.scim.definitions import USER
from tenure.scim.documents import clean
from tenure.sources import SOURCES

GOOD = "userName,externalId,emails.primary,active,groups\nada,1,ada@x.com,true,staff;dev\nbob,2,,FALSE,\n"


def events(files: Files) -> list[Any]:
    """What a reading tells."""

    async def read() -> list[Any]:
        source = load(files.folder / "estate.yaml").sources["people"]
        opens = SOURCES[source.kind].open
        assert opens is not None
        return [event async for event in opens(source.settings).read(None)]

    return asyncio.run(read())


def documents(files: Files) -> list[dict[str, Any]]:
    return [dict(event.attributes) for event in events(files) if isinstance(event, IdentitySeen)]


def test_a_good_file_can_be_read_and_needs_no_database(files: Files) -> None:
    files.write(GOOD)
    said = files.told()
    assert (said["ok"], said["people"], said["groups"], said["memberships"]) == (True, 2, 2, 2)
    shown = files.check()
    assert shown.stdout == "people can be read whole: 2 people, 2 groups, 2 memberships. Nothing was taken.\n"
    assert sorted(path.name for path in files.folder.iterdir()) == ["estate.yaml", "people.csv"]


def test_what_is_read_is_what_a_provider_would_push(files: Files) -> None:
    header = "userName,displayName,name.givenName,email,emails.home,phoneNumbers.mobile,addresses.work.locality,"
    files.write(header + "department,enterprise.manager,title\nada,Ada L,Ada,a@x.com,a@home,+1,London,R&D,bob,\n")
    (found,) = documents(files)
    assert found == {
        "userName": "ada",
        "displayName": "Ada L",
        "name": {"givenName": "Ada"},
        "active": True,
        "emails": [{"value": "a@x.com", "type": "work", "primary": True}, {"value": "a@home", "type": "home"}],
        "phoneNumbers": [{"value": "+1", "type": "mobile"}],
        "addresses": [{"type": "work", "locality": "London"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "R&D",
            "manager": {"value": "bob"},
        },
    }
    assert clean(found, USER) == found


def test_groups_and_members_are_told_with_a_proof(files: Files) -> None:
    files.write(GOOD)
    found = events(files)
    people = {event.id: event.attributes["userName"] for event in found if isinstance(event, IdentitySeen)}
    groups = {event.id: event.display_name for event in found if isinstance(event, GroupSeen)}
    members = [(groups[event.group], people[event.identity]) for event in found if isinstance(event, MemberSeen)]
    assert sorted(members) == [("dev", "ada"), ("staff", "ada")]
    assert isinstance(found[-1], ReadComplete)
    assert found[-1].population == "people and groups"
    files.write("userName\nada\n")
    assert events(files)[-1].population == "people"


@pytest.mark.parametrize(
    "text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD + "\n\n", GOOD.upper()[:8] + GOOD[8:]]
)
def test_line_ends_a_mark_of_order_and_letter_case_do_not_count(files: Files, text: str) -> None:
    files.write(text)
    assert files.told()["people"] == 2


def test_other_headers_and_another_delimiter(files: Files) -> None:
    text = 'Login;"E-Mail; main";Salary;Teams\nada;ada@x.com;9;"a, b|c"\n'
    settings = "delimiter: ';', columns: {userName: Login, email: 'E-Mail; main', groups: Teams}, ignore: [Salary]"
    files.write(text, settings + ", groups_separator: '|'")
    assert documents(files) == [
        {"userName": "ada", "active": True, "emails": [{"value": "ada@x.com", "type": "work", "primary": True}]}
    ]
    assert [event.display_name for event in events(files) if isinstance(event, GroupSeen)] == ["a, b", "c"]


def test_memberships_in_a_file_of_their_own(files: Files) -> None:
    files.write("userName\nada\nbob\n", "memberships: groups.csv", groups="group,userName\nstaff,ada\nstaff,BOB\n")
    said = files.told()
    assert (said["groups"], said["memberships"]) == (1, 2)
    files.write(GOOD, "memberships: groups.csv", groups="group,userName\nstaff,ada\n")
    assert files.faults() == [(1, "groups", "groups are told here and in the file of memberships")]
    wrong = "group,userName,x\nstaff,eve,1\nStaff,ada,1\n,ada,1\n"
    files.write("userName\nada\n", "memberships: groups.csv", groups=wrong)
    assert files.faults() == [
        (1, "x", "this column is not known"),
        (2, "userName", '"eve" is not the userName of anybody in the file of people'),
        (4, "group", "the name of a group is blank"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, "", "the file is empty"),
        ("userName\n", 1, "", "there are no people in it"),
        ("login\nada\n", 1, "login", "this column is not known"),
        ("displayName\nada\n", 1, "", "there is no column userName"),
        ("userName,actve\nada,true\n", 1, "actve", "this column is not known"),
        ("userName,\nada,x\n", 1, "", "column 2 has no name"),
        ("userName,title,title\nada,x,y\n", 1, "title", "two columns have this name"),
        ("userName,email,emails.primary\nada,a,b\n", 1, "emails.primary", "this column is emails.primary as well as"),
        ("userName;active\nada;true\n", 1, "", 'the header is one column only when it is split at ","'),
        ("userName,title\nada,x,y\n", 2, "", "this line has 3 cells, the header has 2"),
        ("userName,title\nada\n", 2, "", "this line has 1 cell, the header has 2"),
        ("userName,title\nada,x\n\nbob,y\n", 3, "", "there is an empty line between others"),
        ("userName,title\n ,x\n", 2, "userName", "userName is blank"),
        ("userName,title\nada,x\nADA,y\n", 3, "userName", '"ADA" is the userName in line 2 too'),
        ("userName,externalId\nada,1\nbob,1\n", 3, "externalId", '"1" is the externalId in line 2 too'),
        ("userName,externalId\nada,1\nbob,\n", 3, "externalId", "externalId is blank, and others have one"),
        ("userName,active\nada,yes\n", 2, "active", '"yes" is neither true nor false'),
        ("userName,active\nada,\n", 2, "active", "it is blank"),
        ("userName,email\nada,a@x.com \n", 2, "email", '"a@x.com " has white space at an end'),
        (f"userName\n{'a' * 401}\n", 2, "userName", "this has 401 characters"),
        ("userName,groups\nada,a;;b\n", 2, "groups", "the name of a group is blank"),
        ("userName,groups\nada,staff\nbob,Staff\n", 3, "groups", 'the group "Staff" is written "staff" in line 2'),
        ('userName,title\nada,"x\nbob,y\n', 2, "", "a double quote opens a value here, and none closes it"),
        ('userName,title\nada,"x"y\n', 2, "", "this line is not CSV"),
        ('userName,title\nada,"two\nlines"\nada,z\n', 4, "userName", '"ada" is the userName in line 2 too'),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(
    files: Files, text: str, line: int, column: str, message: str
) -> None:
    files.write(text)
    faults = files.faults()
    assert (line, column) in [(at, name) for at, name, _ in faults]
    assert any(said.startswith(message) for _, _, said in faults), faults


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"userName\nada\nb\xf6b\n", 3, "there are characters that are not UTF-8"),
        (b"userName\nada\nb\0b\n", 3, "there is a NUL character"),
        ("userName\nada\n".encode("utf-16"), 1, "the file is in UTF-16"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(files: Files, content: bytes, line: int, message: str) -> None:
    files.write(content)
    assert files.faults() == [(line, "", message)]


def test_a_file_that_is_not_there_and_one_that_is_a_folder(files: Files) -> None:
    files.write(GOOD)
    (files.folder / "people.csv").unlink()
    ((line, _, message),) = files.faults()
    assert (line, message) == (1, "the file cannot be read: No such file or directory")
    (files.folder / "people.csv").mkdir()
    assert files.faults() == [(1, "", "this is not a file")]


def test_all_are_told_up_to_a_hundred_and_the_rest_is_counted(files: Files) -> None:
    files.write("userName,active\n" + "".join(f"p{n},maybe\n" for n in range(150)))
    said = files.told(1)
    assert (said["ok"], len(said["problems"]), said["problem_count"]) == (False, 100, 150)
    lines = files.check().stdout.splitlines()
    assert lines[0] == (
        'people.csv:2: active: "maybe" is neither true nor false; write true, or false for somebody who has left'
    )
    assert lines[-2:] == [
        "and 50 more",
        "Nothing was taken from people, and nobody is missing by it: mend the 150 problems above.",
    ]


def test_a_live_check_of_the_estate_reads_the_file(files: Files) -> None:
    estate = str(files.folder / "estate.yaml")
    files.write(GOOD)
    done = CliRunner().invoke(app, ["estate", "check", estate, "--live"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "people: people.csv can be read: 2 people")
    files.write(GOOD.replace("FALSE", "no"))
    done = CliRunner().invoke(app, ["estate", "check", estate, "--live"])
    assert done.exit_code == 3
    assert done.stdout.splitlines()[-1] == (
        "people: nothing was taken: there is a problem in line 3 of people.csv; see `tenure pull people --check`"
    )
    told = json.loads(CliRunner().invoke(app, ["estate", "check", estate, "--live", "--json"]).stdout)
    assert told["sources"]["people"]["ok"] is False


def test_a_source_that_cannot_be_read_here_is_named(files: Files, tmp_path: Path) -> None:
    estate = tmp_path / "other.yaml"
    estate.write_text("sources:\n  okta: {kind: scim}\ntargets: {}\n")
    files.write(GOOD)
    (tmp_path / "estate.yaml").write_text(estate.read_text())
    done = files.check()
    assert (done.exit_code, done.stderr) == (1, "tenure: there is no source people; there are: okta\n")
    (tmp_path / "estate.yaml").write_text(estate.read_text().replace("okta", "people"))
    done = files.check()
    assert done.exit_code == 1
    assert done.stderr == "tenure: people pushes to /scim/people/v2 by itself: there is nothing to read\n"
