"""Confluence's operations in one literal table: what each reads, what it answers, and who may call it."""

from __future__ import annotations

from collections.abc import Iterator

from tenure_sandbox.atlassian.call import Route

from . import group_routes as groups
from . import people_routes as people
from . import permission_routes as permissions
from . import site_routes as site

_PAGE = ("expand", "start", "limit")
_WHO = ("key", "username")
_API = "/rest/api"
_ADMIN = f"{_API}/admin/user/{{username}}"
_LICENCE = "/rest/license/1.0/license"


def _of_the_site() -> Iterator[Route]:
    """The operations on permissions of the whole site."""
    place, feature = f"{_API}/permissions", "global_permissions"
    named = (200, 401, 403, 404)
    yield Route("GET", place, permissions.list_all, (), (200, 401, 403), feature=feature)
    yield Route("PUT", place, permissions.set_all, (), (204, 400, 401, 403, 404), feature="grants")
    for path, whose in (
        ("group/{groupName}", permissions.group_of),
        ("user/{user}", permissions.user_of),
        ("anonymous", permissions.anonymous_of),
        ("unlicensed", permissions.unlicensed_of),
    ):
        reads = named if "{" in path else named[:-1]
        writes = (204, 400, *reads[1:])
        yield Route("GET", f"{place}/{path}", permissions.list_of(whose), (), reads, feature=feature)
        yield Route("PUT", f"{place}/{path}/grant", permissions.grant_to(whose), (), writes, feature="grants")
        yield Route("PUT", f"{place}/{path}/revoke", permissions.revoke_from(whose), (), writes, feature="grants")


