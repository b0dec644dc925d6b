"""The whole house before accounts that nobody is matched to: a name in two directories, and a customer's account."""

from __future__ import annotations

import pytest

from tenure_sandbox.atlassian.jira import Jira
from tenure_sandbox.atlassian.jira.state import Role

from .world import ESTATE, World, ensure, person


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("shadowed", "more than one directory has an account of this name"),
        ("customer", "opens the customers' portal alone"),
    ],
)
async def test_what_agrees_in_full_and_is_apart_waits_for_a_person(database: str, why: str, words: str) -> None:
    world = World(database, ESTATE.replace("adopt: ask", "adopt: match"))
    state: Jira = world.sandbox.state.world.applications["jira"]
    if why == "shadowed":
        state.shadow("hdiaz")
    else:
        state.roles["jira-servicedesk"] = Role("jira-servicedesk", "Jira Service Management", (), (), False)
    async with world.house() as tenure, world.provider(tenure) as client:
        helena = person("hdiaz@x.example", "Helena Diaz", mail="helena.diaz@example.com")
        await ensure(client, {}, "Users", "userName", helena)
        maria = person("mwolf@x.example", "Maria Wolf", mail="maria.wolf@example.com")
        await ensure(client, {}, "Users", "userName", maria)
        await world.finish(tenure)
        plans = await tenure.database.rows("SELECT situation, verdicts::text told FROM plan WHERE current AND waiting")
        links = await tenure.database.rows("SELECT key FROM link WHERE ended_at IS NULL")
    assert [plan["situation"] for plan in plans] == ["AMBIGUOUS"]
    assert words in plans[0]["told"]
    assert [link["key"] for link in links] == ["mwolf"]
    assert not [entry for entry in state.journal if entry["subject"] == "hdiaz"]
