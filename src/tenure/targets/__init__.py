"""The registry of applications that Tenure writes: kind, settings, and how to open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Unpack

from pydantic import BaseModel

from tenure.targets.atlassian.bitbucket import BitbucketSettings, BitbucketTarget
from tenure.targets.atlassian.cloud import CloudSettings, CloudTarget
from tenure.targets.atlassian.confluence import ConfluenceSettings, ConfluenceTarget
from tenure.targets.atlassian.crowd import CrowdSettings, CrowdTarget
from tenure.targets.atlassian.jira import JiraSettings, JiraTarget
from tenure.targets.opening import Around
from tenure.targets.scim.target import ScimSettings, ScimTarget

if TYPE_CHECKING:
    from tenure.connector import Target


class Open(Protocol):
    """Makes a target from its settings; touches nobody."""

    def __call__(self, settings: Any, **around: Unpack[Around]) -> Target:
        """Open the target."""
        ...


@dataclass(frozen=True, slots=True)
class TargetKind:
    """One kind of target: the model of its part of the estate, and how to open one."""

    settings: type[BaseModel]
    open: Open


TARGETS: dict[str, TargetKind] = {
    "jira": TargetKind(JiraSettings, JiraTarget),
    "confluence": TargetKind(ConfluenceSettings, ConfluenceTarget),
    "bitbucket": TargetKind(BitbucketSettings, BitbucketTarget),
    "crowd": TargetKind(CrowdSettings, CrowdTarget),
    "atlassian-cloud": TargetKind(CloudSettings, CloudTarget),
    "scim": TargetKind(ScimSettings, ScimTarget),
}
