"""The phases of the SCIM part: people first, then a group that people join one by one."""

from __future__ import annotations

from load import GROUP, Load, Timing, by_external_id, by_name, group, joining, patch, person

WARM, WARM_FROM = 300, 900_000  # people created before anything is timed, and their first number
SINGLE = 20  # requests in a phase that sends one after the other


PAGES = 40  # pages of a hundred that are read


async def people(load: Load, count: int, *, whole: bool) -> tuple[dict[str, Timing], list[str]]:
    """Create people and look them up; of a `whole` server also what a bare handler cannot do. Gives their ids too."""
    await more_people(load, WARM_FROM, WARM)  # the first requests meet cold connections and statements, everywhere
    names = [f"p{number}" for number in range(count)]
    picked = [number * 7919 % count for number in range(count)]
    found: dict[str, Timing] = {}
    creates = [("POST", "/Users", person(name, number)) for number, name in enumerate(names)]
    found["create a user"], ids = await load.phase(creates)
    reads = [("GET", f"/Users/{ids[number]}", None) for number in picked]
    found["read by id"], _ = await load.phase(reads)
    searches = [("GET", by_name(names[number]), None) for number in picked]
    found["filter userName eq"], _ = await load.phase(searches)
    if whole:
        found |= await _changes_and_lists(load, names, ids, picked)
    return found, ids


async def _changes_and_lists(load: Load, names: list[str], ids: list[str], picked: list[int]) -> dict[str, Timing]:
    half = picked[: len(picked) // 2]
    switch = [
        ("PATCH", f"/Users/{ids[number]}", patch({"op": "replace", "path": "active", "value": value}))
        for value in (False, True)
        for number in half
    ]
    puts = [("PUT", f"/Users/{ids[n]}", person(names[n], n) | {"title": "Architect"}) for n in half]
    searches = [("GET", by_external_id(names[number]), None) for number in half]
    pages = [("GET", page(1 + number % 10 * 100), None) for number in range(PAGES)]
    phases = {
        "PATCH active": switch, "PUT a user": puts, "filter externalId eq": searches, "list a page of 100": pages,
    }  # fmt: skip
    return {measure: (await load.phase(requests))[0] for measure, requests in phases.items()}


def page(start: int) -> str:
    """The address of a page of a hundred people."""
    return f"/Users?startIndex={start}&count=100"


async def one_member(load: Load, ids: list[str], size: int, single: int = SINGLE) -> Timing:
    """Fill a group to `size` members, a hundred at a time, then add `single` more, one after the other."""
    made = await load.send("POST", "/Groups", {"schemas": [GROUP], "displayName": f"group of {size}"})
    for first in range(0, size, 100):
        await load.send("PATCH", f"/Groups/{made['id']}", joining(ids[first : min(first + 100, size)]))
    adds = [("PATCH", f"/Groups/{made['id']}", joining([one])) for one in ids[size : size + single]]
    timing, _ = await load.phase(adds, 1)
    return timing


async def one_member_at_once(load: Load, size: int, ids: list[str], single: int) -> Timing:
    """The same for a server that would take minutes to be filled: the group comes full, in one request."""
    strangers = [f"{number:032x}" for number in range(size)]
    made = await load.send("POST", "/Groups", group(f"group of {size}", strangers))
    adds = [("PATCH", f"/Groups/{made['id']}", joining([one])) for one in ids[:single]]
    timing, _ = await load.phase(adds, 1)
    return timing


async def more_people(load: Load, first: int, count: int) -> list[str]:
    """Create people whom nobody times; gives their ids."""
    creates = [("POST", "/Users", person(f"p{number}", number)) for number in range(first, first + count)]
    _, ids = await load.phase(creates)
    return ids
