"""The phases with a crowd: people and their group are written into the database, then asked about through the door."""

from __future__ import annotations

import psycopg
from load import Load, Timing, joining, person
from scim_phases import SINGLE, more_people, page

_PEOPLE = """
INSERT INTO identity (id, source, user_name, user_name_canon, external_id, active, display_name, doc, doc_canon,
    created_at, modified_at)
SELECT gen_random_uuid(), s.id, 'crowd' || n, 'crowd' || n, 'crowd' || n, true, 'Crowd ' || n, d.doc, d.doc,
    now() - interval '1 day' + n * interval '1 millisecond', now()
FROM source s, generate_series(1, %s) n CROSS JOIN LATERAL (
    SELECT jsonb_build_object('userName', 'crowd' || n, 'externalId', 'crowd' || n, 'displayName', 'crowd ' || n,
        'emails', jsonb_build_array(
            jsonb_build_object('value', 'crowd' || n || '@example.org', 'primary', true))) AS doc
) d
"""
_MEMBERS = """
INSERT INTO member (source_group, identity, since)
SELECT %s, id, now() FROM (SELECT id FROM identity ORDER BY created_at LIMIT %s) i
"""


async def measure(load: Load, dsn: str, people: int) -> dict[str, Timing]:
    """One member into a group of 100 and into one of everybody, the first page and the last, and the whole group."""
    newcomers = await more_people(load, 1, 4 * SINGLE)
    groups = [(await load.send("POST", "/Groups", {"displayName": f"group {n}"}))["id"] for n in (1, 2)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_PEOPLE, (people,))
        for group, size in zip(groups, (min(100, people), people), strict=True):
            connection.execute(_MEMBERS, (group, size))
        connection.execute("VACUUM ANALYZE")
    found: dict[str, Timing] = {}
    for place, (group, size) in enumerate(zip(groups, ("100", "100,000"), strict=True)):
        first = place * 2 * SINGLE
        for measure, ids in (("", newcomers[first : first + SINGLE]), (size, newcomers[first + SINGLE :][:SINGLE])):
            adds = [("PATCH", f"/Groups/{group}", joining([one])) for one in ids]
            timing, _ = await load.phase(adds, 1)
            found |= {f"one member into {measure}": timing} if measure else {}  # the first ones warm it up
    for measure, start in (("first page of 100", 1), ("last page of 100", people - 99)):
        for _ in range(2):
            found[measure], _ = await load.phase([("GET", page(start), None)] * SINGLE, 1)
    await load.send("GET", f"/Groups/{groups[1]}")
    await load.send("PUT", f"/Users/{newcomers[0]}", person("p1", 1))
    return found
