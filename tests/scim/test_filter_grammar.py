"""Any filter of the grammar (RFC 7644 section 3.4.2.2) finds exactly what a plain evaluation of it finds."""

from __future__ import annotations

import asyncio
import random
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import ENTERPRISE, GROUP, USER, Provider

TEXTS = [
    "Ann", "ann", "BOB", "b", "a%_\\b", 'q"uote', "\\", "", "\N{LATIN CAPITAL LETTER E WITH ACUTE}",
    "e\N{COMBINING ACUTE ACCENT}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "\N{LATIN SMALL LETTER SHARP S}",
    "\N{KELVIN SIGN}", "\N{GREEK CAPITAL LETTER SIGMA}", "\N{GRINNING FACE}a", "\N{HIRAGANA LETTER A}", "null", "true",
    "5", "-1.5e3", "a b", "(x) or [y]", "\t", "\N{ZERO WIDTH SPACE}",
]  # fmt: skip
TYPES = ["work", "HOME", "other"]
NAMES = ["Ann", "ann x", "BOB", "\N{LATIN CAPITAL LETTER E WITH ACUTE}va", "\N{KELVIN SIGN}im", "5"]

# What can be asked of each kind: names by the type of their values. Below a list, its sub-attributes.
PERSON: dict[str, list[str]] = {
    "text": [
        "userName",
        "displayName",
        "title",
        "name.familyName",
        "name.givenName",
        "externalId",
        "nickName",
        "profileUrl",
        f"{USER}:title",
        f"{USER}:name.familyName",
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:manager.value",
        "manager",
        "department",
        "emails",
        "emails.value",
        "emails.type",
        "photos",
        "photos.value",
        f"{USER}:emails.type",
        "groups",
        "groups.value",
        "groups.display",
        "groups.type",
        "id",
        "meta.version",
        "meta.resourceType",
        "addresses.locality",
    ],
    "boolean": ["active", "emails.primary", f"{USER}:active"],
    "time": ["meta.created", "meta.lastModified"],
    "present": ["name", "emails", "photos", "groups", "schemas", "meta", ENTERPRISE, f"{ENTERPRISE}:manager"],
}
TEAM: dict[str, list[str]] = {
    "text": [
        "displayName",
        f"{GROUP}:displayName",
        "externalId",
        "members",
        "members.value",
        "members.display",
        "members.type",
        "id",
        "meta.version",
        "meta.resourceType",
    ],
    "boolean": [],
    "time": ["meta.created", "meta.lastModified"],
    "present": ["members", "schemas", "meta"],
}
INSIDE: dict[str, dict[str, list[str]]] = {
    "emails": {"text": ["value", "type"], "boolean": ["primary"]},
    "photos": {"text": ["value", "type"], "boolean": ["primary"]},
    "name": {"text": ["familyName", "givenName"], "boolean": []},
    f"{ENTERPRISE}:manager": {"text": ["value"], "boolean": []},
    "groups": {"text": ["value", "display", "type"], "boolean": []},
    "members": {"text": ["value", "display", "type"], "boolean": []},
}
EXACT = {"externalid", "id", "manager", "manager.value", "photos", "photos.value", "profileurl", "meta.version",
         "meta.resourcetype", "groups", "groups.value", "members", "members.value"}  # fmt: skip
TRIMMED = {"username", "groups.display"}
ORDER = ["gt", "ge", "lt", "le"]
OPS = ["eq", "ne", "co", "sw", "ew", *ORDER]


# A filter as data: ("and" | "or", [..]), ("not", f), ("[]", name, f), ("[].", name, f, leaf), ("pr", name),
# (op, name, value).


def leaves(names: dict[str, list[str]], told: list[str]) -> st.SearchStrategy[Any]:
    """Comparisons of each type; `told` are values that the resources really have."""
    text = st.one_of(
        st.sampled_from([*TEXTS, *TYPES, *NAMES]), st.sampled_from(told), st.integers(-5, 5),
        st.sampled_from([1.5, -2e30, True, None]),
    )  # fmt: skip
    made = [
        st.tuples(st.sampled_from(OPS), st.sampled_from(names["text"]), text).map(only_eq_of_null),
        st.tuples(st.just("pr"), st.sampled_from([*names["text"], *names["boolean"], *names.get("present", ())])),
    ]
    if names["boolean"]:
        flag = st.sampled_from([True, False, None])
        made.append(st.tuples(st.sampled_from(["eq", "ne"]), st.sampled_from(names["boolean"]), flag))
    if names.get("time"):
        moment = st.integers(-5, 60).map(
            lambda n: datetime.fromisoformat("2026-01-01T00:00:00Z") + timedelta(seconds=n)
        )
        made.append(st.tuples(st.sampled_from(["eq", "ne", *ORDER]), st.sampled_from(names["time"]), moment))
    return st.one_of(made)


