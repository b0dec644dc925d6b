"""The fictional people and groups who live in the sandbox before anybody provisions anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

USERS = "jira-software-users"
ADMINISTRATORS = "jira-administrators"
GROUPS = (ADMINISTRATORS, USERS, "software_dev", "helpdesk")


@dataclass(frozen=True, slots=True)
class Person:
    """One inhabitant: `key` never changes, `issues` counts what they wrote and nobody may orphan.

    `idle_days` is how long before the sandbox opened they last signed in, None when they never did.
    """

    name: str
    key: str
    display_name: str
    groups: tuple[str, ...]
    active: bool = True
    issues: int = 0
    password: str | None = None
    idle_days: int | None = None

    @property
    def email(self) -> str:
        """An address in the domain that RFC 2606 keeps for examples."""
        return self.display_name.lower().replace(" ", ".") + "@example.com"


# Keys tell an account's age: the oldest carry their first username (Paula was renamed), later ones a number.
INHABITANTS = (
    Person("admin", "admin", "Ada Admin", (ADMINISTRATORS, USERS), password="admin", idle_days=0),  # noqa: S106 - documented
    Person("mwolf", "mwolf", "Maria Wolf", (USERS,), idle_days=1),
    Person("pkowal", "pnowak", "Paula Kowal", (USERS, "software_dev"), issues=3, idle_days=200),
    Person("tbecker", "JIRAUSER10001", "Tom Becker", (USERS, "software_dev"), idle_days=3),
    Person("lchen", "JIRAUSER10002", "Lin Chen", (USERS, "software_dev"), idle_days=12),
    Person("oivanov", "oivanov", "Oskar Ivanov", (USERS, "helpdesk"), idle_days=130),
    Person("hdiaz", "JIRAUSER10004", "Helena Diaz", ("helpdesk",)),
    Person("jroy", "JIRAUSER10005", "Jules Roy", (USERS, "helpdesk"), idle_days=7),
    Person("skim", "skim", "Soo Kim", (USERS, "helpdesk"), active=False, issues=1, idle_days=400),
    Person("svc-backup", "JIRAUSER10007", "Backup Service", (USERS,)),
)
PROJECT_LEAD = "lchen"
COMPONENT_LEAD = "oivanov"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "Anna Ben Carla Dario Elif Femi Greta Hugo Ines Jonas Kaya Leo Mina Noah Olga Pavel Quinn Rosa Sami Tara "
    "Umut Vera Wim Xenia Yusuf Zoe Amir Bela Chiara Dana"
)
_FAMILY = _words(
    "Abel Brandt Costa Dahl Eriksen Fischer Garcia Huber Ito Jansen Keller Lopez Meyer Nagy Okafor Peeters Quist "
    "Rossi Silva Tanaka Ueda Vogel Weber Xu Yilmaz Zeman Alves Bauer Conti Duval"
)


def generated(count: int, first_number: int) -> Iterator[Person]:
    """Yield `count` people, the same ones every time, with keys numbered from `first_number`."""
    combinations = len(_GIVEN) * len(_FAMILY)
    for index in range(count):
        given = _GIVEN[index % len(_GIVEN)]
        family = _FAMILY[index // len(_GIVEN) % len(_FAMILY)]
        turn = index // combinations
        display_name = f"{given} {family}" + (f" {turn + 1}" if turn else "")
        name = display_name.lower().replace(" ", ".")
        extra = ("software_dev",) if index % 5 == 0 else ("helpdesk",) if index % 7 == 0 else ()
        yield Person(name, f"JIRAUSER{first_number + index}", display_name, (USERS, *extra), active=index % 50 != 49)
