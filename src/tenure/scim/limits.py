"""How much is too much: token buckets in this process, in bounded memory."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Hashable
from functools import lru_cache

from tenure.model.access import RequestLimit

FAILURES = RequestLimit(per_second=20 / 60, burst=20)
"""Failed sign-ins from one address at one source: twenty, and then one every three seconds."""
MOST_KEPT = 10_000


class Buckets:
    """A token bucket for each key; the one that was not used for longest is forgotten when there are too many.

    A bucket that is forgotten is full again. Who has more addresses than we remember gains no more than they give.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, key: Hashable, limit: RequestLimit, now: float) -> int:
        """Whole seconds until there is one to take; 0 when there is one now."""
        left = self._left(key, limit, now)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / limit.per_second))

    def take(self, key: Hashable, limit: RequestLimit, now: float) -> int:
        """Take one if there is one; gives what `wait` gave before."""
        wait = self.wait(key, limit, now)
        if not wait:
            self._kept[key] = self._left(key, limit, now) - 1, now
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return wait

    def _left(self, key: Hashable, limit: RequestLimit, now: float) -> float:
        left, at = self._kept.get(key, (limit.burst, now))
        return min(limit.burst, left + (now - at) * limit.per_second)


@lru_cache(MOST_KEPT)
def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, since whoever has one of them has them all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), 64), strict=False))
