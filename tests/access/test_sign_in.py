"""OAuth clients and HTTP Basic at the door: made, shown, ended, and nothing else that ever opens it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.world import SECRETS

from tenure.app import Tenure
from tenure.model.access import Credential, CredentialKind
from tenure.model.secret import Secret
from tenure.scim.tokens import find, offered
from tenure.store.credentials import bearer, keep
from tenure.store.tokens import Known

from .conftest import OKTA, Place

GRANT = {"grant_type": "client_credentials"}
TOKEN = "/scim/okta/oauth2/token"
USERS = "/scim/okta/v2/Users"
CONFIG = "/scim/okta/v2/ServiceProviderConfig"


@asynccontextmanager
async def calling(tenure: Tenure, address: str = "192.0.2.1") -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=tenure.web, client=(address, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
        yield client


async def made(place: Place, kind: str, *more: str) -> dict[str, Any]:
    """What `tenure token add` prints for programs; known to a house that runs a few seconds later."""
    told: dict[str, Any] = await place.told("token", "add", "okta", "--kind", kind, *more)
    place.later(4.1)
    return told


def shown(told: dict[str, Any]) -> httpx2.BasicAuth:
    return httpx2.BasicAuth(told["client_id"], told["client_secret"])


async def access_token(client: httpx2.AsyncClient, told: dict[str, Any], status: int = 200) -> str:
    answer = await client.post(TOKEN, data=GRANT, auth=shown(told))
    assert answer.status_code == status, answer.text
    return str(answer.json().get("access_token", ""))


async def opens(client: httpx2.AsyncClient, token: str, path: str = USERS) -> int:
    return (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status_code


async def test_a_client_gets_a_token_that_opens_its_source_for_an_hour_in_every_process(place: Place) -> None:
    async with place.world.house() as tenure, place.world.house() as other:
        told = await made(place, "client")
        async with calling(tenure) as client, calling(other) as elsewhere:
            answer = await client.post(TOKEN, data=GRANT, auth=shown(told))
            body = answer.json()
            assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-type"] == "application/json"
            token = body["access_token"]
            assert await opens(client, token) == await opens(elsewhere, token) == 200
            assert await opens(client, token, "/scim/entra/v2/Users") == 401
            assert await opens(client, told["client_secret"]) == 401
            place.later(3598)
            assert await opens(client, token) == 200
            place.later(2)
            assert await opens(client, token) == await opens(elsewhere, token) == 401
            assert await opens(client, await access_token(client, told)) == 200
        kept = str(await tenure.database.rows("SELECT * FROM source_token"))
        kept += str(await tenure.database.rows("SELECT * FROM audit"))
    assert told["client_secret"] not in kept
    assert token not in kept


async def test_a_client_may_show_its_secret_in_the_body_and_its_estate_may_have_signs_in_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a+b/c%3D=:never guessed"
    monkeypatch.setitem(SECRETS, "CLIENT", secret)
    place.world.estate = (
        "sources:\n  okta: {kind: scim, client: {id: tenure, secret: [{env: OKTA}, {env: CLIENT}]}}\ntargets: {}\n"
    )
    async with place.world.house() as tenure, calling(tenure) as client:
        for one in (OKTA, secret):
            inside = {**GRANT, "client_id": "tenure", "client_secret": one}
            raw = httpx2.BasicAuth("tenure", one)
            encoded = httpx2.BasicAuth("tenure", str(httpx2.QueryParams({"x": one}))[2:])
            for more in ({"data": inside}, {"data": GRANT, "auth": raw}, {"data": GRANT, "auth": encoded}):
                answer = await client.post(TOKEN, **more)
                assert answer.status_code == 200, (one, more)
                assert await opens(client, answer.json()["access_token"]) == 200
        assert await opens(client, OKTA) == 401
    listed = await place.told("token", "list", "okta")
    assert [(t["name"], t["kind"], t["login"], t["origin"]) for t in listed] == [
        ("estate-1", "client", "tenure", "estate"),
        ("estate-2", "client", "tenure", "estate"),
    ]


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": {"scope": "x"}}, 400, "invalid_request"),
        ({"data": {"grant_type": ""}}, 400, "invalid_request"),
        ({"json": GRANT}, 400, "invalid_request"),
        ({"content": b"grant_type=client_credentials"}, 400, "invalid_request"),
        ({"data": {"grant_type": ["client_credentials", "client_credentials"]}}, 400, "invalid_request"),
        ({"data": GRANT, "params": {"client_secret": "x"}}, 400, "invalid_request"),
        ({"data": {**GRANT, "client_secret": "x"}}, 400, "invalid_request"),
        ({"data": {**GRANT, "client_id": "another"}}, 400, "invalid_request"),
        ({"data": GRANT, "auth": ("okta", "wrong")}, 401, "invalid_client"),
        ({"data": GRANT, "auth": None}, 401, "invalid_client"),
        ({"data": GRANT, "auth": None, "headers": {"Authorization": "Basic !!!"}}, 401, "invalid_client"),
        ({"data": GRANT, "auth": None, "headers": {"Authorization": f"Bearer {OKTA}"}}, 401, "invalid_client"),
        ({"content": b"x" * 20_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 413, None),
    ],
)
async def test_what_the_token_endpoint_refuses(
    place: Place, request_: dict[str, Any], status: int, error: str | None
) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:
        told = await made(place, "client")
        answer = await client.post(TOKEN, **{"auth": shown(told), **request_})
        assert (answer.status_code, answer.json()["error"]) == (status, error or "invalid_request")
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert told["client_secret"] not in answer.text
        assert (await client.get(TOKEN)).status_code == 405
        assert (await client.post("/scim/nobody/oauth2/token", data=GRANT, auth=shown(told))).status_code == 404
        assert (await client.post("/scim/entra/oauth2/token", data=GRANT, auth=shown(told))).status_code == 401


async def test_what_a_client_got_ends_with_the_client(place: Place) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:
        told = await made(place, "client", "--name", "blue", "--expires", "30m")
        answer = await client.post(TOKEN, data=GRANT, auth=shown(told))
        assert 1790 < answer.json()["expires_in"] <= 1800
        token = answer.json()["access_token"]
        assert await opens(client, token) == 200
        place.later(1800)
        assert await opens(client, token) == 401
        await access_token(client, told, 401)

        told = await made(place, "client", "--name", "green")
        token = await access_token(client, told)
        assert await opens(client, token) == 200
        await place.run("token", "revoke", "okta", "green")
        place.later(4.1)
        assert await opens(client, token) == 401
        await access_token(client, told, 401)


async def test_a_client_keeps_its_id_when_its_secret_is_changed(place: Place) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:
        old = await made(place, "client", "--name", "old")
        user = await made(place, "basic", "--name", "user")
        token = await access_token(client, old)
        new = await place.told("token", "rotate", "okta", "--kind", "client", "--overlap", "1h", "--name", "new")
        assert (new["others"], new["to_remove_in_estate"]) == (["old"], [])
        assert new["client_id"] == old["client_id"]
        place.later(4.1)
        assert await access_token(client, old)
        later = await access_token(client, new)
        place.later(3500)
        assert [await opens(client, one) for one in (token, later)] == [200, 200]
        place.later(95)
        assert [await opens(client, one) for one in (token, later)] == [401, 200]
        assert (await client.get(USERS, auth=(user["username"], user["password"]))).status_code == 200
        assert await opens(client, OKTA) == 200


async def test_a_client_that_two_sources_share_gets_tokens_for_each_alone(place: Place) -> None:
    one = "{kind: scim, client: {id: tenure, secret: {env: OKTA}}}"
    place.world.estate = f"sources:\n  okta: {one}\n  entra: {one}\ntargets: {{}}\n"
    async with place.world.house() as tenure, calling(tenure) as client:
        token = await access_token(client, {"client_id": "tenure", "client_secret": OKTA})
        assert await opens(client, token) == 200
        assert await opens(client, token, "/scim/entra/v2/Users") == 401


async def test_basic_opens_where_it_was_made_and_nowhere_else(place: Place) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:
        right = ("ci", OKTA)
        assert (await client.get(USERS, auth=right)).status_code == 401
        told = await made(place, "basic", "--login", "ci", "--name", "blue")
        right = ("ci", told["password"])
        assert told["username"] == "ci"
        assert (await client.get(USERS, auth=right)).status_code == 200
        assert (await client.get("/scim/okta/v1/Users", auth=right)).status_code == 200
        assert (await client.get(USERS, auth=("CI", told["password"]))).status_code == 401
        assert (await client.get(USERS, auth=("ci", told["password"] + "x"))).status_code == 401
        assert (await client.get("/scim/entra/v2/Users", auth=right)).status_code == 401
        assert await opens(client, told["password"]) == 401
        assert (await client.post(TOKEN, data=GRANT, auth=right)).status_code == 401
        client_ = await made(place, "client")
        assert (await client.get(USERS, auth=shown(client_))).status_code == 401
        await place.run("token", "revoke", "okta", "blue")
        place.later(4.1)
        assert (await client.get(USERS, auth=right)).status_code == 401


async def test_each_source_tells_what_it_accepts(place: Place) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:

        async def told() -> tuple[list[tuple[str, bool]], str]:
            found = await client.get(CONFIG, headers={"Authorization": f"Bearer {OKTA}"})
            schemes = found.json()["authenticationSchemes"]
            assert all(one["specUri"].startswith("https://") and one["description"] for one in schemes)
            challenge = (await client.get(USERS)).headers["www-authenticate"]
            return [(one["type"], one["primary"]) for one in schemes], challenge

        assert await told() == ([("oauthbearertoken", True)], "Bearer")
        await made(place, "client")
        assert await told() == ([("oauthbearertoken", True), ("oauth2", False)], "Bearer")
        await made(place, "basic")
        schemes, challenge = await told()
        assert schemes == [("oauthbearertoken", True), ("oauth2", False), ("httpbasic", False)]
        assert challenge == 'Bearer, Basic realm="Tenure", charset="UTF-8"'
        elsewhere = await client.get("/scim/entra/v2/Users")
        assert elsewhere.headers["www-authenticate"] == "Bearer"
    place.world.estate = "sources:\n  okta: {kind: scim, basic: {username: ci, password: {env: OKTA}}}\ntargets: {}\n"
    async with place.world.house() as tenure, calling(tenure) as client:
        for one in await place.told("token", "list", "okta"):
            await place.run("token", "revoke", "okta", one["name"])
        place.later(4.1)
        found = await client.get(CONFIG, auth=("ci", OKTA))
        assert [(s["type"], s["primary"]) for s in found.json()["authenticationSchemes"]] == [("httpbasic", True)]
        assert (await client.get(USERS)).headers["www-authenticate"] == 'Basic realm="Tenure", charset="UTF-8"'


async def test_a_token_in_the_address_is_refused_even_when_it_is_right(place: Place) -> None:
    async with place.world.house() as tenure, calling(tenure) as client:
        for headers in ({}, {"Authorization": f"Bearer {OKTA}"}):
            answer = await client.get(USERS, params={"count": "1", "Access_Token": OKTA}, headers=headers)
            assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
            assert OKTA not in answer.text
        asked = {"filter": 'userName eq "access_token=x"'}
        assert (await client.get(USERS, params=asked, headers=headers)).status_code == 200


async def test_an_access_token_that_is_changed_anywhere_does_not_open(place: Place) -> None:
    async with place.world.house() as tenure:
        told = await made(place, "client")
        async with calling(tenure) as client:
            token = await access_token(client, told)
        other = str.maketrans("abcdefghijklmnopqrstuvwxyz", "bcdefghijklmnopqrstuvwxyza")
        for place_in, letter in enumerate(token):
            garbled = token[:place_in] + (letter.translate(other).swapcase() if letter.isalpha() else "A")
            garbled += token[place_in + 1 :]
            async with calling(tenure, f"192.0.2.{place_in}") as client:
                assert await opens(client, garbled) == 401, place_in
        async with calling(tenure) as client:
            for wrong in (token[:-1], token + "A", token.upper(), f"{token} {token}", token.replace("tenure_at_", "")):
                assert await opens(client, wrong) == 401
            assert await opens(client, token) == 200


KNOWN = tuple(
    Known(1, one.kind, keep(one).digest, None)
    for one in (
        bearer("token-for-tests-only"),
        Credential(CredentialKind.CLIENT, Secret("secret-for-tests-only"), "client"),
        Credential(CredentialKind.BASIC, Secret("password-for-tests-only"), "user"),
    )
)


@given(
    st.one_of(
        st.text(),
        st.builds("{} {}".format, st.sampled_from(["Bearer", "basic", "BASIC", "Digest"]), st.text()),
        st.builds("Bearer tenure_at_{}".format, st.from_regex(r"[A-Za-z0-9_-]{119,121}", fullmatch=True)),
        st.builds("Basic {}".format, st.binary().map(lambda raw: base64.b64encode(raw).decode())),
    )
)
def test_no_other_header_finds_a_credential(header: str) -> None:
    offer = offered(header)
    assert offer is None or find(offer, KNOWN) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "okta", "--login", "ci"), "a bearer token has no --login"),
        (("add", "okta", "--kind", "basic", "--login", "a:b"), "no space and no colon"),
        (("rotate", "okta", "--kind", "client", "--login", ""), "no space and no colon"),
        (("add", "okta", "--kind", "password"), "is not one of"),
    ],
)
async def test_what_cannot_be_a_credential_is_said(place: Place, words: tuple[str, ...], says: str) -> None:
    async with place.world.house():
        done = await place.run("token", *words)
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())


async def test_what_people_see_of_a_client(place: Place) -> None:
    async with place.world.house():
        done = await place.run("token", "add", "okta", "--kind", "client", "--login", "tenure", "--name", "blue")
        login, secret = done.stdout.split()
        assert login == "tenure"
        assert "POST at /scim/okta/oauth2/token" in done.stderr
        assert secret not in done.stderr
        listed = (await place.run("token", "list", "okta")).stdout
    assert "okta\tblue\there\tOAuth client tenure\t" in listed
    assert secret not in listed
