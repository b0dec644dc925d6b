"""Schema extensions that the estate declares: served, validated, kept, shown, filtered, sorted and patched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenure.model.extension import Extension, ExtensionAttribute

from .conftest import ENTERPRISE, USER, Provider

ACME = "urn:example:params:scim:schemas:extension:acme:2.0:User"
OTHER = "urn:example:params:scim:schemas:extension:other:1.0:User"
DECLARED = (
    Extension(
        ACME,
        (
            ExtensionAttribute("costCenterCode", "string"),
            ExtensionAttribute("badge", "string", multi_valued=True, case_exact=True),
            ExtensionAttribute("hiredOn", "dateTime"),
            ExtensionAttribute("grade", "integer"),
            ExtensionAttribute("share", "decimal"),
            ExtensionAttribute("contractor", "boolean"),
            ExtensionAttribute("scores", "integer", multi_valued=True),
        ),
    ),
    Extension(
        OTHER, (ExtensionAttribute("costCenterCode", "string"), ExtensionAttribute("key", "string", required=True))
    ),
)


@pytest.fixture(autouse=True)
def declared(provider: Provider) -> None:
    provider.sources["okta"] = replace(provider.sources["okta"], extensions=DECLARED)


async def has(provider: Provider, name: str, **values: Any) -> str:
    made = await provider.user(name, **{ACME: values})
    return str(made["id"])


async def names(provider: Provider, filter: str) -> list[str]:
    return sorted(one["userName"] for one in (await provider.found(filter))["Resources"])


async def test_the_schemas_are_served_to_the_source_that_declares_them(provider: Provider) -> None:
    schema = await provider.ask("GET", f"/Schemas/{ACME}", status=200)
    shown = {one["name"]: one for one in schema["attributes"]}
    assert shown["badge"] | {"multiValued": True, "caseExact": True, "type": "string"} == shown["badge"]
    assert shown["grade"]["type"] == "integer"
    assert (await provider.ask("GET", "/Schemas"))["totalResults"] == 5
    user = await provider.ask("GET", "/ResourceTypes/User")
    assert [one["schema"] for one in user["schemaExtensions"]] == [ENTERPRISE, ACME, OTHER]
    elsewhere = {"Authorization": "Bearer other"}
    base = "http://tenure.test/scim/entra/v2"
    assert (await provider.ask("GET", f"{base}/Schemas", headers=elsewhere, status=200))["totalResults"] == 3
    await provider.ask("GET", f"{base}/Schemas/{ACME}", headers=elsewhere, status=404)


async def test_values_are_kept_and_shown_and_what_is_not_declared_is_left_out(provider: Provider) -> None:
    said = {"costCenterCode": "K7", "badge": ["a", "A"], "grade": 3, "share": 0.5, "contractor": True, "colour": "red"}
    made = await provider.user("amy", **{ACME: said | {"hiredOn": "2026-01-31T09:00:00+01:00"}})
    assert made["schemas"] == [USER, ACME]
    del said["colour"]
    assert made[ACME] == said | {"hiredOn": "2026-01-31T08:00:00.000000Z"}
    read = await provider.ask("GET", f"/Users/{made['id']}", params={"attributes": f"{ACME}:grade"})
    assert read[ACME] == {"grade": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": "high"}, {"grade": 1.5}, {"grade": True}, {"grade": 10**30}, {"grade": [1, 2]}, {"share": "1/2"},
        {"share": {}}, {"hiredOn": "yesterday"}, {"hiredOn": 2026}, {"hiredOn": "2026-13-01T00:00:00Z"},
        {"contractor": "perhaps"}, {"costCenterCode": {"a": 1}}, {"badge": [{"value": 1}, 7]},
    ],
)  # fmt: skip
async def test_a_value_of_another_type_is_refused(provider: Provider, wrong: dict[str, Any]) -> None:
    answer = await provider.ask("POST", "/Users", {"userName": "amy", ACME: wrong}, 400)
    assert answer["scimType"] == "invalidValue"
    assert next(iter(wrong)) in answer["detail"]


async def test_what_is_required_is_required_of_whoever_has_the_extension(provider: Provider) -> None:
    await provider.user("without")
    answer = await provider.ask("POST", "/Users", {"userName": "amy", OTHER: {"costCenterCode": "1"}}, 400)
    assert f"{OTHER}:key" in answer["detail"]
    made = await provider.user("amy", **{OTHER: {"costCenterCode": "1", "key": "k"}})
    path = f"/Users/{made['id']}"
    await provider.patch(path, {"op": "remove", "path": f"{OTHER}:key"}, status=400)
    shown = await provider.patch(path, {"op": "remove", "path": OTHER}, status=200)
    assert OTHER not in shown


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ('costCenterCode eq "k7"', ["amy"]),
        ('costCenterCode sw "K"', ["amy", "bob"]),
        ('badge eq "a1"', ["amy"]),
        ('badge eq "A1"', []),
        ('badge ne "a1"', ["amy", "bob", "cyd"]),
        ('badge sw "b"', ["amy", "bob"]),
        ("badge pr", ["amy", "bob"]),
        ("not (badge pr)", ["cyd"]),
        ("grade eq 9", ["amy"]),
        ("grade eq 9.0", ["amy"]),
        ("grade gt 9", ["bob"]),
        ("grade ge 9 and grade lt 10", ["amy"]),
        ("grade ne 9", ["bob", "cyd"]),
        ("grade pr", ["amy", "bob"]),
        ("grade eq null", ["cyd"]),
        ("share lt 0.75", ["amy"]),
        ("share eq 0.10", ["amy"]),
        ("scores gt 8", ["amy"]),
        ("scores eq 7", ["amy", "bob"]),
        ("contractor eq true", ["bob"]),
        ('hiredOn eq "2026-01-31T09:00:00+01:00"', ["amy"]),
        ('hiredOn gt "2026-01-31T08:00:00Z"', ["bob"]),
        ('hiredOn le "2026-01-31T08:00:00.4Z"', ["amy"]),
    ],
)
async def test_filters_compare_as_the_declared_types_do(provider: Provider, filter: str, expected: list[str]) -> None:
    await has(
        provider, "amy", costCenterCode="K7", badge=["a1", "b1"], grade=9, share=0.1, scores=[7, 10],
        hiredOn="2026-01-31T08:00:00Z",
    )  # fmt: skip
    await has(
        provider, "bob", costCenterCode="K70", badge=["b2"], grade=10, share=0.75, scores=[7], contractor=True,
        hiredOn="2026-01-31T08:00:00.5Z",
    )  # fmt: skip
    await provider.user("cyd")
    name = filter.removeprefix("not (").partition(" ")[0]
    qualified = filter.replace(name, f"{ACME}:{name}")
    assert await names(provider, qualified) == expected


@pytest.mark.parametrize(
    "filter", ["grade co 1", 'grade eq "x"', "share eq true", 'hiredOn sw "2026"', 'badge[x eq "1"]']
)
async def test_a_filter_that_does_not_fit_the_type_is_refused(provider: Provider, filter: str) -> None:
    answer = await provider.found(f"{ACME}:{filter}", status=400)
    assert answer["scimType"] == "invalidFilter"


async def test_numbers_are_sorted_as_numbers_also_beside_a_cursor(provider: Provider) -> None:
    for grade in (10, 9, 100, -1):
        await has(provider, f"g{grade}", grade=grade)
    await provider.user("none")
    asked = {"sortBy": f"{ACME}:grade", "count": "2"}
    found, cursor = [], ""
    while cursor is not None:
        page = await provider.ask("GET", "/Users", params={**asked, "cursor": cursor}, status=200)
        found += [one["userName"] for one in page["Resources"]]
        cursor = page.get("nextCursor")
    assert found == ["g-1", "g9", "g10", "g100", "none"]


async def test_patch_by_a_path_with_the_urn(provider: Provider) -> None:
    one = f"/Users/{await has(provider, 'amy', badge=['a', 'b'], grade=1)}"
    changed = await provider.patch(
        one,
        {"op": "replace", "path": f"{ACME}:grade", "value": "2"},
        {"op": "add", "path": f"{ACME}:badge", "value": ["c", "a"]},
        {"op": "remove", "path": f"{ACME}:badge", "value": ["b"]},
        {"op": "add", "value": {f"{ACME}:costCenterCode": "K1", OTHER: {"key": "k"}}},
        status=200,
    )
    assert changed[ACME] == {"badge": ["a", "c"], "grade": 2, "costCenterCode": "K1"}
    assert changed[OTHER] == {"key": "k"}
    await provider.patch(one, {"op": "replace", "path": f"{ACME}:grade", "value": "x"}, status=400)
    gone = await provider.patch(one, {"op": "remove", "path": ACME}, status=200)
    assert ACME not in gone
    assert gone["schemas"] == [USER, OTHER]


async def test_patch_by_a_filter_on_plain_values(provider: Provider) -> None:
    one = f"/Users/{await has(provider, 'amy', badge=['a', 'b', 'B'], scores=[1, 5, 9])}"

    async def after(verb: str, path: str, value: Any = None) -> Any:
        operation = {"op": verb, "path": f"{ACME}:{path}"} | ({} if value is None else {"value": value})
        return (await provider.patch(one, operation, status=200))[ACME]

    assert (await after("replace", 'badge[value eq "b"]', "x"))["badge"] == ["a", "x", "B"]
    assert (await after("remove", 'badge[value sw "B" or value eq "x"]'))["badge"] == ["a"]
    assert (await after("add", 'badge[value eq "n"]', "n"))["badge"] == ["a", "n"]
    assert (await after("remove", "scores[value ge 5]"))["scores"] == [1]
    assert (await after("replace", "scores[value eq 1]", 7))["scores"] == [7]
    assert "scores" not in await after("remove", "scores[value eq 7.0]")
    for path in ('badge[type eq "a"]', "scores[value co 5]", 'scores[value eq "x"]', 'costCenterCode[value eq "a"]'):
        await after("replace", "scores", [5])
        operation = {"op": "replace", "path": f"{ACME}:{path}", "value": 1 if path.startswith("scores") else "x"}
        refused = await provider.patch(one, operation, status=400)
        assert refused["scimType"] == "invalidPath", path


async def test_attributes_that_share_a_name_are_told_apart_by_their_urns(provider: Provider) -> None:
    both = {ACME: {"costCenterCode": "a"}, OTHER: {"costCenterCode": "b", "key": "k"}}
    made = await provider.user("amy", **both)
    assert {urn: made[urn] for urn in both} == both
    assert await names(provider, f'{OTHER}:costCenterCode eq "b"') == ["amy"]
    assert await names(provider, f'{ACME}:costCenterCode eq "b"') == []


async def test_what_was_kept_under_another_type_is_no_number(provider: Provider) -> None:
    await has(provider, "amy", costCenterCode="12x")
    changed = Extension(ACME, (ExtensionAttribute("costCenterCode", "integer"),))
    provider.sources["okta"] = replace(provider.sources["okta"], extensions=(changed,))
    assert await names(provider, f"{ACME}:costCenterCode gt 1") == []
    page = await provider.ask("GET", "/Users", params={"sortBy": f"{ACME}:costCenterCode"}, status=200)
    assert page["totalResults"] == 1
