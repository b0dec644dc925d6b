"""What was seen lately: names and ids by which an application is addressed, and which may come to be another's."""

from __future__ import annotations

from tenure.model.clock import Clock

JUST_NOW_S = 10.0
"""How long a name stands for whatever is done to an account: changes of one account follow each other closely."""
FOR_JOINS_S = 300.0
"""How long it stands for a membership that is given: during a first load every account would be read before each of
them. An account renamed meanwhile, whose name somebody else has taken, is what a reading within five minutes shows."""
KEPT = 20_000


class Lately:
    """What was last seen under each key; the oldest are forgotten first."""

    def __init__(self, clock: Clock) -> None:
        """Nothing yet."""
        self._clock = clock
        self._seen: dict[str, tuple[float, str]] = {}

    def keep(self, key: str, value: str) -> None:
        """This was seen just now."""
        self._seen.pop(key, None)
        self._seen[key] = (self._clock.monotonic(), value)
        if len(self._seen) > KEPT:
            del self._seen[next(iter(self._seen))]

    def drop(self, key: str) -> None:
        """What was seen under the key is not to be relied on."""
        self._seen.pop(key, None)

    def seen(self, key: str, within: float) -> str | None:
        """What was seen under the key within so many seconds, or None."""
        at, value = self._seen.get(key, (float("-inf"), ""))
        return value if self._clock.monotonic() - at < within else None
