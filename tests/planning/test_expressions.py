"""Expressions of the estate: what they give, what is refused when they are loaded, and how hostile ones end."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.model.identity import Identity, SourceGroup
from tenure.planning.expressions import ExpressionInvalid, compile_expression, variables
from tenure.planning.rules import ExpressionFailed
from tenure.planning.variables import ENTERPRISE, SCHEMA, paths

DOCUMENT: dict[str, Any] = {
    "userName": "Ann.Lee@Example.org",
    "displayName": "Ann Lee",
    "title": "",
    "nickName": 7,
    "name": {"givenName": "Ann", "familyName": "Lee"},
    "emails": [{"value": "first@x.org", "type": "home"}, {"value": "ann@x.org", "type": "Work", "primary": True}],
    "phoneNumbers": [{"value": "+1 555", "type": "work"}, {"value": "+1 777", "type": "work", "primary": True}],
    "addresses": [{"type": "work", "locality": "Bern", "country": "CH"}],
    ENTERPRISE: {"department": "R&D", "manager": {"value": "42", "displayName": "Bo"}},
}
GROUPS = [SourceGroup(UUID(int=n), "okta", name) for n, name in enumerate(["staff", "devs"], 1)]


def person(**changed: Any) -> Identity:
    document = DOCUMENT | changed
    return Identity(UUID(int=9), "okta", document["userName"], "x-1", True, attributes=document)


def text(expression: str, **changed: Any) -> Any:
    return compile_expression(expression, "text").evaluate(variables(person(**changed), GROUPS))


def truth(expression: str, **changed: Any) -> Any:
    return compile_expression(expression, "truth").evaluate(variables(person(**changed), GROUPS))


def refusal(expression: str, wants: Any = "text") -> str:
    with pytest.raises(ExpressionInvalid) as caught:
        compile_expression(expression, wants)
    return f"{caught.value} | {caught.value.hint}"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("userName.lowerAscii()", "ann.lee@example.org"),
        ("userName.split('@')[0]", "Ann.Lee"),
        ("emails.primary", "ann@x.org"),
        ("emails.work", "ann@x.org"),
        ("emails['home']", "first@x.org"),
        ("emails.other", None),
        ("phoneNumbers.work", "+1 777"),
        ("addresses.work.locality", "Bern"),
        ("addresses.home.locality", None),
        ("enterprise.manager", "Bo"),
        ("enterprise.department", "R&D"),
        ("name.familyName + ', ' + name.givenName", "Lee, Ann"),
        ("title", None),
        ("title == null ? null : dyn(title + '!')", None),
        ("emails.?other.orValue('none')", None),
        ("optional.ofNonZeroValue(title).orValue('none')", "none"),
        ("nickName", "7"),
        ("groups.join(',')", "devs,staff"),
        ("groups.filter(g, g.startsWith('s')).map(g, 'jira-' + g)[0]", "jira-staff"),
        ("size(groups)", "2"),
        ("1.5 * 2.0", "3"),
        ("1.0 / 4.0", "0.25"),
        ("math.greatest(1, 2)", "2"),
        ("null", None),
        ("id", "00000000-0000-0000-0000-000000000009"),
        ("externalId", "x-1"),
        ("'ä'.replace('ä', 'ae') // a comment", "ae"),
    ],
)
def test_a_text_expression_gives(expression: str, value: str | None) -> None:
    assert text(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("active && 'staff' in groups", True),
        ("'Staff' in groups", False),
        ("title == 'boss' || enterprise.department == 'R&D'", True),
        ("groups.exists(g, g.matches('^de.s$')) && !groups.exists(g, g == 'contractors')", True),
        ("has(name.middleName) && name.middleName != null", False),
        ("true", True),
    ],
)
def test_a_truth_expression_gives(expression: str, value: bool) -> None:
    assert truth(expression) is value


def test_without_a_primary_mark_the_first_email_is_primary_and_nothing_gives_null() -> None:
    assert text("emails.primary", emails=[{"value": "a@x"}, {"value": "b@x", "type": "work"}]) == "a@x"
    assert text("emails.primary", emails=[]) is None
    assert text("emails.primary", emails=None) is None
    assert text("phoneNumbers.primary", phoneNumbers=[{"value": "1"}]) is None


def test_every_variable_is_there_for_an_identity_that_has_nothing() -> None:
    values = variables(Identity(UUID(int=1), "okta", "a", None, True), [])
    for path in paths():
        value: Any = values
        for part in path.split("."):
            value = value[part]
        assert value in (None, "a", True, []) or path == "id", path
    assert values.keys() == SCHEMA.keys()


def test_the_paths_that_an_expression_reads_are_told_without_texts_and_loop_variables() -> None:
    expression = compile_expression("groups.exists(name, name == 'title') ? emails['work'] : name.givenName", "text")
    assert set(expression.paths) == {"groups", "emails.work", "name.givenName"}
    assert expression.text.startswith("groups.exists")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("emails.primry", "emails.primry | did you mean emails.primary?"),
        ("emails['primry']", "did you mean emails.primary?"),
        ("emails.?primry.orValue('x')", "did you mean emails.primary?"),
        ("has(name.givenNam) ? 'x' : 'y'", "did you mean name.givenName?"),
        ("name.givenNam.lowerAscii()", "did you mean name.givenName?"),
        ("addresses.work.citty", "there is no variable addresses.work.citty"),
        ("givenName", "there is no variable givenName | did you mean name.givenName?"),
        ("usrName", "did you mean userName?"),
        ("userName.value", "userName has no parts"),
        ("emails", "emails gives a map, where a text is needed"),
        ("groups.exists(g, g == emails.primry) ? 'a' : 'b'", "did you mean emails.primary?"),
        ("zzzzqqq", "the variables are: id, userName"),
        ("emails.primary.lower()", "there is no function lower | did you mean lowerAscii?"),
        ("userName +", "is not a CEL expression"),
        ("active and active", "write && for and"),
        ("userName = 'x'", "== for equals"),
        ("title != null ? 'x' : null", "dyn(...)"),
        ("'a' + 1", "string(...)"),
        ("active", "gives true or false, where a text is needed | write string(...)"),
        ("groups", "gives a list, where a text is needed"),
        ("b'x'", "gives bytes"),
        ("optional.of(title)", "orValue"),
        ("{'a': 'b'}", "gives a map"),
        ("google.protobuf.StringValue{value: 'x'}", "uses a message"),
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 2001, "longer than 2,000 characters"),
        ("(" * 60 + "title" + ")" * 60, "nested too deeply"),
        ("+".join(["title"] * 60), "nested too deeply"),
        ("userName.matches(title) ? 'a' : 'b'", "has to be written out"),
        ("userName.matches('(') ? 'a' : 'b'", "not a regular expression"),
    ],
)
def test_what_cannot_be_used_is_refused_when_it_is_loaded(expression: str, words: str) -> None:
    assert words in refusal(expression)


def test_a_scope_has_to_be_true_or_false() -> None:
    for written in ("'staff'", "title", "emails.work"):
        assert "gives a text, where true or false is needed" in refusal(written, "truth")
    with pytest.raises(ExpressionFailed, match="it gives no value, where true or false is needed"):
        truth("dyn(title)")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("title.lowerAscii()", r"title\.lowerAscii\(\) could not be computed: title has no value"),
        ("name.givenName + name.middleName", "name.middleName has no value"),
        ("userName.substring(90)", "asks for a part that is not there"),
        ("userName.split('@')[9]", "asks for a part that is not there"),
        ("string(int(userName))", "not what it is to be turned into"),
        ("string(1 / (size(groups) - 2))", "divides by zero"),
        ("dyn(groups)", "gives something else, where a text is needed|gives a list"),
        ("dyn(active)", "gives true or false, where a text is needed"),
        ("dyn(b'x')", "gives bytes"),
        ("dyn(optional.of(userName))", "gives an optional"),
        ("'\\x00' + userName", "NUL character"),
        ("groups.map(g, userName + userName + userName)[0] + userName.replace('e', 'eeeeee')", "more than 1,000|more"),
    ],
)
def test_an_error_is_never_taken_for_a_value_and_never_tells_one(expression: str, words: str) -> None:
    long = {"userName": "Ann.Lee" + "e" * 900 + "@Example.org"} if "replace" in expression else {}
    if "replace" in expression:
        expression += ".replace('e', 'eeee')"
    with pytest.raises(ExpressionFailed, match=words) as caught:
        text(expression, **long)
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize("expression", ["title", "emails.other", "null", "dyn([null])", "dyn(emails)"])
def test_giving_null_takes_no_reference_to_none_away(expression: str) -> None:
    compiled, values = compile_expression(expression, "text"), variables(person(), GROUPS)
    before = sys.getrefcount(None)
    for _ in range(2000):
        with contextlib.suppress(ExpressionFailed):
            compiled.evaluate(values)
    assert sys.getrefcount(None) > before - 1000


def test_a_value_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(ExpressionFailed, match="displayName is longer than 1,000 characters"):
        text("displayName", displayName="x" * 1001)
    assert text("userName", displayName="x" * 1001) == "Ann.Lee@Example.org"


TRANSLITERATION = "userName" + "".join(f".replace('{old}', '{old}{old}')" for old in "äöüßæøåÄÖÜ")
HOSTILE = [
    "groups.all(a, groups.all(b, groups.all(c, groups.all(d, a != 'zz')))) ? 'a' : 'b'",
    "[1,2,3,4,5,6,7,8,9,10].all(a," * 6 + "true" + ")" * 6 + " ? 'a' : 'b'",
    "userName" + ".replace('a', 'aaaaaaaaaaaaaaaa')" * 20,
    "userName.replace('a', userName).replace('a', userName).replace('a', userName)",
    "userName.replace('', userName).replace('', userName)",
    "[userName]" + ".map(y, y + y)" * 24 + "[0]",
    "optional.of(userName)" + ".optMap(y, y + y)" * 20 + ".orValue('')",
    "userName.split('').map(x, userName).join(userName)",
    "userName.split('').map(x, userName.split('').map(y, userName).join(x)).join('')",
    "groups.map(g, userName).join(userName).replace('', userName)",
    "userName.matches('((a{1,100}){1,10})b') && userName.matches('(a*)*(a*)*b') ? 'a' : 'b'",
    "groups.all(g, userName.matches('((a{1,100}){1,10})b')) ? 'a' : 'b'",
    "groups.map(g, '%.1000f'.format([1.0])).join('%.1000f'.format([1.0])).split('0').map(x, userName).join('')",
    "!" * 1900 + "true ? 'a' : 'b'",
    "[" * 900 + "]" * 900,
    "title == 'y' ? 'a' : " * 90 + "'b'",
    "'" + "\\n" * 990,
    "{" * 1000,
]


@pytest.mark.parametrize("expression", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_expression_ends_quickly(expression: str) -> None:
    values = variables(
        person(userName="a" * 1000), [SourceGroup(UUID(int=n), "s", f"g{n}" * 30) for n in range(1, 501)]
    )
    begun = time.perf_counter()
    try:
        compile_expression(expression, "text").evaluate(values)
    except (ExpressionInvalid, ExpressionFailed):
        pass
    assert time.perf_counter() - begun < 1.5


def test_a_useful_expression_is_not_taken_for_a_hostile_one() -> None:
    assert text(TRANSLITERATION, userName="jürgen") == "jüürgen"
    assert truth("groups.exists(g, groups.exists(h, h == g + '-admins'))") is False


@given(st.text(max_size=60) | st.text("aeg.()[]'\"?:&|!=+,{} 019name", max_size=80))
@settings(deadline=None)
def test_any_text_is_an_expression_or_is_refused_in_words(source: str) -> None:
    with contextlib.suppress(ExpressionInvalid, ExpressionFailed):
        compile_expression(source, "text").evaluate(variables(person(), GROUPS))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["value", "type", "primary", "givenName", "department", "manager"]), x)
        ),
        max_leaves=8,
    )
)
@settings(deadline=None)
def test_whatever_a_source_sends_becomes_texts_or_null(value: Any) -> None:
    document = dict.fromkeys(["name", "emails", "phoneNumbers", "addresses", "title", ENTERPRISE], value)
    values = variables(Identity(UUID(int=1), "s", "a", None, True, attributes=document), [])
    for path in paths():
        found: Any = values
        for part in path.split("."):
            found = found[part]
        assert found is None or isinstance(found, (str, bool, list)), path
        wants = "truth" if path == "active" else "text"
        if path != "groups":
            try:
                compile_expression(path, wants).evaluate(values)  # type: ignore[arg-type]
            except ExpressionFailed:
                pass
