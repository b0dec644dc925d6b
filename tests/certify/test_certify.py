"""What a certification tries, judges and takes away again, at every application of the sandbox."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx2
import pytest
from tests.engine.world import Killed, ensure, person

from tenure.model.capability import CALLS_NOBODY
from tenure.model.certification import PREFIX, Judged, NotCertified, Verdict
from tenure.model.change import ChangeKind
from tenure.targets import TARGETS

from .place import (
    BASIC,
    BEARER,
    MAPPED,
    Carrying,
    Fault,
    Place,
    away,
    by_name,
    cancelling,
    estate_text,
    lost,
    passed,
    refused,
)

KINDS = list(TARGETS)
NEWEST: list[tuple[str, dict[str, str]]] = [(kind, {}) for kind in KINDS]
OLDER = [
    ("jira", {"jira_version": "9.12.0"}),
    ("jira", {"jira_version": "8.20.0"}),
    ("confluence", {"confluence_version": "9.4.0"}),
    ("confluence", {"confluence_version": "8.5.4"}),
    ("crowd", {"crowd_version": "4.4.0"}),
]
TRIED = {
    ChangeKind.CREATE_ACCOUNT: "create-account",
    ChangeKind.UPDATE_ACCOUNT: "set-display_name",
    ChangeKind.RENAME_ACCOUNT: "rename",
    ChangeKind.DEACTIVATE_ACCOUNT: "deactivate",
    ChangeKind.REACTIVATE_ACCOUNT: "reactivate",
    ChangeKind.JOIN_GROUPS: "join",
    ChangeKind.LEAVE_GROUPS: "leave",
    ChangeKind.CREATE_GROUP: "create-group",
    ChangeKind.DELETE_GROUP: "delete-group",
    ChangeKind.DELETE_ACCOUNT: "delete-account",
    ChangeKind.HAND_OVER_LEADS: "hand-over-leads",
    ChangeKind.REVOKE_PERMISSIONS: "revoke-permissions",
    ChangeKind.END_SESSIONS: "end-sessions",
    ChangeKind.REVOKE_TOKENS: "revoke-tokens",
    ChangeKind.ANONYMIZE_ACCOUNT: "anonymize",
}


def test_every_kind_of_change_has_its_step() -> None:
    assert set(ChangeKind) - CALLS_NOBODY == set(TRIED)


@pytest.mark.parametrize(("kind", "versions"), [*NEWEST, *OLDER])
async def test_a_server_that_does_as_expected_is_certified(database: str, kind: str, versions: dict[str, str]) -> None:
    place = Place(database, kind, versions)
    before = await place.state()
    found = await place.certify()
    assert found.verdict is Verdict.CERTIFIED, [s for s in found.steps if s.verdict is Judged.NOT_AS_EXPECTED]
    assert (found.remains, found.why, found.by, found.kind) == ((), "", "cli:ada", kind)
    assert await place.state() == before
    assert tuple(place.told) == found.steps
    steps = by_name(found)
    for change, name in TRIED.items():
        tried = name in steps and steps[name].verdict is Judged.AS_EXPECTED
        assert tried or steps[name].verdict is Judged.CANNOT or change is ChangeKind.ANONYMIZE_ACCOUNT, steps[name]
    for name in ("create-account", "account-in-listing", "join-again", "leave-again", "delete-account", "clear"):
        assert steps[name].verdict is Judged.AS_EXPECTED
    assert all(step.ms >= 0 and (step.answered or step.verdict is not Judged.AS_EXPECTED) for step in found.steps)


async def test_the_steps_differ_by_what_the_application_can(database: str) -> None:
    jira = by_name(await Place(database, "jira").certify())
    assert "set-properties.phone" in jira
    assert jira["clear-properties.phone"].verdict is Judged.AS_EXPECTED
    assert jira["join-again"].answered == "already"


async def test_an_address_that_no_reading_shows_is_told_as_such(database: str) -> None:
    steps = by_name(await Place(database, "confluence").certify())
    assert steps["set-email"].seen.endswith("(told by the answer alone)")
    assert steps["rename"].verdict is Judged.CANNOT
    assert steps["delete-account"].answered.startswith("pending")
    assert steps["delete-account"].verdict is Judged.AS_EXPECTED


async def test_an_application_that_makes_nothing_is_only_read(database: str) -> None:
    place = Place(database, "confluence", {"confluence_version": "7.19.0"})
    found = await place.certify()
    assert found.verdict is Verdict.READ_ONLY
    assert by_name(found)["read-accounts"].verdict is Judged.NOT_AS_EXPECTED
    assert (await place.world.state("confluence"))["writes"] == 0


@pytest.mark.parametrize("mode", ["observe", "create-only", "no-removal"])
async def test_other_modes_than_full_are_only_read(database: str, mode: str) -> None:
    place = Place(database, "jira")
    place.text = place.text.replace("mode: full", f"mode: {mode}")
    found = await place.certify()
    assert found.verdict is Verdict.READ_ONLY
    assert f"is {mode}" in found.why
    assert "a copy of the configuration with `mode: full`" in found.why
    assert (await place.world.jira())["writes"] == 0
    assert by_name(found)["read-accounts"].verdict is Judged.AS_EXPECTED


async def test_read_only_writes_nothing_in_any_mode(database: str) -> None:
    place = Place(database, "jira")
    assert (await place.certify(read_only=True)).verdict is Verdict.READ_ONLY
    assert place.network.writes == 0


async def test_protected_names_are_not_used(database: str) -> None:
    place = Place(database, "jira")
    place.text += f"    protected: [admin, '{PREFIX}*']\n"
    found = await place.certify()
    assert (found.verdict, place.network.writes) == (Verdict.READ_ONLY, 0)
    assert "protects the name" in found.why


async def test_a_name_that_somebody_has_is_not_touched(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 8)
    place, name = Place(database, "jira"), f"{PREFIX}00000000"
    await place.world.sandbox_call(
        "POST", "/jira/rest/api/2/user", {"name": name, "emailAddress": "a@b.c", "displayName": "A"}, auth=True
    )
    before = await place.state()
    found = await place.certify()
    assert (found.verdict, place.network.writes) == (Verdict.BROKEN_OFF, 0)
    assert f"named {name} is there already" in found.why
    assert await place.state() == before


async def test_missing_rights_are_told_before_anything_is_made(database: str) -> None:
    place = Place(database, "jira")
    await place.world.faults({"kind": "forbidden"})
    found = await place.certify()
    assert (found.verdict, place.network.writes) == (Verdict.BROKEN_OFF, 0)
    assert by_name(found)["check"].seen.startswith("missing: Jira Administrators")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [refused, lost], ids=["refused", "lost"])
async def test_one_write_that_fails_leaves_nothing_behind(database: str, kind: str, fault: Fault) -> None:
    place = Place(database, kind)
    before = await place.state()
    await place.certify()
    for at in range(1, place.network.writes + 1, 1 if kind == "jira" else 3):
        place.network.once(at, fault)
        found = await place.certify()
        assert found.remains == (), (at, found.remains)
        assert await place.state() == before, at
        assert found.verdict in (Verdict.CERTIFIED, Verdict.NOT_AS_EXPECTED), found.why
        place.network.heal()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_application_that_goes_away_is_cleared_the_next_time(database: str, kind: str) -> None:
    place = Place(database, kind)
    before = await place.state()
    await place.certify()
    for at in range(2, place.network.writes, 4):
        place.network.from_then_on(at, away)
        found = await place.certify()
        left = await place.left()
        assert found.verdict is not Verdict.CERTIFIED
        assert found.remains
        assert all(any(name in sentence for sentence in found.remains) for name in left)
        place.network.heal()
        again = await place.certify()
        assert "Clear what the certification" in again.steps[1].asked
        assert again.verdict is Verdict.CERTIFIED
        assert await place.state() == before
    assert await place.rows("SELECT id FROM certification WHERE cleared_at IS NULL") == []


@pytest.mark.parametrize("fault", [passed, lost], ids=["answered", "lost"])
async def test_ctrl_c_at_any_moment_leaves_nothing_behind(database: str, fault: Fault) -> None:
    place = Place(database, "jira")
    before = await place.state()
    await place.certify()
    for at in range(1, place.network.writes + 1, 2):
        place.network.once(at, cancelling(fault))
        found = await place.certify()
        assert (found.verdict, found.remains) == (Verdict.BROKEN_OFF, ()), at
        assert "broken off" in found.why
        assert await place.state() == before, at
        place.network.heal()


async def test_a_second_ctrl_c_ends_it_and_says_what_may_be_left(database: str) -> None:
    place = Place(database, "jira")
    before = await place.state()
    place.network.from_then_on(3, cancelling())
    found = await place.certify()
    (sentence,) = found.remains
    assert "the clearing was broken off" in sentence
    place.network.heal()
    assert (await place.certify()).verdict is Verdict.CERTIFIED
    assert await place.state() == before


async def test_a_process_that_is_killed_is_cleared_after_by_the_next(database: str) -> None:
    place = Place(database, "crowd")
    before = await place.state()

    async def dies(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        await carried_out()
        raise Killed

    for at in (1, 2, 6, 9):
        place.network.from_then_on(at, dies)
        with pytest.raises(Killed):
            await place.certify()
        assert await place.left()
        place.network.heal()
        assert (await place.certify()).verdict is Verdict.CERTIFIED
        assert await place.state() == before


async def test_a_freeze_stops_it_where_it_is(database: str) -> None:
    place = Place(database, "jira")
    before = await place.state()

    async def frozen(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        await place.rows("UPDATE target SET frozen_at = now(), frozen_by = 'cli:ben' RETURNING id")
        return await carried_out()

    place.network.once(4, frozen)
    found = await place.certify()
    assert place.network.writes == 4
    assert "frozen by cli:ben" in found.why
    assert len(found.remains) == len(await place.left()) == 1
    assert (await place.certify()).verdict is Verdict.READ_ONLY
    await place.rows("UPDATE target SET frozen_at = NULL RETURNING id")
    assert (await place.certify()).verdict is Verdict.CERTIFIED
    assert await place.state() == before


@pytest.mark.parametrize("name", ["admin", None])
async def test_an_answer_about_somebody_else_makes_nobody_ours(database: str, name: str | None) -> None:
    """Whether the answer names them, or gives their key to our name: they are not touched, and ours is cleared."""
    place = Place(database, "jira", text=estate_text("jira").replace(f", {MAPPED['jira']}", ""))
    before = await place.state()
    (admin,) = [one for one in before["accounts"] if one["name"] == "admin"]

    async def confused(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        made = json.loads(await (await carried_out()).aread())
        return httpx2.Response(201, json={**made, "key": admin["key"], "name": name or made["name"]}, request=request)

    place.network.once(1, confused)
    found = await place.certify()
    assert (found.verdict, found.remains) == (Verdict.NOT_AS_EXPECTED, ())
    assert by_name(found)["set-email"].verdict is Judged.NOT_TRIED
    assert await place.state() == before


async def test_a_key_that_becomes_somebody_elses_is_not_touched(database: str) -> None:
    place = Place(database, "jira")
    before = await place.state()

    async def taken(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        answer = await carried_out()
        if request.method != "GET" or "JIRAUSER10100" not in str(request.url) or place.network.writes > 4:
            return answer
        return httpx2.Response(200, json={**json.loads(await answer.aread()), "name": "lchen"}, request=request)

    place.network.from_then_on(4, taken)
    found = await place.certify()
    assert (found.verdict, found.remains) == (Verdict.BROKEN_OFF, ())
    assert "shows lchen where tenure-certify-" in found.why
    assert await place.state() == before


async def test_a_version_that_makes_groups_alone_is_tried_with_a_group(database: str) -> None:
    place = Place(database, "confluence", {"confluence_version": "8.2.0"})
    before = await place.state()
    steps = by_name(await place.certify())
    assert steps["create-account"].verdict is Judged.CANNOT
    assert steps["create-group"].verdict is steps["delete-group"].verdict is Judged.AS_EXPECTED
    assert steps["join"].verdict is Judged.NOT_TRIED
    assert await place.state() == before


async def test_another_server_than_the_pinned_one_is_only_read(database: str) -> None:
    place = Place(database, "jira")
    await place.certify()
    await place.rows("UPDATE target SET pinned_url = 'http://app.test/jira', pinned_server_id = 'other' RETURNING id")
    place.network.heal()
    found = await place.certify()
    assert (found.verdict, place.network.writes) == (Verdict.READ_ONLY, 0)
    assert "another server answers" in found.why
    assert (await place.rows("SELECT caution FROM target"))[0]["caution"] is None


async def test_each_write_is_on_disk_before_it_is_sent(database: str) -> None:
    place = Place(database, "jira")

    async def counted(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        if request.method not in ("GET", "HEAD"):
            (row,) = await place.rows(
                "SELECT count(*) FILTER (WHERE action = 'certification.asked') AS asked,"
                " count(*) FILTER (WHERE action = 'certification.answered') AS answered FROM audit"
            )
            assert row["asked"] == row["answered"] + 1
        return await carried_out()

    place.network.from_then_on(1, counted)
    assert (await place.certify()).verdict is Verdict.CERTIFIED
    trail = await place.rows("SELECT id, action, actor, target, cause, subject FROM audit ORDER BY id")
    assert [trail[0]["action"], trail[-1]["action"]] == ["certification.began", "certification.ended"]
    assert {row["actor"] for row in trail} == {"cli:ada"}
    assert all(row["target"] and row["subject"] == "certification:1" for row in trail)
    assert all(row["cause"] for row in trail[1:])


async def test_the_configuration_is_not_made_active(database: str) -> None:
    place = Place(database, "jira")
    await place.certify()
    assert await place.rows("SELECT id FROM estate_revision") == []
    (target,) = await place.rows("SELECT mode, retired_at FROM target")
    assert (target["mode"], target["retired_at"] is None) == ("observe", False)


async def test_a_house_at_work_leaves_the_throwaway_alone(database: str) -> None:
    place = Place(database, "jira", text=estate_text("jira").replace(BASIC, BEARER))
    place.world.estate = place.text
    seen = f"SELECT name FROM seen_account WHERE starts_with(name, '{PREFIX}')"
    async with place.world.house() as tenure, place.world.provider(tenure) as client:
        await place.world.finish(tenure)

        async def meanwhile(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
            answer = await carried_out()
            await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada"))
            await place.rows("UPDATE due SET not_before = NULL RETURNING target")  # a whole reading, now
            await place.world.finish(tenure)
            assert await place.rows(seen)
            return answer

        place.network.once(7, meanwhile)
        assert (await place.certify()).verdict is Verdict.CERTIFIED
        place.world.clock.at += timedelta(hours=7)  # then it is read whole again
        await place.world.finish(tenure)
    links = await place.rows("SELECT a.name FROM link JOIN seen_account a USING (target, key)")
    assert [row["name"] for row in links] == ["ada@x.example"]
    assert await place.left() == []
    assert await place.rows(seen) == []


async def test_one_at_a_time(database: str) -> None:
    place = Place(database, "jira")

    async def another(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        with pytest.raises(NotCertified, match="by another process"):
            await Place(database, "jira").certify()
        return await carried_out()

    place.network.once(2, another)
    assert (await place.certify()).verdict is Verdict.CERTIFIED


async def test_too_many_requests_are_waited_for(database: str) -> None:
    place = Place(database, "jira")

    async def slower(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        return httpx2.Response(429, headers={"Retry-After": "3"}, request=request)

    place.network.once(1, slower)
    assert (await place.certify()).verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("kind", ["jira", "crowd"])
async def test_an_account_that_cannot_be_deleted_is_shut_and_told(database: str, kind: str) -> None:
    place = Place(database, kind)

    async def kept(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        if request.method == "DELETE" and request.url.path.endswith("/user"):
            return httpx2.Response(403, json={"errorMessages": ["no"], "reason": "APPLICATION_PERMISSION_DENIED",
                                              "message": "no"}, request=request)  # fmt: skip
        return await carried_out()

    place.network.from_then_on(1, kept)
    found = await place.certify()
    assert found.verdict is Verdict.NOT_AS_EXPECTED
    assert by_name(found)["delete-account"].verdict is Judged.NOT_AS_EXPECTED
    (name,) = await place.left()
    assert any(name in sentence for sentence in found.remains)
    (account,) = [one for one in (await place.state())["accounts"] if one["name"] == name]
    assert account["active"] is False
