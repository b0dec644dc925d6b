"""The stand-ins' routes agree with the vendor's own API documents, or say why they do not."""

from __future__ import annotations

import ast
import json
import pathlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

import tenure_sandbox
from tenure_sandbox.atlassian import cloud, jira
from tenure_sandbox.atlassian.call import Route

HERE = pathlib.Path(__file__).parent
DOCUMENTS = HERE.parents[2] / "shared" / "contracts" / "openapi"


@dataclass(frozen=True)
class Contract:
    """An application's routes beside what its vendor documents.

    `facts` is a file of ours with what was taken from the vendor's `document`, whose paths begin below `prefix`:
    "METHOD path": [query parameters, status codes]. `below` is where our routes begin in the document. The others are
    the exceptions, each with its reason: operations that the document lacks, parameters that are read and codes that
    are answered without it. Any operation can answer these before it is reached: sign-in, XSRF check, unknown version,
    wrong method or media type. They are not declared by routes, except where the document names them.
    """

    routes: tuple[Route, ...]
    facts: str
    document: str
    prefix: str = ""
    below: str = ""
    undocumented: dict[str, str] = field(default_factory=dict)
    reads: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[tuple[str, int], str] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[str, list[list[Any]]]:
        return json.loads((HERE / self.facts).read_text())

    def documented(self) -> Iterable[Route]:
        return (route for route in self.routes if operation(route) not in self.undocumented)


CONTRACTS = {
    "jira": Contract(
        jira.ROUTES,
        facts="jira-10.3.24.json",
        document="jira-dc-10.3.24.openapi.json",
        prefix="/rest",
        undocumented={
            "GET /rest/api/2/group": "was there until Jira 9; served to those versions alone",
            "GET /rest/applinks/1.0/manifest": "belongs to application links, outside this API",
        },
        reads={
            (
                "GET /rest/api/2/user",
                "expand",
            ): "independent clients send it, and the answer itself offers what can be expanded",
        },
        answers={
            ("GET /rest/api/2/user/list", 400): "a maxResults that is no number",
            ("GET /rest/api/2/groups/picker", 400): "a maxResults that is no number",
            ("PUT /rest/api/2/component/{id}", 400): "a lead who does not exist; no code for bad input is listed",
        },
    ),
    "cloud directory": Contract(
        cloud.DIRECTORY_ROUTES,
        facts="cloud-directory.json",
        document="atlassian-cloud-scim-2022-08.openapi.json",
        below="/scim/directory/{directoryId}",
        undocumented={
            "GET /ResourceTypes/{id}": "documented once for each resource type",
            "GET /Schemas/{id}": "documented once for each schema",
        },
        answers={
            ("DELETE /Users/{id}", 400): "a directory that is read-only, when a scheduled fault says so with 400",
            ("PUT /Users/{id}", 409): "somebody else's name or address: RFC 7644 section 3.3 has no other code",
            ("PATCH /Users/{id}", 409): "somebody else's name or address: RFC 7644 section 3.3 has no other code",
        },
    ),
    "cloud accounts": Contract(
        cloud.ROUTES,
        facts="cloud-accounts.json",
        document="atlassian-cloud-user-management-2022-08.openapi.json",
    ),
}


def operation(route: Route) -> str:
    return f"{route.method} {route.path}"


def unnamed(path: str) -> str:
    """The path without the names of what stands in it, which are each document's own."""
    return re.sub(r"\{\w+\}", "{}", path)


EACH = pytest.mark.parametrize("name", CONTRACTS)
ROUTES = [
    pytest.param(name, route, id=f"{name} {operation(route)}")
    for name, contract in CONTRACTS.items()
    for route in contract.documented()
]


@EACH
def test_every_route_is_in_the_facts_or_explained(name):
    contract = CONTRACTS[name]
    operations = [operation(route) for route in contract.routes]
    assert len(operations) == len(set(operations))
    assert {operation(route) for route in contract.documented()} == set(contract.known)
    assert contract.undocumented.keys() <= set(operations)


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_a_route_reads_and_answers_what_the_vendor_documents(name, route):
    contract, what = CONTRACTS[name], operation(route)
    parameters, statuses = contract.known[what]
    assert {(what, one) for one in route.query if one not in parameters} <= contract.reads.keys()
    assert {(what, one) for one in route.statuses if one not in statuses} <= contract.answers.keys()


@EACH
def test_no_exception_is_left_over(name):
    contract = CONTRACTS[name]
    reads = {(operation(route), one) for route in contract.routes for one in route.query}
    answers = {(operation(route), one) for route in contract.routes for one in route.statuses}
    assert reads >= contract.reads.keys()
    assert answers >= contract.answers.keys()


@EACH
def test_the_facts_are_what_the_document_says(name):
    contract = CONTRACTS[name]
    file = DOCUMENTS / contract.document
    if not file.exists():
        pytest.skip("the vendor's document is not on this machine")
    paths = {unnamed(path): (path, methods) for path, methods in json.loads(file.read_text())["paths"].items()}
    for fact, (parameters, statuses) in contract.known.items():
        method, path = fact.split()
        whole, methods = paths[unnamed(f"{contract.below}{path.removeprefix(contract.prefix)}")]
        documented = methods[method.lower()]
        in_path = {part.strip("{}") for part in whole.split("/") if part.startswith("{")}
        names = {p["name"] for p in documented.get("parameters", [])} - in_path
        assert (sorted(names), sorted(map(int, documented["responses"]))) == (parameters, statuses), fact


def test_the_sandbox_knows_nothing_of_tenure():
    for file in pathlib.Path(tenure_sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "tenure" for name in names), file
