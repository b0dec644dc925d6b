"""A stand-in for Jira Data Center: accounts, groups, seats and leads, with the vendor's rules and sins."""

from __future__ import annotations

from .door import JiraDoor
from .routes import ROUTES
from .state import Jira
from .versions import version

__all__ = ["ROUTES", "Jira", "JiraDoor", "version"]
