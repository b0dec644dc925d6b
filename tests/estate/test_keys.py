"""The keys of an estate: all are listed, the documentation names each, and its example is valid."""

from __future__ import annotations

import re
from pathlib import Path

from tenure.estate.loading import load
from tenure.estate.not_enforced import NOT_ENFORCED
from tenure.estate.schema import keys

DOCS = Path(__file__).parents[2] / "docs" / "estate.md"


def test_the_keys_are_those_that_loading_knows() -> None:
    listed = keys()
    assert len(listed) == len(set(listed))
    for key in (
        "sources.<name>.token",
        "targets.<name>.url",
        "targets.<name>.auth.bearer",
        "targets.<name>.auth.password",
        "targets.<name>.attributes.properties",
        "targets.<name>.groups.on_the_fly.except",
        "targets.<name>.leaver.action",
        "targets.<name>.compare",
    ):
        assert key in listed
    for path, values in NOT_ENFORCED:
        if values is None:
            assert ".".join(path).replace("*", "<name>") not in listed


def test_the_documentation_names_every_key() -> None:
    text = re.sub(r"```.*?```", "", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = " ".join(re.findall(r"`([^`]+)`", text))
    words = set(re.findall(r"\w+", code))
    below = [key for key in keys() if "." in key]
    assert [key for key in below if key.rpartition(".")[2] not in words] == []


def test_the_example_of_the_documentation_is_valid(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example
    file = tmp_path / "estate.yaml"
    file.write_text(example[1], encoding="utf-8")
    estate = load(file, environment={})
    assert all("is not set" in warning.message for warning in estate.warnings)
