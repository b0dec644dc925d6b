"""A freeze, where the application does not say as whom we are signed in."""

from __future__ import annotations

from tenure.engine import beforehand
from tenure.store.decisions import Decider

from .world import World, person

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  cloud:
    kind: atlassian-cloud
    url: http://jira.test/cloud/scim/directory/2f1c1f6e-0d4b-4c6e-9b1c-7a5d3c0f9e21
    auth: {bearer: {env: JIRA}}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    rate: {per_second: 200, concurrency: 8}
"""


async def test_a_freeze_is_heeded_at_once_where_nobody_tells_who_we_are(database: str) -> None:
    world = World(database, ESTATE)
    async with world.house() as tenure, world.provider(tenure) as client:
        await client.post("/Users", json=person("ada@example.com", "Ada"))
        await world.finish(tenure)
        before = (await world.state("cloud"))["accounts"]
        assert "ada" in {account["name"] for account in before}
        await beforehand.freeze(tenure.database, world.clock.now(), None, Decider("cli:ada", "restoring"))
        await client.post("/Users", json=person("bela@example.com", "Bela"))
        await world.finish(tenure)
        assert (await world.state("cloud"))["accounts"] == before
