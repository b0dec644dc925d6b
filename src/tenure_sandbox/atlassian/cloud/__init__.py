"""A stand-in for Atlassian Cloud, by the user provisioning and user management APIs of 2022-08."""

from __future__ import annotations

from .door import DIRECTORY_ROUTES, ORGANISATION, ROUTES, CloudDoor
from .state import CLOUD, DIRECTORY, Cloud

VERSION = CLOUD.name

__all__ = ["DIRECTORY", "DIRECTORY_ROUTES", "ORGANISATION", "ROUTES", "VERSION", "Cloud", "CloudDoor"]
