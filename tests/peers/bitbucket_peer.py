"""Drive a Bitbucket with the PyPI package `atlassian-python-api` and print what it answered.

Runs in that package's own environment. Left out is what no Bitbucket documents: the permission that it sends along when
it takes one away; and its short names of global permissions, which do not work.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian import Bitbucket
from atlassian.bitbucket.server import Server


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
    bitbucket, server = Bitbucket(address, **known), Server(address, **known)
    wrong = Bitbucket(address, **{**known, "password": "wrong"})
    told = {"site": site(bitbucket), "places": places(bitbucket), "everywhere": everywhere(server)}
    json.dump({**told, "refused": refused(wrong.get_current_license)}, sys.stdout)


if __name__ == "__main__":
    main()
