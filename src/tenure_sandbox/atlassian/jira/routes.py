"""Jira's operations in one literal table: what each reads, what it answers, and who may call it."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Route

from . import anonymization_routes as anonymization
from . import application_routes as application
from . import look_routes as look
from . import people_routes as people
from . import role_routes as role
from . import scheme_routes as scheme
from . import search_routes as search
from . import session_routes as session
from . import site_routes as site

_NAME = ("username",)
_COLUMNS, _FORM = "/rest/api/2/user/columns", "application/x-www-form-urlencoded"
_PREFERENCES, _A11Y = "/rest/api/2/mypreferences", "accessibility"
_WHO = ("username", "key")
_OWNER = ("username", "userKey")
_ENTRY = ("username", "applicationKey")
_ACTOR = ("user", "group")
_AGAIN = "/rest/api/2/user/anonymization/rerun"
_APPLICATION = "/rest/api/2/user/application"
_PROJECT = "/rest/api/2/project/{projectIdOrKey}"
_SCHEME = "/rest/api/2/permissionscheme"
_GRANT = f"{_SCHEME}/{{schemeId}}/permission/{{permissionId}}"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/rest/api/2/user", people.get_user, (*_WHO, "includeDeleted", "expand"), (200, 401, 403, 404), "browse"
    ),
    Route("POST", "/rest/api/2/user", people.create_user, (), (201, 400, 401, 403), directory=True),
    Route("PUT", "/rest/api/2/user", people.update_user, _WHO, (200, 400, 401, 403, 404), directory=True),
    Route("DELETE", "/rest/api/2/user", people.delete_user, _WHO, (204, 400, 401, 403, 404), directory=True),
    Route("PUT", "/rest/api/2/user/password", people.set_password, _WHO, (204, 400, 401, 403, 404), directory=True),
    Route(
        "GET",
        "/rest/api/2/user/search",
        people.search_users,
        ("username", "startAt", "maxResults", "includeActive", "includeInactive"),
        (200, 400, 401),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/list",
        people.list_users,
        ("cursor", "maxResults"),
        (200, 400, 401, 403),
        "browse",
        feature="user_list",
    ),
    Route(
        "GET",
        "/rest/api/2/user/anonymization",
        anonymization.validate,
        ("expand", "userKey"),
        (200, 400, 403),
        feature="anonymize",
    ),
    Route(
        "POST", "/rest/api/2/user/anonymization", anonymization.schedule, (), (202, 400, 403, 409), feature="anonymize"
    ),
    Route(
        "GET",
        "/rest/api/2/user/anonymization/progress",
        anonymization.progress,
        ("taskId",),
        (200, 403, 404),
        feature="anonymize",
    ),
    Route(
        "GET",
        _AGAIN,
        anonymization.validate_again,
        ("expand", "oldUserKey", "oldUserName", "userKey"),
        (200, 400, 403),
        feature="anonymize",
    ),
    Route("POST", _AGAIN, anonymization.schedule_again, (), (202, 400, 403, 409), feature="anonymize"),
    Route("DELETE", "/rest/api/2/user/anonymization/unlock", anonymization.unlock, (), (400, 403), feature="anonymize"),
    Route(
        "GET",
        "/rest/api/2/user/picker",
        search.pick,
        ("query", "maxResults", "exclude", "showAvatar"),
        (200, 400, 401),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/assignable/search",
        search.assignable,
        ("username", "project", "issueKey", "maxResults"),
        (200, 400, 401, 404),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/assignable/multiProjectSearch",
        search.assignable_everywhere,
        ("username", "projectKeys", "maxResults"),
        (200, 400, 401, 404),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/permission/search",
        search.permitted,
        ("username", "permissions", "projectKey", "issueKey", "startAt", "maxResults"),
        (200, 400, 401, 403, 404),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/viewissue/search",
        search.viewers,
        ("username", "projectKey", "issueKey", "maxResults"),
        (200, 400, 401, 404),
        "caller",
    ),
    Route(
        "GET",
        "/rest/api/2/user/duplicated/list",
        anonymization.duplicated,
        ("flush",),
        (200, 401, 403),
        feature="duplicates",
    ),
    Route(
        "GET",
        "/rest/api/2/user/duplicated/count",
        anonymization.count_duplicated,
        ("flush",),
        (200, 401),
        "caller",
        feature="duplicates",
    ),
    Route("DELETE", "/rest/api/2/user/session/{username}", session.end_sessions, (), (200, 401, 403, 404)),
    Route("GET", "/rest/api/2/user/properties", people.property_keys, _OWNER, (200, 400, 401, 403, 404), "browse"),
    Route(
        "GET",
        "/rest/api/2/user/properties/{propertyKey}",
        people.get_property,
        _OWNER,
        (200, 400, 401, 403, 404),
        "browse",
    ),
    Route(
        "PUT",
        "/rest/api/2/user/properties/{propertyKey}",
        people.set_property,
        _OWNER,
        (200, 201, 400, 401, 403, 404),
    ),
    Route(
        "DELETE",
        "/rest/api/2/user/properties/{propertyKey}",
        people.delete_property,
        _OWNER,
        (204, 400, 401, 403, 404),
    ),
    Route(
        "GET",
        "/rest/api/2/group",
        site.get_group,
        ("groupname", "expand"),
        (200, 400, 401, 403, 404),
        feature="group_with_users",
    ),
    Route("POST", "/rest/api/2/group", site.create_group, (), (201, 400, 401, 403), directory=True),
    Route(
        "DELETE",
        "/rest/api/2/group",
        site.delete_group,
        ("groupname", "swapGroup"),
        (200, 400, 401, 403, 404),
        directory=True,
    ),
    Route(
        "GET",
        "/rest/api/2/group/member",
        site.group_members,
        ("groupname", "startAt", "maxResults", "includeInactiveUsers"),
        (200, 400, 401, 403, 404),
    ),
    Route("POST", "/rest/api/2/group/user", site.add_member, ("groupname",), (201, 400, 401, 403, 404), directory=True),
    Route(
        "DELETE",
        "/rest/api/2/group/user",
        site.remove_member,
        ("groupname", "username"),
        (200, 400, 401, 403, 404),
        directory=True,
    ),
    Route(
        "GET", "/rest/api/2/groups/picker", site.pick_groups, ("query", "exclude", "maxResults"), (200, 400), "caller"
    ),
    Route(
        "GET",
        "/rest/api/2/groupuserpicker",
        search.pick_both,
        ("query", "maxResults", "showAvatar"),
        (200, 400, 403),
        "browse",
    ),
    Route("GET", "/rest/api/2/applicationrole", application.roles, (), (200, 401, 403)),
    Route("GET", "/rest/api/2/applicationrole/{key}", application.one_role, (), (200, 401, 403, 404)),
    Route("PUT", "/rest/api/2/applicationrole", application.update_roles, (), (200, 400, 401, 403, 404, 412)),
    Route("PUT", "/rest/api/2/applicationrole/{key}", application.update_role, (), (200, 400, 401, 403, 404, 412)),
    Route("POST", _APPLICATION, application.let_in, _ENTRY, (200, 400, 401, 403), directory=True),
    Route("DELETE", _APPLICATION, application.shut_out, _ENTRY, (204, 400, 401, 403), directory=True),
    Route(
        "PUT",
        "/rest/api/2/myself/password",
        people.change_own_password,
        (),
        (204, 400, 401, 403),
        "caller",
        directory=True,
    ),
    Route("GET", "/rest/api/2/myself", people.myself, (), (200, 401), "caller"),
    Route("PUT", "/rest/api/2/myself", people.update_myself, (), (200, 400, 401, 403), "caller", directory=True),
    Route("GET", "/rest/api/2/mypermissions", site.my_permissions, (), (200, 401), "caller"),
    Route("GET", "/rest/api/2/avatar/{type}/system", look.system_pictures, (), (200, 401, 404), "caller"),
    Route("GET", "/rest/api/2/user/avatars", look.pictures, _NAME, (200, 401, 404), "caller"),
    Route("PUT", "/rest/api/2/user/avatar", look.choose_picture, _NAME, (200, 400, 401, 403, 404), "caller"),
    Route("GET", _COLUMNS, look.columns, _NAME, (200, 401, 404), "caller"),
    Route("PUT", _COLUMNS, look.set_columns, (), (200, 401, 404, 500), "caller", media=_FORM),
    Route("DELETE", _COLUMNS, look.reset_columns, _NAME, (204, 401, 404), "caller"),
    Route("GET", "/rest/api/2/user/a11y/personal-settings", look.accessibility, (), (200,), "caller", _A11Y),
    Route("GET", _PREFERENCES, look.preference, ("key",), (200, 404), "caller"),
    Route("PUT", _PREFERENCES, look.set_preference, ("key",), (204, 400, 404), "caller"),
    Route("DELETE", _PREFERENCES, look.remove_preference, ("key",), (204, 404), "caller"),
    Route("GET", "/rest/api/2/password/policy", people.password_rules, ("hasOldPassword",), (200,), "anyone"),
    Route(
        "POST",
        "/rest/api/2/password/policy/updateUser",
        people.password_policy_of_change,
        (),
        (200, 400, 404),
        "caller",
    ),
    Route("POST", "/rest/api/2/password/policy/createUser", people.password_policy, (), (200, 400), "caller"),
    Route("GET", "/rest/api/2/serverInfo", site.server_info, (), (200,), "anyone"),
    Route("GET", "/rest/api/2/project", site.projects, (), (200, 401, 403), "browse"),
    Route("GET", "/rest/api/2/project/{projectIdOrKey}", site.get_project, (), (200, 404), "caller"),
    Route("PUT", "/rest/api/2/project/{projectIdOrKey}", site.update_project, (), (200, 400, 401, 403, 404)),
    Route("GET", "/rest/api/2/project/{projectIdOrKey}/components", site.project_components, (), (200, 404), "caller"),
    Route("GET", "/rest/api/2/permissions", scheme.permissions, (), (200, 401, 403)),
    Route("GET", _SCHEME, scheme.schemes, ("expand",), (200, 401, 403)),
    Route("POST", _SCHEME, scheme.create_scheme, ("expand",), (201, 400, 401, 403)),
    Route("GET", f"{_SCHEME}/{{schemeId}}", scheme.get_scheme, ("expand",), (200, 401, 403, 404)),
    Route("PUT", f"{_SCHEME}/{{schemeId}}", scheme.update_scheme, ("expand",), (200, 400, 401, 403, 404)),
    Route("DELETE", f"{_SCHEME}/{{schemeId}}", scheme.delete_scheme, (), (204, 400, 401, 403, 404)),
    Route("GET", f"{_SCHEME}/{{schemeId}}/permission", scheme.grants, ("expand",), (200, 401, 403, 404)),
    Route("POST", f"{_SCHEME}/{{schemeId}}/permission", scheme.add_grant, ("expand",), (201, 400, 401, 403, 404)),
    Route("GET", _GRANT, scheme.get_grant, ("expand",), (200, 401, 403, 404)),
    Route("DELETE", _GRANT, scheme.delete_grant, (), (204, 401, 403, 404)),
    Route("GET", f"{_SCHEME}/{{schemeId}}/attribute/{{key}}", scheme.get_attribute, (), (200, 401, 403, 404)),
    Route(
        "PUT",
        f"{_SCHEME}/{{schemeId}}/attribute/{{key}}",
        scheme.set_attribute,
        (),
        (204, 400, 401, 403, 404),
        media="text/plain",
    ),
    Route("GET", f"{_PROJECT}/permissionscheme", scheme.project_scheme, ("expand",), (200, 401, 403, 404)),
    Route("PUT", f"{_PROJECT}/permissionscheme", scheme.assign_scheme, ("expand",), (200, 400, 401, 403, 404)),
    Route("GET", "/rest/api/2/role", role.roles, (), (200, 401, 403)),
    Route("POST", "/rest/api/2/role", role.create_role, (), (200, 400, 401, 403, 409)),
    Route("GET", "/rest/api/2/role/{id}", role.get_role, (), (200, 401, 403, 404)),
    Route("PUT", "/rest/api/2/role/{id}", role.replace_role, (), (200, 400, 401, 403, 404)),
    Route("POST", "/rest/api/2/role/{id}", role.update_role, (), (200, 400, 401, 403, 404)),
    Route("DELETE", "/rest/api/2/role/{id}", role.delete_role, ("swap",), (204, 400, 401, 403, 404, 409)),
    Route("GET", "/rest/api/2/role/{id}/actors", role.role_actors, (), (200, 401, 403, 404)),
    Route("POST", "/rest/api/2/role/{id}/actors", role.add_role_actors, (), (200, 400, 401, 403, 404)),
    Route("DELETE", "/rest/api/2/role/{id}/actors", role.remove_role_actor, _ACTOR, (200, 400, 401, 403, 404)),
    Route("GET", f"{_PROJECT}/role", role.project_roles, (), (200, 404), "caller"),
    Route("GET", f"{_PROJECT}/role/{{id}}", role.project_role, (), (200, 404), "caller"),
    Route("PUT", f"{_PROJECT}/role/{{id}}", role.set_project_role, (), (200, 400, 404), "caller"),
    Route("POST", f"{_PROJECT}/role/{{id}}", role.add_to_project_role, (), (200, 400, 404, 410), "caller"),
    Route("DELETE", f"{_PROJECT}/role/{{id}}", role.remove_from_project_role, _ACTOR, (204, 404, 410), "caller"),
    Route("GET", "/rest/api/2/component/{id}", site.get_component, (), (200, 404), "caller"),
    Route("PUT", "/rest/api/2/component/{id}", site.update_component, (), (200, 400, 403, 404)),
    Route("POST", "/rest/auth/1/session", session.sign_in, (), (200, 400, 401, 403), "anyone"),
    Route("DELETE", "/rest/auth/1/session", session.sign_out, (), (204, 401), "caller"),
    Route("DELETE", "/rest/auth/1/websudo", session.end_administration, (), (204,), "caller"),
    Route("GET", "/rest/auth/1/session", session.current, (), (200, 401), "caller"),
    Route("GET", "/rest/applinks/1.0/manifest", site.manifest, (), (200,), "anyone"),
)
