-- Who is in which group, through the groups inside it as well.
CREATE VIEW belonging AS
WITH RECURSIVE above(inner_group, outer_group) AS (
    SELECT child, parent FROM nested_group
    UNION SELECT a.inner_group, n.parent FROM above a JOIN nested_group n ON n.child = a.outer_group
)
SELECT m.identity, m.source_group, true AS direct FROM member m
UNION ALL
SELECT DISTINCT m.identity, a.outer_group, false FROM above a JOIN member m ON m.source_group = a.inner_group
WHERE NOT EXISTS (SELECT FROM member d WHERE d.source_group = a.outer_group AND d.identity = m.identity);

-- The groups of one person as [id, name, whether directly]. A function, so that the plan of a reading of a person, which
-- nearly always needs none of this, stays as small as if there were no groups inside groups.
CREATE FUNCTION groups_through(who uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT jsonb_agg(jsonb_build_array(g.id, g.display_name, m.direct) ORDER BY g.created_at, g.id)
            FROM belonging m JOIN source_group g ON g.id = m.source_group WHERE m.identity = who);
END $$;
