"""Drive a Confluence with the PyPI package `atlassian-python-api` and print what it answered.

Runs in an environment of that package's own. Calls of it that are wrong are left out: it joins groups at an address
that Confluence has not, makes accounts by the older remote API, grants permissions without the word `grant`, and
sets them in a body that is JSON twice over.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian.confluence import ConfluenceServer
from atlassian.errors import ApiError
from requests import HTTPError


def refused(call: Any, *arguments: Any) -> int | None:
    """The status with which a call was refused; None if it was not."""
    try:
        call(*arguments)
    except ApiError as error:
        return error.reason.response.status_code
    except HTTPError as error:
        return error.response.status_code
    return None


def held(permissions: list[dict[str, Any]]) -> list[str]:
    """Permissions in two words each."""
    return [" ".join((one["operation"]["targetType"], one["operation"]["operationKey"])) for one in permissions]


def people(confluence: ConfluenceServer) -> dict[str, Any]:
    """Look accounts up, and list the members of a group over more than one page."""
    maria = confluence.get_user_details_by_username("mwolf", expand="status")
    members = [user["username"] for user in confluence.get_all_members("confluence-users")]
    return {
        "by name": [maria["displayName"], maria["status"]],
        "by key": confluence.get_user_details_by_userkey(maria["userKey"])["username"],
        "nobody": refused(confluence.get_user_details_by_username, "nobody"),
        "members": [len(members), len(set(members))],
        "desk": [user["username"] for user in confluence.get_all_members("helpdesk")],
    }


def groups(confluence: ConfluenceServer) -> dict[str, Any]:
    """Make and remove a group."""
    made = confluence.create_group("readers")["name"]
    told = {"made": made, "twice": refused(confluence.create_group, "readers")}
    told["listed"] = [group["name"] for group in confluence.get_all_groups()]
    confluence.remove_group("readers")
    return told | {"gone": refused(confluence.remove_group, "readers")}


def permissions(confluence: ConfluenceServer) -> dict[str, Any]:
    """Read the permissions of spaces."""
    key = confluence.get_user_details_by_username("tbecker")["userKey"]
    return {
        "all": len(confluence.get_all_space_permissions("OPS")),
        "group": held(confluence.get_permissions_granted_to_group_for_space("OPS", "helpdesk")),
        "user": held(confluence.get_permissions_granted_to_user_for_space("LAB", key)),
        "anonymous": held(confluence.get_permissions_granted_to_anonymous_for_space("OPS")),
        "nowhere": refused(confluence.get_all_space_permissions, "NONE"),
    }


def main() -> None:
    """Print one JSON document: what each part was told."""
    address = sys.argv[1]
    basic = ConfluenceServer(address, username="admin", password="admin")
    bearer = ConfluenceServer(address, token="sandbox")
    wrong = ConfluenceServer(address, username="admin", password="wrong")
    told = {
        "people": people(bearer),
        "groups": groups(basic),
        "permissions": permissions(basic),
        "licence": [basic.get_license_user_count(), basic.get_license_remaining(), basic.get_license_max_users()],
        "wrong password": refused(wrong.get_user_details_by_username, "mwolf"),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