def only_eq_of_null(leaf: Any) -> Any:
    op, name, value = leaf
    return ("eq" if op in ("eq", "sw", "co", "gt", "ge") else "ne", name, None) if value is None else leaf


def trees(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def grown(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3))
        return st.one_of(several, st.tuples(st.just("not"), below))

    return st.recursive(leaf, grown, max_leaves=6)


def filters(names: dict[str, list[str]], lists: list[str], told: list[str]) -> st.SearchStrategy[Any]:
    def bracketed(name: str) -> st.SearchStrategy[Any]:
        inner = trees(leaves(INSIDE[name], told))
        plain = st.tuples(st.just("[]"), st.just(name), inner)
        return st.one_of(plain, st.tuples(st.just("[]."), st.just(name), inner, leaves(INSIDE[name], told)))

    brackets = st.sampled_from(lists).flatmap(bracketed)
    return trees(st.one_of(leaves(names, told), leaves(names, told), brackets))


def written(tree: Any, chance: random.Random, above: int = 0) -> str:
    """The filter as somebody might write it: with brackets that are needed and some that are not, in any case."""

    def grouped(text: str, strength: int) -> str:
        return f"({text})" if strength < above or chance.random() < 0.2 else text

    match tree:
        case ("or" | "and" as word, parts):
            strength = 2 if word == "and" else 1
            joint = f" {cased(word, chance)} "
            return grouped(joint.join(written(part, chance, strength) for part in parts), strength)
        case ("not", inner):
            return grouped(f"{cased('not', chance)} ({written(inner, chance)})", 3)
        case ("[]", name, inner):
            return f"{cased(name, chance)}[{written(inner, chance)}]"
        case ("[].", name, inner, leaf):
            return f"{cased(name, chance)}[{written(inner, chance)}].{compared(leaf, chance)}"
    return grouped(compared(tree, chance), 3)


def compared(leaf: Any, chance: random.Random) -> str:
    match leaf:
        case ("pr", name):
            return f"{cased(name, chance)} {cased('pr', chance)}"
        case (op, name, datetime() as moment):
            zone = chance.choice(["Z", "+00:00", ".0000000Z"])
            value = f'"{moment.isoformat().removesuffix("+00:00")}{zone}"'
        case (op, name, said):
            value = orjson.dumps(said).decode()
    return f"{cased(name, chance)} {cased(op, chance)} {value}"


def cased(text: str, chance: random.Random) -> str:
    return chance.choice([str, str.upper, str.lower, str.swapcase])(text)


# The plain evaluation, on resources as they are shown.


def holds(tree: Any, held: dict[str, Any], within: str = "") -> bool:
    match tree:
        case ("and", parts):
            return all(holds(part, held, within) for part in parts)
        case ("or", parts):
            return any(holds(part, held, within) for part in parts)
        case ("not", inner):
            return not holds(inner, held, within)
        case ("[]", name, inner):
            return any(holds(inner, element, bare(name)) for element in elements(held, name))
        case ("[].", name, inner, leaf):
            return holds(("[]", name, ("and", [inner, leaf])), held, within)
        case ("pr", name):
            return any(value not in (None, "") for value in values(held, name, present=True))
    op, name, asked = tree
    found = values(held, name)
    if asked is None:
        return holds(("pr", name), held, within) == (op == "ne")
    full = f"{within}.{name}" if within else bare(name)
    return any(compare(full.lower(), op, value, asked) for value in found or [None])


def bare(name: str) -> str:
    """The name without its URN."""
    return name.removeprefix(f"{USER}:").removeprefix(f"{GROUP}:").removeprefix(f"{ENTERPRISE}:")


