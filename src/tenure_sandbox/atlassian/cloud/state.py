"""What a stand-in of Atlassian Cloud remembers: a SCIM directory, and the accounts that its people are linked to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from tenure_sandbox.scim.documents import Document
from tenure_sandbox.scim.schemas import (
    ENTERPRISE_ATTRIBUTES,
    ENTERPRISE_URN,
    GROUP,
    USER_ATTRIBUTES,
    USER_URN,
    Kind,
    shown,
)
from tenure_sandbox.scim.state import Resource, Scim
from tenure_sandbox.scim.texts import Refused, invalid
from tenure_sandbox.scim.variants import Variant

DIRECTORY = "2f1c1f6e-0d4b-4c6e-9b1c-7a5d3c0f9e21"
EXTERNAL_URN = "urn:scim:schemas:extension:atlassian-external:1.0"
VERIFIED = ("example.com", "example.org", "new.example")
CLOUD = Variant("2022-08", etag=False, page=100)
_KEPT = ("userName", "name", "displayName", "nickName", "title", "preferredLanguage", "timezone", "active", "emails",
         "phoneNumbers", "groups")  # fmt: skip
_ACCOUNTS = uuid.UUID("d6f0a9c2-33a7-4b0e-8a55-0f6f0d9a4a11")


@dataclass(slots=True, eq=False)
class Account:
    """An Atlassian account, known by its e-mail address; it outlives the person in the directory."""

    id: str
    disabled: bool = False


def _people() -> Kind:
    core = tuple({**one, "required": one["required"] or one["name"] == "emails"} for one in USER_ATTRIBUTES
                 if one["name"] in _KEPT)  # fmt: skip
    enterprise = tuple(one for one in ENTERPRISE_ATTRIBUTES if one["name"] in ("organization", "department"))
    external = (shown("atlassianAccountId", exact=True),)
    return Kind("User", "/Users", USER_URN, core, ((ENTERPRISE_URN, enterprise), (EXTERNAL_URN, external)))


class Cloud(Scim):
    """One directory of one organisation."""

    def __init__(self, users: int = 0) -> None:
        """Settle the inhabitants, and `users` generated people beside them."""
        self.accounts: dict[str, Account] = {}
        self._settling = True
        super().__init__(CLOUD, users, _people())
        self._settling = False

    def account_of(self, person: Resource) -> Account:
        """The account that a person is linked to: by the address that they came with."""
        return self.accounts[person.id]

    def by_account(self, key: str) -> Account | None:
        """The account of that id, if the organisation manages it."""
        return next((one for one in self.accounts.values() if one.id == key), None)

    def add(self, kind: Kind, document: Document) -> Resource:
        """Keep somebody new, who is linked to the account of their address, or a group, whose name is its own."""
        if kind is GROUP:
            name = document["displayName"].lower()
            if any(one.document["displayName"].lower() == name for one in self.found["Group"].values()):
                raise Refused(409, f"there is a group {document['displayName']}", "uniqueness")
            return super().add(kind, document)
        address = _primary(document)
        if address.rpartition("@")[2] not in VERIFIED:
            raise invalid(f"{address} is not in a domain that the organisation has verified")
        made = super().add(kind, document)
        account = self.accounts.get(address) or Account(f"557058:{uuid.uuid5(_ACCOUNTS, address)}")
        account.disabled = False
        self.accounts[address] = self.accounts[made.id] = account
        return made

    def change(self, resource: Resource, document: Document) -> bool:
        """Keep the new document of a person or a group; a group keeps its name."""
        if resource.kind is GROUP and document["displayName"] != resource.document["displayName"]:
            raise invalid("displayName cannot be changed", "mutability")
        return super().change(resource, document)

    def remove(self, resource: Resource) -> None:
        """Forget a resource; the account of a person is deactivated, and stays."""
        super().remove(resource)
        if resource.kind is not GROUP:
            self.accounts.pop(resource.id).disabled = True

    def whole(self, resource: Resource) -> Document:
        """What the server adds to a person's own document: the account behind it."""
        return {} if resource.kind is GROUP else {EXTERNAL_URN: {"atlassianAccountId": self.account_of(resource).id}}

    def check(self, kind: Kind, document: Document, mine: Resource | None) -> None:
        """Refuse a person without exactly one primary address, or with somebody else's."""
        super().check(kind, document, mine)
        if kind is GROUP or self._settling:
            return
        address = _primary(document)
        if mine is not None and _primary(mine.document) == address:
            return
        if any(_primary(one.document) == address for one in self.found["User"].values()):
            raise Refused(409, f"{address} is somebody else's address", "uniqueness")

    def _account_document(self, account: Resource) -> dict[str, Any]:
        shown = super()._account_document(account)
        return {**shown, "active": shown["active"] and not self.account_of(account).disabled}


def _primary(document: Document) -> str:
    """The primary address of a person, in lower case; refused when there is none, or more than one."""
    found = [one for one in document.get("emails", []) if one.get("primary") is True]
    address = str(found[0].get("value", "")).lower() if len(found) == 1 else ""
    if not address.partition("@")[2]:
        raise invalid("exactly one address must be primary, and be an address")
    return address
