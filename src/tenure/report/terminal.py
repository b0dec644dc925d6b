"""Prints lines of a report: in colours on a terminal, as plain text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tenure.report.why import Line

_STYLES = {"title": "bold", "good": "green", "busy": "blue", "wait": "yellow", "bad": "red"}
_LABEL = 14


def plain(lines: Sequence[Line]) -> str:
    """The lines as plain text, with the labels in a column."""
    return "".join(f"{line.label:<{_LABEL}}{line.text}".rstrip() + "\n" if line.label else f"{line.text}\n"
                   for line in lines)  # fmt: skip


def show(lines: Sequence[Line], console: Console) -> None:
    """Print the lines; colours and wrapping only when the console is a terminal."""
    if not console.is_terminal:
        console.file.write(plain(lines))
        return
    for line in lines:
        label = Text(f"{line.label:<{_LABEL}}" if line.label else "", style="dim")
        body = Text(line.text, style=_STYLES.get(line.tone, ""))
        if not line.label:
            console.print(body, soft_wrap=True)
            continue
        wrapped = body.wrap(console, max(20, console.width - _LABEL))
        for place, part in enumerate(wrapped):
            console.print(Text.assemble(label if place == 0 else " " * _LABEL, part), soft_wrap=True)
