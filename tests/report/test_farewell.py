"""The proof of a farewell claims no more than was seen."""

from __future__ import annotations

from dataclasses import replace

from tenure.model.change import DeactivateAccount, EndSessions, LeaveGroups, RevokeTokens
from tenure.model.farewell import Aspect, AspectProof, ProofState
from tenure.model.plan import Decision, Verdict
from tenure.model.story import GroupTold, Story
from tenure.report.farewell import as_lines, proof

from . import stories

UNTOLD = {Aspect.TOKENS: "it shows nobody else's tokens", Aspect.OWNED: "not told"}


def found(story: Story, **untold: str) -> dict[Aspect, AspectProof]:
    return {one.aspect: one for one in proof(story, UNTOLD | {Aspect(name): why for name, why in untold.items()})}


def with_writes(*writes: object) -> Story:
    return replace(stories.LEFT, writes=(*writes, *stories.LEFT.writes))


def test_every_aspect_has_its_line_and_its_words() -> None:
    lines = list(as_lines(proof(stories.LEFT, UNTOLD)))
    assert len(lines) == len(Aspect)
    assert lines[0] == (
        "Account", "Done", "is closed", "2026-06-30 09:08:00 UTC", "2026-06-30 09:20:00 UTC",
    )  # fmt: skip
    assert all(line[2] for line in lines)


def test_what_was_taken_and_not_seen_is_not_called_done() -> None:
    tokens = RevokeTokens(stories.HANDLE)
    seen = with_writes(stories.write(9, tokens, detail="2 SSH keys"))
    assert found(seen)[Aspect.TOKENS].state is found(seen)[Aspect.KEYS].state is ProofState.DONE
    in_part = with_writes(stories.write(9, tokens, detail="access tokens cannot be listed", evidence=None))
    one = found(in_part)[Aspect.TOKENS]
    assert (one.state, one.told, one.seen_at) == (ProofState.UNKNOWN, "access tokens cannot be listed", None)


def test_what_the_application_does_not_tell_and_what_nobody_asked_for() -> None:
    told = found(stories.LEFT)
    assert (told[Aspect.TOKENS].state, told[Aspect.TOKENS].told) == (ProofState.UNKNOWN, UNTOLD[Aspect.TOKENS])
    assert told[Aspect.SESSIONS].state is ProofState.REPORTED
    ended = found(with_writes(stories.write(9, EndSessions(stories.HANDLE), detail="every session was ended")))
    assert ended[Aspect.SESSIONS].state is ProofState.DONE


def test_an_open_account_waits_with_its_reason_or_is_under_way() -> None:
    held = Verdict(DeactivateAccount(stories.HANDLE), Decision.HOLD, "the gate is shut")
    open_ = replace(stories.LEFT, account=stories.account(), writes=(), planned=stories.planned("LINKED", held))
    one = found(open_)[Aspect.ACCOUNT]
    assert (one.state, one.told) == (ProofState.WAITING, "is open: the gate is shut")
    going = replace(open_, planned=stories.planned("LINKED", stories.go(DeactivateAccount(stories.HANDLE))))
    assert found(going)[Aspect.ACCOUNT].state is ProofState.UNDER_WAY
    nothing = replace(open_, planned=None)
    assert found(nothing)[Aspect.ACCOUNT].state is ProofState.REPORTED
    done = replace(nothing, desired=replace(stories.LEFT.desired, reached=True))
    assert found(done, account="it closes no account")[Aspect.ACCOUNT].told == "it closes no account"


def test_groups_by_what_they_give() -> None:
    groups = {
        "admins": GroupTold("admins", inside=True, gives=("administration",)),
        "users": GroupTold("users", inside=True, gives=("licence",)),
        "dev": GroupTold("dev", gives=()),
    }
    writes = (stories.write(9, LeaveGroups(stories.HANDLE, ("dev",))),)
    told = found(replace(with_writes(*writes), groups=groups))
    assert told[Aspect.ADMINISTRATION].state is told[Aspect.LICENCE].state is ProofState.REPORTED
    assert "admins" in told[Aspect.ADMINISTRATION].told
    assert (told[Aspect.GROUPS].state, told[Aspect.GROUPS].done_at) == (ProofState.DONE, stories.moment(9))


def test_nobody_who_never_had_an_account_has_a_farewell() -> None:
    assert proof(replace(stories.START, told=stories.told(active=False)), UNTOLD) == ()
