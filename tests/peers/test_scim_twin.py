"""The same random histories against our SCIM door and PyPI's scim2-server: each difference has a rule."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .conftest import PEERS, TOKEN, free_port, running
from .scim_shapes import OPERATORS, PATCH_URN, Json, Kind, kinds, simple, value

pytestmark = pytest.mark.peers
SEED = int(os.environ.get("TENURE_SEED", "8"))
HISTORIES = 100
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
ENDPOINTS = ("/Users", "/Groups")
# What is the server's own to say (RFC 7643 sections 3.1 and 2.2); a person's groups scim2-server does not work out.
OWN = {"id", "meta", "$ref", "display", "groups"}
# What we tell where a provider says nothing: RFC 7643 sections 2.2 and 4 leave defaults to the server.
DEFAULTS = {"active": True, "type": "User"}

Step = tuple[str, str, int, Any]
"""Method, endpoint, which of the resources made there, and a body, or a filter for a list."""


@dataclass
class Twin:
    """One of the two servers, with the ids of the resources that the history made, by endpoint, in their order."""

    client: httpx2.Client
    made: dict[str, list[str]] = field(default_factory=lambda: {endpoint: [] for endpoint in ENDPOINTS})

    gone: set[str] = field(default_factory=set)

    def play(self, step: Step) -> tuple[int, Any]:
        """The status of the answer, and the resource or list that there is then, without what is the server's own.

        A PATCH may be answered by 200 or 204 (RFC 7644 section 3.5.2), so the one is taken for the other.
        """
        method, endpoint, number, body = step
        if method == "GET":
            answer = self.client.get(endpoint, params={"filter": body, "count": 1000})
        else:
            place = "" if method == "POST" else f"/{self._id(endpoint, number)}"
            answer = self.client.request(method, f"{endpoint}{place}", json=self._named(body) if body else None)
        if answer.status_code == 201:
            self.made[endpoint].append(answer.json()["id"])
        if method == "DELETE" and answer.is_success:
            self.gone.add(answer.request.url.path.rpartition("/")[2])
        answered = 200 if method == "PATCH" and answer.status_code == 204 else answer.status_code
        return answered, self._seen(answer) if answer.is_success else None

    def forget(self) -> None:
        """Take away what the history made."""
        for endpoint, ids in self.made.items():
            for one in ids:
                self.client.delete(f"{endpoint}/{one}")
        self.made = {endpoint: [] for endpoint in ENDPOINTS}
        self.gone.clear()

    def _id(self, endpoint: str, number: int) -> str:
        ids = self.made[endpoint]
        return ids[number % len(ids)] if ids else UNKNOWN

    def _named(self, part: Any) -> Any:
        if isinstance(part, dict):
            return {name: self._named(inner) for name, inner in part.items()}
        if isinstance(part, list):
            return [self._named(inner) for inner in part]
        return self._id("/Users", part) if type(part) is int else part

    def _seen(self, answer: httpx2.Response) -> Any:
        if answer.request.method == "DELETE":
            return None
        path = answer.request.url.path
        if not answer.content:  # a PATCH that tells nothing
            answer = self.client.get(path.partition("/v2")[2])
        body = answer.json()
        if "totalResults" in body:
            found = [one["id"] for one in body.get("Resources", [])]
            return sorted(number for ids in self.made.values() for number, one in enumerate(ids) if one in found)
        return self._plain(body)

    def _plain(self, part: Any) -> Any:
        """Ids as numbers; null, empty and absent as one (RFC 7643 section 2.5).

        Lists are without order and repetitions (section 2.4), and members who have been deleted are nobody.
        """
        if isinstance(part, dict):
            if part.get("value") in self.gone:
                return None
            inner = {name: self._plain(one) for name, one in part.items() if name not in OWN}
            return {name: one for name, one in inner.items() if one not in (None, [], {}, DEFAULTS.get(name))}
        if isinstance(part, list):
            kept = {json.dumps(one, sort_keys=True): one for one in map(self._plain, part) if one not in (None, [], {})}
            return [kept[told] for told in sorted(kept)]
        return next((ids.index(part) for ids in self.made.values() if part in ids), part)


def refer() -> st.SearchStrategy[int]:
    """The number of a person, as the value of a member."""
    return st.integers(0, 5)


def documents(kind: Kind) -> st.SearchStrategy[Json]:
    """Documents of which both servers keep every attribute."""
    said = [*kind.attributes, {"name": "externalId", "type": "string", "required": False}]
    parts = {one["name"]: _plainly(one) for one in said if one["name"] not in ("groups", "password")}
    key = next(one["name"] for one in kind.attributes if one["required"])
    optional = {name: one for name, one in parts.items() if name != key}
    return st.fixed_dictionaries({"schemas": st.just([kind.schema]), key: parts[key]}, optional=optional)


def _plainly(attribute: Json) -> st.SearchStrategy[Any]:
    if attribute["name"] == "members":
        return st.lists(refer(), max_size=3, unique=True).map(lambda ids: [{"value": one} for one in ids])
    if attribute["name"] in ("userName", "displayName"):
        return st.sampled_from(["ada", "Bob", "cy@example.org", "\u00e9mile", "Dee Dee"])
    return value(attribute, st.none(), refer, _simple)


def _simple(attribute: Json) -> st.SearchStrategy[Any]:
    if attribute["type"] == "boolean":
        return st.booleans()
    if attribute["type"] in ("reference", "binary"):
        return simple(attribute)
    return st.sampled_from(attribute.get("canonicalValues") or ["work", "x", "Two words", "\u00c9"])


def patches(kind: Kind) -> st.SearchStrategy[Json]:
    """One or two operations on whole attributes, or on sub-attributes of simple complex ones."""
    one = st.sampled_from([one for one in kind.attributes if one["name"] not in ("groups", "password")]).flatmap(
        lambda attribute: (
            st.fixed_dictionaries(
                {
                    "op": st.sampled_from(["add", "replace"]),
                    "path": st.just(attribute["name"]),
                    "value": _plainly(attribute),
                }
            )
            | st.fixed_dictionaries({"op": st.just("remove"), "path": st.just(attribute["name"])})
        )
    )
    return st.lists(one, min_size=1, max_size=2).map(
        lambda operations: {"schemas": [PATCH_URN], "Operations": operations}
    )


BEGINNING: list[Step] = [
    *(("POST", "/Users", 0, {"schemas": [USER], "userName": name}) for name in ("p0", "p1", "p2", "p3")),
    ("POST", "/Groups", 0, {"schemas": [GROUP], "displayName": "g0", "members": [{"value": 0}, {"value": 1}]}),
]


def histories(served: list[Kind]) -> st.SearchStrategy[list[Step]]:
    """Four people and a group, and what happens to them."""
    return st.lists(st.one_of(*map(steps, served)), min_size=1, max_size=12).map(lambda drawn: [*BEGINNING, *drawn])


def steps(kind: Kind) -> st.SearchStrategy[Step]:
    """One request."""
    texts = [one["name"] for one in kind.attributes if one["type"] == "string" and one["mutability"] == "readWrite"]
    literal = st.sampled_from(['"ada"', '"ADA"', '"e"', '"\u00c9"', '""'])
    operator = st.sampled_from(OPERATORS[:5])
    compared = st.tuples(st.sampled_from([*texts, "externalId"]), operator, literal).map(" ".join)
    there = st.sampled_from([*texts, "name.givenName", "emails", "id"]).map(lambda name: f"{name} pr")
    leaf = compared | there
    filters = (
        leaf | st.tuples(leaf, st.sampled_from([" and ", " or "]), leaf).map("".join) | leaf.map("not ({})".format)
    )
    where, number = st.just(kind.endpoint), st.integers(0, 3)
    return st.one_of(
        st.tuples(st.just("POST"), where, number, documents(kind)),
        st.tuples(st.just("POST"), where, number, documents(kind)),
        st.tuples(st.just("PUT"), where, number, documents(kind)),
        st.tuples(st.just("PATCH"), where, number, patches(kind)),
        st.tuples(st.just("PATCH"), where, number, patches(kind)),
        st.tuples(st.just("GET"), where, number, filters),
        st.tuples(st.just("DELETE"), where, number, st.none()),
    )


@dataclass(frozen=True)
class Rule:
    """Why the two may differ, who is right by which section, and where the rule applies."""

    why: str
    holds: Callable[[Step, tuple[int, Any], tuple[int, Any]], bool]


def _both_refuse(step: Step, ours: tuple[int, Any], theirs: tuple[int, Any]) -> bool:
    return ours[0] >= 400 and theirs[0] >= 400


def _nobody(step: Step, ours: tuple[int, Any], theirs: tuple[int, Any]) -> bool:
    return step[1] == "/Groups" and "members" in repr(step[3]) and ours[0] == 400 and theirs[0] < 300


def _two_primary(step: Step, ours: tuple[int, Any], theirs: tuple[int, Any]) -> bool:
    return theirs[0] == 400 and ours[0] < 300 and repr(step[3]).count("'primary': True") > 1


def _stays_closed(step: Step, ours: tuple[int, Any], theirs: tuple[int, Any]) -> bool:
    left = step[0] == "PUT" and step[1] == "/Users" and "active" not in step[3] and ours[0] == theirs[0]
    return left and {**ours[1], "active": None} == {**theirs[1], "active": None}


RULES = (
    Rule("of two reasons to refuse a request either may be told; no section puts them in an order", _both_refuse),
    Rule("a member that does not exist is a value that does not fit (RFC 7644 section 3.12, invalidValue)", _nobody),
    Rule(
        "of several that claim to be primary we keep the last; a server may refuse them (RFC 7643 section 2.4)",
        _two_primary,
    ),
    Rule(
        "a PUT without active reopens nobody: what is left out may keep its value (RFC 7644 section 3.5.1)",
        _stays_closed,
    ),
)


@pytest.fixture
def twins(house: str, tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """Our door, and scim2-server."""
    program = PEERS / "scim2-server" / "bin" / "scim2-server"
    assert program.exists(), f"there is no {program}: run make test-peers, which installs the peers"
    command = [
        "sh",
        "-c",
        f"exec {program} --port {free_port()} --bearer-token {TOKEN} 2>&1",
    ]  # it says its address as an error
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
    with (
        running(command, tmp_path / "peer.log") as peer,
        httpx2.Client(base_url=f"{house}/scim/twin/v2", headers=headers, timeout=60) as ours,
        httpx2.Client(base_url=f"{peer}/v2", headers=headers, timeout=60) as theirs,
    ):
        yield Twin(ours), Twin(theirs)


def test_every_difference_from_scim2_server_has_a_rule(twins: tuple[Twin, Twin]) -> None:
    ours, theirs = twins
    served = kinds(ours.client.get("/ResourceTypes").json(), ours.client.get("/Schemas").json())
    played = []

    @seed(SEED)
    @settings(
        max_examples=HISTORIES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(served))
    def both_say_the_same(drawn: list[Step]) -> None:
        try:
            for step in drawn:
                one, other = ours.play(step), theirs.play(step)
                played.append(one[0])
                if one != other:
                    assert any(rule.holds(step, one, other) for rule in RULES), (
                        f"{step}\nours:   {one}\ntheirs: {other}"
                    )
                    break  # from here on they hold different things
        finally:
            ours.forget()
            theirs.forget()

    both_say_the_same()
    assert {200, 201, 204, 404, 409} <= set(played), "the histories are of too few kinds"
