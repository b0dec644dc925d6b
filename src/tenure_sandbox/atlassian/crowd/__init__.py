"""A stand-in for Crowd's user management API: accounts, groups in groups, sessions and events, with its sins."""

from __future__ import annotations

from .door import CrowdDoor
from .routes import ROUTES
from .state import Crowd
from .versions import version

__all__ = ["ROUTES", "Crowd", "CrowdDoor", "version"]
