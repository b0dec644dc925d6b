"""A stand-in for any application that is provisioned over SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865)."""

from __future__ import annotations

from .door import ScimDoor
from .routes import ROUTES
from .state import Scim
from .variants import VARIANTS, Variant, variant

__all__ = ["ROUTES", "VARIANTS", "Scim", "ScimDoor", "Variant", "variant"]
