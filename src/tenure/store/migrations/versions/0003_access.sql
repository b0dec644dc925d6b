-- Several tokens a source, with an end; what a source was last heard to say.

SELECT 1;
