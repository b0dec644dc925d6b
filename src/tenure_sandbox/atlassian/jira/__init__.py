"""A stand-in for Jira Data Center: accounts, groups, seats and leads, with the vendor's rules and sins."""

from __future__ import annotations

from .call import Route
from .door import Door
from .routes import ROUTES
from .state import Jira
from .versions import Version, version

__all__ = ["ROUTES", "Door", "Jira", "Route", "Version", "version"]
