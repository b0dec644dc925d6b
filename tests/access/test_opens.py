"""`tenure report opens`: what a group opens at each application, asked over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from tenure.cli.main import app
from tenure_sandbox.serve import build

ESTATE = """
sources: {{okta: {{kind: scim, token: {{env: OKTA}}}}}}
targets:
  app:
    kind: {kind}
    url: {url}/{kind}
    auth: {{username: admin, password: {{env: ADMIN}}}}
    attributes: {{username: userName, email: emails.primary, display_name: displayName}}
    rate: {{per_second: 1000}}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(build(), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


def ask(sandbox: str, folder: Path, kind: str, group: str, *more: str) -> Result:
    file = folder / "estate.yaml"
    file.write_text(ESTATE.format(kind=kind, url=sandbox))
    secrets = {"OKTA": "okta-token-for-tests-only", "ADMIN": "admin"}
    return CliRunner().invoke(app, ["report", "opens", "app", group, "--estate", str(file), *more], env=secrets)


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("jira", "jira-administrators"),
        ("confluence", "confluence-administrators"),
        ("bitbucket", "bitbucket-administrators"),
    ],
)
def test_what_a_group_opens_and_what_is_not_told(sandbox: str, tmp_path: Path, kind: str, group: str) -> None:
    done = ask(sandbox, tmp_path, kind, group, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["unknown"]
    if kind != "jira":  # Jira does not tell who holds global permissions
        assert any("ADMIN" in f"{one['what']} {one['level']}".upper() for one in found["opens"])
    shown = ask(sandbox, tmp_path, kind, group).stdout
    assert "not told: " in shown


def test_a_group_that_is_not_there_and_an_application_that_cannot_be_asked(sandbox: str, tmp_path: Path) -> None:
    for kind, group in (("jira", "no such group"), ("crowd", "helpdesk")):
        done = ask(sandbox, tmp_path, kind, group)
        assert done.exit_code == 1
        assert f"what '{group}' opens cannot be told" in done.stderr
    done = CliRunner().invoke(app, ["report", "opens", "wiki", "x", "--estate", str(tmp_path / "estate.yaml")])
    assert done.exit_code == 2
