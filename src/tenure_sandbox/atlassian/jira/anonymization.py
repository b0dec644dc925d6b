"""Jira's anonymization: it is looked into first, scheduled then, one account at a time, and carried out meanwhile."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from . import accounts
from .state import Account, Jira
from .texts import TEXTS, refused

REQUESTS_OF_A_TASK = 3  # a task is done when Jira was asked so often since
NUMBERED = re.compile(r"JIRAUSER\d+")
OPERATIONS = (
    "USER_TRANSFER_OWNERSHIP_PLUGIN_POINTS",
    "USER_DISABLE",
    "USER_KEY_CHANGE_PLUGIN_POINTS",
    "USER_KEY_CHANGE",
    "USER_NAME_CHANGE_PLUGIN_POINTS",
    "USER_NAME_CHANGE",
    "USER_EXTERNAL_ID_CHANGE",
    "USER_ANONYMIZE_PLUGIN_POINTS",
)

Errors = dict[str, str]


@dataclass(slots=True)
class Task:
    """One scheduled anonymization: of whom, as they were called then; `left` is how many requests it still takes."""

    number: int
    account: Account
    key: str
    name: str
    full_name: str
    owner: Account | None
    left: int = REQUESTS_OF_A_TASK
    errors: Errors = field(default_factory=dict)
    again: bool = False


def is_anonymized(account: Account) -> bool:
    """Say whether an account bears the names that anonymization gives."""
    return bool(NUMBERED.fullmatch(account.key)) and account.name == account.key.lower() and not account.active


def operations(jira: Jira, account: Account) -> list[str]:
    """What anonymizing this account takes."""
    idle = set() if jira.leads(account) else {"USER_TRANSFER_OWNERSHIP_PLUGIN_POINTS"}
    if NUMBERED.fullmatch(account.key):
        idle |= {"USER_KEY_CHANGE_PLUGIN_POINTS", "USER_KEY_CHANGE"}
    return [one for one in OPERATIONS if one not in idle]


def complaints(account: Account, caller: Account, read_only: bool) -> Errors:
    """What speaks against anonymizing an account, by operation; the second is a guess."""
    if read_only or account.outside:
        changes = ("USER_NAME_CHANGE", "USER_DISABLE", "USER_EXTERNAL_ID_CHANGE")
        return dict.fromkeys(changes, TEXTS["anonymize_read_only"][1])
    return {"USER_DISABLE": TEXTS["self_deactivation"][1]} if account is caller else {}


def running(jira: Jira) -> Task | None:
    """The task that is under way, if any."""
    return next((task for task in jira.anonymizations if task.left), None)


def found(jira: Jira, number: str | None) -> Task:
    """The task with this number, or the last one; 404 if there is none."""
    tasks = [task for task in jira.anonymizations if number in (None, "", str(task.number))]
    if not tasks:
        raise refused(404, "no_anonymization")
    return tasks[-1]


def schedule(jira: Jira, body: dict[str, Any], caller: Account, read_only: bool, fails: str = "") -> Task:
    """Promise to anonymize an account; 409 while another is under way, 400 without a new owner of what it leads.

    `fails` are the words with which the task will end, and nothing be done.
    """
    if running(jira):
        raise refused(409, "anonymizing")
    if not isinstance(body.get("userKey"), str):
        raise refused(400, "user_key_missing")
    account = jira.by_key.get(body["userKey"])
    owner = jira.by_key.get(str(body.get("newOwnerKey")))
    if account is None:
        raise refused(400, "no_such_key", key=body["userKey"])
    if owner is None and (body.get("newOwnerKey") or jira.leads(account)):  # that it is needed then is a guess
        raise refused(400, "new_owner", key=body.get("newOwnerKey"))
    task = Task(10100 + len(jira.anonymizations), account, account.key, account.name, account.display_name, owner)
    task.errors = complaints(account, caller, read_only) | ({"USER_DISABLE": fails} if fails else {})
    jira.anonymizations.append(task)
    return task


def schedule_again(jira: Jira, body: dict[str, Any], caller: Account, read_only: bool, fails: str = "") -> Task:
    """Promise to repeat what an anonymization left undone, for an account that was called otherwise before it."""
    old = [body.get(name) for name in ("oldUserKey", "oldUserName")]
    if any(one is not None and not isinstance(one, str) for one in old):
        raise refused(400, "body")
    task = schedule(jira, body, caller, read_only, fails)
    task.again, task.key, task.name = True, old[0] or task.key, old[1] or task.name
    return task


def go_on(jira: Jira) -> None:
    """A request came in: a task goes on meanwhile."""
    task = running(jira)
    if task is None:
        return
    task.left -= 1
    if not task.left and not task.errors and jira.by_key.get(task.account.key) is task.account:
        _carry_out(jira, task)


def _carry_out(jira: Jira, task: Task) -> None:
    account = task.account
    for led in (*jira.projects.values(), *jira.components.values()):
        if led.lead is account and task.owner is not None:
            led.lead = task.owner
    if not NUMBERED.fullmatch(account.key):
        jira.give_key(account, accounts.numbered_key(jira))
    jira.rename(account, account.key.lower())
    account.display_name = f"user-{zlib.crc32(account.key.encode()):08x}"[:10]
    account.email = f"{account.key}@jira.invalid"  # no document says what becomes of it
    account.active, account.last_login = False, None
    account.properties.clear()
    account.index()
