"""What the demo prints: each step as it is played, and at the end what each application holds and should hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tenure.demo.applications import APPLICATIONS
from tenure.demo.play import Done, Played
from tenure.demo.providers import Sent
from tenure.model.farewell import AspectProof, ProofState
from tenure.report import words

_TITLES = {one.name: one.title for one in APPLICATIONS}

_VERBS = {
    "create-account": ("[green]+[/]", "made account"),
    "adopt-account": ("[cyan]=[/]", "took over existing account"),
    "update-account": ("[yellow]~[/]", "changed"),
    "rename-account": ("[yellow]~[/]", "renamed"),
    "join-groups": ("[green]+[/]", "joined to group"),
    "leave-groups": ("[red]-[/]", "taken out of group"),
    "create-group": ("[green]+[/]", "made group"),
    "adopt-group": ("[cyan]=[/]", "took over existing group"),
    "deactivate-account": ("[red]-[/]", "closed account"),
    "revoke-permissions": ("[red]-[/]", "took the permissions of"),
    "revoke-tokens": ("[red]-[/]", "removed tokens and keys of"),
    "end-sessions": ("[red]-[/]", "ended all sessions of"),
    "reactivate-account": ("[green]+[/]", "opened account again"),
}


def show_step(console: Console, number: int, played: Played) -> None:
    """One step: sent, changed and why, how long it took."""
    console.print(f"\n[bold]{number}. {escape(played.title)}[/]")
    for sent in played.sent:
        console.print(f"   [dim]{escape(played.provider)} sent[/] {escape(_request(sent))} [dim]{sent.status}[/]")
    told: set[str] = set()
    for done in sorted(played.done, key=lambda one: list(_TITLES).index(one.target)):
        _show_done(console, done)
        if done.why and done.why not in told:
            console.print(f"       [dim]because {escape(done.why)}[/]")
            told.add(done.why)
    console.print(f"   [dim]{played.seconds * 1000:.0f} ms from the last request to the evidence[/]")


def _show_done(console: Console, done: Done) -> None:
    sign, verb = _VERBS.get(done.change, ("*", done.change))
    seen = f"seen by {done.evidence}" if done.evidence else "not seen yet"
    if done.outcome not in ("applied", "already"):
        seen = f"[red]{done.outcome}[/]: {escape(done.answer)}"
    detail = f" ({escape(done.detail)})" if done.detail else ""
    console.print(f"   {sign} {_TITLES[done.target]}: {verb} [bold]{escape(done.account)}[/]{detail} [dim]{seen}[/]")


def _request(sent: Sent) -> str:
    if sent.body is None:
        path, _, query = sent.path.partition("?")
        return f"{sent.method} {path}?{dict(parse_qsl(query)).get('filter', '')}"
    if "Operations" in sent.body:
        return f"{sent.method} {_short(sent.path)} {'; '.join(_operation(o) for o in sent.body['Operations'])}"
    named = sent.body.get("userName") or sent.body.get("displayName")
    return f"{sent.method} {_short(sent.path)} {named}"


def _short(path: str) -> str:
    head, _, last = path.rpartition("/")
    return f"{head}/{last[:8]}…" if len(last) > 30 else path


def _operation(operation: dict[str, Any]) -> str:
    path, value = operation.get("path"), operation.get("value")
    if isinstance(value, list):
        value = f"{len(value)} member{'s' if len(value) != 1 else ''}"
    if isinstance(value, dict):
        value = ", ".join(f"{k} = {v}" for k, v in value.items() if k != "id")
    if path and path.startswith("members[") and value is None:
        return f"{operation['op']} one member"
    return " ".join(str(part) for part in (operation["op"], path, value) if part is not None)


def show_end(console: Console, comparisons: Mapping[str, Any], proofs: Mapping[str, Sequence[AspectProof]]) -> None:
    """The tables of the end: what each application holds, and what is proven of the leaver at each."""
    title = "\nWhat the applications hold, against what they should hold"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("Application", "", "Account", "Name", "E-mail", "Phone", "State", "Groups"):
        table.add_column(heading, overflow="fold")
    for name, comparison in comparisons.items():
        for place, person in enumerate(comparison["people"]):
            table.add_row("" if place else f"[bold]{_TITLES[name]}[/]", *_row(person, comparison["adopted"]))
    console.print(table)
    _show_leaver(console, proofs)
    for name, comparison in comparisons.items():
        same = sum(u["ok"] for u in comparison["untouched"])
        there = len(comparison["untouched"])
        console.print(f"{_TITLES[name]}: {same} of {there} accounts that were there before are untouched.")
        if comparison["strangers"]:
            console.print(f"[red]Nobody asked for:[/] {escape(', '.join(comparison['strangers']))}")


def _show_leaver(console: Console, proofs: Mapping[str, Sequence[AspectProof]]) -> None:
    title = "\nWhat is proven of Béla, who left (`tenure report leaver` says it in words)"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("", *_TITLES.values()):
        table.add_column(heading)
    found = {name: {one.aspect: one for one in proofs.get(name, ())} for name in _TITLES}
    for aspect, told in words.ASPECTS.items():
        table.add_row(told, *(_cell(these.get(aspect)) for these in found.values()))
    console.print(table, "")


def _cell(one: AspectProof | None) -> str:
    if one is None:
        return ""
    at = f" {(one.seen_at or one.done_at):%H:%M:%S}" if one.done_at else ""
    colour = {ProofState.DONE: "green", ProofState.UNKNOWN: "dim"}.get(one.state, "yellow")
    return f"[{colour}]{words.PROOFS[one.state]}[/]{at}"


def show_verdict(console: Console, *, ok: bool) -> None:
    """Whether every application ended as it should."""
    console.print("[bold green]Everything is as it should be.[/]" if ok else "[bold red]Not as it should be.[/]")


def _row(person: dict[str, Any], adopted: list[str]) -> list[str]:
    wanted, held = person["wanted"], person["held"]
    if held is None:
        return ["[red]✗[/]", escape(wanted["name"]), "[red]missing[/]", "", "", "", ""]
    name = escape(held["name"]) + (" [cyan](taken over)[/]" if held["name"] in adopted else "")

    def cell(field: str, shown: str) -> str:
        if held[field] == wanted[field]:
            return escape(shown)
        return f"[red]{escape(shown)} ≠ {escape(str(wanted[field]))}[/]"

    return [
        "[green]✓[/]" if person["ok"] else "[red]✗[/]",
        name,
        cell("display_name", held["display_name"]),
        cell("email", held["email"]),
        cell("phone", held["phone"] or ""),
        cell("active", "active" if held["active"] else "closed"),
        cell("groups", ", ".join(held["groups"])),
    ]


def as_json(
    steps: list[Played], comparisons: Mapping[str, Any], proofs: Mapping[str, Sequence[AspectProof]], *, ok: bool
) -> dict[str, Any]:
    """The whole demo as data."""
    leaver = {name: [asdict(one) for one in these] for name, these in proofs.items()}
    return {"ok": ok, "steps": [asdict(played) for played in steps], "targets": comparisons, "leaver": leaver}
