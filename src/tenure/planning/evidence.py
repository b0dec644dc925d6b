"""Evidence: does what was seen show that a change took effect?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AccountChange,
    AdoptAccount,
    AdoptGroup,
    AnonymizeAccount,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndLink,
    EndSessions,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.seen import AccountSeen, Apart

_GONE: dict[type[Change], str] = {
    HandOverLeads: "leads",
    RevokePermissions: "permissions",
    EndSessions: "sessions",
    RevokeTokens: "tokens",
    AnonymizeAccount: "person",
    DeleteAccount: "account",
    DeleteGroup: "group",
}


def cells(change: Change) -> dict[str, str | None]:
    """The cells that a change sets, with the value that each should then have.

    `active` is "true" or "false"; `member:<group>` is "true" for an account that is in the group, None for one that is
    not; `group` is the name of a group that is there. What a change takes away whole is a cell that should be None
    afterwards (`sessions`, `tokens`, `leads`, ...).
    """
    if isinstance(change, CreateAccount):
        return {**change.fields, "active": "true"}
    if isinstance(change, UpdateAccount):
        return dict(change.fields)
    if isinstance(change, RenameAccount):
        return {"username": change.name}
    if isinstance(change, DeactivateAccount | ReactivateAccount):
        return {"active": "true" if isinstance(change, ReactivateAccount) else "false"}
    if isinstance(change, JoinGroups | LeaveGroups):
        value = "true" if isinstance(change, JoinGroups) else None
        return {f"member:{name}": value for name in change.groups}
    if isinstance(change, CreateGroup | AdoptGroup):
        return {"group": change.name}
    if isinstance(change, AdoptAccount | EndLink):
        return {"link": change.account.key if isinstance(change, AdoptAccount) else None}
    return {_GONE[type(change)]: None}


def named(change: Change) -> tuple[str, ...]:
    """The accounts and groups that a change names, by their names."""
    if not isinstance(change, AccountChange):
        return (change.name,)
    if isinstance(change, JoinGroups | LeaveGroups):
        return (change.account.name, *change.groups)
    if isinstance(change, RenameAccount):
        return (change.account.name, change.name)
    return (change.account.name, change.to) if isinstance(change, HandOverLeads) else (change.account.name,)


def shown_by(account: AccountSeen, capabilities: Capabilities) -> dict[str, str | None]:
    """The cells that a reading of an account shows. A group that is not listed is not among them."""
    found: dict[str, str | None] = {**account.fields, "username": account.name}
    found["active"] = "true" if account.active else "false"
    for name in account.groups or ():
        found[f"member:{capabilities.group.canon(name)}"] = "true"
    return found


def proven(
    change: Change, shown: Mapping[str, str | None], capabilities: Capabilities, *, whole: bool = False
) -> bool | None:
    """True when every cell that the change set was shown with its value, False when one was shown otherwise.

    None when something was not shown at all. `whole` says that the memberships shown are all there are, so that a
    group that is not among them is one that the account is not in.
    """
    known = {canonical_cell(cell, capabilities): value for cell, value in shown.items()}
    unknown = False
    for cell, value in cells(change).items():
        place = canonical_cell(cell, capabilities)
        if place not in known:
            if not (whole and cell.startswith("member:")):
                unknown = True
                continue
            seen: str | None = None
        else:
            seen = known[place]
        if canonical_value(cell, seen, capabilities) != canonical_value(cell, value, capabilities):
            return False
    return None if unknown else True


def ended(change: Change, account: AccountSeen | None) -> bool:
    """Whether the account, as read again by its key, shows that a deletion or an anonymization was carried out."""
    if isinstance(change, AnonymizeAccount) and account is not None:
        return account.apart is Apart.ANONYMIZED
    return isinstance(change, DeleteAccount | AnonymizeAccount) and account is None


def folded(account: AccountSeen | None, change: Change, answer: Answer) -> AccountSeen | None:
    """The account as it is known after a change that was applied, without reading it again."""
    if isinstance(change, CreateAccount) and answer.account is not None:
        fields = {name: answer.shown.get(name, value) for name, value in change.fields.items()}
        return AccountSeen(answer.account.key, answer.account.name, True, fields, frozenset())
    if account is None:
        return account
    if isinstance(change, RenameAccount):
        name = answer.shown.get("username") or change.name
        return replace(account, name=name, fields={**account.fields, "username": name})
    if isinstance(change, DeactivateAccount | ReactivateAccount):
        return replace(account, active=isinstance(change, ReactivateAccount))
    if isinstance(change, UpdateAccount):
        shown = {name: answer.shown.get(name, value) for name, value in change.fields.items()}
        return replace(account, fields={**account.fields, **shown})
    if account.groups is None or not isinstance(change, JoinGroups | LeaveGroups):
        return account
    names = frozenset(change.groups)
    return replace(account, groups=account.groups | names if isinstance(change, JoinGroups) else account.groups - names)


def canonical_cell(cell: str, capabilities: Capabilities) -> str:
    """The cell with a group's name in its canonical form."""
    kind, colon, name = cell.partition(":")
    return f"{kind}:{capabilities.group.canon(name)}" if colon else cell


def canonical_value(cell: str, value: str | None, capabilities: Capabilities) -> str | None:
    """The form in which values of this cell are compared."""
    if cell.startswith("member:"):
        return "true" if value else None
    return capabilities.group.canon(value) if cell == "group" and value else capabilities.canon(cell, value)
