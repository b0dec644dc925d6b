"""One request as the operations of a SCIM server see it, and the resources as it shows them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenure_sandbox.atlassian import call
from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from .documents import Document, chosen
from .filters import Parser
from .schemas import GROUP, MESSAGES, Kind
from .state import Resource, Scim
from .texts import Refused, invalid

SHAPE = ("attributes", "excludedAttributes")
LISTING = ("filter", "startIndex", "count", "cursor", *SHAPE)


@dataclass(slots=True, kw_only=True)
class Call(call.Call):
    """A request that was let in."""

    scim: Scim
    headers: Mapping[bytes, bytes]

    def kind(self) -> Kind:
        """The resource type that the path is about."""
        return GROUP if self.path.startswith("/Groups") else self.scim.users

    def resource(self) -> Resource:
        """The resource that the path names; 404 if there is none."""
        kind, key = self.kind(), self.arguments["id"]
        found = self.scim.found[kind.name].get(key)
        if found is None:
            raise Refused(404, f"there is no {kind.name} {key}")
        return found

    def unchanged(self, resource: Resource) -> None:
        """Refuse a write whose If-Match names another version (RFC 7644 section 3.14)."""
        given = self.headers.get(b"if-match", b"").decode("latin-1")
        if given and self.scim.variant.etag and given != "*" and resource.tag not in given:
            raise Refused(412, f"the version is {resource.tag}")

    def shown(self, resource: Resource) -> Document:
        """The resource as this request wants to see it."""
        only, without = (self.names(name) for name in SHAPE)
        return chosen(resource.kind, self.whole(resource), only, without)

    def names(self, parameter: str) -> list[str]:
        """The attributes that a query parameter names, at a server that reads it."""
        text = self.text(parameter) if parameter in self.route.query else None
        return [name for name in (text or "").split(",") if name]

    def whole(self, resource: Resource) -> Document:
        """The resource with all that the server adds."""
        location = f"{self.base}{resource.kind.endpoint}/{resource.id}"
        urns = [resource.kind.urn, *(urn for urn, _ in resource.kind.extensions if urn in resource.document)]
        meta = {
            "resourceType": resource.kind.name,
            "created": _moment(resource.created_s),
            "lastModified": _moment(resource.modified_s),
            "location": location,
        }
        meta |= {"version": resource.tag} if self.scim.variant.etag else {}
        more = self.scim.whole(resource)
        document = {"schemas": [*urns, *more], "id": resource.id, **resource.document, **more, "meta": meta}
        if resource.kind is GROUP:
            shown, rows = self.scim.shown_members[self.base], resource.document.get("members", [])
            document["members"] = [(len(one) == 1 and shown.get(one["value"])) or self._member(one) for one in rows]
            if not document["members"]:
                del document["members"]
        elif self.scim.variant.tell and resource.groups:
            document["groups"] = [self._group(one) for one in sorted(resource.groups)]
        return document

    def _member(self, row: Document) -> Document:
        key = row["value"]
        kind = "User" if key in self.scim.found["User"] else "Group"
        shown = {**row, "$ref": f"{self.base}/{kind}s/{key}", "type": kind}
        if len(row) == 1:
            self.scim.shown_members[self.base][key] = shown
        return shown

    def _group(self, key: str) -> Document:
        name = self.scim.found["Group"][key].document["displayName"]
        return {"value": key, "$ref": f"{self.base}/Groups/{key}", "display": name, "type": "direct"}

    def answer(self, status: int, resource: Resource) -> Reply:
        """The resource, with its place and its version in the headers."""
        headers = {"Location": f"{self.base}{resource.kind.endpoint}/{resource.id}"}
        headers |= {"ETag": resource.tag} if self.scim.variant.etag else {}
        return Reply(status, self.shown(resource), headers)

    def listing(self) -> Reply:
        """The page that is asked for, by place or by cursor (RFC 7644 section 3.4.2.4, RFC 9865)."""
        rows = self._matching()
        most = self.scim.variant.page
        count = min(max(_number(self.text("count"), most), 0), most)
        cursor = self.text("cursor") if self.scim.variant.cursor else None  # a server without them passes it over
        start = max(_number(self.text("startIndex"), 1), 1) if cursor is None else _place(cursor)
        page = capped(self.scope, rows)[start - 1 : start - 1 + count]  # behind a cap, rows are counted and not shown
        body: Document = {
            "schemas": [f"{MESSAGES}ListResponse"],
            "totalResults": len(rows),
            "itemsPerPage": len(page),
            "Resources": [self.shown(one) for one in page],
        }
        if cursor is None:
            body["startIndex"] = start
        elif start - 1 + count < len(rows):
            body["nextCursor"] = _cursor(start + count)
        return Reply(200, body)

    def _matching(self) -> list[Resource]:
        rows, text = list(self.scim.found[self.kind().name].values()), self.text("filter")
        if text is None or not self.scim.variant.filter:
            return rows
        test = self.filter(text)
        return [one for one in rows if test(self.whole(one))]

    def filter(self, text: str) -> Any:
        """The test that a filter stands for."""
        return Parser(text, self.kind()).whole()

    def wrote(self, subject: str) -> None:
        """Journal that this request was carried out."""
        self.scim.wrote(self.route.method, self.path, subject)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        raise invalid(f"{text} is no number") from None


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place {place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    if not cursor:
        return 1
    try:
        word, _, place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        if word == "place":
            return int(place)
    except (binascii.Error, ValueError):
        pass
    raise invalid("there is no such cursor", "invalidCursor")
