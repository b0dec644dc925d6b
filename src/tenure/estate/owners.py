"""Whose accounts are whose: no account may have two targets that make, change and close it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tenure.estate.document import Estate, TargetEstate
from tenure.estate.problem import Problem, instead
from tenure.estate.tree import dotted, locate, read_yaml, shown
from tenure.estate.wording import Fault, Path

DIRECTORY = "crowd"
ATTACHED = {"jira": "Jira", "confluence": "Confluence", "bitbucket": "Bitbucket"}
"""Kinds of application that a Crowd is a directory for, as it is made to be."""


def owners(parts: Mapping[str, Any], targets: Mapping[str, TargetEstate | None]) -> Iterator[Fault]:
    """What the document alone tells to be wrong with who owns which accounts; `parts` are the targets as written."""
    yield from _same_address(parts)
    known = {name: target for name, target in targets.items() if target is not None}
    for name, target in known.items():
        named = parts[name].get("authority")
        if named not in (None, name):
            yield from _named(name, target, named, known)


def unsaid(parts: Mapping[str, Any], targets: Mapping[str, TargetEstate | None]) -> Iterator[Fault]:
    """Where a Crowd and an application that could be attached to it have people in common, and no authority is named.

    Which directory the accounts of an application live in no document says, and Jira's API does not: a person has to.
    """
    known = {name: target for name, target in targets.items() if target is not None}
    for name, target in known.items():
        if parts[name].get("authority") is None:
            yield from _unsaid(name, target, known)


def _same_address(parts: Mapping[str, Any]) -> Iterator[Fault]:
    """Two targets that write the same application would undo each other's work."""
    seen: dict[tuple[str, str], str] = {}
    for name, part in parts.items():
        if not isinstance(part, dict) or not isinstance(part.get("url"), str):
            continue
        address = (str(part.get("kind")), _address(part["url"]))
        other = seen.setdefault(address, name)
        if other != name:
            said = f'the target "{other}" has the same kind and address: an account would have two owners'
            yield Fault(("targets", name, "url"), said, "keep one of the two, and give it both sources")


def _address(url: str) -> str:
    """An address in one spelling: letter case of the host, the usual port and a slash at the end do not count."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
        return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}{parts.path.rstrip('/')}"
    except ValueError:
        return url


def _unsaid(name: str, target: TargetEstate, known: Mapping[str, TargetEstate]) -> Iterator[Fault]:
    title = ATTACHED.get(target.kind)
    for other, directory in known.items():
        both = [source for source in target.rules.sources if source in directory.rules.sources]
        if title is not None and directory.kind == DIRECTORY and both:
            said = f"the people of {both[0]} have accounts here and at {other}: which of the two keeps them?"
            hint = (
                f"write authority: {other} if this {title} takes its accounts from that Crowd, else authority: {name}"
            )
            yield Fault(("targets", name), said, hint)
            return


def _named(name: str, target: TargetEstate, named: str, known: Mapping[str, TargetEstate]) -> Iterator[Fault]:
    path: Path = ("targets", name, "authority")
    kept_by = known.get(named)
    if kept_by is None:
        yield Fault(path, f'there is no target "{shown(named)}"', instead(named, list(known)))
        return
    further = kept_by.rules.authority
    if further is not None:
        said = f"{named} does not keep its accounts itself: {further} does"
        yield Fault(path, said, "name the one that does" if further == name else f"write authority: {further}")
        return
    unknown = [source for source in target.rules.sources if source not in kept_by.rules.sources]
    if unknown:
        said = f"{named} does not know the people of {unknown[0]}, so that nobody would make their accounts"
        yield Fault(path, said, f"add {unknown[0]} to the source of {named}")


def seen_otherwise(estate: Estate, file: str, pairs: Sequence[tuple[str, str, int, str]]) -> Iterator[Problem]:
    """Where a target is said to keep its own accounts, and was seen not to: what `store.authority` tells of pairs."""
    tree = read_yaml(estate.document.encode(), file)
    for name, other, number, directory in pairs:
        target = estate.targets.get(name)
        if target is None or other not in estate.targets or target.authority is not None:
            continue
        line, column = locate(tree, ("targets", name, "authority"))
        people = "1 person has" if number == 1 else f"{number} people have"
        said = f"{people} an account here that lives in the directory {shown(directory)}, and one at {other}"
        hint = f"write authority: {other} if it is the same account, or take those people out of one of the two"
        yield Problem(line, column, dotted(("targets", name, "authority")), said, hint, file)
