"""What an account holds itself at a Bitbucket, and what a group gives: global, on projects and on repositories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from tenure.model.error import Forbidden, NotFound
from tenure.model.seen import ReadComplete, RightSeen, Seen
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.atlassian.bitbucket_listing import listed
from tenure.targets.atlassian.bitbucket_read import BitbucketReading
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation

MOST_PLACES = 2000  # projects and repositories; each costs a request
NEVER_TOLD = ("personal projects and forks", "branch permissions", "reviewers by default")


class BitbucketRights:
    """The rights at one Bitbucket. What was not or cannot be asked is named in the proof under `unknown`."""

    def __init__(self, client: Client, reading: BitbucketReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def of_account(self, key: str, name: str) -> AsyncIterator[Seen]:
        """What an account holds itself, not through a group; raises NotFound when it is not there."""
        user = await self._reading.user(key=key or None, name=name)
        if user is None:
            raise NotFound(f"the account {name} is not there")
        permission = await self._reading.permission(user)
        async for one in self._rights("users", user.name, user.key, permission):
            yield one

    async def of_group(self, group: str) -> AsyncIterator[Seen]:
        """What a group gives its members; raises NotFound when it is not there."""
        name = await self._reading.group(group)
        if name is None:
            raise NotFound(f"the group {group} is not there")
        permission = (await self._reading.gives()).get(name)
        async for one in self._rights("groups", name, name, permission):
            yield one

    async def _rights(self, which: str, name: str, holder: str, permission: str | None) -> AsyncIterator[Seen]:
        count, unknown = 0, list(NEVER_TOLD)
        if permission:
            count += 1
            yield RightSeen("global permission", "Bitbucket", permission)
        asked = 0
        async for path, operation in self._places(which):
            asked += 1
            if asked > MOST_PLACES:
                unknown.append(f"projects and repositories beyond the first {MOST_PLACES}")
                break
            place = "/".join(path.values())
            try:
                level = await self._held(operation, path, name, holder)
            except (Forbidden, NotFound) as problem:
                unknown.append(f"{place} ({problem})")
                continue
            if level:
                count += 1
                yield RightSeen("repository" if "repositorySlug" in path else "project", place, level)
        yield ReadComplete(f"rights:{holder}", count, {"places": min(asked, MOST_PLACES), "unknown": tuple(unknown)})

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

    async def _held(self, operation: Operation, path: Mapping[str, str], name: str, holder: str) -> str | None:
        walk, pages = Walk("permissions"), calls.Page[calls.Permitted]
        shown = listed(self._client, operation, pages, lambda row: row.holder, walk, path=path, query={"filter": name})
        return await anext((row.permission async for row in shown if row.holder == holder), None)
