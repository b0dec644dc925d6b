"""Drive a SCIM server with the PyPI packages scim2-client and scim2-tester; runs in their own environment.

python scim_peer.py check|use ADDRESS TOKEN prints one JSON document.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from httpx2 import Client
from scim2_client import SCIMClientException
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation, SCIMException, SearchRequest
from scim2_tester import check_server

MEMBERS = 25


def check(scim: SyncSCIMClient) -> list[dict[str, str]]:
    """Every check that scim2-tester has, with its verdict and reason."""
    return [
        {
            "status": result.status.name,
            "title": result.title or "",
            "type": result.resource_type or "",
            "reason": result.reason or "",
        }
        for result in check_server(scim)
    ]


def patch(user: Any, *operations: dict[str, Any]) -> Any:
    """A PATCH of the given operations for a resource of this type."""
    return PatchOp[type(user)](operations=[PatchOperation[type(user)](**one) for one in operations])


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    """How a call was refused: the text of the error, or nothing."""
    try:
        call(*arguments, **named)
    except (SCIMException, SCIMClientException) as error:
        return f"{error}"
    return ""


def use(scim: SyncSCIMClient) -> dict[str, Any]:
    """A person's and a group's life, through the models that the server's own schemas describe."""
    scim.discover()
    user, group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    assert user is not None
    assert group is not None
    told: dict[str, Any] = {"models": sorted(model.__name__ for model in scim.provider.models)}
    emails = [{"value": "hana@example.org", "primary": True, "type": "work"}]
    body = {"userName": "Hana@Example.org", "displayName": "Hana Lind", "active": True, "emails": emails}
    made = scim.create(user.model_validate({"schemas": [str(user.__schema__)], **body}))
    told["made"] = [made.user_name, made.display_name, bool(made.id), made.meta.resource_type]
    again = user.model_validate({"schemas": [str(user.__schema__)], "userName": "hana@example.org"})
    told["twice"] = refused(scim.create, again)
    found = scim.query(user, query_parameters=SearchRequest(filter='userName eq "HANA@example.org"'))
    told["found"] = [found.total_results, found.resources[0].id == made.id]
    changed = scim.modify(user, made.id, patch(made, {"op": "replace", "path": "displayName", "value": "Hana Berg"}))
    told["changed"] = (changed or scim.query(user, made.id)).display_name
    read = scim.query(user, made.id)
    read.title = "Engineer"
    told["replaced"] = [scim.replace(read).title, scim.query(user, made.id).title]
    scim.create(group.model_validate({"schemas": [str(group.__schema__)], "displayName": "Hana Berg"}))
    found = scim.search(SearchRequest(filter='displayName eq "hana berg"'))
    told["searched"] = [found.total_results, *(one.meta.resource_type for one in found.resources)]
    told["group"] = membership(scim, user, group)
    scim.modify(user, made.id, patch(made, {"op": "replace", "path": "active", "value": False}))
    told["active"] = scim.query(user, made.id).active
    scim.delete(user, made.id)
    told["gone"] = refused(scim.query, user, made.id)
    return told


def membership(scim: SyncSCIMClient, user: Any, group: Any) -> dict[str, Any]:
    """A group that fills, empties and goes."""
    ids = []
    for number in range(MEMBERS):
        name = f"member{number:02}@example.org"
        ids.append(scim.create(user.model_validate({"schemas": [str(user.__schema__)], "userName": name})).id)
    first = {"schemas": [str(group.__schema__)], "displayName": "Readers", "members": [{"value": ids[0]}]}
    made = scim.create(group.model_validate(first))
    told: dict[str, Any] = {"made": len(made.members)}
    everybody = [{"value": one} for one in ids]
    scim.modify(group, made.id, patch(made, {"op": "add", "path": "members", "value": everybody}))
    told["filled"] = sorted(one.value for one in scim.query(group, made.id).members) == sorted(ids)
    scim.modify(group, made.id, patch(made, {"op": "remove", "path": f'members[value eq "{ids[0]}"]'}))
    told["left"] = len(scim.query(group, made.id).members)
    listed = scim.query(user, query_parameters=SearchRequest(start_index=11, count=10))
    told["page"] = [listed.total_results, listed.start_index, len(listed.resources)]
    last = SearchRequest(sort_by="userName", sort_order="descending", count=2)
    told["sorted"] = [one.user_name for one in scim.query(user, query_parameters=last).resources]
    scim.delete(group, made.id)
    told["gone"] = refused(scim.query, group, made.id)
    return told


def main() -> None:
    """Print what the server answered."""
    what, address, token = sys.argv[1:]
    with Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        scim = SyncSCIMClient(client)
        json.dump(check(scim) if what == "check" else use(scim), sys.stdout)


if __name__ == "__main__":
    main()
