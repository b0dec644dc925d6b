"""Drive the directory and the accounts of an Atlassian Cloud with the PyPI package `atlassian-python-api`.

python cloud_peer.py ADDRESS DIRECTORY DIRECTORY_KEY ORGANISATION_KEY prints one JSON document; runs in that package's
own environment. LEFT_OUT has the reason for what is not driven.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from atlassian import cloud_admin
from methods import Calls
from requests import HTTPError

ABOUT = "user|group|scim|account|directories|api_token"
ORGANISATION = "the REST API of organisations, apart from the directory and the accounts"
LEFT_OUT = {
    "patch_scim_(user|group)": "wrong: without the `schemas` that RFC 7644 wants",
    "(cancel_user_deletion|delete_user)": "not in the vendor's document of 2022-08",
    "(get|update)_user_profile|set_user_email": "of the profile, which the directory keeps",
    "(get|delete)_user_api_tokens?": "keys of an account, of which the stand-in has none",
    "get_scim_links(_for_email)?|unlink_scim_user|delete_scim_user_from_database": ORGANISATION,
    ".*service_account.*|.*_org_api_tokens?(_count)?|.*auth_polic(y|ies)": ORGANISATION,
    "get_directories|.*_directory_.*|get_groups?": ORGANISATION,
}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
EXTERNAL = "urn:scim:schemas:extension:atlassian-external:1.0"


def refused(call: Any, *arguments: Any) -> int:
    """The status with which a call was refused; 0 if it was not."""
    try:
        call(*arguments)
    except HTTPError as error:
        return int(error.response.status_code)
    return 0


def people(client: Any, directory: str) -> dict[str, Any]:
    """Make, find, replace, shut and delete somebody, and make them again."""
    mail = {"value": "erin@example.org", "type": "work", "primary": True}
    body = {"schemas": [USER], "userName": "erin", "displayName": "Erin Moss", "emails": [mail], "active": True}
    made = client.create_scim_user(directory, body)
    told: dict[str, Any] = {"made": [made["userName"], bool(made[EXTERNAL]["atlassianAccountId"])]}
    told["twice"] = refused(client.create_scim_user, directory, body)
    elsewhere = {**body, "userName": "eve", "emails": [{**mail, "value": "eve@elsewhere.test"}]}
    told["not verified"] = refused(client.create_scim_user, directory, elsewhere)
    found = client.get_scim_users(directory, filter='userName eq "ERIN"', count=5)
    told["found"] = [found["totalResults"], found["Resources"][0]["id"] == made["id"]]
    told["two filters"] = refused(lambda: client.get_scim_users(directory, filter='userName eq "x" or active eq true'))
    key = made["id"]
    told["shut"] = client.replace_scim_user(directory, key, {**made, "active": False, "displayName": "Erin M"})[
        "active"
    ]
    told["kept"] = client.get_scim_user(directory, key)["displayName"]
    told["group"] = group(client, directory, key)
    client.delete_scim_user(directory, key)
    told["gone"] = refused(client.get_scim_user, directory, key)
    again = client.create_scim_user(directory, body)
    told["again"] = [again["id"] == key, again[EXTERNAL] == made[EXTERNAL]]
    return told


def group(client: Any, directory: str, member: str) -> dict[str, Any]:
    """A group that is made, filled and removed, and keeps its name."""
    body = {"schemas": [GROUP], "displayName": "readers"}
    made = client.create_scim_group(directory, body)
    told: dict[str, Any] = {"twice": refused(client.create_scim_group, directory, body)}
    filled = client.replace_scim_group(directory, made["id"], {**body, "members": [{"value": member}]})
    told["members"] = [one["value"] == member for one in filled["members"]]
    told["renamed"] = refused(client.replace_scim_group, directory, made["id"], {**body, "displayName": "writers"})
    told["nobody"] = refused(client.replace_scim_group, directory, made["id"], {**body, "members": [{"value": "x"}]})
    told["listed"] = [one["displayName"] for one in client.get_scim_groups(directory, startIndex=5)["Resources"]]
    client.delete_scim_group(directory, made["id"])
    told["gone"] = refused(client.get_scim_group, directory, made["id"])
    return told


def accounts(client: Any, account: str) -> dict[str, Any]:
    """An account that is disabled and enabled, and one that is nobody's."""
    told: dict[str, Any] = {"may": bool(client.get_user_management_permissions(account)["lifecycle.enablement"])}
    told["switched"] = [client.deactivate_user(account, "left"), client.activate_user(account)]
    told["nobody"] = refused(client.deactivate_user, "557058:nobody")
    return told


def main() -> None:
    """Print what was answered."""
    address, directory, key, organisation = sys.argv[1:]
    cloud_admin.ADMIN_URL = address
    calls = Calls(ABOUT, LEFT_OUT)
    watched = calls.watched(cloud_admin.CloudAdmin)
    scim, managing = (watched(one) for one in (key, organisation))
    told: dict[str, Any] = {"people": people(scim, directory)}
    told["discovery"] = [
        scim.get_scim_service_provider_config(directory)["patch"]["supported"],
        scim.get_scim_resource_types(directory, "User")["endpoint"],
        scim.get_scim_schemas(directory, USER)["id"] == USER,
        scim.get_scim_schemas(directory)["totalResults"],
    ]
    someone = scim.get_scim_users(directory, filter='userName eq "jroy"')["Resources"][0]
    told["accounts"] = accounts(managing, someone[EXTERNAL]["atlassianAccountId"])
    told["wrong keys"] = [
        refused(managing.get_scim_users, directory),
        refused(scim.get_user_management_permissions, someone[EXTERNAL]["atlassianAccountId"]),
    ]
    json.dump({**told, "calls": calls.told()}, sys.stdout)


if __name__ == "__main__":
    main()
