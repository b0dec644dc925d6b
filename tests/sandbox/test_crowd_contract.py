"""The stand-in's routes agree with what is known of Crowd's API, which has no document that a machine could read."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tenure_sandbox.atlassian.crowd import ROUTES

API = "/rest/usermanagement/1"
# From the vendor's pages and from clients that others wrote: "METHOD path": [query parameters, status codes].
FACTS: dict[str, list[list[Any]]] = json.loads((pathlib.Path(__file__).parent / "crowd.json").read_text())
ANYWHERE = {"start-index", "max-results", "expand"}  # of every listing
GUESSED = {400, 403}  # a parameter that is missing; a permission of the application that is missing
ALSO_GUESSED = {("POST /group/parent-group/direct", 409)}  # as where a child is added


def operation(route: Any) -> str:
    return f"{route.method} {route.path.removeprefix(API)}"


def test_every_route_is_in_the_facts_and_every_fact_has_its_route():
    operations = [operation(route) for route in ROUTES]
    assert len(operations) == len(set(operations))
    assert set(operations) == set(FACTS)


@pytest.mark.parametrize("route", ROUTES, ids=operation)
def test_a_route_reads_and_answers_what_is_known(route):
    parameters, statuses = FACTS[operation(route)]
    assert set(route.query) - ANYWHERE <= set(parameters)
    unknown = set(route.statuses) - set(statuses) - GUESSED
    assert {(operation(route), status) for status in unknown} <= ALSO_GUESSED
    assert statuses[0] == route.statuses[0], "what it answers when all is well"
