"""The match table: of every person and application, the account and the evidence, as the last look left it.

What could be a leaver's account is found by the name and the addresses that the source gives: the rules ask nothing for
somebody who has left.
"""

from __future__ import annotations

from typing import Any

from tenure.model.change import ChangeKind
from tenure.model.held import Possible
from tenure.model.match import Match, MatchKind, Stray
from tenure.store.database import Connection, Row, rows

_POSSIBLE = 10
"""So many of the accounts that could be somebody's are told."""
_OF_SITUATION = {
    "FOUND": MatchKind.MATCH,
    "AMBIGUOUS": MatchKind.DOUBT,
    "ABSENT": MatchKind.NEW,
    "MISSING": MatchKind.VANISHED,
    "UNSEEN": MatchKind.UNREAD,
}
_MATCHES = f"""
SELECT t.name AS target, s.name AS source, i.user_name AS person, i.active, l.evidence, l.id IS NOT NULL AS linked,
       coalesce(a.name, l.key) AS account, p.situation,
       jsonb_path_query_first(p.verdicts, '$.verdicts[*].change ? (@.kind == "{ChangeKind.ADOPT_ACCOUNT}")') AS adopts,
       coalesce(p.verdicts->'problems'->>0,
                jsonb_path_query_first(p.verdicts, '$.verdicts[*].reason') #>> '{{}}') AS reason, c.possible
FROM identity i JOIN source s ON s.id = i.source AND s.retired_at IS NULL
JOIN target t ON t.retired_at IS NULL AND (%s::text IS NULL OR t.name = %s)
LEFT JOIN desired d ON d.target = t.id AND d.identity = i.id
LEFT JOIN plan p ON p.target = t.id AND p.subject = i.id::text AND p.current
LEFT JOIN link l ON l.target = t.id AND l.identity = i.id AND l.ended_at IS NULL
LEFT JOIN seen_account a ON a.target = t.id AND a.key = l.key
LEFT JOIN LATERAL (SELECT json_agg(json_build_array(f.key, f.name, f.email, f.active, f.held_by)) AS possible FROM (
    SELECT DISTINCT n.key, n.name, n.fields->>'email' AS email, n.active, o.user_name AS held_by
    FROM (SELECT jsonb_build_object('username', coalesce(d.username_canon, i.user_name_canon)) AS trait
          UNION ALL SELECT jsonb_build_object('email', d.email_canon) WHERE d.email_canon IS NOT NULL
          UNION ALL SELECT jsonb_build_object('email', e)
          FROM jsonb_path_query(i.doc_canon, '$.emails[*].value') e WHERE NOT i.active) w
    JOIN seen_account n ON n.target = t.id AND n.canon @> w.trait
    LEFT JOIN link h ON h.target = n.target AND h.key = n.key AND h.ended_at IS NULL
    LEFT JOIN identity o ON o.id = h.identity WHERE l.id IS NULL
    ORDER BY n.key LIMIT {_POSSIBLE}) f) c ON true
WHERE i.gone_at IS NULL AND (d.identity IS NOT NULL OR l.id IS NOT NULL) ORDER BY t.name, i.user_name_canon, i.id
"""
_STRAYS = """
SELECT t.name AS target, a.key, a.name, a.fields->>'email' AS email, a.active
FROM seen_account a JOIN target t ON t.id = a.target AND t.retired_at IS NULL AND (%s::text IS NULL OR t.name = %s)
WHERE NOT EXISTS (SELECT FROM link l WHERE l.target = a.target AND l.key = a.key AND l.ended_at IS NULL)
AND NOT EXISTS (SELECT FROM desired d JOIN identity i ON i.id = d.identity AND i.gone_at IS NULL
                WHERE d.target = a.target AND d.username_canon = a.canon->>'username')
AND NOT EXISTS (SELECT FROM desired d JOIN identity i ON i.id = d.identity AND i.gone_at IS NULL
                WHERE d.target = a.target AND d.email_canon = a.canon->>'email')
ORDER BY t.name, NOT a.active, a.name
"""


async def matches(connection: Connection, target: str | None = None) -> tuple[tuple[Match, ...], tuple[Stray, ...]]:
    """Everybody who was looked at, at every application or at one, by name; and the accounts that are nobody's."""
    found = await rows(connection, _MATCHES, target, target)
    whose = {(one["target"], account[0]) for one in found for account in one["possible"] or ()}
    strays = await rows(connection, _STRAYS, target, target)
    return tuple(map(_match, found)), tuple(
        Stray(one["target"], one["name"], one["email"], one["active"])
        for one in strays
        if (one["target"], one["key"]) not in whose
    )


def _match(found: Row) -> Match:
    possible = tuple(Possible(*one) for one in found["possible"] or ())
    kind, account, evidence = _kind(found, possible)
    told = possible if kind in (MatchKind.DOUBT, MatchKind.LEFT) else ()
    return Match(found["target"], found["source"], found["person"], found["active"], kind, account, evidence, told)


def _kind(found: Row, possible: tuple[Possible, ...]) -> tuple[MatchKind, str | None, str | None]:
    if found["linked"]:
        vanished = found["situation"] == "MISSING"
        return MatchKind.VANISHED if vanished else MatchKind.LINKED, found["account"], found["evidence"]
    adopts: dict[str, Any] | None = found["adopts"]
    if adopts is not None:
        return MatchKind.MATCH, adopts["account"]["name"], adopts["evidence"]
    if not found["active"]:
        free = any(one.held_by is None and one.active for one in possible)
        return MatchKind.LEFT if free else MatchKind.NONE, None, None
    kind = _OF_SITUATION.get(found["situation"] or "", MatchKind.NONE)
    return kind, None, found["reason"] if kind in (MatchKind.DOUBT, MatchKind.UNREAD) else None
