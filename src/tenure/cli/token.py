"""`tenure token`: what identity providers sign in here with: make, list, revoke, rotate."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer

from tenure.cli.house import fail, open_database
from tenure.cli.who import actor, length, print_table
from tenure.clock import SystemClock
from tenure.model.access import LOGIN, Credential, CredentialKind, TokenState
from tenure.model.secret import Secret
from tenure.report import words
from tenure.store import tokens
from tenure.store.credentials import keep
from tenure.store.database import Connection, connect

app = typer.Typer(
    help="What identity providers sign in here with: tokens, OAuth clients, passwords.", no_args_is_help=True
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_RESERVED = re.compile(r"estate-\d+")
_WORDS = {
    CredentialKind.TOKEN: "token",
    CredentialKind.CLIENT: "OAuth client",
    CredentialKind.BASIC: "user",
}
_PARTS = {
    CredentialKind.TOKEN: ("", "token"),
    CredentialKind.CLIENT: ("client_id", "client_secret"),
    CredentialKind.BASIC: ("username", "password"),
}
_T = TypeVar("_T")

Source = Annotated[str, typer.Argument(help="The identity provider, by its name in the configuration.")]
Name = Annotated[str | None, typer.Option(help="What to call it; without it, the day.")]
Expires = Annotated[str | None, typer.Option(help="When it ends, from now: 90d, 24h. Without it, never.")]
Kind = Annotated[CredentialKind, typer.Option(help="A bearer token, an OAuth client, or a name with a password.")]
Login = Annotated[str | None, typer.Option(help="Client id or user name; without it, as before, or else a random one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")]
Url = Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")]


@app.command()
def add(
    source: Source,
    kind: Kind = CredentialKind.TOKEN,
    name: Name = None,
    login: Login = None,
    expires: Expires = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make one more credential for an identity provider: a bearer token, an OAuth client, or a name with a password.

    It is printed once, on standard output: a token alone, else the client id or user name and below it the secret.
    No secret is kept here. A server that runs takes it within 5 seconds. The others stay as they are.

    Example: tenure token add okta --name okta-2027 --expires 90d

    Example: tenure token add entra --kind client

    Exit codes: 0 made; 1 no such identity provider, or it has one of that name; 2 wrong usage or the database cannot
    be reached.
    """
    _check(name, kind, login)
    lasts = length(expires) if expires else None
    now = SystemClock().now()
    end = now + lasts if lasts else None

    async def work(connection: Connection) -> tuple[str, Credential]:
        return await _make(connection, source, kind, name, login, end, now)

    made, credential = _do(work, data, database_url)
    if json:
        _print(_told(source, made, credential, end))
        return
    _say(source, made, credential, end)


