"""Bitbucket's operations on SSH keys, GPG keys and personal access tokens."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans
from .call import Call
from .permissions import ADMIN
from .state import OF_PROJECT, OF_REPOSITORY, Account, Secret
from .texts import refused


def _owner(call: Call, *names: str) -> Account:
    """Whose keys are meant: the caller's own unless a parameter names somebody, which takes an administrator."""
    named = next((value for name in names if (value := call.text(name))), None)
    if named is None:
        return call.caller
    if call.level() < ADMIN and named.lower() != call.caller.name.lower():
        raise refused("not_permitted")
    return accounts.by_name(call.bitbucket, named)


def _ssh_owner(call: Call) -> Account:
    """Versions that do not know `userName` pass it over, and so mean the caller's own keys."""
    call.text("userName")
    return _owner(call, "user", *(["userName"] if call.bitbucket.version.has("ssh_user_name") else []))


def _kept(call: Call, kind: str, owner: Account) -> list[Secret]:
    return [one for one in call.bitbucket.secrets[kind].values() if one.owner == owner.id]


def _page(call: Call, kind: str, owner: Account) -> Reply:
    return call.page([beans.secret(call.bitbucket, kind, one) for one in _kept(call, kind, owner)])


def _delete(call: Call, kind: str, secrets: list[Secret], owner: str) -> Reply:
    for one in secrets:
        del call.bitbucket.secrets[kind][one.id]
    call.wrote(owner, f"delete {kind}")
    return Reply(204)


def list_ssh(call: Call) -> Reply:
    """Answer somebody's SSH keys."""
    return _page(call, "ssh", _ssh_owner(call))


def add_ssh(call: Call) -> Reply:
    """Give somebody an SSH key; it may be on the system once."""
    owner, body = _owner(call, "user"), call.known("text", "label", "expiryDays")
    text = body.get("text")
    if not isinstance(text, str) or not text.startswith(("ssh-", "ecdsa-")):
        raise refused("key_text")
    known = (*call.bitbucket.secrets["ssh"].values(), *call.bitbucket.access_keys.values())
    if any(one.text == text for one in known):
        raise refused("key_taken")
    secret = call.bitbucket.keep("ssh", owner, str(body.get("label") or text.split(" ")[-1]), text)
    call.wrote(owner.name, "ssh key")
    return Reply(201, beans.secret(call.bitbucket, "ssh", secret))


def delete_all_ssh(call: Call) -> Reply:
    """Delete somebody's SSH keys."""
    owner = _ssh_owner(call)
    return _delete(call, "ssh", _kept(call, "ssh", owner), owner.name)


def get_ssh(call: Call) -> Reply:
    """Answer one SSH key."""
    secret = call.bitbucket.secrets["ssh"].get(call.arguments["keyId"])
    if secret is None:
        raise refused("no_such_key", name=call.arguments["keyId"])
    return Reply(200, beans.secret(call.bitbucket, "ssh", secret))


def delete_ssh(call: Call) -> Reply:
    """Delete one SSH key; one that is not there is no error."""
    secret = call.bitbucket.secrets["ssh"].get(call.arguments["keyId"])
    return _delete(call, "ssh", [secret] if secret else [], call.arguments["keyId"])


def list_gpg(call: Call) -> Reply:
    """Answer somebody's GPG keys."""
    return _page(call, "gpg", _owner(call, "user"))


def add_gpg(call: Call) -> Reply:
    """Give somebody a GPG key."""
    owner, text = _owner(call, "user"), call.known("text").get("text")
    if not isinstance(text, str) or "BEGIN PGP" not in text:
        raise refused("key_text")
    secret = call.bitbucket.keep("gpg", owner, owner.email, text)
    call.wrote(owner.name, "gpg key")
    return Reply(200, beans.secret(call.bitbucket, "gpg", secret))


def delete_all_gpg(call: Call) -> Reply:
    """Delete somebody's GPG keys."""
    owner = _owner(call, "user")
    return _delete(call, "gpg", _kept(call, "gpg", owner), owner.name)


def delete_gpg(call: Call) -> Reply:
    """Delete one GPG key by its id or fingerprint; one that is not there is no error."""
    wanted = call.arguments["fingerprintOrId"]
    secret = call.bitbucket.secrets["gpg"].get(wanted[-16:])
    if secret and secret.owner != call.caller.id and call.level() < ADMIN:
        raise refused("not_permitted")
    return _delete(call, "gpg", [secret] if secret else [], wanted)


def _token_owner(call: Call) -> Account:
    owner = call.slugged()
    if owner is not call.caller and call.level() < ADMIN:
        raise refused("not_permitted")
    return owner


def _token(call: Call) -> Secret:
    secret = call.bitbucket.secrets["token"].get(call.arguments["tokenId"])
    if secret is None or secret.owner != _token_owner(call).id:
        raise refused("no_such_token", name=call.arguments["tokenId"])
    return secret


def list_tokens(call: Call) -> Reply:
    """Answer somebody's access tokens."""
    return _page(call, "token", _token_owner(call))


def token_request(call: Call, known: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The name and the permissions of a token that is asked for; 400 for none, or for one that is not known here."""
    body = call.known("name", "permissions", "expiryDays")
    name, wanted = body.get("name"), body.get("permissions")
    if not isinstance(name, str) or not name or not isinstance(wanted, list) or not wanted or {*wanted} - {*known}:
        raise refused("token_request")
    return name, tuple(wanted)


def change_token(call: Call, token: Secret, known: tuple[str, ...]) -> Reply:
    """Change the name or the permissions of a token; what is not given stays."""
    body = call.known("name", "permissions", "expiryDays")
    name, wanted = body.get("name") or token.name, body.get("permissions") or [*token.permissions]
    if not isinstance(name, str) or not isinstance(wanted, list) or {*wanted} - {*known}:
        raise refused("token_request")
    token.name, token.permissions = name, tuple(wanted)
    call.wrote(token.name, "change token")
    return Reply(200, beans.secret(call.bitbucket, "token", token))


def add_token(call: Call) -> Reply:
    """Make an access token, which is shown this once."""
    owner = _token_owner(call)
    name, permissions = token_request(call, (*OF_PROJECT, *OF_REPOSITORY))
    secret = call.bitbucket.keep("token", owner, name, "", permissions)
    call.wrote(owner.name, "token")
    return Reply(200, beans.secret(call.bitbucket, "token", secret) | {"token": f"sandbox-{secret.id}"})


def get_token(call: Call) -> Reply:
    """Answer one access token."""
    return Reply(200, beans.secret(call.bitbucket, "token", _token(call)))


def update_token(call: Call) -> Reply:
    """Change an access token's name or permissions."""
    return change_token(call, _token(call), (*OF_PROJECT, *OF_REPOSITORY))


def delete_token(call: Call) -> Reply:
    """Delete one access token."""
    owner = _token_owner(call)
    return _delete(call, "token", [_token(call)], owner.name)
