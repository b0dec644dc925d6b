"""A stand-in for Jira Data Center: accounts, groups, seats and leads, with the vendor's rules and sins."""

from __future__ import annotations

from .directory import Directory
from .door import JiraDoor
from .routes import ROUTES
from .state import Jira
from .versions import version

__all__ = ["ROUTES", "Directory", "Jira", "JiraDoor", "version"]
