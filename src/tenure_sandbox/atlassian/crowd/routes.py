"""Crowd's operations in one literal table: what each reads, what it answers, and whether it writes a directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenure_sandbox.atlassian.call import Reply, Route

from . import group_routes as groups
from . import site_routes as site
from . import user_routes as users
from .entities import API

_PAGE = ("start-index", "max-results", "expand")


def _route(
    method: str,
    path: str,
    handler: Callable[[Any], Reply],
    query: tuple[str, ...],
    *statuses: int,
    directory: bool = False,
) -> Route:
    return Route(method, f"{API}{path}", handler, query, statuses, "application", directory=directory)


def _read(path: str, handler: Callable[[Any], Reply], query: tuple[str, ...], *statuses: int) -> Route:
    return _route("GET", path, handler, query, 200, *statuses)


def _write(method: str, path: str, handler: Callable[[Any], Reply], query: tuple[str, ...], *statuses: int) -> Route:
    return _route(method, path, handler, query, *statuses, 403, directory=True)


ROUTES: tuple[Route, ...] = (
    _read("/user", users.get_user, ("username", "key", "expand"), 400, 404),
    _write("POST", "/user", users.create_user, (), 201, 400),
    _write("PUT", "/user", users.update_user, ("username",), 204, 400, 404),
    _write("DELETE", "/user", users.delete_user, ("username",), 204, 400, 404),
    _write("POST", "/user/rename", users.rename_user, ("username",), 200, 400, 404),
    _read("/user/attribute", users.get_attributes, ("username",), 400, 404),
    _write("POST", "/user/attribute", users.set_attributes, ("username",), 204, 400, 404),
    _write("DELETE", "/user/attribute", users.delete_attribute, ("username", "attributename"), 204, 400, 404),
    _write("PUT", "/user/password", users.set_password, ("username",), 204, 400, 404),
    _write("DELETE", "/user/password", users.clear_password, ("username",), 204, 400, 404),
    _route("POST", "/user/mail/password", users.mail_password, ("username",), 204, 400, 404),
    _route("POST", "/user/mail/usernames", users.mail_usernames, ("email",), 204, 400),
    _read("/user/group/direct", users.direct_groups, ("username", "groupname", *_PAGE), 400, 404),
    _read("/user/group/nested", users.nested_groups, ("username", "groupname", *_PAGE), 400, 404),
    _write("POST", "/user/group/direct", users.join, ("username",), 201, 400, 404, 409),
    _write("DELETE", "/user/group/direct", users.leave, ("username", "groupname"), 204, 400, 404),
    _read("/group", groups.get_group, ("groupname", "expand"), 400, 404),
    _write("POST", "/group", groups.create_group, (), 201, 400),
    _write("PUT", "/group", groups.update_group, ("groupname",), 200, 400, 404),
    _write("DELETE", "/group", groups.delete_group, ("groupname",), 204, 400, 404),
    _read("/group/attribute", groups.get_attributes, ("groupname",), 400, 404),
    _write("POST", "/group/attribute", groups.set_attributes, ("groupname",), 204, 400, 404),
    _write("DELETE", "/group/attribute", groups.delete_attribute, ("groupname", "attributename"), 204, 400, 404),
    _read("/group/user/direct", groups.direct_users, ("groupname", "username", *_PAGE), 400, 404),
    _read("/group/user/nested", groups.nested_users, ("groupname", "username", *_PAGE), 400, 404),
    _write("POST", "/group/user/direct", groups.add_user, ("groupname",), 201, 400, 404, 409),
    _write("DELETE", "/group/user/direct", groups.remove_user, ("groupname", "username"), 204, 400, 404),
    _read("/group/child-group/direct", groups.direct_children, ("groupname", "child-groupname", *_PAGE), 400, 404),
    _read("/group/child-group/nested", groups.nested_children, ("groupname", "child-groupname", *_PAGE), 400, 404),
    _write("POST", "/group/child-group/direct", groups.add_child, ("groupname",), 201, 400, 404, 409),
    _write("DELETE", "/group/child-group/direct", groups.remove_child, ("groupname", "child-groupname"), 204, 400, 404),
    _read("/group/parent-group/direct", groups.direct_parents, ("groupname", "parent-groupname", *_PAGE), 400, 404),
    _read("/group/parent-group/nested", groups.nested_parents, ("groupname", "parent-groupname", *_PAGE), 400, 404),
    _write("POST", "/group/parent-group/direct", groups.add_parent, ("groupname",), 201, 400, 404, 409),
    _read("/group/membership", groups.all_memberships, ()),
    _read("/search", site.search_by_cql, ("entity-type", "restriction", *_PAGE), 400),
    _route("POST", "/search", site.search_by_body, ("entity-type", *_PAGE), 200, 400),
    _route("POST", "/authentication", site.authenticate, ("username",), 200, 400),
    _route("POST", "/authentication/notify", site.notified, ("username",), 200, 400),
    _route("POST", "/session", site.create_session, ("validate-password", "duration", "expand"), 201, 400),
    _read("/session/{token}", site.get_session, ("expand",), 404),
    _route("POST", "/session/{token}", site.validate_session, ("expand",), 200, 400, 404),
    _route("DELETE", "/session/{token}", site.end_session, (), 204),
    _route("DELETE", "/session", site.end_sessions, ("username", "exclude"), 204, 400),
    _read("/config/cookie", site.cookie, ()),
    _read("/event", site.current_token, ()),
    _read("/event/{token}", site.events_after, (), 410),
)
