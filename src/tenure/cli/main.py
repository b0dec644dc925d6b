"""The command `tenure`: one file a command."""

from __future__ import annotations

import typer

from tenure.cli import (
    approve,
    audit,
    cancel,
    certify,
    demo,
    doctor,
    estate,
    expect,
    freeze,
    leave,
    logs,
    plan,
    pull,
    reject,
    release,
    report,
    serve,
    source,
    token,
    undo,
    why,
    worker,
)

app = typer.Typer(
    name="tenure",
    help="Keeps every account in the Atlassian applications in step with a company's identity provider.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(pull.pull)
app.command()(plan.plan)
app.command()(why.why)
app.command()(approve.approve)
app.command()(reject.reject)
app.command()(undo.undo)
app.command()(release.release)
app.command()(leave.leave)
app.command()(cancel.cancel)
app.command()(expect.expect)
app.command()(freeze.freeze)
app.command()(freeze.unfreeze)
app.command()(certify.certify)
app.command()(doctor.doctor)
app.add_typer(estate.app, name="estate")
app.add_typer(source.app, name="source")
app.add_typer(report.app, name="report")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Run the command line."""
    logs.configure("warning")
    app()
