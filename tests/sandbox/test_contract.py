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
from tenure_sandbox.atlassian import bitbucket, cloud, confluence, jira
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


API = "/rest/api"
NOT_A_NUMBER = "a start or a limit that is no number"
NO_GROUP = "no such group: the document lists no code for it, and 200 would be a lie"
LISTINGS = (
    "user/list",
    "admin/users/list/active",
    "group",
    "group/{groupName}/member",
    "group/{groupName}/groupmember",
    "group/{groupName}/groupparent",
    "group/{groupName}/groupancestor",
    "space",
    "longtask",
)
OF_ONE_GROUP = ("group/{groupName}", *(one for one in LISTINGS if one.startswith("group/")))
MEMBERSHIP = f"{API}/user/{{username}}/group/{{groupName}}"
OF_A_SPACE = f"{API}/space/{{spaceKey}}/permissions"
BAD_INPUT = "a body that cannot be carried out; no code for bad input is listed"
SCHEMES = "/rest/api/2/permissionscheme"
CAST = "/rest/api/2/project/{projectIdOrKey}/role/{id}"
TO_SCHEMES = (f"POST {SCHEMES}", f"PUT {SCHEMES}/{{schemeId}}", f"POST {SCHEMES}/{{schemeId}}/permission")
LATEST, ADMIN = "/rest/api/latest", "/rest/api/latest/admin"
ON = [f"{LATEST}/projects/{{projectKey}}", f"{LATEST}/projects/{{projectKey}}/repos/{{repositorySlug}}"]
SEARCHES = [f"GET {one}/permissions/search" for one in ON]  # documented with a "default" answer alone
OPENED = "/rest/keys/latest/ssh/{keyId}"
OF_A_KEY = [f"GET {OPENED}/projects", f"GET {OPENED}/repos"]  # documented without pages
NAMED = ("add-group", "add-groups", "remove-group", "add-user", "add-users", "remove-user")


def of_bitbucket() -> dict[tuple[str, int], str]:
    """The status codes that the stand-in for Bitbucket answers and its vendor does not list."""
    listings = [operation(route) for route in bitbucket.ROUTES if "limit" in route.query]
    found = dict.fromkeys([(one, 400) for one in listings if one != f"GET {LATEST}/users"], "a limit that is no number")
    directory = ["PUT users", "POST users/rename", "PUT users/credentials", "POST users/erasure", "POST groups"]
    for one in directory:
        found[(one.replace(" ", f" {ADMIN}/"), 403)] = "a directory that is read-only: a guess"
    for route in bitbucket.ROUTES:
        named = route.path.rpartition("/")[2] in NAMED
        one_left_out = route.method == "DELETE" and route.path.endswith(("permissions/users", "permissions/groups"))
        if named or one_left_out:
            found[(operation(route), 400)] = "a name that is left out, or another body"
    found |= {(one, status): "any answer: none is documented" for one in SEARCHES for status in (200, 401, 404)}
    found |= {(f"{one} /rest/gpg/latest/keys", 404): "as for SSH keys" for one in ("GET", "POST")}
    token = "POST /rest/access-tokens/latest/users/{userSlug}/{tokenId}"
    of_place = [f"POST {one.replace(LATEST, '/rest/access-tokens/latest')}/{{tokenId}}" for one in ON]
    settings = f"POST {LATEST}/users/{{userSlug}}/settings"
    keys = [f"{one.replace(LATEST, '/rest/keys/latest')}/ssh/{{keyId}}" for one in ON]
    found |= {(f"DELETE {one}", 404): "no such project or repository: 204 would be a lie" for one in keys}
    found |= {(f"PUT {one}/permission/{{permission}}", 400): "a permission that no key can have here" for one in keys}
    found |= {(one, 401): "nobody signed in" for one in OF_A_KEY}
    branches = [f"{one.replace(LATEST, '/rest/branch-permissions/latest')}/restrictions" for one in ON]
    found |= {
        (f"{call}", 404): "as where they are read" for b in branches for call in (f"POST {b}", f"DELETE {b}/{{id}}")
    }
    found[f"PUT {ADMIN}/rate-limit/settings/users/{{userSlug}}", 404] = "as where they are read"
    found[f"DELETE {OPENED}", 400] = "another body"
    found |= {(one, 404): "as where it is read" for one in (*of_place, settings)}
    return found | {
        (settings, 400): "a value that is no setting",
        (f"POST {ADMIN}/users/rename", 409): "a name that is taken: the vendor's Java API says so",
        (token, 404): "as where it is read",
        (f"GET {LATEST}/projects", 401): "nobody signed in: the stand-in has nothing that is public",
    }


