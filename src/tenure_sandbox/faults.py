"""Scheduled faults: what may go wrong between a client and an application, and when, with nothing left to chance."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

Row = TypeVar("Row")
CONDITIONS = "tenure_sandbox.conditions"
PAGE_PARAMETERS = frozenset({"cursor", "startAt", "start", "start-index", "startIndex"})

# Kind: the fields that it takes, each with its default.
KINDS: dict[str, dict[str, Any]] = {
    "latency": {"ms": 100},
    "status": {"status": 503, "retry_after": None, "when": "before"},
    "proxy_html": {"status": 200, "when": "before"},
    "drop": {"when": "before"},
    "truncate": {"keep": None},
    "cut_short": {"keep": None},
    "repeat_page": {},
    "rate_limit": {"limit": 15, "fill_rate": 5, "interval_seconds": 60},
    # What follows is carried out by the application itself, which reads it with `condition`.
    "cap": {"keep": 10},
    "forbidden": {},
    "read_only": {"status": 403},
    "licence_full": {},
    "captcha": {},
    "task_fails": {"message": "The task could not be carried out."},
}
MATCHING: dict[str, Any] = {"method": "*", "path": "", "path_regex": "", "nth": [], "query": {}}


class BadFault(ValueError):
    """A schedule that cannot be carried out; the message says what to change."""


@dataclass(slots=True)
class Fault:
    """One scheduled fault, how often its call has been seen, and what it keeps for its rate limit."""

    id: int
    kind: str
    matching: dict[str, Any]
    fields: dict[str, Any]
    seen: int = 0
    buckets: dict[bytes, tuple[float, float]] = field(default_factory=dict)

    def meets(self, scope: Mapping[str, Any]) -> bool:
        """Count a call that this fault waits for, and say whether it is the turn of this one."""
        wanted = self.matching
        path: str = scope["path"]
        if wanted["method"] not in ("*", scope["method"]) or not path.startswith(wanted["path"]):
            return False
        if wanted["path_regex"] and re.fullmatch(wanted["path_regex"], path) is None:
            return False
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(pair not in query for pair in wanted["query"].items()):
            return False
        if self.kind == "repeat_page" and not any(name in PAGE_PARAMETERS for name, _ in query):
            return False
        self.seen += 1
        return not wanted["nth"] or self.seen in wanted["nth"]

    def document(self) -> dict[str, Any]:
        """The fault as it was scheduled, with the calls that it has seen."""
        matching = {name: value for name, value in self.matching.items() if value != MATCHING[name]}
        return {"id": self.id, "kind": self.kind, **matching, **self.fields, "seen": self.seen}


def _typed(name: str, value: Any, default: Any) -> Any:
    if name == "nth":
        numbers = [value] if isinstance(value, int) else value
        if not isinstance(numbers, list) or any(type(n) is not int or n < 1 for n in numbers):
            raise BadFault("nth must be a number from 1, or a list of such numbers")
        return numbers
    if name == "query":
        if not isinstance(value, dict) or any(not isinstance(text, str) for text in value.values()):
            raise BadFault("query must map parameter names to texts")
        return value
    if name == "when" and value not in ("before", "after"):
        raise BadFault('when must be "before" or "after" the application carried the request out')
    if name == "path_regex":
        try:
            re.compile(value)
        except (re.error, TypeError) as error:
            raise BadFault(f"path_regex is not a regular expression: {error}") from error
    if isinstance(default, str):
        if not isinstance(value, str):
            raise BadFault(f"{name} must be a text")
        return value.upper() if name == "method" else value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadFault(f"{name} must be a number from 0")
    if name in ("interval_seconds", "fill_rate") and value == 0:
        raise BadFault(f"{name} must be more than 0")
    if name == "status" and not (isinstance(value, int) and 200 <= value <= 599):
        raise BadFault("status must be a whole number from 200 to 599")
    return value


def _fault(number: int, data: Any) -> Fault:
    if not isinstance(data, dict):
        raise BadFault("each fault must be a JSON object")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(KINDS)}")
    allowed = MATCHING | KINDS[kind]
    unknown = sorted(data.keys() - allowed.keys() - {"kind"})
    if unknown:
        raise BadFault(f"a {kind} fault has no {', '.join(unknown)}: it takes {', '.join(allowed)}")
    values = {name: _typed(name, data[name], default) if name in data else default for name, default in allowed.items()}
    if kind == "read_only" and values["status"] not in (400, 403):
        raise BadFault("status of a read_only fault must be 400 or 403")
    return Fault(number, kind, {n: values[n] for n in MATCHING}, {n: values[n] for n in KINDS[kind]})


class Schedule:
    """The faults that are waiting, and a record of those that fired; `clock` gives seconds for rate limits only."""

    def __init__(self, clock: Callable[[], float], latency_ms: float = 0) -> None:
        """Start with no fault, and with `latency_ms` before every answer."""
        self.clock = clock
        self.latency_ms = latency_ms
        self.faults: list[Fault] = []
        self.fired: list[dict[str, Any]] = []
        self._last = 0

    @staticmethod
    def read(faults: Any) -> list[dict[str, Any]]:
        """Check a list of faults that somebody wants scheduled; BadFault says what is wrong with it."""
        if not isinstance(faults, list):
            raise BadFault("the schedule must be a JSON list of faults")
        for data in faults:
            _fault(0, data)
        return faults

    def add(self, faults: list[dict[str, Any]]) -> None:
        """Schedule faults beside those that are there; BadFault, and nothing is scheduled, if one is wrong."""
        made = [_fault(self._last + place, data) for place, data in enumerate(self.read(faults), start=1)]
        self._last += len(made)
        self.faults.extend(made)

    def clear(self) -> None:
        """Forget all faults and what fired."""
        self.faults.clear()
        self.fired.clear()

    def document(self) -> dict[str, Any]:
        """The schedule and the record of what fired."""
        return {"faults": [fault.document() for fault in self.faults], "fired": self.fired}

    def record(self, fault: Fault, scope: Mapping[str, Any], call: int) -> None:
        """Write down that a fault was carried out on the `call`-th call that it waited for."""
        entry = {"n": len(self.fired) + 1, "fault": fault.id, "kind": fault.kind, "call": call}
        query = scope["query_string"].decode("latin-1")
        self.fired.append(entry | {"method": scope["method"], "path": scope["path"], "query": query})


def condition(scope: Mapping[str, Any], kind: str) -> Fault | None:
    """The fault of this kind that the application has to carry out in this request, if there is one."""
    conditions: dict[str, Fault] = scope.get(CONDITIONS, {})
    return conditions.get(kind)


def capped(scope: Mapping[str, Any], rows: list[Row]) -> list[Row]:
    """The rows of a listing, fewer than there are if a capped listing is scheduled, and without a word about it."""
    fault = condition(scope, "cap")
    return rows if fault is None else rows[: int(fault.fields["keep"])]
