"""The endpoint /Bulk: many requests in one, each handled as if it came alone (RFC 7644 section 3.7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from tenure.scim import dialects, groups, users
from tenure.scim.call import Call, json
from tenure.scim.errors import ScimError, document, invalid_path, invalid_syntax, invalid_value, told

MOST_OPERATIONS = 1_000
DEEPEST = 64
"""Levels of an operation's data: no resource has a tenth of them."""
_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_MARK = "bulkId:"
_ENDPOINTS = {"users": (users.COLLECTION, users.ONE), "groups": (groups.COLLECTION, groups.ONE)}
# Nobody reads the resources in the answers to a bulk, only where they are and their versions.
_QUERY = b"attributes=id"


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the operations, as it was sent; `refers_to` are the bulkIds that it names."""

    method: str
    bulk_id: str | None
    path: object
    data: object
    version: object
    refers_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation was answered: its status, where its resource is and, if it is still there, its version."""

    status: int
    location: str
    version: str | None


async def bulk(call: Call) -> Response:
    """POST /Bulk. Each operation is a transaction of its own, so one that fails undoes no other."""
    body = await call.body()
    most_errors = _fail_on_errors(dialects.entry(body, "failOnErrors"))
    operations = _operations(dialects.operations(body))
    job = _Job(call, operations)
    for place in _order(operations, job.by_bulk_id, job.circular):
        await job.run(place)
        if job.errors == most_errors:
            break
    shown = [_shown(operation, job.done[i], call.base) for i, operation in enumerate(operations) if i in job.done]
    return json({"schemas": [_RESPONSE], "Operations": shown})


@dataclass
class _Job:
    """A bulk request at work: what became of its operations so far, by their places."""

    call: Call
    operations: Sequence[Operation]
    done: dict[int, Done | ScimError] = field(default_factory=dict)
    circular: set[int] = field(default_factory=set)
    errors: int = 0
    by_bulk_id: dict[str, int] = field(init=False)
    _away: ScimError | None = None

    def __post_init__(self) -> None:
        self.by_bulk_id = {one.bulk_id: i for i, one in enumerate(self.operations) if one.bulk_id is not None}

    async def run(self, place: int) -> None:
        """Do one operation; those that it refers to were done before, or are in a circle with it."""
        operation = self.operations[place]
        try:
            if self._away:
                raise self._away
            if place in self.circular:
                raise ScimError(409, "The bulkIds refer to each other in a circle; break it by a later PATCH.")
            self.done[place] = await self._do(operation)
        except Exception as problem:  # an operation that fails is told among the others, whatever it is
            error = self.done[place] = told(problem, operation.method)
            self.errors += 1
            if error.status == 503:  # the others would each wait for the database that is away
                self._away = error

    async def _do(self, operation: Operation) -> Done:
        ids = {name: self._id(name) for name in operation.refers_to}
        handler, path = _handler(operation, ids)
        data = _resolved(operation.data, ids)

        async def given() -> dict[str, Any]:
            if not isinstance(data, dict):
                raise invalid_syntax("The data of a POST, PUT or PATCH must be a JSON object.")
            return data

        version = str(operation.version).encode() if operation.version and operation.method != "POST" else None
        headers = Headers(raw=[] if version is None else [(b"if-match", version)])
        one = replace(self.call, method=operation.method, headers=headers, query=_QUERY, key=path[-1], body=given)
        answer = await handler(one)
        location = answer.headers.get("location", f"{self.call.base}/{'/'.join(path)}")
        return Done(answer.status_code, location, answer.headers.get("etag"))

    def _id(self, bulk_id: str) -> str:
        """The id of the resource that a bulkId stands for."""
        place = self.by_bulk_id.get(bulk_id)
        if place is None:
            raise invalid_value(f"No operation of this request has the bulkId {bulk_id[:100]!r}.")
        done = self.done[place]
        if isinstance(done, ScimError):
            raise ScimError(409, f"The operation with the bulkId {bulk_id[:100]!r} failed, and this one needs it.")
        return done.location.rpartition("/")[2]


