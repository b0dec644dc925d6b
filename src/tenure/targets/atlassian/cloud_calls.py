"""What is Atlassian Cloud's own: its user management API, the account behind a SCIM person, and two forms of errors."""

from __future__ import annotations

from tenure.model.change import ChangeKind
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Document
from tenure.wire import Operation, Reply

EXTERNAL_URN = "urn:scim:schemas:extension:atlassian-external:1.0"

MAY_MANAGE = Operation(None, "GET", "/users/{account_id}/manage")
DISABLE = Operation(ChangeKind.DEACTIVATE_ACCOUNT, "POST", "/users/{account_id}/manage/lifecycle/disable")
ENABLE = Operation(ChangeKind.REACTIVATE_ACCOUNT, "POST", "/users/{account_id}/manage/lifecycle/enable")
OPERATIONS = (MAY_MANAGE, DISABLE, ENABLE)


def account_id(person: Document) -> str | None:
    """The Atlassian account that a person of the directory is linked to, or None when there is none yet."""
    found = (person.get(EXTERNAL_URN) or {}).get("atlassianAccountId")
    return found if isinstance(found, str) and found else None


def own_error(reply: Reply) -> str | None:
    """The words of SCIM's error form, or of the one that is answered to a key that may not (`error`, `traceId`)."""
    body = reply.body
    if isinstance(body, dict) and isinstance(body.get("error"), str) and "traceId" in body:
        return f"{body['error']} (trace {body['traceId']})"
    return calls.own_error(reply)


def managing_error(reply: Reply) -> str | None:
    """The words of the user management API's error form: a `key` with what it is about (`context`)."""
    body = reply.body
    if isinstance(body, dict) and isinstance(body.get("key"), str) and body["key"]:
        return f"{body['key']}: {body.get('context') or body.get('errorDetail') or ''}".rstrip(": ")
    return own_error(reply)
