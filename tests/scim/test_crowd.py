"""Many writers on one large group: nobody is lost, nobody stays who was taken out, and the version counts them all."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from .conftest import Provider, join, leave

WRITERS = 32
_PEOPLE = """
INSERT INTO identity (id, source, user_name, user_name_canon, active, doc, created_at, modified_at)
SELECT gen_random_uuid(), %s, 'p' || n, 'p' || n, true, jsonb_build_object('userName', 'p' || n), now(), now()
FROM generate_series(1, %s) n
"""


@pytest.mark.parametrize(("size", "requests"), [(5_000, 400), pytest.param(100_000, 10_000, marks=pytest.mark.long)])
async def test_parallel_adds_and_removes_end_in_exactly_the_right_set(
    provider: Provider, size: int, requests: int
) -> None:
    provider.run(_PEOPLE, provider.sources["okta"].id, size + requests)
    ids = [str(r["id"]) for r in provider.rows("SELECT id FROM identity ORDER BY id")]
    group = (await provider.group("Everybody"))["id"]
    provider.run(
        "INSERT INTO member (source_group, identity, since) SELECT %s, id, now() FROM identity ORDER BY id LIMIT %s",
        group, size,
    )  # fmt: skip
    chance = random.Random(20261125)
    leaving = set(chance.sample(ids[:size], requests // 2))
    joining = set(ids[size : size + requests - len(leaving)])
    asked: list[dict[str, Any]] = [join(one) for one in joining] + [leave(one) for one in leaving]
    chance.shuffle(asked)
    todo = iter(asked)

    async def write() -> None:
        for operation in todo:
            await provider.patch(f"/Groups/{group}", operation, status=204)

    before = await version(provider, group)
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    found = provider.rows("SELECT identity FROM member WHERE source_group = %s", group)
    assert {str(r["identity"]) for r in found} == (set(ids[:size]) - leaving) | joining
    assert await version(provider, group) == before + requests
    assert provider.marks().keys() == joining | leaving


async def version(provider: Provider, group: str) -> int:
    found = await provider.ask("GET", f"/Groups/{group}", params={"excludedAttributes": "members"}, status=200)
    return int(found["meta"]["version"].strip('W/"'))
