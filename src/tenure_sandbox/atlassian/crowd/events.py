"""What happened at a Crowd, as its applications hear of it after a token."""

from __future__ import annotations

from typing import Any

from .state import SERVER, Account, Crowd, Group
from .texts import refused


def _happened(crowd: Crowd, kind: str, operation: str, told: dict[str, Any]) -> None:
    crowd.events.append({kind: {"operation": operation, **told}})


def user(crowd: Crowd, operation: str, account: Account) -> None:
    """An account was made, changed or deleted; told whole."""
    told = {
        "name": account.name,
        "first-name": account.first_name,
        "last-name": account.last_name,
        "display-name": account.display_name,
        "email": account.email,
        "active": account.active,
    }
    _happened(crowd, "userEvent", operation, {"user": {**told, "key": account.key}})


def group(crowd: Crowd, operation: str, one: Group) -> None:
    """A group was made, changed or deleted; told whole."""
    told = {"name": one.name, "description": one.description, "type": "GROUP", "active": one.active}
    _happened(crowd, "groupEvent", operation, {"group": told})


def member(crowd: Crowd, operation: str, account: Account, parent: Group) -> None:
    """An account came into a group, or left it."""
    told = {"childUser": {"name": account.name}, "parentGroups": [{"name": parent.name}]}
    _happened(crowd, "userMembershipEvent", operation, told)


def nested(crowd: Crowd, operation: str, child: Group, parent: Group) -> None:
    """A group came into another, or left it."""
    told = {"group": {"name": child.name}, "parentGroups": [{"name": parent.name}], "childGroups": []}
    _happened(crowd, "groupMembershipEvent", operation, told)


def after(crowd: Crowd, token: str | None) -> dict[str, Any]:
    """What happened after a token, with the next one; nothing but that without a token, 410 for one that is no more.

    The shape of the events in JSON is a guess: the applications read them as XML.
    """
    told: list[dict[str, Any]] = []
    if token is not None:
        server, _, number = token.partition(":")
        if server != str(SERVER) or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise refused("event_token")
        if not crowd.forgotten <= int(number) <= len(crowd.events):
            raise refused("event_token")
        told = crowd.events[int(number) :]
    head = {"newEventToken": f"{SERVER}:{len(crowd.events)}", "incrementalSynchronisationAvailable": True}
    return {**head, "events": told}
