"""The configuration document: schema, loading, compiling."""
