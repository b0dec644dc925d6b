"""`tenure certify`: what one application in its version really does, tried on a throwaway account and group."""

from __future__ import annotations

import asyncio
import re
import signal
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure import app
from tenure.cli.deciding import By, Data, Url
from tenure.cli.house import fail, open_database
from tenure.cli.who import actor, print_table
from tenure.estate.document import Estate
from tenure.estate.loading import EstateInvalid, load
from tenure.model.certification import Certification, NotCertified, Step, Verdict
from tenure.report import certification as telling
from tenure.report import words
from tenure.report.terminal import show
from tenure.store.database import DatabaseAway
from tenure.store.estate import NotActivated

NOT_AS_EXPECTED, USAGE, READ_ONLY, STILL_THERE = 1, 2, 3, 4
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_EXIT = {Verdict.CERTIFIED: 0, Verdict.READ_ONLY: READ_ONLY}


def certify(
    target: Annotated[str, typer.Argument(help="The application, by its name in the configuration.")],
    estate: Annotated[Path, typer.Option(help="The estate file. It is not made active by this.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="Write nothing, whatever the mode.")] = False,
    domain: Annotated[str, typer.Option(help="Where the e-mail address of the account is.")] = "example.com",
    report: Annotated[
        Path | None, typer.Option(help="Also write the report here: a page (.html) or data (.json).")
    ] = None,
    by: By = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Try out what an application in its version really does, on an account and a group that are made for it.

    Everything is read; then an account and a group called tenure-certify-<8 characters> are made, changed in every way
    that the application has, and taken away again, also after an error or Ctrl-C. Nobody else is touched. Writing
    needs `mode: full`; in any other mode everything is only read. To certify an application that is previewed, copy
    the estate file, write `mode: full` there, and name the copy: it does not become the active configuration.

    Example: tenure certify jira --estate estate.yaml --report jira.html

    Exit codes: 0 certified; 1 something is not as expected, or it was broken off; 2 wrong usage, or the configuration
    or the database cannot be used; 3 only read, so not certified; 4 something that was made is still there.
    """
    _check(report, domain)
    loaded = _load(estate, target)
    with open_database(data, database_url) as dsn:
        try:
            found = asyncio.run(_certify(loaded, target, dsn, actor(by), read_only, domain))
        except (NotActivated, NotCertified) as refused:
            fail(str(refused))
        except DatabaseAway:
            fail("the database went away: certify again when it is back, which first clears what this one left")
        except (KeyboardInterrupt, asyncio.CancelledError):
            fail("broken off: certify again, which first clears what this one may have left", STILL_THERE)
    _tell(found, json)
    if report is not None:
        _write(found, report)
    raise typer.Exit(STILL_THERE if found.remains else _EXIT.get(found.verdict, NOT_AS_EXPECTED))


def _check(report: Path | None, domain: str) -> None:
    """Refuse before anything is done what would fail on the way."""
    if not _DOMAIN.fullmatch(domain):
        fail(f"--domain {words.shown(domain)}: write what stands after the @, such as example.com")
    if report is not None and report.suffix not in (".html", ".json"):
        fail(f"--report {words.shown(report)}: end the name with .html or .json")
    if report is not None and not report.absolute().parent.is_dir():
        fail(f"--report {words.shown(report)}: there is no folder {words.shown(report.absolute().parent)}")


def _load(path: Path, target: str) -> Estate:
    """The estate; of its secrets, those of this application have to be here."""
    try:
        loaded = load(path, secrets=False)
    except EstateInvalid as invalid:
        for problem in invalid.problems:
            typer.echo(words.shown(problem), err=True)
        raise typer.Exit(USAGE) from None
    if target not in loaded.targets:
        there = ", ".join(loaded.targets) or "none"
        fail(f"there is no application {words.shown(target)} in {words.shown(path.name)}: it has {there}")
    if missing := [one for one in loaded.warnings if one.path.startswith(f"targets.{target}.")]:
        fail("\n".join(words.shown(one) for one in missing))
    return loaded


async def _certify(estate: Estate, target: str, dsn: str, by: str, read_only: bool, domain: str) -> Certification:
    task = asyncio.current_task()
    assert task is not None
    with suppress(ValueError, RuntimeError, NotImplementedError):  # elsewhere than in the main thread nobody signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await app.certify(estate, target, dsn, by, _progress, read_only=read_only, domain=domain)


def _progress(step: Step) -> None:
    typer.echo(f"  {telling.progress(step)}", err=True)


def _tell(found: Certification, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(telling.as_json(found), option=orjson.OPT_INDENT_2).decode())
        return
    print_table(telling.HEADINGS, map(telling.row, found.steps))
    show(list(telling.summed(found)), Console())


def _write(found: Certification, report: Path) -> None:
    if report.suffix == ".json":
        text = orjson.dumps(telling.as_json(found), option=orjson.OPT_INDENT_2).decode()
    else:
        text = telling.page(found, version("tenure"))
    try:
        report.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"the report cannot be written to {words.shown(report)}: {error.strerror}")
    typer.echo(f"The report is in {words.shown(report)}.", err=True)
