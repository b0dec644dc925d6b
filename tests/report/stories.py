"""Stories made by hand, one of each kind that `why` has to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Change,
    CreateAccount,
    DeactivateAccount,
    Handle,
    JoinGroups,
    Outcome,
    UpdateAccount,
)
from tenure.model.desired import Desired, DesiredGroup, Reason, Standing
from tenure.model.identity import Identity, SourceGroup
from tenure.model.plan import Decision, Plan, Verdict
from tenure.model.seen import AccountSeen
from tenure.model.story import (
    Cause,
    GroupTold,
    IdentityTold,
    LinkTold,
    Other,
    Planned,
    Sending,
    Story,
    TargetState,
    Write,
)

AT = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)
WHO = UUID("0b7d1f8e-0000-4000-8000-00000000000a")
GROUP = SourceGroup(UUID("0b7d1f8e-0000-4000-8000-0000000000ff"), "okta", "Dev users")
HANDLE = Handle("JIRAUSER10100", "alice.jones")
FIELDS = {"username": "alice.jones", "email": "alice@example.com"}
JIRA = TargetState("jira", "jira", "full", "running", None, "10.3.24", 1, 0, 0, 0, AT, 9, None, AT)
CREATED = Cause(7, AT, "source:okta", "identity.created", {"method": "POST", "attributes": ["userName"]})


def moment(minutes: int) -> datetime:
    """So many minutes after the story began."""
    return AT + timedelta(minutes=minutes)


def told(*, active: bool = True, gone: bool = False, name: str = "Alice.Jones") -> IdentityTold:
    """The person, as okta tells of them."""
    identity = Identity(WHO, "okta", name, None, active, gone)
    return IdentityTold(identity, "Alice Jones", AT, AT, None, (GROUP,))


def desired(*groups: str) -> Desired:
    """What the rules make of the person."""
    reasons = [
        Reason("username", "userName = Alice.Jones", "userName.lowerAscii()", "alice.jones"),
        Reason("email", "emails.primary = alice@example.com", "emails.primary", "alice@example.com"),
    ] + [Reason(f"member:{g}", "member of Dev users", "groups.mapping", g) for g in groups]
    wanted = tuple(DesiredGroup(g, source_group=GROUP.id) for g in groups)
    return Desired(WHO, Standing.MEMBER, dict(FIELDS), wanted, tuple(reasons))


def account(**fields: str | None) -> AccountSeen:
    """The account as Jira showed it."""
    return AccountSeen(HANDLE.key, "alice.jones", True, {**FIELDS, **fields}, frozenset())


def planned(situation: str, *verdicts: Verdict, problems: tuple[str, ...] = (), number: int = 12) -> Planned:
    """The current plan of the person."""
    plan = Plan(situation, verdicts, problems)
    return Planned(number, "jira", str(WHO), "Alice.Jones", plan, 3, moment(1), (CREATED,))


def go(change: Change) -> Verdict:
    """A verdict that lets the change go."""
    return Verdict(change, Decision.GO)


def write(
    number: int, change: Change, *, plan: int = 12, outcome: Outcome = Outcome.APPLIED, detail: str = "201 Created",
    evidence: str | None = "body",
) -> Write:  # fmt: skip
    """A journal entry."""
    seen = moment(number + 1) if evidence else None
    return Write(
        number, plan, "jira", str(WHO), "Alice.Jones", change, outcome, detail, evidence, moment(number), seen,
        (CREATED,),
    )  # fmt: skip


CREATE = CreateAccount(dict(FIELDS))
JOIN = JoinGroups(HANDLE, ("Software_Dev",))
ADOPT = AdoptAccount(HANDLE, "match: username and email")
LINK = LinkTold(HANDLE.key, "created", False, moment(2))
START = Story("alice.jones", "account name", JIRA, told())

MADE = replace(
    START,
    link=LINK,
    desired=desired("Software_Dev"),
    planned=planned("ABSENT", go(CREATE), go(JOIN)),
    account=account(phone="555 1"),
    seen_at=moment(20),
    writes=(write(4, JOIN, evidence="re-read"), write(3, CREATE)),
    events=(
        Cause(8, moment(1), "source:okta", "group.members", {"method": "PATCH", "group": "Dev users", "added": True}),
    ),
    groups={
        "software_dev": GroupTold("Software_Dev", True, True, moment(5), "adopted", moment(0)),
        "old-timers": GroupTold("old-timers", True),
    },
)
TAKEN_OVER = replace(
    MADE,
    link=replace(LINK, adopted=True, evidence=ADOPT.evidence),
    account=replace(account(), name="ajones", fields={"username": "ajones", "email": "alice@example.com."}),
    planned=planned("FOUND", go(ADOPT)),
    writes=(
        write(4, UpdateAccount(HANDLE, {"email": "alice@example.com"}), detail="200 OK", evidence="snapshot"),
        write(3, ADOPT, detail="kept in our records", evidence="record"),
    ),
    echoes={"email": "alice@example.com."},
)
HELD = replace(
    START,
    desired=desired("Software_Dev"),
    account=account(),
    seen_at=moment(20),
    planned=planned(
        "FOUND",
        Verdict(ADOPT, Decision.HOLD, "adopt: ask (match: username and email)"),
        Verdict(JOIN, Decision.WAIT, "needs adopt-account first", "adopt-account"),
    ),
    groups={"software_dev": GroupTold("Software_Dev")},
)
OPENING = Planned(
    9, "jira", "group:software_dev", "software_dev",
    Plan("FOUND", (Verdict(AdoptGroup("Software_Dev"), Decision.HOLD, "Software_Dev was there before"),)),
    3, moment(0),
)  # fmt: skip
WAITS_FOR_GROUP = replace(
    MADE,
    planned=planned("LINKED", Verdict(JOIN, Decision.WAIT, "waits for the group Software_Dev", "group:software_dev")),
    writes=(write(3, CREATE),),
    groups={"software_dev": GroupTold("Software_Dev", planned=OPENING)},
)
LEFT = replace(
    MADE,
    told=told(active=False),
    desired=Desired(WHO, Standing.LEAVER, reasons=(Reason("standing", "active = false", "leaver", "left"),)),
    account=replace(account(), active=False),
    planned=planned("LINKED", go(DeactivateAccount(HANDLE)), number=13),
    writes=(write(8, DeactivateAccount(HANDLE), plan=13, detail="200 OK", evidence="re-read"), *MADE.writes),
)
FAILED = replace(
    START,
    desired=desired(),
    planned=planned("ABSENT", go(CREATE), problems=("create-account was refused: HTTP 400: no such domain",)),
    writes=(write(3, CREATE, outcome=Outcome.FAILED, detail="HTTP 400: no such domain", evidence=None),),
)
REFUSED = replace(
    START,
    desired=desired(),
    planned=planned("ABSENT", Verdict(CREATE, Decision.REFUSE, "alice.jones is protected")),
)
SENDING = replace(
    START,
    desired=desired(),
    planned=planned("ABSENT", go(CREATE)),
    sending=(Sending(12, CREATE, moment(2), moment(3)),),
)
UNCONFIRMED = replace(MADE, writes=(write(4, JOIN, evidence=None), write(3, CREATE)), seen_at=moment(4))
PREVIEW = replace(
    START,
    target=replace(JIRA, mode="observe"),
    desired=desired(),
    planned=planned("ABSENT", Verdict(CREATE, Decision.HOLD, "mode observe: nothing is written")),
)
FAULT = replace(
    START,
    desired=replace(desired(), fields={"username": "alice.jones", "email": None}, faults=("email: no such key",)),
    planned=planned("UNSEEN", problems=("email: no such key",)),
)
NOBODYS = Story(
    "sysadmin", "account name", JIRA, account=replace(account(), name="sysadmin", groups=None), seen_at=moment(20)
)
SOMEBODY_ELSES = replace(START, account=account(), seen_at=moment(20), held_by="alice of corp")
TWO = replace(START, others=(Other("alice.jones of corp, active", "0b7d1f8e-0000-4000-8000-00000000000b"),))
VANISHED = replace(MADE, account=None, seen_at=None, groups={})
CHANGED_THERE = replace(MADE, account=account(email="other@example.com"), looking=True)

ALL = {
    "made": MADE, "taken-over": TAKEN_OVER, "held": HELD, "waits-for-group": WAITS_FOR_GROUP, "left": LEFT,
    "failed": FAILED, "refused": REFUSED, "sending": SENDING, "unconfirmed": UNCONFIRMED, "preview": PREVIEW,
    "fault": FAULT, "nobodys": NOBODYS, "somebody-elses": SOMEBODY_ELSES, "two": TWO, "vanished": VANISHED,
    "changed-there": CHANGED_THERE,
}  # fmt: skip
