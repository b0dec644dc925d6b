"""Bitbucket's REST API as far as Tenure uses it: the calls, the documents that come back, its own error form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType

from tenure.model.change import ChangeKind
from tenure.model.seen import AccountSeen
from tenure.wire import Operation, Reply

API, ADMIN = "/rest/api/latest", "/rest/api/latest/admin"
PROJECT = f"{API}/projects/{{projectKey}}"
REPOSITORY = f"{PROJECT}/repos/{{repositorySlug}}"
SSH, GPG, TOKENS = "/rest/ssh/latest/keys", "/rest/gpg/latest/keys", "/rest/access-tokens/latest/users/{userSlug}"
SIGNED_IN_AS = "x-ausername"  # in every answer to somebody who is signed in, percent-encoded

PROPERTIES = Operation(None, "GET", f"{API}/application-properties")
LICENCE = Operation(None, "GET", f"{ADMIN}/license")
LIST_USERS = Operation(None, "GET", f"{ADMIN}/users")
LIST_GROUPS = Operation(None, "GET", f"{ADMIN}/groups")
ACTIVE_USERS = Operation(None, "GET", f"{API}/users")
GROUP_NAMES = Operation(None, "GET", f"{API}/groups")
GROUPS_OF = Operation(None, "GET", f"{ADMIN}/users/more-members")
MEMBERS = Operation(None, "GET", f"{ADMIN}/groups/more-members")
USERS_WITH = Operation(None, "GET", f"{ADMIN}/permissions/users")
GROUPS_WITH = Operation(None, "GET", f"{ADMIN}/permissions/groups")
PROJECTS = Operation(None, "GET", f"{API}/projects")
REPOSITORIES = Operation(None, "GET", f"{PROJECT}/repos")
ON_PROJECT = {which: Operation(None, "GET", f"{PROJECT}/permissions/{which}") for which in ("users", "groups")}
ON_REPOSITORY = {which: Operation(None, "GET", f"{REPOSITORY}/permissions/{which}") for which in ("users", "groups")}
LIST_TOKENS = Operation(None, "GET", TOKENS)
LIST_SSH = Operation(None, "GET", SSH)
LIST_GPG = Operation(None, "GET", GPG)

CREATE_USER = Operation(ChangeKind.CREATE_ACCOUNT, "POST", f"{ADMIN}/users")
REPLACE_PASSWORD = Operation(ChangeKind.CREATE_ACCOUNT, "PUT", f"{ADMIN}/users/credentials")
UPDATE_USER = Operation(ChangeKind.UPDATE_ACCOUNT, "PUT", f"{ADMIN}/users")
RENAME_USER = Operation(ChangeKind.RENAME_ACCOUNT, "POST", f"{ADMIN}/users/rename")
JOIN_GROUPS = Operation(ChangeKind.JOIN_GROUPS, "POST", f"{ADMIN}/users/add-groups")
JOIN_GROUP = Operation(ChangeKind.JOIN_GROUPS, "POST", f"{ADMIN}/groups/add-users")
LEAVE_GROUP = Operation(ChangeKind.LEAVE_GROUPS, "POST", f"{ADMIN}/users/remove-group")
MAKE_GROUP = Operation(ChangeKind.CREATE_GROUP, "POST", f"{ADMIN}/groups")
DELETE_GROUP = Operation(ChangeKind.DELETE_GROUP, "DELETE", f"{ADMIN}/groups")
REVOKE_PERMISSIONS = Operation(ChangeKind.REVOKE_PERMISSIONS, "DELETE", f"{ADMIN}/permissions/users")
DELETE_TOKEN = Operation(ChangeKind.REVOKE_TOKENS, "DELETE", f"{TOKENS}/{{tokenId}}")
DELETE_SSH = Operation(ChangeKind.REVOKE_TOKENS, "DELETE", f"{SSH}/{{keyId}}")
DELETE_GPG = Operation(ChangeKind.REVOKE_TOKENS, "DELETE", f"{GPG}/{{fingerprintOrId}}")
DELETE_USER = Operation(ChangeKind.DELETE_ACCOUNT, "DELETE", f"{ADMIN}/users")
DELETE_TO_ERASE = Operation(ChangeKind.ANONYMIZE_ACCOUNT, "DELETE", f"{ADMIN}/users")
ERASE_USER = Operation(ChangeKind.ANONYMIZE_ACCOUNT, "POST", f"{ADMIN}/users/erasure")

OPERATIONS = (
    PROPERTIES,
    LICENCE,
    LIST_USERS,
    LIST_GROUPS,
    ACTIVE_USERS,
    GROUP_NAMES,
    GROUPS_OF,
    MEMBERS,
    USERS_WITH,
    GROUPS_WITH,
    PROJECTS,
    REPOSITORIES,
    *ON_PROJECT.values(),
    *ON_REPOSITORY.values(),
    LIST_TOKENS,
    LIST_SSH,
    LIST_GPG,
    CREATE_USER,
    REPLACE_PASSWORD,
    UPDATE_USER,
    RENAME_USER,
    JOIN_GROUPS,
    JOIN_GROUP,
    LEAVE_GROUP,
    MAKE_GROUP,
    DELETE_GROUP,
    REVOKE_PERMISSIONS,
    DELETE_TOKEN,
    DELETE_SSH,
    DELETE_GPG,
    DELETE_USER,
    DELETE_TO_ERASE,
    ERASE_USER,
)

Row = TypeVar("Row")


class Page(Struct, Generic[Row], frozen=True, rename="camel"):
    """A page of a listing: no total, and where the next one begins."""

    values: tuple[Row, ...]
    is_last_page: bool
    start: int
    next_page_start: int | None = None


class User(Struct, frozen=True, rename="camel"):
    """An account as administrators see it (RestDetailedUser). `id` stays when the name and the slug change.

    `mutable_details` false: it lives in a directory that Bitbucket cannot write. The flags are left out for somebody
    who is no administrator, and the last sign-in for somebody who never did.
    """

    id: int
    name: str
    slug: str
    active: bool
    email_address: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    type: str = "NORMAL"
    directory_name: str | None = None
    mutable_details: bool = True
    mutable_groups: bool = True
    last_authentication_timestamp: int | None = None

    @property
    def key(self) -> str:
        """What the account is known by."""
        return str(self.id)

    def fields(self) -> dict[str, str | None]:
        """The fields that the document shows, in our names; one that it leaves out is left out."""
        shown: dict[str, str | None] = {"username": self.name}
        if not isinstance(self.email_address, UnsetType):
            shown["email"] = self.email_address or None
        if not isinstance(self.display_name, UnsetType):
            shown["display_name"] = self.display_name or None
        return shown

    def seen(self, permission: str | None, groups: frozenset[str] | None = None) -> AccountSeen:
        """The account in our words, with the global permission that it holds itself."""
        used = self.last_authentication_timestamp
        return AccountSeen(
            self.key,
            self.name,
            self.active,
            self.fields(),
            groups,
            authority="internal" if self.mutable_details else self.directory_name or "read-only",
            writable=self.mutable_details,
            permissions=frozenset({permission} if permission else ()),
            last_used=datetime.fromtimestamp(used / 1000, UTC) if used else None,
        )


class Group(Struct, frozen=True):
    """A group by its name."""

    name: str


class UserWith(Struct, frozen=True):
    """An account with the highest permission that it holds itself."""

    user: User
    permission: str


class GroupWith(Struct, frozen=True):
    """A group with the highest permission that it gives."""

    group: Group
    permission: str


class Permitted(Struct, frozen=True):
    """An account or a group with the highest permission that it holds on a project or a repository."""

    permission: str
    user: User | None = None
    group: Group | None = None

    @property
    def holder(self) -> str:
        """What the holder is known by: the key of an account, the name of a group."""
        return self.user.key if self.user else self.group.name if self.group else ""


class LicenceStatus(Struct, frozen=True, rename="camel"):
    """How many people the licence counts, and which server this is."""

    current_number_of_users: int | None = None
    server_id: str | None = None


class Licence(Struct, frozen=True, rename="camel"):
    """The licence (RestBitbucketLicense)."""

    maximum_number_of_users: int | None = None
    unlimited_number_of_users: bool = False
    status: LicenceStatus = LicenceStatus()


class Properties(Struct, frozen=True):
    """Which server this is."""

    version: str


class Project(Struct, frozen=True):
    """A project by its key."""

    key: str


class Repository(Struct, frozen=True):
    """A repository by its slug."""

    slug: str


class Key(Struct, frozen=True):
    """An SSH key, a GPG key or an access token by its id."""

    id: int | str


class Erased(Struct, frozen=True, rename="camel"):
    """The name that stands for somebody who was erased."""

    new_identifier: str


def own_error(reply: Reply) -> str | None:
    """Bitbucket's words when the answer is in its own error form, else None.

    The form is `errors`, a list of what is wrong, each with `context`, `message` and `exceptionName`.
    """
    rows = reply.body.get("errors") if isinstance(reply.body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return None
    if not all("message" in row and "exceptionName" in row for row in rows):
        return None
    words = [f"{row['context']}: {row['message']}" if row.get("context") else str(row["message"]) for row in rows]
    return "; ".join(words)
