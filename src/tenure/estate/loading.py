"""Loading an estate file: every problem is collected, with its line; only an estate without any is given back."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from tenure.estate.compiling import rules_of
from tenure.estate.document import Estate, Rate, SourceEstate, TargetEstate
from tenure.estate.extensions import extensions, unreadable
from tenure.estate.not_enforced import WORDS, not_enforced
from tenure.estate.owners import owners, unsaid
from tenure.estate.problem import EstateInvalid, Problem, instead
from tenure.estate.schema import SourcePart, TargetPart, meaningless
from tenure.estate.secrets import REFERENCE, UNSET, NotAReference, NotResolved, SecretSource, secret_paths
from tenure.estate.tree import LARGEST, Branch, dotted, locate, plain, read_yaml, shown
from tenure.estate.wording import Path as Place
from tenure.estate.wording import faults, url_fault
from tenure.model.access import CredentialKind, RequestLimit
from tenure.model.capability import Capabilities
from tenure.model.secret import Secret
from tenure.sources import SOURCES
from tenure.targets import TARGETS

__all__ = ["EstateInvalid", "Problem", "load"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SHORTEST_SECRET = 16
_WORDS: Mapping[CredentialKind, tuple[str, Place]] = {
    CredentialKind.TOKEN: ("token", ("token",)),
    CredentialKind.CLIENT: ("secret", ("client", "secret")),
    CredentialKind.BASIC: ("password", ("basic", "password")),
}
_Model = TypeVar("_Model", bound=BaseModel)


class Kind(Protocol):
    """What the registry of targets knows of a kind."""

    @property
    def settings(self) -> type[BaseModel]:
        """The model of the connector's own settings."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """The most that an application of this kind can do."""
        ...


