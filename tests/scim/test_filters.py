"""Filters: what can be read, what is refused, and that the database finds exactly whom a plain evaluation finds."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.model.event import IdentitySeen
from tenure.scim import filters, query
from tenure.scim.definitions import USER as USER_TYPE
from tenure.scim.errors import ScimError
from tenure.store import directory
from tenure.store.filters import IDENTITIES, compile_condition

from .conftest import ENTERPRISE, USER, Provider

TEXTS = [
    "Ann", "ann", "BOB", "a%_\\b", 'q"uote', "", "\N{LATIN CAPITAL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "\N{LATIN SMALL LETTER SHARP S}", "\N{GRINNING FACE}", "null", "5",
    "n",
    "a b",
]  # fmt: skip
TYPES = ["work", "HOME", "other"]
START = datetime(2026, 1, 1, tzinfo=UTC)


def person(random: random.Random, number: int) -> dict[str, Any]:
    def maybe(value: Any) -> Any:
        return value if random.random() < 0.6 else None

    def several() -> list[dict[str, Any]]:
        made = [
            {"value": maybe(random.choice(TEXTS)), "type": maybe(random.choice(TYPES)), "primary": maybe(n == 0)}
            for n in range(random.randint(1, 3))
        ]
        return [d for e in made if (d := {k: v for k, v in e.items() if v is not None})]

    name = {k: v for k in ("givenName", "familyName") if (v := maybe(random.choice(TEXTS))) is not None}
    extension = {
        "department": maybe(random.choice(TEXTS)),
        "manager": maybe({"value": random.choice(["m1", "M1", "m2"])}),
    }
    document = {
        "userName": f"{random.choice(TEXTS)}{number}", "active": random.random() < 0.5,
        "externalId": maybe(random.choice(TEXTS)), "displayName": maybe(random.choice(TEXTS)),
        "title": maybe(random.choice(TEXTS)), "name": maybe(name or None), "emails": maybe(several() or None),
        "photos": maybe(several() or None),
        ENTERPRISE: maybe({k: v for k, v in extension.items() if v is not None} or None),
    }  # fmt: skip
    return {k: v for k, v in document.items() if v is not None}


# A filter as data: ("and" | "or", [..]), ("not", f), ("[]", attribute, f), ("pr", path), (op, path, value)

SINGLE = ["userName", "displayName", "title", "name.familyName", "externalId", f"{ENTERPRISE}:department",
          f"{ENTERPRISE}:manager.value", "manager", f"{USER}:nickName"]  # fmt: skip
MULTI = ["emails", "emails.value", "emails.type", "photos.value"]
EXACT = {"externalId", f"{ENTERPRISE}:manager.value", "manager", "photos.value"}
OPS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
texts = st.sampled_from([*TEXTS, *TYPES, "A", "an", "m1", "WORK"])
letter_case: Callable[[str], str] = random.Random(1).choice([str.upper, str.lower, str])


def leaves(inside: bool) -> st.SearchStrategy[Any]:
    names = ["value", "type"] if inside else SINGLE + MULTI
    flags = ["primary"] if inside else ["active", "emails.primary"]
    made = [
        st.tuples(st.sampled_from(OPS), st.sampled_from(names), texts),
        st.tuples(
            st.just("pr"), st.sampled_from([*names, *flags] if inside else [*names, "active", "name", "emails.type"])
        ),
        st.tuples(st.sampled_from(["eq", "ne"]), st.sampled_from(flags), st.booleans()),
    ]
    if not inside:
        moment = st.integers(0, 50).map(lambda n: START + timedelta(hours=n))
        made.append(st.tuples(st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), st.just("meta.created"), moment))
    return st.one_of(made)


def trees(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda below: st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3)),
            st.tuples(st.just("not"), below),
        ),
        max_leaves=5,
    )


FILTERS = trees(
    st.one_of(leaves(False), st.tuples(st.just("[]"), st.sampled_from(["emails", "photos"]), trees(leaves(True))))
)


def written(tree: Any) -> str:
    """The filter as a provider would write it."""
    match tree:
        case ("and" | "or" as word, parts):
            return "(" + f" {word.upper()} ".join(written(p) for p in parts) + ")"
        case ("not", inner):
            return f"not ({written(inner)})"
        case ("[]", name, inner):
            return f"{name.upper()}[{written(inner)}]"
        case ("pr", name):
            return f"{name} pr"
        case (op, name, datetime() as moment):
            return f'{name} {op} "{moment.isoformat()}"'
        case (op, name, bool() as value):
            return f"{name} {op} {str(value).lower()}"
    op, name, value = tree
    return f"{letter_case(name)} {op.title()} {orjson.dumps(value).decode()}"


def holds(tree: Any, document: dict[str, Any], within: str | None = None) -> bool:
    """The plain evaluation."""
    match tree:
        case ("and", parts):
            return all(holds(p, document, within) for p in parts)
        case ("or", parts):
            return any(holds(p, document, within) for p in parts)
        case ("not", inner):
            return not holds(inner, document, within)
        case ("[]", name, inner):
            return any(holds(inner, element, name) for element in document.get(name, []))
        case ("pr", "emails"):
            return bool(document.get("emails"))
        case ("pr", name):
            return any(v not in (None, "") for v in values(document, name))
        case (op, name, asked):
            found = values(document, name)
            if op == "ne" and not found:
                return True
            full = f"{within}.{name}" if within else name
            return any(compare(full, op, v, asked) for v in found)
    raise AssertionError(tree)


def values(document: dict[str, Any], path: str) -> list[Any]:
    if path == "manager":
        path = f"{ENTERPRISE}:manager.value"
    if path == "emails":
        path = "emails.value"
    if path == f"{USER}:nickName":
        return []
    if path.startswith(ENTERPRISE):
        document, path = document.get(ENTERPRISE, {}), path.removeprefix(ENTERPRISE + ":")
    head, _, tail = path.partition(".")
    if head == "meta":
        return [document["meta"][tail]]
    held = document.get(head)
    if isinstance(held, list):
        return [element.get(tail) for element in held]
    if tail and isinstance(held, dict):
        held = held.get(tail)
    return [] if held is None else [held]


def compare(name: str, op: str, held: Any, asked: Any) -> bool:
    if held is None:
        return op == "ne"
    if isinstance(held, str):
        if name == "userName" and op in ("eq", "ne"):
            asked = asked.strip()
        if name not in EXACT:
            held, asked = plain(held), plain(asked)
    return {
        "eq": lambda: held == asked, "ne": lambda: held != asked, "co": lambda: asked in held,
        "sw": lambda: held.startswith(asked), "ew": lambda: held.endswith(asked), "gt": lambda: held > asked,
        "ge": lambda: held >= asked, "lt": lambda: held < asked, "le": lambda: held <= asked,
    }[op]()  # fmt: skip


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


async def test_the_database_finds_whom_a_plain_evaluation_finds(provider: Provider) -> None:
    chance = random.Random(7)
    source = provider.sources["okta"].id
    people: dict[UUID, dict[str, Any]] = {}
    with psycopg.connect(provider.dsn) as connection:
        for number in range(50):
            document, key = person(chance, number), UUID(int=chance.getrandbits(128), version=4)
            created = START + timedelta(hours=number)
            sql, said = directory.adding(source, IdentitySeen(key, document), created)
            connection.execute(sql.encode(), said)
            people[key] = {**document, "meta": {"created": created}}

        @settings(
            max_examples=max(300, settings().max_examples), suppress_health_check=list(HealthCheck), deadline=None
        )
        @given(FILTERS)
        def check(tree: Any) -> None:
            where, said = compile_condition(query.condition(written(tree), USER_TYPE, IDENTITIES))
            found = {r[0] for r in connection.execute(f"SELECT id FROM identity r WHERE {where}".encode(), said)}
            assert found == {key for key, document in people.items() if holds(tree, document)}, written(tree)

        check()


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
