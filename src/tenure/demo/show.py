"""What the demo prints: each step as it is played, and at the end what Jira holds against what it should hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tenure.demo.play import Done, Played
from tenure.demo.providers import Sent

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
    "end-sessions": ("[red]-[/]", "ended all sessions of"),
    "reactivate-account": ("[green]+[/]", "opened account again"),
}


def show_step(console: Console, number: int, played: Played) -> None:
    """One step: sent, changed and why, how long it took."""
    console.print(f"\n[bold]{number}. {escape(played.title)}[/]")
    for sent in played.sent:
        console.print(f"   [dim]{escape(played.provider)} sent[/] {escape(_request(sent))} [dim]{sent.status}[/]")
    for done in played.done:
        _show_done(console, done)
    console.print(f"   [dim]{played.seconds * 1000:.0f} ms from the last request to the evidence[/]")


def _show_done(console: Console, done: Done) -> None:
    sign, verb = _VERBS.get(done.change, ("*", done.change))
    seen = f"seen by {done.evidence}" if done.evidence else "not seen yet"
    if done.outcome not in ("applied", "already"):
        seen = f"[red]{done.outcome}[/]: {escape(done.answer)}"
    detail = f" ({escape(done.detail)})" if done.detail else ""
    console.print(f"   {sign} Jira: {verb} [bold]{escape(done.account)}[/]{detail} [dim]{seen}[/]")
    if done.why:
        console.print(f"       [dim]because {escape(done.why)}[/]")


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


def show_end(console: Console, comparison: dict[str, Any], ok: bool) -> None:
    """The table of the end, and the verdict."""
    title = "\nWhat Jira holds, against what it should hold"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("", "Account", "Name", "E-mail", "Phone", "State", "Groups", "Key"):
        table.add_column(heading, overflow="fold")
    for person in comparison["people"]:
        table.add_row(*_row(person, comparison["adopted"]))
    console.print(table)
    same = sum(u["ok"] for u in comparison["untouched"])
    console.print(f"\n{same} of {len(comparison['untouched'])} accounts that were there before are untouched.")
    if comparison["strangers"]:
        console.print(f"[red]Nobody asked for:[/] {escape(', '.join(comparison['strangers']))}")
    console.print("[bold green]Everything is as it should be.[/]" if ok else "[bold red]Not as it should be.[/]")


def _row(person: dict[str, Any], adopted: list[str]) -> list[str]:
    wanted, held = person["wanted"], person["held"]
    if held is None:
        return ["[red]✗[/]", escape(wanted["name"]), "[red]missing[/]", "", "", "", "", ""]
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
        escape(person["key"]),
    ]


def as_json(steps: list[Played], comparison: dict[str, Any], ok: bool) -> dict[str, Any]:
    """The whole demo as data."""
    return {"ok": ok, "steps": [asdict(played) for played in steps], "targets": {"jira": comparison}}
