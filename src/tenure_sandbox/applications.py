"""The one table of the applications that the sandbox serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from . import scim
from .atlassian import bitbucket, cloud, confluence, crowd, jira
from .atlassian.door import Door


class Application(Protocol):
    """What is asked of each application's state: all of it, and the journal of what was written to it."""

    journal: list[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """The whole state, in a fixed order."""
        ...


@dataclass(frozen=True, slots=True)
class Product:
    """One application: its name for people, its newest known version, and how to open one.

    `open` takes a version (ValueError for one that is not known), how many generated people, and the seats of each
    licence (None: unlimited).
    """

    title: str
    newest: str
    open: Callable[[str, int, int | None], tuple[Application, Door]]


def _jira(version: str, users: int, seats: int | None) -> tuple[Application, Door]:
    state = jira.Jira(jira.version(version), users, seats)
    return state, jira.JiraDoor(state)


def _confluence(version: str, users: int, seats: int | None) -> tuple[Application, Door]:
    state = confluence.Confluence(confluence.version(version), users, seats)
    return state, confluence.ConfluenceDoor(state)


def _bitbucket(version: str, users: int, seats: int | None) -> tuple[Application, Door]:
    state = bitbucket.Bitbucket(bitbucket.version(version), users, seats)
    return state, bitbucket.BitbucketDoor(state)


def _crowd(version: str, users: int, seats: int | None) -> tuple[Application, Door]:
    del seats  # Crowd counts people as its licence, and tells no application of it
    state = crowd.Crowd(crowd.version(version), users)
    return state, crowd.CrowdDoor(state)


def _cloud(version: str, users: int, seats: int | None) -> tuple[Application, Door]:
    del seats  # neither API tells of licences
    if version != cloud.VERSION:
        raise ValueError(f"the sandbox has no Atlassian Cloud {version}: it has {cloud.VERSION}")
    state = cloud.Cloud(users)
    return state, cloud.CloudDoor(state)


def _scim(name: str, users: int, seats: int | None) -> tuple[Application, Door]:
    del seats  # SCIM knows no licences
    state = scim.Scim(scim.variant(name), users)
    return state, scim.ScimDoor(state)


APPLICATIONS: dict[str, Product] = {
    "jira": Product("Jira", "10.3.24", _jira),
    "confluence": Product("Confluence", "10.0.3", _confluence),
    "bitbucket": Product("Bitbucket", "9.2.0", _bitbucket),
    "crowd": Product("Crowd", "6.3.0", _crowd),
    "cloud": Product("Atlassian Cloud", cloud.VERSION, _cloud),
    "scim": Product("SCIM", "2.0", _scim),
}
