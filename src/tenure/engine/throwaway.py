"""The life of a throwaway account and group, from making them to taking them away: what a certification tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tenure.engine import send
from tenure.engine.trial import Halted, Trial
from tenure.model.certification import Judged
from tenure.model.change import (
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    Handle,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.seen import Accounts, AccountSeen, ByName, MemberSeen, MembersOf, ReadComplete

NO_SUCH = "this application has no such operation in this version"
NO_ACCOUNT = "there is no account to try it on"
NO_GROUP = "there is no group to try it on"
ONE_WAY = "not tried: it makes the account one that cannot be found again"


async def live(trial: Trial) -> None:
    """Make the account and the group, change them in every way, and take them away. Raises Halted."""
    if not await trial.look("names-are-free", "Ask for names that nobody has", partial(_free, trial)):
        raise Halted(f"an account or a group named {trial.names.account} is there already, or could not be asked for")
    await _make(trial)
    await _change_fields(trial)
    await _rename(trial)
    await _move(trial)
    await _shut(trial)
    await _take_away(trial)


async def _free(trial: Trial) -> tuple[bool, str]:
    for name in (trial.names.account, trial.names.renamed):
        if await send.read_account(trial.target, ByName(name)) is not None:
            return False, f"an account named {name} is there"
    if await send.read_group(trial.target, trial.names.group) is not None:
        return False, f"a group named {trial.names.group} is there"
    return True, "the application says that they are not there"


async def _make(trial: Trial) -> None:
    kind, names = ChangeKind.CREATE_ACCOUNT, trial.names
    if not trial.can(kind):
        return trial.leave_out("create-account", "Make an account", NO_SUCH)
    if not (trial.can(ChangeKind.DELETE_ACCOUNT) or trial.can(ChangeKind.DEACTIVATE_ACCOUNT)):
        why = "it could be neither deleted nor deactivated again"
        return trial.leave_out("create-account", "Make an account", why, Judged.NOT_TRIED)
    fields: dict[str, str | None] = {"username": names.account}
    fields |= {field: _value(trial, field, "1") for field in _fields(trial)}
    create = CreateAccount(fields)
    await trial.change("create-account", f"Make the account {names.account}", create)
    if trial.account is None:
        return None
    seeing = partial(_by_name, trial)
    await trial.change("create-account-again", "Make it a second time: there is still the one", create, seeing)
    await trial.look("account-by-name", "Ask for the account by its name", seeing)
    await trial.look("account-in-listing", "Find it in a whole reading of all accounts", partial(_listed, trial))
    return None


async def _by_name(trial: Trial) -> tuple[bool, str]:
    found = await send.read_account(trial.target, ByName(trial.names.account))
    assert trial.account is not None
    key = found.key if found else "none"
    return key == trial.account.key, f"the key by this name: {key}"


async def _listed(trial: Trial) -> tuple[bool, str]:
    count, there, whole = 0, False, False
    async for seen in trial.target.connector.read(Accounts()):
        if isinstance(seen, AccountSeen):
            count += 1
            there = there or (trial.account is not None and seen.key == trial.account.key)
        whole = whole or isinstance(seen, ReadComplete)
    return there and whole, f"{count} accounts, {'' if there else 'not '}among them; {_whole(whole)}"


async def _change_fields(trial: Trial) -> None:
    for field in _fields(trial):
        spec = trial.capabilities.spec(field)
        again = partial(_update, trial, field)
        await _account(
            trial, f"set-{field}", f"Set {field}", ChangeKind.UPDATE_ACCOUNT, again(_value(trial, field, "2"))
        )
        if spec is not None and spec.clearable:
            await _account(trial, f"clear-{field}", f"Clear {field}", ChangeKind.UPDATE_ACCOUNT, again(None))
    below = [name for name in trial.capabilities.fields if name.endswith(".")]
    for name in below:
        if not any(field.startswith(name) for field in _fields(trial)):
            what = name.rstrip(".")
            why = f"the configuration maps none of its {what}"
            trial.leave_out(f"set-{what}", f"Set one of its {what}", why, Judged.NOT_TRIED)


def _update(trial: Trial, field: str, value: str | None) -> Callable[[Handle], Change]:
    return lambda account: UpdateAccount(account, {field: value})


async def _rename(trial: Trial) -> None:
    for name, asked, new in (
        ("rename", f"Rename it to {trial.names.renamed}: its key stays", trial.names.renamed),
        ("rename-back", f"Rename it back to {trial.names.account}", trial.names.account),
    ):
        await _account(trial, name, asked, ChangeKind.RENAME_ACCOUNT, partial(_renamed, new))


def _renamed(name: str, account: Handle) -> Change:
    return RenameAccount(account, name)


async def _move(trial: Trial) -> None:
    """Make the group, put the account into it, and take it out, each twice."""
    group = trial.names.group
    if not trial.can(ChangeKind.CREATE_GROUP):
        trial.leave_out("create-group", "Make a group", NO_SUCH)
    elif not trial.can(ChangeKind.DELETE_GROUP):
        trial.leave_out("create-group", "Make a group", "it could not be deleted again", Judged.NOT_TRIED)
    else:
        await trial.change("create-group", f"Make the group {group}", CreateGroup(group))
    join, leave = ChangeKind.JOIN_GROUPS, ChangeKind.LEAVE_GROUPS
    await _member(trial, "join", "Put the account into the group", join)
    await _member(trial, "join-again", "Put it in a second time: it is in it once", join)
    if trial.account is not None and trial.begun_group:
        await trial.look("member-in-listing", "Find it among the members of the group", partial(_member_listed, trial))
    await _member(trial, "leave", "Take it out of the group", leave)
    await _member(trial, "leave-again", "Take it out a second time: it is out", leave)


async def _member(trial: Trial, name: str, asked: str, kind: ChangeKind) -> None:
    if trial.can(kind) and not trial.begun_group:
        return trial.leave_out(name, asked, NO_GROUP, Judged.NOT_TRIED)
    change = JoinGroups if kind is ChangeKind.JOIN_GROUPS else LeaveGroups
    await _account(trial, name, asked, kind, lambda account: change(account, (trial.names.group,)))
    return None


async def _member_listed(trial: Trial) -> tuple[bool, str]:
    times, whole = 0, False
    async for seen in trial.target.connector.read(MembersOf(trial.names.group)):
        if isinstance(seen, MemberSeen):
            times += trial.account is not None and seen.key == trial.account.key
        whole = whole or isinstance(seen, ReadComplete)
    told = {0: "it is not in it", 1: "it is in it once"}.get(times, f"it is in it {times} times")
    return times == 1 and whole, f"{told}; {_whole(whole)}"


async def _shut(trial: Trial) -> None:
    for name, asked, kind, change in _states(trial):
        await _account(trial, name, asked, kind, change)
        if kind is ChangeKind.DEACTIVATE_ACCOUNT and trial.can(kind) and trial.account is not None:
            asked = "Find it, deactivated, in a whole reading of all accounts"
            await trial.look("deactivated-in-listing", asked, partial(_listed, trial))
    trial.leave_out(
        "anonymize", "Anonymize the account", ONE_WAY if trial.can(ChangeKind.ANONYMIZE_ACCOUNT) else NO_SUCH,
        Judged.NOT_TRIED if trial.can(ChangeKind.ANONYMIZE_ACCOUNT) else Judged.CANNOT,
    )  # fmt: skip


def _states(trial: Trial) -> Iterator[tuple[str, str, ChangeKind, Callable[[Handle], Change]]]:
    name = trial.names.account
    yield "hand-over-leads", "Hand over what it leads: nothing", ChangeKind.HAND_OVER_LEADS, (
        lambda account: HandOverLeads(account, name)
    )  # fmt: skip
    yield "revoke-permissions", "Take its own permissions", ChangeKind.REVOKE_PERMISSIONS, RevokePermissions
    yield "end-sessions", "End its sessions", ChangeKind.END_SESSIONS, EndSessions
    yield "revoke-tokens", "Take its tokens and keys", ChangeKind.REVOKE_TOKENS, RevokeTokens
    yield "deactivate", "Deactivate the account", ChangeKind.DEACTIVATE_ACCOUNT, DeactivateAccount
    yield "reactivate", "Reactivate the account", ChangeKind.REACTIVATE_ACCOUNT, ReactivateAccount


async def _take_away(trial: Trial) -> None:
    group = trial.names.group
    if trial.begun_group:
        await trial.change("delete-group", f"Delete the group {group}", DeleteGroup(group))
    elif not trial.can(ChangeKind.DELETE_GROUP):
        trial.leave_out("delete-group", "Delete a group", NO_SUCH)
    await _account(trial, "delete-account", "Delete the account", ChangeKind.DELETE_ACCOUNT, DeleteAccount)


async def _account(trial: Trial, name: str, asked: str, kind: ChangeKind, change: Callable[[Handle], Change]) -> None:
    """A step at the account, where the target has such a change and there is an account."""
    if not trial.can(kind):
        trial.leave_out(name, asked, NO_SUCH)
    elif trial.account is None:
        trial.leave_out(name, asked, NO_ACCOUNT, Judged.NOT_TRIED)
    else:
        await trial.change(name, asked, change(trial.account))


def _fields(trial: Trial) -> list[str]:
    """The fields to try: those that the target has by name, and those below a prefix that the estate maps."""
    known = trial.capabilities.fields
    plain = [name for name in known if name != "username" and not name.endswith(".")]
    mapped = [name for name in trial.target.rules.attributes if name not in known and trial.capabilities.spec(name)]
    return plain + mapped


def _value(trial: Trial, field: str, turn: str) -> str:
    name = trial.names.account
    return f"{name}-{turn}@{trial.domain}" if "email" in field else f"{name} {turn}"


def _whole(whole: bool) -> str:
    return "the reading was whole" if whole else "the reading was not proven whole"
