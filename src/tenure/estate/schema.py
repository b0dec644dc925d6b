"""The keys of an estate, as models: what may be written, what is checked, and what holds when it is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationInfo, field_validator

from tenure.estate.document import COMPARE, Rate
from tenure.estate.extensions import Extensions
from tenure.estate.limits import ApprovalPart, LimitsPart
from tenure.estate.problem import instead
from tenure.estate.secrets import members
from tenure.estate.values import (
    After,
    Duration,
    Every,
    Heartbeat,
    Pattern,
    Taken,
    Text,
    TextExpression,
    Texts,
    TruthExpression,
    group_count,
    refuse,
)
from tenure.model.access import DEFAULT_LIMIT
from tenure.model.capability import Mode, canon_name
from tenure.planning.rules import (
    Adopt,
    Existing,
    Farewell,
    Leaver,
    OnTheFly,
    OutOfScope,
    ReadRights,
    Rename,
    Rules,
)
from tenure.sources import SOURCES
from tenure.targets import TARGETS

DEFAULT = Rules(target="", sources=())
FLY, RATE, LIMIT = OnTheFly(), Rate(), DEFAULT_LIMIT
SHORTEST_IDLE = timedelta(days=7)
MOST_PER_SECOND, MOST_AT_ONCE, MOST_ASKED = 1_000, 64, 1_000_000


class Part(BaseModel):
    """A mapping of the estate: no other keys than these."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class LimitPart(Part):
    """How many requests one credential of a source gets."""

    per_second: float = Field(default=LIMIT.per_second, gt=0, le=MOST_ASKED, allow_inf_nan=False)
    burst: int = Field(default=LIMIT.burst, ge=1, le=MOST_ASKED)


class SourcePart(Part):
    """What every source says, whatever its kind; its own settings stand beside it."""

    kind: str
    heartbeat: Heartbeat | None = None
    every: Every | None = None
    limit: LimitPart = Field(default_factory=LimitPart)
    extensions: Extensions = Field(default_factory=dict)


def meaningless(part: Iterable[str], *, read: bool) -> Iterator[tuple[str, str]]:
    """The keys of a source that nothing would heed, as we read it or as it pushes, each with a sentence."""
    keys, does = (("limit", "extensions"), "is read by us") if read else (("every",), "pushes to us")
    yield from ((key, f"this means nothing for a source that {does}") for key in keys if key in part)


class AttributesPart(Part):
    """Which field of an account has which value."""

    username: TextExpression
    email: TextExpression
    display_name: TextExpression
    first_name: TextExpression | None = None
    last_name: TextExpression | None = None
    properties: dict[Text, TextExpression] = Field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """Every mapped field by its name, those of `properties` as `properties.x`."""
        fixed = {"username": self.username, "email": self.email, "display_name": self.display_name}
        fixed |= {name: part for name in ("first_name", "last_name") if (part := getattr(self, name)) is not None}
        return fixed | {f"properties.{name}": expression for name, expression in self.properties.items()}


class RenamePart(Part):
    """Whether the names of accounts follow the source."""

    made: Rename = DEFAULT.rename_made
    adopted: Rename = DEFAULT.rename_adopted


class UsernamesPart(Part):
    """What is tried where the account name that is computed is somebody else's."""

    taken: Taken = DEFAULT.usernames


class OnTheFlyPart(Part):
    """Which groups of the source appear at the target, and under which name."""

    match: Pattern = FLY.match
    excluding: Pattern | None = Field(default=FLY.excluding, alias="except")
    name: Text = FLY.name
    create: StrictBool = FLY.create
    existing: Existing = FLY.existing

    @field_validator("name")
    @classmethod
    def _references(cls, name: str, info: ValidationInfo) -> str:
        groups = group_count(info.data.get("match", FLY.match)) if "match" in info.data else 9
        wrong = next((number for number in re.findall(r"\$(\d+)", name) if int(number) > groups), None)
        if wrong is not None:
            has = f"{groups} group{'' if groups == 1 else 's'}"
            refuse(f"${wrong} stands for nothing: match has {has} in brackets", "write $0 for all that matched")
        return name


def _switch(value: Any) -> Any:
    return {} if value is True else None if value is False else value


