"""What the tests of admission share: one change of each kind, and its verdict in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AdoptAccount,
    Change,
    CreateAccount,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.desired import Standing
from tenure.model.plan import Decision, Verdict
from tenure.model.situation import Absent, Found, Linked, Situation
from tenure.planning.admission import Safety, admit
from tenure.planning.rules import Adopt

from .parts import CAPABILITIES, HANDLE, MADE, NOW, account, rules

GO, HOLD, WAIT, REFUSE = Decision.GO, Decision.HOLD, Decision.WAIT, Decision.REFUSE
LINKED, FOUND, ABSENT = Linked(account(), MADE), Found(account(), "match: username and email"), Absent(NOW)
NEW = Handle("", "ann")
CREATE = CreateAccount({"username": "ann", "email": "ann@example.com"})
ADOPT = AdoptAccount(HANDLE, "match: username and email")
JOIN, LEAVE = JoinGroups(HANDLE, ("dev",)), LeaveGroups(HANDLE, ("dev",))
UPDATE, RENAME = UpdateAccount(HANDLE, {"email": "new@example.com"}), RenameAccount(HANDLE, "ann2")
SHUT, OPEN = DeactivateAccount(HANDLE), ReactivateAccount(HANDLE)
ALL: tuple[Change, ...] = (CREATE, ADOPT, JOIN, LEAVE, UPDATE, RENAME, SHUT, OPEN)


def verdicts(
    changes: Sequence[Change],
    situation: Situation = LINKED,
    capabilities: Capabilities = CAPABILITIES,
    standing: Standing = Standing.MEMBER,
    ready: frozenset[str] = frozenset({"dev", "ops"}),
    names: dict[str, str] | None = None,
    own_account: str | None = None,
    rival: str | None = None,
    **changed: Any,
) -> list[Verdict]:
    made = rules(**{"adopt": Adopt.MATCH, **changed})
    safety = Safety(made, standing, situation, capabilities, own_account, rival, ready, names or {})
    return list(admit(changes, safety))


def verdict(change: Change, situation: Situation = LINKED, **known: Any) -> Verdict:
    (found,) = verdicts([change], situation, **known)
    return found


def told(found: Verdict) -> tuple[Decision, str]:
    return found.decision, found.reason


def fitting(change: Change) -> Situation:
    return ABSENT if isinstance(change, CreateAccount) else FOUND if isinstance(change, AdoptAccount) else LINKED
