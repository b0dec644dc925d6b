"""The servers that the bench compares, each started fresh for a run and ended after it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

HERE = Path(__file__).parent
ROOT = HERE.parent
COMMANDS = Path(sys.executable).parent
PEER = ROOT / ".peers" / "scim2-server" / "bin" / "scim2-server"
TOKEN = "tok"
START_SECONDS = 60
STOP_SECONDS = 40

# A target that nobody answers for: every request writes its marks, as in life, and the engine leaves them lying.
DOOR = """
sources:
  okta: {kind: scim, token: {env: BENCH_TOKEN}, limit: {per_second: 1000000, burst: 1000000}}
targets:
  jira:
    kind: jira
    url: http://127.0.0.1:9
    auth: {bearer: {env: BENCH_JIRA}}
    source: okta
    mode: full
    match: [[username, email]]
    attributes: {username: "userName.split('@')[0].lowerAscii()", email: emails.primary, display_name: displayName}
"""
WHOLE = """
sources:
  okta: {kind: scim, token: {env: BENCH_TOKEN}, limit: {per_second: 1000000, burst: 1000000}}
targets:
  jira:
    kind: jira
    url: "@JIRA@"
    auth: {bearer: {env: BENCH_JIRA}}
    source: okta
    mode: full
    match: [[username, email]]
    attributes: {username: "userName.split('@')[0].lowerAscii()", email: emails.primary, display_name: displayName}
    groups: {on_the_fly: {match: '.*', name: '$0', create: true, existing: join}}
    leaver: {action: deactivate}
    rate: {per_second: 1000, concurrency: 16}
"""


class NotStarted(Exception):
    """A server of the bench did not come up; the text says which and what it wrote."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fresh_database(dsn: str, name: str) -> str:
    """Make an empty database on the bench's PostgreSQL; gives its connection string."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return dsn.replace("dbname=tenure", f"dbname={name}")


@contextmanager
def _running(command: list[str], port: int, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    with log.open("wb") as told:
        process = subprocess.Popen(
            command, stdout=told, stderr=told, env={**os.environ, **(environment or {})}, cwd=HERE
        )
    try:
        give_up = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > give_up:
                raise NotStarted(f"{command[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Served:
    """A `tenure serve`: the base of its SCIM door, its process and its database."""

    address: str
    pid: int
    dsn: str

    @property
    def megabytes(self) -> int:
        """What of the process is in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024


@contextmanager
def tenure(dsn: str, folder: Path, estate: str, name: str) -> Iterator[Served]:
    """`tenure serve` on a fresh database."""
    port, file = free_port(), folder / f"{name}.yaml"
    file.write_text(estate, encoding="utf-8")
    command = [str(COMMANDS / "tenure"), "serve", "--estate", str(file), "--data", str(folder / name)]
    database = fresh_database(dsn, name)
    command += ["--database-url", database, "--port", str(port)]
    secrets = {"BENCH_TOKEN": TOKEN, "BENCH_JIRA": "sandbox"}
    secrets |= {"TENURE_DEMO_OKTA": TOKEN, "TENURE_DEMO_ENTRA": "not-used-by-any-bench"}
    secrets |= {"TENURE_DEMO_TOKEN": "sandbox", "TENURE_DEMO_PASSWORD": "admin"}
    with _running(command, port, folder / f"{name}.log", secrets) as pid:
        yield Served(f"http://127.0.0.1:{port}/scim/okta/v2", pid, database)


@contextmanager
def bare(dsn: str, folder: Path) -> Iterator[str]:
    """The bare handler on a fresh database of the same PostgreSQL; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare_app:app", "--port", str(port), "--no-access-log"]
    with _running(command, port, folder / "bare.log", {"DSN": fresh_database(dsn, "bare")}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def peer(folder: Path) -> Iterator[str]:
    """PyPI's scim2-server, in memory; gives its base."""
    if not PEER.exists():
        raise NotStarted(f"there is no {PEER}: run make bench, which installs it")
    port = free_port()
    with _running([str(PEER), "--bearer-token", TOKEN, "--port", str(port)], port, folder / "peer.log"):
        yield f"http://127.0.0.1:{port}/v2"


@contextmanager
def sandbox(folder: Path, latency_ms: float) -> Iterator[str]:
    """The sandbox with a meter around it; gives its address."""
    port = free_port()
    command = [sys.executable, str(HERE / "counted_sandbox.py"), str(port), str(latency_ms)]
    with _running(command, port, folder / "sandbox.log"):
        yield f"http://127.0.0.1:{port}"
