"""Drive a Crowd with the PyPI packages `crowd` and `atlassian-python-api` and print what it answered.

Runs in an environment of those packages' own. All that the first has is driven; LEFT_OUT has the reason for what is
not of the second.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian import Crowd
from crowd import CrowdServer
from methods import Calls
from requests import HTTPError

ABOUT = "user|group|(?<!re)member|session.|search|attribute|account|alias|password|cookie|director(y|ies)|licens"
BY_HAND = "Crowd's pages for people who forgot a password, not for applications"
ADMINISTRATION = "the REST API of administration, which takes a person who administers Crowd and no application"
LEFT_OUT = {
    "group_add_user": "wrong: its address names no user, and its body no group",
    "(user|group)_store_attributes": "wrong: PUT, where Crowd has POST",
    "session_create": "wrong: `userName`, where Crowd reads `username`",
    "user_avatar": "a picture, of which the stand-in has none",
    "user_expire_all_passwords": "of everybody at once; passwords do not expire at the stand-in",
    "account_.*": BY_HAND,
    ".*alias(es)?": "the REST API of applications and aliases, apart from that of users",
    "directory_test_.*|.*director(y|ies)|.*directory_mappings?(_mismatch)?": ADMINISTRATION,
    "search_directory_groups|search_admin.*|search_audit_log|.*licens.*": ADMINISTRATION,
    ".*_admin_group.*|.*_group_admin.*": ADMINISTRATION,
    "get_(application|user)_sessions|expire_session": ADMINISTRATION,
}
EVERYTHING = {"restriction-type": "null-search-restriction"}


def older(crowd: CrowdServer, wrong: CrowdServer) -> dict[str, Any]:
    """What the package `crowd` does: JSON, one XML body with a JSON answer, and the memberships in XML."""
    told: dict[str, Any] = {"ping": [crowd.auth_ping(), wrong.auth_ping()], "cookie": crowd.get_cookie_conf()["name"]}
    made = {"password": "secret", "email": "erin@example.org", "first_name": "Erin", "display_name": "Erin Moss"}
    told["made"] = [crowd.add_user("erin", **made), crowd.add_user("erin", **made), crowd.user_exists("erin")]
    told["signed in"] = [bool(crowd.auth_user("erin", "secret")), crowd.auth_user("erin", "wrong")]
    told["attribute"] = crowd.set_user_attribute("erin", "desk", "7")
    told["shut"] = [
        crowd.set_active("erin", False),
        crowd.get_user("erin")["active"],
        crowd.auth_user("erin", "secret"),
    ]
    told["opened"] = [crowd.set_active("erin", True), crowd.get_user("erin")["display-name"]]
    told["kept"] = [
        row["values"] for row in crowd.get_user("erin")["attributes"]["attributes"] if row["name"] == "desk"
    ]
    told["password"] = [crowd.change_password("erin", "other"), bool(crowd.auth_user("erin", "other"))]
    told["mail"] = crowd.send_password_reset_link("erin")
    session = crowd.get_session("erin", "other", remote="10.0.0.1")
    token = session["token"]
    told["session"] = [session["user"]["name"], bool(crowd.validate_session(token, remote="10.0.0.1"))]
    told["elsewhere"] = crowd.validate_session(token, remote="10.0.0.2")
    told["ended"] = [crowd.terminate_session(token), crowd.validate_session(token, remote="10.0.0.1")]
    told["groups"] = [crowd.create_group("inner", "Inner"), crowd.create_group("outer"), crowd.create_group("inner")]
    told["changed"] = crowd.update_group("inner", {"name": "inner", "type": "GROUP", "description": "More"})
    told["nested"] = [crowd.add_child_group("inner", "outer"), crowd.add_child_group("outer", "inner")]
    told["joined"] = [crowd.add_user_to_group("erin", "inner"), crowd.add_user_to_group("erin", "inner")]
    told["of"] = [crowd.get_groups("erin"), crowd.get_nested_groups("erin"), crowd.get_nested_group_users("outer")]
    told["memberships"] = {name: crowd.get_memberships()[name] for name in ("inner", "outer")}
    told["found"] = [user["name"] for user in crowd.search("user", "email", "ERIN@")["users"]]
    told["found groups"] = [group["name"] for group in crowd.search("group", "name", "nne")["groups"]]
    told["left"] = [crowd.remove_user_from_group("erin", "inner"), crowd.remove_child_group("inner", "outer")]
    told["removed"] = [crowd.remove_group("inner"), crowd.remove_group("outer"), crowd.remove_group("outer")]
    return told


def refused(call: Any, *arguments: Any) -> int | None:
    """The status with which a call was refused; None if it was not."""
    try:
        call(*arguments)
    except HTTPError as error:
        return error.response.status_code
    return None


def newer(crowd: Crowd, token: str) -> dict[str, Any]:
    """What `atlassian-python-api` does right; it asks for `latest`, and renames with a key of its own."""
    told: dict[str, Any] = {"cookie": crowd.get_cookie_config()["name"]}
    made = crowd.user_create("finn", True, "Finn", "Gray", "Finn Gray", "finn@example.org", "secret")
    told["made"] = [made["name"], refused(crowd.user_create, "finn", True, "F", "G", "F G", "f@example.org", "s")]
    crowd.user_deactivate("finn")
    told["shut"] = [crowd.user("finn")["active"], crowd.user("finn")["email"]]
    crowd.user_activate("finn")
    crowd.user_update("finn", {"name": "finn", "display-name": "Finn", "active": True})
    told["blanked"] = crowd.user("finn")["email"]
    crowd.user_update_password("finn", "other")
    told["signed in"] = [
        crowd.user_authenticate("finn", "other")["name"],
        refused(crowd.user_authenticate, "finn", "x"),
    ]
    told["notified"] = crowd.user_authentication_notify("finn")["name"]
    crowd.user_delete_password("finn")
    told["no password"] = refused(crowd.user_authenticate, "finn", "other")
    told["mail"] = [crowd.user_request_password_reset("finn"), refused(crowd.user_request_usernames_reminder, "x@x.x")]
    told["renamed"] = crowd.user_rename("finn", "finley")["name"]
    crowd.group_create("crew", "Crew")
    crowd.group_update("crew", {"name": "crew", "type": "GROUP", "description": "All", "active": True})
    told["group"] = crowd.group("crew")["description"]
    crowd.group_create("ship")
    crowd.group_add_child_group("ship", "crew")
    told["children"] = crowd.nested_group_child_groups("ship")
    told["parents"] = crowd.nested_group_parent_groups("crew")
    crowd.group_remove_child_group("ship", "crew")
    crowd.group_add_parent_group("crew", "ship")
    told["children again"] = [crowd.group_child_groups("ship"), crowd.group_parent_groups("crew")]
    told["members"] = [crowd.group_members("helpdesk"), crowd.nested_group_members("helpdesk")]
    told["in group"] = [crowd.is_user_in_group("hdiaz", "helpdesk"), crowd.is_user_in_group("finley", "helpdesk")]
    told["of"] = [crowd.user_groups("hdiaz"), crowd.nested_user_groups("hdiaz")]
    crowd.group_remove_user("hdiaz", "helpdesk")
    told["left"] = crowd.user_groups("hdiaz")
    told["memberships"] = crowd.memberships["helpdesk"]
    told["attributes"] = [row["name"] for row in crowd.user_attributes("finley")["attributes"]]
    crowd.user_remove_attribute("finley", "lastAuthenticated")
    told["no attributes"] = crowd.user_attributes("finley")["attributes"]
    kept = {"attributes": [{"name": "floor", "values": ["3"]}, {"name": "old", "values": ["x"]}]}
    crowd.post("rest/usermanagement/latest/group/attribute", params={"groupname": "crew"}, data=kept)
    crowd.group_remove_attribute("crew", "old")
    told["group attributes"] = [[row["name"], row["values"]] for row in crowd.group_attributes("crew")["attributes"]]
    told["query"] = [user["name"] for user in crowd.search_cql("user", "displayName = Finn")["users"]]
    told["everybody"] = len(crowd.search_cql("user")["users"]) == len(crowd.search("user", EVERYTHING)["users"]) > 10
    told["session"] = crowd.session_get(token)["user"]["name"]
    told["validated"] = crowd.session_validate(token)["token"] == token
    crowd.session_delete_user_tokens("erin", exclude=token)
    told["excluded"] = crowd.session_get(token)["token"] == token
    crowd.session_delete(token)
    told["ended"] = refused(crowd.session_get, token)
    crowd.group_delete("crew")
    crowd.user_delete("finley")
    told["gone"] = [refused(crowd.group, "crew"), refused(crowd.user, "finley")]
    return told


def main() -> None:
    """Drive both against one Crowd."""
    address = sys.argv[1]
    all_of_it, calls = Calls("", {}), Calls(ABOUT, LEFT_OUT)
    crowd = all_of_it.watched(CrowdServer)(address, "admin", "admin")
    told = {"older": older(crowd, CrowdServer(address, "admin", "wrong"))}
    vouched = crowd._post(f"{crowd.rest_url}/session?validate-password=false", data=json.dumps({"username": "erin"}))
    told["newer"] = newer(calls.watched(Crowd)(address, "admin", "admin"), vouched.json()["token"])
    told["calls"] = {"older": all_of_it.told(), "newer": calls.told()}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
