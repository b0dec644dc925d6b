"""Jira's operations on anonymization and on names that more than one directory has."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Reply

from . import anonymization
from .anonymization import Errors, Task
from .call import Call
from .texts import refused


def _collections(errors: Errors) -> dict[str, Any]:
    return {name: {"errorMessages": [text], "errors": {}} for name, text in errors.items()}


def validate(call: Call) -> Reply:
    """Answer what anonymizing an account would do, and what speaks against it."""
    return _validation(call)


def validate_again(call: Call) -> Reply:
    """Answer the same of an account that was anonymized before, under the names that it had then."""
    old = {"userKey": call.text("oldUserKey"), "userName": call.text("oldUserName")}
    return _validation(call, {name: value for name, value in old.items() if value})


def _validation(call: Call, old: dict[str, str] | None = None) -> Reply:
    key = call.text("userKey")
    account = call.jira.by_key.get(key or "")
    if account is None:
        raise refused(400, "no_such_key" if key else "user_key_missing", key=key)
    errors = anonymization.complaints(account, call.caller, call.faces("read_only") is not None)
    body = {
        "errors": _collections(errors),
        "warnings": {},
        "expand": "affectedEntities",
        "userKey": account.key,
        "userName": account.name,
        "displayName": account.display_name,
        "deleted": False,
        "email": account.email,
        "success": not errors,
        "operations": anonymization.operations(call.jira, account),
        "businessLogicValidationFailed": bool(errors),
    }
    body |= old or {}
    led = call.jira.leads(account)
    if led and call.text("expand") == "affectedEntities":
        body["affectedEntities"] = {"TRANSFER_OWNERSHIP": [{"type": "TRANSFER_OWNERSHIP", "description": led}]}
    return Reply(400 if errors else 200, body)


def _progress(task: Task) -> dict[str, Any]:
    return {
        "errors": {} if task.left else _collections(task.errors),
        "warnings": {},
        "userKey": task.key,
        "userName": task.name,
        "fullName": task.full_name,
        "progressUrl": f"/rest/api/2/user/anonymization/progress?taskId={task.number}",
        "currentProgress": 100 - 100 * task.left // anonymization.REQUESTS_OF_A_TASK,
        "submittedTime": "2026-01-05T08:00:00.000+0000",
        "operations": [],
        "status": "IN_PROGRESS" if task.left else "COMPLETED",
        "executingNode": "",
        "isRerun": task.again,
        "rerun": task.again,
    }


def schedule(call: Call) -> Reply:
    """Promise to anonymize an account."""
    read_only = call.faces("read_only") is not None
    task = anonymization.schedule(call.jira, call.fields(), call.caller, read_only, call.task_fails())
    call.wrote(task.name, "anonymize")
    return Reply(202, _progress(task))


def schedule_again(call: Call) -> Reply:
    """Promise to repeat an anonymization."""
    read_only = call.faces("read_only") is not None
    task = anonymization.schedule_again(call.jira, call.fields(), call.caller, read_only, call.task_fails())
    call.wrote(task.name, "anonymize again")
    return Reply(202, _progress(task))


def unlock(call: Call) -> Reply:
    """Refuse to forget a task that hangs: the stand-in is one node, and only a cluster does so."""
    raise refused(400, "not_clustered")


def progress(call: Call) -> Reply:
    """Answer how far a task has come, or the last one."""
    return Reply(200, _progress(anonymization.found(call.jira, call.text("taskId"))))


def duplicated(call: Call) -> Reply:
    """List the accounts that more than one directory has, by name, with these directories."""
    call.text("flush")
    return Reply(200, {name: list(places) for name, places in sorted(call.jira.duplicated.items())})


def count_duplicated(call: Call) -> Reply:
    """Answer how many accounts more than one directory has."""
    call.text("flush")
    return Reply(200, {"count": len(call.jira.duplicated)})
