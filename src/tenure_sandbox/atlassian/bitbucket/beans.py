"""How Bitbucket writes accounts, groups, permissions, keys and pages as JSON; the field names are the vendor's."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .state import SERVER_ID, SIGNED_IN_MS, Account, Bitbucket, Grants, Group, Project, Repository, Secret

PLANS_MS = 31_536_000_000


def user(account: Account, base: str) -> dict[str, Any]:
    """An account as everybody sees it (RestApplicationUser)."""
    return {
        "name": account.name,
        "emailAddress": account.email,
        "active": account.active,
        "displayName": account.display_name,
        "id": account.id,
        "slug": account.slug,
        "type": "NORMAL",
        "links": {"self": [{"href": f"{base}/users/{quote(account.slug, safe='')}"}]},
    }


def detailed(account: Account, base: str) -> dict[str, Any]:
    """An account as administrators see it (RestDetailedUser); who never signed in has no time of it."""
    signed_in = {} if account.signed_in_ms is None else {"lastAuthenticationTimestamp": account.signed_in_ms}
    return {
        **user(account, base),
        **signed_in,
        "directoryName": account.directory,
        "deletable": account.writable,
        "mutableDetails": account.writable,
        "mutableGroups": account.writable,
    }


def group(one: Group) -> dict[str, Any]:
    """A group (RestDetailedGroup)."""
    return {"name": one.name, "deletable": True}


def scope(place: Project | Repository) -> dict[str, Any]:
    """Where a rule is kept (RestScope)."""
    return {"resourceId": place.id, "type": "PROJECT" if isinstance(place, Project) else "REPOSITORY"}


def permitted_users(bitbucket: Bitbucket, grants: Grants, base: str) -> list[dict[str, Any]]:
    """The accounts that hold something themselves, by name."""
    held = sorted(grants.users.items(), key=lambda pair: bitbucket.by_id[pair[0]].name)
    return [{"user": user(bitbucket.by_id[number], base), "permission": level} for number, level in held]


def permitted_groups(bitbucket: Bitbucket, grants: Grants) -> list[dict[str, Any]]:
    """The groups that give something, by name."""
    return [{"group": {"name": bitbucket.groups[g].name}, "permission": p} for g, p in sorted(grants.groups.items())]


def licence(bitbucket: Bitbucket, used: int, full: bool) -> dict[str, Any]:
    """The licence (RestBitbucketLicense) with how many people it counts; `full` for one with no seat left."""
    seats = used if full else bitbucket.seats
    return {
        "creationDate": SIGNED_IN_MS - PLANS_MS,
        "purchaseDate": SIGNED_IN_MS - PLANS_MS,
        "expiryDate": SIGNED_IN_MS + PLANS_MS,
        "maintenanceExpiryDate": SIGNED_IN_MS + PLANS_MS,
        "daysBeforeExpiry": 365,
        "maximumNumberOfUsers": -1 if seats is None else seats,
        "unlimitedNumberOfUsers": seats is None,
        "serverId": SERVER_ID,
        "supportEntitlementNumber": "SEN-0000000",
        "license": "sandbox",
        "status": {"serverId": SERVER_ID, "currentNumberOfUsers": used},
    }


def project(one: Project) -> dict[str, Any]:
    """A project (RestProject)."""
    return {"id": one.id, "key": one.key, "name": one.name, "public": False, "type": "NORMAL", "scope": "PROJECT"}


def repository(one: Repository, of: Project) -> dict[str, Any]:
    """A repository (RestRepository)."""
    return {"id": one.id, "slug": one.slug, "name": one.slug, "state": "AVAILABLE", "project": project(of)}


def secret(bitbucket: Bitbucket, kind: str, one: Secret) -> dict[str, Any]:
    """An SSH key, a GPG key or a token, without what only its owner knows."""
    dates = {"createdDate": SIGNED_IN_MS} if bitbucket.version.has("key_expiry") or kind == "token" else {}
    if kind == "ssh":
        return {"id": int(one.id), "text": one.text, "label": one.name, **dates}
    if kind == "gpg":
        fingerprint = f"{'0' * 24}{one.id}"
        return {"id": one.id, "fingerprint": fingerprint, "text": one.text, "emailAddress": one.name, "subKeys": []}
    return {"id": one.id, "name": one.name, "permissions": list(one.permissions), **dates}
