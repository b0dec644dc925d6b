"""The stage of the demo: a sandbox whose applications have people, and `tenure serve`, as real processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenure.demo.applications import estate

_SANDBOX = "from tenure_sandbox.serve import main; main()"
_PATIENCE = 120.0


class StageBroken(Exception):
    """A process of the demo did not start; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is: the URLs without a slash at the end, `console` the address that signs in."""

    sandbox_url: str
    tenure_url: str
    console: str
    tokens: dict[str, str]
    data: Path


@contextlib.contextmanager
def stage(port: int) -> Iterator[Stage]:
    """Start the sandbox and Tenure on loopback; stop both, and remove their folder, at the end.

    `port` is where Tenure listens; a free one is taken when it is in use. Raises StageBroken.
    """
    folder = Path(tempfile.mkdtemp(prefix="tenure-demo-"))
    folder.chmod(0o755)
    tokens = {name: secrets.token_urlsafe(24) for name in ("okta", "entra")}
    environment = {
        **os.environ,
        "TENURE_DEMO_OKTA": tokens["okta"],
        "TENURE_DEMO_ENTRA": tokens["entra"],
        "TENURE_DEMO_TOKEN": "sandbox",
        "TENURE_DEMO_PASSWORD": "admin",
    }
    environment.pop("TENURE_DATABASE_URL", None)
    try:
        with _process([sys.executable, "-c", _SANDBOX, "--port", "0"], environment, folder / "sandbox.log") as said:
            sandbox = next(word for word in said.split() if word.startswith("http")).rstrip("/")
            configuration = folder / "estate.yaml"
            configuration.write_text(estate(sandbox), encoding="utf-8")
            command = [
                sys.executable,
                "-m",
                "tenure",
                "serve",
                "--estate",
                str(configuration),
                "--data",
                str(folder / "data"),
            ]
            command += ["--port", str(port if _is_free(port) else 0)]
            with _process(command, environment, folder / "tenure.log") as ready:
                console = ready.split()[-1]
                yield Stage(sandbox, console.split("/?")[0], console, tokens, folder / "data")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextlib.contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[str]:
    """Run a command until the block ends; gives the line that it prints when it is ready."""
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment)
    try:
        yield _first_line(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _first_line(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout is not None
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        if select.select([process.stdout], [], [], 0.2)[0]:
            line = process.stdout.readline().decode().strip()
            if line:
                return line
    said = log.read_text(errors="replace").strip()[-2000:]
    raise StageBroken(f"{log.stem} did not start: {said or 'it said nothing'}")
