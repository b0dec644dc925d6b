"""Jira's documents about permission schemes, project roles and anonymization; the others stand beside the calls."""

from __future__ import annotations

from msgspec import Struct

from tenure.targets.atlassian.jira_calls import Lead


class SchemeHolder(Struct, frozen=True):
    """Who is granted something by a scheme; `user` is shown when `expand=user` asks for it."""

    type: str
    parameter: str = ""
    user: Lead | None = None


class Grant(Struct, frozen=True):
    """A permission that a scheme grants."""

    permission: str
    holder: SchemeHolder


class Scheme(Struct, frozen=True):
    """A permission scheme."""

    name: str
    permissions: tuple[Grant, ...]


class Schemes(Struct, frozen=True, rename="camel"):
    """Every permission scheme."""

    permission_schemes: tuple[Scheme, ...]


class Actor(Struct, frozen=True):
    """Who plays a role; `type` tells groups from accounts, and the vendor's document does not have it."""

    name: str
    type: str = ""


class ProjectRole(Struct, frozen=True):
    """A role that projects have; in one project, with its actors there."""

    id: int
    name: str
    actors: tuple[Actor, ...] = ()


class Anonymizing(Struct, frozen=True, rename="camel"):
    """How far the anonymization of an account is; `progress_url` names its task."""

    user_key: str
    status: str = ""
    progress_url: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it is still being done."""
        return self.status == "IN_PROGRESS"


class Looked(Struct, frozen=True):
    """Whether an account can be anonymized, as far as Jira sees beforehand."""

    success: bool = True
