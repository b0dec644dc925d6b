"""The sandbox's SCIM server, held to the standard by PyPI's scim2-client and scim2-tester."""

from __future__ import annotations

import pytest

from .conftest import HERE, drive, python_of

pytestmark = pytest.mark.peers


def test_scim2_tester_finds_nothing_against_the_standard(sandbox: str) -> None:
    results = drive([python_of("scim"), str(HERE / "scim_peer.py")], "check", f"{sandbox}/scim", "sandbox")
    against = [result for result in results if result["status"] not in ("SUCCESS", "COMPLIANT", "ACCEPTABLE")]
    # It has no search over several kinds at once, and says so: the connector never asks for one.
    assert {(one["status"], one["title"]) for one in against} == {("SKIPPED", "search_with_attributes")}, against
    titles = {result["title"] for result in results}
    assert len(results) > 80, "the tester stopped early"
    assert {"object_creation", "object_replacement", "object_deletion", "check_add_attribute"} <= titles
