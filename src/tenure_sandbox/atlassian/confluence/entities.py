"""How Confluence writes accounts, groups, spaces, permissions and tasks as JSON; the field names are the vendor's."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .state import REQUESTS_OF_A_TASK, Account, Confluence, Group, Operation, Space, Subject, Task

API = "/rest/api"
_PICTURE = {"path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": True}


def quoted(text: str) -> str:
    """A text as it stands in a URL."""
    return quote(text, safe="")


def user(confluence: Confluence, account: Account, base: str, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An account (KnownUser), never with its e-mail address; `status` is shown only when it is asked for."""
    whole = "status" in expand
    return {
        "type": "known",
        "username": account.name,
        "userKey": account.key,
        "profilePicture": _PICTURE,
        "displayName": account.display_name,
        **({"status": confluence.status(account)} if whole else {}),
        "_links": {"self": f"{base}{API}/user?key={account.key}"},
        "_expandable": {} if whole else {"status": ""},
    }


def anonymous() -> dict[str, Any]:
    """Nobody (Anonymous)."""
    return {"type": "anonymous", "profilePicture": _PICTURE, "displayName": "Anonymous"}


def group(one: Group, base: str) -> dict[str, Any]:
    """A group."""
    return {"type": "group", "name": one.name, "_links": {"self": f"{base}{API}/group/{quoted(one.name)}"}}


def space(one: Space, base: str) -> dict[str, Any]:
    """A space."""
    links = {"self": f"{base}{API}/space/{quoted(one.key)}", "webui": f"/display/{one.key}"}
    return {"id": one.id, "key": one.key, "name": one.name, "status": "current", "type": one.type, "_links": links}


def subject(confluence: Confluence, who: Subject, base: str) -> dict[str, Any]:
    """Who holds a permission: a group, an account, or nobody in particular."""
    kind, name = who
    if kind == "group":
        return group(confluence.groups[name], base) | {"displayName": confluence.groups[name].name}
    return user(confluence, confluence.by_key[name], base) if kind == "user" else anonymous()


def operation(one: Operation) -> dict[str, str]:
    """A permission without its holder (OperationDescription)."""
    return {"targetType": one[0], "operationKey": one[1]}


def submission(task: Task, base: str) -> dict[str, Any]:
    """What is answered to a request that is carried out later (LongTaskSubmission)."""
    return {"id": task.id, "links": {"status": f"{base}{API}/longtask/{task.id}"}}


def task(one: Task, base: str) -> dict[str, Any]:
    """How far a long task has come (LongTaskStatus)."""
    done = REQUESTS_OF_A_TASK - one.left
    return {
        "id": one.id,
        "name": {"key": "user.deletion.task", "args": []},
        "elapsedTime": done * 100,
        "percentageComplete": done * 100 // REQUESTS_OF_A_TASK,
        "successful": not one.left and not one.fails,
        "messages": [{"key": "user.deletion.failed", "args": [], "translation": one.fails}]
        if one.fails and not one.left
        else [],
        "_links": {"self": f"{base}{API}/longtask/{one.id}"},
    }
