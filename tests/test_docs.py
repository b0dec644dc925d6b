"""The commands of the README, the tutorial and the first look run, and the files that the documents name are there."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _blocks(document: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.M | re.S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_the_demo_of_the_readme_ends_as_it_should() -> None:
    assert "make demo\n" in _blocks("README.md")
    assert 'make demo ARGS="--once --json"' in (ROOT / "README.md").read_text()
    done = subprocess.run(
        ["make", "-s", "demo", f"ARGS=--once --json --port {_free_port()}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["ok"] is True
    assert all(step["done"] for step in result["steps"])
    jira = result["targets"]["jira"]
    assert all(person["ok"] for person in jira["people"])
    assert all(account["ok"] for account in jira["untouched"])
    assert jira["adopted"] == ["mwolf"]


def _run(document: str, folder: str) -> str:
    """Run the commands of a page, in a folder and at ports of their own; gives what they printed."""
    script = "\n".join(_blocks(document))
    sandbox, tenure = str(_free_port()), str(_free_port())
    script = script.replace("8900", sandbox).replace("--data tenure-data &", f"--data tenure-data --port {tenure} &")
    own = f"{folder}-{os.getpid()}"
    script = script.replace(folder, own)
    environment = {**os.environ, "TENURE_URL": f"http://127.0.0.1:{tenure}/scim/okta/v2"}
    for name in ("TENURE_DATA", "TENURE_DATABASE_URL"):
        environment.pop(name, None)
    try:
        done = subprocess.run(
            ["bash", "-e", "-m", "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
            env=environment,
        )
    finally:
        shutil.rmtree(ROOT / own, ignore_errors=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


@pytest.mark.slow
def test_the_commands_of_the_tutorial_run() -> None:
    said = _run("docs/tutorial.md", "tenure-tutorial")
    assert "alice.jones at jira" in said
    assert "Deactivate account" in said
    assert "mwolf" in said


@pytest.mark.slow
def test_the_first_look_shows_what_it_says_and_writes_nothing() -> None:
    said = _run("docs/first-look.md", "tenure-first-look")
    assert "people can be read whole: 4 people, 2 groups, 4 memberships. Nothing was taken." in said
    shown = re.findall(r"^```\n(For a person.*?)^```", (ROOT / "docs/first-look.md").read_text(), re.M | re.S)
    assert len(shown) == 1
    assert shown[0] in said
    assert "agarcia at jira" in said
    assert "Preview only: nothing is written" in said
    assert "writes: 0\n" in said


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|bench)/[\w./-]+)`", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    links = [link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text) if not (document.parent / link).exists()]
    assert not missing + links
