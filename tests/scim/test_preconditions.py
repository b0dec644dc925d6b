"""Entity tags: what has not changed is not sent again, and a change of what has changed meanwhile is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import Provider, join, leave, people

ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]
TITLE = {"Operations": [{"op": "replace", "path": "title", "value": "new"}]}
RENAME = {"op": "replace", "path": "displayName", "value": "new"}


async def resource(provider: Provider, kind: str) -> tuple[str, str]:
    """The path and the version of a person, or of a group with one member."""
    person = await provider.user()
    made = person if kind == "Users" else await provider.group("g", person["id"])
    return f"/{kind}/{made['id']}", made["meta"]["version"]


def following(version: str) -> str:
    return f'W/"{int(version[3:-1]) + 1}"'


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Groups?excludedAttributes=members"])
async def test_what_the_caller_has_is_not_sent_again(provider: Provider, path: str) -> None:
    kind, _, parameters = path[1:].partition("?")
    one, version = await resource(provider, kind)
    strong, other = version.removeprefix("W/"), following(version)
    for method in ("GET", "HEAD"):
        for tags, status in (
            (version, 304), (strong, 304), (f"{other}, {version}", 304), ("*", 304),
            (other, 200), ("nonsense", 200), ("", 200), (f"{other},", 200),
        ):  # fmt: skip
            answer = await provider.client.request(method, f"{one}?{parameters}", headers={"If-None-Match": tags})
            assert (answer.status_code, answer.headers["etag"]) == (status, version), (method, tags)
            assert bool(answer.content) == (status == 200 and method == "GET")


@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_change_is_made_only_to_the_version_that_is_named(provider: Provider, kind: str, method: str) -> None:
    path, version = await resource(provider, kind)
    body: Any = await provider.ask("GET", path)
    if method == "PUT":
        body = {**body, "displayName": "new"}
    elif method == "PATCH":
        body = TITLE if kind == "Users" else {"Operations": [RENAME]}
    else:
        body = None
    entries = provider.audit()
    provider.forget_marks()
    answer = await provider.client.request(method, path, json=body, headers={"If-Match": following(version)})
    assert (answer.status_code, answer.headers["etag"]) == (412, version)
    assert (answer.json()["schemas"], answer.json()["status"]) == (ERROR, "412")
    assert version in answer.json()["detail"]
    assert (provider.audit(), provider.marks()) == (entries, {})
    for tags in ("nonsense", "3", 'W/"3', '"3" "4"', "", "W/*", "*, *"):
        error = await provider.ask(method, path, body, 400, headers={"If-Match": tags})
        assert (error["scimType"], "If-Match" in error["detail"]) == ("invalidValue", True)
    named = f'"nothing", {version.removeprefix("W/")}'
    answer = await provider.client.request(method, path, json=body, headers={"If-Match": named})
    assert answer.status_code in (200, 204)
    if method != "DELETE":
        assert (await provider.ask("GET", path))["meta"]["version"] == following(version)
        assert (await provider.client.request(method, path, json=body, headers={"If-Match": "*"})).status_code < 300
    else:
        await provider.ask(method, path, None, 404, headers={"If-Match": "*"})


@pytest.mark.parametrize("of", ["title", "members", "name"])
async def test_of_many_changes_of_one_version_exactly_one_is_made(provider: Provider, of: str) -> None:
    ids = await people(provider, 12)
    path, version = await resource(provider, "Users" if of == "title" else "Groups")
    bodies = {
        "title": [{"Operations": [{"op": "replace", "path": "title", "value": one}]} for one in ids],
        "members": [{"Operations": [join(one)]} for one in ids],
        "name": [{"Operations": [{"op": "replace", "path": "displayName", "value": one}]} for one in ids],
    }[of]
    for _ in range(3):
        sent = [provider.client.patch(path, json=body, headers={"If-Match": version}) for body in bodies]
        answers = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert sorted(set(answers), key=answers.count) == [200 if of == "title" else 204, 412], answers
        assert answers.count(412) == len(bodies) - 1
        found = await provider.ask("GET", path)
        assert found["meta"]["version"] == following(version)
        version = found["meta"]["version"]
        bodies = [body for body, status in zip(bodies, answers, strict=True) if status == 412]


async def test_changes_without_a_condition_do_not_slip_in_between(provider: Provider) -> None:
    ids = await people(provider, 16)
    group = await provider.group()
    path = f"/Groups/{group['id']}"

    async def careful(one: str) -> None:
        """Adds somebody, and reads again for as long as somebody else was faster."""
        for _ in range(100):
            version = (await provider.client.get(path)).headers["etag"]
            body = {"Operations": [join(one)]}
            answer = await provider.client.patch(path, json=body, headers={"If-Match": version})
            if answer.status_code == 204:
                return
            assert answer.status_code == 412
        raise AssertionError("never came through")

    plain = [provider.patch(path, join(one), status=204) for one in ids[4:]]
    await asyncio.gather(*(careful(one) for one in ids[:4]), *plain)
    assert await provider.members(group["id"]) == sorted(ids)
    assert (await provider.ask("GET", path))["meta"]["version"] == f'W/"{int(group["meta"]["version"][3:-1]) + 16}"'


async def test_a_change_of_members_that_changes_nothing_keeps_the_version(provider: Provider) -> None:
    one, other = await people(provider, 2)
    group = await provider.group("g", one)
    path, version = f"/Groups/{group['id']}", group["meta"]["version"]
    for headers in ({}, {"If-Match": version}):
        for operation in (join(one), leave(other)):
            await provider.ask("PATCH", path, {"Operations": [operation]}, 204, headers=headers)
            assert (await provider.client.get(path)).headers["etag"] == version


async def test_a_tag_is_told_with_every_resource(provider: Provider) -> None:
    for path, body in (("/Users", {"userName": "u"}), ("/Groups", {"displayName": "g"})):
        made = await provider.client.post(path, json=body)
        one = f"{path}/{made.json()['id']}"
        answers = [made, await provider.client.get(one), await provider.client.put(one, json={**body, "x": 1})]
        answers.append(await provider.client.patch(f"{one}?attributes=id", json={"Operations": []}))
        for answer in answers:
            assert answer.headers["etag"] == made.json()["meta"]["version"]
    assert (await provider.ask("GET", "/ServiceProviderConfig"))["etag"] == {"supported": True}
