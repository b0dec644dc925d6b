"""What each version of Crowd can do, in one table."""

from __future__ import annotations

from tenure_sandbox.atlassian.version import FOREVER, Spans, Versions

# Feature: from this version, up to but without that one. The first version is a guess: sources say "newer" alone.
SPANS: Spans = {
    "unaliased_username": ((5, 0), FOREVER),  # a session tells it
}

version = Versions("Crowd", (4, 0), (7, 0), SPANS, ("5.1.0", "6.3.0"))
