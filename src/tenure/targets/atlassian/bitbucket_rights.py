"""What an account holds itself at a Bitbucket, and what groups give: global, on projects and on repositories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from tenure.model.error import Forbidden, NotFound
from tenure.model.seen import GroupOpens, ReadComplete, RightSeen, Seen, Unread
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.atlassian.bitbucket_listing import listed
from tenure.targets.atlassian.bitbucket_read import BitbucketReading
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation, Query

MOST_PLACES = 2000  # projects and repositories; each costs a request
NEVER_TOLD = ("personal projects and forks", "branch permissions", "reviewers by default")


class BitbucketRights:
    """The rights at one Bitbucket: a request for those of the whole server, and one for each project and repository."""

    def __init__(self, client: Client, reading: BitbucketReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def of_account(self, key: str, name: str) -> AsyncIterator[Seen]:
        """What an account holds itself, not through a group; raises NotFound when it is not there."""
        user = await self._reading.user(key=key or None, name=name)
        if user is None:
            raise NotFound(f"the account {name} is not there")
        count, places, unknown = 0, list[str](), list(NEVER_TOLD)
        permission = await self._reading.permission(user)
        if permission:
            count += 1
            yield RightSeen("global permission", "Bitbucket", permission)
        async for one in self._in_places("users", {"filter": user.name}, places):
            if isinstance(one, Unread):
                unknown.append(one.what)
            elif one[0] == user.key:
                count += 1
                yield one[1]
        yield ReadComplete(f"rights:{user.key}", count, {"places": len(places), "unknown": tuple(unknown)})

    async def of_groups(self) -> AsyncIterator[Seen]:
        """What every group gives its members; whole when every project and repository could be looked into."""
        count, places, unread = 0, list[str](), False
        for group, permission in (await self._reading.gives()).items():
            count += 1
            yield GroupOpens(group, RightSeen("global permission", "Bitbucket", permission))
        async for one in self._in_places("groups", {}, places):
            if isinstance(one, Unread):
                unread = True
                yield one
            else:
                count += 1
                yield GroupOpens(*one)
        if not unread:
            yield ReadComplete("rights of groups", count, {"places": len(places), "unknown": NEVER_TOLD})

    async def _in_places(
        self, which: str, query: Query, places: list[str]
    ) -> AsyncIterator[tuple[str, RightSeen] | Unread]:
        """Who holds what in each project and repository; those that were asked go to `places`."""
        async for path, operation in self._places(which):
            if len(places) == MOST_PLACES:
                yield Unread(f"projects and repositories beyond the first {MOST_PLACES}")
                return
            place, kind = "/".join(path.values()), "repository" if "repositorySlug" in path else "project"
            places.append(place)
            try:
                held = await self._held(operation, path, query)
            except (Forbidden, NotFound) as problem:
                yield Unread(f"{place} ({problem})")
                continue
            for row in held:
                yield row.holder, RightSeen(kind, place, row.permission)

    async def _places(self, which: str) -> AsyncIterator[tuple[dict[str, str], Operation]]:
        """Where somebody may hold something: each project, then its repositories."""
        walk, pages = Walk("projects"), calls.Page[calls.Project]
        async for project in listed(self._client, calls.PROJECTS, pages, lambda row: row.key, walk):
            path = {"projectKey": project.key}
            yield path, calls.ON_PROJECT[which]
            inner, shape = Walk(f"repositories of {project.key}"), calls.Page[calls.Repository]
            slugs = listed(self._client, calls.REPOSITORIES, shape, lambda row: row.slug, inner, path=path)
            async for repository in slugs:
                yield {**path, "repositorySlug": repository.slug}, calls.ON_REPOSITORY[which]

    async def _held(self, operation: Operation, path: Mapping[str, str], query: Query) -> list[calls.Permitted]:
        walk, pages = Walk("permissions"), calls.Page[calls.Permitted]
        shown = listed(self._client, operation, pages, lambda row: row.holder, walk, path=path, query=query)
        return [row async for row in shown]
