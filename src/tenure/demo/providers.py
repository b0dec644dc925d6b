"""Okta and Entra ID as clients: the requests that each sends, in its own dialect.

Okta's are those of its documentation for SCIM 2.0 apps of the catalogue (look up by userName, create with a random
password, PUT for the profile, path-less PATCH for `active`, PATCH for members); Entra ID's those of its guide for
SCIM endpoints (one operation an attribute, capitalised operations, `active` as text, the foreign schema on groups).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
_PATIENCE = 60.0


class StoryBroken(Exception):
    """A request of the story was not answered as a provider needs it."""


class NoAnswer(StoryBroken):
    """A request got no answer, or that of a server in trouble: it may have taken effect."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent, with the status of its answer."""

    method: str
    path: str
    status: int
    body: dict[str, Any] | None = None


@dataclass(slots=True)
class Provider:
    """An identity provider that pushes to one source. It repeats a request that got no answer, as providers do."""

    name: str
    base_url: str
    token: str
    user_agent: str
    media_type: str = "application/scim+json; charset=utf-8"
    sent: list[Sent] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """Send one request, and again while there is no answer; gives the body of the answer."""
        path += "?" + urlencode(query) if query else ""
        give_up = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._once(method, path, body)
            except NoAnswer:
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.2)

    def _once(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": self.user_agent, "Accept": self.media_type}
        headers |= {"Content-Type": self.media_type}
        try:
            with httpx2.Client(timeout=20) as client:
                answer = client.request(method, self.base_url + path, json=body, headers=headers)
        except httpx2.TransportError as error:
            raise NoAnswer(f"{self.name}: {method} {path}: no answer: {error}") from error
        if answer.status_code >= 500:
            raise NoAnswer(f"{self.name}: {method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        self.sent.append(Sent(method, path, answer.status_code, body))
        if answer.status_code >= 400:
            raise StoryBroken(f"{self.name}: {method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None

    def create(self, kind: str, key: str, attribute: str, document: dict[str, Any]) -> str:
        """Look a resource up by its unique attribute, and create it if it is not there; gives its id.

        When the creation gets no answer, it is looked up again first: it may have got through.
        """
        query = {"filter": f'{attribute} eq "{document[attribute]}"', "startIndex": "1", "count": "100"}
        give_up = time.monotonic() + _PATIENCE
        while True:
            found = self.request("GET", f"/{kind}", None, **query)["Resources"]
            try:
                made = found[0] if found else self._once("POST", f"/{kind}", document)
                break
            except NoAnswer:
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.2)
        self.ids[key] = made["id"]
        return self.ids[key]

    def patch(self, path: str, *operations: dict[str, Any]) -> None:
        """Send a PATCH of these operations."""
        self.request("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


class Okta(Provider):
    """Okta, as a catalogue (OIN) app."""

    def assign(self, who: str, user_name: str, given: str, family: str, *, mail: str = "", phone: str = "") -> None:
        """Create with a random password and an empty list of groups, as Okta does."""
        document: dict[str, Any] = {
            "schemas": [USER],
            "userName": user_name,
            "name": {"givenName": given, "familyName": family},
            "emails": [{"primary": True, "value": mail or user_name, "type": "work"}],
            "displayName": f"{given} {family}",
            "locale": "en-US",
            "externalId": f"00u-{who}",
            "groups": [],
            "password": "not-used-4f0c",
            "active": True,
        }
        if phone:
            document["phoneNumbers"] = [{"value": phone, "type": "work", "primary": True}]
        self.create("Users", who, "userName", document)

    def set_active(self, who: str, active: bool) -> None:
        """A path-less replace."""
        self.patch(f"/Users/{self.ids[who]}", {"op": "replace", "value": {"active": active}})

    def push_group(self, which: str, display_name: str, members: list[str]) -> None:
        """Create the group empty, then add its members, then repeat its name, as Okta does."""
        document = {"schemas": [GROUP], "displayName": display_name, "members": []}
        group = self.create("Groups", which, "displayName", document)
        self.patch(
            f"/Groups/{group}",
            {"op": "add", "path": "members", "value": [{"value": self.ids[m], "display": m} for m in members]},
            {"op": "replace", "value": {"id": group, "displayName": display_name}},
        )

    def take_out(self, which: str, who: str) -> None:
        """Remove by a value filter."""
        path = f'members[value eq "{self.ids[who]}"]'
        self.patch(f"/Groups/{self.ids[which]}", {"op": "remove", "path": path})


class Entra(Provider):
    """Entra ID, in the dialect that it speaks without the compliance flag."""

    def assign(self, who: str, user_name: str, given: str, family: str, *, mail: str = "", phone: str = "") -> None:
        """Create with the enterprise schema named, whether or not it is used."""
        document: dict[str, Any] = {
            "schemas": [USER, ENTERPRISE],
            "externalId": f"entra-{who}",
            "userName": user_name,
            "active": True,
            "displayName": f"{given} {family}",
            "emails": [{"primary": True, "type": "work", "value": mail or user_name}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": f"{given} {family}", "familyName": family, "givenName": given},
            "roles": [],
        }
        if phone:
            document["phoneNumbers"] = [{"type": "work", "value": phone}]
        self.create("Users", who, "userName", document)

    def change(self, who: str, *, mail: str, phone: str) -> None:
        """One operation an attribute, each with its path."""
        self.patch(
            f"/Users/{self.ids[who]}",
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": mail},
            {"op": "Replace", "path": 'phoneNumbers[type eq "work"].value', "value": phone},
        )

    def rename(self, who: str, user_name: str, given: str, family: str) -> None:
        """The user principal name changes, and with it the names and the e-mail."""
        self.patch(
            f"/Users/{self.ids[who]}",
            {"op": "Replace", "path": "userName", "value": user_name},
            {"op": "Replace", "path": "name.familyName", "value": family},
            {"op": "Replace", "path": "displayName", "value": f"{given} {family}"},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": user_name},
        )

    def push_group(self, which: str, display_name: str, members: list[str]) -> None:
        """Create the group without members, then add each with a null reference."""
        document = {
            "schemas": [GROUP, _MICROSOFT_GROUP],
            "externalId": f"entra-{which}",
            "displayName": display_name,
            "meta": {"resourceType": "Group"},
        }
        group = self.create("Groups", which, "displayName", document)
        value = [{"$ref": None, "value": self.ids[m]} for m in members]
        self.patch(f"/Groups/{group}", {"op": "Add", "path": "members", "value": value})
