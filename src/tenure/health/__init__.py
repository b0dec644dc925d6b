"""Whether the house is well: numbers to watch, and whether it can take requests."""
