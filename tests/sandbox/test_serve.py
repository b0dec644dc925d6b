"""The command serves the sandbox on a real port, where a dropped connection is a dropped connection."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import orjson
import pytest

from tenure_sandbox.serve import build

API = "/jira/rest/api/2"
COMMAND = [sys.executable, "-m", "tenure_sandbox.serve"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [*COMMAND, "--port", "0", "--users", "30", "--jira-version", "9.12.0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"tenure-sandbox is ready at (http://127\.0\.0\.1:\d+) \(Jira 9\.12\.0 .*\)\n", line)
            assert match, line
            yield match[1]
        finally:
            process.terminate()


@pytest.fixture
def jira(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, auth=("admin", "admin"), timeout=10) as client:
        yield client
        client.delete("/_faults")


def test_it_serves_the_people_asked_for(jira):
    assert len(jira.get("/_state/jira").json()["accounts"]) == 40
    assert jira.get(f"{API}/serverInfo").json()["baseUrl"] == f"{str(jira.base_url).rstrip('/')}/jira"


def test_a_drop_after_the_write_closes_the_connection_without_an_answer(jira):
    before = jira.get("/_state/jira").json()["writes"]
    jira.post("/_faults", json=[{"kind": "drop", "when": "after", "method": "PUT", "nth": 1}])
    with pytest.raises(httpx2.RemoteProtocolError):
        jira.put(f"{API}/user", params={"username": "mwolf"}, json={"displayName": "Maria W."})
    assert jira.get("/_state/jira").json()["writes"] == before + 1
    assert jira.get(f"{API}/user", params={"username": "mwolf"}).json()["displayName"] == "Maria W."


def test_a_drop_before_the_write_leaves_everything_as_it_was(jira):
    before = jira.get("/_state/jira").json()
    jira.post("/_faults", json=[{"kind": "drop", "path": f"{API}/user"}])
    with pytest.raises(httpx2.RemoteProtocolError):
        jira.delete(f"{API}/user", params={"username": "mwolf"})
    assert jira.get("/_state/jira").json() == before


def test_a_listing_cut_short_breaks_off_on_the_wire(jira):
    jira.post("/_faults", json=[{"kind": "cut_short", "keep": 100}])
    with jira.stream("GET", f"{API}/user/search?username=.") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            answer.read()


def test_odd_names_pass_the_wire(jira):
    for name in ("50%2f", "smile😀", "a/b\\c d+e#f?"):
        body = {"name": name, "emailAddress": "odd@example.com", "displayName": "Odd"}
        assert jira.post(f"{API}/user", json=body).status_code == 201
        assert jira.get(f"{API}/user", params={"username": name}).json()["name"] == name
    assert jira.delete(f"{API}/user/session/50%252f").status_code == 200
    assert jira.delete(f"{API}/user/session/a%2Fb%5Cc%20d%2Be%23f%3F").status_code == 400


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--jira-version", "7.6.1"], "8.0 to 10.x"),
        (["--jira-version", "new"], "10.3.24"),
        (["--users", "-1"], "users"),
    ],
)
def test_wrong_options_are_explained(options, word):
    done = subprocess.run([*COMMAND, "--port", "0", *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_explained(address):
    port = address.rpartition(":")[2]
    done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith(f"tenure-sandbox cannot listen on 127.0.0.1:{port}")
    assert "--port" in done.stderr


def test_the_generated_people_are_the_same_every_time():
    first, second = (build(users=2000).state.world.applications["jira"].document() for _ in range(2))
    assert orjson.dumps(first) == orjson.dumps(second)
    assert len({account["key"] for account in first["accounts"]}) == 2010


async def test_state_of_an_unknown_application(opened):
    assert (await opened().get("/_state/bamboo")).status_code == 404
