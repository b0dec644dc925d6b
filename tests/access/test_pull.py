"""`tenure pull` on a house, and what the other commands say of a source that is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine.world import ESTATE

from .conftest import Place

HEADER = "userName,displayName,emails.primary,active\n"
PEOPLE = (
    HEADER
    + "mwolf,Maria Wolf,mwolf@example.com,true\njroy,Jules Roy,jules.roy@example.com,true\n"
    + "ada,Ada,ada@example.com,true\nhdiaz,Helena Diaz,helena.diaz@example.com,false\nzed,Zed,zed@example.com,false\n"
)


@dataclass
class Export:
    """A place whose estate reads a file, beside it."""

    place: Place
    file: Path
    estate: Path

    def write(self, text: str) -> None:
        self.file.write_text(text)


@pytest.fixture
def export(place: Place, tmp_path: Path) -> Export:
    found = Export(place, tmp_path / "people.csv", tmp_path / "estate.yaml")
    csv = f"people: {{kind: csv, path: {found.file}, heartbeat: 24h}}"
    text = ESTATE.replace("okta: {kind: scim, token: {env: OKTA}}", csv).replace("source: okta", "source: people")
    place.world.estate = text.replace("mode: full", "mode: observe").replace("adopt: match", "adopt: ask")
    found.estate.write_text(place.world.estate)
    found.write(PEOPLE)
    return found


async def test_a_reading_is_told_and_kept(export: Export) -> None:
    place = export.place
    async with place.world.house() as tenure:
        listed = (await place.run("source", "list")).stdout.splitlines()[1]
        assert listed.split("\t") == ["people", "csv", "0", "0", "never", "not read yet", "24h"]
        said = await place.told("pull", "people", "--by", "alice")
        assert {k: said[k] for k in ("ok", "people", "groups", "new", "changed", "gone", "held", "waiting")} == {
            "ok": True, "people": 5, "groups": None, "new": 5, "changed": 0, "gone": 0, "held": None, "waiting": [],
        }  # fmt: skip
        shown = await place.run("pull", "people", "--estate", str(export.estate))
        assert shown.stdout.splitlines()[0] == "people was read: 5 people; it tells nothing of groups."
        listed = (await place.run("source", "list")).stdout.splitlines()[1]
        assert listed.split("\t")[5:] == ["not needed: it is read whole", "24h"]
        assert (await tenure.database.rows("SELECT count(*) AS n FROM identity"))[0]["n"] == 5


async def test_what_is_wrong_is_told_and_nothing_taken(export: Export) -> None:
    place = export.place
    async with place.world.house() as tenure:
        export.write(PEOPLE + "eve,Eve,eve@example.com,yes\n")
        refused = await place.run("pull", "people")
        assert refused.exit_code == 1
        assert refused.stdout.splitlines() == [
            'people.csv:7: active: "yes" is neither true nor false; write true, or false for somebody who has left',
            "Nothing was taken from people, and nobody is missing by it: mend the 1 problem above.",
        ]
        told = await place.told("pull", "people", code=1)
        assert told["problems"] == [
            {"file": "people.csv", "line": 7, "column": "active", "message": '"yes" is neither true nor false',
             "hint": "write true, or false for somebody who has left"}
        ]  # fmt: skip
        assert await tenure.database.rows("SELECT * FROM identity") == []
        listed = (await place.run("source", "list")).stdout.splitlines()[1]
        assert "nothing was taken: there is a problem in line 7 of people.csv" in listed
        doctor = await place.run("doctor")
        assert "the last reading, " in doctor.stdout
        assert "tenure pull people --check" in doctor.stdout


async def test_a_reading_that_shrank_is_accepted_by_the_number_that_was_shown(export: Export) -> None:
    place = export.place
    everybody = [f"p{n},P,p{n}@example.com,true\n" for n in range(20)]
    async with place.world.house():
        export.write(HEADER + "".join(everybody))
        await place.told("pull", "people")
        export.write(HEADER + "".join(everybody[:12]))
        held = await place.run("pull", "people")
        assert held.exit_code == 1
        assert "20 people were there at the last reading, 12 are in this one" in held.stdout
        assert "tenure pull people --accept-shrunk 12" in held.stdout
        assert (await place.told("pull", "people", "--accept-shrunk", "13", code=1))["held"] is not None
        taken = await place.told("pull", "people", "--accept-shrunk", "12", "--by", "alice")
        assert (taken["held"], taken["missing"]) == (None, 8)


async def test_nobody_signs_in_for_a_source_that_is_read_and_nothing_is_confirmed(export: Export) -> None:
    place = export.place
    async with place.world.house() as tenure:
        assert await place.knock(tenure, "some-token", "people") == 404
        token = await place.run("token", "add", "people")
        assert (token.exit_code, token.stderr) == (1, "tenure: people is read by us: nobody signs in for it\n")
        confirm = await place.run("source", "confirm", "people")
        assert (confirm.exit_code, "there is nothing to confirm" in confirm.stderr) == (1, True)


async def test_a_file_that_is_not_read_for_long_takes_nobody_away(export: Export) -> None:
    place = export.place
    async with place.world.house():
        await place.told("pull", "people")
        assert not (await place.told("source", "list"))[0]["silent"]
    place.world.clock.at += timedelta(hours=25)
    async with place.world.house() as tenure:
        await tenure.database.rows("UPDATE source SET last_heard_at = last_heard_at - interval '25 hours'")
        assert (await place.told("source", "list"))[0]["silent"]
        assert "was not read whole for longer than its heartbeat, 24h" in (await place.run("doctor")).stdout


async def test_another_configuration_than_the_active_one_is_not_used(export: Export) -> None:
    place = export.place
    async with place.world.house():
        export.estate.write_text(place.world.estate + "\n# changed\n")
        done = await place.run("pull", "people", "--estate", str(export.estate))
        assert done.exit_code == 2
        assert "is not the active configuration: start `tenure serve` with it first" in done.stderr
    nobody = await place.run("pull", "okta", "--estate", str(export.estate), "--check")
    assert (nobody.exit_code, nobody.stderr) == (1, "tenure: there is no source okta; there are: people\n")


async def test_the_match_table_says_whose_each_account_is_and_why(export: Export) -> None:
    place = export.place
    async with place.world.house() as tenure:
        nothing = await place.run("report", "matches")
        assert nothing.stdout.startswith("Nobody was compared yet")
        await place.told("pull", "people")
        await place.world.finish(tenure)
        told = await place.told("report", "matches", "jira")
        people = {one["person"]: one for one in told["people"]}
        assert {name: one["match"] for name, one in people.items()} == {
            "ada": "new", "hdiaz": "left", "jroy": "match", "mwolf": "doubt", "zed": "none",
        }  # fmt: skip
        assert (people["jroy"]["account"], people["jroy"]["evidence"]) == ("jroy", "match: username and email")
        assert [one["name"] for one in people["hdiaz"]["possible"]] == ["hdiaz"]
        assert [one["name"] for one in people["mwolf"]["possible"]] == ["mwolf"]
        strays = [one["name"] for one in told["strays"]]
        assert "svc-backup" in strays
        assert not {"jroy", "mwolf", "hdiaz"} & set(strays)
        lines = (await place.run("report", "matches")).stdout.splitlines()
        assert lines[:3] == [
            "For a person to decide, at jira: 1",
            "  person      mwolf (the name mwolf is taken by an account that differs)",
            "  could be    mwolf (mwolf, maria.wolf@example.com)",
        ]
        assert (await place.world.jira())["writes"] == 0
        held = json.loads((await place.run("plan", "--held", "--json")).stdout)[0]
        approve = await place.run("approve", held["id"], "--revision", str(held["revision"]), "--only", "jroy")
        assert approve.exit_code == 0, approve.output
    place.world.estate = place.world.estate.replace("mode: observe", "mode: full")
    async with place.world.house() as tenure:
        await place.world.finish(tenure)
        people = {one["person"]: one for one in (await place.told("report", "matches"))["people"]}
        assert (people["jroy"]["match"], people["jroy"]["account"]) == ("linked", "jroy")
        assert people["ada"]["match"] == "linked"
        nowhere = await place.run("report", "matches", "wiki")
        assert (nowhere.exit_code, "there are: jira" in nowhere.stderr) == (1, True)
