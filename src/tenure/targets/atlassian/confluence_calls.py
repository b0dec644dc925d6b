"""Confluence's REST API as far as Tenure uses it: the calls, the documents that come back, and its own error form."""

from __future__ import annotations

from msgspec import Struct, field

from tenure.model.change import ChangeKind
from tenure.model.error import Rejected, Unreachable
from tenure.model.seen import AccountSeen
from tenure.wire import Operation, Reply

API = "/rest/api"
LICENCE = "/rest/license/1.0/license"
MEMBERSHIP = f"{API}/user/{{username}}/group/{{groupName}}"

MANIFEST = Operation(None, "GET", "/rest/applinks/1.0/manifest")
CURRENT_USER = Operation(None, "GET", f"{API}/user/current")
GET_USER = Operation(None, "GET", f"{API}/user")
MEMBER_OF = Operation(None, "GET", f"{API}/user/memberof")
LIST_USERS = Operation(None, "GET", f"{API}/user/list")
LIST_ACTIVE = Operation(None, "GET", f"{API}/admin/users/list/active")
LIST_GROUPS = Operation(None, "GET", f"{API}/group")
GET_GROUP = Operation(None, "GET", f"{API}/group/{{groupName}}")
LIST_MEMBERS = Operation(None, "GET", f"{API}/group/{{groupName}}/member")
LIST_CHILDREN = Operation(None, "GET", f"{API}/group/{{groupName}}/groupmember")
LIST_PERMISSIONS = Operation(None, "GET", f"{API}/permissions")
USER_PERMISSIONS = Operation(None, "GET", f"{API}/permissions/user/{{user}}")
LIST_SPACES = Operation(None, "GET", f"{API}/space")
IN_SPACE = Operation(None, "GET", f"{API}/space/{{spaceKey}}/permissions")
USER_IN_SPACE = Operation(None, "GET", f"{API}/space/{{spaceKey}}/permissions/user/{{userKey}}")
USER_COUNT = Operation(None, "GET", f"{LICENCE}/userCount")
MOST_USERS = Operation(None, "GET", f"{LICENCE}/maxUsers")
LONG_TASK = Operation(None, "GET", f"{API}/longtask/{{id}}")

CREATE_USER = Operation(ChangeKind.CREATE_ACCOUNT, "POST", f"{API}/admin/user")
LEAVE_GIVEN = Operation(ChangeKind.CREATE_ACCOUNT, "DELETE", MEMBERSHIP)
UPDATE_USER = Operation(ChangeKind.UPDATE_ACCOUNT, "PUT", f"{API}/admin/user/{{username}}")
DISABLE_USER = Operation(ChangeKind.DEACTIVATE_ACCOUNT, "PUT", f"{API}/admin/user/{{username}}/disable")
ENABLE_USER = Operation(ChangeKind.REACTIVATE_ACCOUNT, "PUT", f"{API}/admin/user/{{username}}/enable")
JOIN_GROUP = Operation(ChangeKind.JOIN_GROUPS, "PUT", MEMBERSHIP)
LEAVE_GROUP = Operation(ChangeKind.LEAVE_GROUPS, "DELETE", MEMBERSHIP)
MAKE_GROUP = Operation(ChangeKind.CREATE_GROUP, "POST", f"{API}/admin/group")
REVOKE = Operation(ChangeKind.REVOKE_PERMISSIONS, "PUT", f"{API}/permissions/user/{{user}}/revoke")
DELETE_USER = Operation(ChangeKind.DELETE_ACCOUNT, "DELETE", f"{API}/admin/user/{{username}}")
DELETE_GROUP = Operation(ChangeKind.DELETE_GROUP, "DELETE", f"{API}/admin/group/{{groupName}}")

OPERATIONS = (
    MANIFEST,
    CURRENT_USER,
    GET_USER,
    MEMBER_OF,
    LIST_USERS,
    LIST_ACTIVE,
    LIST_GROUPS,
    GET_GROUP,
    LIST_MEMBERS,
    LIST_CHILDREN,
    LIST_PERMISSIONS,
    USER_PERMISSIONS,
    LIST_SPACES,
    IN_SPACE,
    USER_IN_SPACE,
    USER_COUNT,
    MOST_USERS,
    LONG_TASK,
    CREATE_USER,
    LEAVE_GIVEN,
    UPDATE_USER,
    DISABLE_USER,
    ENABLE_USER,
    JOIN_GROUP,
    LEAVE_GROUP,
    MAKE_GROUP,
    REVOKE,
    DELETE_USER,
    DELETE_GROUP,
)

