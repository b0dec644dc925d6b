"""The client is the only way out to an application: it holds the mode, the bounds and the redaction for everybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import orjson
import stamina
import structlog

from tenure.model.capability import Mode
from tenure.model.clock import Clock
from tenure.model.error import Closed, NotAllowed, RateLimited, Rejected, TargetError, Unreachable
from tenure.model.secret import Secret
from tenure.wire.auth import Auth, redact
from tenure.wire.judge import OwnError, judge, judge_failure
from tenure.wire.limiter import Limiter
from tenure.wire.operation import Operation
from tenure.wire.reply import Reply, lost

CONNECT_S, WHOLE_S = 5.0, 30.0
PATIENCE_S = 30.0  # for a place and a rate token; a write has therefore left, or never will, this long after `send`
LARGEST = 32 * 1024 * 1024
READ_ATTEMPTS, LONGEST_WAIT_S = 3, 5.0

Query = Mapping[str, str | int | bool | Sequence[str]]

log = structlog.get_logger(__name__)
for _name in ("httpx2", "httpcore2"):  # these log whole addresses and headers
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it may be told: no values. `status` is None when no answer came; `error` is its class."""

    target: str
    operation: Operation
    status: int | None
    ms: float
    error: str | None = None


class Client:
    """Sends the operations that a connector listed, as far as the mode allows, and names errors by recovery.

    A reading is tried three times; a write goes out once. `own_error` tells the application's own error answers from
    those of a proxy. A transport may be given for tests (`httpx2.ASGITransport`, `httpx2.MockTransport`). Proxies and
    certificates come from the usual environment variables, save for an application on this machine.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        mode: Mode,
        operations: Collection[Operation],
        limiter: Limiter,
        own_error: OwnError,
        clock: Clock,
        name: str,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout: float = WHOLE_S,
        patience: float = PATIENCE_S,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Open no connection yet; raises ValueError for an address that is none. Times are in seconds."""
        self.name = name
        self.mode = mode
        self._base = _base(base_url)
        self._auth = auth
        self._operations = frozenset(operations)
        self._limiter = limiter
        self._own_error = own_error
        self._content_type = content_type
        self._clock = clock
        self._timeout, self._patience = timeout, patience
        self._on_exchange = on_exchange
        self._http = httpx2.AsyncClient(
            transport=transport,
            headers={"Accept": "application/json", "User-Agent": f"Tenure/{version('tenure')}", **(headers or {})},
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_S, timeout)),
            follow_redirects=False,
            trust_env=urlsplit(self._base).hostname not in ("127.0.0.1", "::1", "localhost"),
        )

    def __repr__(self) -> str:
        """Name, address and mode."""
        return f"Client({self.name!r}, {self._base!r}, mode={self.mode.value!r})"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Query | None = None,
        json: object = None,
        accept: Collection[int] = (),
        hide: Secret | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request and return the application's answer.

        `path` and `query` values are percent-encoded here; a list in `query` repeats its name. `accept` names the
        refusals (4xx) that the connector judges itself: they are returned when they are in the application's own error
        form. `hide` is a secret among the values, which no error then tells. `headers` are those of this request alone
        (`If-Match`). Raises NotAllowed when the mode does not allow the operation, and else the errors of
        `tenure.model.error` by what to do next.
        """
        if operation not in self._operations or not operation.allowed(self.mode):
            raise NotAllowed(f"{operation} is not sent: {self.name} is in mode {self.mode.value!r}")
        request = self._request(operation, path, query, json, headers)
        if operation.writes:
            return await self._once(operation, request, accept, hide)
        async for attempt in stamina.retry_context(
            on=_again, attempts=READ_ATTEMPTS, timeout=45.0, wait_initial=0.1, wait_jitter=0.1, wait_max=1.0
        ):
            with attempt:
                return await self._once(operation, request, accept, hide)
        raise AssertionError("the last attempt returns or raises")

    def _request(
        self,
        operation: Operation,
        path: Mapping[str, str] | None,
        query: Query | None,
        json: object,
        more: Mapping[str, str] | None,
    ) -> httpx2.Request:
        url = self._base + operation.path(path)
        headers = {**(more or {}), "Authorization": self._auth.header()}
        try:
            if query:
                plain = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items()}
                url = f"{url}?{urlencode(plain, doseq=True, quote_via=quote, safe='')}"
            body = None if json is None else orjson.dumps(json)
        except (UnicodeEncodeError, orjson.JSONEncodeError):
            raise Rejected(f"a value for {operation} is not valid Unicode: mend it at the source") from None
        if body is not None:
            headers["Content-Type"] = self._content_type
        try:
            return self._http.build_request(operation.method, url, headers=headers, content=body)
        except (httpx2.InvalidURL, UnicodeError):
            raise Rejected(f"a value for {operation} is too long or not valid for a web address") from None

    async def _once(
        self, operation: Operation, request: httpx2.Request, accept: Collection[int], hide: Secret | None
    ) -> Reply:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    await held.enter_async_context(self._limiter.slot())
            except TimeoutError:
                raise RateLimited(f"{operation} waited too long for its turn at {self.name}") from None
            if operation.writes and self._limiter.closed is not None:
                raise Closed(f"{operation} is not sent: {self._limiter.closed}")
            began, status, error = self._clock.monotonic(), None, None
            try:
                reply = await self._exchange(operation, request)
                status = reply.status
                self._raise_for(reply, accept, hide)
                return reply
            except TargetError as problem:
                error = type(problem).__name__
                if isinstance(problem, RateLimited):
                    self._limiter.slow_down(problem.retry_after)
                problem.args = tuple(redact(self._auth, str(text), hide) for text in problem.args)
                raise
            finally:
                self._tell(Exchange(self.name, operation, status, (self._clock.monotonic() - began) * 1000, error))

    def _raise_for(self, reply: Reply, accept: Collection[int], hide: Secret | None) -> None:
        def told(reply: Reply) -> str | None:  # blotted out before it is cut: half a secret would not be found
            own = self._own_error(reply)
            return None if own is None else redact(self._auth, own, hide)

        problem = judge(reply, told, self._clock.now())
        if problem is None or (reply.status in accept and self._own_error(reply) is not None):
            return
        raise problem

    async def _exchange(self, operation: Operation, request: httpx2.Request) -> Reply:
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._http.send(request, stream=True)
                try:
                    body = await _bounded(operation, answer)
                finally:
                    await answer.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as problem:
            raise judge_failure(operation, problem) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(operation, answer.status_code, headers, _decoded(operation, answer.status_code, body))

    def _tell(self, exchange: Exchange) -> None:
        log.debug(
            "request",
            target=exchange.target,
            method=exchange.operation.method,
            template=exchange.operation.template,
            status=exchange.status,
            ms=round(exchange.ms, 1),
            error=exchange.error,
        )
        if self._on_exchange is not None:
            self._on_exchange(exchange)


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"url must start with http:// or https:// and name a host: {parts.scheme}://{parts.netloc}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("url must be a plain address: put credentials under `auth`, and leave out ? and #")
    return url.rstrip("/")


def _again(problem: Exception) -> bool | float:
    """Whether a reading is tried again: at once, or in so many seconds."""
    if isinstance(problem, RateLimited) and problem.retry_after is not None:
        return problem.retry_after if problem.retry_after <= LONGEST_WAIT_S else False
    return isinstance(problem, (Unreachable, RateLimited))


async def _bounded(operation: Operation, answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > LARGEST:
            raise lost(operation, f"the answer to {operation} is larger than {LARGEST // 2**20} MiB")
    return bytes(body)


def _decoded(operation: Operation, status: int, body: bytes) -> object:
    """The JSON of a body; what is not JSON counts as no body in an error, and as no believable answer in a success."""
    if not body.strip() and (operation.writes or not 200 <= status < 300):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if not 200 <= status < 300:
            return None
        page = body.lstrip()[:1] == b"<"
        what = "a web page (a proxy or a sign-in page?)" if page else "something that is not JSON"
        raise lost(operation, f"{operation} was answered with {what}") from None
