"""Everything a stand-in SCIM server remembers: people, groups, and a journal of what was written."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tenure_sandbox.people import GROUPS, INHABITANTS, Person, generated

from .documents import Document
from .schemas import ENTERPRISE_URN, GROUP, Kind, user_kind
from .texts import Refused, invalid
from .variants import Variant

FIRST_NUMBER = 10100
BEGINNING_S = 1_767_600_000  # a fixed time: the state must not depend on when it is asked for
_IDS = uuid.UUID("2f2c4a2e-6d3f-4b58-9f6a-40a2b7c59d11")


@dataclass(slots=True, eq=False)
class Resource:
    """A person or a group. `document` lacks what the server adds: `id`, `schemas`, `meta`, and a person's `groups`."""

    id: str
    kind: Kind
    document: Document
    version: int = 1
    created_s: int = BEGINNING_S
    modified_s: int = BEGINNING_S
    groups: set[str] = field(default_factory=set)

    @property
    def tag(self) -> str:
        """The version as an entity tag."""
        return f'W/"{self.version}"'


class Scim:
    """The state of one server; what may be written is decided by the modules beside."""

    def __init__(self, variant: Variant, users: int = 0, people: Kind | None = None) -> None:
        """Settle the inhabitants, and `users` generated people beside them; `people` says what a person is."""
        self.variant = variant
        self.users = people or user_kind(variant.active)
        self.found: dict[str, dict[str, Resource]] = {"User": {}, "Group": {}}
        self.names: dict[str, str] = {}
        self.journal: list[dict[str, Any]] = []
        self.shown_members: defaultdict[str, dict[str, Document]] = defaultdict(dict)
        """How members that are nothing but a value are shown, by the address of the server."""
        self._made = 0
        for name in GROUPS if variant.groups else ():
            self.add(GROUP, {"displayName": name})
        ids = {one.document["displayName"]: one.id for one in self.found["Group"].values()}
        for person in (*INHABITANTS, *generated(users, FIRST_NUMBER)):
            settled = self.add(self.users, self._settled(person))
            for group in person.groups if variant.groups else ():
                self.found["Group"][ids[group]].document.setdefault("members", []).append({"value": settled.id})
                settled.groups.add(ids[group])

    def _settled(self, person: Person) -> Document:
        first, _, last = person.display_name.partition(" ")
        document: Document = {
            "userName": person.name,
            "name": {"givenName": first, "familyName": last},
            "displayName": person.display_name,
            "emails": [{"value": person.email, "type": "work", "primary": True}],
        }
        return {**document, "active": person.active} if self.variant.active else document

    def now_s(self) -> int:
        """A time that passes with each write alone."""
        return BEGINNING_S + len(self.journal) + 1

    def add(self, kind: Kind, document: Document) -> Resource:
        """Keep a new document; refused when it names members who are not there, or a userName that is taken."""
        self.check(kind, document, None)
        self._made += 1
        made = Resource(str(uuid.uuid5(_IDS, str(self._made))), kind, {})
        made.created_s = made.modified_s = self.now_s() if self.journal else BEGINNING_S
        self.found[kind.name][made.id] = made
        self._keep(made, {"active": True, **document} if kind is not GROUP and self.variant.active else document)
        return made

    def change(self, resource: Resource, document: Document) -> bool:
        """Keep the new document of a resource; False when it is the one that it had."""
        if document == resource.document:
            return False
        self.check(resource.kind, document, resource)
        self._keep(resource, document)
        resource.version += 1
        resource.modified_s = self.now_s()
        return True

    def remove(self, resource: Resource) -> None:
        """Forget a resource, and its memberships with it."""
        for group in [self.found["Group"][one] for one in resource.groups]:
            group.document["members"] = [one for one in group.document["members"] if one["value"] != resource.id]
        for member in self._members(resource):
            member.groups.discard(resource.id)
        del self.found[resource.kind.name][resource.id]
        self.names = {name: one for name, one in self.names.items() if one != resource.id}

    def whole(self, resource: Resource) -> Document:
        """What this kind of server adds to a document beside what every one adds."""
        return {}

    def check(self, kind: Kind, document: Document, mine: Resource | None) -> None:
        """Refuse members who are not there, and a userName that is somebody else's."""
        if kind is GROUP:
            known = self._values(mine) if mine is not None else set[str]()
            for member in document.get("members", []):
                if member.get("value") not in known and self._named(member.get("value", "")) is None:
                    raise invalid(f"there is no member {member.get('value')}")
            return
        bearer = self.names.get(document["userName"].lower())
        if bearer is not None and (mine is None or bearer != mine.id):
            raise Refused(409, f"the userName {document['userName']} is taken", "uniqueness")

    def _keep(self, resource: Resource, document: Document) -> None:
        if resource.kind is GROUP:
            before, rows = self._values(resource), {one["value"]: one for one in document.get("members", [])}
            resource.document = {**document, "members": list(rows.values())}
            for key in before ^ rows.keys():
                if (member := self._named(key)) is not None:
                    (member.groups.add if key in rows else member.groups.discard)(resource.id)
            return
        if resource.document:
            self.names.pop(resource.document["userName"].lower(), None)
        self.names[document["userName"].lower()] = resource.id
        resource.document = {name: value for name, value in document.items() if name != "password"}

    def _named(self, key: str) -> Resource | None:
        return self.found["User"].get(key) or self.found["Group"].get(key)

    @staticmethod
    def _values(group: Resource) -> set[str]:
        return {one["value"] for one in group.document.get("members", [])}

    def _members(self, group: Resource) -> Iterable[Resource]:
        rows = group.document.get("members", []) if group.kind is GROUP else []
        return [found for one in rows if (found := self._named(one["value"])) is not None]

    def wrote(self, method: str, path: str, subject: str) -> None:
        """Journal a write that was accepted."""
        self.journal.append({"n": len(self.journal) + 1, "method": method, "path": path, "subject": subject})

    def document(self) -> dict[str, Any]:
        """The whole state as data, in an order that does not depend on history."""
        accounts = sorted(self.found["User"].values(), key=lambda one: str(one.document["userName"]))
        groups = sorted(self.found["Group"].values(), key=lambda one: (str(one.document["displayName"]), one.id))
        return {
            "accounts": [self._account_document(one) for one in accounts],
            "groups": [
                {
                    "name": one.document["displayName"],
                    "members": sorted(str(member.document.get("userName", "")) for member in self._members(one)),
                }
                for one in groups
            ],
            "writes": len(self.journal),
        }

    def _account_document(self, account: Resource) -> dict[str, Any]:
        document = account.document
        emails = sorted(document.get("emails", []), key=lambda one: not one.get("primary"))
        further = {name: document[name] for name in ("externalId", "title", "locale") if name in document}
        return {
            "name": document["userName"],
            "key": account.id,
            "email": emails[0]["value"] if emails else "",
            "display_name": document.get("displayName", ""),
            "active": document.get("active", True),
            "groups": sorted(str(self.found["Group"][one].document["displayName"]) for one in account.groups),
            "properties": {**further, **document.get(ENTERPRISE_URN, {})},
        }
