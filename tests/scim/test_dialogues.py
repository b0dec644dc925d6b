"""Plays what identity providers send, step by step: the answers that they rely on, and what is so afterwards.

`tests/dialogues` has one file a provider, with a dialogue for each of its ways. A step may have `after`: resources by
their path, as they are when it is done; null is an attribute that is not there, `gone` a resource. `quirk` names what
the step proves. A dialogue may have a `version`: v1 when it is in SCIM 1.1; and a `source`: what the estate says of it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenure.scim.quirks import QUIRKS

from .conftest import Provider

FOLDER = Path(__file__).parent.parent / "dialogues"
DIALOGUES = [
    (path.stem, dialogue)
    for path in sorted(FOLDER.glob("*.yaml"))
    for dialogue in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("dialogue", [d for _name, d in DIALOGUES], ids=lambda dialogue: str(dialogue["name"]))
async def test_dialogue(provider: Provider, dialogue: dict[str, Any]) -> None:
    kept: dict[str, Any] = {}
    provider.speak(dialogue.get("version", "v2"))
    provider.sources["okta"] = replace(provider.sources["okta"], **dialogue.get("source", {}))
    for number, step in enumerate(dialogue["steps"], 1):
        told = f"{dialogue['name']}, step {number}: {step['send']}"
        method, address = filled(step["send"], kept).split(" ", 1)
        body = filled(step["with"], kept) if "with" in step else None
        headers = {**dialogue["headers"], **step.get("headers", {})}
        answer = await provider.client.request(method, address, json=body, headers=headers)
        assert answer.status_code == step["status"], (told, answer.text)
        found = answer.json() if answer.content else None
        check(filled(step.get("body", {}), kept), found, told)
        if "same" in step:
            assert found == kept[step["same"]], told
        for name, where in step.get("keep", {}).items():
            kept[name] = found if where == "$" else found[where]
        assert method == "GET" or step["status"] >= 300 or step["after"], told
        for path, wanted in step.get("after", {}).items():
            await look(provider, filled(path, kept), filled(wanted, kept), told)


def test_each_quirk_is_proven_for_each_of_its_providers() -> None:
    listed = {(provider, quirk.name) for quirk in QUIRKS for provider in quirk.providers}
    played = {(p, name) for p, dialogue in DIALOGUES for step in dialogue["steps"] for name in step.get("quirk", ())}
    assert played == listed
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)


async def look(provider: Provider, path: str, wanted: Any, told: str) -> None:
    """The resource is as it should be."""
    state = await provider.client.get(path)
    if wanted == "gone":
        assert state.status_code == 404, told
    else:
        assert state.status_code == 200, (told, state.text)
        check(wanted, state.json(), f"{told}, {path}")


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
    """What is wanted is there: lists have the same length, objects may have more, but not what is wanted as null."""
    if isinstance(wanted, dict):
        for name, inner in wanted.items():
            if inner is None:
                assert name not in found, (told, name, found)
                continue
            assert name in found, (told, name, found)
            check(inner, found[name], f"{told} / {name}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), (told, found)
        if all(isinstance(element, dict) and "value" in element for element in wanted):  # members have no order
            wanted, found = (
                sorted(elements, key=lambda element: str(element["value"])) for elements in (wanted, found)
            )
        for one, other in zip(wanted, found, strict=True):
            check(one, other, told)
    else:
        assert found == wanted, told
