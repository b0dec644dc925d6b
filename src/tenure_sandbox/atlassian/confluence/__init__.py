"""A stand-in for Confluence Data Center: accounts, groups, permissions and seats, with the vendor's rules and sins."""

from __future__ import annotations

from .door import ConfluenceDoor
from .routes import ROUTES
from .state import Confluence
from .versions import version

__all__ = ["ROUTES", "Confluence", "ConfluenceDoor", "version"]
