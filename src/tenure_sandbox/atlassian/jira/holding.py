"""Who holds a permission in a project, as its permission scheme says."""

from __future__ import annotations

from .rights import Actor, Grant
from .state import Account, Jira, Led


def _in_group(jira: Jira, account: Account, name: str) -> bool:
    group = jira.groups.get(name.lower())
    return group is not None and account in jira.members(group)


def _plays(jira: Jira, account: Account, actor: Actor) -> bool:
    return actor.who == account.key if actor.kind == "user" else _in_group(jira, account, actor.who)


def _covered(jira: Jira, account: Account, led: Led, grant: Grant) -> bool:
    """Say whether a grant is for this account; who reports or has an issue is known for an issue alone."""
    match grant.holder:
        case "anyone":
            return True
        case "applicationRole":
            role = jira.roles.get(grant.parameter)
            return not grant.parameter or (
                role is not None and any(_in_group(jira, account, name) for name in role.groups)
            )
        case "group":
            return _in_group(jira, account, grant.parameter)
        case "user":
            return account.key == grant.parameter
        case "projectRole":
            cast = jira.rights.actors.get((led.key, grant.parameter), [])
            return any(_plays(jira, account, actor) for actor in cast)
        case "projectLead":
            return led.lead is account
    return False


def holds(jira: Jira, account: Account, led: Led, permission: str) -> bool:
    """Say whether an account has a permission in a project."""
    grants = [one for one in jira.rights.scheme_of(led.key).grants if one.permission == permission]
    return any(_covered(jira, account, led, grant) for grant in grants)
