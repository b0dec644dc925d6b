"""Filters: what can be read, what is refused, and that the database finds exactly whom a plain evaluation finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.scim import filters, query
from tenure.scim.definitions import USER as USER_TYPE
from tenure.scim.errors import ScimError
from tenure.store.catalogues import IDENTITIES

from .conftest import ENTERPRISE, USER, Provider


async def test_what_providers_ask(provider: Provider) -> None:
    manager = await provider.user("boss")
    made = await provider.user(
        "o'malley@x.y", externalId="jyoung", displayName="O M", name={"familyName": "E"}, title="50% _x",
        emails=[{"value": "work@x.y", "type": "work", "primary": True}, {"value": "home@x.y", "type": "home"}],
        **{ENTERPRISE: {"manager": {"value": manager["id"]}, "department": "CORP\\it"}},
    )  # fmt: skip
    group = await provider.group("g", made["id"])
    other = await provider.group("h")
    key, created = made["id"], made["meta"]["created"]
    for filter in (
        f'id eq "{key}"', f"id eq {key}", "externalId eq jyoung", 'username Eq "O\'MALLEY@x.y"', "userName sw O",
        'emails[type eq "work"].value eq "WORK@x.y"', 'emails co "home@"', 'emails eq "work@x.y"',
        'emails[type eq "work" and value co "work"]', 'emails[primary eq "True"].value sw work',
        'emails[not (type eq "work")]', 'emails[type sw "h" or type pr]',
        'emails.type eq "work" and emails.value co "home"',
        "name.FamilyName eq E and (emails.Value co nobody or emails.Value co work)",
        f'(ActiVe eq true) and meta.lastmodified ge "{created}" and externalId pr',
        f'meta.created eq "{created}" and title pr',
        f'id eq "{key}" and manager eq "{manager["id"]}"', f'manager[value eq "{manager["id"]}"]', "manager pr",
        f'{ENTERPRISE}:manager.value eq "{manager["id"]}"', f'{ENTERPRISE.upper()}:Department eq "CORP\\it"',
        f'schemas eq "{ENTERPRISE}"', f'{USER}:userName co "malley"', f'groups.value eq "{group["id"]}"',
        f'groups[value eq "{group["id"]}" and display eq "G"]', 'groups.display sw "G"', "groups pr", 'groups eq "'
        + group["id"] + '"', 'title eq "50% _X"', 'title ew "% _x"', 'meta.resourceType eq "User" and title pr',
        "active eq TRUE and title ne null", 'meta.version eq "W/\\"1\\"" and title pr',
        'meta.created lt "2027-09-23T19:35:41.8420572Z" and meta.created gt "2020-01-01T00:00:00-07:00" and title pr',
    ):  # fmt: skip
        found = await provider.found(filter)
        assert [r["id"] for r in found["Resources"]] == [key], filter
    for filter in (
        'userName eq "nobody"', 'id eq "00919288221112222"', f'id eq "{key.upper()}"', 'externalId eq "JYOUNG"',
        "id eq null",
        'emails[type eq "work" and value co "home"]', 'emails[type eq "home"].value eq "work@x.y"', "nickName pr",
        f'groups.value eq "{other["id"]}"', 'title eq "50%"', 'schemas eq "urn:x"',
    ):  # fmt: skip
        assert (await provider.found(filter))["totalResults"] == 0, filter
    for filter in (
        f'id eq "{group["id"]}" and members eq "{key}"', f'members eq "{key}" and id eq "{group["id"]}"',
        f'members.value eq "{key}"', f'members[value eq "{key}"]', f'members[value eq "{key}" and type eq "user"]',
        'members.display eq "o m"', "members pr", 'DisplayName eq "G"', "members.value ne null",
    ):  # fmt: skip
        found = await provider.found(filter, "Groups")
        assert [r["id"] for r in found["Resources"]] == [group["id"]], filter


async def test_people_are_found_by_the_groups_around_their_group(provider: Provider) -> None:
    one, both, other = [(await provider.user(name))["id"] for name in ("one", "both", "other")]
    inner = await provider.group("inner", one, both)
    outer = await provider.group("outer", inner["id"], both)
    outermost = await provider.group("outermost", outer["id"])
    for filter, found in (
        (f'groups.value eq "{outermost["id"]}"', {one, both}), ('groups.display eq "outer"', {one, both}),
        ('groups[display eq "outer" and type eq "direct"]', {both}), ("not (groups pr)", {other}),
        ('groups[display eq "outer" and type eq "indirect"]', {one}), ('groups.type eq "indirect"', {one, both}),
    ):  # fmt: skip
        assert {r["id"] for r in (await provider.found(filter))["Resources"]} == found, filter


@pytest.mark.parametrize(
    "filter",
    [
        "", " ", "userName", "userName eq", "eq", 'userName xx "a"', 'userName eq "a" and', 'userName eq "a" "b"',
        "(title pr",
        "title pr)", 'emails[type eq "work"', "emails[]", 'userName eq "a', "nonsense eq 1", "name.nonsense pr",
        "email eq a",
        'password eq "x"', "active gt true", 'active eq "maybe"', "active co true", 'x509Certificates.value gt "a"',
        'meta.created eq "yesterday"', 'meta.created co "2026"', 'meta.location eq "x"', "name eq x", 'title gt null',
        f'{ENTERPRISE} eq "x"', "urn:x:y eq 1", 'emails[emails[type eq "x"]]', "emails[nonsense pr]",
        'title[value eq "x"]',
        'groups.$ref eq "x"', 'meta.created eq "9999-99-99T00:00:00Z"', "not not", 'userName eq "nul\\u0000"',
        "a" * 20000,
        "not (" * 60 + "title pr" + ")" * 60, " or ".join(["title pr"] * 500), 'userName eq "\0"',
    ],
)  # fmt: skip
async def test_filters_that_are_refused(provider: Provider, filter: str) -> None:
    error = await provider.found(filter, status=400)
    assert error["scimType"] == "invalidFilter"
    assert len(error["detail"]) < 400


@given(st.text(alphabet='aeqprnotd()[]". \\u0', max_size=40) | st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        filters.parse(text)
    except filters.Unreadable:
        pass
    try:
        query.condition(text, USER_TYPE, IDENTITIES)
    except ScimError as error:
        if error.scim_type != "invalidFilter":
            raise


def test_precedence_is_not_then_and_then_or() -> None:
    tree = filters.parse('a pr or not (b pr) and c eq "x"')
    assert tree == filters.Or(
        (
            filters.Presence("a"),
            filters.And((filters.Not(filters.Presence("b")), filters.Comparison("c", "eq", "x", "x"))),
        )
    )
