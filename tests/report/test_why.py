"""`why` tells each field and each group: source value, rule, plan, write, answer, how it was seen, or why not.

The whole texts stand in `told/`, to be read as an administrator reads them. After an intended change of wording,
run with TENURE_WRITE_TEXTS=1 and review what changed.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from tenure.model.desired import Standing
from tenure.model.story import Story
from tenure.report import why
from tenure.report.parts import Part, PartState, parts
from tenure.report.terminal import plain

from . import stories

TOLD = Path(__file__).parent / "told"


def part(story: Story, cell: str) -> Part:
    return next(p for p in parts(story) if p.cell == cell)


def steps(story: Story, cell: str) -> dict[str, str]:
    return dict(why.steps(part(story, cell)))


@pytest.mark.parametrize("name", stories.ALL)
def test_text(name: str) -> None:
    text, path = plain(why.lines(stories.ALL[name])), TOLD / f"{name}.txt"
    if os.environ.get("TENURE_WRITE_TEXTS"):
        path.write_text(text)
    assert text == path.read_text()


def test_every_step_of_a_field_is_told() -> None:
    assert steps(stories.MADE, "username") == {
        "source": "userName = Alice.Jones",
        "rule": "userName.lowerAscii()",
        "desired": "alice.jones",
        "plan": "plan 12",
        "write": "Create account, journal 3",
        "answer": "Done: 201 Created, 2026-06-30 09:03:00 UTC",
        "seen": "in the application's answer itself, 2026-06-30 09:04:00 UTC",
        "now": "alice.jones, as of 2026-06-30 09:20:00 UTC",
    }


def test_every_step_of_a_membership_is_told() -> None:
    told = steps(stories.MADE, "member:software_dev")
    assert told["source"] == "member of Dev users"
    assert told["rule"] == "groups.mapping"
    assert told["write"] == "Add to group, journal 4"
    assert told["seen"].startswith("when the account was read again")


@pytest.mark.parametrize(
    ("name", "cell", "state", "why_not"),
    [
        ("made", "phone", PartState.NOT_OURS, "is not mapped in the configuration"),
        ("made", "member:old-timers", PartState.NOT_OURS, "was not given by Tenure"),
        ("taken-over", "username", PartState.KEPT, "does not rename this account"),
        ("taken-over", "email", PartState.KEPT, "the application made alice@example.com. of it"),
        ("taken-over", "member:software_dev", PartState.SAME, "in Tenure's care since"),
        ("held", "account", PartState.HELD, "an existing account agrees (match: username and email)"),
        ("held", "email", PartState.WAITING, "waits for: Take over existing account"),
        ("held", "member:software_dev", PartState.WAITING, "needs “Take over existing account” first"),
        ("waits-for-group", "member:software_dev", PartState.WAITING, "plan 9 for that group: Software_Dev was there"),
        ("left", "active", PartState.WRITTEN, "was set by Tenure and seen"),
        ("left", "email", PartState.WRITTEN, "no longer changed, since the person has left"),
        ("failed", "email", PartState.FAILED, "HTTP 400: no such domain"),
        ("refused", "account", PartState.REFUSED, "alice.jones is protected"),
        ("sending", "username", PartState.SENDING, "the answer is not known yet"),
        ("unconfirmed", "member:software_dev", PartState.UNCONFIRMED, "it has not been seen yet"),
        ("preview", "account", PartState.HELD, "Preview only: nothing is written"),
        ("fault", "email", PartState.HELD, "email: no such key"),
        ("vanished", "email", PartState.VANISHED, "was not found any more"),
        ("changed-there", "email", PartState.DIFFERS, "shows other@example.com; it is marked to be looked at"),
        ("nobodys", "account", PartState.NOT_OURS, "not linked: Tenure does not touch it"),
    ],
)
def test_why_a_part_is_as_it_is(name: str, cell: str, state: PartState, why_not: str) -> None:
    found = part(stories.ALL[name], cell)
    assert found.state is state
    assert why_not in found.why


def test_an_older_failure_is_not_told_once_the_write_succeeded() -> None:
    failed = replace(stories.FAILED.writes[0], id=2, plan=11)
    story = replace(stories.MADE, writes=(*stories.MADE.writes, failed))
    assert part(story, "email").state is PartState.WRITTEN
    assert part(story, "email").failed is None


def test_a_write_of_an_older_plan_does_not_stand_for_the_planned_one() -> None:
    older = tuple(replace(write, plan=11) for write in stories.MADE.writes)
    found = part(replace(stories.MADE, writes=older), "email")
    assert found.state is PartState.SENDING
    assert found.why == "is planned and goes next"


def test_out_of_scope_is_not_told_as_having_left() -> None:
    desired = replace(stories.desired(), standing=Standing.OUT_OF_SCOPE, fields={}, groups=(), reasons=())
    found = part(replace(stories.MADE, desired=desired), "email")
    assert "the person is out of scope" in found.why


def test_what_was_only_sent_is_not_told_as_seen() -> None:
    told = steps(stories.UNCONFIRMED, "member:software_dev")
    assert "seen" not in told
    assert "now" not in told


def test_what_the_source_told_is_told_once_and_newest_first() -> None:
    found = why.history(stories.MADE)
    assert [cause.id for cause in found] == [8, 7]
    assert why.cause_line(found[0]) == (
        "2026-06-30 09:01:00 UTC: identity provider okta put the person into a group (Dev users), by PATCH"
    )


def test_json_has_every_part_with_its_causes() -> None:
    told = orjson.loads(orjson.dumps(why.as_json(stories.MADE)))
    email = next(p for p in told["parts"] if p["cell"] == "email")
    assert email["source"] == "emails.primary = alice@example.com"
    assert email["rule"] == "emails.primary"
    assert email["write"]["plan"] == 12
    assert email["write"]["answer"] == "201 Created"
    assert email["write"]["evidence"] == "body"
    assert email["write"]["causes"][0]["actor"] == "source:okta"
    assert told["link"] == {
        "key": "JIRAUSER10100", "evidence": "created", "adopted": False, "since": "2026-06-30T09:02:00+00:00"
    }  # fmt: skip


@pytest.mark.parametrize("name", stories.ALL)
def test_every_story_is_json(name: str) -> None:
    assert orjson.loads(orjson.dumps(why.as_json(stories.ALL[name])))["target"] == "jira"


def test_names_cannot_control_the_terminal() -> None:
    story = replace(stories.START, told=stories.told(name="a\x1b[31m\u202eb\r\n"))
    text = plain(why.lines(story))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\\u001b[31m\\u202eb\\u000d\\u000a" in text
