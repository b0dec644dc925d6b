"""Write the tables in docs/providers anew, from the one in src/tenure/scim/quirks.py: python docs/providers.py."""

from __future__ import annotations

import re
from pathlib import Path

from tenure.scim.quirks import PROVIDERS, QUIRKS

FOLDER = Path(__file__).parent / "providers"
PART = re.compile(r"(<!-- table of (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page(path: Path) -> str:
    """A page with its tables as they should be."""
    return PART.sub(lambda part: part[1] + "\n".join(table(part[2])) + "\n" + part[3], path.read_text(encoding="utf-8"))


def table(of: str) -> list[str]:
    """All providers, all quirks, or the quirks of one provider."""
    if of == "providers":
        rows = [
            (f"[{p.name}]({p.key}.md)", p.protocol, p.signs_in_by, str(len(_names(p.key))), p.proven) for p in PROVIDERS
        ]
        return _table(("provider", "protocol", "can sign in by", "quirks", "proven by"), rows)
    if of == "quirks":
        return _table(
            ("quirk", "what is sent", "what is done", "by"),
            [(f"`{q.name}`", q.sent, q.done, ", ".join(f"[{p}]({p}.md)" for p in q.providers)) for q in QUIRKS],
        )
    of_one = [(f"`{q.name}`", q.sent, q.done, q.source) for q in QUIRKS if of in q.providers]
    return _table(("quirk", "what is sent", "what is done", "source"), of_one) if of_one else ["None is known."]


def _names(provider: str) -> list[str]:
    return [quirk.name for quirk in QUIRKS if provider in quirk.providers]


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [headings, ("---",) * len(headings), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


if __name__ == "__main__":
    for found in sorted(FOLDER.glob("*.md")):
        found.write_text(page(found), encoding="utf-8")
