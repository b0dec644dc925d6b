"""Bitbucket's operations in one literal table: what each reads, what it answers, and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenure_sandbox.atlassian.call import Reply, Route

from . import group_routes as groups
from . import key_routes as keys
from . import permission_routes as permissions
from . import place_keys, place_tokens
from . import rate_routes as rates
from . import restriction_routes as restrictions
from . import reviewer_routes as reviewers
from . import user_routes as users

API, ADMIN = "/rest/api/latest", "/rest/api/latest/admin"
PROJECT = f"{API}/projects/{{projectKey}}"
SSH, GPG, TOKENS = "/rest/ssh/latest/keys", "/rest/gpg/latest/keys", "/rest/access-tokens/latest/users/{userSlug}"
_TO_ALL, _PLACES = f"{PROJECT}/permissions/{{permission}}/all", "/rest/access-tokens/latest/projects/{projectKey}"
_OPENED, _BRANCHES = "/rest/keys/latest", "/rest/branch-permissions/latest/projects/{projectKey}"
_BULK = "application/vnd.atl.bitbucket.bulk+json"
_RATES, _GROUPS_OF = f"{ADMIN}/rate-limit", "reviewer_groups"
_PAGE = ("start", "limit")
_FILTER = ("filter", *_PAGE)
_NEW = ("name", "displayName", "emailAddress", "password", "addToDefaultGroup", "notify")

Handler = Callable[[Any], Reply]


def _read(path: str, handler: Handler, query: tuple[str, ...], right: str, *more: int, feature: str = "") -> Route:
    numbers = (400,) if "limit" in query and 400 not in more else ()  # a start or limit that is no number
    return Route("GET", path, handler, query, (200, 401, *more, *numbers), right, feature)


def _write(method: str, path: str, handler: Handler, query: tuple[str, ...], *statuses: int) -> Route:
    """A write to a user directory."""
    return Route(method, path, handler, query, (*statuses, 401), directory=True)


def _beside(
    method: str, path: str, handler: Handler, query: tuple[str, ...], *statuses: int, feature: str = ""
) -> Route:
    """A write to what is Bitbucket's own; the handler says who may."""
    return Route(method, path, handler, query, (*statuses, 401), "caller", feature)


def _of(path: str) -> tuple[Route, ...]:
    """The operations on the permissions of a project or a repository."""
    none = 202 if path == PROJECT else 200
    many, found = "permissions_of_many", "permission_search"
    return (
        _read(f"{path}/permissions/users", permissions.users, _FILTER, "caller", 404),
        _beside("PUT", f"{path}/permissions/users", permissions.grant_users, ("name", "permission"), 204, 400, 404),
        _beside("DELETE", f"{path}/permissions/users", permissions.revoke_user, ("name",), 204, 400, 404),
        _read(f"{path}/permissions/users/none", permissions.users_without, _FILTER, "caller", 404),
        _read(f"{path}/permissions/groups", permissions.groups, _FILTER, "caller", 404),
        _beside("PUT", f"{path}/permissions/groups", permissions.grant_groups, ("name", "permission"), 204, 400, 404),
        _beside("DELETE", f"{path}/permissions/groups", permissions.revoke_group, ("name",), 204, 400, 404),
        Route(
            "GET",
            f"{path}/permissions/groups/none",
            permissions.groups_without,
            _FILTER,
            (none, 400, 401, 404),
            "caller",
        ),
        _beside(
            "DELETE", f"{path}/permissions", permissions.revoke_many, ("user", "group"), 204, 400, 404, feature=many
        ),
        _read(
            f"{path}/permissions/search",
            permissions.search,
            ("permission", "filterText", "type", *_PAGE),
            "caller",
            404,
            feature=found,
        ),
    )


def _tokens_of(path: str) -> tuple[Route, ...]:
    return (
        _read(path, place_tokens.list_tokens, _PAGE, "caller", 404),
        _beside("PUT", path, place_tokens.add_token, (), 200, 400, 404),
        _read(f"{path}/{{tokenId}}", place_tokens.get_token, (), "caller", 404),
        _beside("POST", f"{path}/{{tokenId}}", place_tokens.update_token, (), 200, 400, 404),
        _beside("DELETE", f"{path}/{{tokenId}}", place_tokens.delete_token, (), 204, 404),
    )


def _keys_of(path: str, *more: str) -> tuple[Route, ...]:
    """The operations on the access keys of a project or a repository."""
    return (
        _read(path, place_keys.list_keys, ("filter", "permission", *more, *_PAGE), "caller", 404),
        _beside("POST", path, place_keys.add_key, (), 201, 400, 404),
        _read(f"{path}/{{keyId}}", place_keys.get_key, (), "caller", 404),
        _beside("DELETE", f"{path}/{{keyId}}", place_keys.revoke_key, (), 204, 404),
        _beside("PUT", f"{path}/{{keyId}}/permission/{{permission}}", place_keys.set_permission, (), 200, 400, 404),
    )


