"""The sandbox as one web application, and the command that serves it on a port."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .applications import APPLICATIONS, Application
from .atlassian import jira
from .atlassian.crowd import Crowd
from .faults import BadFault, Schedule
from .misbehaviour import HANG_UP, Faults


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a test may look at or turn: each application's state by name, and the faults."""

    applications: Mapping[str, Application]
    faults: Schedule


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def _state(request: Request) -> Response:
    world: World = request.app.state.world
    application = world.applications.get(request.path_params["application"])
    if application is None:
        return _json({"error": "there is no such application in this sandbox"}, 404)
    document = application.document()
    return _json(document | {"journal": application.journal} if request.query_params.get("journal") else document)


async def _synchronise(request: Request) -> Response:
    """Let Jira read this sandbox's Crowd, which the first such request attaches to it; `?local_groups=1` sets how."""
    world: World = request.app.state.world
    held, crowd = world.applications["jira"], world.applications["crowd"]
    assert isinstance(held, jira.Jira)
    assert isinstance(crowd, Crowd)
    if held.directory is None:
        held.directory = jira.Directory(held, crowd)
    held.directory.local_groups = bool(request.query_params.get("local_groups"))
    held.directory.synchronise()
    return _json({"accounts": sum(bool(account.outside) for account in held.accounts.values())})


async def _faults(request: Request) -> Response:
    """GET shows the schedule and what fired, POST adds, PUT replaces, DELETE clears both."""
    schedule: Schedule = request.app.state.world.faults
    if request.method in ("POST", "PUT"):
        try:
            wanted = Schedule.read(orjson.loads(await request.body()))
        except (BadFault, orjson.JSONDecodeError) as error:
            return _json({"error": f"nothing was scheduled: {error}"}, 400)
        if request.method == "PUT":
            schedule.clear()
        schedule.add(wanted)
    elif request.method == "DELETE":
        schedule.clear()
    return _json(schedule.document())


def build(
    users: int = 0,
    latency_ms: float = 0,
    seats: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    **versions: str,
) -> Starlette:
    """Make a sandbox with `users` generated people beside the fixed ones; `app.state.world` is its World.

    `latency_ms` delays every answer of an application, `seats` limits each licence (None: unlimited), and `clock`
    (seconds) is used for scheduled rate limits alone. `jira_version` and its like choose the versions. ValueError for a
    version that the sandbox does not know.
    """
    opened = {
        name: product.open(versions.pop(f"{name}_version", product.newest), users, seats)
        for name, product in APPLICATIONS.items()
    }
    if versions:
        raise TypeError(f"the sandbox has no {', '.join(versions)}")
    world = World({name: state for name, (state, _) in opened.items()}, Schedule(clock, latency_ms))
    routes = [
        *(Mount(f"/{name}", app=door) for name, (_, door) in opened.items()),
        Route("/_state/{application}", _state),
        Route("/_synchronise/jira", _synchronise, methods=["POST"]),
        Route("/_faults", _faults, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Faults, schedule=world.faults)])
    app.state.world = world
    return app


class _Connection(HttpToolsProtocol):
    """A connection that a scheduled fault can close under the client's eyes."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"close": self._close}}

    def _close(self) -> None:
        # Not abort: what was written before, as half an answer, is to arrive.
        transport: asyncio.Transport = self.transport
        transport.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: asyncio sets TCP_NODELAY then
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


class _Announcing(uvicorn.Server):
    """A server that says where it is, in one line, as soon as it answers."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(self._line)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8900,
    users: Annotated[int, typer.Option(min=0, help="How many generated people to settle beside the fixed ones.")] = 0,
    latency_ms: Annotated[float, typer.Option(min=0, help="Delay of every answer, in milliseconds.")] = 0,
    jira_version: Annotated[str, typer.Option(help="Version that Jira has, such as 9.12.0.")] = "10.3.24",
    confluence_version: Annotated[str, typer.Option(help="Version that Confluence has, such as 8.5.4.")] = "10.0.3",
    bitbucket_version: Annotated[str, typer.Option(help="Version that Bitbucket has, such as 8.19.5.")] = "9.2.0",
    crowd_version: Annotated[str, typer.Option(help="Version that Crowd has, such as 5.1.0.")] = "6.3.0",
    scim_version: Annotated[str, typer.Option(help="What the SCIM server can do, such as 2.0-put.")] = "2.0",
    seats: Annotated[int | None, typer.Option(min=0, help="Seats of each licence; unlimited without it.")] = None,
) -> None:
    """Serve stand-ins for Atlassian's applications: sign in as admin with password admin, or with bearer sandbox.

    At Crowd, admin is the name of an application, and there is no bearer.

    Example: tenure-sandbox --port 8900 --users 1000
    """
    versions = {
        "jira_version": jira_version,
        "confluence_version": confluence_version,
        "bitbucket_version": bitbucket_version,
        "crowd_version": crowd_version,
        "scim_version": scim_version,
    }
    try:
        app = build(users, latency_ms, seats, time.monotonic, **versions)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    _run(app, host, port, versions)


def _run(app: Starlette, host: str, port: int, versions: Mapping[str, str]) -> None:
    """Serve until somebody presses Ctrl-C, and say where."""
    try:
        listener = _bind(host, port)
    except OSError as error:
        typer.echo(f"tenure-sandbox cannot listen on {host}:{port} ({error.strerror}): choose another --port", err=True)
        raise typer.Exit(1) from error
    shown = f"[{host}]" if ":" in host else host
    chosen = {name: versions.get(f"{name}_version", one.newest) for name, one in APPLICATIONS.items()}
    served = ", ".join(f"{one.title} {chosen[name]} under /{name}" for name, one in APPLICATIONS.items())
    line = f"tenure-sandbox is ready at http://{shown}:{listener.getsockname()[1]} ({served})"
    config = uvicorn.Config(app, http=_Connection, log_level="warning", access_log=False, lifespan="off")
    try:
        _Announcing(config, line).run(sockets=[listener])
    except KeyboardInterrupt:
        pass


def main() -> None:
    """Run the command `tenure-sandbox`."""
    typer.run(serve)


if __name__ == "__main__":
    main()
