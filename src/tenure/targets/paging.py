"""A walk over pages believes nothing: nobody twice, no page twice, always forward."""

from __future__ import annotations

from tenure.model.error import Unreachable


class Walk:
    """Watches one walk over the pages of a listing; raises Unreachable for what a whole listing cannot show."""

    def __init__(self, what: str) -> None:
        """Begin with nobody; `what` is for messages."""
        self.what = what
        self.pages = 0
        self._keys: set[str] = set()
        self._cursors: set[str] = set()

    def __len__(self) -> int:
        """How many were taken."""
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        """True when this one was taken."""
        return key in self._keys

    def take(self, key: str) -> None:
        """Count one that a page shows."""
        if key in self._keys:
            raise self.broken(f"shows {key} twice")
        self._keys.add(key)

    def turn(self, cursor: str | int | None, shown: int) -> None:
        """Go from a page that showed so many to the page behind the cursor."""
        if cursor is None or str(cursor) in self._cursors:
            raise self.broken("does not go on to another page")
        if shown == 0:
            raise self.broken("has an empty page before its end")
        self._cursors.add(str(cursor))

    def broken(self, why: str) -> Unreachable:
        """The error for a listing that cannot be believed."""
        return Unreachable(f"the listing of {self.what} {why}: it is not whole, and nothing is concluded from it")