def _reviewers_of(path: str) -> tuple[Route, ...]:
    one, has = f"{path}/{{id}}", _GROUPS_OF
    return (
        _read(path, reviewers.list_groups, _PAGE, "caller", 404, feature=has),
        _beside("POST", path, reviewers.create_group, (), 201, 400, 404, 409, feature=has),
        _read(one, reviewers.get_group, (), "caller", 404, feature=has),
        _beside("PUT", one, reviewers.update_group, (), 200, 400, 404, 409, feature=has),
        _beside("DELETE", one, reviewers.delete_group, (), 204, 404, feature=has),
    )


def _restrictions_of(path: str) -> tuple[Route, ...]:
    return (
        _read(path, restrictions.restrictions, ("matcherType", "matcherId", "type", *_PAGE), "caller", 404),
        Route("POST", path, restrictions.restrict, (), (200, 400, 401, 404), "caller", media=_BULK),
        _read(f"{path}/{{id}}", restrictions.restriction, (), "caller", 400, 404),
        _beside("DELETE", f"{path}/{{id}}", restrictions.lift, (), 204, 400, 404),
    )


_USERS: tuple[Route, ...] = (
    _read(f"{API}/users", users.find_users, ("filter", "group", "permission", *_PAGE), "caller", 400),
    Route("PUT", f"{API}/users", users.update_myself, (), (200, 400, 401), "caller", directory=True),
    Route("PUT", f"{API}/users/credentials", users.set_my_password, (), (204, 400, 401), "caller", directory=True),
    _read(f"{API}/users/{{userSlug}}", users.get_user, (), "caller", 404),
    _read(f"{API}/users/{{userSlug}}/settings", users.settings, (), "caller", 404),
    _beside("POST", f"{API}/users/{{userSlug}}/settings", users.update_settings, (), 204, 400, 404),
    _read(f"{ADMIN}/users", users.list_users, _FILTER, "licensed"),
    _write("POST", f"{ADMIN}/users", users.create_user, _NEW, 204, 400, 403, 409),
    _write("PUT", f"{ADMIN}/users", users.update_user, (), 200, 400, 403, 404),
    _write("DELETE", f"{ADMIN}/users", users.delete_user, ("name",), 200, 400, 403, 404, 409),
    _write("POST", f"{ADMIN}/users/rename", users.rename_user, (), 200, 400, 403, 404, 409),
    _write("PUT", f"{ADMIN}/users/credentials", users.set_password, (), 204, 400, 403, 404),
    Route("GET", f"{ADMIN}/users/erasure", users.may_erase, ("name",), (204, 400, 401, 404, 409)),
    _write("POST", f"{ADMIN}/users/erasure", users.erase_user, ("name",), 200, 400, 403, 404, 409),
    Route("DELETE", f"{ADMIN}/users/captcha", users.clear_captcha, ("name",), (204, 400, 401, 403, 404)),
    _write("POST", f"{ADMIN}/users/add-group", users.add_group, (), 200, 400, 403, 404),
    _write("POST", f"{ADMIN}/users/add-groups", users.add_groups, (), 200, 400, 403, 404),
    _write("POST", f"{ADMIN}/users/remove-group", users.remove_group, (), 200, 400, 403, 404),
    _read(f"{ADMIN}/users/more-members", users.groups_of, ("context", *_FILTER), "licensed", 400),
    _read(f"{ADMIN}/users/more-non-members", users.groups_without, ("context", *_FILTER), "licensed", 400),
)
_GROUPS: tuple[Route, ...] = (
    _read(f"{API}/groups", groups.group_names, _FILTER, "licensed"),
    _read(f"{ADMIN}/groups", groups.list_groups, _FILTER, "licensed"),
    _write("POST", f"{ADMIN}/groups", groups.create_group, ("name",), 200, 400, 403, 409),
    _write("DELETE", f"{ADMIN}/groups", groups.delete_group, ("name",), 200, 400, 403, 404, 409),
    _write("POST", f"{ADMIN}/groups/add-user", groups.add_user, (), 200, 400, 403, 404),
    _write("POST", f"{ADMIN}/groups/add-users", groups.add_users, (), 200, 400, 403, 404),
    _write("POST", f"{ADMIN}/groups/remove-user", groups.remove_user, (), 200, 400, 403, 404),
    _read(f"{ADMIN}/groups/more-members", users.members, ("context", *_FILTER), "licensed", 400),
    _read(f"{ADMIN}/groups/more-non-members", users.non_members, ("context", *_FILTER), "licensed", 400),
)
_PERMISSIONS: tuple[Route, ...] = tuple(
    route
    for kind, rows in {
        "users": (
            permissions.global_users,
            permissions.grant_global_user,
            permissions.revoke_global_user,
            permissions.global_users_without,
        ),
        "groups": (
            permissions.global_groups,
            permissions.grant_global_group,
            permissions.revoke_global_group,
            permissions.global_groups_without,
        ),
    }.items()
    for route in (
        _read(f"{ADMIN}/permissions/{kind}", rows[0], _FILTER, "administer"),
        Route(
            "PUT",
            f"{ADMIN}/permissions/{kind}",
            rows[1],
            ("name", "permission"),
            (204, 400, 401, 403, 404, 409),
        ),
        Route("DELETE", f"{ADMIN}/permissions/{kind}", rows[2], ("name",), (204, 400, 401, 404, 409)),
        _read(f"{ADMIN}/permissions/{kind}/none", rows[3], _FILTER, "administer"),
    )
)
_KEYS: tuple[Route, ...] = (
    _read(SSH, keys.list_ssh, ("user", "userName", *_PAGE), "caller", 404),
    _beside("POST", SSH, keys.add_ssh, ("user",), 201, 400, 404, 409),
    _beside("DELETE", SSH, keys.delete_all_ssh, ("user", "userName"), 204, 404),
    _read(f"{SSH}/{{keyId}}", keys.get_ssh, (), "administer", 404, feature="ssh_key_by_id"),
    Route("DELETE", f"{SSH}/{{keyId}}", keys.delete_ssh, (), (204, 401)),
    _read(GPG, keys.list_gpg, ("user", *_PAGE), "caller", 404),
    _beside("POST", GPG, keys.add_gpg, ("user",), 200, 400, 404),
    _beside("DELETE", GPG, keys.delete_all_gpg, ("user",), 204, 404),
    _beside("DELETE", f"{GPG}/{{fingerprintOrId}}", keys.delete_gpg, (), 204),
    _read(TOKENS, keys.list_tokens, _PAGE, "caller", 404),
    _beside("PUT", TOKENS, keys.add_token, (), 200, 400, 404),
    _read(f"{TOKENS}/{{tokenId}}", keys.get_token, (), "caller", 404),
    _beside("POST", f"{TOKENS}/{{tokenId}}", keys.update_token, (), 200, 400, 404),
    _beside("DELETE", f"{TOKENS}/{{tokenId}}", keys.delete_token, (), 204, 404),
)
_LIMITS: tuple[Route, ...] = (
    _read(f"{_RATES}/settings", rates.settings, (), "caller"),
    Route("PUT", f"{_RATES}/settings", rates.set_settings, (), (200, 400, 401)),
    _read(f"{_RATES}/history", rates.history, ("order", *_PAGE), "administer"),
    _read(f"{_RATES}/settings/users", rates.all_own, _FILTER, "administer"),
    Route("POST", f"{_RATES}/settings/users", rates.set_many, (), (200, 400, 401)),
    _read(f"{_RATES}/settings/users/{{userSlug}}", rates.get_own, (), "caller", 404),
    Route("PUT", f"{_RATES}/settings/users/{{userSlug}}", rates.set_own, (), (200, 400, 401, 404)),
    Route("DELETE", f"{_RATES}/settings/users/{{userSlug}}", rates.delete_own, (), (204, 401, 404)),
)
_SITE: tuple[Route, ...] = (
    Route("GET", f"{API}/application-properties", groups.properties, (), (200,), "anyone"),
    _read(f"{ADMIN}/license", groups.licence, (), "administer"),
    _read(f"{ADMIN}/user-directories", groups.directories, ("includeInactive",), "administer"),
    Route("GET", f"{API}/projects", groups.projects, ("name", *_PAGE), (200, 400, 401), "caller"),
    _read(PROJECT, groups.project, (), "caller", 404),
    _read(f"{PROJECT}/repos", groups.repositories, _PAGE, "caller", 404),
)

