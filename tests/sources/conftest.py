"""An estate with a CSV source beside its files, and `tenure pull --check` on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tenure.cli.main import app


@dataclass
class Files:
    """A folder with people.csv and an estate.yaml that reads it."""

    folder: Path

    def write(self, people: str | bytes, settings: str = "", **others: str) -> None:
        """The files; `others` by their name without `.csv`."""
        content = people if isinstance(people, bytes) else people.encode()
        (self.folder / "people.csv").write_bytes(content)
        for name, text in others.items():
            (self.folder / f"{name}.csv").write_text(text)
        source = f"{{kind: csv, path: people.csv{', ' if settings else ''}{settings}}}"
        (self.folder / "estate.yaml").write_text(f"sources:\n  people: {source}\ntargets: {{}}\n")

    def check(self, *more: str) -> Result:
        """Look whether it can be read."""
        estate = str(self.folder / "estate.yaml")
        return CliRunner().invoke(app, ["pull", "people", "--check", "--estate", estate, *more])

    def told(self, code: int = 0) -> dict[str, Any]:
        """The same as data."""
        done = self.check("--json")
        assert done.exit_code == code, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def faults(self) -> list[tuple[int, str, str]]:
        """Line, column and message of each thing that is wrong."""
        return [(f["line"], f["column"], f["message"]) for f in self.told(1)["problems"]]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    environment: Mapping[str, str] = {"TENURE_DATA": str(tmp_path / "none"), "TENURE_DATABASE_URL": "postgresql://none"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Files(tmp_path)
