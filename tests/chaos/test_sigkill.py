"""The whole process group is killed for real, again and again, while the story is told; the end is the same."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure.demo.applications import APPLICATIONS
from tenure.demo.applications import estate as estate_of
from tenure.demo.play import compare, correct, state_of
from tenure.demo.providers import Entra, Okta
from tenure.demo.records import JournalRecords
from tenure.demo.story import STEPS
from tenure.store.embedded import EmbeddedPostgres

KILLS = int(os.environ.get("TENURE_KILLS", "20"))
TOKENS = {"okta": "okta-token-for-tests-only", "entra": "entra-token-for-tests-only"}
ENVIRONMENT = {
    **os.environ,
    "TENURE_DEMO_OKTA": TOKENS["okta"],
    "TENURE_DEMO_ENTRA": TOKENS["entra"],
    "TENURE_DEMO_TOKEN": "sandbox",
}
JIRA = APPLICATIONS[0]


def _ready(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 90)
    line = process.stdout.readline().decode() if ready else ""
    assert line, "it did not get ready"
    return line


@pytest.fixture
def sandbox() -> Iterator[str]:
    program = "from tenure_sandbox.serve import main; main()"
    command = [sys.executable, "-c", program, "--port", "0", "--latency-ms", "5"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        said = _ready(process)
        yield next(word for word in said.split() if word.startswith("http")).rstrip("/")
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tenure-chaos-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@contextmanager
def _serving(estate: Path, data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tenure", "serve", "--estate", str(estate), "--data", str(data)]
    with (data.parent / "tenure.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=log,
            env=ENVIRONMENT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Teller(threading.Thread):
    """Tells the steps one by one, each when it is asked to; repeats what gets no answer."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        base = f"http://127.0.0.1:{port}/scim"
        self.providers: dict[type, Any] = {
            Okta: Okta("Okta", f"{base}/okta/v2", TOKENS["okta"], "Okta SCIM Client 1.0.0"),
            Entra: Entra("Entra ID", f"{base}/entra/v2", TOKENS["entra"], ""),
        }
        self.next = threading.Semaphore(0)
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            for step in STEPS:
                self.next.acquire()
                step.tell(self.providers[step.provider])
        except BaseException as error:
            self.failed = error


@pytest.mark.slow
def test_killed_for_real(sandbox: str, folder: Path) -> None:
    seed = int(os.environ.get("TENURE_SEED", "8"))
    choose = random.Random(seed)
    estate, data, port = folder / "estate.yaml", folder / "data", _free_port()
    estate.write_text(estate_of(sandbox, [JIRA]))
    before = state_of(sandbox, JIRA)
    teller = _Teller(port)
    teller.start()
    for kill in range(KILLS):
        with _serving(estate, data, port) as process:
            _ready(process)
            if kill % max(1, KILLS // len(STEPS)) == 0:
                teller.next.release()
            time.sleep(choose.uniform(0.0, 0.8))
    for _ in STEPS:
        teller.next.release()
    with _serving(estate, data, port) as process:
        _ready(process)
        teller.join(timeout=120)
        assert not teller.is_alive()
        assert teller.failed is None, teller.failed
        _wait_until_quiet(data)
        comparison = compare(JIRA, before, state_of(sandbox, JIRA))
    assert correct(comparison), (seed, comparison)
    made = Counter(w["subject"] for w in _journal(sandbox) if w["what"].startswith("create"))
    assert all(count == 1 for count in made.values()), made


def _wait_until_quiet(data: Path) -> None:
    give_up = time.monotonic() + 120
    with EmbeddedPostgres(data, role="command") as postgres, JournalRecords(postgres.dsn) as records:
        while not records.quiet():
            assert time.monotonic() < give_up, "not quiet after two minutes"
            time.sleep(0.1)


def _journal(sandbox: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx2.get(f"{sandbox}/_state/jira?journal=1").json()["journal"]
    return found
