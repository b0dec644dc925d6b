"""Schema extensions in the estate: what may be declared, and what is said of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.model.extension import Extension, ExtensionAttribute

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
