"""Seeded weeks of a firm: who leaves, joins and changes, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

LEAVE, JOIN, CHANGE = 0.01, 0.01, 0.03
"""Of all people, those touched in a week: one in twenty."""
DAYS = 5


@dataclass
class Day:
    """What a provider tells on one working day; people are numbers, groups too."""

    leave: list[int] = field(default_factory=list)
    join: list[int] = field(default_factory=list)
    move: list[tuple[int, int, int]] = field(default_factory=list)  # who, out of which group, into which
    phone: list[int] = field(default_factory=list)
    email: list[int] = field(default_factory=list)
    rename: list[int] = field(default_factory=list)


@dataclass
class Firm:
    """People (number -> group), as the provider has them."""

    random: Random
    people: dict[int, int]
    groups: int
    next: int

    @classmethod
    def of(cls, size: int, seed: int) -> Firm:
        """A firm in which the groups have about fifty people each."""
        random, groups = Random(seed), max(2, size // 50)
        return cls(random, {n: random.randrange(groups) for n in range(size)}, groups, size)

    def week(self) -> Iterator[Day]:
        """The days of one week. Joiners begin on a Monday, leavers end on any day, many on the Friday."""
        size, random = len(self.people), self.random
        days = [Day() for _ in range(DAYS)]
        for _ in range(round(size * JOIN)):
            days[0].join.append(self.next)
            self.next += 1
        touched = random.sample(sorted(self.people), round(size * (LEAVE + CHANGE)))
        leaving = touched[: round(size * LEAVE)]
        for who in leaving:
            days[random.choice((0, 1, 2, 3, 4, 4, 4))].leave.append(who)
        for who in touched[len(leaving) :]:
            day, kind = random.choice(days), random.random()
            if kind < 0.55:
                day.move.append((who, self.people[who], random.randrange(self.groups)))
            elif kind < 0.9:
                day.phone.append(who)
            elif kind < 0.97:
                day.email.append(who)
            else:
                day.rename.append(who)
        for day in days:
            for who in day.join:
                self.people[who] = random.randrange(self.groups)
            for who, _, group in day.move:
                self.people[who] = group
            for who in day.leave:
                del self.people[who]
            yield day