ROUTES: tuple[Route, ...] = (
    *_USERS,
    *_GROUPS,
    *_PERMISSIONS,
    *_of(PROJECT),
    *_of(f"{PROJECT}/repos/{{repositorySlug}}"),
    _read(_TO_ALL, permissions.held_by_all, (), "caller", 400, 404),
    _beside("POST", _TO_ALL, permissions.grant_all, ("allow",), 204, 400, 404),
    *_KEYS,
    *_keys_of(f"{_OPENED}/projects/{{projectKey}}/ssh"),
    *_keys_of(f"{_OPENED}/projects/{{projectKey}}/repos/{{repositorySlug}}/ssh", "effective"),
    Route("GET", f"{_OPENED}/ssh/{{keyId}}/projects", place_keys.projects_of, _PAGE, (200, 400, 401, 404), "caller"),
    Route("GET", f"{_OPENED}/ssh/{{keyId}}/repos", place_keys.repositories_of, _PAGE, (200, 400, 401, 404), "caller"),
    _beside("DELETE", f"{_OPENED}/ssh/{{keyId}}", place_keys.revoke_everywhere, (), 204, 400, 404),
    *_tokens_of(_PLACES),
    *_tokens_of(f"{_PLACES}/repos/{{repositorySlug}}"),
    *_reviewers_of(f"{PROJECT}/settings/reviewer-groups"),
    *_reviewers_of(f"{PROJECT}/repos/{{repositorySlug}}/settings/reviewer-groups"),
    _read(
        f"{PROJECT}/repos/{{repositorySlug}}/settings/reviewer-groups/{{id}}/users",
        reviewers.users,
        (),
        "caller",
        404,
        feature=_GROUPS_OF,
    ),
    *_restrictions_of(f"{_BRANCHES}/restrictions"),
    *_restrictions_of(f"{_BRANCHES}/repos/{{repositorySlug}}/restrictions"),
    *_LIMITS,
    *_SITE,
)
