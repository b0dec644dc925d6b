"""A stand-in for Bitbucket Data Center: accounts, groups, permissions, keys and tokens, with the vendor's sins."""

from __future__ import annotations

from .door import BitbucketDoor
from .routes import ROUTES
from .state import Bitbucket
from .versions import version

__all__ = ["ROUTES", "Bitbucket", "BitbucketDoor", "version"]
