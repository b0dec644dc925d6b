"""Our SCIM door, probed by PyPI's scim-sanity."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from .conftest import PEERS, TOKEN

pytestmark = pytest.mark.peers
NO_BODY = "RFC 7644 section 3.5.2: a PATCH may answer 204 without a body, and Entra ID wants it so for groups"
NOBODY = "RFC 7644 section 3.12: invalidValue is for a value that does not fit; a member that does not exist is one"
# Where the probe is wrong, and why, by the name of its check and what it says.
WRONG = {
    ("PATCH /Groups/{id}", "Expected HTTP 200, got 204 (RFC 7644 §3.3); Response body is empty"): NO_BODY,
    ("PATCH /Groups/{id} add member", "Expected 200, got 400"): NOBODY,
    ("PATCH /Groups/{id} remove members", "Expected 200, got 204"): NO_BODY,
}
AGENTS = "not supported"


def probed(address: str) -> dict[str, Any]:
    """What scim-sanity says of a server, in its strict mode."""
    program = PEERS / "scim-sanity" / "bin" / "scim-sanity"
    assert program.exists(), f"there is no {program}: run make test-peers, which installs the peers"
    command = [str(program), "probe", address, "--token", TOKEN, "--json-output", "--i-accept-side-effects"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("{"), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_scim_sanity_finds_nothing_but_where_it_is_wrong(house: str) -> None:
    results = probed(f"{house}/scim/sanity/v2")["results"]
    found = {(one["name"], one.get("message", "")) for one in results if one["status"] != "pass"}
    found = {(name, message) for name, message in found if AGENTS not in message}  # of drafts that we do not serve
    assert found == WRONG.keys()
    assert sum(one["status"] == "pass" for one in results) >= 25, "the probe stopped early"