@app.command("list")
def list_(
    source: Annotated[str | None, typer.Argument(help="Only of this identity provider.")] = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """List the credentials: name, kind, where each comes from, since when, until when, and when it was last used.

    Example: tenure token list okta

    Exit codes: 0 shown; 1 no such identity provider; 2 wrong usage or the database cannot be reached.
    """
    found = _do(lambda connection: tokens.listed(connection, source), data, database_url)
    now = SystemClock().now()
    if json:
        _print([{**asdict(token), "live": token.live(now)} for token in found])
    else:
        headings = ("Identity provider", "Token", "Made", "Kind", "Since", "Ends", "Last used")
        print_table(headings, [_line(token, now) for token in found])


@app.command()
def revoke(
    source: Source,
    name: Annotated[str, typer.Argument(help="The credential, by its name.")],
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Revoke a credential that was made here. Servers that run refuse it within 5 seconds.

    The access tokens of an OAuth client end with it. What stands in the configuration is removed there.

    Example: tenure token revoke okta okta-2026

    Exit codes: 0 revoked; 1 no such identity provider or credential; 2 wrong usage or the database cannot be reached.
    """
    now = SystemClock().now()
    _do(lambda connection: tokens.revoke(connection, source, name, actor(), now), data, database_url)
    if json:
        _print({"source": source, "revoked": name})
    else:
        typer.echo(f"{name} of {source} is revoked; servers that run refuse it within 5 seconds.")


@app.command()
def rotate(
    source: Source,
    kind: Kind = CredentialKind.TOKEN,
    overlap: Annotated[str, typer.Option(help="How long the others stay valid beside the new one.")] = "24h",
    name: Name = None,
    login: Login = None,
    expires: Expires = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Make a new credential, and let the others of its kind that were made here end after the overlap.

    Put the new one into the identity provider before that; an OAuth client keeps its id, a user its name. What stands
    in the configuration goes on until it is removed there: it is named.

    Example: tenure token rotate okta --overlap 48h --expires 90d

    Exit codes: 0 made; 1 no such identity provider, or it has one of that name; 2 wrong usage or the database cannot
    be reached.
    """
    _check(name, kind, login)
    beside, lasts = length(overlap), length(expires) if expires else None
    now = SystemClock().now()
    end, until = (now + lasts if lasts else None), now + beside

    async def work(connection: Connection) -> tuple[str, Credential, tuple[str, ...], list[str]]:
        made, credential = await _make(connection, source, kind, name, login, end, now)
        ended = await tokens.end_others(connection, source, kind, made, until, actor(), now)
        known = await tokens.listed(connection, source)
        standing = [t.name for t in known if t.origin == tokens.ESTATE and t.kind is kind]
        return made, credential, ended, standing

    made, credential, ended, standing = _do(work, data, database_url)
    if json:
        told = _told(source, made, credential, end)
        _print({**told, "others": ended, "others_end_at": until, "to_remove_in_estate": standing})
        return
    _say(source, made, credential, end)
    _say_others(ended, standing, until, beside)


async def _make(
    connection: Connection,
    source: str,
    kind: CredentialKind,
    name: str | None,
    login: str | None,
    end: datetime | None,
    now: datetime,
) -> tuple[str, Credential]:
    """Make and store a credential; one that has a login takes that of the latest of its kind, unless one is given."""
    if kind is not CredentialKind.TOKEN and login is None:
        known = [t for t in await tokens.listed(connection, source) if t.kind is kind and t.origin == tokens.COMMAND]
        login = max(known, key=lambda t: t.since).login if known else f"{source}-{secrets.token_hex(4)}"
    credential = Credential(kind, Secret(_secret()), login or "")
    return await tokens.add(connection, source, name, keep(credential), end, actor(), now), credential


def _told(source: str, name: str, made: Credential, end: datetime | None) -> dict[str, object]:
    """A new credential for programs, in the words that providers have for its parts."""
    login, secret = _PARTS[made.kind]
    told: dict[str, object] = {"source": source, "name": name, "kind": made.kind.value}
    told |= {login: made.login} if login else {}
    return told | {secret: made.secret.reveal(), "expires_at": end}


def _say(source: str, name: str, made: Credential, end: datetime | None) -> None:
    if made.login:
        typer.echo(made.login)
    typer.echo(made.secret.reveal())
    typer.echo(f"This is the {_WORDS[made.kind]} {name} of {source}; {_end(end)}. It is not shown again.", err=True)
    if made.kind is CredentialKind.CLIENT:
        typer.echo(f"It gets its access tokens by POST at /scim/{source}/oauth2/token.", err=True)


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


def _check(name: str | None, kind: CredentialKind, login: str | None) -> None:
    if name is not None and (not _NAME.fullmatch(name) or _RESERVED.fullmatch(name)):
        raise typer.BadParameter(
            "a name has letters, digits, '.', '_' and '-', at most 63, and is not estate-1 or alike"
        )
    if login is not None and kind is CredentialKind.TOKEN:
        raise typer.BadParameter("a bearer token has no --login: name a --kind, client or basic")
    if login is not None and not LOGIN.fullmatch(login):
        raise typer.BadParameter("a login has letters, digits and signs, but no space and no colon, at most 200")


def _secret() -> str:
    """256 random bits; the first letters tell whoever finds it, and programs that look for secrets, what it is."""
    return f"tenure_{secrets.token_urlsafe(32)}"


def _end(at: datetime | None) -> str:
    return f"it ends on {words.at(at)}" if at else "it has no end"


def _line(token: TokenState, now: datetime) -> tuple[str, ...]:
    end = "never" if token.expires_at is None else words.at(token.expires_at)
    end = end if token.live(now) else f"ended {end}"
    made = "in the configuration" if token.origin == tokens.ESTATE else "here"
    used = words.at(token.last_used_at) if token.last_used_at else "never"
    kind = f"{_WORDS[token.kind]} {token.login}".rstrip()
    return token.source, token.name, made, kind, words.at(token.since), end, used


def _print(value: object) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
