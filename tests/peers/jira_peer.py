"""Drive a Jira with the PyPI package `jira` and print what it answered.

Runs in that package's own environment; LEFT_OUT has the reason for what is not driven.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jira import JIRA, JIRAError
from methods import Calls

PEOPLE = 60
ABOUT = "user|group|role|permission|member|avatar|session|myself|websudo"
LEFT_OUT = {
    "create_temp_user_avatar|confirm_user_avatar|delete_user_avatar": "a picture that is stored, which nobody checks",
    ".*_project_avatar|project_avatars": "pictures of projects",
    "deactivate_user": "Jira Cloud's",
}
OLDER = {"group(_members)?": "what Jira has no more since version 10"}


def refused(call: Any, *arguments: Any, **named: Any) -> list[Any]:
    """The status and text with which a call was refused; empty if it was not."""
    try:
        call(*arguments, **named)
    except JIRAError as error:
        return [error.status_code, error.text]
    return []


def people(jira: JIRA) -> dict[str, Any]:
    """Create, find, update, rename and delete accounts."""
    told: dict[str, Any] = {}
    jira.add_user("erin", "erin@example.org", fullname="Erin Moss", application_keys=[])
    told["twice"] = refused(jira.add_user, "erin", "erin@example.org")
    told["twice, ignored"] = jira.add_user("erin", "erin@example.org", ignore_existing=True)
    made = jira.user("erin")
    told["made"] = [made.name, made.emailAddress, made.displayName, made.active]
    made.update({"displayName": "Erin Marsh", "emailAddress": "erin.marsh@example.org"})
    found = jira.search_users("marsh@example")
    told["found"] = [[user.name, user.displayName, user.key == made.key] for user in found]
    jira.rename_user("erin", "emarsh")
    renamed = jira.user("emarsh")
    told["renamed"] = [renamed.name, renamed.key == made.key]
    told["old name"] = refused(jira.user, "erin")[:1]
    renamed.update({"active": False})
    told["hidden"] = [user.name for user in jira.search_users("emarsh")]
    told["shown"] = [user.name for user in jira.search_users("emarsh", includeInactive=True, includeActive=False)]
    jira.add_user("soon", "soon@example.org", password="s3cret-enough")
    told["deleted"] = jira.delete_user("soon")
    told["gone"] = refused(jira.user, "soon")[:1]
    return told


def groups(jira: JIRA, members: bool) -> dict[str, Any]:
    """Create a group, fill it over more than one page, and empty it again; `members` if this Jira lists them so."""
    told: dict[str, Any] = {}
    jira.add_group("readers")
    told["twice"] = refused(jira.add_group, "readers")[:1]
    told["groups"] = jira.groups("readers")
    names = [f"reader{number:02}" for number in range(PEOPLE)]
    for name in names:
        jira.add_user(name, f"{name}@example.org", application_keys=[])
        jira.add_user_to_group(name, "readers")
    told["joined twice"] = refused(jira.add_user_to_group, names[0], "readers")[:1]
    if members:
        told["members"] = list(jira.group_members("readers"))
        told["group"] = jira.group("readers").name
    jira.remove_user_from_group(names[0], "readers")
    told["left twice"] = refused(jira.remove_user_from_group, names[0], "readers")[:1]
    expanded = jira.user(names[1], expand="groups")
    told["groups of one"] = [group.name for group in expanded.groups.items]
    if members:
        told["one left"] = len(jira.group_members("readers"))
    jira.add_group("fleeting")
    told["removed"] = jira.remove_group("fleeting")
    told["none"] = jira.groups("fleeting")
    return told


def rights(jira: JIRA) -> dict[str, Any]:
    """Who has a role in a project, whom schemes let do what, and whom searches for the permitted find."""
    role = jira.project_role("OPS", jira.project_roles("OPS")["Developers"]["id"])
    told: dict[str, Any] = {"known": role.name in [one["name"] for one in jira.role()]}
    role.add_user(users=["mwolf"], groups=["helpdesk"])
    told["added"] = sorted(actor.name for actor in jira.project_role("OPS", role.id).actors)
    role.update(users=["tbecker"], groups=["software_dev"])
    told["set"] = sorted(actor.name for actor in jira.project_role("OPS", role.id).actors)
    told["scheme"] = jira.project_permissionscheme("OPS").name
    told["schemes"] = [one["name"] for one in jira.permissionschemes()]
    told["in use"] = refused(jira.delete_permissionscheme, "0")[:1]
    for permission in ("ASSIGNABLE_USER", "BROWSE_PROJECTS"):
        grant = {"permission": permission, "holder": {"type": "anyone"}}
        jira._session.post(jira._get_latest_url("permissionscheme/0/permission"), data=json.dumps(grant))
    found = {
        "assignable": jira.search_assignable_users_for_projects("wolf", "OPS"),
        "to an issue": jira.search_assignable_users_for_issues("wolf", issueKey="OPS-1"),
        "seeing": jira.search_allowed_users_for_issue("becker", projectKey="OPS"),
    }
    return told | {name: [user.name for user in users] for name, users in found.items()}


def pictures(jira: JIRA) -> dict[str, Any]:
    """Give somebody another of the pictures that every Jira has."""
    known = [one["id"] for one in jira.avatars("user")]
    jira.set_user_avatar("mwolf", known[1])
    chosen = [one["id"] for one in jira.user_avatars("mwolf")["system"] if one["selected"]]
    told = {"chosen": chosen == [known[1]], "shown": known[1] in jira.user("mwolf").raw["avatarUrls"]["48x48"]}
    return told | {"none": refused(jira.set_user_avatar, "mwolf", "1")[:1]}


def site(jira: JIRA) -> dict[str, Any]:
    """Ask who we are and what this is."""
    return {
        "server": [jira.server_info()["deploymentType"], jira.server_info()["version"]],
        "myself": jira.myself()["name"],
        "signed in": jira.current_user(),
        "session": jira.session().name,
        "permissions": jira.my_permissions()["permissions"]["ADMINISTER"]["havePermission"],
        "projects": [project.key for project in jira.projects()],
        "ended": [jira.kill_websudo().status_code, jira.kill_session().status_code],
    }


def main() -> None:
    """Print one JSON document: what each part was told."""
    address, members = sys.argv[1], sys.argv[2] == "members"
    calls = Calls(ABOUT, LEFT_OUT if members else LEFT_OUT | OLDER)
    watched = calls.watched(JIRA)
    basic = watched(address, basic_auth=("admin", "admin"), max_retries=0, timeout=10)
    bearer = watched(address, token_auth="sandbox", max_retries=0, timeout=10)
    wrong = refused(JIRA, address, basic_auth=("admin", "wrong"), max_retries=0, timeout=10, validate=True)[:1]
    told = {"site": site(bearer), "people": people(basic), "groups": groups(bearer, members), "wrong password": wrong}
    told |= {"rights": rights(basic), "pictures": pictures(basic), "calls": calls.told()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
