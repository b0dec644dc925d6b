"""Play an identity provider for one request: push a person to Tenure, as Okta or Entra ID would.

    python docs/push.py USERNAME "DISPLAY NAME" [--phone NUMBER] [--left]

Reads TENURE_URL (default http://127.0.0.1:8800/scim/okta/v2) and OKTA_SCIM_TOKEN.
"""

from __future__ import annotations

import argparse
import os
import time

import httpx2

parser = argparse.ArgumentParser()
parser.add_argument("username")
parser.add_argument("name")
parser.add_argument("--phone")
parser.add_argument("--left", action="store_true", help="the person has left")
asked = parser.parse_args()

person = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": asked.username,
    "displayName": asked.name,
    "emails": [{"value": asked.username, "type": "work", "primary": True}],
    "phoneNumbers": [{"value": asked.phone, "type": "work"}] if asked.phone else [],
    "active": not asked.left,
}
url = os.environ.get("TENURE_URL", "http://127.0.0.1:8800/scim/okta/v2")
headers = {"Authorization": f"Bearer {os.environ['OKTA_SCIM_TOKEN']}"}
with httpx2.Client(base_url=url, headers=headers, timeout=20) as tenure:
    for _ in range(60):  # Tenure may still be starting
        try:
            found = tenure.get("/Users", params={"filter": f'userName eq "{asked.username}"'}).json()["Resources"]
            break
        except httpx2.TransportError:
            time.sleep(0.5)
    else:
        raise SystemExit(f"nobody answers at {url}")
    answer = tenure.put(f"/Users/{found[0]['id']}", json=person) if found else tenure.post("/Users", json=person)
    print(answer.status_code, answer.json().get("userName", answer.text))