class GroupsPart(Part):
    """Which groups an account should be in."""

    mapping: dict[Text, Texts] = Field(default_factory=dict)
    on_the_fly: Annotated[OnTheFlyPart | None, BeforeValidator(_switch)] = None
    default: Texts = DEFAULT.default_groups
    new: Texts = DEFAULT.new_groups
    keep_foreign_members: StrictBool = DEFAULT.keep_foreign_members
    read_rights: ReadRights = DEFAULT.read_rights

    @field_validator("mapping")
    @classmethod
    def _once(cls, mapping: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        seen: dict[str, str] = {}
        for name in mapping:
            other = seen.setdefault(canon_name(name), name)
            if other != name:
                refuse(f'"{other}" and "{name}" differ by letter case alone: they are one group', "keep one of the two")
        return mapping


class LeaverPart(Part):
    """What becomes of the account of somebody who has left, and how long after."""

    action: Leaver = DEFAULT.leaver
    end_sessions: StrictBool = DEFAULT.farewell.end_sessions
    revoke_tokens: StrictBool = DEFAULT.farewell.revoke_tokens
    new_lead: Text | None = DEFAULT.farewell.new_lead
    remove_groups: After = DEFAULT.farewell.remove_groups
    anonymize: After = DEFAULT.farewell.anonymize
    delete: After = DEFAULT.farewell.delete
    deadline: Duration | None = None

    def farewell(self, usual: timedelta) -> Farewell:
        """All but the action; `usual` is the deadline when none is named."""
        named = {name: getattr(self, name) for name in LeaverPart.model_fields if name not in ("action", "deadline")}
        return Farewell(**named, deadline=usual if self.deadline is None else self.deadline)


class SeatsPart(Part):
    """Who gets a seat of a licence when there are not enough: those of whom `first` is true, then who asked first.

    Who was not there for `idle` is proposed to give theirs back. `price` is what a seat costs.
    """

    first: TruthExpression | None = None
    idle: After = DEFAULT.idle
    price: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @field_validator("idle")
    @classmethod
    def _long(cls, idle: timedelta | None) -> timedelta | None:
        if idle is not None and idle < SHORTEST_IDLE:
            refuse("that is too short to call anybody idle", "write at least after 7d, or false for never")
        return idle


class RatePart(Part):
    """How fast the target is called."""

    per_second: float = Field(default=RATE.per_second, gt=0, le=MOST_PER_SECOND, allow_inf_nan=False)
    concurrency: int = Field(default=RATE.concurrency, ge=1, le=MOST_AT_ONCE)


class TargetPart(Part):
    """What every target says, whatever its connector; the connector's own settings stand beside it."""

    kind: str
    source: Texts = ()
    authority: Text | None = None
    mode: Mode = DEFAULT.mode
    scope: TruthExpression = DEFAULT.scope
    out_of_scope: OutOfScope = DEFAULT.out_of_scope
    attributes: AttributesPart
    adopt: Adopt = DEFAULT.adopt
    match: tuple[Texts, ...] = DEFAULT.match
    usernames: UsernamesPart = Field(default_factory=UsernamesPart)
    rename: RenamePart = Field(default_factory=RenamePart)
    groups: GroupsPart = Field(default_factory=GroupsPart)
    leaver: LeaverPart = Field(default_factory=LeaverPart)
    seats: SeatsPart = Field(default_factory=SeatsPart)
    rate: RatePart = Field(default_factory=RatePart)
    compare: Duration = COMPARE
    protected: Texts = DEFAULT.protected.patterns
    limits: LimitsPart = Field(default_factory=LimitsPart)
    approval: ApprovalPart = Field(default_factory=ApprovalPart)

    @field_validator("source")
    @classmethod
    def _known_sources(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known: tuple[str, ...] = info.context["sources"] if info.context else ()
        for name in names:
            if name not in known:
                refuse(f'there is no source "{name}"', instead(name, known) if known else "add it under sources:")
        return names

    @field_validator("match")
    @classmethod
    def _known_fields(cls, match: tuple[tuple[str, ...], ...], info: ValidationInfo) -> tuple[tuple[str, ...], ...]:
        attributes = info.data.get("attributes")
        known = tuple(attributes.flat()) if attributes else ("username", "email", "display_name")
        for fields in match:
            unknown = [name for name in fields if name not in known]
            if unknown and (attributes or not unknown[0].startswith("properties.")):
                refuse(f'"{unknown[0]}" is not a mapped attribute', instead(unknown[0], known))
            if fields in ((), ("email",)):
                refuse("an e-mail address alone does not prove whose an account is", "write [username, email]")
            if len(fields) == 1 and info.data.get("adopt") is Adopt.MATCH:
                refuse(f"{fields[0]} alone is not enough for adopt: match", "name two fields, or write adopt: ask")
        if not match:
            refuse("match needs at least one alternative", "write [[username, email]], or remove the key")
        return match


def keys() -> list[str]:
    """Every key that an estate may have, as dotted paths with `<name>` where a name of your own stands."""
    found = ["sources", "targets"]
    origins: list[type[BaseModel]] = [SourcePart, *(known.settings for known in SOURCES.values())]
    for model in origins:
        found += _keys(model, "sources.<name>")
    parts: list[type[BaseModel]] = [TargetPart, *(known.settings for known in TARGETS.values())]
    for model in parts:
        found += _keys(model, "targets.<name>")
    return list(dict.fromkeys(found))


def _keys(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        path = f"{above}.{info.alias or name}"
        yield path
        for kind in members(info.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _keys(kind, path)
