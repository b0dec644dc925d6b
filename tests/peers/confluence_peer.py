"""Drive a Confluence with the PyPI package `atlassian-python-api` and print what it answered.

Runs in an environment of that package's own; LEFT_OUT has the reason for what is not driven.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian.confluence import ConfluenceServer
from atlassian.errors import ApiError
from methods import Calls
from requests import HTTPError

ABOUT = "user|group|member|permission|anonymous|password|licens|restrict"
OLD = "by an older remote API, apart from this one"
NO_GRANT = "wrong: without the word `grant` in its address, and with a body that is no list"
PAGES = "who may see one page, which the stand-in has none of"
LEFT_OUT = {
    "(add|remove)_user_(to|from)_group": "wrong: at an address that Confluence has not",
    "get_group": "wrong: asks for `groupname`, which the list of groups does not read",
    "get_users": "wrong: asks for one account without saying which",
    "get_user_details_by_accountid": "Confluence Cloud's",
    "get_space_permissions|add_space_permissions": "Confluence Cloud's, and older Confluence's at another address",
    "set_permissions_to_(user|group|anonymous)_for_space": NO_GRANT,
    "set_permissions_to_multiple_items_for_space": "wrong: POST, and a body that is JSON twice over",
    "remove_permissions_from_(user|group|anonymous)_for_space": "wrong: a body that is no list",
    "add_user|change_(my|user)_password|(add|remove)_space_permission(_json_rpc)?": OLD,
    ".*restrict.*": PAGES,
    "avatar_.*": "pictures, at an address that is not documented",
    "get_license_details|.*_plugin_license(_info)?": "no count of accounts",
}


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
    more = [user["username"] for user in confluence.get_group_members("confluence-users", start=2, limit=3)["results"]]
    return {
        "myself": confluence.get_current_user()["username"],
        "anonymous": confluence.anonymous()["type"],
        "by its name": confluence.get_user("mwolf")["userKey"] == maria["userKey"],
        "by its key": confluence.get_user_by_key(maria["userKey"])["username"],
        "page": more == members[2:5],
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
    told["the same"] = confluence.get_groups()["results"] == confluence.get_all_groups()
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
    calls = Calls(ABOUT, LEFT_OUT)
    watched = calls.watched(ConfluenceServer)
    basic = watched(address, username="admin", password="admin")
    bearer = watched(address, token="sandbox")
    wrong = ConfluenceServer(address, username="admin", password="wrong")
    told = {
        "people": people(bearer),
        "groups": groups(basic),
        "permissions": permissions(basic),
        "licence": [basic.get_license_user_count(), basic.get_license_remaining(), basic.get_license_max_users()],
        "wrong password": refused(wrong.get_user_details_by_username, "mwolf"),
    }
    json.dump({**told, "calls": calls.told()}, sys.stdout)


if __name__ == "__main__":
    main()
