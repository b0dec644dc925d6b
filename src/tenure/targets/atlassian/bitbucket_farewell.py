"""What Tenure takes from a leaver at Bitbucket beside groups: permissions, keys, tokens, and the account itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.model.change import (
    AnonymizeAccount,
    Answer,
    DeleteAccount,
    Handle,
    Outcome,
    RevokePermissions,
    RevokeTokens,
)
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.atlassian.bitbucket_listing import listed
from tenure.targets.atlassian.bitbucket_read import BitbucketReading
from tenure.targets.atlassian.bitbucket_write import BitbucketWriting
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation, Query


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of key or token: how somebody's are listed, and how one is deleted. `own` lists those of the caller."""

    title: str
    list: Operation
    delete: Operation
    id_is: str
    query: Callable[[calls.User], Query] = lambda user: {}
    path: Callable[[calls.User], Mapping[str, str]] = lambda user: {}
    own: bool = False


# The SSH keys' parameter has two names, by version, and a server passes over what it does not know: it would then
# show and delete the keys of the account that we sign in with. So both are sent, and its own keys are looked at first.
KINDS = (
    Kind("access tokens", calls.LIST_TOKENS, calls.DELETE_TOKEN, "tokenId", path=lambda user: {"userSlug": user.slug}),
    Kind(
        "SSH keys",
        calls.LIST_SSH,
        calls.DELETE_SSH,
        "keyId",
        query=lambda user: {"user": user.name, "userName": user.name},
        own=True,
    ),
    Kind(
        "GPG keys",
        calls.LIST_GPG,
        calls.DELETE_GPG,
        "fingerprintOrId",
        query=lambda user: {"user": user.name},
        own=True,
    ),
)