def load(
    path: Path,
    *,
    secrets: bool = False,
    environment: Mapping[str, str] | None = None,
    targets: Mapping[str, Kind] | None = None,
) -> Estate:
    """Load an estate file; relative paths start from its folder.

    With `secrets`, each has to be there; without, one that is not is a warning, and the estate is for checks alone.
    `targets` stands for the registry. Raises EstateInvalid with everything that is wrong.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        said = f"the file cannot be read: {error.strerror}"
        raise EstateInvalid([Problem(1, 1, "", said, "name an estate file", path.name)]) from None
    where = SecretSource(os.environ if environment is None else environment, path.resolve().parent)
    return _Loading(read_yaml(content, path.name), path.name, where, secrets, targets or TARGETS).estate(content)


class _Loading:
    """One loading: gathers problems on its way through the document."""

    def __init__(
        self,
        tree: Branch,
        file: str,
        where: SecretSource,
        secrets: bool,
        targets: Mapping[str, Kind],
    ) -> None:
        self._tree, self._file, self._where, self._secrets = tree, file, where, secrets
        self._target_kinds = targets
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []

    def estate(self, content: bytes) -> Estate:
        document = plain(self._tree)
        postponed = self._not_enforced(document)
        for key in document:
            if key not in ("sources", "targets"):
                self._add((key,), "there is no such key", instead(key, ("sources", "targets")))
        source_parts, target_parts = self._parts(document, "sources"), self._parts(document, "targets")
        sources = {
            name: self._source(name, part) for name, part in source_parts.items() if ("sources", name) not in postponed
        }
        targets = {
            name: self._target(name, part, tuple(source_parts))
            for name, part in target_parts.items()
            if ("targets", name) not in postponed
        }
        for fault in owners(target_parts, targets):
            self._add(fault.path, fault.message, fault.hint)
        for path, message, hint in unreadable(sources, targets):
            self._add(path, message, hint)
        if self._problems:
            raise EstateInvalid(sorted(self._problems, key=lambda problem: (problem.line, problem.column)))
        return Estate(
            content.decode("utf-8-sig"),
            hashlib.sha256(content).digest(),
            {name: source for name, source in sources.items() if source},
            {name: target for name, target in targets.items() if target},
            tuple(self._warnings),
            tuple(self._problem(fault.path, fault.message, fault.hint) for fault in unsaid(target_parts, targets)),
        )

    def _add(self, path: Place, message: str, hint: str = "", *, warning: bool = False) -> None:
        (self._warnings if warning else self._problems).append(self._problem(path, message, hint))

    def _problem(self, path: Place, message: str, hint: str) -> Problem:
        line, column = locate(self._tree, path)
        return Problem(line, column, dotted(path), message, hint, self._file)

    def _not_enforced(self, document: Any) -> set[Place]:
        """Refuse what is not enforced yet and take it out; gives the parts whose kind is not there yet."""
        postponed: set[Place] = set()
        for path, value in list(not_enforced(document)):
            named = {True: "true ", False: "false "}.get(value, "") if isinstance(value, bool) else ""
            named = f"{shown(value)} " if isinstance(value, str) else named
            self._add(path, f"{named}{WORDS}", "remove it")
            if path[-1] == "kind":
                postponed.add(path[:2])
                continue
            holder = document
            for part in path[:-1]:
                holder = holder[part]
            holder.pop(path[-1], None)
        return postponed

    def _parts(self, document: dict[str, Any], section: str) -> dict[str, Any]:
        parts = document.get(section)
        if section not in document or (section == "sources" and not parts):
            self._add((section,), f"there are no {section}", f"write {section}: with a name and a kind below it")
            return {}
        if parts is None:
            return {}
        if not isinstance(parts, dict):
            self._add((section,), "this is not a mapping", "write a name and below it its keys")
            return {}
        for name in parts:
            if not NAME.fullmatch(name):
                hint = "write lower-case letters, digits, - and _, at most 63, beginning with a letter or digit"
                self._add((section, name), f'"{shown(name)}" cannot be a name', hint)
        return parts

    def _kind(self, path: Place, part: Any, known: Mapping[str, Any]) -> str | None:
        if not isinstance(part, dict):
            self._add(path, "this is not a mapping", "write its keys below it, kind: first")
            return None
        kind = part.get("kind")
        if not isinstance(kind, str) or kind not in known:
            said = "this key is missing" if "kind" not in part else f'"{shown(str(kind))}" is not a kind'
            self._add((*path, "kind"), said, instead(str(kind or ""), tuple(known)))
            return None
        return kind

    def _source(self, name: str, part: Any) -> SourceEstate | None:
        path: Place = ("sources", name)
        kind = self._kind(path, part, SOURCES)
        if kind is None:
            return None
        for key, message in meaningless(part, read=SOURCES[kind].open is not None):
            self._add((*path, key), message, "remove it")
        own = tuple(info.alias or key for key, info in SourcePart.model_fields.items())
        theirs = {key: value for key, value in part.items() if key not in own}
        settings = self._settings(path, SOURCES[kind].settings, theirs, own)
        checked = self._checked(path, SourcePart, {key: value for key, value in part.items() if key in own}, (), {})
        if settings is None or checked is None:
            return None
        limit = RequestLimit(checked.limit.per_second, checked.limit.burst)
        more = extensions(checked.extensions)
        source = SourceEstate(name, kind, settings, checked.heartbeat, limit, more, checked.every)
        for one in source.credentials:
            if one.secret != UNSET and len(one.secret.reveal()) < SHORTEST_SECRET:
                what, where = _WORDS[one.kind]
                said = f"the {what} has fewer than {SHORTEST_SECRET} characters, and could be guessed"
                place = (*path, *where) if where[0] in part else (*path, "tokens")
                self._add(place, said, "make a long random one", warning=True)
        return source

    def _target(self, name: str, part: Any, sources: tuple[str, ...]) -> TargetEstate | None:
        path: Place = ("targets", name)
        kind = self._kind(path, part, self._target_kinds)
        if kind is None:
            return None
        model = self._target_kinds[kind].settings
        own = tuple(info.alias or key for key, info in TargetPart.model_fields.items())
        theirs = {key: value for key, value in part.items() if key not in own}
        settings = self._settings(path, model, theirs, own)
        ours = {key: value for key, value in part.items() if key in own}
        checked = self._checked(path, TargetPart, ours, (), {"sources": sources})
        if checked is not None and not checked.source and len(sources) != 1:
            said = "this key is missing" if "source" not in part else "no source is named"
            self._add((*path, "source"), said, f"write one or more of {', '.join(sources)}")
        if settings is None or checked is None:
            return None
        self._fields(path, kind, checked)
        rules = rules_of(name, checked, checked.source or sources)
        rate = Rate(checked.rate.per_second, checked.rate.concurrency)
        return TargetEstate(name, kind, settings, rules, rate, checked.compare)

    def _fields(self, path: Place, kind: str, part: TargetPart) -> None:
        """An expression for a field that the application does not have would hold everybody."""
        capabilities = self._target_kinds[kind].capabilities
        known = ", ".join(f"{name}<name>" if name.endswith(".") else name for name in capabilities.fields)
        for name in part.attributes.flat():
            if capabilities.spec(name) is None:
                self._add((*path, "attributes", *name.split(".", 1)), f"{kind} has no field {name}", f"it has {known}")

    def _settings(
        self, path: Place, model: type[BaseModel], data: dict[str, Any], others: tuple[str, ...]
    ) -> BaseModel | None:
        """The connector's own settings, with the secrets in them; `others` are keys that stand beside them."""
        for fault in url_fault(data.get("url")):
            self._add((*path, *fault.path), fault.message, fault.hint)
        for place in secret_paths(model):
            self._resolve(path, place, data)
        return self._checked(path, model, data, others, {"folder": self._where.folder})

    def _resolve(self, path: Place, place: tuple[str, ...], data: Any) -> None:
        """Put secrets in the place of their references; `*` after a key is its whole list, or one that stands alone."""
        key, below = place[0], place[1:]
        if not isinstance(data, dict) or key not in data:
            return
        if below == ("*",):
            several = data[key] if isinstance(data[key], list) else None
            places = [(*path, key)] if several is None else [(*path, key, n) for n in range(len(several))]
            data[key] = [self._secret(*pair) for pair in zip(places, several or [data[key]], strict=False)]
        elif below:
            self._resolve((*path, key), below, data[key])
        else:
            data[key] = self._secret((*path, key), data[key])

    def _secret(self, path: Place, reference: Any) -> Secret:
        try:
            return self._where.resolve(reference)
        except NotAReference as problem:
            self._add(path, str(problem), REFERENCE)
        except NotResolved as problem:
            self._add(path, str(problem), "set it before the start", warning=not self._secrets)
        return UNSET

    def _checked(
        self, path: Place, model: type[_Model], data: dict[str, Any], others: tuple[str, ...], context: dict[str, Any]
    ) -> _Model | None:
        try:
            return model.model_validate(data, context=context)
        except ValidationError as error:
            known = [*others, *(info.alias or key for key, info in model.model_fields.items())]
            for fault in faults(error, model, data, known):
                self._add((*path, *fault.path), fault.message, fault.hint)
            return None
