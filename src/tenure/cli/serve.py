"""`tenure serve`: the web and the engine in one process, or several."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from tenure.app import Tenure, open_house, running
from tenure.cli import logs
from tenure.cli.house import DEFAULT_DATA, fail
from tenure.estate.document import Estate
from tenure.estate.loading import EstateInvalid, load
from tenure.store import estate as revisions
from tenure.store.database import DatabaseAway
from tenure.store.embedded import EmbeddedPostgres, PostgresProblem
from tenure.store.postmaster import ends_with_us
from tenure.store.schema import bring_up_to_date


def serve(
    estate: Annotated[Path, typer.Option(help="The estate file.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL and of secrets.")] = None,
    database_url: Annotated[str | None, typer.Option(help="Use this PostgreSQL (15 or later) instead.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8800,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Processes that serve and work.")] = 1,
    base_url: Annotated[str | None, typer.Option(help="Address that providers use, for links in answers.")] = None,
    socket_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve SCIM and the console, and keep the applications in step.

    Prints one line when it is ready, with the address of the console and the token of this installation.

    Example: tenure serve --estate estate.yaml --data /var/lib/tenure

    Exit codes: 0 stopped as asked, 2 the estate, the database or the port is not usable.
    """
    logs.configure("info")
    loaded = _load(estate)
    folder = data or Path(os.environ.get("TENURE_DATA") or DEFAULT_DATA)
    url = database_url or (None if data else os.environ.get("TENURE_DATABASE_URL"))
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if url is None:
                url = stack.enter_context(EmbeddedPostgres(folder, role="serve", progress=_say)).dsn
            bring_up_to_date(url)
            listener = _listen(host, port, socket_fd)
            if workers > 1:
                stack.enter_context(_siblings(workers - 1, estate, url, folder, listener, base_url))
            with asyncio.Runner(loop_factory=_loop) as runner:
                runner.run(_serve(loaded, url, folder, listener, base_url, first=socket_fd is None))
        except PostgresProblem as problem:
            fail(str(problem))
        except (DatabaseAway, OSError) as error:
            fail(str(error).strip())
        except revisions.NotActivated as problem:
            fail(str(problem))


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _load(path: Path) -> Estate:
    try:
        return load(path, secrets=True)
    except EstateInvalid as invalid:
        for problem in invalid.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def _listen(host: str, port: int, socket_fd: int | None) -> socket.socket:
    if socket_fd is not None:
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=socket_fd)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that asyncio sets TCP_NODELAY
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


@contextmanager
def _siblings(
    count: int, estate: Path, url: str, folder: Path, listener: socket.socket, base_url: str | None
) -> Iterator[None]:
    """Further processes on the same socket and database; they end with this one."""
    command = [sys.executable, "-m", "tenure", "serve", "--estate", str(estate), "--data", str(folder)]
    command += ["--database-url", url, "--socket-fd", str(listener.fileno())]
    command += ["--base-url", base_url] if base_url else []
    bind = ends_with_us(signal.SIGTERM)
    children = [subprocess.Popen(command, pass_fds=[listener.fileno()], preexec_fn=bind) for _ in range(count)]
    try:
        yield
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                child.kill()


async def _serve(
    estate: Estate, url: str, folder: Path, listener: socket.socket, base_url: str | None, *, first: bool
) -> None:
    async with open_house(estate, url, by="serve", base_url=base_url, folder=folder) as tenure:
        token = await _console_token(tenure, folder) if first else ""
        config = uvicorn.Config(
            tenure.web,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=10,
            lifespan="off",
            server_header=False,
            date_header=False,
        )
        server = _Server(config, _ready_line(listener, token) if first else None)
        _end_in_order(server)
        async with running(tenure):
            await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Says one line when it is ready."""

    def __init__(self, config: uvicorn.Config, line: str | None) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._line is not None and self.started:
            typer.echo(self._line)
            sys.stdout.flush()


def _ready_line(listener: socket.socket, token: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"Tenure is ready at http://{f'[{host}]' if ':' in host else host}:{port}/?token={token}"


def _end_in_order(server: uvicorn.Server) -> None:
    """SIGTERM and Ctrl-C end the server, and then us: it raises the signal again when it has ended, to no effect."""

    def end(number: int, frame: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


async def _console_token(tenure: Tenure, folder: Path) -> str:
    """The installation's token: kept in the data folder, for its owner alone; made anew when the file is gone."""
    path = folder / "console-token"
    token = path.read_text().strip() if path.is_file() else ""
    if not token:
        token = secrets.token_urlsafe(24)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
    digest = hashlib.sha256(token.encode()).digest()
    await revisions.set_console_token(tenure.database, digest, tenure.house.clock.now())
    return token
