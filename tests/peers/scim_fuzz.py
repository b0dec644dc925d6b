"""Send random requests to a SCIM server, and hold each answer against what the server publishes of itself.

python scim_fuzz.py ADDRESS TOKEN REQUESTS SEED prints one JSON document. Not schemathesis: an OpenAPI document that is
made from /Schemas could say nothing of filters, paths and PATCHes, which are what a SCIM server has to read. The judge
of answers is scim2-models, with models that it makes from /Schemas.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import Any
from urllib.parse import quote

from httpx2 import Client, Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import BulkResponse, Context, Error, ListResponse
from scim_shapes import DEEP, SEARCH_URN, Json, Kind, anything, document, kinds, parameters, patch, texts

SCIM_TYPES = {"invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget"}
SCIM_TYPES |= {"invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User", "/Schemas/urn:x", "/Bulk")
HEADERS = ("Content-Type", "Accept", "If-Match", "If-None-Match", "User-Agent", "Accept-Language", "X-Forwarded-Host")
LENGTH = 8
"""Requests of one history at most."""
MEMORY = 6
"""So many of the resources made last are asked for again."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"
BULK_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
NUMBERED = re.compile(r"\{(\d+)\}")


class Broken(Exception):
    """An answer that no SCIM server may give."""


class Door:
    """A SCIM server, the models that it publishes, and what it has answered so far."""

    def __init__(self, client: Client) -> None:
        self.client = client
        scim = SyncSCIMClient(client)
        scim.discover()
        self.models: dict[str, Any] = {name: scim.get_resource_model(name) for name in ("User", "Group")}
        self.kinds = kinds(client.get("/ResourceTypes").json(), client.get("/Schemas").json())
        self.known: dict[str, list[str]] = {kind.endpoint: ["nobody", *[UNKNOWN] * 2] for kind in self.kinds}
        self.statuses: Counter[int] = Counter()

    def ask(self, method: str, path: str, body: Any, headers: Json) -> Response:
        """Send one request and judge the answer."""
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/scim+json", **headers}
        answer = self.client.request(method, path, content=raw, headers=headers)
        self.statuses[answer.status_code] += 1
        try:
            self.judge(method, path, answer)
        except ValidationError as problem:
            if not all(_as_sent(one["msg"]) for one in problem.errors()):
                raise Broken(self.told(method, path, headers, raw, answer, problem)) from None
        except (Broken, ValueError, KeyError, TypeError, AttributeError) as problem:
            raise Broken(self.told(method, path, headers, raw, answer, problem)) from None
        return answer

    @staticmethod
    def told(method: str, path: str, headers: Json, raw: bytes | None, answer: Response, problem: Exception) -> str:
        """A request and its answer, with what is wrong with it."""
        asked = f"{method} {path[:1000]} {headers} {(raw or b'')[:1000]!r}"
        return f"{asked}\n{answer.status_code} {answer.text[:1000]}\n{problem}"

    def judge(self, method: str, path: str, answer: Response) -> None:
        """Raises what tells the difference between the answer and one of the standard."""
        status = answer.status_code
        if status >= 500 and not (status == 501 and path.startswith("/Me")):  # as RFC 7644 section 3.11 has it
            raise Broken("a server error")
        if status in (204, 304) or method == "HEAD":
            if answer.content:
                raise Broken("an answer with a body that may have none")
            return
        if answer.headers["content-type"] != "application/scim+json":
            raise Broken("not the media type of SCIM (RFC 7644 section 3.1)")
        body = answer.json()
        if status >= 400:
            Error.model_validate(body)
            if body["status"] != str(status) or not body["detail"] or body["schemas"] != [str(Error.__schema__)]:
                raise Broken("not an error of SCIM (RFC 7644 section 3.12)")
            if status == 400 and body.get("scimType") not in SCIM_TYPES:
                raise Broken("an error 400 without a scimType of RFC 7644 table 9")
        elif "/ServiceProviderConfig" not in path and "/ResourceTypes" not in path and "/Schemas" not in path:
            self.read(method, path, status, body)

    def read(self, method: str, path: str, status: int, body: Any) -> None:
        """Read resources as the published schemas have them; with a projection, only their types."""
        partly = "ttributes" in path or "/.search" in path
        context = Context.DEFAULT if partly else Context.RESOURCE_QUERY_RESPONSE
        if "Resources" in body or "totalResults" in body:
            models = self.models["User"] | self.models["Group"]
            listed = ListResponse[models].model_validate(body, scim_ctx=context)
            if (listed.items_per_page or 0) != len(listed.resources or []):
                raise Broken("itemsPerPage is not how many resources came (RFC 7644 section 3.4.2)")
            return
        if path.startswith("/Bulk"):
            BulkResponse[self.models["User"] | self.models["Group"]].model_validate(body)
            return
        name = "Group" if "/Groups" in path else "User"
        if status == 201:
            context = Context.DEFAULT if partly else Context.RESOURCE_CREATION_RESPONSE
            self.known[f"/{name}s"].append(body["id"])
        self.models[name].model_validate(body, scim_ctx=context)
        if method in ("POST", "PUT", "PATCH") and not partly:
            again = self.client.get(f"/{name}s/{body['id']}").json()
            if again != body:
                raise Broken(f"another reading gives {again}")

    def replay(self, history: list[tuple[str, str, Any, Json]]) -> None:
        """One history. A number in braces is the n-th of the last ids: in a path those of its kind, else of people."""
        known = {endpoint: [*ids[:2], *ids[-MEMORY:]] for endpoint, ids in self.known.items()}
        for method, path, body, headers in history:
            there = known["/Groups" if path.startswith("/Groups") else "/Users"]
            self.ask(method, _filled(path, there), _filled(body, known["/Users"]), headers)