def operation(route: Route) -> str:
    return f"{route.method} {route.path}"


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
            **{(one, 400): BAD_INPUT for one in (*TO_SCHEMES, f"PUT {CAST}", f"POST {CAST}")},
            ("PUT /rest/api/2/project/{projectIdOrKey}/permissionscheme", 400): BAD_INPUT,
            ("PUT /rest/api/2/applicationrole", 400): BAD_INPUT,
            ("PUT /rest/api/2/applicationrole/{key}", 400): BAD_INPUT,
            ("POST /rest/auth/1/session", 400): BAD_INPUT,
            ("PUT /rest/api/2/mypreferences", 400): BAD_INPUT,
            **{(f"{one} /rest/api/2/mypreferences", 404): "so the description says" for one in ("PUT", "DELETE")},
            ("GET /rest/api/2/avatar/{type}/system", 404): "a type of which the stand-in has no pictures",
            ("PUT /rest/api/2/user/columns", 401): "as where they are read",
            **{(f"{one} /rest/api/2/user/columns", 404): "as where they are read" for one in ("PUT", "DELETE")},
            (f"PUT {SCHEMES}/{{schemeId}}/attribute/{{key}}", 400): "a value that is no text",
            (f"PUT {SCHEMES}/{{schemeId}}/attribute/{{key}}", 404): "no such scheme: 204 would be a lie",
            ("GET /rest/api/2/groupuserpicker", 400): "a maxResults that is no number",
            ("GET /rest/api/2/user/picker", 400): "a maxResults that is no number",
            ("GET /rest/api/2/user/assignable/search", 400): "as above, or no project at all",
            ("GET /rest/api/2/user/assignable/multiProjectSearch", 400): "as above",
            (f"DELETE {SCHEMES}/{{schemeId}}", 400): "the default scheme, or one that a project has: a guess",
            (f"DELETE {SCHEMES}/{{schemeId}}", 404): "no such scheme: 204 would be a lie",
            (f"POST {SCHEMES}/{{schemeId}}/permission", 404): "as where it is read",
            (f"DELETE {SCHEMES}/{{schemeId}}/permission/{{permissionId}}", 404): "as where it is read",
        },
    ),
    "confluence": Contract(
        confluence.ROUTES,
        facts="confluence-10.0.3.json",
        document="confluence-dc-10.0.3.openapi.json",
        undocumented={
            "GET /rest/license/1.0/license/userCount": "belongs to the licence; clients in the field ask for it",
            "GET /rest/license/1.0/license/maxUsers": "as above",
            "GET /rest/license/1.0/license/remainingSeats": "as above",
            "GET /rest/applinks/1.0/manifest": "belongs to application links, outside this API",
        },
        answers={
            **{(f"GET {API}/{listing}", 400): NOT_A_NUMBER for listing in LISTINGS},
            **{(f"GET {API}/{one}", 404): NO_GROUP for one in OF_ONE_GROUP},
            ("GET /rest/api/user/memberof", 404): "no such account; the document lists no code for it",
            **{
                (f"{method} {MEMBERSHIP}", code): "no code but 204 is listed for what must be refused"
                for method in ("PUT", "DELETE")
                for code in (403, 404)
            },
            **{
                (f"{method} {OF_A_SPACE}{path}", 404): "no such space; the document lists it for some of them"
                for method, path in (
                    ("GET", ""),
                    ("GET", "/anonymous"),
                    ("PUT", "/anonymous/grant"),
                    ("PUT", "/anonymous/revoke"),
                )
            },
        },
    ),
    "bitbucket": Contract(
        bitbucket.ROUTES,
        facts="bitbucket-9.2.json",
        document="bitbucket-dc-9.2.openapi.json",
        prefix="/rest",
        reads={
            (one, name): "any listing has pages"
            for one in (f"GET {LATEST}/users", *SEARCHES, *OF_A_KEY)
            for name in ("start", "limit")
        },
        answers=of_bitbucket(),
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
    # By method too: a document may name the same path differently for each.
    paths = {
        (method, unnamed(path)): (path, documented)
        for path, methods in json.loads(file.read_text())["paths"].items()
        for method, documented in methods.items()
    }
    for fact, (parameters, statuses) in contract.known.items():
        method, path = fact.split()
        whole, documented = paths[method.lower(), unnamed(f"{contract.below}{path.removeprefix(contract.prefix)}")]
        in_path = {part.strip("{}") for part in whole.split("/") if part.startswith("{")}
        names = {p["name"] for p in documented.get("parameters", [])} - in_path
        answered = sorted(int(status) for status in documented["responses"] if status != "default")
        assert (sorted(names), answered) == (parameters, statuses), fact


def test_the_sandbox_knows_nothing_of_tenure():
    for file in pathlib.Path(tenure_sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "tenure" for name in names), file