class BitbucketFarewell:
    """The later steps of a farewell at one Bitbucket."""

    def __init__(self, client: Client, reading: BitbucketReading, writing: BitbucketWriting) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._writing = writing

    async def revoke_permissions(self, change: RevokePermissions) -> Answer:
        """Take away the global permission that the account holds itself; what its groups give is not touched.

        Raises Rejected when Bitbucket keeps it: nobody takes from somebody higher, nor lowers themselves.
        """
        user = await self._writing.current(change.account)
        account, gone = Handle(user.key, user.name), {"permissions": None}
        held = await self._reading.permission(user)
        if held is None:
            return Answer(Outcome.ALREADY, account, gone, "held no global permission itself")
        reply = await self._client.send(calls.REVOKE_PERMISSIONS, query={"name": user.name}, accept={404, 409})
        if reply.status == 409:
            raise Rejected(f"Bitbucket does not take {held} from {user.name}: {calls.own_error(reply)}")
        if reply.status == 404:
            raise NotFound(f"the account {user.name} is not there")
        try:
            left = await self._reading.permission(user)
        except TargetError as problem:
            return Answer(Outcome.APPLIED, account, {}, f"{held} was taken away; it could not be read again: {problem}")
        if left is not None:
            raise OutcomeUnknown(f"Bitbucket took {held} from {user.name} and still shows {left}")
        return Answer(Outcome.APPLIED, account, gone, f"{held} was taken away")

    async def revoke_tokens(self, change: RevokeTokens) -> Answer:
        """Delete every access token, SSH key and GPG key of the account, one by one, and look again.

        What this server does not list is told, and then nothing is claimed of the whole. When a later request fails,
        the earlier ones have taken effect: OutcomeUnknown, so that somebody looks.
        """
        user = await self._writing.current(change.account)
        found: dict[str, list[str]] = {}
        unknown: list[str] = []
        for kind in KINDS:
            try:
                found[kind.title] = await self._kept(kind, user)
            except (Forbidden, NotFound, Rejected) as problem:
                unknown.append(f"{kind.title} cannot be listed ({problem})")
        if not found:
            raise Forbidden("; ".join(unknown))
        await self._delete(user, found)
        left = [kind.title for kind in KINDS if found.get(kind.title) and await self._kept(kind, user)]
        if left:
            raise OutcomeUnknown(f"Bitbucket deleted {' and '.join(left)} of {user.name}, and still shows some")
        told = [f"{len(ids)} {title}" for title, ids in found.items() if ids] or ["nothing to remove"]
        outcome = Outcome.APPLIED if any(found.values()) else Outcome.ALREADY
        shown: dict[str, str | None] = {} if unknown else {"tokens": None}
        return Answer(outcome, Handle(user.key, user.name), shown, "; ".join([", ".join(told), *unknown]))

    async def _delete(self, user: calls.User, found: Mapping[str, list[str]]) -> None:
        done = 0
        for kind in KINDS:
            for number in found.get(kind.title, ()):
                path = {**kind.path(user), kind.id_is: number}
                try:  # 404: somebody else has deleted it meanwhile
                    await self._client.send(kind.delete, path=path, accept={404})
                except TargetError as problem:
                    if not done:
                        raise
                    raise OutcomeUnknown(f"{user.name} lost keys in part: {problem}") from problem
                done += 1

    async def _kept(self, kind: Kind, user: calls.User) -> list[str]:
        """The ids of somebody's keys; raises Rejected when the server shows those of our own account for them."""
        ids = await self._ids(kind, kind.path(user), kind.query(user))
        if kind.own and ids and set(ids) & set(await self._ids(kind, {}, {})):
            raise Rejected("the server shows those of the account that we sign in with")
        return ids

    async def _ids(self, kind: Kind, path: Mapping[str, str], query: Query) -> list[str]:
        walk, pages = Walk(kind.title), calls.Page[calls.Key]
        rows = listed(self._client, kind.list, pages, lambda row: str(row.id), walk, path=path, query=query)
        return [str(row.id) async for row in rows]

    async def delete(self, change: DeleteAccount) -> Answer:
        """Delete the account that has this id, whatever it is called now; its keys stay (revoke them before)."""
        account, gone = change.account, {"account": None}
        try:
            user = await self._writing.current(account)
        except NotFound:
            return Answer(Outcome.ALREADY, account, gone, "the account is gone")
        there = await self._deleted(calls.DELETE_USER, user)
        told = "the account is gone; Bitbucket keeps its name until it is erased"
        return Answer(Outcome.APPLIED if there else Outcome.ALREADY, account, gone, told)

    async def anonymize(self, change: AnonymizeAccount) -> Answer:
        """Erase who it was: Bitbucket erases a deleted account alone, so that it is deleted first.

        Raises Conflict when the account is gone and somebody else bears its name: then nobody can say whom to erase.
        """
        account = change.account
        done, name = False, account.name
        try:
            user = await self._writing.current(account)
            name = user.name
            done = await self._deleted(calls.DELETE_TO_ERASE, user)
        except NotFound:
            pass
        try:
            reply = await self._client.send(calls.ERASE_USER, query={"name": name}, accept={404, 409})
        except TargetError as problem:
            if not done:
                raise
            raise OutcomeUnknown(f"{name} was deleted and not erased: {problem}") from problem
        if reply.status == 409:
            raise Conflict(f"{name} was deleted, and is somebody else's name now")
        if reply.status == 404 and done:
            raise OutcomeUnknown(f"{name} was deleted, and Bitbucket does not know the name to erase it")
        if reply.status < 400:
            reply.read(calls.Erased)
        outcome = Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED
        return Answer(outcome, account, {"person": None}, "the account was deleted and erased")

    async def _deleted(self, operation: Operation, user: calls.User) -> bool:
        """Delete an account; False when it was gone meanwhile. Raises Rejected when Bitbucket keeps it."""
        reply = await self._client.send(operation, query={"name": user.name}, accept={404, 409})
        if reply.status == 409:
            raise Rejected(f"Bitbucket does not delete {user.name}: {calls.own_error(reply)}")
        if reply.status == 404:
            if await self._reading.user(key=user.key, name=user.name) is not None:
                raise OutcomeUnknown(f"Bitbucket neither deletes {user.name} nor says why")
            return False
        if reply.read(calls.User).key != user.key:
            raise OutcomeUnknown(f"asked to delete {user.name}, Bitbucket answered about somebody else")
        return True
