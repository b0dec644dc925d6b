"""The pages on providers and the table of quirks in the code say the same."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tenure.scim.quirks import PROVIDERS, QUIRKS

from .test_dialogues import FOLDER as DIALOGUES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "providers").glob("*.md"))


def test_each_provider_has_a_page_and_dialogues() -> None:
    keys = [provider.key for provider in PROVIDERS]
    assert {page.stem for page in PAGES} == {*keys, "README"}
    assert {path.stem for path in DIALOGUES.glob("*.yaml")} == set(keys)
    assert {key for quirk in QUIRKS for key in quirk.providers} <= set(keys)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_tells_the_quirks_of_its_provider(page: Path) -> None:
    rendered = runpy.run_path(str(DOCS / "providers.py"))["page"](page)
    text = page.read_text(encoding="utf-8")
    assert text == rendered, "write the tables anew: python docs/providers.py"
    named = set(re.findall(r"^\| `([\w-]+)` \|", text, re.M))
    assert named == {quirk.name for quirk in QUIRKS if page.stem == "README" or page.stem in quirk.providers}