def _fail_on_errors(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid_value("failOnErrors must be a whole number from 1 on; leave it out to go on after any error.")
    return value


def _operations(sent: object) -> list[Operation]:
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise invalid_syntax("The body must have a list of objects named Operations.")
    if len(sent) > MOST_OPERATIONS:
        raise ScimError(413, f"The body has more than {MOST_OPERATIONS} operations; send less at a time.")
    found = [_operation({name.lower(): value for name, value in one.items()}) for one in sent]
    known: set[str] = set()
    for one in found:
        if one.bulk_id in known:
            raise invalid_value(f"Two operations have the bulkId {one.bulk_id[:100]!r}; give each one of its own.")
        known |= {one.bulk_id} if one.bulk_id is not None else set()
    return found


def _operation(sent: Mapping[str, Any]) -> Operation:
    method, bulk_id, path, data = sent.get("method"), sent.get("bulkid"), sent.get("path"), sent.get("data")
    if bulk_id is not None and (not isinstance(bulk_id, str) or not bulk_id):
        raise invalid_value("A bulkId must be a text.")
    method = method.upper() if isinstance(method, str) else ""
    parts = path.split("/") if isinstance(path, str) else []
    return Operation(method, bulk_id, path, data, sent.get("version"), frozenset(_references([data, parts])))


def _references(value: object, depth: int = 0) -> Iterator[str]:
    """The bulkIds that are named anywhere in a value. Raises ScimError (400) for one that is nested too deep."""
    if isinstance(value, str) and value.startswith(_MARK):
        yield value.removeprefix(_MARK)
    elif isinstance(value, (dict, list)):
        if depth > DEEPEST:
            raise invalid_syntax(f"The data of an operation is nested deeper than {DEEPEST} levels.")
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner, depth + 1)


def _resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with ids in place of references."""
    if isinstance(value, str) and value.startswith(_MARK):
        return ids[value.removeprefix(_MARK)]
    if isinstance(value, dict):
        return {name: _resolved(inner, ids) for name, inner in value.items()}
    return [_resolved(inner, ids) for inner in value] if isinstance(value, list) else value


def _order(operations: Sequence[Operation], by_bulk_id: Mapping[str, int], circular: set[int]) -> Iterator[int]:
    """The places of the operations as they are to be done: in order, but first what one refers to.

    Those that are found to refer to each other in a circle are added to `circular` before any of them is given.
    """
    needs = [sorted(by_bulk_id[name] for name in one.refers_to if name in by_bulk_id) for one in operations]
    begun: set[int] = set()
    for first in range(len(operations)):
        above: list[tuple[int, Iterator[int]]] = []
        if first not in begun:
            begun.add(first)
            above.append((first, iter(needs[first])))
        while above:
            place, rest = above[-1]
            below = next(rest, None)
            if below is None:
                above.pop()
                yield place
            elif below not in begun:
                begun.add(below)
                above.append((below, iter(needs[below])))
            elif below in (path := [one for one, _ in above]):
                circular |= set(path[path.index(below) :])


def _handler(
    operation: Operation, ids: Mapping[str, str]
) -> tuple[Callable[[Call], Awaitable[Response]], Sequence[str]]:
    """What handles the operation, and its path in parts. Raises ScimError (400, 404, 405)."""
    method, path = operation.method, operation.path
    if method not in _METHODS:
        raise invalid_syntax("The method of an operation must be POST, PUT, PATCH or DELETE.")
    if not isinstance(path, str) or not path:
        raise invalid_path("Each operation needs a path, such as /Users, or /Users/{id}.")
    if method == "POST" and operation.bulk_id is None:
        raise invalid_syntax("An operation that is a POST needs a bulkId.")
    if operation.version is not None and not isinstance(operation.version, str):
        raise invalid_value('A version must be an entity tag as in meta.version, such as W/"3".')
    parts: list[str] = [_resolved(part, ids) for part in path.strip("/").split("/")]
    handlers = _ENDPOINTS.get(parts[0].lower())
    if handlers is None or len(parts) > 2:
        raise ScimError(404, f"Operations can be on /Users and /Groups, not on {path[:100]!r}.")
    handler = handlers[len(parts) - 1].get(method)
    if handler is None:
        rather = "POST is for /Users and /Groups" if method == "POST" else f"{method} needs an id in the path"
        raise ScimError(405, f"{method} is not possible on {path[:100]!r}; {rather}.")
    return handler, parts


def _shown(operation: Operation, done: Done | ScimError, base: str) -> dict[str, Any]:
    """The answer to one operation (RFC 7644 section 3.7.3); only a POST that failed is nowhere."""
    shown: dict[str, Any] = {"method": operation.method}
    if operation.bulk_id is not None:
        shown["bulkId"] = operation.bulk_id
    if isinstance(done, ScimError):
        if operation.method != "POST" and isinstance(operation.path, str):
            shown["location"] = f"{base}/{operation.path.strip('/')}"
        return shown | {"status": str(done.status), "response": document(done)}
    shown |= {"location": done.location, "status": str(done.status)}
    return shown if done.version is None else shown | {"version": done.version}


COLLECTION = {"POST": bulk}
