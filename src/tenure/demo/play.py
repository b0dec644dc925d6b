"""Playing the story: each step told by its provider, then what Tenure changed, why, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from tenure.demo.applications import ADOPTED, Application, Expected
from tenure.demo.providers import Entra, Okta, Provider, Sent, StoryBroken
from tenure.demo.story import STEPS, Step

_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Done:
    """One change that Tenure made in a step, with its reason and evidence; `target` is the application's name."""

    target: str
    change: str
    account: str
    detail: str
    why: str
    outcome: str
    evidence: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class Played:
    """A step that was played: what was sent, what was done, and the seconds from the last request to the evidence."""

    title: str
    provider: str
    sent: tuple[Sent, ...]
    done: tuple[Done, ...]
    seconds: float


class Records(Protocol):
    """What Tenure has done so far, as its own records tell it."""

    def quiet(self) -> bool:
        """True when nothing is due and nothing is under way."""
        ...

    def done_after(self, number: int) -> tuple[int, tuple[Done, ...]]:
        """The changes journalled after this number, and the number of the last."""
        ...


def play(tenure_url: str, tokens: dict[str, str], records: Records) -> Iterator[Played]:
    """Play every step.

    Raises StoryBroken when a request is refused, or when Tenure is not done with a step within 90 seconds.
    """
    providers: dict[type[Provider], Any] = {
        Okta: Okta("Okta", f"{tenure_url}/scim/okta/v2", tokens["okta"], "Okta SCIM Client 1.0.0"),
        Entra: Entra("Entra ID", f"{tenure_url}/scim/entra/v2", tokens["entra"], "", "application/scim+json"),
    }
    number, _ = records.done_after(0)
    for step in STEPS:
        number, played = _play_step(step, providers[step.provider], records, number)
        yield played


def _play_step(step: Step, provider: Any, records: Records, number: int) -> tuple[int, Played]:
    already = len(provider.sent)
    step.tell(provider)
    told = time.monotonic()
    while not records.quiet():
        if time.monotonic() - told > _PATIENCE:
            raise StoryBroken(f"{step.title}: Tenure is not done after {_PATIENCE:.0f} s")
        time.sleep(0.01)
    seconds = time.monotonic() - told
    number, done = records.done_after(number)
    return number, Played(step.title, provider.name, tuple(provider.sent[already:]), done, seconds)


def state_of(sandbox: str, application: Application) -> dict[str, Any]:
    """What the sandbox's application holds now."""
    answer = httpx2.get(f"{sandbox}/_state/{application.state}", timeout=10)
    answer.raise_for_status()
    state: dict[str, Any] = answer.json()
    return state


def compare(application: Application, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What it holds against what it should hold: every person of the story, and everybody who was there before."""
    accounts = {a["name"]: a for a in after["accounts"]}
    wanted = application.expected()
    people = [_person(expected, accounts.get(expected.name)) for expected in wanted]
    old = [a for a in before["accounts"] if a["name"] != ADOPTED]
    untouched = [{"name": a["name"], "ok": accounts.get(a["name"]) == a} for a in old]
    known = {e.name for e in wanted} | {a["name"] for a in old}
    strangers = sorted(set(accounts) - known)
    return {"people": people, "untouched": untouched, "adopted": [ADOPTED], "strangers": strangers}


def _person(expected: Expected, account: dict[str, Any] | None) -> dict[str, Any]:
    wanted = {
        "name": expected.name,
        "email": expected.email,
        "display_name": expected.display_name,
        "active": expected.active,
        "phone": expected.phone,
        "groups": sorted(expected.groups),
    }
    if account is None:
        return {"name": expected.name, "wanted": wanted, "held": None, "ok": False}
    held = {name: account[name] for name in ("name", "email", "display_name", "active")}
    held |= {"phone": account["properties"].get("phone"), "groups": sorted(account["groups"])}
    return {**account, "wanted": wanted, "held": held, "ok": held == wanted}


def correct(comparison: dict[str, Any]) -> bool:
    """True when the target ended as it should."""
    people = all(p["ok"] for p in comparison["people"]) and all(u["ok"] for u in comparison["untouched"])
    return people and not comparison["strangers"]
