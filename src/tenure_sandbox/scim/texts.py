"""What the stand-in says when it refuses (RFC 7644 section 3.12). The sentences are our own."""

from __future__ import annotations

from typing import Any

from .schemas import MESSAGES


class Refused(Exception):
    """A request that is not carried out: its status and, where the RFC has one, its scimType."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind

    def body(self) -> dict[str, Any]:
        """The error as SCIM writes it."""
        said: dict[str, Any] = {"schemas": [f"{MESSAGES}Error"], "status": str(self.status), "detail": self.detail}
        return {**said, "scimType": self.kind} if self.kind else said


def invalid(detail: str, kind: str = "invalidValue") -> Refused:
    """A request that cannot be read or carried out as it is."""
    return Refused(400, detail, kind)
