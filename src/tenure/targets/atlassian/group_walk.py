"""Finds every group of a server whose search shows only the first few, and knows whether it found them all."""

from __future__ import annotations

import heapq
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

Ask = Callable[[str], Awaitable[tuple[Sequence[str], int]]]
"""Ask for the groups whose names contain a text: the names shown, and how many there are in truth."""

ALPHABET = frozenset(string.ascii_lowercase + string.digits + " -_.@/+&'(),:")
MOST_QUESTIONS = 5000


class GroupWalk:
    """Yields each group once; `whole` is true at the end if as many were found as the server counts.

    The search matches a text anywhere in a name, in any case. The names that begin with a text are that text itself
    and those that begin with it and one more character: so a walk from the empty text reaches every name whose
    characters it knows. Texts that begin a known name are asked first, and it stops as soon as the count is reached.
    """

    def __init__(self, ask: Ask) -> None:
        """Begin with nothing found."""
        self._ask = ask
        self.found: set[str] = set()
        self.total = 0
        self.questions = 0

    @property
    def whole(self) -> bool:
        """True when as many groups were found as the server counts."""
        return len(self.found) == self.total

    async def run(self) -> AsyncIterator[str]:
        """Walk, yielding each group's name when it is found."""
        names, self.total = await self._question("")
        for name in names:
            yield name
        alphabet: frozenset[str] = frozenset()
        while not self.whole and alphabet != (alphabet := self._alphabet()):  # again, if names taught us characters
            async for name in self._down(alphabet):
                yield name
        if self.questions > 1:
            self.total = (await self._question(""))[1]  # groups may have come or gone meanwhile

    async def _down(self, alphabet: frozenset[str]) -> AsyncIterator[str]:
        waiting = self._longer("", alphabet)
        while waiting and not self.whole and self.questions < MOST_QUESTIONS:
            text = heapq.heappop(waiting)[2]
            before = set(self.found)
            names, total = await self._question(text)
            for name in names:
                if name not in before:
                    yield name
            if total > len(names):
                for entry in self._longer(text, alphabet):
                    heapq.heappush(waiting, entry)

    def _alphabet(self) -> frozenset[str]:
        return ALPHABET.union(*(name.lower() for name in self.found))

    def _longer(self, text: str, alphabet: frozenset[str]) -> list[tuple[bool, int, str]]:
        """The texts one longer, in the order to ask: those that begin a known name, then the longest."""
        size = len(text) + 1
        known = {name.lower()[:size] for name in self.found}
        return sorted((text + c not in known, -size, text + c) for c in alphabet)

    async def _question(self, text: str) -> tuple[list[str], int]:
        self.questions += 1
        names, total = await self._ask(text)
        fresh = list(dict.fromkeys(names))
        self.found.update(fresh)
        return fresh, total
