"""What can be asked of identities and groups beside their documents: columns, and rows of other tables."""

from __future__ import annotations

from tenure.store.filters import Catalogue, Column, Relation

GROUP_MODIFIED = "coalesce((SELECT max(modified_at) FROM group_version v WHERE v.source_group = r.id), r.created_at)"
GROUP_VERSION = "(SELECT coalesce(sum(n), 0) + 1 FROM group_version v WHERE v.source_group = r.id)"
_TAG = """(('W/"' || {} || '"') COLLATE "C")"""
CREATED = Column("r.created_at", "time", always=True)

IDENTITIES = Catalogue(
    columns={
        "id": Column("r.id", "id", always=True),
        "userName": Column("r.user_name_canon", "name", always=True),
        "externalId": Column("r.external_id", "exact"),
        "active": Column("r.active", "boolean", always=True),
        "meta.created": CREATED,
        "meta.lastModified": Column("r.modified_at", "time", always=True),
        "meta.version": Column(_TAG.format("r.version"), "exact", always=True),
    },
    relations={
        "groups": Relation(
            "belonging m JOIN source_group g ON g.id = m.source_group WHERE m.identity = r.id",
            "g.created_at, g.id",
            {
                "value": Column("m.source_group", "id"),
                "display": Column("g.display_name_canon", "name"),
                "type": Column("""(CASE WHEN m.direct THEN 'direct' ELSE 'indirect' END COLLATE "C")""", "folded"),
            },
        )
    },
)
GROUPS = Catalogue(
    columns={
        "id": Column("r.id", "id", always=True),
        "displayName": Column("r.display_name_canon", "name", always=True),
        "externalId": Column("r.external_id", "exact"),
        "meta.created": CREATED,
        "meta.lastModified": Column(GROUP_MODIFIED, "time", always=True),
        "meta.version": Column(_TAG.format(GROUP_VERSION), "exact", always=True),
    },
    relations={
        "members": Relation(
            """(SELECT m.source_group AS outer_group, p.id, 'user' AS kind,
                       coalesce(p.doc_canon ->> 'displayName', p.user_name_canon) AS display
                FROM member m JOIN identity p ON p.id = m.identity
                UNION ALL SELECT n.parent, g.id, 'group', g.display_name_canon
                FROM nested_group n JOIN source_group g ON g.id = n.child) m WHERE m.outer_group = r.id""",
            "m.kind, m.id",
            {
                "value": Column("m.id", "id"),
                "display": Column('(m.display COLLATE "C")', "folded"),
                "type": Column('(m.kind COLLATE "C")', "folded"),
            },
        )
    },
)
KNOWN_BY = (IDENTITIES.columns["userName"], IDENTITIES.columns["externalId"])
"""What providers look a person up by before they write; hardly ever has it more than one."""
