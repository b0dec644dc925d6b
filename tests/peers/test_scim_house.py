"""A provider pushes to a real `tenure serve`, whose engine writes scim2-server, SCIMMY and a stand-in of Cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tenure_sandbox.atlassian.cloud import DIRECTORY

from .conftest import TOKEN, tenure
from .test_scim_targets import scim2_server, scimmy

pytestmark = pytest.mark.peers
ESTATE = """
sources:
  okta: {kind: scim, token: {env: TENURE_PEERS_TOKEN}}
targets:
  app:
    kind: @KIND@
    url: "@APP@"
    auth: {bearer: {env: TENURE_PEERS_KEY}}
    source: okta
    mode: full
    match: [[username, email]]
    attributes:
      username: userName
      email: emails.primary
      display_name: displayName
      properties: {department: enterprise.department}
    groups: {on_the_fly: {match: '.*', name: '$0', create: true, existing: join}}
    leaver: {action: deactivate, remove_groups: true}
    rate: {per_second: 200, concurrency: 8}
"""
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SECONDS = 30


@dataclass(frozen=True)
class App:
    """An application: the kind of target that it is, where it is, and what opens it."""

    kind: str
    address: str
    key: str = TOKEN


@pytest.fixture(params=["scim2-server", "scimmy", "cloud"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    if request.param == "cloud":
        sandbox = request.getfixturevalue("sandbox")
        yield App("atlassian-cloud", f"{sandbox}/cloud/scim/directory/{DIRECTORY}", "sandbox")
        return
    serve = scimmy if request.param == "scimmy" else scim2_server
    with serve(tmp_path) as served:
        yield App("scim", served.address)


def client(address: str, key: str = TOKEN) -> httpx2.Client:
    return httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def test_a_person_who_is_pushed_lives_at_the_application(app: App) -> None:
    estate = ESTATE.replace("@APP@", app.address).replace("@KIND@", app.kind)
    with (
        tenure(estate, {"TENURE_PEERS_TOKEN": TOKEN, "TENURE_PEERS_KEY": app.key}) as house,
        client(f"{house}/scim/okta/v2") as okta,
        client(app.address, app.key) as there,
    ):

        def ada() -> Any:
            return next((one for one in listed(there, "/Users") if one["userName"].startswith("ada.")), None)

        def readers() -> list[str]:
            groups = [one for one in listed(there, "/Groups") if one["displayName"] == "readers"]
            return [member["value"] for one in groups for member in one.get("members", [])]

        person = {
            "schemas": [USER, ENTERPRISE],
            "userName": "ada.lind@example.org",
            "displayName": "Ada Lind",
            "emails": [{"value": "ada.lind@example.org", "primary": True}],
            ENTERPRISE: {"department": "Sails"},
            "active": True,
        }
        key = wrote(okta, "POST", "/Users", person)["id"]
        until("Ada joined", ada)
        assert (ada()["displayName"], ada()["active"], ada()[ENTERPRISE]["department"]) == ("Ada Lind", True, "Sails")
        team = {"schemas": [GROUP], "displayName": "readers", "members": [{"value": key}]}
        wrote(okta, "POST", "/Groups", team)
        until("Ada is a reader", lambda: readers() == [ada()["id"]])
        wrote(okta, "PUT", f"/Users/{key}", {**person, "displayName": "Ada Berg", "userName": "ada.berg@example.org"})
        until("Ada married", lambda: (ada()["displayName"], ada()["userName"]) == ("Ada Berg", "ada.berg@example.org"))
        wrote(okta, "PUT", f"/Users/{key}", {**person, "active": False})
        until("Ada left", lambda: not ada()["active"])
        until("Ada reads no more", lambda: readers() == [])


def listed(there: httpx2.Client, path: str) -> list[Any]:
    rows: list[Any] = there.get(path).json()["Resources"]
    return rows


def wrote(okta: httpx2.Client, method: str, path: str, body: Any) -> Any:
    answer = okta.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def until(what: str, holds: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"it was not seen that {what}"
        time.sleep(0.2)
