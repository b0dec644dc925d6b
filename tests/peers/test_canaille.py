"""Canaille, an identity provider from PyPI, pushes people and groups to us by its own SCIM client, and on into Jira."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from .conftest import HERE, PEERS, TOKEN, drive, free_port, python_of, running, tenure

pytestmark = pytest.mark.peers
ESTATE = """
sources:
  canaille: {kind: scim, token: {env: TENURE_PEERS_TOKEN}, announce_pagination: false}
targets:
  jira:
    kind: jira
    url: "@JIRA@/jira"
    auth: {bearer: {env: TENURE_PEERS_JIRA}}
    source: canaille
    mode: full
    match: [[username, email]]
    attributes: {username: userName.lowerAscii(), email: emails.primary, display_name: displayName}
    groups: {on_the_fly: {match: '.*', name: '$0', create: true, existing: join}}
    leaver: {action: deactivate}
    rate: {per_second: 200, concurrency: 8}
    protected: [admin]
"""
CONFIGURATION = """
SECRET_KEY = "a-key-for-tests"
SERVER_NAME = "@HOST@"  # without it Canaille cannot tell the addresses of its own people, and pushes nobody
PREFERRED_URL_SCHEME = "http"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///@FOLDER@/canaille.sqlite"
[CANAILLE_OIDC]
TRUSTED_DOMAINS = ["127.0.0.1"]
[CANAILLE_SCIM]
ENABLE_CLIENT = true
ENABLE_SERVER = true
"""
HR = "a-token-with-which-hr-writes-to-canaille"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SECONDS = 30


def set_up(door: str) -> list[list[str]]:
    """The commands by which an administrator lets Canaille push to `door`, and HR write to Canaille.

    Canaille signs in with the newest valid token that it has issued to the client of our address.
    """
    year = str(365 * 24 * 3600)
    since = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 60))
    commands = [["install"]]
    for name, address, token in (("tenure", door, TOKEN), ("hr", "https://hr.example", HR)):
        client = ["--client-id", name, "--client-name", name, "--client-uri", address, "--client-secret", "secret"]
        commands.append(["create", "client", *client, "--grant-types", "client_credentials"])
        issued = [
            "--token-id",
            name,
            "--access-token",
            token,
            "--issue-date",
            since,
            "--lifetime",
            year,
            "--scope",
            "openid",
        ]
        commands.append(["create", "token", *issued, "--client", name, "--audience", name])
    return commands


@contextmanager
def canaille(folder: Path, door: str) -> Iterator[httpx2.Client]:
    """Canaille with a database of its own; gives a client of the SCIM server by which HR writes to it."""
    host = f"127.0.0.1:{free_port()}"
    configuration = CONFIGURATION.replace("@FOLDER@", str(folder)).replace("@HOST@", host)
    (folder / "canaille.toml").write_text(configuration, encoding="utf-8")
    environment = {"CANAILLE_CONFIG": str(folder / "canaille.toml"), "PYTHONUNBUFFERED": "1"}
    drive([python_of("canaille"), str(HERE / "canaille_peer.py")], json.dumps(set_up(door)), environment=environment)
    command = [str(PEERS / "canaille" / "bin" / "canaille"), "run", "--bind", host]
    command += ["--errorlog", "/dev/stdout"]  # where it says its address
    with running(command, folder / "canaille.log", environment) as address:
        headers = {"Authorization": f"Bearer {HR}"}
        with httpx2.Client(base_url=f"{address}/scim/v2", headers=headers, timeout=60) as hr:
            yield hr


@pytest.fixture
def story(sandbox: str, tmp_path: Path) -> Iterator[tuple[httpx2.Client, Callable[[], dict[str, Any]]]]:
    """HR's client of Canaille, and what Jira holds now; Tenure stands between."""

    def jira() -> dict[str, Any]:
        state: dict[str, Any] = httpx2.get(f"{sandbox}/_state/jira", timeout=10).json()
        return state

    secrets = {"TENURE_PEERS_TOKEN": TOKEN, "TENURE_PEERS_JIRA": "sandbox"}
    with (
        tenure(ESTATE.replace("@JIRA@", sandbox), secrets) as address,
        canaille(tmp_path, f"{address}/scim/canaille/v2") as hr,
    ):
        yield hr, jira


def test_a_person_of_canaille_lives_in_jira(story: Any) -> None:
    hr, jira = story

    def ada() -> Any:
        return next((account for account in jira()["accounts"] if account["name"] == "ada"), None)

    def until(what: str, holds: Callable[[], Any]) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, f"{what}, but Jira holds {ada()}"
            time.sleep(0.2)

    def wrote(method: str, path: str, body: Any = None) -> Any:
        answer = hr.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    person = {
        "schemas": [USER],
        "userName": "ada",
        "name": {"formatted": "Ada Lind", "familyName": "Lind", "givenName": "Ada"},
        "displayName": "Ada Lind",
        "emails": [{"value": "ada@example.org"}],
        "active": True,
    }
    made = wrote("POST", "/Users", person)
    key = made["id"]
    until("Ada joined", ada)
    assert (ada()["email"], ada()["display_name"], ada()["active"]) == ("ada@example.org", "Ada Lind", True)

    team = {"schemas": [GROUP], "displayName": "readers", "members": [{"value": key, "$ref": made["meta"]["location"]}]}
    wrote("POST", "/Groups", team)
    until("Ada joined the readers", lambda: "readers" in ada()["groups"])

    person |= {"displayName": "Ada Berg", "emails": [{"value": "ada.berg@example.org"}], "id": key}
    person["groups"] = wrote("GET", f"/Users/{key}")["groups"]
    wrote("PUT", f"/Users/{key}", person)
    until("Ada married", lambda: ada()["display_name"] == "Ada Berg")
    until("Ada has another address", lambda: ada()["email"] == "ada.berg@example.org")
    assert "readers" in ada()["groups"]

    wrote("PUT", f"/Users/{key}", {**person, "active": False})
    until("Ada is locked", lambda: not ada()["active"])
    wrote("PUT", f"/Users/{key}", person)
    until("Ada is unlocked", lambda: ada()["active"])
    wrote("DELETE", f"/Users/{key}")
    until("Ada left", lambda: not ada()["active"])
