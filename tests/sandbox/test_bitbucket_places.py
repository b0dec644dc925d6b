"""What everybody may do on a project of the stand-in Bitbucket, and the tokens that belong to it."""

from __future__ import annotations

from typing import Any

API = "/bitbucket/rest/api/latest"
TOKENS = "/bitbucket/rest/access-tokens/latest/projects/OPS"
ANNA = {"name": "anna", "displayName": "Anna", "emailAddress": "anna@x.org", "password": "secret-of-anna"}


async def test_the_default_permission_is_held_by_everybody(app: Any, opened: Any) -> None:
    admin, anna = opened(app), opened(app, auth=("anna", "secret-of-anna"))
    made = await admin.post(f"{API}/admin/users", params={**ANNA, "addToDefaultGroup": "true"})
    assert made.status_code == 204
    users = f"{API}/projects/OPS/permissions/users"
    everybody = f"{API}/projects/OPS/permissions/PROJECT_ADMIN/all"
    assert (await anna.get(users)).status_code == (await anna.get(TOKENS)).status_code == 401
    assert (await anna.post(f"{everybody}?allow=true")).status_code == 401
    assert (await admin.post(f"{everybody}?allow=true")).status_code == 204
    assert (await anna.get(users)).status_code == (await anna.get(TOKENS)).status_code == 200
    assert (await admin.post(f"{everybody}?allow=maybe")).status_code == 400
    assert (await admin.post(f"{everybody}?allow=false")).status_code == 204
    assert (await anna.get(users)).status_code == 401


async def test_settings_are_ones_own(app: Any, opened: Any) -> None:
    admin, anna = opened(app), opened(app, auth=("anna", "secret-of-anna"))
    await admin.post(f"{API}/admin/users", params={**ANNA, "addToDefaultGroup": "true"})
    assert (await anna.post(f"{API}/users/anna/settings", json={"tabs": 4})).status_code == 204
    assert (await anna.get(f"{API}/users/anna/settings")).json() == {"tabs": 4}
    assert (await anna.get(f"{API}/users/admin/settings")).status_code == 401
    assert (await anna.post(f"{API}/users/anna/settings", json={"tabs": [4]})).status_code == 400
