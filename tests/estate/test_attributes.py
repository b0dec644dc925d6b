"""Attributes and usernames of an estate: expressions of the right type, fallbacks, fields that the application has."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from tests.engine.world import SECRETS

from tenure.estate.loading import load
from tenure.estate.problem import EstateInvalid
from tenure.model.identity import Identity
from tenure.planning.expressions import variables
from tenure.planning.rules import ExpressionFailed, Usernames

from .parts import ATTRIBUTES, SMALL, loaded, problems, with_line


def of_display_name(folder: Path, written: str) -> str | None:
    """What the expression of display_name gives, as it stands in an estate, for a person with a nick name alone."""
    estate = loaded(folder, SMALL.replace("display_name: displayName", f"display_name: {written}"))
    ada = Identity(id=UUID(int=1), source="okta", user_name="ada", external_id=None, active=True,
                   attributes={"nickName": "Ada"})  # fmt: skip
    value = estate.targets["jira"].rules.attributes["display_name"].evaluate(variables(ada, ()))
    assert value is None or isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("[displayName, nickName, userName]", "Ada"),
        ("[\"displayName + '!'\", userName]", "ada"),
        ("[displayName, title]", None),
        ("'displayName == null ? userName : displayName'", "ada"),
        ("optional.ofNonZeroValue(displayName).orValue(userName)", "ada"),
        ("[\"''\", nickName]", "Ada"),
    ],
)
def test_a_fallback_gives_the_first_value(tmp_path: Path, written: str, value: str | None) -> None:
    assert of_display_name(tmp_path, written) == value


@pytest.mark.parametrize("written", ["[displayName, \"title + '!'\"]", "['string(1 / int(nickName))', userName]"])
def test_a_fallback_hides_no_failure(tmp_path: Path, written: str) -> None:
    with pytest.raises(ExpressionFailed):
        of_display_name(tmp_path, written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("active", "active gives true or false, where a text is needed; write string(...) around it"),
        ("groups", "groups gives a list, where a text is needed; write .join(', ') behind a list of texts"),
        ("name", "name gives a map, where a text is needed; write one that gives a text"),
        ("[displayName, active]", "active gives true or false, where a text is needed"),
        ("[]", "a list here has from 1 to 10 expressions"),
        ("[[displayName]]", "an expression belongs here"),
        ("true", "true gives true or false, where a text is needed"),
    ],
)
def test_an_expression_of_another_type_is_refused_with_its_place(tmp_path: Path, written: str, said: str) -> None:
    (problem,) = problems(tmp_path, SMALL.replace("display_name: displayName", f"display_name: {written}"))
    assert str(problem).startswith(f"estate.yaml:8: targets.jira.attributes.display_name: {said}")


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        (
            "jira",
            "first_name: id",
            "first_name: jira has no field first_name; it has username, email, display_name, properties.<name>",
        ),
        (
            "confluence",
            "properties: {a: id}",
            "properties.a: confluence has no field properties.a; it has username, email, display_name",
        ),
    ],
)
def test_a_field_that_the_application_does_not_have_is_refused(tmp_path: Path, kind: str, more: str, said: str) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(SMALL.replace("kind: jira", f"kind: {kind}").replace("displayName}", f"displayName, {more}}}"))
    with pytest.raises(EstateInvalid) as refused:
        load(file, environment=SECRETS)
    assert [str(one) for one in refused.value.problems] == [f"estate.yaml:8: targets.jira.attributes.{said}"]


def test_usernames_are_held_unless_the_estate_says_what_is_tried(tmp_path: Path) -> None:
    def taken(line: str) -> tuple[list[str], bool]:
        found = loaded(tmp_path, with_line(line) if line else SMALL).targets["jira"].rules.usernames
        return [one.text for one in found.alternatives], found.number

    assert loaded(tmp_path, SMALL).targets["jira"].rules.usernames == Usernames()
    assert taken("usernames: {taken: hold}") == ([], False)
    assert taken("usernames: {}") == ([], False)
    assert taken("usernames: {taken: number}") == ([], True)
    assert taken("usernames: {taken: nickName}") == (["nickName"], False)
    assert taken("usernames: {taken: [nickName, title, number]}") == (["nickName", "title"], True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[hold, number]", "hold stands alone: it means that nothing is tried"),
        ("[number, nickName]", "number stands last, and once"),
        ("[number, number]", "number stands last, and once"),
        ("[]", "a list here has from 1 to 10 alternatives"),
        ("[active]", "active gives true or false, where a text is needed"),
        ("{a: b}", "an expression belongs here"),
        ("[nickNam]", "there is no variable nickNam; did you mean nickName?"),
    ],
)
def test_what_cannot_be_tried_is_refused(tmp_path: Path, written: str, said: str) -> None:
    (problem,) = problems(tmp_path, with_line(f"usernames: {{taken: {written}}}"))
    assert str(problem).startswith(f"estate.yaml:9: targets.jira.usernames.taken: {said}")


@pytest.mark.parametrize("key", ["attributes", "usernames"])
def test_the_examples_of_the_documentation_are_valid(tmp_path: Path, key: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "estate.md").read_text(encoding="utf-8")
    (example,) = re.findall(rf"```yaml\n({key}:.*?)```", text, re.DOTALL)
    whole = with_line(example.replace("\n", "\n    ").strip())
    if key == "attributes":
        whole = whole.replace(f"    {ATTRIBUTES}\n", "")
    rules = loaded(tmp_path, whole).targets["jira"].rules
    assert rules.usernames.any is (key == "usernames")
    assert set(rules.attributes) == {"username", "email", "display_name"}
