"""The registry of applications that Tenure writes: kind, settings, and how to open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Unpack

from pydantic import BaseModel

from tenure.model.capability import Capabilities
from tenure.targets.atlassian import bitbucket, confluence, crowd, jira
from tenure.targets.atlassian.bitbucket import BitbucketSettings, BitbucketTarget
from tenure.targets.atlassian.cloud import CloudSettings, CloudTarget
from tenure.targets.atlassian.confluence import ConfluenceSettings, ConfluenceTarget
from tenure.targets.atlassian.crowd import CrowdSettings, CrowdTarget
from tenure.targets.atlassian.jira import JiraSettings, JiraTarget
from tenure.targets.opening import Around
from tenure.targets.scim import target as scim
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
    """One kind of target: the model of its part of the estate, how to open one, and the most that one can do."""

    settings: type[BaseModel]
    open: Open
    capabilities: Capabilities


TARGETS: dict[str, TargetKind] = {
    "jira": TargetKind(JiraSettings, JiraTarget, jira.CAPABILITIES),
    "confluence": TargetKind(ConfluenceSettings, ConfluenceTarget, confluence.CAPABILITIES),
    "bitbucket": TargetKind(BitbucketSettings, BitbucketTarget, bitbucket.CAPABILITIES),
    "crowd": TargetKind(CrowdSettings, CrowdTarget, crowd.CAPABILITIES),
    "atlassian-cloud": TargetKind(CloudSettings, CloudTarget, scim.CAPABILITIES),
    "scim": TargetKind(ScimSettings, ScimTarget, scim.CAPABILITIES),
}
