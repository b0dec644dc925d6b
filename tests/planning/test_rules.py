"""The rules of a target that are small programs: names of on-the-fly groups, and what is protected."""

from __future__ import annotations

import pytest

from tenure.planning.rules import OnTheFly, Protected


@pytest.mark.parametrize(
    ("rule", "group", "name"),
    [
        (OnTheFly(), "Dev users", "Dev users"),
        (OnTheFly(excluding="^tmp-"), "tmp-x", None),
        (OnTheFly(match="^app-(.*)-(r[wo])$", name="$2_$1"), "app-crm-rw", "rw_crm"),
        (OnTheFly(match="^app-"), "hr", None),
        (OnTheFly(match="a(b)?", name="$1"), "a", None),
        (OnTheFly(match="^(.*)-x$", name="[$1]"), "$0-x", "[$0]"),
        (OnTheFly(match="^(.*):(.*)$", name="$1/$2"), "$2:b", "$2/b"),
        (OnTheFly(name="$0-$0"), "Ä b", "Ä b-Ä b"),
    ],
)
def test_the_name_of_a_group_made_on_the_fly(rule: OnTheFly, group: str, name: str | None) -> None:
    assert rule.name_for(group) == name


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("admin", "ADMIN", True),
        ("admin", "admin2", False),
        ("svc-*", "svc-", True),
        ("svc-*", "a-svc-x", False),
        ("*-svc", "x-svc", True),
        ("a*b*c", "a-c-b-c", True),
        ("a*b*c", "acb", False),
        ("a*a", "a", False),
        ("*", "anything", True),
        ("team[1]", "team[1]", True),
        ("team[1]", "team1", False),
        ("wh?", "who", False),
        ("wh?", "wh?", True),
        ("Ä*", "ä-x", True),
    ],
)
def test_what_a_pattern_protects(pattern: str, name: str, covered: bool) -> None:
    assert Protected((pattern,)).covers(name) is covered