def _of_a_space() -> Iterator[Route]:
    """The operations on permissions of one space. An unknown space is a 404, which the vendor does not list for all."""
    place, feature = f"{_API}/space/{{spaceKey}}/permissions", "space_permissions"
    statuses = (200, 401, 403, 404)
    yield Route("GET", place, permissions.list_all, (), statuses, feature=feature)
    yield Route("POST", place, permissions.set_all, (), (200, 400, 401, 403, 404), feature="grants")
    for path, whose in (
        ("group/{groupName}", permissions.group_of),
        ("user/{userKey}", permissions.user_of),
        ("anonymous", permissions.anonymous_of),
    ):
        writes = (204, 400, 401, 403, 404)
        yield Route("GET", f"{place}/{path}", permissions.list_of(whose), (), statuses, feature=feature)
        yield Route("PUT", f"{place}/{path}/grant", permissions.grant_to(whose), (), writes, feature="grants")
        yield Route("PUT", f"{place}/{path}/revoke", permissions.revoke_from(whose), (), writes, feature="grants")


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_API}/user", people.get_user, (*_WHO, "expand"), (200, 403, 404), "browse"),
    Route("GET", f"{_API}/user/current", people.get_current, ("expand",), (200,), "anyone"),
    Route(
        "PUT",
        f"{_API}/user/current",
        people.update_current,
        (),
        (204, 400, 401, 403),
        "caller",
        "create_user",
        directory=True,
    ),
    Route(
        "POST",
        f"{_API}/user/current/password",
        people.set_own_password,
        (),
        (204, 400, 401, 403),
        "caller",
        "create_user",
        directory=True,
    ),
    Route("GET", f"{_API}/user/anonymous", people.get_anonymous, ("expand",), (200, 403), "caller"),
    Route("GET", f"{_API}/user/memberof", people.member_of, (*_WHO, *_PAGE), (200, 403, 404), "browse"),
    Route("GET", f"{_API}/user/list", people.list_users, _PAGE, (200, 400, 403), "browse", "create_user"),
    Route(
        "GET",
        f"{_API}/admin/users/list/active",
        people.list_active,
        _PAGE,
        (200, 400, 403),
        feature="global_permissions",
    ),
    Route(
        "POST",
        f"{_API}/admin/user",
        people.create_user,
        (),
        (201, 400, 401, 402, 403, 409),
        feature="create_user",
        directory=True,
    ),
    Route("PUT", _ADMIN, people.update_user, (), (204, 400, 401, 403), feature="update_user", directory=True),
    Route("DELETE", _ADMIN, people.delete_user, (), (202, 401, 403, 404), feature="admin_user", directory=True),
    Route(
        "PUT", f"{_ADMIN}/disable", people.disable_user, (), (204, 401, 403, 404), feature="admin_user", directory=True
    ),
    Route(
        "PUT", f"{_ADMIN}/enable", people.enable_user, (), (204, 401, 403, 404), feature="admin_user", directory=True
    ),
    Route(
        "POST",
        f"{_ADMIN}/password",
        people.set_password,
        (),
        (204, 400, 403, 404),
        feature="create_user",
        directory=True,
    ),
    Route("GET", f"{_API}/group", groups.list_groups, _PAGE, (200, 400, 403), "browse"),
    Route("GET", f"{_API}/group/{{groupName}}", groups.get_group, ("expand",), (200, 403, 404), "browse"),
    Route("GET", f"{_API}/group/{{groupName}}/member", groups.list_members, _PAGE, (200, 400, 403, 404)),
    Route(
        "GET",
        f"{_API}/group/{{groupName}}/groupmember",
        groups.list_children,
        _PAGE,
        (200, 400, 403, 404),
        "browse",
        "nested",
    ),
    Route(
        "GET",
        f"{_API}/group/{{groupName}}/groupparent",
        groups.list_parents,
        _PAGE,
        (200, 400, 403, 404),
        "browse",
        "nested",
    ),
    Route(
        "GET",
        f"{_API}/group/{{groupName}}/groupancestor",
        groups.list_ancestors,
        ("start", "limit"),
        (200, 400, 403, 404),
        "browse",
        "nested",
    ),
    Route(
        "POST", f"{_API}/admin/group", groups.create_group, (), (200, 400, 403, 409), feature="groups", directory=True
    ),
    Route(
        "DELETE",
        f"{_API}/admin/group/{{groupName}}",
        groups.delete_group,
        (),
        (204, 400, 403, 404),
        feature="groups",
        directory=True,
    ),
    Route(
        "PUT",
        f"{_API}/user/{{username}}/group/{{groupName}}",
        groups.join,
        (),
        (204, 403, 404),
        feature="groups",
        directory=True,
    ),
    Route(
        "DELETE",
        f"{_API}/user/{{username}}/group/{{groupName}}",
        groups.leave,
        (),
        (204, 403, 404),
        feature="groups",
        directory=True,
    ),
    *_of_the_site(),
    *_of_a_space(),
    Route("GET", f"{_API}/space", site.list_spaces, ("spaceKey", *_PAGE), (200, 400), "caller"),
    Route("GET", f"{_API}/space/{{spaceKey}}", site.get_space, (), (200, 404), "caller"),
    Route("GET", f"{_API}/longtask", site.list_tasks, _PAGE, (200, 400), "caller"),
    Route("GET", f"{_API}/longtask/{{id}}", site.get_task, ("expand",), (200, 404), "caller"),
    Route("GET", f"{_API}/accessmode", site.access_mode, (), (200,), "caller"),
    Route("GET", f"{_API}/instance-metrics", site.metrics, (), (200, 401, 403), feature="server_information"),
    Route(
        "GET",
        f"{_API}/server-information",
        site.server_information,
        (),
        (200, 401),
        "caller",
        "server_information",
    ),
    Route("GET", f"{_LICENCE}/userCount", site.user_count, (), (200, 403)),
    Route("GET", f"{_LICENCE}/maxUsers", site.most_users, (), (200, 403)),
    Route("GET", f"{_LICENCE}/remainingSeats", site.seats_left, (), (200, 403)),
    Route("GET", "/rest/applinks/1.0/manifest", site.manifest, (), (200,), "anyone"),
)
