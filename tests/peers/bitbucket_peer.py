"""Drive a Bitbucket with the PyPI package `atlassian-python-api` and print what it answered.

Runs in that package's own environment; LEFT_OUT has the reason for what is not driven. Left out beside it are: the
permission that it sends along when it takes one away, which no Bitbucket documents; its short names of global
permissions, which do not work; and its `projects`, who ask for permissions at the address of the project's page.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian import Bitbucket
from atlassian.bitbucket.server import Server
from methods import Calls

ABOUT = "user|group|member|permission|administrator|reviewer|participant|role|licen|avatar|_keys"
LEFT_OUT = {
    "(add|delete|get|is)_default_reviewers?": "Bitbucket Cloud's",
    "get_required_reviewers_for_pull_request|.*_pull_requests?_participant.*": "of one pull request",
    "get_branch_permission|all_branches_permissions": "wrong: reads one restriction as if it were a page of them",
    "(set_)?project_avatar": "a picture of a project",
}


def refused(call: Any, *arguments: Any) -> int:
    """The status with which a call was refused; 0 if it was not."""
    try:
        call(*arguments)
    except Exception as error:
        return int(getattr(getattr(error, "response", None), "status_code", -1))
    return 0


def held(rows: Any) -> list[list[str]]:
    """Who holds what."""
    return [[(row.get("user") or row["group"])["name"], row["permission"]] for row in rows]


def site(bitbucket: Bitbucket) -> dict[str, Any]:
    """Ask for people, groups and the licence."""
    people = [user["name"] for user in bitbucket.get_users_info(limit=7)]
    return {
        "people": [len(people), len(set(people))],
        "found": [user["displayName"] for user in bitbucket.get_users_info("wolf")],
        "seen": [user["name"] for user in bitbucket.get_users("kowal")["values"]],
        "groups": list(bitbucket.get_groups()),
        "members": [user["name"] for user in bitbucket.group_members("helpdesk", limit=2)],
        "everywhere": [
            [one["project_key"], sorted(admin["name"] for admin in one["project_administrators"])]
            for one in bitbucket.all_project_administrators()
        ],
        "counted": bitbucket.get_current_license()["status"]["currentNumberOfUsers"],
        "projects": [project["key"] for project in bitbucket.project_list()],
        "repositories": [one["slug"] for one in bitbucket.repo_list("OPS")],
        "there": [bitbucket.project_exists("OPS"), bitbucket.project_exists("NO")],
    }


def places(bitbucket: Bitbucket) -> dict[str, Any]:
    """Grant and revoke on a project and on a repository."""
    told: dict[str, Any] = {}
    bitbucket.project_grant_user_permissions("OPS", "mwolf", "PROJECT_READ")
    bitbucket.project_grant_group_permissions("OPS", "helpdesk", "PROJECT_ADMIN")
    told["project"] = [held(bitbucket.project_users("OPS")), held(bitbucket.project_groups("OPS"))]
    administrators = bitbucket.project_users_with_administrator_permissions("OPS")
    told["administrators"] = sorted(user["name"] for user in administrators)
    told["by group"] = bitbucket.project_groups_with_administrator_permissions("OPS")
    told["of the repository"] = [
        bitbucket.repo_groups_with_administrator_permissions("OPS", "deploy"),
        sorted(user["name"] for user in bitbucket.repo_users_with_administrator_permissions("OPS", "deploy")),
    ]
    bitbucket.project_remove_user_permissions("OPS", "mwolf")
    bitbucket.project_remove_group_permissions("OPS", "helpdesk")
    told["left"] = [held(bitbucket.project_users("OPS")), held(bitbucket.project_groups("OPS"))]
    bitbucket.repo_grant_user_permissions("OPS", "deploy", "mwolf", "REPO_WRITE")
    bitbucket.repo_grant_group_permissions("OPS", "deploy", "software_dev", "REPO_READ")
    users, groups = bitbucket.repo_users("OPS", "deploy"), bitbucket.repo_groups("OPS", "deploy")
    told["repository"] = [held(users), held(groups)]
    bitbucket.repo_remove_user_permissions("OPS", "deploy", "mwolf")
    bitbucket.repo_remove_group_permissions("OPS", "deploy", "software_dev", None)
    told["repository left"] = [
        held(bitbucket.repo_users("OPS", "deploy")),
        held(bitbucket.repo_groups("OPS", "deploy")),
    ]
    told["wrong"] = refused(bitbucket.project_grant_user_permissions, "OPS", "mwolf", "KING")
    told["nobody"] = refused(bitbucket.project_grant_user_permissions, "OPS", "nobody", "PROJECT_READ")
    return told


def defaults(bitbucket: Bitbucket) -> list[bool]:
    """What everybody may in a project: nothing, then what is granted, then nothing again."""
    told = [bitbucket.project_default_permissions("OPS", "PROJECT_READ")["permitted"]]
    bitbucket.project_grant_default_permissions("OPS", "PROJECT_READ")
    told.append(bitbucket.project_default_permissions("OPS", "PROJECT_READ")["permitted"])
    bitbucket.project_remove_default_permissions("OPS", "PROJECT_READ")
    return [*told, bitbucket.project_default_permissions("OPS", "PROJECT_READ")["permitted"]]


def keys(bitbucket: Bitbucket) -> list[list[str]]:
    """The access keys of a project and of a repository, of which there are none before one is added."""
    text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDep deploy@ci"
    body = {"key": {"text": text, "label": "deploy"}, "permission": "REPO_READ"}
    bitbucket.post("rest/keys/1.0/projects/OPS/repos/deploy/ssh", data=body)
    found = [bitbucket.project_keys("OPS"), bitbucket.repo_keys("OPS", "deploy")]
    return [[row["key"]["label"] for row in rows] for rows in found]


def branches(bitbucket: Bitbucket) -> list[Any]:
    """Restrict a branch, for all but somebody and a group, and lift that again."""
    matcher = {"id": "refs/heads/main", "type": {"id": "BRANCH", "name": "Branch"}}
    given = {"type": "read-only", "matcher": matcher, "users": ["lchen"], "groups": ["software_dev"]}
    made = bitbucket.set_branches_permissions("OPS", multiple_permissions=[given], repository_slug="deploy")[0]
    found = bitbucket.get_branches_permissions("OPS", made["id"], repository_slug="deploy")
    told = [found["type"], [user["name"] for user in found["users"]], found["groups"]]
    bitbucket.delete_branch_permission("OPS", made["id"], repository_slug="deploy")
    return [*told, bitbucket.get_branches_permissions("OPS", "", repository_slug="deploy")["size"]]


def everywhere(server: Server) -> dict[str, Any]:
    """Grant and revoke global permissions."""
    server.users.add("mwolf", "PROJECT_CREATE")
    server.groups.add("helpdesk", "LICENSED_USER")
    told: dict[str, Any] = {
        "users": [[user.name, user.permission, user.active] for user in server.users.each()],
        "groups": [[group.name, group.permission] for group in server.groups.each("help")],
        "none": [user.name for user in server.users.each_none("wolf")],
    }
    server.users.get("mwolf").delete()
    server.groups.get("helpdesk").delete()
    told["left"] = [
        [user.name for user in server.users.each("wolf")],
        [group.name for group in server.groups.each("help")],
    ]
    told["own"] = refused(server.groups.get("bitbucket-administrators").delete)
    return told


def main() -> None:
    """Print one JSON document: what each part was told."""
    address = sys.argv[1]
    known = {"username": "admin", "password": "admin", "timeout": 10, "backoff_and_retry": False}
    calls = Calls(ABOUT, LEFT_OUT)
    bitbucket, server = calls.watched(Bitbucket)(address, **known), Server(address, **known)
    wrong = Bitbucket(address, **{**known, "password": "wrong"})
    told = {"site": site(bitbucket), "places": places(bitbucket), "everywhere": everywhere(server)}
    told |= {"defaults": defaults(bitbucket), "keys": keys(bitbucket), "branches": branches(bitbucket)}
    json.dump({**told, "calls": calls.told(), "refused": refused(wrong.get_current_license)}, sys.stdout)


if __name__ == "__main__":
    main()
