"""Jira's REST API as far as Tenure uses it: the calls, the documents that come back, and its own error form."""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from tenure.model.change import ChangeKind
from tenure.model.error import Rejected
from tenure.model.seen import AccountSeen, Apart
from tenure.wire import Operation, Reply

API = "/rest/api/2"
NUMBERED = re.compile(r"JIRAUSER\d+")

SERVER_INFO = Operation(None, "GET", f"{API}/serverInfo")
MANIFEST = Operation(None, "GET", "/rest/applinks/1.0/manifest")
MYSELF = Operation(None, "GET", f"{API}/myself")
MY_PERMISSIONS = Operation(None, "GET", f"{API}/mypermissions")
LIST_USERS = Operation(None, "GET", f"{API}/user/list")
SEARCH_USERS = Operation(None, "GET", f"{API}/user/search")
GET_USER = Operation(None, "GET", f"{API}/user")
GET_PROPERTY = Operation(None, "GET", f"{API}/user/properties/{{propertyKey}}")
PICK_GROUPS = Operation(None, "GET", f"{API}/groups/picker")
LIST_MEMBERS = Operation(None, "GET", f"{API}/group/member")
LIST_ROLES = Operation(None, "GET", f"{API}/applicationrole")
LIST_PROJECTS = Operation(None, "GET", f"{API}/project")
LIST_SCHEMES = Operation(None, "GET", f"{API}/permissionscheme")
LIST_PROJECT_ROLES = Operation(None, "GET", f"{API}/role")
GET_PROJECT_ROLE = Operation(None, "GET", f"{API}/project/{{projectIdOrKey}}/role/{{id}}")
LIST_DUPLICATED = Operation(None, "GET", f"{API}/user/duplicated/list")
LOOK_INTO_ANONYMIZING = Operation(None, "GET", f"{API}/user/anonymization")
ANONYMIZING = Operation(None, "GET", f"{API}/user/anonymization/progress")
LIST_COMPONENTS = Operation(None, "GET", f"{API}/project/{{projectIdOrKey}}/components")

CREATE_USER = Operation(ChangeKind.CREATE_ACCOUNT, "POST", f"{API}/user")
SET_FIRST_PROPERTY = Operation(ChangeKind.CREATE_ACCOUNT, "PUT", f"{API}/user/properties/{{propertyKey}}")
UPDATE_USER = Operation(ChangeKind.UPDATE_ACCOUNT, "PUT", f"{API}/user")
SET_PROPERTY = Operation(ChangeKind.UPDATE_ACCOUNT, "PUT", f"{API}/user/properties/{{propertyKey}}")
CLEAR_PROPERTY = Operation(ChangeKind.UPDATE_ACCOUNT, "DELETE", f"{API}/user/properties/{{propertyKey}}")
RENAME_USER = Operation(ChangeKind.RENAME_ACCOUNT, "PUT", f"{API}/user")
DEACTIVATE_USER = Operation(ChangeKind.DEACTIVATE_ACCOUNT, "PUT", f"{API}/user")
REACTIVATE_USER = Operation(ChangeKind.REACTIVATE_ACCOUNT, "PUT", f"{API}/user")
JOIN_GROUP = Operation(ChangeKind.JOIN_GROUPS, "POST", f"{API}/group/user")
LEAVE_GROUP = Operation(ChangeKind.LEAVE_GROUPS, "DELETE", f"{API}/group/user")
END_SESSIONS = Operation(ChangeKind.END_SESSIONS, "DELETE", f"{API}/user/session/{{username}}")
LEAD_PROJECT = Operation(ChangeKind.HAND_OVER_LEADS, "PUT", f"{API}/project/{{projectIdOrKey}}")
LEAD_COMPONENT = Operation(ChangeKind.HAND_OVER_LEADS, "PUT", f"{API}/component/{{id}}")
ANONYMIZE_USER = Operation(ChangeKind.ANONYMIZE_ACCOUNT, "POST", f"{API}/user/anonymization")
DELETE_USER = Operation(ChangeKind.DELETE_ACCOUNT, "DELETE", f"{API}/user")
DELETE_GROUP = Operation(ChangeKind.DELETE_GROUP, "DELETE", f"{API}/group")
MAKE_GROUP = Operation(ChangeKind.CREATE_GROUP, "POST", f"{API}/group")

OPERATIONS = (
    SERVER_INFO,
    MANIFEST,
    MYSELF,
    MY_PERMISSIONS,
    LIST_USERS,
    SEARCH_USERS,
    GET_USER,
    GET_PROPERTY,
    PICK_GROUPS,
    LIST_MEMBERS,
    LIST_ROLES,
    LIST_PROJECTS,
    LIST_COMPONENTS,
    LIST_SCHEMES,
    LIST_PROJECT_ROLES,
    GET_PROJECT_ROLE,
    LIST_DUPLICATED,
    LOOK_INTO_ANONYMIZING,
    ANONYMIZING,
    CREATE_USER,
    SET_FIRST_PROPERTY,
    UPDATE_USER,
    SET_PROPERTY,
    CLEAR_PROPERTY,
    RENAME_USER,
    DEACTIVATE_USER,
    REACTIVATE_USER,
    JOIN_GROUP,
    LEAVE_GROUP,
    MAKE_GROUP,
    END_SESSIONS,
    LEAD_PROJECT,
    LEAD_COMPONENT,
    ANONYMIZE_USER,
    DELETE_USER,
    DELETE_GROUP,
)


