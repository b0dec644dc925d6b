"""What leaves the house: only listed operations, only what the mode allows, encoded and without secrets in view."""

from __future__ import annotations

import logging
from urllib.parse import quote

import httpx2
import pydantic
import pytest
import structlog

from tenure.model.capability import Mode
from tenure.model.change import ChangeKind
from tenure.model.error import NotAllowed, Rejected, TargetError, Unauthorized
from tenure.model.secret import Secret
from tenure.wire import Bearer, Exchange, Operation

from .parts import CLOSE, LIST, MAKE, PASSWORD, READ, UNLISTED, client


class Seen:
    """A network that answers everything with an empty document and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, json={})


ALLOWED = {
    Mode.OBSERVE: set(),
    Mode.CREATE_ONLY: {MAKE},
    Mode.NO_REMOVAL: {MAKE},
    Mode.FULL: {MAKE, CLOSE},
}


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("operation", [MAKE, CLOSE, LIST, READ], ids=str)
async def test_a_mode_lets_out_its_kinds_and_every_read(mode: Mode, operation: Operation) -> None:
    network = Seen()
    out = client(network, mode=mode)
    path = {"name": "x"} if "{" in operation.template else None
    if operation.writes and operation not in ALLOWED[mode]:
        with pytest.raises(NotAllowed):
            await out.send(operation, path=path)
        assert network.requests == []
    else:
        await out.send(operation, path=path)
        assert len(network.requests) == 1


async def test_what_the_connector_did_not_list_stays_here() -> None:
    network = Seen()
    with pytest.raises(NotAllowed):
        await client(network).send(UNLISTED)
    assert network.requests == []


def test_a_write_cannot_pose_as_a_read() -> None:
    with pytest.raises(ValueError, match="GET or HEAD"):
        Operation(None, "POST", "/x")
    with pytest.raises(ValueError, match="GET or HEAD"):
        Operation(ChangeKind.CREATE_ACCOUNT, "GET", "/x")


ODD = [
    "a@b+c",
    "sla/sh",
    "back\\slash",
    "two words",
    "O'Brien, J",
    "%2F",
    "100%",
    "#1?",
    "😀",
    "e\u0301",
    "é",
    "İı",
    "שלום",
    "a..b",
    "{name}",
    "x" * 255,
]


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_arrive_as_they_are(name: str) -> None:
    network = Seen()
    await client(network).send(READ, path={"name": name}, query={"username": name, "inactive": True, "at": 3})
    (request,) = network.requests
    raw = request.url.raw_path.decode()
    path, _, query = raw.partition("?")
    assert path.count("/") == 4
    assert httpx2.URL(f"http://x{raw}").params["username"] == name
    assert "+" not in query
    assert "inactive=true" in query
    assert "at=3" in query
    from urllib.parse import unquote

    assert unquote(path.rsplit("/", 1)[1]) == name


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
async def test_a_name_that_no_path_can_carry_is_refused(name: str) -> None:
    network = Seen()
    with pytest.raises(Rejected):
        await client(network).send(READ, path={"name": name})
    assert network.requests == []


async def test_text_that_is_not_unicode_is_refused_in_query_and_body() -> None:
    network = Seen()
    with pytest.raises(Rejected):
        await client(network).send(LIST, query={"username": "\ud800"})
    with pytest.raises(Rejected):
        await client(network).send(MAKE, json={"name": "\ud800"})
    assert network.requests == []


async def test_headers_name_the_product_and_ask_for_json() -> None:
    network = Seen()
    await client(network, headers={"X-Atlassian-Token": "no-check"}).send(MAKE, json={"name": "x"})
    headers = network.requests[0].headers
    assert headers["user-agent"].startswith("Tenure/")
    assert "Mozilla" not in headers["user-agent"]
    assert headers["accept"] == "application/json"
    assert headers["content-type"] == "application/json"
    assert headers["x-atlassian-token"] == "no-check"
    assert headers["authorization"].startswith("Basic ")


async def test_secrets_and_values_are_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "tok-1234567890abcdef"

    def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401, json={"oops": f"bad token {request.headers['authorization']}"})

    told: list[Exchange] = []
    out = client(echo, auth=Bearer(bearer=Secret(token)), on_exchange=told.append)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unauthorized) as caught:
        await out.send(READ, path={"name": "anna.secretname"}, query={"q": "anna.secretname"})
    shown = f"{caught.value!r} {caught.value} {out!r} {vars(out)!r} {lines} {caplog.text} {told}"
    assert token not in shown
    assert "anna.secretname" not in f"{lines} {caplog.text} {told}"
    assert "bad token Bearer ***" in str(caught.value)
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["template"], line["status"]) == ("GET", "/api/thing/{name}", 401)
    assert line["log_level"] == "debug"
    assert [(e.status, e.error) for e in told] == [(401, "Unauthorized")]


def test_a_token_that_cannot_be_sent_is_refused_without_being_shown() -> None:
    for bad in ("abc\ndef", "", "tök", "two words"):
        with pytest.raises(pydantic.ValidationError) as caught:
            Bearer(bearer=Secret(bad))
        assert not bad or bad not in str(caught.value)
    assert Bearer(bearer=Secret("abc\n")).header() == "Bearer abc"
    with pytest.raises(pydantic.ValidationError) as plain:
        Bearer.model_validate({"bearer": "hunter2"})
    assert "hunter2" not in str(plain.value)


@pytest.mark.parametrize("url", ["app.test", "ftp://app.test", "http://", "http://a:b@app.test", "http://a/?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url must"):
        client(Seen(), base_url=url)


async def test_the_base_path_is_kept() -> None:
    network = Seen()
    await client(network, base_url="http://app.test/jira/").send(LIST)
    assert network.requests[0].url.path == "/jira/api/things"


def test_secrets_do_not_pickle() -> None:
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(Secret(PASSWORD))
    assert PASSWORD not in f"{Secret(PASSWORD)} {Secret(PASSWORD)!r}"


async def test_a_secret_that_an_application_wants_in_the_address_is_told_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = Secret("first+password/of=anna")
    caplog.set_level(logging.DEBUG)
    told: list[Exchange] = []
    for status in (204, 400, 403, 409, 500):
        echo = {"oops": f"no: POST /api/things?password={quote(secret.reveal(), safe='')} ({secret.reveal()})"}
        out = client(
            lambda request, status=status, echo=echo: httpx2.Response(status, json=echo), on_exchange=told.append
        )
        with structlog.testing.capture_logs() as lines:
            try:
                await out.send(MAKE, query={"password": secret.reveal()}, hide=secret)
                said = ""
            except TargetError as problem:
                said = f"{problem} {problem!r}"
                assert "***" in said
        for shape in (secret.reveal(), quote(secret.reveal(), safe="")):
            assert shape not in f"{said} {lines} {caplog.text} {told}"


@pytest.mark.parametrize("before", range(340, 400, 7))
async def test_a_secret_is_blotted_out_before_long_words_are_cut(before: int) -> None:
    secret = Secret("first-password-of-anna-0123456789")
    words = {"oops": "x" * before + secret.reveal() + "y" * 400}
    with pytest.raises(Rejected) as caught:
        await client(lambda request: httpx2.Response(400, json=words)).send(MAKE, json={}, hide=secret)
    assert "first" not in str(caught.value)


async def test_a_request_has_headers_of_its_own_and_the_connectors_content_type() -> None:
    network = Seen()
    out = client(network, content_type="application/scim+json")
    await out.send(MAKE, json={}, headers={"If-Match": 'W/"1"', "Authorization": "somebody else's"})
    sent = network.requests[0].headers
    assert (sent["If-Match"], sent["Content-Type"]) == ('W/"1"', "application/scim+json")
    assert sent["Authorization"].startswith("Basic ")
