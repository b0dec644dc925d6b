"""Bitbucket's operations on the access tokens of projects and repositories, for who administers these."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply

from . import beans
from .call import Call
from .key_routes import change_token, token_request
from .permission_routes import administered
from .state import OF_PROJECT, OF_REPOSITORY, Project, Secret
from .texts import refused


def _known(call: Call) -> tuple[str, ...]:
    """The permissions that a token may carry here."""
    return OF_REPOSITORY if "repositorySlug" in call.arguments else (*OF_PROJECT, *OF_REPOSITORY)


def _token(call: Call) -> Secret:
    token = administered(call).tokens.get(call.arguments["tokenId"])
    if token is None:
        raise refused("no_such_token", name=call.arguments["tokenId"])
    return token


def list_tokens(call: Call) -> Reply:
    """Answer the tokens of a project or a repository."""
    return call.page([beans.secret(call.bitbucket, "token", one) for one in administered(call).tokens.values()])


def add_token(call: Call) -> Reply:
    """Make a token, which is shown this once."""
    place = administered(call)
    name, permissions = token_request(call, _known(call))
    token = call.bitbucket.secret("token", 0, name, "", permissions)
    place.tokens[token.id] = token
    call.wrote(place.key if isinstance(place, Project) else place.slug, "token")
    return Reply(200, beans.secret(call.bitbucket, "token", token) | {"token": f"sandbox-{token.id}"})


def get_token(call: Call) -> Reply:
    """Answer one token."""
    return Reply(200, beans.secret(call.bitbucket, "token", _token(call)))


def update_token(call: Call) -> Reply:
    """Change a token's name or permissions."""
    return change_token(call, _token(call), _known(call))


def delete_token(call: Call) -> Reply:
    """Delete one token."""
    token = _token(call)
    del administered(call).tokens[token.id]
    call.wrote(token.name, "delete token")
    return Reply(204)
