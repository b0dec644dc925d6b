"""What the tests of the estate share: a small valid document, loading from a text, and a stand-in connector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tenure.estate.document import Estate
from tenure.estate.loading import load
from tenure.estate.problem import EstateInvalid, Problem
from tenure.model.secret import Secret
from tenure.targets.atlassian.crowd import CAPABILITIES

ENVIRONMENT = {"OKTA_SCIM_TOKEN": "okta-token-okta-token", "JIRA_TOKEN": "jira-secret-value"}
ATTRIBUTES = "attributes: {username: userName, email: emails.primary, display_name: displayName}"
SMALL = f"""\
sources:
  okta: {{kind: scim, token: {{env: OKTA_SCIM_TOKEN}}}}
targets:
  jira:
    kind: jira
    url: http://127.0.0.1:8900/jira
    auth: {{bearer: {{env: JIRA_TOKEN}}}}
    {ATTRIBUTES}
"""


class Bearer(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    bearer: Secret


class Basic(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    username: str
    password: Secret


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str
    auth: Bearer | Basic


class Kind:
    settings = Settings
    capabilities = CAPABILITIES


def loaded(
    folder: Path, text: str | bytes, *, secrets: bool = True, environment: Mapping[str, str] = ENVIRONMENT, **more: Any
) -> Estate:
    file = folder / "estate.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file, secrets=secrets, environment=environment, targets={"jira": Kind}, **more)


def problems(folder: Path, text: str | bytes, **more: Any) -> list[Problem]:
    try:
        loaded(folder, text, **more)
    except EstateInvalid as invalid:
        return list(invalid.problems)
    return []


def with_line(line: str) -> str:
    """The small document with one more line of the target; it is line 9."""
    return SMALL + f"    {line}\n"
