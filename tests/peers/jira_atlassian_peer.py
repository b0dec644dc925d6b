"""Drive a Jira with the PyPI package `atlassian-python-api` and print what it answered.

Runs in that package's own environment; LEFT_OUT has the reason for what is not driven.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian import Jira
from methods import Calls
from requests import HTTPError

ABOUT = "^(?!tempo_).*(user|group|role|permission|actor|member|leader|_lead$|myself|account|avatar)"
ADD_ON = "an add-on's"
FILTERS = "who may see one filter, of which the stand-in has none"
LEFT_OUT = {
    "get_user_groups|users_get_all": "Jira Cloud's",
    "user_deactivate|user_disable": "wrong: `active` as a text, where Jira documents a boolean",
    "is_user_in_application": "wrong: what is to be expanded as the key, so that it says no of everybody",
    "user_properties": "wrong: the name as `accountId`",
    "update_application_roles": "wrong: a body that is JSON twice over",
    "user_disable_throw_rest_endpoint|user_update_or_create_property_through_rest_point": ADD_ON,
    "user_get_websudo": "a page for browsers",
    ".*filter_share_permissions?": FILTERS,
}


def refused(call: Any, *arguments: Any) -> int:
    """The status with which a call was refused; 0 if it was not."""
    try:
        call(*arguments)
    except HTTPError as error:
        return int(error.response.status_code)
    return 0


def names(rows: list[dict[str, Any]]) -> list[str]:
    """The names of what is listed."""
    return sorted(row["name"] for row in rows)


def people(jira: Jira) -> dict[str, Any]:
    """Make, change, find and remove accounts, and keep properties."""
    made = jira.user_create("erin", "erin@example.org", "Erin Moss", notification=False)
    told: dict[str, Any] = {"made": [made["name"], jira.is_active_user("erin")], "me": jira.myself()["name"]}
    told["twice"] = refused(jira.user_create, "erin", "erin@example.org", "Erin Moss")
    jira.user_update_email("erin", "e.moss@example.org")
    jira.user_update("erin", {"displayName": "Erin Marsh"})
    jira.user_update_username("erin", "emarsh")
    kept = jira.user(key=made["key"])
    told["changed"] = [kept["name"], kept["emailAddress"], kept["displayName"]]
    told["found"] = names(jira.user_find_by_user_string("marsh"))
    jira.user_set_property("emarsh", key_property="desk", value_property={"floor": 3})
    told["property"] = jira.user_property("emarsh", key_property="desk")["value"]
    jira.user_delete_property("emarsh", key_property="desk")
    told["no property"] = refused(lambda: jira.user_property("emarsh", key_property="desk"))
    told["pictures"] = [one["id"] for one in jira.get_all_system_avatars()["system"]][:1]
    told["in two"] = [jira.duplicated_account_checks_count(), jira.duplicated_account_checks_detail()]
    told["in two, asked again"] = jira.duplicated_account_checks_flush()
    jira.user_remove("emarsh")
    told["gone"] = refused(jira.user, "emarsh")
    return told


def groups(jira: Jira) -> dict[str, Any]:
    """Make a group, fill and empty it, and let its members into an application."""
    jira.create_group("readers")
    told: dict[str, Any] = {"twice": refused(jira.create_group, "readers")}
    jira.add_user_to_group("tbecker", "readers")
    jira.add_user_to_group("mwolf", "readers")
    jira.remove_user_from_group("mwolf", "readers")
    jira.user_update("tbecker", {"active": False})
    found = [jira.get_all_users_from_group("readers", inactive)["values"] for inactive in (False, True)]
    told["members"] = [names(members) for members in found]
    told["picked"] = [names(jira.get_groups("read")["groups"]), names(jira.get_groups("read", "readers")["groups"])]
    roles = jira.get_all_application_roles()
    told["roles"] = [sorted(role["key"] for role in roles), jira.get_application_role("jira-software")["groups"]]
    jira.user_create("gus", "gus@example.org", "Gus", notification=False)
    jira.remove_user_from_group("gus", "jira-software-users")
    told["shut out"] = names(jira.user("gus", expand="applicationRoles")["applicationRoles"]["items"])
    told["let in"] = jira.add_user_to_application("gus", "jira-software")
    told["then"] = names(jira.user("gus", expand="applicationRoles")["applicationRoles"]["items"])
    jira.remove_group("readers", "helpdesk")
    told["gone"] = refused(jira.get_all_users_from_group, "readers")
    return told


def roles(jira: Jira) -> dict[str, Any]:
    """Who has a role in a project, and who leads what."""
    role = next(one for one in jira.get_all_global_project_roles() if one["name"] == "Developers")["id"]
    told: dict[str, Any] = {"same": jira.get_project_roles("OPS")["Developers"].endswith(f"/{role}")}
    told["before"] = names(jira.get_project_actors_for_role_project("OPS", role))
    jira.add_user_into_project_role("OPS", role, "mwolf")
    jira.add_group_into_project_role("OPS", role, "helpdesk")
    told["added"] = names(jira.get_project_actors_for_role_project("OPS", role))
    jira.delete_project_actors("OPS", role, "mwolf", "user")
    jira.delete_project_actors("OPS", role, "helpdesk", "group")
    told["after"] = names(jira.get_project_actors_for_role_project("OPS", role))
    told["leads"] = [[one["project_key"], one["lead_key"]] for one in jira.project_leaders()]
    component = jira.get_project_components("OPS")[0]["id"]
    told["component"] = jira.update_component_lead(component, "mwolf")["lead"]["name"]
    return told


def schemes(jira: Jira) -> dict[str, Any]:
    """Permission schemes, whom they let do what, and which a project has."""
    holder = {"type": "group", "parameter": "helpdesk"}
    made = jira.create_permission_scheme("Narrow", "For few", [{"permission": "BROWSE_PROJECTS", "holder": holder}])
    told: dict[str, Any] = {"listed": names(jira.get_all_permissionschemes())}
    jira.set_permissionscheme_grant(made["id"], {"permission": "ASSIGNABLE_USER", "holder": {"type": "anyone"}})
    grants = jira.get_permissionscheme(made["id"], "permissions")["permissions"]
    told["grants"] = sorted(one["permission"] for one in grants)
    told["renamed"] = jira.update_permissionscheme(made["id"], "Narrower")["name"]
    before = jira.get_project_permission_scheme("OPS")["id"]
    told["assigned"] = jira.assign_project_permission_scheme("OPS", made["id"])["name"]
    told["of the project"] = jira.get_project_permission_scheme("OPS")["name"]
    told["assignable"] = [
        names(jira.get_all_assignable_users_for_project("OPS"))[:2],
        names(jira.get_assignable_users_for_issue("OPS-1", "wolf")),
    ]
    told["sees"] = names(jira.get_users_with_browse_permission_to_a_project("diaz", project_key="OPS"))
    jira.assign_project_permission_scheme("OPS", before)
    told["mine"] = jira.get_permissions("ADMINISTER", project_key="OPS")["permissions"]["ADMINISTER"]["havePermission"]
    told["known"] = jira.get_all_permissions()["permissions"]["ADMINISTER"]["type"]
    return told


def main() -> None:
    """Print one JSON document: what each part was told."""
    address, calls = sys.argv[1], Calls(ABOUT, LEFT_OUT)
    watched = calls.watched(Jira)
    jira = watched(address, username="admin", password="admin", timeout=10)
    bearer = watched(address, token="sandbox", timeout=10)
    wrong = watched(address, username="admin", password="wrong", timeout=10)
    told = {"people": people(jira), "groups": groups(bearer), "roles": roles(jira), "schemes": schemes(jira)}
    json.dump({**told, "wrong password": refused(wrong.myself), "calls": calls.told()}, sys.stdout)


if __name__ == "__main__":
    main()
