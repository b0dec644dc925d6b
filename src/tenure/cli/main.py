"""The command `tenure`: one file a command, imported when its command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tenure.cli import logs

COMMANDS = {
    "demo": "Play joiners, movers and leavers from two identity providers into five applications, on this machine.",
    "serve": "Serve SCIM and the console, and keep the applications in step.",
    "worker": (
        "Work beside `tenure serve`, on this machine or another one: the shards, the rate and the gates are shared."
    ),
    "pull": "Read an identity provider that is read, such as a CSV file, and take in who is there.",
    "plan": "Show each person for whom something is planned that has not gone, with every change and its reason.",
    "why": (
        "Tell why an account is as it is: for each field and group, what the identity provider said, the rule, "
        "the plan,\nthe write, the application's answer, and how it was seen; or why it was not done."
    ),
    "approve": "Let pass what a gate holds, as it was at a revision, or some of its people.",
    "reject": (
        "Refuse what a gate holds: it stays as it is for as long as the same is computed. "
        "Nobody who left is kept by it."
    ),
    "undo": (
        "Take back what was done. It is shown first, with what cannot be taken back; "
        "then it goes through the same gates."
    ),
    "release": (
        "End what people decided about somebody: refusals, what an undo keeps, `tenure leave`. The rules apply again."
    ),
    "cancel": "Let a later step of somebody's farewell not come, before it is due or while it waits for a person.",
    "leave": "Close one person everywhere, at once: whatever the identity provider says, however full a gate is.",
    "expect": "Announce a known layoff: those people, and only those, pass without filling the window.",
    "freeze": (
        "Stop all writing within 5 seconds, in every process; what is planned meanwhile is kept and can be looked at."
    ),
    "unfreeze": "Let writing go on. What would be done is shown first.",
    "certify": (
        "Try out what an application in its version really does, on an account and a group that are made for it."
    ),
    "doctor": (
        "Look at the whole house: database, configuration, identity providers, applications, disk. Nothing is written."
    ),
    "estate": "The configuration: check it before it is used.",
    "source": "The identity providers: how they stand.",
    "report": "Reports about the applications as they are.",
    "token": "What identity providers sign in here with: tokens, OAuth clients, passwords.",
    "audit": "The audit trail: show that it is whole, hand it out, take a person out.",
}
"""Each command with the first paragraph of its help: the list of them imports none. The modules are named alike."""

_BESIDE = {"unfreeze": "freeze"}
"""Commands that stand in the file of another one."""


class Commands(TyperGroup):
    """Knows the commands by name; the file of one is imported when it is called, since all take a second."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=told) for name, told in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Give the command that is called, whole."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, whole(name) if name else found, rest


def whole(name: str) -> Any:
    """Give a command with its options, or a group of commands, from its file."""
    module = import_module(f"tenure.cli.{_BESIDE.get(name, name)}")
    one, group = typer.Typer(), getattr(module, "app", None)
    if isinstance(group, typer.Typer):
        one.add_typer(group, name=name)
    else:
        one.command()(getattr(module, name))
    return typer.main.get_group(one).commands[name]


app = typer.Typer(
    name="tenure", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def tenure() -> None:
    """Keeps every account in the Atlassian applications in step with a company's identity provider."""


def main() -> None:
    """Run the command line."""
    logs.configure("warning")
    app()
