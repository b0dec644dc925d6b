"""Crowd's user management API as far as Tenure uses it: the calls, the documents that come back, its own error form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from msgspec import UNSET, Struct, UnsetType

from tenure.model.change import ChangeKind
from tenure.model.seen import AccountSeen
from tenure.wire import Operation, Reply

API = "/rest/usermanagement/1"
VERSION = "x-embedded-crowd-version"
PROPERTY = "properties."
LAST_SIGN_IN = "lastAuthenticated"  # an attribute that Crowd keeps itself, in milliseconds since 1970

COOKIE = Operation(None, "GET", f"{API}/config/cookie")
SEARCH = Operation(None, "GET", f"{API}/search")
GET_USER = Operation(None, "GET", f"{API}/user")
GROUPS_OF = Operation(None, "GET", f"{API}/user/group/direct")
GET_GROUP = Operation(None, "GET", f"{API}/group")
MEMBERS = Operation(None, "GET", f"{API}/group/user/direct")
ALL_MEMBERS = Operation(None, "GET", f"{API}/group/user/nested")
SUBGROUPS = Operation(None, "GET", f"{API}/group/child-group/direct")

CREATE_USER = Operation(ChangeKind.CREATE_ACCOUNT, "POST", f"{API}/user")
SET_FIRST_ATTRIBUTES = Operation(ChangeKind.CREATE_ACCOUNT, "POST", f"{API}/user/attribute")
UPDATE_USER = Operation(ChangeKind.UPDATE_ACCOUNT, "PUT", f"{API}/user")
SET_ATTRIBUTES = Operation(ChangeKind.UPDATE_ACCOUNT, "POST", f"{API}/user/attribute")
CLEAR_ATTRIBUTE = Operation(ChangeKind.UPDATE_ACCOUNT, "DELETE", f"{API}/user/attribute")
RENAME_USER = Operation(ChangeKind.RENAME_ACCOUNT, "POST", f"{API}/user/rename")
DEACTIVATE_USER = Operation(ChangeKind.DEACTIVATE_ACCOUNT, "PUT", f"{API}/user")
REACTIVATE_USER = Operation(ChangeKind.REACTIVATE_ACCOUNT, "PUT", f"{API}/user")
JOIN_GROUP = Operation(ChangeKind.JOIN_GROUPS, "POST", f"{API}/user/group/direct")
LEAVE_GROUP = Operation(ChangeKind.LEAVE_GROUPS, "DELETE", f"{API}/user/group/direct")
MAKE_GROUP = Operation(ChangeKind.CREATE_GROUP, "POST", f"{API}/group")
END_SESSIONS = Operation(ChangeKind.END_SESSIONS, "DELETE", f"{API}/session")
DELETE_USER = Operation(ChangeKind.DELETE_ACCOUNT, "DELETE", f"{API}/user")
DELETE_GROUP = Operation(ChangeKind.DELETE_GROUP, "DELETE", f"{API}/group")

OPERATIONS = (
    COOKIE,
    SEARCH,
    GET_USER,
    GROUPS_OF,
    GET_GROUP,
    MEMBERS,
    ALL_MEMBERS,
    SUBGROUPS,
    CREATE_USER,
    SET_FIRST_ATTRIBUTES,
    UPDATE_USER,
    SET_ATTRIBUTES,
    CLEAR_ATTRIBUTE,
    RENAME_USER,
    DEACTIVATE_USER,
    REACTIVATE_USER,
    JOIN_GROUP,
    LEAVE_GROUP,
    MAKE_GROUP,
    END_SESSIONS,
    DELETE_USER,
    DELETE_GROUP,
)

IN_CROWD = {
    "username": "name",
    "email": "email",
    "display_name": "display-name",
    "first_name": "first-name",
    "last_name": "last-name",
}
"""The fields of an account: our name, Crowd's name."""


class Attribute(Struct, frozen=True):
    """An attribute with its values: Crowd keeps a set of them, Tenure writes one."""

    name: str
    values: tuple[str, ...] = ()

    def text(self) -> str | None:
        """The value, or what somebody else keeps as several, as a JSON list; None when there is none."""
        if len(self.values) > 1:
            return orjson.dumps(sorted(self.values)).decode()
        return (self.values[0] or None) if self.values else None


class Attributes(Struct, frozen=True):
    """The attributes of an account, filled when they are asked for with `expand=attributes`."""

    attributes: tuple[Attribute, ...] = ()


class User(Struct, frozen=True, rename="kebab"):
    """An account, whole (UserEntity). `key` stays when the name changes; a server without keys shows none."""

    name: str
    active: bool
    key: str | None = None
    first_name: str | UnsetType | None = UNSET
    last_name: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    attributes: Attributes = Attributes()

    @property
    def anchor(self) -> str:
        """What the account is known by: its key, or its name at a server that shows no keys."""
        return self.key or self.name

    def fields(self) -> dict[str, str | None]:
        """The fields that the document shows, in our names; one that it leaves out is left out."""
        shown: dict[str, str | None] = {"username": self.name}
        for field in IN_CROWD:
            value = self.name if field == "username" else getattr(self, field)
            if not isinstance(value, UnsetType):
                shown[field] = value or None
        return shown

    def bean(self) -> dict[str, object]:
        """Everything that a PUT has to say again, because it blanks what it leaves out."""
        shown = self.fields()
        return {**{IN_CROWD[field]: value or "" for field, value in shown.items()}, "active": self.active}

    def seen(self, groups: frozenset[str] | None = None, properties: tuple[str, ...] = ()) -> AccountSeen:
        """The account in our words, with the `properties.x` that are asked for."""
        kept = {attribute.name: attribute.text() for attribute in self.attributes.attributes}
        asked = {name: kept.get(name.removeprefix(PROPERTY)) for name in properties if name.startswith(PROPERTY)}
        fields = {**self.fields(), **asked}
        return AccountSeen(self.anchor, self.name, self.active, fields, groups, last_used=_moment(kept))


class Named(Struct, frozen=True):
    """An account or a group by its name alone."""

    name: str


class Users(Struct, frozen=True):
    """A page of accounts, whole: `expand=user`."""

    users: tuple[User, ...]

    @property
    def rows(self) -> tuple[User, ...]:
        """The accounts."""
        return self.users


class UserNames(Struct, frozen=True):
    """A page of accounts by name."""

    users: tuple[Named, ...]

    @property
    def rows(self) -> tuple[Named, ...]:
        """The names."""
        return self.users


class GroupNames(Struct, frozen=True):
    """A page of groups by name."""

    groups: tuple[Named, ...]

    @property
    def rows(self) -> tuple[Named, ...]:
        """The names."""
        return self.groups


def _moment(kept: Mapping[str, str | None]) -> datetime | None:
    """When somebody last signed in, if Crowd has kept it."""
    value = kept.get(LAST_SIGN_IN) or ""
    if not (value.isascii() and value.isdecimal() and len(value) < 15):
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def own_error(reply: Reply) -> str | None:
    """Crowd's words when the answer is in its own error form (ErrorEntity: reason, message), else None.

    Crowd puts its version into the header of every answer of this API: one without it is somebody else's.
    """
    body = reply.body
    if not isinstance(body, dict) or VERSION not in reply.headers:
        return None
    reason, message = body.get("reason"), body.get("message")
    return f"{reason}: {message}" if isinstance(reason, str) and reason else None
