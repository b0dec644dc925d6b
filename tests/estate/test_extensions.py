"""Schema extensions in the estate: what may be declared, and what is said of what may not."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tenure.model.extension import Extension, ExtensionAttribute
from tenure.model.identity import Identity
from tenure.planning.variables import variables

from .parts import SMALL, loaded, problems

ACME = "urn:example:params:scim:schemas:extension:acme:2.0:User"


def declaring(declared: str) -> str:
    return SMALL.replace("token: {env: OKTA_SCIM_TOKEN}", f"token: {{env: OKTA_SCIM_TOKEN}}, extensions: {declared}")


def test_the_short_and_the_long_form(tmp_path: Path) -> None:
    estate = loaded(
        tmp_path, declaring(f'{{"{ACME}": {{code: string, badge: {{type: reference, multi_valued: true}}}}}}')
    )
    code, badge = ExtensionAttribute("code", "string"), ExtensionAttribute("badge", "reference", multi_valued=True)
    assert estate.sources["okta"].extensions == (Extension(ACME, (code, badge)),)
    assert loaded(tmp_path, SMALL).sources["okta"].extensions == ()


@pytest.mark.parametrize(
    ("declared", "message", "hint"),
    [
        (f'{{"{ACME}": {{code: text}}}}', '"text" is not a type', "write one of string, boolean"),
        (f'{{"{ACME}": {{code: strin}}}}', '"strin" is not a type', "did you mean string?"),
        (f'{{"{ACME}": {{code: {{multi_valued: true}}}}}}', "this key is missing", ""),
        (f'{{"{ACME}": {{code: {{type: string, required: 1}}}}}}', "true or false", "write true or false"),
        (f'{{"{ACME}": {{code: {{type: string, unique: true}}}}}}', "no such key", "remove it"),
        (f'{{"{ACME}": {{a.b: string}}}}', '"a.b" cannot be an attribute', "write a letter"),
        (f'{{"{ACME}": {{code: string, Code: string}}}}', "stands here twice", "keep one"),
        (f'{{"{ACME}": {{}}}}', "from 1 to 100 attributes", ""),
        ("{acme: {code: string}}", '"acme" is not a URN', "write one such as urn:"),
        (
            '{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {code: string}}',
            "belongs to SCIM itself",
            "URN of your own",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_at_its_line(tmp_path: Path, declared: str, message: str, hint: str) -> None:
    (problem,) = problems(tmp_path, declaring(declared))
    assert problem.line == 2
    assert problem.path.startswith("sources.okta.extensions")
    assert message in problem.message
    assert hint in problem.hint


def reading(declared: str, line: str) -> str:
    return declaring(declared).replace("display_name: displayName", line)


ONE = f'{{"{ACME}": {{code: string, badges: {{type: string, multi_valued: true}}}}}}'
TWO = f'{{"{ACME}": {{code: string}}, "urn:example:other": {{code: string}}}}'


def test_an_expression_reads_what_a_source_declares(tmp_path: Path) -> None:
    line = "display_name: 'extension.code == null ? displayName : extension.code'"
    target = loaded(tmp_path, reading(ONE, line)).targets["jira"]
    expression = target.rules.attributes["display_name"]
    assert set(expression.paths) == {"extension.code", "displayName"}
    for sent, expected in (({"code": "C7"}, "C7"), ({}, "Ann"), (None, "Ann")):
        document = {"userName": "ann", "displayName": "Ann"} | ({} if sent is None else {ACME: sent})
        person = Identity(UUID(int=1), "okta", "ann", None, True, attributes=document)
        assert expression.evaluate(variables(person, ())) == expected


@pytest.mark.parametrize(
    ("declared", "path", "message", "hint"),
    [
        (ONE, "extension.cod", "extension.cod: no source of this target declares", "did you mean code?"),
        ("{}", "extension.code", "no source of this target declares", "declare it under extensions:"),
        (ONE, "extension.badges", "it holds several values", "a single value"),
        (TWO, "extension.code", "both declare it", "another name"),
        (ONE, "extension.code.x", "extension.code has no parts", "write extension.code"),
        (ONE, "extension", "gives a map, where a text is needed", ""),
    ],
)
def test_what_no_source_declares_is_refused_at_its_line(
    tmp_path: Path, declared: str, path: str, message: str, hint: str
) -> None:
    (problem,) = problems(tmp_path, reading(declared, f"display_name: {path}"))
    assert problem.path == "targets.jira.attributes.display_name"
    assert message in problem.message
    assert hint in problem.hint


def test_a_scope_reads_an_extension_too(tmp_path: Path) -> None:
    text = declaring(ONE) + "    scope: extension.code == 'C7'\n"
    rules = loaded(tmp_path, text).targets["jira"].rules
    assert rules.scope is not None
    assert rules.scope.paths == ("extension.code",)
    (problem,) = problems(tmp_path, text.replace("extension.code ==", "extension.nothing =="))
    assert problem.path == "targets.jira.scope"
