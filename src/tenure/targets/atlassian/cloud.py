"""The connector for Atlassian Cloud: its directory over SCIM, and accounts that the organisation manages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Unpack

from pydantic import field_validator

from tenure.model.change import Answer, Change, DeactivateAccount, DeleteAccount, ReactivateAccount
from tenure.model.error import Forbidden, OutcomeUnknown, TargetError, Unauthorized
from tenure.model.seen import Health
from tenure.targets.atlassian import cloud_calls as calls
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.targets.scim.target import ScimSettings, ScimTarget
from tenure.wire import Bearer, Client

SCIM_BASE = re.compile(r"(?P<site>https?://.+)/scim/directory/(?P<directory>[^/?#]+)/?", re.IGNORECASE)
MAY_MANAGE = "an API key of the organisation that may manage accounts"
GONE_FOR_GOOD = "the account is deactivated for good and leaves the directory; what it wrote stays at Atlassian"


class CloudSettings(ServerSettings):
    """How to reach a directory of Atlassian Cloud: its SCIM base URL and key, as its set-up shows them.

    `manage` is a key of the organisation: with it, accounts are disabled and enabled themselves too.
    """

    auth: Bearer
    manage: Bearer | None = None

    @field_validator("url")
    @classmethod
    def _is_a_directory(cls, url: str) -> str:
        if SCIM_BASE.fullmatch(url.strip()) is None:
            raise ValueError("this is no SCIM base URL: it ends with /scim/directory/ and the directory's id")
        return url.strip()


class CloudTarget(ScimTarget):
    """One directory of an organisation in Atlassian Cloud."""

    product = "Atlassian Cloud"
    own_error = staticmethod(calls.own_error)
    sparing = False  # its groups take no `excludedAttributes`

    def __init__(self, settings: CloudSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        base = SCIM_BASE.fullmatch(settings.url)
        assert base is not None, "the settings let nothing else in"
        scim = ScimSettings(url=settings.url, auth=settings.auth, timeout=settings.timeout)
        super().__init__(scim, **around)
        self._directory = base["directory"]
        self._accounts: Client | None = None
        if settings.manage is not None:
            self._accounts = client_of(
                settings,
                settings.manage,
                calls.OPERATIONS,
                calls.managing_error,
                around,
                kind="atlassian-cloud",
                headers={},
                url=base["site"],
            )

    async def aclose(self) -> None:
        """Close the connections."""
        await super().aclose()
        if self._accounts is not None:
            await self._accounts.aclose()

    async def check(self) -> Health:
        """Look at the directory as at any SCIM server, then try the organisation's key on somebody in it."""
        health = await super().check()
        if not health.ok:
            return health
        try:
            manages = await self._manages()
        except (Forbidden, Unauthorized) as problem:
            said = f"{problem}; missing: {MAY_MANAGE}"
            return replace(health, ok=False, detail=said, server_id=self._directory, missing=(MAY_MANAGE,))
        except TargetError as problem:
            return replace(health, ok=False, detail=str(problem), server_id=self._directory)
        return replace(health, detail=f"{health.detail}; {manages}", server_id=self._directory)

    async def _manages(self) -> str:
        if self._accounts is None:
            return "accounts are shut in the directory alone: no key of the organisation is given"
        for person in await self._reading.some():
            account = calls.account_id(person)
            if account is not None:
                await self._accounts.send(calls.MAY_MANAGE, path={"account_id": account}, accept={404})
                return "accounts are disabled and enabled too"
        return "nobody is linked to an account yet, to try the organisation's key on"

    async def apply(self, change: Change) -> Answer:
        """Carry out one change, as at any SCIM server save for what Atlassian does in its own way."""
        if isinstance(change, DeactivateAccount | ReactivateAccount) and self._accounts is not None:
            return await self._switch(self._accounts, change)
        answer = await super().apply(change)
        return replace(answer, detail=GONE_FOR_GOOD) if isinstance(change, DeleteAccount) else answer

    async def _switch(self, accounts: Client, change: DeactivateAccount | ReactivateAccount) -> Answer:
        """Disable or enable the account itself, then shut or open it in the directory, which is what readings show.

        In this order, what fails between the two is seen as not done, and done again.
        """
        shut = isinstance(change, DeactivateAccount)
        person = (await self._reading.needed(change.account)).document
        if (person.get("active") is False) == shut:
            return await super().apply(change)
        account, left_out = calls.account_id(person), "no account is linked to the person yet"
        if account is not None:
            operation = calls.DISABLE if shut else calls.ENABLE
            body: dict[str, str] | None = {} if shut else None
            reply = await accounts.send(operation, path={"account_id": account}, json=body, accept={404})
            left_out = "the organisation does not manage the account" if reply.status == 404 else ""
        try:
            answer = await super().apply(change)
        except TargetError as problem:
            if left_out:
                raise
            raise OutcomeUnknown(f"{change.account.name} was switched in part: {problem}") from problem
        return replace(answer, detail=f"in the directory alone: {left_out}" if left_out else answer.detail)
