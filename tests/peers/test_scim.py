"""Our SCIM door, served by the real `tenure serve` and driven by PyPI's scim2-client and scim2-tester."""

from __future__ import annotations

import pytest

from .conftest import HERE, TOKEN, drive, python_of

pytestmark = pytest.mark.peers


@pytest.fixture
def door(house: str) -> str:
    """The address of the SCIM door of a source in a house without targets."""
    return f"{house}/scim/scim2/v2"


def test_scim2_client_lives_a_persons_life(door: str) -> None:
    told = drive([python_of("scim"), str(HERE / "scim_peer.py")], "use", door, TOKEN)
    assert told["models"] == ["EnterpriseUser", "Group", "User"]
    assert told["made"] == ["Hana@Example.org", "Hana Lind", True, "User"]
    assert told["twice"]
    assert told["found"] == [1, True]
    assert told["changed"] == "Hana Berg"
    assert told["replaced"] == ["Engineer", "Engineer"]
    assert told["searched"] == [2, "User", "Group"]
    assert told["active"] is False
    assert told["gone"]
    group = told["group"]
    assert (group["made"], group["filled"], group["left"]) == (1, True, 24)
    assert group["page"] == [26, 11, 10]
    assert group["sorted"] == ["member24@example.org", "member23@example.org"]
    assert group["gone"]


def test_scim2_tester_finds_nothing_against_the_standard(door: str) -> None:
    results = drive([python_of("scim"), str(HERE / "scim_peer.py")], "check", door, TOKEN)
    against = [result for result in results if result["status"] not in ("SUCCESS", "COMPLIANT", "ACCEPTABLE")]
    told = "\n".join(f"{one['status']} {one['type']} {one['title']}: {one['reason']}" for one in against)
    assert not against, told
    titles = {result["title"] for result in results}
    assert len(results) > 100, "the tester stopped early"
    assert {"object_creation", "object_replacement", "object_deletion", "check_add_attribute"} <= titles
