"""Which of a client's own methods a script calls; for scripts that run in the environments of the peers."""

from __future__ import annotations

import re
from typing import Any


class Calls:
    """What is asked of clients, and that of their methods nothing is forgotten.

    `about` finds the names of the methods that matter here. `left_out` has, for patterns of such names, the reason
    why they are not driven.
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
        """How many methods were driven and left out; those with no reason, and the reasons that are none any more."""
        driven = self._known & self._asked
        reasons = {name: [one for one in self._left_out if re.fullmatch(one, name)] for name in self._known}
        used = {one for name in self._known - driven for one in reasons[name]}
        return {
            "driven": len(driven),
            "left out": len(self._known - driven),
            "without a reason": sorted(name for name in self._known - driven if not reasons[name]),
            "driven all the same": sorted(name for name in driven if reasons[name]),
            "reasons for nothing": sorted(self._left_out.keys() - used),
        }
