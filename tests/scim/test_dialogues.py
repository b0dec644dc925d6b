"""Plays what identity providers send, step by step, and compares what they rely on in the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Provider

DIALOGUES = sorted((Path(__file__).parent.parent / "dialogues").glob("*.yaml"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
async def test_dialogue(provider: Provider, path: Path) -> None:
    dialogue = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept: dict[str, Any] = {}
    for number, step in enumerate(dialogue["steps"], 1):
        told = f"{dialogue['name']}, step {number}: {step['send']}"
        method, address = filled(step["send"], kept).split(" ", 1)
        body = filled(step["with"], kept) if "with" in step else None
        headers = {**dialogue["headers"], **step.get("headers", {})}
        answer = await provider.client.request(method, address, json=body, headers=headers)
        assert answer.status_code == step["status"], (told, answer.text)
        found = answer.json() if answer.content else None
        missing = [name for name in step.get("without", ()) if name in found]
        assert not missing, told
        check(filled(step.get("body", {}), kept), found, told)
        if "same" in step:
            assert found == kept[step["same"]], told
        for name, where in step.get("keep", {}).items():
            kept[name] = found if where == "$" else found[where]


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """The value with `{name}` replaced by what was kept, and with an object kept under `$` as its base."""
    if isinstance(value, str):
        for name, text in kept.items():
            if isinstance(text, str):
                value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [filled(inner, kept) for inner in value]
    if isinstance(value, dict):
        base = kept[value["$"]] if "$" in value else {}
        return {**base, **{name: filled(inner, kept) for name, inner in value.items() if name != "$"}}
    return value


def check(wanted: Any, found: Any, told: str) -> None:
    """What is wanted is there: lists have the same length, objects may have more."""
    if isinstance(wanted, dict):
        for name, inner in wanted.items():
            assert name in found, (told, name, found)
            check(inner, found[name], f"{told} / {name}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), (told, found)
        for one, other in zip(wanted, found, strict=True):
            check(one, other, told)
    else:
        assert found == wanted, told
