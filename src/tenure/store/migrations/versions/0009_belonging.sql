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
