"""`tenure token`: the tokens with which identity providers sign in here: make, list, revoke, rotate."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer

from tenure.app import SystemClock
from tenure.cli.house import fail, open_database
from tenure.cli.who import actor, length, print_table
from tenure.model.access import TokenState
from tenure.report import words
from tenure.store import tokens
from tenure.store.database import Connection, connect

app = typer.Typer(help="The tokens with which identity providers sign in here.", no_args_is_help=True)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_RESERVED = re.compile(r"estate-\d+")
_T = TypeVar("_T")

Source = Annotated[str, typer.Argument(help="The identity provider, by its name in the configuration.")]
Name = Annotated[str | None, typer.Option(help="What to call the token; without it, the day.")]
Expires = Annotated[str | None, typer.Option(help="When it ends, from now: 90d, 24h. Without it, never.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")]
Url = Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")]


@app.command()
def add(
    source: Source,
    name: Name = None,
    expires: Expires = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make one more token for an identity provider. It is printed once, on standard output; its SHA-256 alone is kept.

    A server that runs takes it within 5 seconds. The other tokens stay as they are.

    Example: tenure token add okta --name okta-2027 --expires 90d

    Exit codes: 0 made; 1 no such identity provider, or it has a token of that name; 2 wrong usage or the database
    cannot be reached.
    """
    _check_name(name)
    lasts = length(expires) if expires else None
    now, secret = SystemClock().now(), _secret()
    end = now + lasts if lasts else None

    async def work(connection: Connection) -> str:
        return await tokens.add(connection, source, name, _digest(secret), end, actor(), now)

    made = _do(work, data, database_url)
    if json:
        _print({"source": source, "name": made, "token": secret, "expires_at": end})
        return
    typer.echo(secret)
    typer.echo(f"This is the token {made} of {source}; {_end(end)}. It is not shown again.", err=True)


@app.command("list")
def list_(
    source: Annotated[str | None, typer.Argument(help="Only of this identity provider.")] = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """List the tokens: name, where each comes from, since when, until when, and when it was last used.

    Example: tenure token list okta

    Exit codes: 0 shown; 1 no such identity provider; 2 wrong usage or the database cannot be reached.
    """
    found = _do(lambda connection: tokens.listed(connection, source), data, database_url)
    now = SystemClock().now()
    if json:
        _print([{**asdict(token), "live": token.live(now)} for token in found])
    else:
        headings = ("Identity provider", "Token", "Made", "Since", "Ends", "Last used")
        print_table(headings, [_line(token, now) for token in found])


@app.command()
def revoke(
    source: Source,
    name: Annotated[str, typer.Argument(help="The token, by its name.")],
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Revoke a token that was made here. Servers that run refuse it within 5 seconds.

    A token that stands in the configuration is removed there.

    Example: tenure token revoke okta okta-2026

    Exit codes: 0 revoked; 1 no such identity provider or token; 2 wrong usage or the database cannot be reached.
    """
    now = SystemClock().now()
    _do(lambda connection: tokens.revoke(connection, source, name, actor(), now), data, database_url)
    if json:
        _print({"source": source, "revoked": name})
    else:
        typer.echo(f"The token {name} of {source} is revoked; servers that run refuse it within 5 seconds.")


@app.command()
def rotate(
    source: Source,
    overlap: Annotated[str, typer.Option(help="How long the others stay valid beside the new one.")] = "24h",
    name: Name = None,
    expires: Expires = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make a new token, and let the others that were made here end after the overlap.

    Put the new one into the identity provider before that. Tokens that stand in the configuration go on until they
    are removed there: they are named.

    Example: tenure token rotate okta --overlap 48h --expires 90d

    Exit codes: 0 made; 1 no such identity provider, or it has a token of that name; 2 wrong usage or the database
    cannot be reached.
    """
    _check_name(name)
    beside, lasts = length(overlap), length(expires) if expires else None
    now, secret = SystemClock().now(), _secret()
    end, until = (now + lasts if lasts else None), now + beside

    async def work(connection: Connection) -> tuple[str, tuple[str, ...], list[str]]:
        made = await tokens.add(connection, source, name, _digest(secret), end, actor(), now)
        ended = await tokens.end_others(connection, source, made, until, actor(), now)
        standing = [t.name for t in await tokens.listed(connection, source) if t.origin == tokens.ESTATE]
        return made, ended, standing

    made, ended, standing = _do(work, data, database_url)
    if json:
        told = {"source": source, "name": made, "token": secret, "expires_at": end}
        _print({**told, "others": ended, "others_end_at": until, "to_remove_in_estate": standing})
        return
    typer.echo(secret)
    typer.echo(f"This is the token {made} of {source}; {_end(end)}. It is not shown again.", err=True)
    _say_others(ended, standing, until, beside)


def _say_others(ended: tuple[str, ...], standing: list[str], until: datetime, beside: timedelta) -> None:
    if ended:
        when = f"on {words.at(until)}" if beside else "now"
        typer.echo(f"These end {when}: {', '.join(ended)}", err=True)
    if standing:
        named = ", ".join(standing)
        typer.echo(f"To be removed in the configuration, since it stands there: {named}", err=True)


def _do(work: Callable[[Connection], Awaitable[_T]], data: Path | None, database_url: str | None) -> _T:
    async def run(dsn: str) -> _T:
        async with await connect(dsn) as connection:
            return await work(connection)

    try:
        with open_database(data, database_url) as dsn:
            return asyncio.run(run(dsn))
    except (tokens.NoSuchSource, tokens.NoSuchToken, tokens.NameInUse) as problem:
        fail(str(problem), 1)


def _check_name(name: str | None) -> None:
    if name is not None and (not _NAME.fullmatch(name) or _RESERVED.fullmatch(name)):
        raise typer.BadParameter(
            "a name has letters, digits, '.', '_' and '-', at most 63, and is not estate-1 or alike"
        )


def _secret() -> str:
    """256 random bits; the first letters tell whoever finds it, and programs that look for secrets, what it is."""
    return f"tenure_{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _end(at: datetime | None) -> str:
    return f"it ends on {words.at(at)}" if at else "it has no end"


def _line(token: TokenState, now: datetime) -> tuple[str, ...]:
    end = "never" if token.expires_at is None else words.at(token.expires_at)
    end = end if token.live(now) else f"ended {end}"
    made = "in the configuration" if token.origin == tokens.ESTATE else "here"
    used = words.at(token.last_used_at) if token.last_used_at else "never"
    return token.source, token.name, made, words.at(token.since), end, used


def _print(value: object) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
