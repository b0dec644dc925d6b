"""The lists of an application's calls agree: what the connector makes, what the sandbox offers, what is documented."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tenure.targets.atlassian import bitbucket_calls, cloud_calls, confluence_calls, crowd_calls, jira_calls
from tenure.targets.scim import calls as scim_calls
from tenure.wire import Operation
from tenure_sandbox import scim
from tenure_sandbox.atlassian import bitbucket, cloud, confluence, crowd, jira
from tenure_sandbox.atlassian.call import Route

CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts"

Call = tuple[str, str]


@dataclass(frozen=True)
class Lists:
    """The lists of one application.

    `document` is the vendor's OpenAPI document, whose paths begin below `prefix`, and `table` the calls of a client
    that was generated from one; None where there is none. `below` is where our calls begin in the document. `elsewhere`
    are calls that the vendor documents at another place or that only clients in the field show; `newer` those that the
    document has and the older table has not.
    """

    operations: tuple[Operation, ...]
    routes: tuple[Route, ...]
    document: str | None = None
    prefix: str = ""
    below: str = ""
    table: str | None = None
    elsewhere: frozenset[Call] = frozenset()
    newer: frozenset[Call] = frozenset()

    @property
    def made(self) -> set[Call]:
        return {(operation.method, operation.template) for operation in self.operations}


LISTS = {
    "jira": Lists(
        jira_calls.OPERATIONS,
        jira.ROUTES,
        document="jira-dc-10.3.24.openapi.json",
        prefix="/rest",
        table="jira.json",
        # Application links are documented apart from the REST API; the server's identifier is known nowhere else.
        elsewhere=frozenset({("GET", "/rest/applinks/1.0/manifest")}),
        # The table was made from an older document, of people and groups alone.
        newer=frozenset(
            {
                ("GET", "/rest/api/2/user/list"),
                ("GET", "/rest/api/2/project/{projectIdOrKey}/components"),
                ("GET", "/rest/api/2/role"),
                ("GET", "/rest/api/2/project/{projectIdOrKey}/role/{id}"),
                ("GET", "/rest/api/2/permissionscheme"),
            }
        ),
    ),
    "confluence": Lists(
        confluence_calls.OPERATIONS,
        confluence.ROUTES,
        document="confluence-dc-10.0.3.openapi.json",
        table="confluence.json",
        # Application links and the licence are documented apart from the REST API, the latter by clients alone.
        elsewhere=frozenset(
            {
                ("GET", "/rest/applinks/1.0/manifest"),
                ("GET", "/rest/license/1.0/license/userCount"),
                ("GET", "/rest/license/1.0/license/maxUsers"),
            }
        ),
        # The table was made of people and groups alone.
        newer=frozenset(
            {
                ("GET", "/rest/api/permissions"),
                ("GET", "/rest/api/permissions/user/{user}"),
                ("PUT", "/rest/api/permissions/user/{user}/revoke"),
                ("GET", "/rest/api/space"),
                ("GET", "/rest/api/space/{spaceKey}/permissions"),
                ("GET", "/rest/api/space/{spaceKey}/permissions/user/{userKey}"),
            }
        ),
    ),
    "bitbucket": Lists(
        bitbucket_calls.OPERATIONS,
        bitbucket.ROUTES,
        document="bitbucket-dc-9.2.openapi.json",
        prefix="/rest",
        table="bitbucket.json",
        # The table is of people, groups and keys alone.
        newer=frozenset(
            (operation.method, operation.template)
            for operation in bitbucket_calls.OPERATIONS
            if "/projects" in operation.template
        ),
    ),
    "crowd": Lists(crowd_calls.OPERATIONS, crowd.ROUTES),
    "scim": Lists(scim_calls.OPERATIONS, scim.ROUTES),
    "cloud directory": Lists(
        scim_calls.OPERATIONS,
        cloud.DIRECTORY_ROUTES,
        document="atlassian-cloud-scim-2022-08.openapi.json",
        below="/scim/directory/{directoryId}",
    ),
    "cloud accounts": Lists(
        cloud_calls.OPERATIONS, cloud.ROUTES, document="atlassian-cloud-user-management-2022-08.openapi.json"
    ),
}
CALLS = [
    pytest.param(name, operation, id=f"{name} {operation.kind or 'read'} {operation}")
    for name, lists in LISTS.items()
    for operation in lists.operations
]
DOCUMENTED = [name for name, lists in LISTS.items() if lists.document]
TABLED = [name for name, lists in LISTS.items() if lists.table]


def unnamed(call: Call) -> Call:
    """The call without the names of what stands in its path, which are each document's own."""
    return call[0], re.sub(r"\{\w+\}", "{}", call[1])


@pytest.mark.parametrize(("name", "operation"), CALLS)
def test_the_sandbox_offers_what_the_connector_calls(name: str, operation: Operation) -> None:
    assert (operation.method, operation.template) in {(route.method, route.path) for route in LISTS[name].routes}


@pytest.mark.parametrize("name", LISTS)
def test_no_operation_is_listed_twice(name: str) -> None:
    assert len(set(LISTS[name].operations)) == len(LISTS[name].operations)


@pytest.mark.parametrize("name", LISTS)
def test_no_exception_is_left_over(name: str) -> None:
    lists = LISTS[name]
    assert lists.elsewhere | lists.newer <= lists.made


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_vendor_documents_what_the_connector_calls(name: str) -> None:
    lists = LISTS[name]
    file = CONTRACTS / "openapi" / str(lists.document)
    if not file.exists():
        pytest.skip("the vendor's document is not on this machine")
    paths = json.loads(file.read_text())["paths"]
    documented = {(method.upper(), f"{lists.prefix}{path}") for path, methods in paths.items() for method in methods}
    made = {(method, f"{lists.below}{path}") for method, path in lists.made - lists.elsewhere}
    assert {unnamed(call) for call in made} <= {unnamed(call) for call in documented}


@pytest.mark.parametrize("name", TABLED)
def test_the_table_of_calls_knows_them_too(name: str) -> None:
    lists = LISTS[name]
    file = CONTRACTS / str(lists.table)
    if not file.exists():
        pytest.skip("the table of calls is not on this machine")
    table = json.loads(file.read_text())["operations"]
    assert lists.made - lists.elsewhere - lists.newer <= {(one["method"], one["path"]) for one in table}
