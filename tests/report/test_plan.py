"""What waits is told person by person, and gathered into what one decision covers."""

from __future__ import annotations

from dataclasses import replace

from tenure.model.change import (
    Change,
    CreateGroup,
    DeactivateAccount,
    JoinGroups,
    LeaveGroups,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.plan import Decision, Plan, Verdict
from tenure.model.story import Planned
from tenure.report.plan import held, held_json, held_lines, plan_json, plan_lines
from tenure.report.terminal import plain

from .stories import ADOPT, CREATE, HANDLE, HELD, OPENING, moment


def waiting(
    number: int, name: str, *verdicts: Verdict, problems: tuple[str, ...] = (), target: str = "jira"
) -> Planned:
    return Planned(number, target, f"id-of-{name}", name, Plan("LINKED", verdicts, problems), 3, moment(0))


def hold(change: Change, reason: str = "a rule says so") -> Verdict:
    return Verdict(change, Decision.HOLD, reason)


def test_held_is_gathered_by_target_and_class() -> None:
    plans = [
        waiting(5, "bob", hold(ADOPT, "adopt: ask (match: email)")),
        waiting(9, "Alice", hold(ADOPT, "adopt: ask (match: email)"), Verdict(CREATE, Decision.WAIT, "later", "x")),
        waiting(7, "carol", hold(ADOPT, "adopt: ask (match: email)"), target="wiki"),
    ]
    reason = "an existing account agrees (match: email): taking it over is asked first"
    assert held_json((), plans) == [
        {"id": "jira:adoption", "target": "jira", "class": "adoption", "revision": 9, "people": ["Alice", "bob"],
         "reason": reason},
        {"id": "wiki:adoption", "target": "wiki", "class": "adoption", "revision": 7, "people": ["carol"],
         "reason": reason},
    ]  # fmt: skip


def test_each_kind_of_change_has_its_class() -> None:
    kinds = {
        "adoption": ADOPT,
        "creation": CREATE,
        "rename": RenameAccount(HANDLE, "x"),
        "removal": DeactivateAccount(HANDLE),
        "update": UpdateAccount(HANDLE, {"email": "x"}),
        "membership": JoinGroups(HANDLE, ("x",)),
        "group": CreateGroup("x"),
    }
    for kind, change in kinds.items():
        assert [h.kind for h in held([waiting(1, "a", hold(change))])] == [kind]
    assert held([waiting(1, "a", hold(LeaveGroups(HANDLE, ("x",))))])[0].kind == "removal"
    assert held([waiting(1, "a", Verdict(ADOPT, Decision.REFUSE, "protected"))])[0].kind == "refused"
    assert held([waiting(1, "a", problems=("not read",))])[0].kind == "problem"


def test_what_only_waits_for_something_else_is_not_held() -> None:
    assert held([waiting(1, "a", Verdict(CREATE, Decision.WAIT, "a reading", "reading"))]) == ()


def test_a_person_with_two_held_changes_counts_once() -> None:
    joins = [hold(JoinGroups(HANDLE, (name,))) for name in ("a", "b")]
    assert held([waiting(1, "alice", *joins)])[0].people == ("alice",)


def test_two_people_of_one_name_count_twice() -> None:
    plans = [waiting(1, "pat", hold(ADOPT)), replace(waiting(2, "pat", hold(ADOPT)), subject="another")]
    assert held(plans)[0].people == ("pat", "pat")


def test_many_reasons_are_cut_short() -> None:
    plans = [waiting(n, f"p{n}", hold(ADOPT, f"reason {n}")) for n in range(6)]
    assert held(plans)[0].reason == "reason 0; reason 1; reason 2; and 3 more reasons"


def test_text_of_what_is_held() -> None:
    assert HELD.planned is not None
    assert (
        plain(held_lines((), [HELD.planned, OPENING]))
        == """\
Waiting for approval

Take over existing accounts at jira: 1 person
  why         an existing account agrees (match: username and email): taking it over is asked first
  who         Alice.Jones

Groups at jira: 1 group
  why         Software_Dev was there before
  who         software_dev
"""
    )
    assert plain(held_lines((), [])) == "Nothing waits for a person.\n"


def test_text_of_plans() -> None:
    assert HELD.planned is not None
    problem = waiting(13, "bob", Verdict(CREATE, Decision.GO), problems=("create-account was refused: HTTP 400",))
    assert (
        plain(plan_lines([HELD.planned, OPENING, problem]))
        == """\
Alice.Jones at jira
  plan        12 of 2026-06-30 09:01:00 UTC, revision 3 of the configuration: Existing account found
  held        Take over existing account alice.jones. Waiting for approval: an existing account agrees (match: \
username and email): taking it over is asked first
  waits       Add to group Software_Dev. Waiting for something else: needs “Take over existing account” first

software_dev at jira
  plan        9 of 2026-06-30 09:00:00 UTC, revision 3 of the configuration: Existing group found
  held        Take over existing group Software_Dev. Waiting for approval: Software_Dev was there before

bob at jira
  plan        13 of 2026-06-30 09:00:00 UTC, revision 3 of the configuration: Linked
  goes        Create account alice.jones with email = alice@example.com
  problem     “Create account” was refused: HTTP 400
"""
    )
    assert plain(plan_lines([])) == "Nothing is planned that has not gone.\n"


def test_json_of_plans_is_in_the_words_of_the_code() -> None:
    assert HELD.planned is not None
    told = plan_json([HELD.planned])[0]
    assert told["situation"] == "FOUND"
    assert [c["decision"] for c in told["changes"]] == ["hold", "wait"]
    assert told["changes"][0]["change"]["kind"] == "adopt-account"
