"""Loading an estate: what it gives, what is refused and where, and that nothing else ever comes out of it."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.estate.loading import load
from tenure.estate.problem import EstateInvalid
from tenure.model.capability import Mode
from tenure.planning.rules import Adopt, Existing, Farewell, Leaver, OnTheFly, OutOfScope, Protected, Rename, Rules

from .parts import ATTRIBUTES, ENVIRONMENT, SMALL, Settings, loaded, problems, with_line

WHOLE = """\
sources:
  okta: {kind: scim, token: {env: OKTA_SCIM_TOKEN}}
  entra: {kind: scim, token: {file: entra.token}}
targets:
  jira:
    kind: jira
    url: http://127.0.0.1:8900/jira
    auth: {username: admin, password: {env: JIRA_TOKEN}}
    source: [okta, entra]
    mode: full
    scope: active && 'staff' in groups
    out_of_scope: deactivate
    match: [[username, email], [email, properties.phone]]
    adopt: match
    attributes:
      username: userName.lowerAscii()
      email: emails.primary
      display_name: displayName
      properties: {phone: phoneNumbers.work}
    rename: {made: never, adopted: follow}
    groups:
      mapping: {Dev users: [software_dev, jira-users], Ops: ops}
      on_the_fly: {match: '^app-(.*)$', except: '^app-tmp-', name: 'x-$1', create: false, existing: hold}
      default: [everybody]
      keep_foreign_members: true
    leaver:
      action: delete
      end_sessions: false
      new_lead: jira-admin
      remove_groups: true
      delete: after 365d
    rate: {per_second: 2.5, concurrency: 1}
    compare: 30m
    protected: [admin, 'svc-*']
