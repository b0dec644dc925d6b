"""The schema extensions of a source, as the estate declares them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool

from tenure.estate.problem import instead
from tenure.estate.tree import shown
from tenure.estate.values import refuse
from tenure.model.extension import Extension, ExtensionAttribute, ExtensionType
from tenure.planning.rules import Expression
from tenure.planning.variables import EXTENSION

if TYPE_CHECKING:
    from tenure.estate.document import SourceEstate, TargetEstate

MOST_EXTENSIONS, MOST_ATTRIBUTES = 20, 100
_TYPES: tuple[str, ...] = get_args(ExtensionType)
_URN = re.compile(r"urn:[a-z0-9][a-z0-9-]{1,31}:[A-Za-z0-9._:-]{1,200}(?<!:)\Z", re.IGNORECASE)
_OF_THE_RFC = re.compile(r"urn:ietf:params:scim:(schemas:core|schemas:extension:enterprise|api):", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}\Z")


def _type(value: Any) -> Any:
    if value not in _TYPES:
        written = value if isinstance(value, str) else ""
        refuse(f'"{shown(written)}" is not a type', instead(written, _TYPES))
    return value


class ExtensionAttributePart(BaseModel):
    """One attribute; `name: type` is short for `name: {type: ...}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    type: Annotated[ExtensionType, BeforeValidator(_type)]
    multi_valued: StrictBool = False
    case_exact: StrictBool = False
    required: StrictBool = False


def _long(value: Any) -> Any:
    return value if isinstance(value, (dict, BaseModel)) else {"type": value}


def _name(value: str) -> str:
    if not _NAME.match(value):
        refuse(f'"{shown(value)}" cannot be an attribute', "write a letter, and then letters, digits, - and _")
    return value


def _urn(value: str) -> str:
    if not _URN.match(value):
        refuse(f'"{shown(value)}" is not a URN', "write one such as urn:example:params:scim:schemas:acme:2.0:User")
    if _OF_THE_RFC.match(value):
        refuse(f"{value} belongs to SCIM itself", "write a URN of your own; the enterprise extension is always there")
    return value


def _named(value: dict[str, Any]) -> dict[str, Any]:
    if not 1 <= len(value) <= MOST_ATTRIBUTES:
        refuse(f"an extension has from 1 to {MOST_ATTRIBUTES} attributes")
    _distinct(value)
    return value


def _declared(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > MOST_EXTENSIONS:
        refuse(f"a source has at most {MOST_EXTENSIONS} extensions")
    _distinct(value)
    return value


def _distinct(value: Mapping[str, Any]) -> None:
    lower = [name.lower() for name in value]
    twice = next((name for name in value if lower.count(name.lower()) > 1), None)
    if twice is not None:
        refuse(f"{twice} stands here twice, in other letter case", "SCIM takes both for one: keep one of them")


Attribute = Annotated[ExtensionAttributePart, BeforeValidator(_long)]
Attributes = Annotated[dict[Annotated[str, AfterValidator(_name)], Attribute], AfterValidator(_named)]
Extensions = Annotated[dict[Annotated[str, AfterValidator(_urn)], Attributes], AfterValidator(_declared)]


def extensions(parts: Mapping[str, Mapping[str, ExtensionAttributePart]]) -> tuple[Extension, ...]:
    """The declarations, in the order of the file."""
    return tuple(
        Extension(urn, tuple(ExtensionAttribute(name, **part.model_dump()) for name, part in attributes.items()))
        for urn, attributes in parts.items()
    )


def unreadable(
    sources: Mapping[str, SourceEstate | None], targets: Mapping[str, TargetEstate | None]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where an expression reads of an extension what no source of its target declares: the place, why, what to do."""
    for name, target in targets.items():
        if target is None:
            continue
        rules = target.rules
        known = [e for s in rules.sources if (source := sources.get(s)) is not None for e in source.extensions]
        where: dict[tuple[str, ...], Expression | None] = {("scope",): rules.scope}
        where |= {("attributes", *field.split(".", 1)): expression for field, expression in rules.attributes.items()}
        for place, expression in where.items():
            for path in expression.paths if expression else ():
                wrong = _wrong(path.partition(".")[2], known) if path.startswith(f"{EXTENSION}.") else None
                if wrong:
                    yield ("targets", name, *place), f"{path}: {wrong[0]}", wrong[1]


def _wrong(name: str, known: Sequence[Extension]) -> tuple[str, str] | None:
    named = {e.urn: a for e in known for a in e.attributes if a.name == name}
    if not named:
        there = sorted({a.name for e in known for a in e.attributes})
        hint = instead(name, there) if there else "declare it under extensions: of the source"
        return "no source of this target declares such an attribute", hint
    if len(named) > 1:
        return f"{' and '.join(sorted(named))} both declare it", "give it another name in one of them"
    if any(attribute.multi_valued for attribute in named.values()):
        return "it holds several values, where a text is needed", "declare one that holds a single value"
    return None