class GroupName(Struct, frozen=True):
    """A group by its name (GroupBean, GroupJsonBean, GroupSuggestionBean)."""

    name: str


class GroupNames(Struct, frozen=True):
    """The groups of an account, filled when they are asked for with `expand=groups`."""

    size: int
    items: tuple[GroupName, ...] = ()


class User(Struct, frozen=True, rename="camel"):
    """An account as listings and look-ups show it (UserBean, UserJsonBean)."""

    key: str
    name: str
    active: bool
    email_address: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    deleted: bool = False
    groups: GroupNames | None = None
    application_roles: GroupNames | None = None
    last_login_time: str | None = None

    @property
    def anonymized(self) -> bool:
        """Whether it bears the names that anonymization gives: a number for a key, and the same for a name."""
        return not self.active and self.name == self.key.lower() and bool(NUMBERED.fullmatch(self.key))

    def seen(self, groups: frozenset[str] | None = None) -> AccountSeen:
        """The account in our words. Jira's API does not tell its directory, so that it passes for internal."""
        apart, last_used = Apart.ANONYMIZED if self.anonymized else None, _moment(self.last_login_time)
        fields = shown_fields(self)
        return AccountSeen(self.key, self.name, self.active, fields, groups, last_used=last_used, apart=apart)


class WrittenUser(Struct, frozen=True, rename="camel"):
    """What the answer to a create or an update shows of the account (UserWriteBean)."""

    key: str
    name: str
    email_address: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class UserPage(Struct, frozen=True, rename="camel"):
    """A page of the stream of all accounts (StreamPageBean): no total, a cursor that means nothing to us."""

    values: tuple[User, ...]
    is_last: bool
    next_cursor: str | int | None = None


class MemberPage(Struct, frozen=True, rename="camel"):
    """A page of a group's members (PageBean)."""

    values: tuple[User, ...]
    total: int
    start_at: int
    is_last: bool


class GroupSuggestions(Struct, frozen=True):
    """Groups whose names contain a text: at most as many as the server likes; `total` tells how many there are."""

    groups: tuple[GroupName, ...]
    total: int


class ApplicationRole(Struct, frozen=True, rename="camel"):
    """An application of the server with the groups whose members use its licence, and its seats."""

    key: str
    name: str = ""
    groups: tuple[str, ...] = ()
    user_count: int | None = None
    number_of_seats: int | None = None
    has_unlimited_seats: bool = False


class Lead(Struct, frozen=True):
    """Who leads a project or a component."""

    key: str
    name: str


class Project(Struct, frozen=True):
    """A project with its lead, who is shown when `expand=lead` asks for it."""

    id: str
    key: str
    lead: Lead | None = None


class Component(Struct, frozen=True):
    """A component of a project with its lead, if it has one."""

    id: str
    name: str
    lead: Lead | None = None


class Permission(Struct, frozen=True, rename="camel"):
    """Whether the account that we sign in with has a permission."""

    have_permission: bool = False


class Permissions(Struct, frozen=True):
    """The permissions of the account that we sign in with, by key."""

    permissions: dict[str, Permission]


class Property(Struct, frozen=True):
    """A property of an account: any JSON."""

    value: object = None


class ServerInfo(Struct, frozen=True, rename="camel"):
    """Which server this is."""

    version: str
    deployment_type: str = "Server"


class Manifest(Struct, frozen=True):
    """What the server tells other servers about itself; `id` is made once and stays."""

    id: str


def shown_fields(user: User | WrittenUser) -> dict[str, str | None]:
    """The fields that a document shows, in our names; one that it leaves out is left out."""
    shown: dict[str, str | None] = {"username": user.name}
    if not isinstance(user.email_address, UnsetType):
        shown["email"] = user.email_address or None
    if not isinstance(user.display_name, UnsetType):
        shown["display_name"] = user.display_name or None
    return shown


def _moment(text: str | None) -> datetime | None:
    """When somebody last signed in, as Jira writes it (2023-08-30T16:37:01+1000)."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def property_path(key: str) -> dict[str, str]:
    """Where a property is. Raises Rejected for a key that Jira's web server lets no address contain."""
    if "/" in key or "\\" in key:
        raise Rejected(f"Jira cannot be asked for the property {key}: choose a key without slashes")
    return {"propertyKey": key}


def _said(message: object) -> str:
    """A sentence; where Jira looks into anonymizing, a field has an error form of its own."""
    inner = message.get("errorMessages") if isinstance(message, dict) else None
    return " ".join(map(str, inner)) if isinstance(inner, list) else str(message)


def own_error(reply: Reply) -> str | None:
    """Jira's words when the answer is in its own error form (ErrorCollection), else None.

    The form is `errorMessages`, a list, and `errors`, sentences by field; one of them says something. The answer to an
    address that Jira does not have (`{"message": ..., "status-code": 404}`) is another form, and tells no absence.
    """
    body = reply.body
    if not isinstance(body, dict):
        return None
    messages, errors = body.get("errorMessages") or [], body.get("errors") or {}
    if not isinstance(messages, list) or not isinstance(errors, dict):
        return None
    words = [str(message) for message in messages]
    words += [f"{field}: {_said(message)}" for field, message in errors.items()]
    return "; ".join(words) or None
