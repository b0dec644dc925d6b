"""Which accounts of a Jira are apart: names in two directories, and people who have the customers' portal alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.seen import Apart
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.version import version_numbers
from tenure.wire import Client

DUPLICATES_FROM = (8, 19)
SERVICE_DESK = "jira-servicedesk"
LASTS_S = 60.0  # Jira itself keeps for ten minutes which names are in two directories


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What says of accounts that they are apart.

    `shadowed` are the canonical names that more than one directory has. `licensing` are the groups of every licence
    where Jira Service Management is installed, and None where it is not: an open account without a licence can then
    use the portal alone, which is all that makes a customer.
    """

    read_at: float
    shadowed: frozenset[str]
    licensing: frozenset[str] | None

    def apart(self, user: calls.User, licensed: bool | None) -> Apart | None:
        """Why nobody is matched to this account, if so; `licensed` is None when that was not told."""
        if user.anonymized:
            return Apart.ANONYMIZED
        if canon_name(user.name) in self.shadowed:
            return Apart.SHADOWED
        customer = self.licensing is not None and user.active and licensed is False
        return Apart.CUSTOMER if customer else None


class Aparting:
    """Reads the surroundings of one Jira's accounts, and keeps them for a minute."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._known: Surroundings | None = None

    async def surroundings(self, version: str) -> Surroundings:
        """What is known now; a request for the names in two directories, from 8.19 on, and one for the licences."""
        now = self._clock.monotonic()
        if self._known is None or now - self._known.read_at > LASTS_S:
            shadowed: frozenset[str] = frozenset()
            if version_numbers(version) >= DUPLICATES_FROM:
                told = (await self._client.send(calls.LIST_DUPLICATED)).read(dict[str, Sequence[object]])
                shadowed = frozenset(map(canon_name, told))
            roles = (await self._client.send(calls.LIST_ROLES)).read(tuple[calls.ApplicationRole, ...])
            desk = any(role.key == SERVICE_DESK for role in roles)
            groups = frozenset(group for role in roles for group in role.groups)
            self._known = Surroundings(now, shadowed, groups if desk else None)
        return self._known
