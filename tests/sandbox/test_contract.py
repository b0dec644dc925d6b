"""The stand-in's routes agree with the vendor's own API document, or say why they do not."""

from __future__ import annotations

import ast
import json
import pathlib
from typing import Any

import pytest

import tenure_sandbox
from tenure_sandbox.atlassian.jira import ROUTES

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[2] / "shared" / "contracts" / "openapi" / "jira-dc-10.3.24.openapi.json"
# Facts taken from the vendor's document: "METHOD path": [query parameters, status codes].
FACTS: dict[str, list[list[Any]]] = json.loads((HERE / "jira-10.3.24.json").read_text())

NOT_IN_THE_DOCUMENT = {
    "GET /rest/api/2/group": "was there until Jira 9; served to those versions alone",
    "GET /rest/applinks/1.0/manifest": "belongs to application links, outside this API",
}
READ_THOUGH_UNDOCUMENTED = {
    (
        "GET /rest/api/2/user",
        "expand",
    ): "independent clients send it, and the answer itself offers what can be expanded",
}
ANSWERED_THOUGH_UNDOCUMENTED = {
    ("GET /rest/api/2/user/list", 400): "a maxResults that is no number",
    ("GET /rest/api/2/groups/picker", 400): "a maxResults that is no number",
    ("PUT /rest/api/2/component/{id}", 400): "a lead who does not exist; the document lists no code for bad input",
}
# Any operation can answer these before it is reached: sign-in, XSRF check, unknown version, wrong method or media type.
# They are not declared by routes, except where the document names them.


def operation(route: Any) -> str:
    return f"{route.method} {route.path}"


DOCUMENTED = [route for route in ROUTES if operation(route) not in NOT_IN_THE_DOCUMENT]


def test_every_route_is_in_the_facts_or_explained():
    operations = [operation(route) for route in ROUTES]
    assert len(operations) == len(set(operations))
    assert {operation(route) for route in DOCUMENTED} == set(FACTS)
    assert NOT_IN_THE_DOCUMENT.keys() <= set(operations)


@pytest.mark.parametrize("route", DOCUMENTED, ids=operation)
def test_a_route_reads_and_answers_what_the_vendor_documents(route):
    parameters, statuses = FACTS[operation(route)]
    unknown = {name for name in route.query if name not in parameters}
    assert {(operation(route), name) for name in unknown} <= READ_THOUGH_UNDOCUMENTED.keys()
    undocumented = {status for status in route.statuses if status not in statuses}
    assert {(operation(route), status) for status in undocumented} <= ANSWERED_THOUGH_UNDOCUMENTED.keys()


def test_no_exception_is_left_over():
    reads = {(operation(route), name) for route in ROUTES for name in route.query}
    answers = {(operation(route), status) for route in ROUTES for status in route.statuses}
    assert reads >= READ_THOUGH_UNDOCUMENTED.keys()
    assert answers >= ANSWERED_THOUGH_UNDOCUMENTED.keys()


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not on this machine")
def test_the_facts_are_what_the_document_says():
    paths = json.loads(DOCUMENT.read_text())["paths"]
    for fact, (parameters, statuses) in FACTS.items():
        method, path = fact.split()
        documented = paths[path.removeprefix("/rest")][method.lower()]
        in_path = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        names = {p["name"] for p in documented.get("parameters", [])} - in_path
        assert (sorted(names), sorted(map(int, documented["responses"]))) == (parameters, statuses), fact


def test_the_sandbox_knows_nothing_of_tenure():
    for file in pathlib.Path(tenure_sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "tenure" for name in names), file
