"""What the models found wrong, in words that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from tenure.estate.problem import instead
from tenure.estate.secrets import members
from tenure.estate.tree import shown

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a path below the part that was checked."""

    path: Path
    message: str
    hint: str = ""


def faults(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], known: Sequence[str]
) -> list[Fault]:
    """The faults of one part. `known` are the keys that its own mapping may have."""
    choices = _choices(model, data)
    found: dict[Path, Fault] = {}
    for one in error.errors(include_url=False, include_input=False):
        field = one["loc"][0] if one["loc"] else ""
        if field in choices:
            chosen, offer = choices[str(field)]
            if chosen is None:
                found[(field,)] = Fault((field,), "this is not how to sign in", f"write {offer}")
                continue
            if len(one["loc"]) > 1 and one["loc"][1] != chosen.__name__:
                continue
        path, value = _follow(one["loc"], data)
        allowed = known if len(path) == 1 else _allowed(model, path)
        found.setdefault(path, _fault(one, path, value, allowed))
    return list(found.values())


def _fault(one: Any, path: Path, value: Any, allowed: Sequence[str]) -> Fault:
    kind, context, key = one["type"], one.get("ctx", {}), str(path[-1]) if path else ""
    if kind == "estate":
        return Fault(path, context["message"], context["hint"])
    if kind == "extra_forbidden":
        return Fault(path, "there is no such key", instead(key, allowed) if allowed else "remove it")
    if kind == "missing":
        return Fault(path, "this key is missing")
    if kind == "enum":
        article = "an" if key[:1] in "aeiou" else "a"
        choices = context["expected"].replace(" or ", ", ").replace("'", "")
        return Fault(path, f"{_written(value)} is not {article} {key}", f"write one of {choices}")
    if kind == "value_error":
        return Fault(path, str(context.get("error", "this value is not possible")))
    return Fault(path, *_by_type(kind, context, value))


def _by_type(kind: str, context: Mapping[str, Any], value: Any) -> tuple[str, str]:
    wanted = {
        "bool": ("true or false", "write true or false"),
        "int": ("a whole number", "write one in digits"),
        "float": ("a number", "write one in digits, such as 10 or 2.5"),
        "finite": ("a number", "write one in digits, such as 10 or 2.5"),
        "string": ("a text", "write it in quotes"),
        "model": ("a mapping", "write the keys that belong below it"),
        "dict": ("a mapping", "write name: value below it"),
        "tuple": ("a list", "write it in square brackets"),
        "list": ("a list", "write it in square brackets"),
    }.get(kind.split("_", 1)[0])
    if wanted:
        return f"{_written(value)} is not {wanted[0]}", wanted[1]
    for limit, words in (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most")):
        if limit in context:
            return f"{_written(value)} is out of range", f"write something {words} {context[limit]:g}"
    return f"{_written(value)} is not possible here", ""


def _written(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{shown(value)}"'
    return "a list" if isinstance(value, (list, tuple)) else "a mapping" if isinstance(value, Mapping) else str(value)


def _follow(location: Sequence[str | int], data: Any) -> tuple[Path, Any]:
    """The path in the document that the models mean: they put in names of their own, and lists for single values."""
    path: list[str | int] = []
    value = data
    for place, part in enumerate(location):
        listed = isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value)
        if listed or (isinstance(value, Mapping) and part in value):
            value = value[part]
        elif place < len(location) - 1 or not isinstance(part, str) or part == "[key]":
            continue
        else:
            value = None
        path.append(part)
    return tuple(path), value


def _choices(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, tuple[type[BaseModel] | None, str]]:
    """For each field that may be one of several mappings: the one that was probably meant, and how they are written."""
    found: dict[str, tuple[type[BaseModel] | None, str]] = {}
    for name, info in model.model_fields.items():
        kinds = [kind for kind in members(info.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if len(kinds) < 2 or name not in data:
            continue
        given = set(data[name]) if isinstance(data[name], Mapping) else set()
        best = max(kinds, key=lambda kind: len(given & set(kind.model_fields)))
        offer = " or ".join("{" + ", ".join(f"{key}: ..." for key in kind.model_fields) + "}" for kind in kinds)
        found[name] = (best if given & set(best.model_fields) else None, offer)
    return found


def _allowed(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the mapping in which the last part of the path stands."""
    models = [model]
    for part in path[:-1]:
        models = [
            kind
            for one in models
            for name, info in one.model_fields.items()
            if (info.alias or name) == part
            for kind in members(info.annotation)
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
    return [info.alias or name for one in models for name, info in one.model_fields.items()]


def url_fault(url: Any) -> Iterator[Fault]:
    """What is wrong with the address of an application; a password in it is never shown."""
    if not isinstance(url, str):
        return
    if "@" in url.partition("://")[2].split("/", 1)[0]:
        yield Fault(("url",), "the address has a name or password in it", "put it under auth:")
    elif not re.fullmatch(r"(?i:https?)://(\[[0-9A-Fa-f:.]+\]|[^\s/?#:\[\]]+)(:\d{1,5})?(/[^\s?#]*)?", url):
        yield Fault(
            ("url",), f'"{shown(url)}" is not an address', "write it as https://jira.example.com/path, no ? or #"
        )