KNOWN = "known"
LICENSED = frozenset({"current", "active"})  # no document names the words; clients in the field know either
OPEN, SHUT, GONE_OUTSIDE = LICENSED | {"unlicensed"}, "deactivated", "externally_deleted"


class User(Struct, frozen=True, rename="camel"):
    """An account (KnownUser), or what stands for nobody: `type` is then not `known`. It never has an e-mail address.

    `status` is shown when `expand=status` asks for it.
    """

    type: str
    user_key: str = ""
    username: str = ""
    display_name: str | None = None
    status: str | None = None

    @property
    def state(self) -> str:
        """The status in one spelling."""
        return (self.status or "").lower().replace("-", "_")

    def seen(self, groups: frozenset[str] | None = None) -> AccountSeen:
        """The account in our words. Raises Unreachable when its status is not told, or is a word that we do not know.

        Which directory an account comes from Confluence does not tell, except that it is gone there.
        """
        active = self.state in OPEN
        if not active and self.state not in (SHUT, GONE_OUTSIDE):
            raise Unreachable(f"Confluence does not say whether {self.username} is active (status {self.status!r})")
        fields = {"username": self.username, "display_name": self.display_name or None}
        outside = self.state == GONE_OUTSIDE
        authority = "external" if outside else "internal"
        return AccountSeen(self.user_key, self.username, active, fields, groups, authority, not outside)


class Group(Struct, frozen=True):
    """A group by its name."""

    name: str


class Space(Struct, frozen=True):
    """A space by its key."""

    key: str


class Links(Struct, frozen=True):
    """Where the next page is; None on the last one."""

    next: str | None = None


class UserPage(Struct, frozen=True, rename="camel"):
    """A page of accounts. `limit` is how many rows the server was willing to show."""

    results: tuple[User, ...]
    limit: int
    links: Links = field(name="_links", default=Links())
    total_count: int | None = None


class GroupPage(Struct, frozen=True, rename="camel"):
    """A page of groups."""

    results: tuple[Group, ...]
    limit: int
    links: Links = field(name="_links", default=Links())
    total_count: int | None = None


class SpacePage(Struct, frozen=True, rename="camel"):
    """A page of spaces."""

    results: tuple[Space, ...]
    limit: int
    links: Links = field(name="_links", default=Links())
    total_count: int | None = None


class Permission(Struct, frozen=True, rename="camel"):
    """What may be done to what (OperationDescription)."""

    target_type: str
    operation_key: str


class Holder(Struct, frozen=True, rename="camel"):
    """Who holds a permission: a group has a name."""

    type: str = ""
    name: str | None = None


class Held(Struct, frozen=True):
    """A permission with its holder (GlobalPermission, SpacePermission)."""

    operation: Permission
    subject: Holder = Holder()


class UserKey(Struct, frozen=True, rename="camel"):
    """All that the answer to a create shows."""

    user_key: str


class Submitted(Struct, frozen=True):
    """A long task that was begun (LongTaskSubmission)."""

    id: str


class Message(Struct, frozen=True):
    """A message, by its key or in words (Message)."""

    key: str = ""
    translation: str = ""


class LongTask(Struct, frozen=True, rename="camel"):
    """How far a long task is (LongTaskStatus)."""

    percentage_complete: int = 0
    successful: bool = False
    messages: tuple[Message, ...] = ()

    @property
    def told(self) -> str:
        """What Confluence says of it."""
        said = (one.translation or one.key for one in self.messages)
        return "; ".join(dict.fromkeys(filter(None, said))) or "Confluence does not say why"


class Count(Struct, frozen=True):
    """A number of the licence; below 0 means that there is no limit."""

    count: int


class Manifest(Struct, frozen=True, rename="camel"):
    """What the server tells other servers about itself, signed in or not; `id` is made once and stays."""

    id: str
    version: str
    type_id: str


def addressable(name: str) -> bool:
    """True for a name that an address can hold: Confluence's web server lets none in that has a slash."""
    return name not in ("", ".", "..") and "/" not in name and "\\" not in name


def group_path(name: str) -> dict[str, str]:
    """Where a group is. Raises Rejected for a name that no address can hold."""
    if not addressable(name):
        raise Rejected(f"Confluence cannot be asked for the group {name!r}: choose a name without slashes")
    return {"groupName": name}


def own_error(reply: Reply) -> str | None:
    """Confluence's words when the answer is in its own error form (RestError: statusCode, message), else None.

    The answer to an address that Confluence does not have is another form, and tells no absence.
    """
    body = reply.body
    if not isinstance(body, dict) or "statusCode" not in body:
        return None
    words = body.get("message") or body.get("reason")
    return words if isinstance(words, str) else None
