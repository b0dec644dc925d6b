"""What an estate may say of a CSV source, and what it is told with its line when it says something else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.estate.parts import ENVIRONMENT, SMALL, loaded, problems

from tenure.sources.csv import CsvSettings

CSV = SMALL.replace(
    "okta: {kind: scim, token: {env: OKTA_SCIM_TOKEN}}", "people:\n    kind: csv\n    path: data/people.csv"
)


def test_paths_start_from_the_folder_of_the_estate(tmp_path: Path) -> None:
    more = "\n    memberships: /srv/groups.csv\n    every: 15m\n    heartbeat: 1d\n    columns: {EMAIL: Mail}\n"
    source = loaded(tmp_path, CSV.replace("data/people.csv\n", f"data/people.csv{more}")).sources["people"]
    settings = source.settings
    assert isinstance(settings, CsvSettings)
    assert (settings.path, settings.memberships) == (tmp_path / "data/people.csv", Path("/srv/groups.csv"))
    assert (settings.columns, settings.delimiter) == ({"emails.primary": "Mail"}, ",")
    assert (source.every, source.heartbeat) == (timedelta(minutes=15), timedelta(days=1))
    assert (source.pushes, source.credentials) == (False, ())


@pytest.mark.parametrize(
    ("more", "line", "path", "says"),
    [
        ("pth: x", 5, "sources.people.pth", "there is no such key; did you mean path?"),
        ("delimiter: ':'", 5, "sources.people.delimiter", "write one of"),
        ("groups_separator: ';;'", 5, "sources.people.groups_separator", "one sign parts the names of groups"),
        ("columns: [userName]", 5, "sources.people.columns", "a list is not a mapping; write name: value below it"),
        ("columns: {usrName: Login}", 5, "sources.people.columns.usrName", "did you mean userName?"),
        ("columns: {userName: L, title: L}", 5, "sources.people.columns", 'the header "L" stands twice'),
        (
            "memberships: 7.5\n    ignore: x",
            6,
            "sources.people.ignore",
            '"x" is not a list; write it in square brackets',
        ),
        ("every: 59s", 5, "sources.people.every", "write something from 60s to 30d"),
        (
            "limit: {burst: 1}",
            5,
            "sources.people.limit",
            "this means nothing for a source that is read by us; remove it",
        ),
        ("extensions: {}", 5, "sources.people.extensions", "this means nothing for a source that is read by us"),
        ("token: {env: A}", 5, "sources.people.token", "there is no such key"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, more: str, line: int, path: str, says: str) -> None:
    text = CSV.replace("data/people.csv\n", f"data/people.csv\n    {more}\n")
    (problem,) = problems(tmp_path, text, environment=ENVIRONMENT)
    assert (problem.line, problem.path) == (line, path), str(problem)
    assert says in str(problem)


def test_a_path_is_needed(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CSV.replace("    path: data/people.csv\n", ""))
    assert str(problem).startswith("estate.yaml:2: sources.people.path: this key is missing")
    (problem,) = problems(tmp_path, CSV.replace("data/people.csv", "[a, b]"))
    assert "the path of a file belongs here, such as people.csv" in str(problem)
