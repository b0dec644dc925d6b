"""Limits of the door: each credential has its own, and an address that guesses is not heard for a while."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import httpx2
import pytest
from tests.estate.parts import ENVIRONMENT, SMALL, loaded, problems

from tenure.app import Tenure, running
from tenure.model.access import DEFAULT_LIMIT, RequestLimit
from tenure.store import tokens

from .conftest import BOTH, ENTRA, OKTA, Place

SLOW = BOTH.replace("heartbeat: 24h", "limit: {per_second: 0.5, burst: 3}")


async def ask(
    tenure: Tenure,
    authorization: str | None = f"Bearer {OKTA}",
    address: str = "192.0.2.1",
    path: str = "okta/v2/Users",
) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=tenure.web, client=(address, 4711))
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test", headers=headers) as client:
        return await client.get(f"/scim/{path}")


async def statuses(tenure: Tenure, count: int, *words: str | None, path: str = "okta/v2/Users") -> list[int]:
    return [(await ask(tenure, *words, path=path)).status_code for _ in range(count)]


async def test_a_credential_that_asks_too_often_is_told_when_to_come_again(place: Place) -> None:
    place.world.estate = SLOW
    async with place.world.house() as tenure:
        assert await statuses(tenure, 4) == [200, 200, 200, 429]
        refused = await ask(tenure)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
        assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert refused.json()["status"] == "429"
        assert await statuses(tenure, 4, f"Bearer {ENTRA}") == [200, 200, 200, 429]
        assert await statuses(tenure, 9, f"Bearer {ENTRA}", path="entra/v2/Users") == [200] * 9
        place.later(1.9)
        assert await statuses(tenure, 1) == [429]
        place.later(0.1)
        assert await statuses(tenure, 2) == [200, 429]
        place.later(3600)
        assert await statuses(tenure, 4) == [200, 200, 200, 429]


async def test_all_that_a_client_gets_is_one_credential(place: Place) -> None:
    place.world.estate = SLOW
    async with place.world.house() as tenure:
        told = await place.told("token", "add", "okta", "--kind", "client")
        place.later(4.1)
        transport = httpx2.ASGITransport(app=tenure.web)
        async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
            seen = []
            for _ in range(4):
                granted = await client.post(
                    "/scim/okta/oauth2/token",
                    data={"grant_type": "client_credentials"},
                    auth=(told["client_id"], told["client_secret"]),
                )
                seen.append(granted.status_code)
        assert seen == [200, 200, 200, 429]
        assert granted.headers["retry-after"] == "2"
        assert granted.json()["error"] == "temporarily_unavailable"
        assert await statuses(tenure, 1) == [200]


async def test_an_address_that_guesses_is_not_heard_and_others_are(place: Place) -> None:
    async with place.world.house() as tenure:
        password = await right_password(place)
        assert await statuses(tenure, 21, "Bearer guess") == [401] * 20 + [429]
        refused = await ask(tenure, password)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
        assert (await ask(tenure, password, "192.0.2.2")).status_code == 200
        assert (await ask(tenure, f"Bearer {ENTRA}", path="entra/v2/Users")).status_code == 200
        place.later(3)
        assert await statuses(tenure, 1, password) == [200]
        assert await statuses(tenure, 2, "Basic Z3Vlc3M6Z3Vlc3M=") == [401, 429]
        place.later(3600)
        assert await statuses(tenure, 21, "Bearer guess") == [401] * 20 + [429]


async def test_a_right_token_is_heard_from_an_address_that_guesses(place: Place) -> None:
    async with place.world.house() as tenure:
        assert await statuses(tenure, 21, "Bearer guess") == [401] * 20 + [429]
        assert await statuses(tenure, 2) == [200, 200]


async def right_password(place: Place) -> str:
    told = await place.told("token", "add", "okta", "--kind", "basic", "--login", "agent")
    place.later(4.1)
    return "Basic " + base64.b64encode(f"agent:{told['password']}".encode()).decode()


async def test_what_guesses_nothing_does_not_count(place: Place) -> None:
    async with place.world.house() as tenure:
        ended = (await place.told("token", "add", "okta", "--expires", "1s"))["token"]
        place.later(5)
        assert await statuses(tenure, 30, None) == [401] * 30
        assert await statuses(tenure, 30, f"Bearer {ended}") == [401] * 30
        assert await statuses(tenure, 1) == [200]
        assert await statuses(tenure, 20, "Bearer guess") == [401] * 20
        assert await statuses(tenure, 1, None) == [401]


async def test_an_address_of_ipv6_is_its_first_half(place: Place) -> None:
    async with place.world.house() as tenure:
        password = await right_password(place)
        for number in range(20):
            assert (await ask(tenure, "Bearer guess", f"2001:db8::{number:x}")).status_code == 401
        assert (await ask(tenure, password, "2001:db8::ffff:1")).status_code == 429
        assert (await ask(tenure, password, "2001:db8:0:1::1")).status_code == 200
        for number in range(20):
            address = "198.51.100.7" if number % 2 else "::ffff:198.51.100.7"
            assert (await ask(tenure, "Bearer guess", address)).status_code == 401
        assert (await ask(tenure, password, "198.51.100.7")).status_code == 429
        assert (await ask(tenure, password, "::ffff:198.51.100.8")).status_code == 200


async def test_so_many_addresses_are_remembered_and_no_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.scim.limits.MOST_KEPT", 3)
    async with place.world.house() as tenure:
        password = await right_password(place)
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            assert await statuses(tenure, 21, "Bearer guess", address) == [401] * 20 + [429]
        assert (await ask(tenure, "Bearer guess", "192.0.2.4")).status_code == 401
        again = [(await ask(tenure, password, f"192.0.2.{n}")).status_code for n in (1, 2, 3, 4)]
        assert again == [200, 429, 429, 200]


async def test_both_limits_are_counted_and_told(place: Place) -> None:
    query = "SELECT facts FROM audit WHERE action = 'source.refused'"
    async with place.world.house() as tenure, running(tenure):
        await statuses(tenure, 22, "Bearer guess")
        transport = httpx2.ASGITransport(app=tenure.web)
        async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
            told = (await client.get("/metrics")).text
            assert 'tenure_scim_failed_sign_ins_total{source="okta"} 20.0' in told
            assert 'tenure_scim_too_many_requests_total{source="okta"} 2.0' in told
        for _ in range(60):
            if found := await tenure.database.rows(query):
                break
            await asyncio.sleep(0.1)
        assert found[0]["facts"]["attempts"] == {"wrong": 20, "not heard": 2}


async def test_counting_asks_the_database_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place.world.house() as tenure:
        told = await place.told("token", "add", "okta", "--kind", "client")
        place.later(4.1)
        asked: list[object] = []
        real = tokens.known
        monkeypatch.setattr(tokens, "known", lambda connection: (asked.append(1), real(connection))[1])
        transport = httpx2.ASGITransport(app=tenure.web)
        async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
            answer = await client.post(
                "/scim/okta/oauth2/token",
                data={"grant_type": "client_credentials"},
                auth=(told["client_id"], told["client_secret"]),
            )
        before = await tenure.database.rows("SELECT * FROM source_token")
        access = answer.json()["access_token"]
        assert await statuses(tenure, 20, f"Bearer {access}") == [200] * 20
        assert len(asked) == 1
        assert await tenure.database.rows("SELECT * FROM source_token") == before


def test_a_limit_and_credentials_of_each_kind_in_an_estate(tmp_path: Path) -> None:
    assert loaded(tmp_path, SMALL).sources["okta"].limit == DEFAULT_LIMIT
    text = SMALL.replace(
        "token: {env: OKTA_SCIM_TOKEN}",
        "client: {id: tenure, secret: {env: OKTA_SCIM_TOKEN}}, basic: {username: ci, password: [{env: SHORT}]}, "
        "limit: {per_second: 2.5, burst: 7}",
    )
    estate = loaded(tmp_path, text, environment={**ENVIRONMENT, "SHORT": "hunter2"})
    okta = estate.sources["okta"]
    assert okta.limit == RequestLimit(2.5, 7)
    assert okta.tokens == ()
    assert [(one.kind, one.login) for one in okta.credentials] == [("client", "tenure"), ("basic", "ci")]
    (warning,) = estate.warnings
    assert (warning.path, "the password has fewer than 16" in str(warning)) == ("sources.okta.basic.password", True)
    assert "hunter2" not in repr(estate)


@pytest.mark.parametrize(
    ("more", "path", "says"),
    [
        ("limit: {per_second: 0}", "sources.okta.limit.per_second", "above 0"),
        ("limit: {burst: 0}", "sources.okta.limit.burst", "at least 1"),
        ("limit: 5", "sources.okta.limit", "is not a mapping"),
        ("limit: {brust: 5}", "sources.okta.limit.brust", "did you mean burst?"),
        ("client: {id: a}", "sources.okta.client.secret", "this key is missing"),
        ("client: {id: a, secret: []}", "sources.okta.client.secret", "there is no secret"),
        ("client: {id: 'a b', secret: {env: A}}", "sources.okta.client.id", "no space and no colon"),
        ("client: {id: a, secret: hunter2}", "sources.okta.client.secret", "does not stand in the estate itself"),
        ("client: [x]", "sources.okta.client", "is not a mapping"),
        ("basic: {username: 'a:b', password: {env: A}}", "sources.okta.basic.username", "no space and no colon"),
        ("basic: {username: a, password: {env: BROKEN}}", "sources.okta.basic.password", "do not print"),
    ],
)
def test_what_is_wrong_in_an_estate_is_named(tmp_path: Path, more: str, path: str, says: str) -> None:
    text = SMALL.replace("token: {env: OKTA_SCIM_TOKEN}", f"token: {{env: OKTA_SCIM_TOKEN}}, {more}")
    (problem,) = problems(tmp_path, text, environment={**ENVIRONMENT, "A": "a" * 20, "BROKEN": "hunter2\nhunter2-"})
    assert problem.path == path
    assert says in str(problem)
    assert "hunter2" not in repr(problem)