def _as_sent(problem: str) -> bool:
    """Whether the answer only shows a text that we keep as it was sent, for an address or a certificate."""
    return "Invalid URI" in problem or "base64" in problem


def _filled(part: Any, ids: list[str]) -> Any:
    if isinstance(part, str):
        return NUMBERED.sub(lambda number: ids[int(number[1]) % len(ids)], part)
    if isinstance(part, list) and part is not DEEP:
        return [_filled(one, ids) for one in part]
    return {name: _filled(one, ids) for name, one in part.items()} if isinstance(part, dict) else part


numbers = st.integers(0, MEMORY + 1).map(lambda number: f"{{{number}}}")


def address(path: str, asked: Json) -> str:
    """A path with parameters."""
    pairs = [(name, ",".join(map(str, one)) if isinstance(one, list) else str(one)) for name, one in asked.items()]
    told = "&".join(f"{quote(name, errors='replace')}={quote(one[:6000], errors='replace')}" for name, one in pairs)
    return f"{path}?{told}" if told else path


def requests(kind: Kind) -> st.SearchStrategy[tuple[str, str, Any, Json]]:
    """One request of the life of a resource."""

    def refer() -> st.SearchStrategy[Any]:
        return numbers

    asked, none = parameters(kind, anything), st.none()
    made, changed = document(kind, anything, refer), patch(kind, anything, refer)
    one = st.tuples(numbers, asked | st.just({})).map(lambda two: address(f"{kind.endpoint}/{two[0]}", two[1]))
    bare = numbers.map(lambda number: f"{kind.endpoint}/{number}")
    search = asked.map(lambda inner: {"schemas": [SEARCH_URN], **inner})
    every = asked.map(lambda inner: address(kind.endpoint, inner))
    at_search = st.sampled_from([f"{kind.endpoint}/.search", "/.search"])
    tags = st.fixed_dictionaries({}, optional={name: _headers() for name in ("If-Match", "If-None-Match")})
    return st.one_of(
        st.tuples(st.just("POST"), st.just(kind.endpoint), made, st.just({})),
        st.tuples(st.just("PUT"), bare, made, tags),
        st.tuples(st.just("PATCH"), one, changed, tags),
        st.tuples(st.just("PATCH"), bare, changed, st.just({})),
        st.tuples(st.sampled_from(["GET", "HEAD"]), one, none, tags),
        st.tuples(st.just("GET"), every, none, st.just({})),
        st.tuples(st.just("GET"), every, none, st.just({})),
        st.tuples(st.just("POST"), at_search, search, st.just({})),
        st.tuples(st.just("DELETE"), bare, none, tags),
    )


def _headers() -> st.SearchStrategy[str]:
    printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)
    return printable | st.sampled_from(["*", 'W/"1"', '"1", W/"2"', "application/json", "text/html", "x" * 3000])


def bulks(kind: Kind) -> st.SearchStrategy[tuple[str, str, Any, Json]]:
    """A bulk of some of these requests (RFC 7644 section 3.7)."""

    def operation(request: tuple[str, str, Any, Json]) -> Json:
        method, path, data, _ = request
        return {"method": method, "path": path, "data": data, "bulkId": f"b{len(path)}"}

    changing = requests(kind).filter(lambda request: request[0] not in ("GET", "HEAD"))
    operations = st.lists(changing.map(operation), max_size=3)
    failing = st.sampled_from([None, 0, 1, "x"])
    body = st.tuples(operations, failing).map(
        lambda two: {
            "schemas": [BULK_URN],
            "Operations": two[0],
            **({} if two[1] is None else {"failOnErrors": two[1]}),
        }
    )
    return st.tuples(st.just("POST"), st.just("/Bulk"), body, st.just({}))


def odd_requests() -> st.SearchStrategy[tuple[str, str, Any, Json]]:
    """A request that hardly any client would send."""
    part = texts.map(lambda text: quote(text, safe="", errors="replace"))
    path = st.one_of(
        st.sampled_from([*DISCOVERY, "/", "/Users", "/Groups", "/users", "/Me", "/.search", "/Users//x", "/Users/a/b"]),
        st.tuples(st.sampled_from(["/Users/", "/Groups/", "/Schemas/", "/"]), part).map("".join),
        st.tuples(st.sampled_from(DISCOVERY), part).map(lambda two: f"{two[0]}?filter={two[1]}&count=-1"),
    )
    body = (
        st.binary(max_size=40) | anything | st.sampled_from([b"[" * 100_000, b'{"userName": NaN}', b"\xff\xfe", b"{}"])
    )
    headers = st.dictionaries(st.sampled_from(HEADERS), _headers(), max_size=3)
    return st.tuples(st.sampled_from(METHODS), path, body, headers)


def fuzz(door: Door, count: int, number: int) -> None:
    """Send `count` requests or a few more. Raises Broken with the shortest history that hypothesis finds."""
    usual = st.one_of(*(requests(kind) for kind in door.kinds))
    several = st.one_of(*(bulks(kind) for kind in door.kinds))
    history = st.lists(usual | usual | several | odd_requests(), min_size=1, max_size=LENGTH)

    @seed(number)
    @settings(
        max_examples=count * 2 // LENGTH,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(history)
    def all_answers_are_scim(drawn: list[tuple[str, str, Any, Json]]) -> None:
        door.replay(drawn)

    all_answers_are_scim()


def main() -> None:
    """Print how many answers of each status came."""
    server, token, count, number = sys.argv[1:]
    with Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        door = Door(client)
        fuzz(door, int(count), int(number))
    json.dump({str(status): count for status, count in sorted(door.statuses.items())}, sys.stdout)


if __name__ == "__main__":
    main()
