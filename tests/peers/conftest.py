"""What the peers' tests share: programs that are started and ended, and each peer's own Python or Node."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PEERS = ROOT / ".peers"
COMMANDS = Path(sys.executable).parent
ADDRESS = re.compile(r"https?://[^\s/)?]+")
START_SECONDS = 60
STOP_SECONDS = 20
TOKEN = "a-token-for-peers"
# What `accounted` tells when all that a client offers is driven, or left out with a reason.
NOTHING_FORGOTTEN: dict[str, list[str]] = {
    one: [] for one in ("without a reason", "driven all the same", "reasons for nothing")
}
SOURCES = ("scim2", "sanity", "fuzz", "twin", "target")


def _ready_line(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address in the first line that holds one; AssertionError with what was said if none comes."""
    assert process.stdout is not None
    said, end = b"", time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if select.select([process.stdout], [], [], 0.2)[0]:
            said += (chunk := os.read(process.stdout.fileno(), 65536))
            found = ADDRESS.search(said.decode(errors="replace")) if said.endswith(b"\n") else None
            if found:
                return found.group()
            if not chunk:
                break
        elif process.poll() is not None:
            break
    raise AssertionError(f"{process.args!r} did not become ready:\n{said.decode(errors='replace')}\n{log.read_text()}")


def _drain(process: subprocess.Popen[bytes]) -> None:
    """Read what a server goes on to say: it would stand still when the pipe is full."""
    assert process.stdout is not None
    while process.stdout.read(65536):
        pass


@contextmanager
def running(command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a server until the block ends; gives the address that its first line announces."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        address = _ready_line(process, log)
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        yield address
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            pytest.fail(f"{command[0]} did not stop within {STOP_SECONDS} s of being asked to")


def python_of(peer: str) -> str:
    """The Python of a peer's own environment."""
    path = PEERS / peer / "bin" / "python"
    assert path.exists(), f"there is no {path}: run make test-peers, which installs the peers"
    return str(path)


def free_port() -> int:
    """A port that was free a moment ago, for programs that cannot tell which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drive(
    command: list[str], *arguments: str, timeout: float = 120, environment: Mapping[str, str] | None = None
) -> Any:
    """Run a peer's script to its end; gives what it printed, read as JSON."""
    done = subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def claimed(sent: Iterable[str], operations: Iterable[str]) -> set[str]:
    """The operations that were sent; a request is that of the fewest names in its path, among those that it fits."""
    known = sorted(set(operations), key=lambda one: (one.count("{"), one))
    patterns = [(one, re.compile(re.sub(r"\\\{[^}]+\}", "[^/]+", re.escape(one)))) for one in known]
    found = (next((one for one, pattern in patterns if pattern.fullmatch(request)), None) for request in sent)
    return {one for one in found if one}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    """A fresh sandbox with Jira 10.3.24; gives its address."""
    with running([str(COMMANDS / "tenure-sandbox"), "--port", "0"], tmp_path / "sandbox.log") as address:
        yield address


@pytest.fixture
def older_sandbox(tmp_path: Path) -> Iterator[str]:
    """A fresh sandbox with a Jira that still answers GET /group with its members."""
    command = [str(COMMANDS / "tenure-sandbox"), "--port", "0", "--jira-version", "9.12.0"]
    with running(command, tmp_path / "sandbox.log") as address:
        yield address


@contextmanager
def tenure(estate: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Run `tenure serve` with this estate in a folder of its own; gives its address."""
    with tempfile.TemporaryDirectory(prefix="tenure-peers-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who may not enter pytest's own folders
        folder.joinpath("estate.yaml").write_text(estate, encoding="utf-8")
        command = [str(COMMANDS / "tenure"), "serve", "--estate", str(folder / "estate.yaml")]
        command += ["--data", str(folder / "data"), "--port", "0"]
        with running(command, folder / "serve.log", environment) as address:
            yield address


@pytest.fixture(scope="session")
def house() -> Iterator[str]:
    """The address of a house without targets, in which each of SOURCES has a SCIM door to itself."""
    one = "{kind: scim, token: {env: TENURE_PEERS_TOKEN}, limit: {per_second: 1000000, burst: 1000000}}"
    sources = "".join(f"\n  {name}: {one}" for name in SOURCES)
    with tenure(f"sources:{sources}\ntargets: {{}}\n", {"TENURE_PEERS_TOKEN": TOKEN}) as address:
        yield address
