-- Groups of a source inside other groups of it: who is in the child is in the parent.
CREATE TABLE nested_group (
    parent uuid NOT NULL REFERENCES source_group ON DELETE CASCADE,
    child uuid NOT NULL REFERENCES source_group ON DELETE CASCADE,
    since timestamptz NOT NULL,
    PRIMARY KEY (parent, child),
    CHECK (parent <> child)
);
CREATE INDEX nested_group_child ON nested_group (child, parent);
