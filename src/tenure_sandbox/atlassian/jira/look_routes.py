"""Jira's operations on how it looks to one person: picture, columns, preferences and settings of accessibility."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tenure_sandbox.atlassian.call import Reply

from . import accounts
from .call import Call
from .state import PICTURE, Account
from .texts import refused

PICTURES = (PICTURE, "10334", "10335", "10336")
COLUMNS = {
    "issuetype": "Issue Type",
    "issuekey": "Key",
    "summary": "Summary",
    "assignee": "Assignee",
    "reporter": "Reporter",
    "priority": "Priority",
    "status": "Status",
    "created": "Created",
    "updated": "Updated",
}
DEFAULT_COLUMNS = ("issuetype", "issuekey", "summary", "assignee", "reporter", "priority", "status")
ACCESSIBILITY = ("a11y-setting-underlined-links",)


def _whose(call: Call, name: str | None, status: int) -> Account:
    """The account that is named, which an administrator alone may see or change for another; `status` says no."""
    account = accounts.by_name(call.jira, name) if name else call.caller
    if account is not call.caller and not call.administers():
        raise refused(status, "forbidden")
    return account


def _pictures(chosen: str) -> list[dict[str, Any]]:
    return [{"id": one, "selected": one == chosen} for one in PICTURES]


def system_pictures(call: Call) -> Reply:
    """List the pictures of accounts that every Jira has; this one has none of projects and issue types."""
    if call.arguments["type"] != "user":
        raise refused(404, "no_pictures", key=call.arguments["type"])
    return Reply(200, {"system": _pictures("")})


def pictures(call: Call) -> Reply:
    """List the pictures that an account can have; this one has none of its own, since none can be stored here."""
    account = accounts.by_name(call.jira, call.text("username") or "")
    return Reply(200, {"system": _pictures(account.picture), "custom": []})


def choose_picture(call: Call) -> Reply:
    """Give an account another picture."""
    account = _whose(call, call.text("username"), 403)
    chosen = str(call.fields().get("id"))
    if chosen not in PICTURES:
        raise refused(400, "no_picture", key=chosen)
    changed, account.picture = account.picture != chosen, chosen
    call.wrote(account.name, f"picture {chosen}", changed)
    return Reply(200, {"id": chosen, "selected": True})


def columns(call: Call) -> Reply:
    """List the columns in which somebody sees issues."""
    account = _whose(call, call.text("username"), 401)
    shown = DEFAULT_COLUMNS if account.columns is None else account.columns
    return Reply(200, [{"label": COLUMNS[one], "value": one} for one in shown])


def set_columns(call: Call) -> Reply:
    """Choose the columns in which somebody sees issues, by a form; 500 is the only refusal that is documented."""
    form = parse_qs(call.body.decode("utf-8", "replace"))
    account = _whose(call, form.get("username", [""])[0], 401)
    chosen = tuple(form.get("columns", []))
    if not set(chosen) <= COLUMNS.keys():
        raise refused(500, "no_column", key=", ".join(sorted(set(chosen) - COLUMNS.keys())))
    account.columns = chosen
    call.wrote(account.name, f"columns {','.join(chosen)}")
    return Reply(200)


def reset_columns(call: Call) -> Reply:
    """Let somebody see issues in the columns of the whole server again."""
    account = _whose(call, call.text("username"), 401)
    changed, account.columns = account.columns is not None, None
    call.wrote(account.name, "default columns", changed)
    return Reply(204)


def accessibility(call: Call) -> Reply:
    """List the settings of accessibility, of which nobody has one here: they are chosen in the browser."""
    return Reply(200, [{"key": one, "enabled": False} for one in ACCESSIBILITY])


def _preference(call: Call) -> str:
    key = call.text("key")
    if not key:
        raise refused(404, "no_preference", key="")
    return key


def preference(call: Call) -> Reply:
    """Answer one preference of the caller's, as it was kept."""
    key = _preference(call)
    if key not in call.caller.preferences:
        raise refused(404, "no_preference", key=key)
    return Reply(200, call.caller.preferences[key])


def set_preference(call: Call) -> Reply:
    """Keep one preference of the caller's."""
    key, value = _preference(call), call.json() if call.body else ""
    if not isinstance(value, str) or not value:
        raise refused(404, "no_preference", key=key)
    call.caller.preferences[key] = value
    call.wrote(call.caller.name, f"preference {key}={value}")
    return Reply(204)


def remove_preference(call: Call) -> Reply:
    """Forget one preference of the caller's."""
    key = _preference(call)
    if call.caller.preferences.pop(key, None) is None:
        raise refused(404, "no_preference", key=key)
    call.wrote(call.caller.name, f"no preference {key}")
    return Reply(204)
