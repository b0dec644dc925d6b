"""The schemas that Tenure serves: User, the enterprise extension, and Group (RFC 7643 sections 3.1, 4 and 8.7)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from tenure.model.extension import Extension
from tenure.model.identity import LONGEST_EXTERNAL_ID, LONGEST_NAME
from tenure.scim.schema import Attribute, ResourceType, Schema, Type

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def _text(name: str, description: str, **more: Any) -> Attribute:
    return Attribute(name, description, **more)


def _several(name: str, what: str, types: tuple[str, ...] = (), value: Type = "string", **of_value: Any) -> Attribute:
    """A multi-valued attribute of the default shape: value, display, type, primary (RFC 7643 section 2.4)."""
    sub = (
        Attribute("value", f"The {what}.", value, **of_value),
        _text("display", f"A label of the {what} for people."),
        _text("type", f"What the {what} is for.", canonical=types),
        Attribute("primary", f"Whether this {what} is the preferred one; at most one is.", "boolean"),
    )
    return Attribute(name, f"Every {what} of the person.", "complex", multi=True, sub=sub)


KINDS = ("User", "Group")
"""What a group may hold."""
COMMON = (
    Attribute(
        "schemas", "URNs of the schemas used.", "reference", multi=True, mutability="readOnly", returned="always",
        references=("uri",),
    ),
    _text("id", "Our identifier, which never changes.", case_exact=True, mutability="readOnly", returned="always"),
    _text("externalId", "The provider's identifier.", case_exact=True, longest=LONGEST_EXTERNAL_ID),
    Attribute(
        "meta", "Facts about the record.", "complex", mutability="readOnly",
        sub=(
            _text("resourceType", "The kind of resource.", case_exact=True, mutability="readOnly"),
            Attribute("created", "When it was made here.", "dateTime", mutability="readOnly"),
            Attribute("lastModified", "When it was last changed here.", "dateTime", mutability="readOnly"),
            Attribute("location", "Its URI.", "reference", mutability="readOnly", references=("uri",)),
            _text("version", "Its version, equal to the ETag.", case_exact=True, mutability="readOnly"),
        ),
    ),
)  # fmt: skip

_NAME = Attribute(
    "name", "The parts of the person's name.", "complex",
    sub=(
        _text("formatted", "The whole name, ready to show."),
        _text("familyName", "Family name."),
        _text("givenName", "Given name."),
        _text("middleName", "Middle names."),
        _text("honorificPrefix", "Title before the name."),
        _text("honorificSuffix", "Suffix after the name."),
    ),
)  # fmt: skip

_ADDRESSES = Attribute(
    "addresses", "Postal addresses.", "complex", multi=True,
    sub=(
        _text("formatted", "The whole address, ready to print."),
        _text("streetAddress", "Street and house number."),
        _text("locality", "City."),
        _text("region", "State or region."),
        _text("postalCode", "Postal code."),
        _text("country", "Country, by preference two letters of ISO 3166-1."),
        _text("type", "What the address is for.", canonical=("work", "home", "other")),
        Attribute("primary", "Whether this address is the preferred one.", "boolean"),
    ),
)  # fmt: skip

_GROUPS = Attribute(
    "groups", "The groups that the person is in; changed at the group.", "complex", multi=True, mutability="readOnly",
    sub=(
        _text("value", "The group's id.", case_exact=True, mutability="readOnly"),
        Attribute("$ref", "The group's URI.", "reference", mutability="readOnly", references=("Group",)),
        _text("display", "The group's name.", mutability="readOnly"),
        _text("type", "How the person is in the group.", mutability="readOnly", canonical=("direct", "indirect")),
    ),
)  # fmt: skip

USER_SCHEMA = Schema(
    USER_URN, "User", "A person.",
    (
        _text(
            "userName", "The unique name by which the person signs in.", required=True, uniqueness="server",
            longest=LONGEST_NAME, clearable=False,
        ),
        _NAME,
        _text("displayName", "The name shown to others."),
        _text("nickName", "What friends call the person."),
        Attribute("profileUrl", "Where the person's page is.", "reference", references=("external",)),
        _text("title", "Job title."),
        _text("userType", "Relation to the organisation."),
        _text("preferredLanguage", "Languages preferred, as in an Accept-Language header."),
        _text("locale", "Locale for dates and currency."),
        _text("timezone", "Time zone, by its name in the IANA database."),
        Attribute("active", "Whether the person may use the applications.", "boolean", clearable=False),
        # Told although we keep none: programs that build their requests from our schemas send one, as Canaille does.
        _text("password", "Accepted and dropped.", mutability="writeOnly", returned="never", kept=False),
        _several("emails", "e-mail address", ("work", "home", "other")),
        _several("phoneNumbers", "telephone number", ("work", "home", "mobile", "fax", "pager", "other")),
        _several("ims", "messaging address"),
        _several("photos", "picture", ("photo", "thumbnail"), "reference", references=("external",)),
        _ADDRESSES,
        _GROUPS,
        _several("entitlements", "entitlement"),
        _several("roles", "role"),
        _several("x509Certificates", "certificate", (), "binary"),
    ),
)  # fmt: skip

ENTERPRISE_SCHEMA = Schema(
    ENTERPRISE_URN, "EnterpriseUser", "What a company knows of a person.",
    (
        _text("employeeNumber", "Number or code given by the organisation."),
        _text("costCenter", "Cost centre."),
        _text("organization", "Organisation."),
        _text("division", "Division."),
        _text("department", "Department."),
        Attribute(
            "manager", "The person's manager.", "complex",
            sub=(
                _text("value", "The manager's id.", case_exact=True),
                Attribute("$ref", "The manager's URI.", "reference", references=("User",)),
                _text("displayName", "The manager's name.", mutability="readOnly"),
            ),
        ),
    ),
)  # fmt: skip

GROUP_SCHEMA = Schema(
    GROUP_URN, "Group", "A group of people.",
    (
        _text("displayName", "The group's name.", required=True, longest=LONGEST_NAME, clearable=False),
        Attribute(
            "members", "Who is in the group.", "complex", multi=True,
            sub=(
                _text("value", "The member's id.", case_exact=True, mutability="immutable"),
                Attribute("$ref", "The member's URI.", "reference", mutability="immutable", references=KINDS),
                _text("type", "The kind of member.", mutability="immutable", canonical=KINDS),
                _text("display", "The member's name.", mutability="readOnly", returned="request"),
            ),
        ),
    ),
)  # fmt: skip

USER = ResourceType("User", "/Users", "People.", USER_SCHEMA, (ENTERPRISE_SCHEMA,), COMMON)
GROUP = ResourceType("Group", "/Groups", "Groups of people.", GROUP_SCHEMA, (), COMMON)


@lru_cache(256)
def user_type(extensions: tuple[Extension, ...]) -> ResourceType:
    """The resource type User with the extensions that the estate declares for a source."""
    return replace(USER, extensions=(*USER.extensions, *map(_extension, extensions)), _found={}) if extensions else USER


def _extension(declared: Extension) -> Schema:
    attributes = tuple(
        Attribute(
            one.name, "Declared in the estate.", one.type, one.multi_valued, case_exact=one.case_exact,
            required=one.required, references=("external",) if one.type == "reference" else (),
        )
        for one in declared.attributes
    )  # fmt: skip
    return Schema(declared.urn, declared.urn.rpartition(":")[2], "Declared in the estate.", attributes)
