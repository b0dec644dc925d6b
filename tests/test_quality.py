"""Each claim of quality.toml is held by the registry, a connector's capabilities, and files that are there."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tenure.model.capability import CALLS_NOBODY, Capabilities
from tenure.model.change import ChangeKind
from tenure.targets import TARGETS

ROOT = Path(__file__).parent.parent
ROWS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "quality.toml").read_text(encoding="utf-8"))
KEYS = {"title", "versions", "docs", "stand_in", "contract", "tests", "peers", "real", "fields", "can", "cannot"}
each = pytest.mark.parametrize("kind", ROWS)


def said(kind: str, name: str) -> Any:
    """What the module of a connector, or else of the one that it is made of, says under this name; None for nothing."""
    target = TARGETS[kind].open
    assert isinstance(target, type)
    found = (getattr(sys.modules[one.__module__], name, None) for one in target.__mro__)
    return next((one for one in found if one is not None), None)


def test_every_kind_of_target_has_its_row_and_no_other_does() -> None:
    assert set(ROWS) == set(TARGETS)


@each
def test_a_row_says_everything(kind: str) -> None:
    row = ROWS[kind]
    assert set(row) == KEYS
    assert all(row[key] for key in KEYS - {"cannot", "peers", "tests"})


@each
def test_the_changes_and_fields_are_those_of_the_connector(kind: str) -> None:
    row, able = ROWS[kind], said(kind, "CAPABILITIES")
    assert isinstance(able, Capabilities)
    assert sorted(row["can"]) == sorted(one.value for one in able.operations)
    assert set(row["cannot"]) == {one.value for one in set(ChangeKind) - able.operations - CALLS_NOBODY}
    assert all(len(why) > 10 for why in row["cannot"].values())
    assert row["fields"] == list(able.fields)


@each
def test_the_versions_are_those_that_are_written_to_and_each_major_is_in_the_contract(kind: str) -> None:
    row = ROWS[kind]
    if majors := said(kind, "KNOWN_MAJORS"):
        assert row["versions"] == [str(major) for major in majors]
        assert {one.split(".")[0] for one in row["contract"]["versions"]} == set(row["versions"])


@each
def test_the_contract_suite_is_held_against_the_versions_that_are_named(kind: str) -> None:
    contract = ROWS[kind]["contract"]
    tests = importlib.import_module(contract["module"].removesuffix(".py").replace("/", "."))
    suites = [one for name, one in inspect.getmembers(tests, inspect.isclass) if name.startswith("Test")]
    held = {suite.version for suite in suites if getattr(suite, "kind", None) == kind and hasattr(suite, "version")}
    assert held == set(contract["versions"])


@each
def test_what_a_row_names_is_there(kind: str) -> None:
    row = ROWS[kind]
    named = [row["docs"], row["stand_in"], row["contract"]["module"], *row["tests"], *row["peers"]]
    assert [name for name in named if not (ROOT / name).exists()] == []


@each
def test_the_page_is_about_the_kind_and_names_its_fields(kind: str) -> None:
    text = (ROOT / ROWS[kind]["docs"]).read_text(encoding="utf-8")
    assert re.search(rf"^    kind: {kind}$", text, re.M), "an example of its part of the estate"
    assert "tenure certify" in text
    missing = [field for field in ROWS[kind]["fields"] if not re.search(rf"\b{field.rstrip('.')}\b", text)]
    assert missing == []


@each
def test_every_file_of_tests_about_the_kind_is_named(kind: str) -> None:
    row = ROWS[kind]
    known = {row["contract"]["module"], *row["tests"], *row["peers"]}
    beside = [ROOT / "tests" / folder for folder in ("contract", "engine", "sandbox", "targets")]
    found = [path for folder in beside for path in folder.glob(f"test_{kind.replace('-', '_')}*.py")]
    assert {path.relative_to(ROOT).as_posix() for path in found} - known == set()
