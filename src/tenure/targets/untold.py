"""What of a leaver each application does not tell, or has not at all: for the proof that is made of their farewell."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.model.farewell import Aspect

_CLOSED = "; a closed account signs in to nothing"

UNTOLD: Mapping[str, Mapping[Aspect, str]] = {
    "jira": {
        Aspect.PERMISSIONS: "project roles and permission schemes that name the account are not taken away" + _CLOSED,
        Aspect.TOKENS: "Jira shows nobody else's personal access tokens" + _CLOSED,
        Aspect.KEYS: "Jira has no keys of accounts",
        Aspect.OWNED: "filters, dashboards and boards that others do not share are not shown to us",
    },
    "confluence": {
        Aspect.PERMISSIONS: "permissions in spaces and restrictions of pages stay" + _CLOSED,
        Aspect.SESSIONS: "Confluence has no request that ends the sessions of others" + _CLOSED,
        Aspect.TOKENS: "Confluence shows nobody else's personal access tokens" + _CLOSED,
        Aspect.KEYS: "Confluence has no keys of accounts",
        Aspect.LEADS: "Confluence has no leads",
        Aspect.OWNED: "pages and personal spaces stay with their author",
    },
    "bitbucket": {
        Aspect.SESSIONS: "Bitbucket has no request that ends the sessions of others",
        Aspect.LEADS: "Bitbucket has no leads",
        Aspect.OWNED: "personal repositories stay, and permissions in projects and repositories that name the account",
    },
    "crowd": {
        Aspect.PERMISSIONS: "what the account may do, the attached applications alone know",
        Aspect.LICENCE: "which groups take a seat, the attached applications alone know",
        Aspect.TOKENS: "Crowd shows nobody else's tokens" + _CLOSED,
        Aspect.KEYS: "Crowd has no keys of accounts",
        Aspect.LEADS: "Crowd has no leads",
        Aspect.OWNED: "nobody owns anything in Crowd",
    },
    "atlassian-cloud": {
        Aspect.PERMISSIONS: "permissions in the products stay" + _CLOSED,
        Aspect.LICENCE: "which groups give access to a product, the provisioning API does not tell",
        Aspect.ADMINISTRATION: "which groups administer, the provisioning API does not tell",
        Aspect.SESSIONS: "Atlassian ends them when the account is deactivated",
        Aspect.TOKENS: "API tokens are not shown" + _CLOSED,
        Aspect.KEYS: "keys are not shown" + _CLOSED,
        Aspect.LEADS: "leads are not told by the provisioning API",
        Aspect.OWNED: "what the account owns is not told by the provisioning API",
    },
    "scim": {
        aspect: "SCIM has no word for it: look in the application"
        for aspect in Aspect
        if aspect not in (Aspect.ACCOUNT, Aspect.GROUPS)
    },
}
"""By kind of target and aspect: why it cannot be known, or that there is no such thing."""