def elements(held: dict[str, Any], name: str) -> list[Any]:
    """The values of an attribute: of a list, its elements; none when there is no value."""
    if name == ENTERPRISE or name == "meta":
        return [held[name]] if name in held else []
    if name.startswith(ENTERPRISE) or name in ("manager", "department"):
        held = held.get(ENTERPRISE, {})
    found = held.get(bare(name))
    return found if isinstance(found, list) else [] if found is None else [found]


def values(held: dict[str, Any], name: str, *, present: bool = False) -> list[Any]:
    head, dot, sub = name.rpartition(".") if not name.endswith(ENTERPRISE) else (name, "", "")
    if not dot or ":" in sub:
        found = elements(held, name)
        return found if present else [one.get("value") if isinstance(one, dict) else one for one in found]
    return [one.get(sub) for one in elements(held, head)]


def compare(name: str, op: str, held: Any, asked: Any) -> bool:
    if held is None:
        return op == "ne"
    if isinstance(asked, datetime):
        held = datetime.fromisoformat(held)
    elif isinstance(held, str):
        asked = asked if isinstance(asked, str) else orjson.dumps(asked).decode()
        if op in ("eq", "ne") and name in TRIMMED:
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


async def fill(provider: Provider) -> None:
    chance = random.Random(7)

    def some(**more: Any) -> dict[str, Any]:
        return {name: value for name, value in more.items() if chance.random() < 0.6}

    def text() -> str:
        return chance.choice(TEXTS)

    ids = []
    for number in range(40):
        lists = [
            [some(value=text(), type=chance.choice(TYPES), primary=n == 0) for n in range(chance.randint(1, 3))]
            for _ in range(2)
        ]
        extension = some(department=text(), manager={"value": chance.choice(["m1", "M1", "m2"])})
        more = some(
            externalId=text(), displayName=text(), title=text(), name=some(givenName=text(), familyName=text()),
            active=chance.random() < 0.5, emails=lists[0], photos=lists[1], profileUrl=text(),
        )  # fmt: skip
        made = await provider.user(f"{chance.choice(NAMES)}{number}", **more, **({ENTERPRISE: extension}))
        ids.append(made["id"])
    inner: list[str] = []
    for number in range(15):
        body = {"displayName": chance.choice(NAMES), **some(externalId=text())}
        made = await provider.ask("POST", "/Groups", body, 201)
        joining = [{"value": one} for one in chance.sample(ids, number % 4) + inner[: number % 3]]
        add = {"op": "add", "path": "members", "value": joining}
        await provider.patch(f"/Groups/{made['id']}", add, status=204)
        inner.insert(0, made["id"])


ON_REQUEST = {"Groups": "&attributes=meta,displayName,externalId,members.value,members.type,members.display"}
"""What a group is asked for to be shown whole: the names of its members come on request."""


async def agree(provider: Provider, kind: str, names: dict[str, list[str]], lists: list[str]) -> None:
    await fill(provider)
    everything = (await provider.ask("GET", f"/{kind}?count=1000{ON_REQUEST.get(kind, '')}", status=200))["Resources"]
    told = [one for resource in everything[:3] for one in (resource["id"], resource["meta"]["version"])]
    told += [one["value"] for resource in everything[:9] for one in resource.get("groups", resource.get("members", ()))]
    loop = asyncio.get_running_loop()

    @settings(max_examples=max(150, settings().max_examples), suppress_health_check=list(HealthCheck), deadline=None)
    @given(filters(names, lists, told), st.randoms(use_true_random=False))
    def check(tree: Any, chance: random.Random) -> None:
        text = written(tree, chance)
        asked = {"filter": text, "attributes": "id", "count": 1000}
        answer = provider.ask("GET", f"/{kind}", params=asked, status=200)
        found = asyncio.run_coroutine_threadsafe(answer, loop).result()
        wanted = [resource["id"] for resource in everything if holds(tree, resource)]
        assert [resource["id"] for resource in found["Resources"]] == wanted, text

    await asyncio.to_thread(check)


async def test_a_filter_finds_the_people_whom_a_plain_evaluation_finds(provider: Provider) -> None:
    await agree(provider, "Users", PERSON, ["emails", "photos", "name", f"{ENTERPRISE}:manager", "groups"])


async def test_a_filter_finds_the_groups_that_a_plain_evaluation_finds(provider: Provider) -> None:
    await agree(provider, "Groups", TEAM, ["members"])
