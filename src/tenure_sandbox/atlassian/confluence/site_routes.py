"""Confluence's operations on spaces, long tasks, the licence and the server itself."""

from __future__ import annotations

from html import escape

from tenure_sandbox.atlassian.call import Reply

from . import entities
from .call import Call
from .texts import refused

SPACES_A_PAGE, TASKS_A_PAGE = 25, 100
BUILT = "2026-01-05"  # a fixed day: the state must not depend on when it is asked for
UNLIMITED = -1  # a guess


def list_spaces(call: Call) -> Reply:
    """Answer a page of the spaces, with `spaceKey` those alone that it names."""
    wanted, spaces = call.texts("spaceKey"), call.confluence.spaces
    rows = [spaces[key] for key in sorted(spaces) if not wanted or key in wanted]
    return call.page(rows, lambda one: entities.space(one, call.base), SPACES_A_PAGE)


def get_space(call: Call) -> Reply:
    """Answer one space."""
    return Reply(200, entities.space(call.space(), call.base))


def list_tasks(call: Call) -> Reply:
    """Answer a page of the long tasks."""
    rows = [call.confluence.tasks[key] for key in sorted(call.confluence.tasks)]
    return call.page(rows, lambda one: entities.task(one, call.base), TASKS_A_PAGE)


def get_task(call: Call) -> Reply:
    """Answer how far one long task has come."""
    number = call.arguments["id"]
    if number not in call.confluence.tasks:
        raise refused("no_such_task", id=number)
    return Reply(200, entities.task(call.confluence.tasks[number], call.base))


def access_mode(call: Call) -> Reply:
    """Answer whether the site may be written."""
    del call
    return Reply(200, "READ_WRITE")


def metrics(call: Call) -> Reply:
    """Answer how many pages, spaces and people there are."""
    return Reply(200, {"pages": 0, "spaces": len(call.confluence.spaces), "users": len(call.confluence.accounts)})


def server_information(call: Call) -> Reply:
    """Answer version and build; Confluence gives no identifier of the server here."""
    version = call.confluence.version
    major, minor, patch = version.numbers
    build = major * 1000 + minor * 10 + patch
    told = {"baseUrl": call.base, "version": version.text, "buildNumber": build, "marketplaceBuildNumber": build}
    return Reply(200, told | {"buildDate": BUILT})


def manifest(call: Call) -> Reply:
    """Answer the manifest for application links, to anybody: the server's own identifier, as XML or JSON."""
    version = call.confluence.version.text
    body = {
        "id": call.confluence.server_id,
        "name": "Sandbox Confluence",
        "typeId": "confluence",
        "version": version,
        "url": call.base,
    }
    accepted = dict(call.scope["headers"]).get(b"accept", b"").decode("latin-1")
    if "application/json" in accepted:
        return Reply(200, body)
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in body.items())
    xml = f'<?xml version="1.0" encoding="UTF-8"?><manifest>{text}</manifest>'
    return Reply(200, xml.encode(), {"Content-Type": "application/xml"})


def user_count(call: Call) -> Reply:
    """Answer how many people count for the licence."""
    return Reply(200, {"count": call.confluence.seated()})


def most_users(call: Call) -> Reply:
    """Answer how many people the licence covers."""
    seats = call.confluence.seats
    return Reply(200, {"count": UNLIMITED if seats is None else seats})


def seats_left(call: Call) -> Reply:
    """Answer how many people more the licence covers."""
    seats = call.confluence.seats
    return Reply(200, {"count": UNLIMITED if seats is None else max(0, seats - call.confluence.seated())})