"""


def test_a_whole_estate(tmp_path: Path) -> None:
    (tmp_path / "entra.token").write_text("entra-token-entra-token\n")
    estate = loaded(tmp_path, WHOLE)
    assert estate.warnings == ()
    assert estate.document == WHOLE
    assert [estate.sources[name].token.reveal() for name in ("okta", "entra")] == [
        "okta-token-okta-token",
        "entra-token-entra-token",
    ]
    jira = estate.targets["jira"]
    assert isinstance(jira.settings, Settings)
    assert jira.settings.auth.password.reveal() == "jira-secret-value"  # type: ignore[union-attr]
    assert (jira.rate.per_second, jira.rate.concurrency, jira.compare) == (2.5, 1, timedelta(minutes=30))
    rules = jira.rules
    assert {name: expression.text for name, expression in rules.attributes.items()} == {
        "username": "userName.lowerAscii()",
        "email": "emails.primary",
        "display_name": "displayName",
        "properties.phone": "phoneNumbers.work",
    }
    assert rules.scope is not None
    assert rules.scope.text == "active && 'staff' in groups"
    assert (
        Rules(
            "jira",
            ("okta", "entra"),
            Mode.FULL,
            rules.scope,
            OutOfScope.DEACTIVATE,
            (("username", "email"), ("email", "properties.phone")),
            Adopt.MATCH,
            rules.attributes,
            Rename.NEVER,
            Rename.FOLLOW,
            {"Dev users": ("software_dev", "jira-users"), "Ops": ("ops",)},
            OnTheFly("^app-(.*)$", "^app-tmp-", "x-$1", False, Existing.HOLD),
            ("everybody",),
            True,
            Leaver.DELETE,
            Protected(("admin", "svc-*")),
            farewell=Farewell(False, new_lead="jira-admin", remove_groups=timedelta(0), delete=timedelta(days=365)),
        )
        == rules
    )


def test_what_is_left_out_is_as_planning_has_it(tmp_path: Path) -> None:
    target = loaded(tmp_path, SMALL).targets["jira"]
    default = Rules("jira", ("okta",), attributes=target.rules.attributes)
    for field in fields(Rules):
        assert getattr(target.rules, field.name) == getattr(default, field.name), field.name
    assert (target.mode, target.rate.per_second, target.rate.concurrency) == (Mode.OBSERVE, 10.0, 4)
    assert target.compare == timedelta(hours=6)


@pytest.mark.parametrize(("written", "meant"), [("true", OnTheFly()), ("false", None), ("{}", OnTheFly())])
def test_on_the_fly_in_short(tmp_path: Path, written: str, meant: OnTheFly | None) -> None:
    estate = loaded(tmp_path, with_line(f"groups: {{on_the_fly: {written}}}"))
    assert estate.targets["jira"].rules.on_the_fly == meant


REFUSED = [
    ("mode: ful", 'jira.mode: "ful" is not a mode; write one of observe, create-only, no-removal, full'),
    ("mode: true", "jira.mode: true is not a mode; write one of"),
    ("mdoe: full", "jira.mdoe: there is no such key; did you mean mode?"),
    ("scope: active && 'staff' in group", "jira.scope: there is no variable group; did you mean groups?"),
    ("scope: userName", "where true or false is needed"),
    ("scope: [a]", "an expression belongs here"),
    ("out_of_scope: remove", 'jira.out_of_scope: "remove" is not an out_of_scope; write one of hold, deactivate'),
    ("adopt: yes", 'jira.adopt: "yes" is not an adopt; write one of ask, match'),
    ("match: [[username, emial]]", 'jira.match: "emial" is not a mapped attribute; did you mean email?'),
    ("match: [[properties.phone]]", 'jira.match: "properties.phone" is not a mapped attribute'),
    ("match: [[email]]", "an e-mail address alone does not prove whose an account is; write [username, email]"),
    ("match: []", "jira.match: match needs at least one alternative"),
    ("match: yes", 'jira.match: "yes" is not a list'),
    ("source: otka", 'jira.source: there is no source "otka"; did you mean okta?'),
    ("rename: {made: always}", 'jira.rename.made: "always" is not a made; write one of follow, never'),
    ("rename: follow", 'jira.rename: "follow" is not a mapping'),
    ("groups: {maping: {}}", "jira.groups.maping: there is no such key; did you mean mapping?"),
    ("groups: {mapping: {A: [], a: b}}", '"A" and "a" differ by letter case alone'),
    ("groups: {mapping: {A: [b, true]}}", "jira.groups.mapping.A: true is not a text"),
    ("groups: {on_the_fly: {match: '(a'}}", "jira.groups.on_the_fly.match: '(a' is not a regular expression of RE2"),
    ("groups: {on_the_fly: {match: '(?=a)'}}", "RE2 has no look-ahead"),
    ("groups: {on_the_fly: {match: 'a(b)', name: '$2'}}", "on_the_fly.name: $2 stands for nothing: match has 1 group"),
    ("groups: {on_the_fly: {name: 'x$1'}}", "on_the_fly.name: $1 stands for nothing: match has 0 groups"),
    ("groups: {on_the_fly: {except: 3(}}", "on_the_fly.except: '3(' is not a regular expression"),
    ("groups: {on_the_fly: {create: yes}}", 'on_the_fly.create: "yes" is not true or false; write true or false'),
    ("groups: {keep_foreign_members: false}", "groups.keep_foreign_members: false is not enforced yet"),
    ("leaver: {action: fire}", '"fire" is not an action; write one of deactivate, keep, anonymize, delete'),
    ("leaver: {end_sessions: perhaps}", "jira.leaver.end_sessions"),
    ("leaver: {remove_groups: 30d}", '"30d" is not a time; write after 30d, or true for at once, or false for never'),
    ("leaver: {delete: after 4000d}", '"after 4000d" is out of range; write at most after 3650d'),
    ("leaver: {delete: [1]}", "jira.leaver.delete"),
    ("leaver: {revoke_tokens: true}", "leaver.revoke_tokens: true is not enforced yet"),
    ("leaver: {new_lead: ''}", "jira.leaver.new_lead: a text belongs here"),
    ("limits: {leavers: {people: many}}", '"many" is not a whole number'),
    ("limits: {leavers: {people: -1}}", "jira.limits.leavers.people"),
    ("limits: {leavers: {share: 1}}", '"1" is not a share; write per cent, such as 1% or 2.5%'),
    ("limits: {losers: {share: 101%}}", '"101%" is more than all; write at most 100%'),
    ("limits: {joiners: {people: 1}}", "jira.limits.joiners: there is no such key"),
    ("limits: {renames: {window: 31d}}", "out of range; write something from 1s to 30d"),
    ("approval: {ticket: perhaps}", "jira.approval.ticket"),
    ("rate: {per_second: 0}", 'jira.rate.per_second: "0" is out of range; write something above 0'),
    ("rate: {per_second: .inf}", "jira.rate.per_second"),
    ("rate: {per_second: nan}", "jira.rate.per_second"),
    ("rate: {concurrency: 65}", 'jira.rate.concurrency: "65" is out of range; write something at most 64'),
    ("rate: {concurrency: two}", '"two" is not a whole number'),
    ("compare: 6", 'jira.compare: "6" is not a duration; write a number with s, m, h or d'),
    ("compare: 0s", "out of range; write something from 1s to 30d"),
    ("compare: [6h]", "this is not a duration"),
    ("protected: [a, '']", "jira.protected: a text belongs here"),
    ("protected: {a: b}", "jira.protected: a text belongs here"),
    ('protected: ["a\\u0000"]', "do not print"),
]


@pytest.mark.parametrize(("line", "words"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_a_target_cannot_say_is_refused_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    (found,) = problems(tmp_path, with_line(line))
    assert words in str(found)
    assert str(found).startswith("estate.yaml:9: targets.jira.")


def test_every_problem_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SMALL.replace("emails.primary", "emails.primry").replace("kind: scim", "kind: scm") + (
        "    mode: ful\n    compare: 6\n    limits: {x: 1}\n"
        "  wiki: {kind: bitbucket, every: thing}\n  x: {kind: jra}\nlog: 1\n"
    )
    assert [(p.line, p.path) for p in problems(tmp_path, text)] == [
        (2, "sources.okta.kind"),
        (8, "targets.jira.attributes.email"),
        (9, "targets.jira.mode"),
        (10, "targets.jira.compare"),
        (11, "targets.jira.limits.x"),
        (12, "targets.wiki.kind"),
        (13, "targets.x.kind"),
        (14, "log"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: scim", "kind: scim, every: 5m", 2, "sources.okta.every: this means nothing for a source that pushes"),
        ("kind: scim, ", "", 2, "sources.okta.kind: this key is missing; write one of scim"),
        ("kind: scim", "kind: scim, secret: x", 2, "sources.okta.secret: there is no such key"),
        ("  okta:", "  Okta:", 2, '"Okta" cannot be a name; write lower-case'),
        ("  jira:", f"  {'j' * 64}:", 4, "cannot be a name"),
        ("kind: scim", "kind: keycloak", 2, "sources.okta.kind: keycloak is not enforced yet"),
        ("targets:", "target:", 3, "target: there is no such key; did you mean targets?"),
        ("{username: userName, ", "{", 8, "targets.jira.attributes.username: this key is missing"),
        (
            "username: userName",
            "user: userName, username: userName",
            8,
            "attributes.user: there is no such key; did you",
        ),
        ("username: userName", "username: active", 8, "attributes.username: active gives true or false"),
        ("username: userName", "username: ''", 8, "attributes.username: the expression is empty"),
        ("    url: http://127.0.0.1:8900/jira\n", "", 4, "targets.jira.url: this key is missing"),
        ("http://127.0.0.1:8900/jira", "jira.example.com", 6, "is not an address"),
        ("http://127.0.0.1:8900/jira", "https://h/jira?os_username=x", 6, "is not an address"),
        ("{bearer: {env: JIRA_TOKEN}}", "{}", 7, "write {bearer: ...} or {username: ..., password: ...}"),
        ("{bearer: {env: JIRA_TOKEN}}", "{username: a}", 7, "targets.jira.auth.password: this key is missing"),
        ("{bearer: {env: JIRA_TOKEN}}", "{bearr: {env: JIRA_TOKEN}}", 7, "this is not how to sign in"),
        ("  okta: {", "  okta: [", 2, "not YAML"),
        ("    kind: jira", "\tkind: jira", 5, "tabs"),
        ("    url:", "    kind: jira\n    url:", 6, 'the key "kind" stands here twice (first in line 5)'),
        ("targets:", "targets: !!python/object:os.system", 3, "tags"),
        ("targets:", "---\ntargets:", 3, "more than one document"),
        ("  okta:", "  ? [a]\n  : b\n  okta:", 2, "a key is a plain word"),
        ("    kind: jira", "    <<: *x\n    kind: jira", 5, "the alias *x stands for nothing"),
    ],
)
def test_what_an_estate_cannot_say_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in SMALL
    found = problems(tmp_path, SMALL.replace(old, new, 1))
    assert any(words in str(problem) and problem.line == line for problem in found), found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing",
        b"[]",
        b"text",
        b"sources:\ntargets:\n",
        b"sources: []\ntargets: 1\n",
        b"\xff\xfe\x00",
        b"a: \x00",
        b"a: \x07",
        b"x" * (1024 * 1024 + 1),
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"a: &x [*x]",
        b"- " * 50_000,
        b"a: &a [1,2,3,4,5,6,7,8,9]\n"
        + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)),
        b"a: [" + b"1," * 300_000 + b"]",
        b"? " * 1000,
        b"sources: {a: {kind: scim, token: {env: []}}}\ntargets: {}",
        b"sources: {a: {kind: [], token: {}}}\ntargets: {b: {kind: {}}}",
        b"a: 2020-13-45\nb: 0b\nc: 1:99:99\nd: =\n",
    ],
)
def test_a_file_that_is_no_estate_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    found = problems(tmp_path, content)
    assert found
    assert all(problem.line >= 1 and problem.message for problem in found)


def test_a_shared_part_may_be_written_once(tmp_path: Path) -> None:
    text = SMALL.replace("attributes: {", "attributes: &who {") + (
        "  wiki:\n    kind: jira\n    url: http://127.0.0.1:8900/wiki\n"
        "    auth: {bearer: {env: JIRA_TOKEN}}\n    attributes: *who\n"
    )
    estate = loaded(tmp_path, text)
    assert estate.targets["wiki"].rules.attributes == estate.targets["jira"].rules.attributes


def test_a_group_may_have_any_name(tmp_path: Path) -> None:
    line = "groups: {mapping: {no: [yes, 1.0], 2020-01-01: 'true', 'Ä b/c': \"it's\"}}"
    mapping = loaded(tmp_path, with_line(line)).targets["jira"].rules.mapping
    assert mapping == {"no": ("yes", "1.0"), "2020-01-01": ("true",), "Ä b/c": ("it's",)}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8900/jira", "http://127.0.0.1:8900/jira/", "HTTP://127.0.0.1:8900/jira"]
)
def test_an_application_has_one_owner(tmp_path: Path, url: str) -> None:
    text = SMALL + f"  other: {{kind: jira, url: '{url}', auth: {{bearer: {{env: JIRA_TOKEN}}}}, {ATTRIBUTES}}}\n"
    (found,) = problems(tmp_path, text)
    assert 'targets.other.url: the target "jira" has the same kind and address' in str(found)


def test_with_two_sources_a_target_names_its_own(tmp_path: Path) -> None:
    text = SMALL.replace("targets:", "  more: {kind: scim, token: {env: OKTA_SCIM_TOKEN}}\ntargets:")
    (found,) = problems(tmp_path, text)
    assert "targets.jira.source: this key is missing; write one or more of okta, more" in str(found)
    assert loaded(tmp_path, text + "    source: more\n").targets["jira"].rules.sources == ("more",)


def test_adopting_on_a_match_needs_two_fields(tmp_path: Path) -> None:
    assert not problems(tmp_path, with_line("match: [[username]]"))
    (found,) = problems(tmp_path, with_line("match: [[username]]") + "    adopt: match\n")
    assert "username alone is not enough for adopt: match" in str(found)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(EstateInvalid, match="the file cannot be read"):
            load(path)


_WORDS = re.findall(
    r"\S+",
    "sources targets kind scim jira token env groups mapping match scope auth on_the_fly attributes username rate "
    "leaver action limits true *a &a !x 6h",
)
_DOCUMENTS = st.recursive(
    st.sampled_from(_WORDS) | st.text(max_size=8) | st.integers().map(str),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=5).map(
            lambda parts: "{" + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"
        )
    ),
    max_leaves=30,
)


@given(_DOCUMENTS, _DOCUMENTS, st.sampled_from(["a: b", *(line for line, _ in REFUSED)]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_document_gives_anything_but_an_estate_or_problems(
    tmp_path: Path, source: str, target: str, line: str
) -> None:
    for text in (
        source,
        f"sources: {{a: {source}}}\ntargets: {{b: {target}}}",
        f"sources: {{a: {{kind: scim, token: {source}}}}}\ntargets: {{b: {{kind: jira, groups: {target}}}}}",
        with_line(line) + f"    x: {target}\n",
    ):
        for problem in problems(tmp_path, text.encode("utf-8", "surrogatepass")):
            assert problem.line >= 1
            assert problem.message


@given(st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_give_anything_but_problems(tmp_path: Path, content: bytes) -> None:
    assert problems(tmp_path, content)


def test_a_crowd_is_signed_in_to_by_the_name_and_password_of_an_application(tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    text = SMALL.replace("jira:\n    kind: jira", "crowd:\n    kind: crowd").replace("/jira", "/crowd")
    file.write_text(text.replace("{bearer: {env: JIRA_TOKEN}}", "{username: tenure, password: {env: JIRA_TOKEN}}"))
    assert list(load(file, environment=ENVIRONMENT).targets) == ["crowd"]
    file.write_text(text)
    with pytest.raises(EstateInvalid, match="there is no such key; write one of username, password"):
        load(file, environment=ENVIRONMENT)


@pytest.mark.parametrize("auth", ["{bearer: {env: JIRA_TOKEN}}", "{username: tenure, password: {env: JIRA_TOKEN}}"])
def test_a_confluence_is_signed_in_to_by_an_access_token_or_an_administrator(tmp_path: Path, auth: str) -> None:
    file = tmp_path / "estate.yaml"
    text = SMALL.replace("jira:\n    kind: jira", "wiki:\n    kind: confluence").replace("/jira", "/wiki")
    file.write_text(text.replace("{bearer: {env: JIRA_TOKEN}}", auth))
    assert {name: target.kind for name, target in load(file, environment=ENVIRONMENT).targets.items()} == {
        "wiki": "confluence"
    }
    file.write_text(text.replace("{bearer: {env: JIRA_TOKEN}}", auth) + "    space: X\n")
    with pytest.raises(EstateInvalid, match="there is no such key"):
        load(file, environment=ENVIRONMENT)


def test_any_scim_application_is_signed_in_to_by_a_token_or_by_a_name(tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    text = SMALL.replace("jira:\n    kind: jira", "app:\n    kind: scim").replace("/jira", "/scim/v2")
    for auth in ("{bearer: {env: JIRA_TOKEN}}", "{username: tenure, password: {env: JIRA_TOKEN}}"):
        file.write_text(text.replace("{bearer: {env: JIRA_TOKEN}}", auth))
        assert list(load(file, environment=ENVIRONMENT).targets) == ["app"]


def test_atlassian_cloud_is_named_by_its_directory_and_may_have_a_second_key(tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    text = SMALL.replace("jira:\n    kind: jira", "cloud:\n    kind: atlassian-cloud")
    good = re.sub(r"url: \S+", "url: https://api.atlassian.com/scim/directory/d1", text)
    for more in ("", "\n    manage: {bearer: {env: JIRA_TOKEN}}"):
        file.write_text(good.replace("kind: atlassian-cloud", f"kind: atlassian-cloud{more}"))
        assert list(load(file, environment=ENVIRONMENT).targets) == ["cloud"]
    file.write_text(re.sub(r"url: \S+", "url: https://api.atlassian.com/scim", text))
    with pytest.raises(EstateInvalid, match="no SCIM base URL"):
        load(file, environment=ENVIRONMENT)


def test_first_and_last_names_may_be_mapped_and_need_not(tmp_path: Path) -> None:
    names = "first_name: name.givenName, last_name: name.familyName, "
    mapped = loaded(tmp_path, SMALL.replace("display_name:", f"{names}display_name:")).targets["jira"].rules.attributes
    assert set(mapped) == {"username", "email", "display_name", "first_name", "last_name"}
    assert set(loaded(tmp_path, SMALL).targets["jira"].rules.attributes) == {"username", "email", "display_name"}


def test_a_bitbucket_takes_tokens_away_and_erases_and_a_jira_erases_alone(tmp_path: Path) -> None:
    text = SMALL.replace("jira:\n    kind: jira", "bitbucket:\n    kind: bitbucket").replace("/jira", "/bitbucket")
    basic = text.replace("{bearer: {env: JIRA_TOKEN}}", "{username: tenure, password: {env: JIRA_TOKEN}}")
    leaver = "    leaver: {action: anonymize, revoke_tokens: true, anonymize: after 60d}\n"
    file = tmp_path / "bitbucket.yaml"
    file.write_text(basic + leaver)
    rules = load(file, environment=ENVIRONMENT).targets["bitbucket"].rules
    assert rules.leaver is Leaver.ANONYMIZE
    assert (rules.farewell.revoke_tokens, rules.farewell.anonymize) == (True, timedelta(days=60))
    refused = [one.path for one in problems(tmp_path, SMALL + leaver)]
    assert refused == ["targets.jira.leaver.revoke_tokens"]
    erasing = loaded(tmp_path, SMALL + "    leaver: {anonymize: after 60d}\n").targets["jira"].rules
    assert erasing.farewell.anonymize == timedelta(days=60)
    no = loaded(tmp_path, SMALL + "    leaver: {revoke_tokens: false}\n").targets["jira"].rules.farewell
    assert not no.revoke_tokens
