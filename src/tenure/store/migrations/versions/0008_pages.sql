-- Pages are read in this order. `source + 0` is said by pages alone: before a table was analysed, the planner took the
-- index of pages for a filter too, as if it were as good as the filter's own, and read everybody for one userName.
DROP INDEX identity_page;
DROP INDEX source_group_page;
CREATE INDEX identity_page ON identity ((source + 0), created_at, id) WHERE gone_at IS NULL;
CREATE INDEX source_group_page ON source_group ((source + 0), created_at, id) WHERE gone_at IS NULL;
