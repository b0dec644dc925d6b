"""Jira's documents about permission schemes, project roles and anonymization; the others stand beside the calls."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tenure.model.seen import TaskState
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


FAILED = frozenset({"VALIDATION_FAILED", "INTERRUPTED"})


class Complaint(Struct, frozen=True, rename="camel"):
    """What Jira holds against something (ErrorCollection)."""

    error_messages: tuple[str, ...] = ()
    errors: Mapping[str, str] = {}


class Anonymizing(Struct, frozen=True, rename="camel"):
    """How far the anonymization of an account is; `progress_url` names its task, `errors` are by operation.

    That a task may fail once it runs is documented; what its states are called is not. One of another name is therefore
    taken for one that is under way, until errors say otherwise.
    """

    user_key: str
    status: str = ""
    progress_url: str = ""
    errors: Mapping[str, Complaint] = {}

    @property
    def under_way(self) -> bool:
        """Whether it is still being done."""
        return self.status == "IN_PROGRESS"

    @property
    def state(self) -> TaskState:
        """How far it is, as far as the task says."""
        if not self.under_way and (self.errors or self.status in FAILED):
            return TaskState.FAILED
        return TaskState.DONE if self.status == "COMPLETED" else TaskState.RUNNING

    @property
    def told(self) -> str:
        """What Jira says of it."""
        said = [text for one in self.errors.values() for text in (*one.error_messages, *one.errors.values())]
        return "; ".join(dict.fromkeys(said)) or self.status.lower()


class Looked(Struct, frozen=True):
    """Whether an account can be anonymized, as far as Jira sees beforehand."""

    success: bool = True
