"""The lists of an application's calls agree: what the connector makes, what the sandbox offers, what is documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenure.targets.atlassian import crowd_calls
from tenure.targets.atlassian.jira_calls import OPERATIONS
from tenure.wire import Operation
from tenure_sandbox.atlassian import crowd
from tenure_sandbox.atlassian.jira import ROUTES

CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts"
OPENAPI = CONTRACTS / "openapi" / "jira-dc-10.3.24.openapi.json"
TABLE = CONTRACTS / "jira.json"
# Application links are documented apart from the REST API; the server's identifier is known nowhere else.
ELSEWHERE = {("GET", "/rest/applinks/1.0/manifest")}
# In the OpenAPI document of 10.3 and not in the table, which was made from an older one, of people and groups alone.
NEWER = {("GET", "/rest/api/2/user/list"), ("GET", "/rest/api/2/project/{projectIdOrKey}/components")}

Call = tuple[str, str]


def made() -> set[Call]:
    return {(operation.method, operation.template) for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.kind or 'read'} {o}")
def test_the_sandbox_offers_what_the_connector_calls(operation: Operation) -> None:
    assert (operation.method, operation.template) in {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("operation", crowd_calls.OPERATIONS, ids=lambda o: f"{o.kind or 'read'} {o}")
def test_the_sandbox_offers_what_the_crowd_connector_calls(operation: Operation) -> None:
    assert (operation.method, operation.template) in {(route.method, route.path) for route in crowd.ROUTES}


@pytest.mark.parametrize("operations", [OPERATIONS, crowd_calls.OPERATIONS], ids=["jira", "crowd"])
def test_no_operation_is_listed_twice(operations: tuple[Operation, ...]) -> None:
    assert len(set(operations)) == len(operations)


@pytest.mark.skipif(not OPENAPI.exists(), reason="the vendor's document is not on this machine")
def test_the_vendor_documents_what_the_connector_calls() -> None:
    paths = json.loads(OPENAPI.read_text())["paths"]
    documented = {(method.upper(), f"/rest{path}") for path, methods in paths.items() for method in methods}
    assert made() - ELSEWHERE <= documented


@pytest.mark.skipif(not TABLE.exists(), reason="the table of calls is not on this machine")
def test_the_table_of_calls_knows_them_too() -> None:
    table = json.loads(TABLE.read_text())["operations"]
    assert made() - ELSEWHERE - NEWER <= {(operation["method"], operation["path"]) for operation in table}
