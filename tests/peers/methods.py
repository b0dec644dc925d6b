"""Whether all that a client offers is driven, or left out with a reason; for the environments of the peers as well."""

from __future__ import annotations

import re
from typing import Any


def accounted(known: set[str], driven: set[str], left_out: dict[str, str]) -> dict[str, Any]:
    """How much of what is known was driven and left out; what has no reason, and the reasons that are none any more.

    `left_out` has a reason for patterns of what is known.
    """
    left = known - driven
    reasons = {one: [pattern for pattern in left_out if re.fullmatch(pattern, one)] for one in known}
    used = {pattern for one in left for pattern in reasons[one]}
    return {
        "driven": len(known & driven),
        "left out": len(left),
        "without a reason": sorted(one for one in left if not reasons[one]),
        "driven all the same": sorted(one for one in known & driven if reasons[one]),
        "reasons for nothing": sorted(left_out.keys() - used),
    }


class Calls:
    """What is asked of clients, and that of their methods nothing is forgotten.

    `about` finds the names of the methods that matter here. `left_out` says of patterns of such names why they are not
    driven.
    """

    def __init__(self, about: str, left_out: dict[str, str]) -> None:
        self._about = re.compile(about)
        self._left_out = left_out
        self._known: set[str] = set()
        self._asked: set[str] = set()

    def watched(self, kind: type) -> Any:
        """The class of a client that writes down what it is asked for."""
        self._known |= {name for name in dir(kind) if not name.startswith("_") and self._about.search(name)}
        asked = self._asked

        class Watched(kind):  # type: ignore[misc]
            def __getattribute__(self, name: str) -> Any:
                asked.add(name)
                return super().__getattribute__(name)

        return Watched

    def told(self) -> dict[str, Any]:
        """What `accounted` says of the methods."""
        return accounted(self._known, self._asked, self._left_out)
