"""Secrets of an estate: references alone, resolved at the start, and never shown."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tenure.model.secret import Secret

from .parts import SMALL, loaded, problems

HIDDEN = "hunter2-hunter2-hunter2"


@pytest.mark.parametrize(
    "written",
    [HIDDEN, f"[{HIDDEN}]", f"{{value: {HIDDEN}}}", f"{{env: A, file: {HIDDEN}}}", "{env: }", "5", "true", ""],
)
def test_a_secret_in_the_estate_itself_is_refused_and_not_shown(tmp_path: Path, written: str) -> None:
    found = problems(tmp_path, SMALL.replace("{env: JIRA_TOKEN}", written or "''"))
    assert [(p.line, p.path) for p in found] == [(7, "targets.jira.auth.bearer")]
    assert "write {env: NAME} to take it from an environment variable, or {file: PATH}" in str(found[0])
    assert HIDDEN not in str(found[0])
    assert HIDDEN not in repr(found[0])


def test_a_password_in_an_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    found = problems(tmp_path, SMALL.replace("http://127", f"http://admin:{HIDDEN}@127"))
    assert "put it under auth:" in str(found[0])
    assert HIDDEN not in "".join(map(str, found))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{env: NOT_SET}", "the environment variable NOT_SET is not set"),
        ("{env: EMPTY}", "the environment variable EMPTY is empty"),
        ("{file: none}", "the file none cannot be read: No such file or directory"),
        ("{file: .}", "is not a file"),
        ("{file: empty}", "the file empty is empty"),
        ("{file: binary}", "the file binary is not a text in UTF-8"),
        ("{file: large}", "the file large is larger than 64 KiB"),
    ],
)
def test_a_secret_that_is_not_there_is_a_warning_in_a_check_and_a_problem_at_a_start(
    tmp_path: Path, reference: str, words: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_text("x" * 70_000)
    text = SMALL.replace("{env: JIRA_TOKEN}", reference)
    environment = {"OKTA_SCIM_TOKEN": "okta-token-okta-token", "EMPTY": ""}
    (problem,) = problems(tmp_path, text, environment=environment)
    assert words in str(problem)
    assert problem.line == 7
    (warning,) = loaded(tmp_path, text, secrets=False, environment=environment).warnings
    assert warning == problem


def test_the_line_end_of_a_file_is_no_part_of_its_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(HIDDEN + "\r\n")
    estate = loaded(tmp_path, SMALL.replace("{env: OKTA_SCIM_TOKEN}", "{file: token}"))
    assert estate.sources["okta"].token.reveal() == HIDDEN
    assert HIDDEN not in repr(estate)


def test_a_token_that_could_be_guessed_is_a_warning(tmp_path: Path) -> None:
    environment = {"OKTA_SCIM_TOKEN": "short", "JIRA_TOKEN": "x"}
    (warning,) = loaded(tmp_path, SMALL, environment=environment).warnings
    assert "fewer than 16 characters" in str(warning)


def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(tmp_path: Path) -> None:
    environment = {"OKTA_SCIM_TOKEN": HIDDEN + " pasted twice", "JIRA_TOKEN": "x"}
    (problem,) = problems(tmp_path, SMALL, environment=environment)
    assert "sources.okta.token: the token is empty or has characters that no token has" in str(problem)
    assert HIDDEN not in str(problem)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(HIDDEN)
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret(HIDDEN)
    assert secret != Secret("other")
