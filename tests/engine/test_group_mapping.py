"""The mapping of groups in all four Data Center applications: by hand, and on the fly to one that is there or not."""

from __future__ import annotations

import httpx2
import pytest

from .world import World, person

ESTATE = """
sources:
  okta: {{kind: scim, token: {{env: OKTA}}}}
targets:
  app:
    kind: {kind}
    url: http://jira.test/{kind}
    auth: {auth}
    source: okta
    mode: full
    match: [[username, display_name]]
    attributes: {{username: "userName.split('@')[0].lowerAscii()", email: emails.primary, display_name: displayName}}
    groups:
      mapping: {{Dev users: [Software_dev]}}
      on_the_fly: {{match: '.*', create: true, existing: join}}
    rate: {{per_second: 200, concurrency: 8}}
"""
BEARER, NAMED = "{bearer: {env: JIRA}}", "{username: admin, password: {env: ADMIN}}"
KINDS = {"jira": BEARER, "confluence": BEARER, "bitbucket": NAMED, "crowd": NAMED}


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(World.__init__.__globals__["SECRETS"], "ADMIN", "admin")


async def group(client: httpx2.AsyncClient, name: str, member: str) -> None:
    body = {"schemas": [], "displayName": name, "members": [{"value": member}]}
    assert (await client.post("/Groups", json=body)).status_code == 201


@pytest.mark.parametrize("kind", KINDS)
async def test_by_hand_and_on_the_fly(database: str, kind: str) -> None:
    """What is called "Dev users", Helpdesk and Marketing is software_dev, helpdesk, and a new group there."""
    world = World(database, ESTATE.format(kind=kind, auth=KINDS[kind]))
    before = {g["name"]: set(g["members"]) for g in (await world.state(kind))["groups"]}
    async with world.house() as tenure, world.provider(tenure) as client:
        ada = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
        for name in ("Dev users", "Helpdesk", "Marketing"):
            await group(client, name, ada)
        await world.finish(tenure)
    after = {g["name"]: set(g["members"]) for g in (await world.state(kind))["groups"]}
    gained = {name: members - before.get(name, set()) for name, members in after.items()}
    made = {name for name in after if name.lower() == "marketing"}
    assert set(after) - set(before) == made
    assert len(made) == 1
    assert {name for name, members in gained.items() if members == {"ada"}} == {"software_dev", "helpdesk", *made}
    assert all(before[name] <= after[name] for name in before), "who was there stays"
