"""The door itself: who may knock, which path leads where, and that every answer is SCIM."""

from __future__ import annotations

import pytest

from tenure.model.access import CredentialKind
from tenure.scim import call
from tenure.scim.tokens import find, offered
from tenure.store.credentials import hash_token
from tenure.store.tokens import Known

from .conftest import Provider

ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]
ROOT = "http://tenure.test/scim"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nope", "Basic dG9r", "nope", "Bearer tok2", "\xff"])
async def test_a_wrong_token_is_refused_on_every_path(provider: Provider, header: str | None) -> None:
    for path in ("/Users", "/nonsense", "/ServiceProviderConfig", ""):
        headers = {"Authorization": header.encode("latin-1") if header else b""}
        answer = await provider.client.get(path, headers=headers)
        assert answer.status_code == 401
        offered = bool(header)  # one word is taken for a token without its scheme
        assert answer.headers["www-authenticate"] == ('Bearer error="invalid_token"' if offered else "Bearer")
        assert answer.json()["schemas"] == ERROR
        assert answer.json()["status"] == "401"
        assert answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer tok", "bearer tok", "BEARER  tok ", "tok", "Bearer old"])
async def test_a_right_token_is_taken_in_any_form(provider: Provider, header: str) -> None:
    answer = await provider.client.get("/Users", headers={"Authorization": header})
    assert answer.status_code == 200


def test_every_hash_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("tenure.scim.tokens.hmac.compare_digest", compare)
    known = [Known(1, CredentialKind.TOKEN, hash_token(token), None) for token in ("a", "b", "c")]
    for token, found in (("a", known[0]), ("c", known[2]), ("d", None)):
        compared.clear()
        offer = offered(f"Bearer {token}")
        assert offer is not None
        assert find(offer, known) is found
        assert compared == [one.hash for one in known]
    assert find(offer, []) is None


async def test_a_token_of_another_source_does_not_open(provider: Provider) -> None:
    for token, status in (("other", 401), ("tok", 200)):
        answer = await provider.client.get("/Users", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    answer = await provider.client.get(f"{ROOT}/entra/v2/Users", headers={"Authorization": "Bearer other"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/okta/v2/users", 200),
        ("GET", "/okta/v2/Users/", 200),
        ("GET", "/okta/v2//Users", 200),
        ("GET", "/okta/v2/Groups/?startIndex=1&count=100", 200),
        ("HEAD", "/okta/v2/Users", 200),
        ("GET", "/okta/v2/Users?aadOptscim062020", 200),
        ("GET", "/nobody/v2/Users", 404),
        ("GET", "/okta/v2", 404),
        ("GET", "/okta", 404),
        ("GET", "/okta/v3/Users", 404),
        ("GET", "/okta/v2/Nonsense", 404),
        ("GET", "/okta/v2/Users/a/b", 404),
        ("GET", "/okta/v2/Users/00919288221112222", 404),
        ("GET", "/okta/v2/Users/..%2F", 404),
        ("GET", "/okta/v2/Users/%00", 404),
        ("GET", "/okta/v2/ServiceProviderConfig/x", 404),
        ("PUT", "/okta/v2/Users", 405),
        ("POST", "/okta/v2/Schemas", 405),
        ("POST", "/okta/v2/Users/1", 405),
        ("OPTIONS", "/okta/v2/Users", 405),
    ],
)
async def test_paths(provider: Provider, method: str, path: str, status: int) -> None:
    answer = await provider.client.request(method, ROOT + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/scim+json"
    if status >= 400:
        assert answer.json()["schemas"] == ERROR
        assert answer.json()["status"] == str(status)
    if status == 405:
        assert "GET" in answer.headers["allow"] or "PUT" in answer.headers["allow"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"userName": "\\ud800"}', b"null"])
async def test_bodies_that_cannot_be_read(provider: Provider, body: bytes) -> None:
    for method, path in (("POST", "/Users"), ("POST", "/Groups"), ("PATCH", "/Users/x")):
        answer = await provider.client.request(method, path, content=body)
        assert answer.status_code in (400, 404)
        if method == "POST":
            assert answer.json()["scimType"] == "invalidSyntax"


async def test_any_content_type_is_taken(provider: Provider) -> None:
    for number, kind in enumerate(("application/scim+json; charset=utf-8", "application/json", "text/plain", "")):
        answer = await provider.client.post(
            "/Users", content=b'{"userName": "u%d"}' % number, headers={"Content-Type": kind, "Accept": "text/html"}
        )
        assert answer.status_code == 201


async def test_a_body_that_is_too_long_is_refused(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "LONGEST_BODY", 1000)

    async def pieces():  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield b" " * 500

    for content in (b" " * 1001, pieces()):
        answer = await provider.client.post("/Users", content=content)
        assert answer.status_code == 413
        assert "1000" in answer.json()["detail"]


async def test_an_unforeseen_failure_is_told_as_scim_without_details(provider: Provider) -> None:
    provider.run("ALTER TABLE identity RENAME COLUMN doc TO elsewhere")
    try:
        answer = await provider.client.get("/Users")
    finally:
        provider.run("ALTER TABLE identity RENAME COLUMN elsewhere TO doc")
    assert answer.status_code == 500
    assert answer.json()["schemas"] == ERROR
    assert "elsewhere" not in answer.text


async def test_discovery(provider: Provider) -> None:
    config = await provider.ask("GET", "/ServiceProviderConfig", status=200)
    assert {"patch", "bulk", "filter", "changePassword", "sort", "etag", "authenticationSchemes"} <= config.keys()
    assert config["bulk"].keys() == {"supported", "maxOperations", "maxPayloadSize"}
    types = await provider.ask("GET", "/ResourceTypes", status=200)
    schemas = await provider.ask("GET", "/Schemas", status=200)
    assert types["totalResults"] == 2
    urns = {s["id"] for s in schemas["Resources"]}
    for kind in types["Resources"]:
        assert {kind["schema"], *(e["schema"] for e in kind["schemaExtensions"])} <= urns
        assert await provider.ask("GET", f"/ResourceTypes/{kind['name']}", status=200) == kind
    for schema in schemas["Resources"]:
        assert await provider.ask("GET", f"/Schemas/{schema['id']}", status=200) == schema
        assert "null" not in str(schema)
    told = {a["name"]: a for schema in schemas["Resources"] for a in schema["attributes"]}
    assert (told["password"]["mutability"], told["password"]["returned"]) == ("writeOnly", "never")
    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
        await provider.ask("GET", f"{path}?filter=id pr", status=403)
    await provider.ask("GET", "/Schemas/urn:nothing", status=404)


async def test_location_follows_the_host_or_the_configured_address(provider: Provider) -> None:
    made = await provider.user("a")
    found = await provider.client.get(f"/Users/{made['id']}", headers={"Host": "other.test:8443"})
    assert found.json()["meta"]["location"] == f"http://other.test:8443/scim/okta/v2/Users/{made['id']}"
    found = await provider.client.get(f"/Users/{made['id']}", headers={"Host": 'evil"<x>'})
    assert found.json()["meta"]["location"].startswith("http://localhost/scim/")


async def test_a_line_break_in_the_address_is_answered_as_scim_too(provider: Provider) -> None:
    for path in ("/Users/%0A0", "/Users/a%0D%0A", "/%0A"):
        answer = await provider.ask("GET", path, status=404)
        assert answer["schemas"] == ERROR
