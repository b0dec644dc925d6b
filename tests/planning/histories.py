"""What can happen: random people, names, moves and foreign hands, as strategies and as steps in a world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from tenure.model.capability import Mode, canon_name
from tenure.model.identity import Identity
from tenure.planning.rules import Adopt, Leaver, OnTheFly, OutOfScope, Protected, Rename, Rules

from .application import Application, Taken
from .parts import ATTRIBUTES, CAPABILITIES, ODD_NAMES, Reads, in_group, person, rules, source_group
from .world import OWN, PROTECTED, World

USER_NAMES = st.sampled_from([*"abcdef"]) | st.sampled_from([*ODD_NAMES, "root", "TENURE", "y" * 256])
_SHARED = [f"{letter}@example.com" for letter in "abcghij"]
MAILS = st.sampled_from(["own", "own", "own", None, "C@Example.com", "\N{GREEK SMALL LETTER SIGMA}@x", *_SHARED])
SHOWN_NAMES = st.sampled_from(["Ann Lee", " Ann Lee ", "Ann", "Zoe\N{COMBINING DIAERESIS}", "x" * 40, "x" * 41, None])
TITLES, PHONES = st.sampled_from([None, "CEO", " "]), st.sampled_from([None, "555", "556"])
GROUP_NAMES = ["staff", "Dev", "dev", "DEV ", "tmp-x", "app-ops", "root", "admins", "Zoe\N{COMBINING DIAERESIS}"]
FOREIGN_GROUPS = ["dev", "admins", "Foreign", "software"]
PEOPLE = [UUID(int=n) for n in range(1, 7)]
GROUPS = [source_group(name, 100 + n) for n, name in enumerate(GROUP_NAMES)]
WHO, WHICH, ACCOUNT = st.integers(0, 5), st.integers(0, 8), st.integers(0, 9)
EXTERNAL = st.sampled_from([None, "e1", "e2"])
ATTRIBUTES_READ = {**ATTRIBUTES, "title": Reads("title"), "properties.phone": Reads("phoneNumbers.work")}

RULES: st.SearchStrategy[Rules] = st.builds(
    rules,
    mode=st.sampled_from([*[Mode.FULL] * 8, Mode.NO_REMOVAL, Mode.CREATE_ONLY]),
    scope=st.sampled_from([None, in_group("staff")]),
    attributes=st.just(ATTRIBUTES_READ),
    out_of_scope=st.sampled_from(OutOfScope),
    leaver=st.sampled_from(Leaver),
    adopt=st.sampled_from(Adopt),
    rename_made=st.sampled_from(Rename),
    rename_adopted=st.sampled_from(Rename),
    mapping=st.sampled_from([{}, {"dev": ("software", "wiki")}, {"Dev": ("ADMINS",), "tmp-x": ("Software",)}]),
    on_the_fly=st.sampled_from([None, OnTheFly(excluding="^tmp-"), OnTheFly(match="^app-(.*)$", name="$1")]),
    default_groups=st.sampled_from([(), ("everybody",), ("Wiki",)]),
    protected=st.just(Protected((PROTECTED,))),
)
CALLS = st.sampled_from([CAPABILITIES, replace(CAPABILITIES, groups_a_call=3)])

RECORD: dict[str, st.SearchStrategy[Any]] = {
    "name": USER_NAMES, "mail": MAILS, "shown": SHOWN_NAMES, "title": TITLES, "phone": PHONES, "external": EXTERNAL,
}  # fmt: skip
STARTERS = st.lists(st.fixed_dictionaries(RECORD), min_size=2, max_size=6, unique_by=lambda r: canon_name(r["name"]))
INSIDE = st.sets(st.tuples(WHO, WHICH), min_size=2, max_size=16)


def new_world(made: Rules, capabilities: Any, starters: list[dict[str, Any]], inside: set[tuple[int, int]]) -> World:
    """Some people of staff, and an application with our own account, a protected one, and some of unknown people."""
    app = Application(groups={canon_name(name): name for name in FOREIGN_GROUPS}, administering=frozenset({"admins"}))
    there = {OWN: "a@example.com", PROTECTED: None, "foreign": "b@example.com", "dev": "g@example.com"}
    there |= {name: f"{name}@example.com" for name in "ef"}
    for name, mail in there.items():
        key = app.make(name, email=mail, display_name="Somebody", title="CEO")
        app.accounts[key].active, app.accounts[key].groups = name != "f", {"dev", "foreign"}
    for group in ("everybody", "wiki"):
        app.groups[group] = group
    world = World(made, app, capabilities, groups={group.id: group for group in GROUPS})
    for who, known in enumerate(starters):
        join(world, who, **known)
        enter(world, who, 0)
    for who, which in inside:
        enter(world, who, which)
    return world


def _change(world: World, who: int, changed: Callable[[Identity], Identity]) -> None:
    there = sorted(world.people)
    if there and not world.people[there[who % len(there)]].gone:
        world.people[there[who % len(there)]] = changed(world.people[there[who % len(there)]])


def join(world: World, who: int, name: str, mail: Any, shown: Any, title: Any, phone: Any, external: Any) -> None:
    """Somebody new, or somebody whose record changes in every attribute. A mail of `own` is made of the name."""
    mail = f"{name[:20]}@example.com" if mail == "own" else mail
    former = world.people.get(PEOPLE[who])
    if former is None or not former.gone:
        world.people[PEOPLE[who]] = person(
            name, id=PEOPLE[who], email=mail, display_name=shown, title=title, phone=phone, external_id=external
        )


def leave(world: World, who: int) -> None:
    _change(world, who, lambda identity: replace(identity, active=False))


def come_back(world: World, who: int) -> None:
    _change(world, who, lambda identity: replace(identity, active=True))


def vanish(world: World, who: int) -> None:
    _change(world, who, lambda identity: replace(identity, gone=True))


def rename(world: World, who: int, name: str) -> None:
    _change(world, who, lambda identity: replace(identity, user_name=name))


def enter(world: World, who: int, which: int) -> None:
    world.members.add((GROUPS[which].id, PEOPLE[who]))


def exit_group(world: World, place: int) -> None:
    inside = sorted(world.members)
    if inside:
        world.members.discard(inside[place % len(inside)])


def _nth(world: World, place: int) -> str | None:
    keys = sorted(world.app.accounts)
    return keys[place % len(keys)] if keys else None


def foreign_make(world: World, name: str, mail: Any) -> None:
    """An administrator makes an account by hand, if the name is free."""
    try:
        world.app.make(name[:255], email=mail)
    except Taken:
        return


def foreign_edit(world: World, place: int, mail: Any, active: bool) -> None:
    key = _nth(world, place)
    if key:
        record = world.app.accounts[key]
        record.active = active
        record.fields = {n: v for n, v in {**record.fields, "email": mail}.items() if v}


def foreign_delete(world: World, place: int) -> None:
    key = _nth(world, place)
    if key and world.app.accounts[key].name not in (OWN, PROTECTED):
        del world.app.accounts[key]


def foreign_membership(world: World, place: int, which: int, inside: bool) -> None:
    key, canons = _nth(world, place), sorted(world.app.groups)
    if key:
        groups = world.app.accounts[key].groups
        (groups.add if inside else groups.discard)(canons[which % len(canons)])


STEPS: dict[Callable[..., None], dict[str, st.SearchStrategy[Any]]] = {
    join: {"who": WHO, **RECORD},
    leave: {"who": WHO},
    come_back: {"who": WHO},
    vanish: {"who": WHO},
    rename: {"who": WHO, "name": USER_NAMES},
    enter: {"who": WHO, "which": WHICH},
    exit_group: {"place": st.integers(0, 99)},
    foreign_make: {"name": USER_NAMES, "mail": MAILS},
    foreign_edit: {"place": ACCOUNT, "mail": MAILS, "active": st.booleans()},
    foreign_delete: {"place": ACCOUNT},
    foreign_membership: {"place": ACCOUNT, "which": WHICH, "inside": st.booleans()},
}  # fmt: skip

_WEIGHTED: list[Callable[..., None]] = [leave, rename, enter, exit_group, exit_group, *STEPS]
STEP = st.sampled_from(_WEIGHTED).flatmap(lambda step: st.tuples(st.just(step), st.fixed_dictionaries(STEPS[step])))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world with a past that was worked off, and then some news that nobody has looked at yet."""
    world = new_world(draw(RULES), draw(CALLS), draw(STARTERS), draw(INSIDE))
    for step, known in draw(st.lists(STEP, max_size=4)):
        step(world, **known)
    world.settle()
    for step, known in draw(st.lists(STEP, min_size=5, max_size=12)):
        step(world, **known)
    return world
