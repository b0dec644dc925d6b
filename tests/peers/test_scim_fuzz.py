"""Our SCIM door answers whatever it is sent as SCIM says: random requests, judged by what it publishes of itself."""

from __future__ import annotations

import os

import pytest

from .conftest import HERE, TOKEN, drive, python_of

SEED = os.environ.get("TENURE_SEED", "8")


def fuzzed(address: str, requests: int) -> dict[str, int]:
    """How many answers of each status came; fails with the shortest history that shows what is wrong."""
    command = [python_of("scim"), str(HERE / "scim_fuzz.py")]
    told: dict[str, int] = drive(command, address, TOKEN, str(requests), SEED, timeout=1_200)
    return told


@pytest.mark.peers
def test_every_answer_to_random_requests_is_scim(house: str) -> None:
    answers = fuzzed(f"{house}/scim/fuzz/v2", 1_500)
    assert sum(answers.values()) >= 1_000
    assert {"200", "201", "204", "400", "404", "409"} <= answers.keys(), "the requests are of too few kinds"


@pytest.mark.long
def test_every_answer_to_many_random_requests_is_scim(house: str) -> None:
    answers = fuzzed(f"{house}/scim/fuzz/v2", 25_000)
    assert sum(answers.values()) >= 20_000
